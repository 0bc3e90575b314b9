"""model: the probabilities of docs/protocol.md, 10.4, and its coder.

One call of symbol() is what 10.4 calls a symbol. It decodes one, or learns
one that is given. Nearly all of the time of the tests is spent in it, so
tables are flat and everything is bound to a local name first.
"""

from wire import Refused

MASK = 0xffffffff
TEXT, TEXT_2, ID, FIELD, TAG, SIZE, DIGITS, MODE, HEAD = range(9)
TYPES = 9

S = (22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955,
     17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565, 62428, 63615,
     64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514)


def make_squash():
    """squash(x) of x from -2048 on, at x + 2048; -2048 is as -2047."""
    out = []
    for x in range(-2048, 2048):
        x = max(-2047, min(2047, x))
        i, j = x + 2048 >> 7, x + 2048 & 127
        out.append(S[i] * (128 - j) + S[i + 1] * j >> 7)
    return out


SQUASH = make_squash()


def make_stretch():
    out = []
    x = -2047
    for q in range(4096):
        while x < 2047 and SQUASH[x + 2048] < 16 * q + 8:
            x += 1
        out.append(x)
    return out


STRETCH = make_stretch()
RATE = [65536 // (n + 2) for n in range(256)]
BUCKET = [n if n < 12 else 12 if n < 16 else 13 if n < 24 else
          14 if n < 48 else 15 for n in range(256)]
AIM = (1 << 22) - 1


def make_steps():
    """What a state of two counts (zeros * 16 + ones) becomes after a bit."""
    def less(n):
        return 5 if n > 9 else 4 if n > 5 else 3 if n > 3 else \
            2 if n == 3 else n
    zero, one = bytearray(256), bytearray(256)
    for state in range(256):
        zeros, ones = state >> 4, state & 15
        zero[state] = min(zeros + 1, 15) << 4 | less(ones)
        one[state] = less(zeros) << 4 | min(ones + 1, 15)
    return bytes(zero), bytes(one)


STEPS = make_steps()
TOGETHER = bytes((s >> 4) + (s & 15) for s in range(256))


def state_probability(state):
    zeros, ones = state >> 4, state & 15
    return (2 * ones + 1) * 65535 // (2 * (zeros + ones) + 2) * 64


class Model:
    """What a coder of one class and direction knows."""

    def __init__(self):
        # Row r: its check at 16 r, its 15 states behind it.
        self.rows = bytearray(16 << 17)
        self.run_check = [0] * (1 << 19)
        self.run_symbol = bytearray(1 << 19)
        self.run_count = bytearray(1 << 19)
        states = [state_probability(s) for s in range(256)]
        self.state_p = states * (TYPES * 3)
        self.state_n = bytearray([4]) * (TYPES * 3 * 256)
        runs = [(65535 - 65535 // (2 * b + 3)) * 64
                for b in range(16) for _ in range(2)]
        self.run_p = runs * (TYPES * 5)
        self.run_n = bytearray([4]) * (TYPES * 5 * 32)
        self.match_p = [(65535 - 65535 // (n + 2)) * 64 for n in range(33)]
        self.match_n = bytearray([4]) * 33
        weights = [16384] * 9 + [0]
        self.weights = [weights[:] for _ in range(TYPES * 4)]
        self.local = [weights[:] for _ in range(4 * 256)]
        curve = [SQUASH[max(0, min(4095, (i - 16) * 128 + 2048))]
                 for i in range(33)]
        self.curves = [None] * (TYPES * 256)
        for i in range(TYPES * 256):
            self.curves[i] = curve[:]
        self.text = bytearray(1 << 16)
        self.written = 0
        self.places = [0] * (1 << 16)
        self.match_at = 0
        self.match_length = 0
        self.begin(None)

    def copy(self):
        twin = Model.__new__(Model)
        for name, value in self.__dict__.items():
            if name in ("weights", "local", "curves"):
                value = [x[:] for x in value]
            elif isinstance(value, (list, bytearray)):
                value = value[:]
            setattr(twin, name, value)
        return twin

    # --- the coder ---------------------------------------------------------

    def begin(self, data):
        """Decode these bytes from now on; None: learn what is given."""
        self.data = data
        self.low, self.high, self.code, self.at = 0, MASK, 0, 0
        if data is not None:
            for _ in range(4):
                self.code = self.code << 8 | self.next_byte()

    def next_byte(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def end(self):
        """After the last symbol: the bytes have been read, and few others."""
        if not len(self.data) <= self.at <= len(self.data) + 3:
            raise Refused("read %d of %d coded bytes"
                          % (self.at, len(self.data)))

    def plain(self, bits, value=0):
        """Bits of even chance that teach nothing."""
        if self.data is None:
            return value
        value = 0
        for _ in range(bits):
            mid = self.low + ((self.high - self.low) * 32768 >> 16)
            bit = 1 if self.code <= mid else 0
            if bit:
                self.high = mid
            else:
                self.low = mid + 1
            value = value << 1 | bit
            while not (self.low ^ self.high) >> 24:
                self.low = self.low << 8 & MASK
                self.high = self.high << 8 & MASK | 255
                self.code = (self.code << 8 & MASK) | self.next_byte()
        return value

    # --- a symbol ----------------------------------------------------------

    def find_runs(self, kind, bits, contexts):
        """Places of the five runs, and their guesses: [voice, symbol,
        place of its belief]."""
        checks, symbols = self.run_check, self.run_symbol
        counts = self.run_count
        found, guesses = [], []
        for number in (3, 4, 5, 6, 7):
            x = (contexts[number] + number) * 0x9e3779b1 & MASK
            x = (x ^ x >> 15) * 0x2c1b3c6d & MASK
            x ^= x >> 13
            check = x & 65535 | 1
            at = x >> 13
            if checks[at] != check:
                a = at
                at = a ^ 1
                if checks[at] != check:
                    if counts[a] <= counts[at]:
                        at = a
                    other = at ^ 1
                    if counts[other] > 4:
                        counts[other] -= 1
                    checks[at] = check
                    symbols[at] = counts[at] = 0
            found.append(at)
            count = counts[at]
            if count and not symbols[at] >> bits:
                guesses.append((number, symbols[at],
                                ((kind * 5 + number - 3) * 16 + BUCKET[count])
                                * 2))
        return found, guesses

    def find_rows(self, contexts, more):
        rows = self.rows
        found = []
        for number in (0, 1, 2):
            x = (contexts[number] + number + more) * 0x9e3779b1 & MASK
            x = (x ^ x >> 15) * 0x2c1b3c6d & MASK
            x ^= x >> 13
            check = x & 255 | 1
            at = x >> 15 << 4
            if rows[at] != check:
                other = at ^ 16
                if rows[other] == check:
                    at = other
                else:
                    if TOGETHER[rows[other + 1]] < TOGETHER[rows[at + 1]]:
                        at = other
                    rows[at:at + 16] = bytes((check,)) + bytes(15)
            found.append(at)
        return found

    def learn_runs(self, found, symbol):
        symbols, counts = self.run_symbol, self.run_count
        for at in found:
            count = counts[at]
            if count and symbols[at] == symbol:
                if count < 255:
                    counts[at] = count + 1
            elif count > 2:
                counts[at] = count >> 2 if count >= 8 else 1
            else:
                symbols[at] = symbol
                counts[at] = 1

    def learn_match(self, symbol):
        text, places = self.text, self.places
        if self.match_length and text[self.match_at & 65535] == symbol:
            self.match_length = min(self.match_length + 1, 32)
            self.match_at += 1
        else:
            self.match_length = 0
        text[self.written & 65535] = symbol
        self.written += 1
        written = self.written
        x = 0
        for back in (1, 2, 3, 4, 5):
            x = (x + text[written - back & 65535] + 1) * 0x2c1b3c6d & MASK
            x ^= x >> 15
        x >>= 16
        if not self.match_length:
            self.match_at = places[x]
            if places[x]:
                most = min(32, written)
                n = 0
                while n < most and text[places[x] - 1 - n & 65535] == \
                        text[written - 1 - n & 65535]:
                    n += 1
                self.match_length = n if n >= 4 else 0
        places[x] = written

    def symbol(self, kind, bits, contexts, value=0):
        """Decode a symbol, or learn this one. Long, since calls are what
        costs most here."""
        found, guesses = self.find_runs(kind, bits, contexts)
        n = len(guesses)
        if kind > 2:
            confidence = 2 if n > 3 else 1 if n > 1 else 0
        else:
            n = self.match_length
            confidence = 0 if n == 0 else 1 if n < 8 else 2 if n < 20 else 3
            if n:
                guesses.append((8, self.text[self.match_at & 65535], n))
        decoding = self.data is not None
        rows, squash, stretch, rate = self.rows, SQUASH, STRETCH, RATE
        state_p, state_n = self.state_p, self.state_n
        weights = self.weights[kind * 4 + confidence]
        group = min(kind, 3) * 256
        low, high, code = self.low, self.high, self.code
        partial = 1
        inner = 1
        for shift in range(bits - 1, -1, -1):
            done = bits - 1 - shift
            if done == 0:
                row_at = self.find_rows(contexts, 0)
                half = 0
            elif done == 4:
                row_at = self.find_rows(contexts, partial * 0x85ebca6b)
                inner = 1
                half = 1
            voices = []
            of_states = []
            for number in (0, 1, 2):
                at = row_at[number] + inner
                state = rows[at]
                if state:
                    belief = (kind * 3 + number) * 256 + state
                    of_states.append((at, state, belief))
                    voices.append((number, stretch[state_p[belief] >> 10]))
                else:
                    of_states.append((at, 0, -1))
            for number, symbol, belief in guesses:
                if number == 8:
                    v = stretch[self.match_p[belief] >> 10]
                else:
                    v = stretch[self.run_p[belief + half] >> 10]
                voices.append((number, v if symbol >> shift & 1 else -v))
            voices.append((9, 256))

            local = self.local[group + partial]
            s = t = 0
            for number, v in voices:
                s += v * weights[number] >> 8
                t += v * local[number] >> 8
            s >>= 8
            t >>= 8
            if s > 2047:
                s = 2047
            elif s < -2047:
                s = -2047
            if t > 2047:
                t = 2047
            elif t < -2047:
                t = -2047
            u = (s + t >> 1) + 2048
            i, j = u >> 7, u & 127
            curve = self.curves[kind * 256 + partial]
            if decoding:
                p = squash[u] + (curve[i] * (128 - j) + curve[i + 1] * j
                                 >> 7) >> 1
                if p < 24:
                    p = 24
                elif p > 65512:
                    p = 65512
                mid = low + ((high - low) * p >> 16)
                if code <= mid:
                    bit = 1
                    high = mid
                else:
                    bit = 0
                    low = mid + 1
                while not (low ^ high) >> 24:
                    low = low << 8 & MASK
                    high = high << 8 & MASK | 255
                    code = (code << 8 & MASK) | self.next_byte()
            else:
                bit = value >> shift & 1

            if j >= 64:
                i += 1
            curve[i] += (65535 if bit else 0) - curve[i] >> 6
            ds = (bit << 16) - squash[s + 2048]
            dt = (bit << 16) - squash[t + 2048]
            for number, v in voices:
                w = weights[number] + (v * ds + 32768 >> 16)
                if not -524288 < w < 524288:
                    w = 524287 if w > 0 else -524287
                weights[number] = w
                w = local[number] + (v * dt + 32768 >> 16)
                if not -524288 < w < 524288:
                    w = 524287 if w > 0 else -524287
                local[number] = w
            step = STEPS[bit]
            aim = AIM if bit else 0
            for at, state, belief in of_states:
                rows[at] = step[rows[at]]
                if belief >= 0:
                    n = state_n[belief]
                    p = state_p[belief]
                    state_p[belief] = p + ((aim - p) * rate[n] >> 16)
                    if n < 255:
                        state_n[belief] = n + 1
            wrong = False
            for number, symbol, belief in guesses:
                if number == 8:
                    table, counts = self.match_p, self.match_n
                else:
                    table, counts = self.run_p, self.run_n
                    belief += half
                p = table[belief]
                n = counts[belief]
                if symbol >> shift & 1 == bit:
                    table[belief] = p + ((AIM - p) * rate[n] >> 16)
                else:
                    wrong = True
                    table[belief] = p + (-p * rate[n] >> 16)
                if n < 255:
                    counts[belief] = n + 1
            if wrong:
                guesses = [g for g in guesses if g[1] >> shift & 1 == bit]
            partial = partial << 1 | bit
            inner = inner << 1 | bit
        self.low, self.high, self.code = low, high, code
        symbol = partial - (1 << bits)
        self.learn_runs(found, symbol)
        if kind < 3:
            self.learn_match(symbol)
        return symbol

"""dense: bodies as symbols and back, docs/protocol.md, 10.3 and 10.5.

A Coder walks a body once for both directions: given the body's tree it
learns it, given none it decodes one.
"""

import change
from model import (DIGITS, FIELD, HEAD, ID, MASK, MODE, SIZE, TAG, TEXT,
                   TEXT_2, Model)
from wire import MASK64, Reader, Refused, h8, number_of

NUMBERED = 512
STRING_NUMBERED_BYTES = 48
DICTIONARY_BYTES_MAX = 65536
DICTIONARY_BODIES_BYTES_MAX = 524288


def h(a, b):
    x = (a * 0x9e3779b1 ^ (b + 0x7f4a7c15) * 0x85ebca6b) & MASK
    x = (x ^ x >> 16) * 0x2c1b3c6d & MASK
    return x ^ x >> 14


def digits_of(text):
    """(start, end) of the last run of 3 to 15 digits, or None."""
    end = len(text)
    while end > 0:
        while end > 0 and not 48 <= text[end - 1] <= 57:
            end -= 1
        start = end
        while start > 0 and 48 <= text[start - 1] <= 57:
            start -= 1
        if 3 <= end - start <= 15:
            return start, end
        end = start
    return None


class Alphabet:
    """Ranks of characters: those listed, then the rest of the CJK block."""

    def __init__(self, listed):
        ranked = [0] + [ord(c) for c in listed]
        there = set(ranked)
        if len(there) != len(ranked) or max(ranked) > 0xffff or \
                len(listed) > 3400:
            raise Refused("a list of characters that cannot be")
        ranked += [c for c in range(0x4e00, 0xa000) if c not in there]
        self.characters = ranked
        self.ranks = {c: r for r, c in enumerate(ranked)}


class Coder:
    def __init__(self, alphabet):
        self.alphabet = alphabet
        self.model = Model()
        self.before_occurred = self.before_recorded = self.kind = 0
        self.author = self.org = self.subject = self.record = self.key = 0
        self.last = self.last2 = 0
        self.before = [0] * 4096
        self.numbered = [(0, b"")] * NUMBERED

    def copy(self):
        twin = Coder.__new__(Coder)
        twin.__dict__.update(self.__dict__)
        twin.model = self.model.copy()
        twin.before = self.before[:]
        twin.numbered = self.numbered[:]
        return twin

    # --- symbols and numbers -----------------------------------------------

    def symbol(self, kind, path, salt, bits, value=0):
        here = h(path, salt)
        ha = h(here, self.author)
        return self.model.symbol(kind, bits, (
            here, h(here, self.last), ha, h(here, self.key),
            h(here, self.before[path & 4095]), h(ha, self.last),
            h(here, self.record), h(ha, self.key)), value)

    def number(self, path, salt, value=0):
        size = self.symbol(SIZE, path, salt, 7, value.bit_length())
        size = min(size, 64)
        if size == 0:
            return 0
        got = 1
        left = size - 1
        above = h(salt, size)
        while left:
            n = left % 8 or 8
            digits = self.symbol(DIGITS, path, above + left & MASK, n,
                                 value >> left - n & (1 << n) - 1)
            above = h(above, digits)
            left -= n
            got = got << n | digits
        return got

    def signed(self, path, salt, value=0):
        """Of 64 bits, also where it is given modulo 2^64."""
        value = change.wrap64(value)
        got = self.number(path, salt, (value << 1 ^ value >> 63) & MASK64)
        return got >> 1 ^ -(got & 1)

    def note(self, path, value):
        self.remember(path, h(value & MASK, value >> 32 & MASK))

    def remember(self, path, x):
        self.last2 = self.last
        self.last = self.before[path & 4095] = x

    # --- strings -----------------------------------------------------------

    def string(self, kind, path, text=None):
        out = bytearray()
        passed = []
        slot = None
        if kind == ID:
            k = h(path, self.org)
            slot = k & NUMBERED - 1
            known, was = self.numbered[slot]
            if known == k and digits_of(was):
                self.follow_number(path, was, text, out, passed)
        self.characters(kind, path, text, out, passed)
        out = bytes(out)
        if kind == ID and len(out) < STRING_NUMBERED_BYTES:
            self.numbered[slot] = (k, out)
        x = 0
        for byte in out:
            x = h(x, byte)
        self.remember(path, x)
        return out

    def follow_number(self, path, was, text, out, passed):
        start, end = digits_of(was)
        room = 10 ** (end - start)
        mode = delta = 0
        if text is not None and len(text) < STRING_NUMBERED_BYTES and \
                digits_of(text) == (start, end) and text[:start] == was[:start]:
            mode = 1
            delta = int(text[start:end]) - int(was[start:end])
        if not self.symbol(MODE, h(path, 196608), 0, 1, mode):
            return
        delta = self.signed(h(path, 196609), 0, delta)
        value = (int(was[start:end]) + delta & MASK64) % room
        out += was[:start] + b"%0*d" % (end - start, value)
        passed += out

    def characters(self, kind, path, text, out, passed):
        """What is left of the text, and its end. `passed` are characters
        that went before without symbols; the prefix begins anew with them."""
        c0 = c1 = c2 = c3 = c4 = 0
        for c in passed:
            c0, c1, c2, c3, c4 = c, c0, c1, c2, c3
        counted = len(passed)
        prefix = 0
        author, model = self.author, self.model
        key = self.key ^ self.subject * 3 & MASK
        todo = None
        if text is not None:
            todo = [ord(c) for c in text[len(out):].decode()] + [0]

        def byte(kind, e, value):
            o1 = h(e, c0)
            o2 = h(o1, c1)
            o3 = h(o2, c2)
            if counted < 20:
                w = h(h(path, prefix), e)
                contexts = (h(path, e), h(path, o1), o2, w, o3,
                            h(w, self.last), h(w, author), h(w, key))
            else:
                o5 = h(h(o3, c3), c4)
                contexts = (h(path, e), h(path, o1), o2, h(h(c0, c2), e), o3,
                            h(h(c1, c2), e), o5, h(author, o1))
            return model.symbol(kind, 8, contexts, value)

        at = 0
        while True:
            c = 0 if todo is None else todo[at]
            at += 1
            c = self.character(kind, byte, c)
            if c == 0:
                return
            out += chr(c).encode()
            c0, c1, c2, c3, c4 = c, c0, c1, c2, c3
            prefix = h(prefix, c)
            counted += 1

    def character(self, kind, byte, c):
        rank = self.alphabet.ranks.get(c)
        if rank is None:
            first, second = 255, 0
        elif rank < 160:
            first, second = rank, 0
        else:
            first, second = 160 + (rank - 160 >> 8), rank - 160 & 255
        first = byte(kind, 0, first)
        if first == 255:
            c = self.model.plain(5, c >> 16) << 16 | \
                self.model.plain(16, c & 0xffff)
            if c == 0 or c > 0x10ffff or 0xd800 <= c < 0xe000:
                raise Refused("no character has the number %x" % c)
            return c
        rank = first
        if first >= 160:
            second = byte(TEXT_2, first + 1, second)
            rank = 160 + (first - 160 << 8) + second
        if rank >= len(self.alphabet.characters):
            raise Refused("no character has the rank %d" % rank)
        return self.alphabet.characters[rank]

    # --- values ------------------------------------------------------------

    def object(self, path, depth, entries):
        kept = self.key
        if depth > 0:
            self.key = 0
        prev = 0
        got = []
        while True:
            entry = None
            code = 0
            if entries is not None and len(got) < len(entries):
                entry = entries[len(got)]
                code = 255 if entry[0] == 0 else min(entry[0], 254)
            code = self.symbol(FIELD, path, prev, 8, code)
            if code == 0:
                break
            number, name = code, b""
            if code == 254:
                number = self.number(path, 254, entry[0] if entry else 0)
            if code == 255:
                number = 0
                name = self.string(TEXT, h(path, 131072),
                                   entry[1] if entry else None)
            f = (number or self.last) & MASK
            value = self.value(h(path, f), depth + 1,
                               entry[2] if entry else None)
            if depth > 0 and not got:
                self.key = self.last
            if depth == 0:
                self.record = h(self.record, f)
            prev = f
            got.append((number, name, value))
            if len(got) > change.ENTRIES_MAX:
                raise Refused("too many entries")
        if depth > 0:
            self.last = self.key
            self.key = kept
        return got

    def value(self, path, depth, value):
        if depth > change.DEPTH_MAX:
            raise Refused("too deep")
        tag, content = value if value is not None else (0, None)
        tag = self.symbol(TAG, path, 50, 4, tag)
        given = value is not None
        if tag in (change.NULL, change.FALSE, change.TRUE):
            self.note(path, tag)
            return tag, None
        if tag in (change.INTEGER, change.NEGATIVE):
            got = self.number(path, 51 if tag == change.INTEGER else 52,
                              content if given else 0)
            self.note(path, got)
        elif tag == change.DECIMAL:
            mantissa, exponent = content if given else (0, 0)
            exponent = self.signed(path, 53, exponent)
            mantissa = self.signed(path, 54 + exponent * 256 & MASK, mantissa)
            got = mantissa, exponent
            self.note(path, mantissa & MASK64)
        elif tag == change.TEXT:
            got = self.string(TEXT, path, content)
        elif tag == change.ARRAY:
            count = self.number(path, 57, len(content) if given else 0)
            inner = h(path, 131073)
            got = []
            for i in range(count):
                got.append(self.value(inner, depth + 1,
                                      content[i] if given else None))
        elif tag == change.OBJECT:
            got = self.object(path, depth, content)
        elif tag == change.REFERENCE:
            got = self.string(ID, path, content)
            if depth == 1 and self.subject == 0:
                self.subject = self.last
        elif tag == change.DAY:
            today = abs(self.before_occurred) // 86400
            today = today if self.before_occurred >= 0 else -today
            got = change.wrap64(today + self.signed(
                path, 55, (content if given else 0) - today))
            self.note(path, got & MASK64)
        elif tag == change.INSTANT:
            got = self.signed(path, 56,
                              (content if given else 0) - self.before_occurred)
            self.note(path, got & MASK64)
            got = change.wrap64(got + self.before_occurred)
        else:
            raise Refused("no value has the tag %d" % tag)
        return tag, got

    # --- a body ------------------------------------------------------------

    def learn(self, data):
        self.model.begin(None)
        try:
            tree = change.parse(data)
            if tree.kind == 0:
                tree = None
        except Refused:
            tree = None
        self.body(tree, data)

    def decode(self):
        """One body out of what the model was told to decode."""
        return self.body(None, None)

    def body(self, tree, data):
        shape = 1 if tree is None and data is not None else 0
        shape = self.symbol(HEAD, 1, 0, 1, shape)
        if shape:
            return self.raw(data)
        given = tree is not None
        tree = tree or change.Body()
        got = change.Body()
        self.last = self.last2 = self.key = self.subject = 0
        self.record = self.kind
        got.flags = self.symbol(HEAD, 2, self.kind, 8, tree.flags)
        got.kind = self.number(3, h(self.kind, got.flags), tree.kind)
        self.kind = got.kind & MASK
        path = self.record = h(self.kind, 77)
        self.author = self.org = 0
        got.by = self.string(ID, h(path, 65536), tree.by if given else None)
        self.author = self.last
        got.org = self.string(ID, h(path, 65537), tree.org if given else None)
        self.org = self.last
        got.source = self.string(ID, h(path, 65538),
                                 tree.source if given else None)
        if not got.flags & change.FOUNDS:
            got.ref = self.string(ID, h(path, 65539),
                                  tree.ref if given else None)
        count = self.number(h(path, 65540), 0, len(tree.parents))
        for i in range(count):
            got.parents.append(self.parent(
                path, tree.parents[i] if given else (0, b"", 0, 0)))
        self.last = self.last2 = 0
        self.times(path, tree, got)
        self.key = self.author
        got.fields = self.object(path, 0, tree.fields if given else None)
        return change.build(got)

    def raw(self, data):
        size = self.number(4, 0, len(data) if data is not None else 0)
        if size > 65536:
            raise Refused("a body of %d bytes" % size)
        out = bytearray()
        four = 0
        for i in range(size):
            byte = self.symbol(HEAD, 5, four, 8,
                               data[i] if data is not None else 0)
            out.append(byte)
            four = (four << 8 | byte) & MASK
        return bytes(out)

    def parent(self, path, parent):
        where, link, klass, seq = parent
        where = self.symbol(HEAD, h(path, 65541), 0, 1, where)
        got = bytearray()
        if where:
            for i in range(12):
                got.append(self.symbol(HEAD, h(path, 65542), i, 8,
                                       link[i] if link else 0))
        klass = self.symbol(HEAD, h(path, 65543), 0, 8, klass)
        return where, bytes(got), klass, self.number(h(path, 65544), 0, seq)

    def times(self, path, tree, got):
        occurred = self.before_occurred + self.signed(
            h(path, 65545), 0, tree.occurred_at - self.before_occurred)
        got.occurred_at = change.wrap64(occurred)
        recorded = self.before_recorded + self.signed(
            h(path, 65546), 0,
            tree.occurred_at + tree.later - self.before_recorded)
        recorded = change.wrap64(recorded)
        got.later = change.wrap64(recorded - got.occurred_at)
        self.before_occurred, self.before_recorded = got.occurred_at, recorded

    def plain_number(self, which, value=0):
        """A number of a batch."""
        self.last = self.last2 = self.key = 0
        self.author = self.subject = self.record = 0
        return self.number(16 + which, 0, value)


class Dictionary:
    """One that was learned: `coder` is what a new coder is a copy of."""

    def __init__(self, data):
        if len(data) > DICTIONARY_BYTES_MAX:
            raise Refused("a dictionary of %d bytes" % len(data))
        self.size = len(data)
        self.id = number_of(h8(data)[:4])
        r = Reader(data)
        if r.u8() != 1:
            raise Refused("a dictionary of another version")
        self.coder = Coder(Alphabet(r.string().decode()))
        count = r.varint()
        self.coder.model.begin(r.rest())
        self.bodies = take_bodies(self.coder, count)
        self.coder.model.end()


def take_bodies(coder, count):
    bodies = []
    for _ in range(count):
        bodies.append(coder.decode())
        if sum(map(len, bodies)) > DICTIONARY_BODIES_BYTES_MAX:
            raise Refused("a dictionary of too much")
    return bodies

"""text: puts sentences together from phrases.py, as each doctor would write them; names people."""
from bisect import bisect

import phrases as P


# ---- sentences with slots

def parse(text, at=0, stop=""):
    """Cut a phrase into literals and functions of (random, body); return them and the end."""
    parts, start = [], at
    while at < len(text) and text[at] not in stop:
        if text[at] != "{":
            at += 1
            continue
        parts.append(text[start:at])
        options, bars = [], 0
        while text[at] != "}":
            option, end = parse(text, at + 1, "|}")
            options.append(option)
            bars += text[end] == "|"
            at = end
        at += 1
        start = at
        parts.append(chooser(options) if bars else slot(options[0]))
    parts.append(text[start:at])
    return [p for p in parts if p != ""], at


def slot(option):
    name = option[0]
    return SLOTS.get(name) or (lambda r, b: name)


def chooser(options):
    n = len(options)
    return lambda r, b: fill(options[int(r() * n)], r, b)


def fill(parts, r, body):
    return "".join([p if p.__class__ is str else p(r, body) for p in parts])


def phrase(text):
    return parse(text)[0]


def whole(low, high):
    span = high - low + 1
    return lambda r, b: str(low + int(span * r()))


def decimal(low, high, digits=1):
    return lambda r, b: "%.*f" % (digits, low + (high - low) * r())


def word(pool):
    n = len(pool)
    return lambda r, b: pool[int(n * r())]


NUMERALS = "一二三四五六七八九十"


def days(r, b=None):
    n = 1 + int(11 * r() * r())
    form = int(12 * r())
    if form < 6:
        return "%d天" % n
    return ("%s天" % NUMERALS[min(n, 10) - 1], "%d日" % n, "%d~%d天" % (n, n + 2), "%d+d" % n, "%d小时" % (2 * n),
            "一个多礼拜")[form - 6]


def long_while(r, b=None):
    n, form = 1 + int(19 * r() * r()), int(8 * r())
    if form < 2:
        return days(r)
    return ("%d年" % n, "%d个月" % (1 + n % 11), "%d年多,近%s重" % (n, days(r)), "%d周" % (1 + n % 9), "断断续续%d年" % n,
            "半年多")[form - 2]


def clock(r, b):
    hour = int(24 * r())
    return ("%d点" % hour, "%d:%02d" % (hour, int(60 * r())), "%d点半" % hour)[int(3 * r())]


class Body:
    """Measurements of the person now in front of the doctor; text and fields agree."""
    __slots__ = ("temp", "sbp", "dbp", "pulse", "spo2", "glucose", "weight", "height")


PLACES, CASUAL_DRUGS = [], []                    # filled by group.py and medicine.py
SLOTS = {
    "d": days, "dd": long_while, "n": whole(1, 9), "n1": whole(0, 4), "n4": whole(2, 5), "nn": whole(10, 60),
    "years": whole(2, 28), "tail": whole(1000, 9999), "mon": whole(1, 12), "dom": whole(1, 28), "hm": clock,
    "t": lambda r, b: "%.1f" % max(b.temp, 37.4 + 2.2 * r()), "tlow": decimal(36.2, 37.3),
    "bp": lambda r, b: "%d/%d" % (112 + 52 * r(), 66 + 30 * r()),
    "bph": lambda r, b: "%d/%d" % (148 + 60 * r(), 92 + 28 * r()),
    "sbp": lambda r, b: str(b.sbp), "dbp": lambda r, b: str(b.dbp), "pulse": lambda r, b: str(b.pulse),
    "spo2": lambda r, b: str(b.spo2), "glu": lambda r, b: "%.1f" % b.glucose,
    "glup": lambda r, b: "%.1f" % (b.glucose + 1 + 5 * r()), "wt": lambda r, b: "%.1f" % b.weight,
    "ht": lambda r, b: str(b.height), "bmi": lambda r, b: "%.1f" % (1e4 * b.weight / b.height ** 2),
    "rr": whole(15, 28), "waist": whole(66, 112), "crea": whole(44, 140), "ua": whole(240, 640), "k": decimal(3.1, 5.4),
    "tc": decimal(3, 7.8), "tg": decimal(.5, 5.6, 2), "ldl": decimal(1.4, 5, 2), "hba": decimal(5.2, 11.6),
    "hb": whole(72, 168), "wbc": decimal(3, 18), "pct": whole(38, 90), "crp": decimal(.4, 74),
    "deg": whole(25, 120), "fhr": whole(120, 160),
    "wk": lambda r, b: "%d+%d" % (6 + 34 * r(), 7 * r()), "money": whole(8, 960),
    "when": word(P.WHEN), "part": word(P.PART), "feel": word(P.FEEL), "how": word(P.HOW), "self": word(P.SELF),
    "effect": word(P.EFFECT), "worry": word(P.WORRY), "work": word(P.WORK), "food": word(P.FOOD),
    "crop": word(P.CROP), "city": word(P.CITY), "rel": word(P.RELATIVE), "ago": word(P.AGO), "short": word(P.SHORT),
    "surname": lambda r, b: P.SURNAMES[int(len(P.SURNAMES) * r() * r())],
    "who": lambda r, b: full_name(r, "12"[r() < .5], 1980, "01", SLOTS["surname"](r, b)),
    "place": lambda r, b: PLACES[int(len(PLACES) * r())],
    "drug": lambda r, b: CASUAL_DRUGS[int(len(CASUAL_DRUGS) * r())],
}


class Weighted:
    def __init__(self, items, weights):
        self.items, self.sums, total = items, [], 0.0
        for w in weights:
            total += w
            self.sums.append(total)

    def pick(self, r):
        return self.items[bisect(self.sums, r() * self.sums[-1])]


TOLD, NOTES = [phrase(x) for x in P.TOLD], [phrase(x) for x in P.NOTES]
REASONS = {k: [phrase(x) for x in v] for k, v in P.REASONS.items()}
TREATMENTS, UNKNOWN = [phrase(x) for x in P.TREATMENTS], [phrase(x) for x in P.UNKNOWN]
PURPOSES, TRIPS = [phrase(x) for x in P.PURPOSES], [phrase(x) for x in P.TRIPS]


class Habit:
    """How one doctor writes: marks, length, own words, slips of the pen."""

    def __init__(self, r):
        self.comma = "，,，, 、"[int(6 * r())]
        self.stop = "。；。;. "[int(6 * r())]
        self.end = ("。", "", ".", "。")[int(4 * r())]
        self.number = (None, "%d.", "%d、", "%d)", None, "①②③④⑤⑥⑦⑧⑨")[int(6 * r())]
        self.heads = (("", "", ""), ("主诉:", "查:", "处:"), ("诉", "PE ", ""), ("", "", "嘱"), ("S:", "O:", "P:"))[int(5 * r())]
        self.length, self.talk = .8 + .8 * r(), .6 + 1.4 * r()
        self.swaps = [s for s in P.SWAPS if r() < .3]
        self.slips = .01 + .1 * r() * r()
        self.first, self.lean = int(1000 * r()), 1 + .4 * r()
        self.english, self.spec = r() < .15, r() < .3
        self.brackets, self.vitals = r() < .5, r() < .3
        self.wander = .05 + .4 * r()

    def one(self, pool, r):
        n = len(pool)
        return pool[(self.first + int(n * r() ** self.lean)) % n]

    def some(self, pool, mean, r, body):
        """About mean different phrases; each doctor has favourites."""
        chosen = {}
        for _ in range(max(1, int(mean * (.4 + 1.2 * r()) + .5))):
            p = self.one(pool, r)
            chosen[id(p)] = p
        return [fill(p, r, body) for p in chosen.values()]

    def join(self, parts, mark, r):
        out = []
        for p in parts:
            out += (p, mark if r() > self.wander else "，。 ;"[int(4 * r())])
        return "".join(out[:-1])

    def listed(self, parts, r):
        if not self.number or len(parts) < 2:
            return self.join(parts, self.stop, r)
        marks = [self.number[i % 9] if self.number[0] == "①" else self.number % (i + 1) for i in range(len(parts))]
        return "".join(m + p + ("\n" if self.wander > .36 else self.stop) for m, p in zip(marks, parts))

    def written(self, text, r):
        for usual, own in self.swaps:
            text = text.replace(usual, own)
        if self.comma != ",":
            text = text.replace(",", self.comma)
        if self.brackets:
            text = text.replace("(", "（").replace(")", "）")
        if r() < self.slips * 6:
            right, wrong = P.SLIPS[int(len(P.SLIPS) * r())]
            text = text.replace(right, wrong, 1)
        if r() < self.slips * 4 and len(text) > 9:
            i = int(len(text) * r())
            text = text[:i] + (text[i] + text[i:] if r() < .5 else text[i + 1:])
        return text


# ---- names

ETHNIC = Weighted(["01", "03", "05", "04", "07", "02", "17"], [80, 7, 5, 3, 2, 1.5, 1.5])


def full_name(r, sex, year, ethnic, surname):
    def one(pool):
        return pool[int(len(pool) * r())]
    if ethnic == "05":
        return one(P.UYGHUR[sex]) + "·" + one(P.UYGHUR["1"])
    if ethnic == "17":
        return one(P.KAZAKH[sex]) + "·" + one(P.KAZAKH["1"])
    if ethnic == "04":
        return one(P.TIBETAN) + one(P.TIBETAN)
    if ethnic == "02":
        return one(P.MONGOL)
    if ethnic == "07":
        return one(P.YI) + "·" + one(P.YI) + one(P.YI)
    if ethnic == "03" and r() < .3:
        return surname + one(P.HUI)
    if r() < .015:
        return surname + one(P.RARE) + (one(P.RARE) if r() < .2 else "")
    old = r() < (.7 if year < 1972 else .08)
    given = one((P.GIVEN_OLD if old else P.GIVEN_NEW)[sex])
    if r() < .45:
        given = given[0] + one(P.GIVEN_MORE)
    return surname + given

#!/usr/bin/env python3
"""generate: writes an invented medical group as exchange format v1 (README.md).

Standard library only. The same arguments give the same bytes: every part draws
from a random stream of its own that starts from the seed.
"""
import argparse
import datetime
import json
import math
import os
import random
from bisect import bisect
from collections import Counter, defaultdict

import phrases as P

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"     # GB 32100: no I, O, S, V, Z
AREA = "519901"                                  # an unassigned county code
TEST_PEOPLE = {"519901198001010017", "519901195203153020", "519901197506101235",
               "519901202002290021", "51990119660707004X"}   # left free for scenarios
KINDS = ("org staff practice_site team drug resident encounter contract contract_service device loan "
         "custody usage referral followup exam_request exam_report").split()
ONE_DAY = datetime.timedelta(days=1)
LAST_SECOND = 86399
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# ---- codes

def id_check(first17):
    """GB 11643 check character."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(w * int(c) for w, c in zip(weights, first17)) % 11]


def check31(text):
    """GB 32100 check character; slip numbers use the same rule."""
    total = sum(pow(3, i, 31) * ALPHABET.index(c) for i, c in enumerate(text))
    return ALPHABET[-total % 31]


def uscc(number):
    body = "12%sMA6%06d" % (AREA, number)
    return body + check31(body)


def slip_number(short, letter, number):
    digits = "%06d" % number
    return "-".join((short, letter, digits, check31(short + letter + digits)))


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


PLACES, CASUAL_DRUGS = [], []                    # filled below and by the group
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


# ---- illnesses and drugs

class Illness:
    def __init__(self, line):
        self.code, self.name, weight, self.group, self.who = line.split("|")
        self.weight = float(weight)

    def fits(self, sex, age):
        if ("m" in self.who and sex != "1") or (("f" in self.who or self.group in ("women", "mother")) and sex != "2"):
            return False
        if self.group in ("women", "mother") and not 13 <= age < (47 if self.group == "mother" else 120):
            return False
        least = 48 if "e" in self.who else 16 if "a" in self.who else 0
        most = 3 if "b" in self.who else 13 if "c" in self.who else 200
        return least <= age < most


class Drug:
    def __init__(self, line, number):
        (self.name, self.english, self.spec, self.unit, self.route, doses, freqs, course, price,
         groups) = line.split("|")
        self.ref, self.code = "D%03d" % number, "YP%04d" % number
        self.doses = [float(x) if "." in x else int(x) for x in doses.split(",")]
        self.freqs, self.course, self.price = freqs.split(","), [int(x) for x in course.split(",")], int(price)
        self.groups = groups.split()


ILLNESSES = [Illness(x) for x in P.DIAGNOSES.split("\n") if x]
ILLNESS = {x.code: x for x in ILLNESSES}
DRUGS = [Drug(x, i + 1) for i, x in enumerate(x for x in P.DRUGS.split("\n") if x)]
CASUAL_DRUGS += [d.name.removesuffix("片").removesuffix("胶囊").removesuffix("颗粒") for d in DRUGS if d.route == "po"]
DRUG_CHOICE = {g: Weighted(*zip(*((d, 3.0 / (1 + d.groups.index(g)) / (1 + i) ** .3)
                                  for i, d in enumerate(x for x in DRUGS if g in x.groups)))) for g in P.GROUPS}
GROUP = {g: {k: [phrase(x) for x in v] for k, v in d.items() if k != "vit"} for g, d in P.GROUPS.items()}
TOLD, NOTES = [phrase(x) for x in P.TOLD], [phrase(x) for x in P.NOTES]
REASONS = {k: [phrase(x) for x in v] for k, v in P.REASONS.items()}
EXAMS = [x.split(" # ") for x in P.EXAMS.split("\n") if x]
EXAMS = [e[:3] + [phrase(e[3]), phrase(e[4])] for e in EXAMS]
TREATMENTS, UNKNOWN = [phrase(x) for x in P.TREATMENTS], [phrase(x) for x in P.UNKNOWN]
PURPOSES, TRIPS = [phrase(x) for x in P.PURPOSES], [phrase(x) for x in P.TRIPS]
AGE_EDGES = (3, 13, 16, 47, 48)                  # where some illness begins or ends
WINTER = {"cold": .45, "chest": .35, "gut": -.3, "skin": -.4, "wound": -.15, "heart": .15}
CHRONIC = (("I10", 33, .012, .58), ("E11.9", 36, .005, .2), ("I25.1", 45, .005, .16), ("I69.3", 50, .004, .1),
           ("J44.9", 50, .004, .1), ("M17.9", 50, .005, .15), ("G47.0", 40, .002, .06), ("F20.9", 20, .001, .012))
GREEN = {"I21.9": "chest_pain", "I20.9": "chest_pain", "I63.9": "stroke", "G45.9": "stroke", "S06.0": "trauma",
         "S52.5": "trauma", "T60.0": "other", "R56.0": "other", "O21.0": "maternal", "K92.2": "none", "K35.8": "none",
         "J18.9": "none", "I50.9": "none", "P59.9": "neonatal"}


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


# ---- the group

class Org:
    def __init__(self, ref, name, level, parent, short, number):
        self.ref, self.name, self.level, self.parent, self.short, self.number = ref, name, level, parent, short, number
        self.link, self.staff, self.doctors, self.villages, self.teams = "ref:" + ref, [], [], [], []
        self.base = name

    def seal(self):
        self.choice = Weighted(self.doctors, [1 / (1 + i) for i in range(len(self.doctors))])


class Staff:
    def __init__(self, ref, org, role, name, dept, pc, habit):
        self.ref, self.org, self.role, self.name, self.dept, self.pc, self.habit = ref, org, role, name, dept, pc, habit
        self.link = "ref:" + ref


class Team:
    def __init__(self, ref, org, leader, members, villages):
        self.ref, self.org, self.leader, self.members, self.villages = ref, org, leader, members, villages
        self.link = "ref:" + ref


class Resident:
    __slots__ = ("ref", "link", "village", "sex", "birth", "household", "tags", "ill", "gone", "twice", "json", "filed_by",
                 "sbp", "dbp", "glucose", "weight", "height", "contract", "rx", "said", "last")


class Device:
    def __init__(self, record, owner, meter):
        self.record, self.owner, self.meter = record, owner, meter
        self.link, self.free_on, self.number, self.clock = "ref:" + record["ref"], 0, 0, (0, 0)


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


def add_months(date, months):
    year, month = divmod(12 * date.year + date.month - 1 + months, 12)
    next_first = datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return datetime.date(year, month + 1, min(date.day, (next_first - ONE_DAY).day))


def stamp(date, second):
    second = min(LAST_SECOND, max(0, int(second)))
    return "%sT%02d:%02d:%02d+08:00" % (date.isoformat(), second // 3600, second // 60 % 60, second % 60)


class Output:
    """The files: keeps the chosen kinds and the chosen site, counts what it wrote."""

    def __init__(self, a):
        self.folder, self.site = a.out, "ref:" + a.site if a.site else None
        self.kinds = set(a.kinds.split(",")) if a.kinds else set(KINDS)
        if not self.kinds <= set(KINDS):
            raise SystemExit("unknown kind: " + ", ".join(sorted(self.kinds - set(KINDS))))
        self.lines, self.bytes = defaultdict(Counter), Counter()
        os.makedirs(a.out, exist_ok=True)

    def keeps(self, kind, org_link):
        return kind in self.kinds and self.site in (None, org_link)

    def records(self, name, records):
        self.write(name, ((x["kind"], encode(x)) for x in records if self.keeps(x["kind"], x["org_id"])))

    def write(self, name, lines):
        """lines: (kind, JSON text) pairs."""
        with open(os.path.join(self.folder, name), "wb", buffering=1 << 18) as f:
            for kind, text in lines:
                line = text.encode() + b"\n"
                f.write(line)
                self.lines[name][kind] += 1
                self.bytes[name] += len(line)

    def manifest(self, a, notes):
        kinds = sum(self.lines.values(), Counter())
        text = {"format": 1, "seed": a.seed, "arguments": {k: v for k, v in vars(a).items() if k != "out"},
                "files": {n: {"lines": sum(c.values()), "bytes": self.bytes[n], "kinds": dict(sorted(c.items()))}
                          for n, c in sorted(self.lines.items())},
                "kinds": dict(sorted(kinds.items())), "lines": sum(kinds.values()), "bytes": sum(self.bytes.values()),
                "notes": dict(sorted(notes.items()))}
        with open(os.path.join(self.folder, "manifest.json"), "w", encoding="utf-8", newline="\n") as f:
            f.write(json.dumps(text, ensure_ascii=False, indent=1) + "\n")


class Group:
    """Organisations, staff, teams, residents, devices and the contracts in force at the start."""

    def __init__(self, a):
        self.a, self.start = a, datetime.date.fromisoformat(a.start)
        self.since = self.start - 1400 * ONE_DAY
        self.serials, self.blocks, self.slips, self.notes = Counter(), Counter(), {}, Counter()
        self.r = self.stream("group")
        self.make_orgs()
        self.make_staff()
        self.make_teams()

    def stream(self, name):
        return random.Random("%d:%s" % (self.a.seed, name)).random

    def chance(self, name, share, first=True):
        """True in this share of cases, and (first) at the first chance, so that short runs hold every rarity."""
        hit = share > 0 and (self.r() < share or first and name not in self.notes)
        self.notes[name] += hit
        return hit

    def choose(self, pool):
        return pool[int(len(pool) * self.r())]

    def why(self, name):
        return fill(self.choose(REASONS[name]), self.r, None)

    def ref(self, letter, width=6):
        self.serials[letter] += 1
        return "%s%0*d" % (letter, width, self.serials[letter])

    def slip(self, org, staff, letter):
        """The next number of the block of 500 that this member's computer holds."""
        key = org.ref, letter, staff.org.ref, staff.pc
        number = self.slips.get(key, 0)
        if number % 500 == 0:
            number = 500 * self.blocks[org.ref, letter]
            self.blocks[org.ref, letter] += 1
        self.slips[key] = number + 1
        return slip_number(org.short, letter, number + 1)

    def record(self, kind, letter, by, date, second, org=None, width=6, state=None):
        out = {"kind": kind, "ref": self.ref(letter, width)}
        if state:
            out["state"] = state
        out.update(by=by.link, at=stamp(date, second), org_id=(org or by.org).link)
        return out

    # reference data

    def make_orgs(self):
        rng = random.Random("%d:places" % self.a.seed)
        names = rng.sample(P.TOWNS, len(P.TOWNS))
        tails = ["镇卫生院", "乡卫生院", "镇中心卫生院"]
        self.lead = Org("H01", P.COUNTY + "人民医院", "county", None, "YH1", 0)
        self.towns, self.villages = [], []
        for t in range(self.a.townships):
            town = Org("C%02d" % (t + 1), names[t] + rng.choice(tails), "township", self.lead,
                       "X" + ALPHABET[t // 31] + ALPHABET[t % 31], t + 1)
            town.base = names[t]
            self.towns.append(town)
            pairs = [h + x for h in P.VILLAGE_HEADS for x in P.VILLAGE_TAILS]
            for v, name in enumerate(rng.sample(pairs, self.a.villages)):
                n = 90 * t + v
                clinic = Org("V%02d%02d" % (t + 1, v + 1), "%s%s村卫生室" % (town.base, name), "village", town,
                             ALPHABET[10 + n // 961] + ALPHABET[n // 31 % 31] + ALPHABET[n % 31], v + 1)
                clinic.base = name
                town.villages.append(clinic)
                PLACES.append(name + ("村" if v % 3 else ""))
            self.villages += town.villages
        self.orgs = [self.lead] + self.towns + self.villages
        self.org_of = {o.link: o for o in self.orgs}

    def make_staff(self):
        r, self.staff = self.r, []
        posts = {"county": ["head", "group_admin", "equipment_centre"] + ["doctor"] * 10 + ["nurse"] * 2 + ["public_health"],
                 "township": ["head"] + ["doctor"] * 4 + ["nurse", "public_health"], "village": ["village_doctor"]}
        for org in self.orgs:
            roles = posts[org.level] + ["village_doctor"] * (org.level == "village" and r() < .5)
            for i, role in enumerate(roles):
                sex, ethnic = "12"[r() < .5], ETHNIC.pick(r)
                name = full_name(r, sex, 1964 + int(34 * r()), ethnic, SLOTS["surname"](r, None))
                s = Staff("S%04d" % (len(self.staff) + 1), org, role, name, P.DEPTS[org.level][i % len(P.DEPTS[org.level])],
                          i % 3, Habit(r))
                org.staff.append(s)
                self.staff.append(s)
                if role in ("head", "doctor", "village_doctor"):
                    org.doctors.append(s)
            org.seal()

    def make_teams(self):
        self.teams = []
        for town in self.towns:
            wanted = max(2, round(self.a.residents / self.a.townships / 3000))
            count = min(wanted, len(town.villages), 25)
            for i in range(count):
                villages = town.villages[i::count]
                leader = town.doctors[i % len(town.doctors)]
                team = Team("T%02d" % (len(self.teams) + 1), town, leader,
                            [leader, town.staff[-1]] + [v.doctors[0] for v in villages], villages)
                self.teams.append(team)
                for v in villages:
                    v.teams = [team]

    def reference(self):
        admin, since, r = self.lead.staff[1], self.since.isoformat(), self.stream("sites")

        def line(kind, ref, org, **fields):
            return dict({"kind": kind, "ref": ref, "by": admin.link, "at": since + "T08:30:00+08:00", "org_id": org.link}, **fields)
        for i, o in enumerate(self.orgs):
            place = {"region6": AREA}
            if o.parent:
                town = o if o.level == "township" else o.parent
                place.update(parent_org_id=o.parent.link, town3="%03d" % (100 + town.number))
            if o.level == "village":
                place["village3"] = "%03d" % (100 + o.number)
            yield line("org", o.ref, self.lead, name=o.name, level=o.level, uscc=uscc(100 + i), short_code=o.short,
                       valid_from=since, **place)
        for s in self.staff:
            number = int(s.ref[1:])
            yield line("staff", s.ref, self.lead, name=s.name, role=s.role, home_org_id=s.org.link, status="active",
                       practice_cert_no="%d%s%06d" % (2 if s.role == "nurse" else 1, AREA, number))
            yield line("practice_site", "P%05d" % (2 * number), s.org, staff_id=s.link, valid_from=since, basis="employment")
            if s.org is self.lead and s.role == "doctor" and r() < .4:
                host = self.towns[int(len(self.towns) * r())]
                first = self.start - int(20 + 300 * r()) * ONE_DAY
                yield line("practice_site", "P%05d" % (2 * number + 1), host, staff_id=s.link, valid_from=first.isoformat(),
                           valid_to=(self.start + int(40 + 500 * r()) * ONE_DAY).isoformat(),
                           basis=("dispatch", "multi_site")[r() < .4])
        for i, t in enumerate(self.teams):
            yield line("team", t.ref, t.org, name="%s第%d签约团队" % (t.org.base, i + 1), leader_staff_id=t.leader.link,
                       members=[m.link for m in t.members], villages=[v.link for v in t.villages], capacity=2000, valid_from=since)
        for d in DRUGS:
            yield line("drug", d.ref, self.lead, drug_code=d.code, name=d.name, name_en=d.english, spec=d.spec, unit=d.unit,
                       route=d.route, price=d.price, valid_from=since)

    # residents

    def make_residents(self):
        self.r = r = self.stream("residents")
        self.residents, self.links, self.used, self.filed = [], [], set(TEST_PEOPLE), Counter()
        self.namesakes = self.rare_names = 0
        size = Weighted(self.villages, [.6 + 1 / (1 + i % 6) for i in range(len(self.villages))])
        while len(self.residents) < self.a.residents:
            self.household(size.pick(r))
        self.able = [p for p in self.residents if not p.gone]
        weights = [(.3 + (p.birth.year > self.start.year - 7) + max(0, self.age(p) - 25) / 25) * (.1 - math.log(1 - r()))
                   for p in self.able]
        self.walkers = Weighted(self.able, weights)
        self.chronic = [p for p in self.able if p.ill]
        random.Random("%d:turns" % self.a.seed).shuffle(self.chronic)

    def age(self, p, date=None):
        return ((date or self.start) - p.birth).days // 365.25

    def household(self, village):
        r = self.r
        self.filed[village.ref, "house"] += 1
        where = "%s%03d%03d" % (AREA, 100 + village.parent.number, 100 + village.number)
        number = "%s%05d" % (where, self.filed[village.ref, "house"])
        head_age, ethnic, surname = 22 + int(62 * r()), ETHNIC.pick(r), SLOTS["surname"](r, None)
        head_sex = "1" if r() < .75 else "2"
        people = [("02", head_sex, head_age)]
        if r() < .78:
            people.append(("10", "21"[head_sex == "2"], max(20, head_age + int(9 * r()) - 5)))
        for _ in range(int(3 * r())):
            child = head_age - 22 - int(11 * r())
            if 0 <= child < 25 or child >= 25 and r() < .3:
                people.append(("20", "1", child) if r() < .52 else ("30", "2", child))
        if head_age < 60:
            people += [("51", "1", head_age + 21 + int(9 * r()))] * (r() < .25) + [("52", "2", head_age + 20 + int(9 * r()))] * (r() < .3)
        address = "%s%s%s村%d社%d号" % (P.COUNTY, village.parent.base, village.base, 1 + 8 * r(), self.filed[village.ref, "house"])
        guardian = None
        for role, sex, age in people:
            if len(self.residents) == self.a.residents:
                return
            own = surname if role in ("02", "20", "30", "51") else SLOTS["surname"](r, None)
            p, record = self.person(village, role, sex, age, ethnic, own, number, where, address, guardian)
            guardian = guardian or (p, record)
            if age >= 18 and len(self.residents) < self.a.residents and self.chance("entered_twice", .01):
                self.enter_again(p, record)

    def person(self, village, role, sex, age, ethnic, surname, house, where, address, guardian):
        r = self.r
        p = Resident()
        p.birth = self.start - (int(365.25 * age + 360 * r()) + 1) * ONE_DAY
        p.village, p.sex, p.household, p.twice = village, sex, house, False
        p.contract = p.rx = p.said = p.last = None
        by = village.doctors[0] if r() < .75 else village.parent.staff[-1]
        at = max(p.birth + ONE_DAY, self.start - int(3 + 1100 * r()) * ONE_DAY)
        record = self.record("resident", "R", by, min(at, self.start), 29000 + 30000 * r())
        p.ref, p.link = record["ref"], "ref:" + record["ref"]
        record["name"] = self.name(village, sex, age, p.birth.year, ethnic, surname)
        if r() < .94:
            self.filed[village.ref] += 1
            record["ehr_no"] = "%s%05d" % (where, self.filed[village.ref])
        self.identify(p, record, age)
        record.update(sex=sex, birth_date=p.birth.isoformat(), ethnic=ethnic, address=address, managing_org_id=village.parent.link,
                      birth_precision="day" if "id_no" in record else self.choose(["day", "day", "month", "year"]))
        if age >= 14 and r() < .9:
            record["phone"] = self.phone()
        if r() < .97:
            record.update(household_no=house, household_role=role)
        else:
            p.household = None
        if guardian and age < 18:
            record["guardian_id"] = guardian[0].link
        if guardian and (age < 16 or age > 72):
            record["contact"] = {"name": guardian[1]["name"], "phone": guardian[1].get("phone") or self.phone()}
        if r() < .08:
            record["allergies"] = [self.allergy() for _ in range(1 + (r() < .12))]
        self.health(p, record, age)
        record["insurance_type"] = "resident_basic" if r() < .87 else self.choose(["employee_basic", "self_pay", "poverty_relief"])
        record["status"] = "living" if r() < .985 or p.ref == "R000001" else self.choose(["moved_away", "dead"])
        p.gone = record["status"] != "living"
        p.json, p.filed_by = encode(record), record["org_id"]
        self.residents.append(p)
        return p, record

    def name(self, village, sex, age, year, ethnic, surname):
        if village is self.villages[0] and sex == "2" and age >= 20 and self.namesakes < 5:
            self.namesakes += 1
            return P.NAMESAKE
        if ethnic == "01" and self.rare_names < 2 and age >= 18:
            self.rare_names += 1
            return surname + P.RARE[self.rare_names - 1]
        return full_name(self.r, sex, year, ethnic, surname)

    def identify(self, p, record, age):
        r = self.r
        x = r()
        if x < .955 and (age >= 1 or x < .4):
            record.update(id_type="01", id_no=self.new_id(p.birth, p.sex))
        elif .955 <= x < .967:
            record.update(id_type=self.choose(["02", "03", "06", "07"]), id_no="%s%08d" % (self.choose("EGHK"), int(1e8 * r())))
        else:
            record["no_id_reason"] = "newborn" if age < 1 else self.choose(["lost", "never", "refuses", "unknown"])

    def new_id(self, birth, sex):
        while True:
            body = "%s%s%03d" % (AREA, birth.strftime("%Y%m%d"), 2 * int(500 * self.r()) + (sex == "1"))
            number = body + id_check(body)
            if number not in self.used:
                self.used.add(number)
                return number

    def phone(self):
        return "12%09d" % int(1e9 * self.r())

    def allergy(self):
        substance, reaction = self.choose(P.ALLERGIES)
        return {"substance": substance, "reaction": reaction, "source": self.choose(["self_report", "observed", "skin_test"]), "status": "active"}

    def health(self, p, record, age):
        r = self.r
        p.ill = [code for code, first, slope, most in CHRONIC if age > first and r() < min(most, (age - first) * slope)][:3]
        p.height = int(min(170, 52 + 7.2 * age) + 10 * r() if age < 17 else (168 if p.sex == "1" else 157) + 8 * (r() + r() - 1))
        p.weight = round((p.height / 100) ** 2 * ((15 if age < 13 else 23) + 4 * (r() + r() - 1)), 1)
        p.sbp = int(101 + .32 * age + 16 * (r() + r() - 1) + 20 * ("I10" in p.ill))
        p.dbp = int(63 + .22 * min(age, 55) + 9 * (r() + r() - 1) + 8 * ("I10" in p.ill))
        p.glucose = 4.5 + 1.5 * r() + (2.4 + 3 * r()) * ("E11.9" in p.ill)
        tags = [t for t, yes in (("elderly65", age >= 65), ("child0_6", age < 7), ("hypertension", "I10" in p.ill),
                                 ("diabetes", "E11.9" in p.ill), ("psychosis", "F20.9" in p.ill),
                                 ("pregnant", p.sex == "2" and 20 <= age < 41 and r() < .04), ("disabled", r() < .025),
                                 ("low_income", r() < .05), ("special_family", r() < .004), ("tb", r() < .001)) if yes]
        p.tags = tags
        if p.ill:
            record["conditions"] = [{"code": c, "name": ILLNESS[c].name, "status": "active",
                                     "since": "%d-%02d-01" % (self.start.year - 1 - int(min(18, age - 20) * r()), 1 + int(12 * r()))}
                                    for c in p.ill]
        if tags:
            record["population_tags"] = tags

    def enter_again(self, p, record):
        """One person filed a second time by another clinic, mostly without the number."""
        r = self.r
        others = [v for v in self.villages if v is not p.village] or self.villages
        q, village = Resident(), self.choose(others)
        for name in Resident.__slots__:
            setattr(q, name, getattr(p, name))
        q.village, q.twice, q.household = village, True, None
        again = self.record("resident", "R", village.doctors[0], self.start - int(1 + 4 * r()) * ONE_DAY, 35000 + 9000 * r())
        q.ref, q.link = again["ref"], "ref:" + again["ref"]
        again["name"] = record["name"]
        same = record.get("id_type") == "01" and r() < .35
        again.update({"id_type": "01", "id_no": record["id_no"]} if same else {"no_id_reason": self.choose(["lost", "unknown"])})
        for field in ("sex", "birth_date", "birth_precision", "phone", "address", "status"):
            if field in record:
                again[field] = record[field]
        again["managing_org_id"] = village.parent.link
        if r() < .4:
            again["allergies"] = [self.allergy()]
        q.json, q.filed_by = encode(again), again["org_id"]
        self.residents.append(q)
        self.links.append({"first": p.ref, "second": q.ref, "class": "same_number" if same else "no_number"})

    # devices and contracts in stock

    def make_devices(self):
        self.r = r = self.stream("devices")
        lines = [x for x in P.DEVICES.split("\n") if x]
        plan = [(self.lead, x) for x in lines + lines[:2]]
        for town in self.towns:
            plan += [(town, x) for x in (lines[0], lines[1], lines[9], self.choose(lines), self.choose(lines))]
        plan += [(v, lines[1]) for v in self.villages if r() < .3]
        self.devices = []
        for org, line in plan:
            kind, name, models, portable, value, accessories = line.split("|")
            n, since = len(self.devices) + 1, self.start - int(20 + 800 * r()) * ONE_DAY
            keeper = org.staff[2] if org is self.lead else org.staff[0]
            record = {"kind": "device", "ref": "E-%s-%04d" % (kind[:2].upper(), n), "by": keeper.link,
                      "at": stamp(since, 31000 + 25000 * r()), "org_id": org.link, "asset_no": "ZC%d%06d" % (since.year, 400 + n),
                      "serial_no": "%s%08d" % (self.choose(ALPHABET[10:]), int(1e8 * r())), "class": kind, "name": name,
                      "model": self.choose(models.split(",")), "owner_org_id": org.link, "portable": portable == "1",
                      "pool": org.level != "village" and (portable == "1" or r() < .4), "onward_allowed": r() < .35,
                      "accessories": accessories.split(","), "rated_hours_year": 1500,
                      "condition": "ok" if r() < .9 else self.choose(["minor", "in_repair", "unsafe"]),
                      "value": int(100 * int(value) * (.85 + .3 * r()))}
            if kind not in ("vehicle", "rehab"):
                record["metrology_due"] = (self.start + int(420 * r() - 20) * ONE_DAY).isoformat()
            self.devices.append(Device(record, org, round(2200 * r(), 1)))

    def new_contract(self, p, team, signed, state, second=None):
        r = self.r
        signer = self.choose(team.members)
        start = signed + int(3 * r()) * ONE_DAY
        packages = [k for k in P.PACKAGES if not k[2] or k[2] in p.tags and r() < .85]
        price = sum(k[1] for k in packages)
        c = self.record("contract", "K", signer, signed, second or 29000 + 32000 * r(), team.org, state=state)
        c.update(slip_no=self.slip(team.org, signer, "C"), resident_id=p.link)
        if p.household:
            c["household_no"] = p.household
        c.update(team_id=team.link, signing_staff_id=signer.link,
                 packages=[{"code": k[0], "price": k[1], "items": [{"item": i, "planned": n} for i, n in k[3]]} for k in packages])
        if p.tags:
            c["population_tags"] = p.tags
        c.update(signed_on=signed.isoformat(), start_on=start.isoformat(),
                 end_on=(add_months(start, self.choose([12, 12, 12, 24, 36])) - ONE_DAY).isoformat(),
                 resident_signature="guardian" if self.age(p) < 14 else self.choose(["paper", "paper", "fingerprint", "electronic"]))
        if r() < .12:
            c["choice_note"] = self.why("choice")
        public = min(price, 3000)
        insured = min(price - public, 2500)
        c.update(fee_public=public, fee_insurance=insured, fee_self=price - public - insured)
        return c

    def stock_of_contracts(self):
        """Contracts from before the start; only here the group's decisions occur."""
        self.r = r = self.stream("contracts")
        self.renewals = defaultdict(list)
        for p in self.able:
            if p.twice or r() > (.8 if p.tags else .42):
                continue
            team, x, old = p.village.teams[0], r(), None
            if x < .06:
                old = self.new_contract(p, team, self.start - int(780 + 250 * r()) * ONE_DAY, "expired")
                first = datetime.date.fromisoformat(old["start_on"])
                old["end_on"] = (add_months(first, 12) - ONE_DAY).isoformat()
                yield old
            elif x < .09:
                signed = self.start - int(150 + 200 * r()) * ONE_DAY
                c = self.new_contract(p, team, signed, "terminated" if x < .08 else "refused")
                if x < .08:
                    c.update(end_reason=self.choose(["resident", "resident", "moved", "breach", "duplicate", "error"]),
                             ended_on=(signed + int(10 + 130 * r()) * ONE_DAY).isoformat())
                else:
                    c["reason"] = self.why("contract_refused")
                yield c
                continue
            c = self.new_contract(p, team, self.start - int(4 + 350 * r()) * ONE_DAY, "active" if r() < .94 else self.choose(["signed", "ending"]))
            if old:
                c["renews_id"] = "ref:" + old["ref"]
            if c["state"] == "ending":
                c.update(end_reason="resident", ended_on=(self.start - ONE_DAY).isoformat())
            else:
                p.contract = c
            left = (datetime.date.fromisoformat(c["end_on"]) - self.start).days
            if 0 <= left < self.a.days and p.contract and r() < .65:
                self.renewals[max(0, left - int(6 * r()))].append(p)
            yield c


class Corpus(Group):
    """The days: visits, and what follows from them at this and other sites."""

    def run(self):
        self.out = Output(self.a)
        self.out.write("reference.ndjson", ((x["kind"], encode(x)) for x in self.reference() if x["kind"] in self.out.kinds))
        self.make_residents()
        self.out.write("residents.ndjson", (("resident", p.json) for p in self.residents if self.out.keeps("resident", p.filed_by)))
        self.make_devices()
        self.out.records("devices.ndjson", (d.record for d in self.devices))
        self.out.records("contracts.ndjson", self.stock_of_contracts())
        self.todo, self.turn = defaultdict(list), 0
        for self.n in range(self.a.days):
            self.write_day()
        if self.links:
            with open(os.path.join(self.a.out, "links-expected.ndjson"), "w", encoding="utf-8", newline="\n") as f:
                f.writelines(encode(x) + "\n" for x in self.links)
        if self.a.bad:
            import badinput
            badinput.write(self.a.out, self.a.bad, self)
        self.out.manifest(self.a, self.notes)

    def write_day(self):
        self.today, self.lines, self.choices = self.start + self.n * ONE_DAY, [], {}
        self.r = r = self.stream("day %d" % self.n)
        for action, args in self.todo.pop(self.n, ()):
            action(*args)
        busy = (1.25, 1.1, 1, 1, 1.03, .87, .75)[self.today.weekday()] * (.92 + .16 * r())
        visits = max(1, round(self.a.visits_per_day * busy))
        for i in range(visits):
            if self.chronic and r() < .4:
                self.turn += 1
                p = self.chronic[self.turn % len(self.chronic)]
                regular = True
            else:
                p, regular = self.walkers.pick(r), False
            if not p.gone:
                self.visit(p, regular)
        self.sign_contracts()
        self.lend_devices()
        self.follow_up(visits)
        self.edit_residents(visits)
        while self.n in self.todo:                # what the day itself made due today
            for action, args in self.todo.pop(self.n):
                action(*args)
        self.lines.sort(key=lambda x: x[0])
        self.out.write("day-%s.ndjson" % self.today, ((kind, text) for _, kind, text in self.lines if text))

    def put(self, second, record, **change):
        """Write this version of record at this second of today; returns it."""
        record = {**record, **change, "at": stamp(self.today, second)}
        self.lines.append((record["at"], record["kind"], encode(record) if self.out.keeps(record["kind"], record["org_id"]) else None))
        return record

    def later(self, wait, action, *args):
        if self.n + wait < self.a.days:
            self.todo[self.n + wait].append((action, args))

    def office_hour(self):
        return 29000 + int(32000 * self.r())

    def after(self, record, pause):
        """A second of today later than record's last version."""
        at = record["at"]
        if at[:10] != self.today.isoformat():
            return self.office_hour()
        return min(LAST_SECOND, int(at[11:13]) * 3600 + int(at[14:16]) * 60 + int(at[17:19]) + pause)

    # visits

    def illness(self, p, age):
        key = p.sex, bisect(AGE_EDGES, age)
        choice = self.choices.get(key)
        if not choice:
            cold = math.cos((self.today.month - 1) * math.pi / 6)
            fit = [x for x in ILLNESSES if x.fits(p.sex, age)]
            choice = self.choices[key] = Weighted(fit, [x.weight * (1 + WINTER.get(x.group, 0) * cold) for x in fit])
        return choice.pick(self.r)

    def measure(self, p, illness, age):
        r, b = self.r, Body()
        fever = illness.group in ("cold", "child", "chest", "urine") and r() < .3
        b.temp = round(36.1 + .9 * r() + (.6 + 2.3 * r()) * fever, 1)
        b.sbp = max(72, int(p.sbp + 14 * (r() + r() + r() - 1.5)))
        b.dbp = max(42, min(b.sbp - 20, int(p.dbp + 9 * (r() + r() + r() - 1.5))))
        b.pulse = int(61 + 28 * r() + max(0, 9 - age) * 5 + 8 * (b.temp - 36.5))
        b.spo2 = 99 - int(4 * r() * r()) - int(6 * r()) * (illness.group == "chest")
        b.glucose = round(max(3.5, p.glucose + 2 * (r() + r() - 1)), 1)
        b.weight, b.height = round(p.weight * (.98 + .04 * r()), 1), p.height
        rare = r()
        if rare < .0012:
            b.sbp, b.dbp = 220 + int(30 * r()), 122 + int(20 * r())
        elif rare < .002:
            b.glucose = round(22 + 15 * r(), 1)
        elif rare < .0028:
            b.spo2 = 72 + int(12 * r())
        return b

    def place(self, p, illness, regular):
        r, village = self.r, p.village
        x, kind = r(), "outpatient"
        if illness.code in GREEN and x < .45:
            org, kind = (village.parent if r() < .7 else self.lead), "emergency"
        elif x < (.53 if regular else .42):
            org = village
        elif x < .89:
            org = village.parent
        elif x < .96:
            org = self.lead
        elif x < .985:
            org = self.choose(village.parent.villages)
        else:
            org = self.choose(self.towns)
        x = r()
        if kind == "outpatient":
            if x > .985:
                kind = "phone"
            elif org.level == "village" and x < .13:
                kind = "home_visit"
            elif org.level == "township" and x < .045:
                kind = "outreach" if x < .03 else "studio"
            elif org.level == "county" and x < .15:
                kind = "inpatient"
        return org, org.choice.pick(r), kind

    def visit(self, p, regular):
        r, age = self.r, self.age(p, self.today)
        illness = ILLNESS[p.ill[0]] if regular else self.illness(p, age)
        org, doctor, kind = self.place(p, illness, regular)
        body = self.measure(p, illness, age)
        second = int(28800 + (12600 * (r() + r()) / 1.5 if r() < .62 else 21000 + 14000 * r()))
        if kind in ("emergency", "phone") and r() < .4 or r() < .03:
            second = int(84000 * r())
        e = self.record("encounter", "E", doctor, self.today, second, org, 7, "signed")
        e["slip_no"] = self.slip(org, doctor, "E")
        unknown = kind == "emergency" and self.chance("unknown_persons", .02)
        if unknown:
            e.update(unknown=True, description=fill(self.choose(UNKNOWN), r, body))
        else:
            e["resident_id"] = p.link
        e.update(type=kind, dept=doctor.dept, visit_at=stamp(self.today, second))
        if not regular and r() < .75:
            e["onset_on"] = (self.today - int(16 * r() ** 3) * ONE_DAY).isoformat()
        self.note(e, p, illness, doctor, body, regular)
        if kind != "phone":
            self.put_vitals(e, P.GROUPS[illness.group]["vit"], body, age, kind)
        e["diagnoses"] = self.diagnoses(p, illness, regular, age)
        cents = self.prescribe(e, p, illness, doctor, regular, age)
        if r() < .35:
            e["outcome"] = self.choose(["improved", "improved", "unchanged", "cured", "worse"])
        if kind == "inpatient" or r() < .004:
            self.long_note(e, illness, doctor, body)
        c = None if unknown else p.contract
        if c and org in (p.village, p.village.parent) and c["end_on"] >= e["visit_at"][:10]:
            e["contract_id"] = "ref:" + c["ref"]
        if p.last and "rx" in e and self.chance("dup_checks", .03):
            e["dup_checks"] = [{"kind": self.choose(["drug", "drug", "lab", "exam"]), "earlier_id": "ref:" + p.last, "decision": "heeded"}]
            if r() < .7:
                e["dup_checks"][0].update(decision="overridden", reason=self.why("duplicate"))
        if r() < .88:
            e["fee"] = cents + 1000 * int(3 * r()) + 700 * len(e.get("orders", ())) + 10 * int(80 * r())
        if not unknown:
            p.last = e["ref"]
        self.sign(e, p, illness, doctor, second, unknown)

    def sign(self, e, p, illness, doctor, second, unknown):
        r = self.r
        done = min(LAST_SECOND - 600, second + 60 + int(800 * r() * r()))
        if self.chance("drafts", .03):
            self.put(second + 20, {k: v for k, v in e.items() if k not in ("rx", "outcome", "fee", "dup_checks")}, state="draft")
            if self.n + 1 < self.a.days and self.chance("drafts_signed_another_day", .25):
                self.later(1, self.sign_late, e)
                return
        if not unknown:
            self.refer(e, p, illness, doctor, done)
            if doctor.org is not self.lead and self.chance("remote_exams", .03):
                self.request_exam(e, doctor, done)
        e = self.put(done, e)
        if r() < .3:
            self.serve(e, p, done)
        self.change_later(e, doctor)

    def sign_late(self, e):
        self.put(self.office_hour(), e)

    def change_later(self, e, doctor):
        share = self.a.updates / 100
        if self.chance("amended", share):
            self.later(int(5 * self.r()), self.amend, e, doctor)
        elif self.chance("entered_in_error", share / 6):
            self.later(int(3 * self.r()), self.in_error, e, doctor)

    def note(self, e, p, illness, doctor, body, regular):
        """Subjective, objective and plan as this doctor would write them."""
        r, h, g = self.r, doctor.habit, GROUP[illness.group]
        terse, brief = r() < (.25 if regular else .12), r() < .03
        size = h.length * (.55 if terse else 1)
        if regular and p.said and r() < .4:
            said = p.said[:]
        else:
            said = [fill(h.one(g["opening"], r), r, body)] + ([] if terse else h.some(g["more"], 3.2 * size, r, body))
            p.said = said[:2]
        if not brief:
            said += [fill(self.choose(TOLD), r, body) for _ in range(int(h.talk * (3 if terse else 7.5) * r() + .5))]
        e["subjective"] = h.written(h.heads[0] + h.join(said, h.comma, r) + h.end, r)
        orders = []
        if not brief:
            seen = h.some(g["sees"], 3.2 * size, r, body)
            if h.vitals:
                seen.insert(0, "T{:.1f} P{} BP{}/{}".format(body.temp, body.pulse, body.sbp, body.dbp))
            if r() < .25 * size:
                for test in h.some(g["tests"], 1.2, r, body):
                    seen.append(test)
                    orders.append(test.split(":")[0])
            e["objective"] = h.written(h.heads[1] + h.join(seen, h.stop, r) + h.end, r)
        plan = h.some(g["does"], 3.2 * size, r, body)
        if not brief and r() < .5 * h.talk:
            plan.append(fill(self.choose(NOTES), r, body))
        e["plan"] = h.written(h.heads[2] + h.listed(plan, r), r)
        if not brief and r() < .35 * h.talk:
            e["plan"] += h.written(fill(self.choose(NOTES), r, body), r)
        lab = ("胸", "头颅", "X", "心电", "心脏", "腹", "颈", "十二", "妇科", "产科", "泌尿", "骨密", "甲状腺超")
        listed = [{"kind": "exam" if x.startswith(lab) else "lab", "name": x} for x in orders]
        if illness.group in ("joint", "brain") and r() < .25 or illness.code == "Z48.0":
            listed.append({"kind": "treatment", "name": self.choose(["针刺", "推拿", "换药", "红外照射", "拔罐", "艾灸"]), "count": 1 + int(9 * r())})
        if listed:
            e["orders"] = listed

    def long_note(self, e, illness, doctor, body):
        """A ward course or a report copied from elsewhere: up to about 12 KB."""
        r, h, g = self.r, doctor.habit, GROUP[illness.group]
        parts = ["第%d日 " % (i + 1) + h.join(h.some(g["more"], 3, r, body) + h.some(g["sees"], 4, r, body) + h.some(g["does"], 2, r, body), h.comma, r)
                 for i in range(int(4 + 40 * r() ** 2.4))]
        e["objective"] = (e.get("objective", "") + "\n" + "\n".join(parts))[:4000]

    def put_vitals(self, e, wants, b, age, kind):
        r = self.r
        if wants == "T" or r() < .25:
            e["temp_c"] = b.temp
        if age > 15 and (wants in ("B", "G", "S") or r() < .4):
            e.update(sbp=b.sbp, dbp=b.dbp)
        if wants and r() < .7:
            e["pulse"] = b.pulse
        if wants == "S" or kind == "emergency":
            e["spo2"] = b.spo2
        if wants == "G" or r() < .04:
            e["glucose_mmol"] = b.glucose
        if age < 7 or r() < .2:
            e["weight_kg"] = b.weight
            if r() < .4:
                e["height_cm"] = b.height

    def diagnoses(self, p, illness, regular, age):
        r, name = self.r, illness.name
        if r() < .14:
            name = name.split("[")[0] + self.choose(P.REMARKS)
        out = [{"code": illness.code, "name": name}]
        out += [{"code": c, "name": ILLNESS[c].name} for c in p.ill if c != illness.code and r() < (.6 if regular else .2)]
        if r() < .08:
            other = self.illness(p, age)
            if all(x["code"] != other.code for x in out):
                out.append({"code": other.code, "name": other.name})
        return out

    def prescribe(self, e, p, illness, doctor, regular, age):
        r = self.r
        if regular and p.rx and r() < .75:
            e["rx"] = p.rx
            return 1000 * len(p.rx)
        count = 0 if e["type"] == "phone" or illness.group == "fit" and r() < .5 else int(1 + 2.6 * r())
        groups = ["child" if age < 8 and illness.group in ("cold", "gut") else illness.group] * count
        if regular:
            groups += [ILLNESS[c].group for c in p.ill[1:]]
        lines, cents = {}, 0
        for g in groups:
            d = DRUG_CHOICE[g].pick(r)
            name = d.name
            if doctor.habit.english and r() < .5:
                name = d.english
            elif doctor.habit.spec and r() < .6:
                name = "%s(%s)" % (d.name, d.spec)
            dose = d.doses[int(len(d.doses) * r() ** 1.5)]
            if age < 9 and d.route == "po" and "child" not in d.groups:
                dose = max(.1, round(dose * (age + 2) / 14, 2))
            line = {"drug_code": d.code, "name": name, "dose": dose, "unit": d.unit, "route": d.route,
                    "freq": d.freqs[int(len(d.freqs) * r() ** 2)], "days": d.course[int(len(d.course) * r() ** 1.5)]}
            if self.chance("drugs_off_the_list", .006):
                del line["drug_code"]
            cents += d.price * line["days"]
            lines.setdefault(d.code, line)
        if lines:
            e["rx"] = list(lines.values())
            p.rx = e["rx"] if regular else p.rx
        return cents

    def amend(self, e, doctor):
        r, new = self.r, dict(e)
        body = self.measure_again()
        x = r()
        if x < .3 and "rx" in new:
            new["rx"] = [dict(new["rx"][0], days=max(1, new["rx"][0]["days"] // 2))] + new["rx"][1:]
            why = "amend_rx"
        elif x < .5 and all(d["code"] != "K29.5" for d in new["diagnoses"]):
            new["diagnoses"] = new["diagnoses"] + [{"code": "K29.5", "name": ILLNESS["K29.5"].name}]
            why = "amend_diagnosis"
        elif x < .8:
            new["objective"] = new.get("objective", "") + "\n补:" + fill(doctor.habit.one(GROUP["fit"]["sees"], r), r, body)
            why = "amend_finding"
        else:
            new["plan"] += " 补:" + fill(self.choose(NOTES), r, body)
            why = "amend_plan"
        by = doctor if r() < .85 else doctor.org.staff[0]
        new = self.put(self.after(e, 300 + int(8000 * r())), new, state="amended", by=by.link, reason=self.why(why))
        if self.chance("amended_twice", .08):
            self.later(1 + int(3 * r()), self.amend, new, doctor)

    def measure_again(self):
        return self.measure(self.able[0], ILLNESS["Z00.0"], 40)

    def in_error(self, e, doctor):
        self.put(self.after(e, 200 + int(7000 * self.r())), e, state="entered_in_error", by=doctor.link, reason=self.why("error"))

    def serve(self, done, p, second):
        """An item of the contract delivered by this encounter or follow-up."""
        if "contract_id" in done:
            items = [i["item"] for k in p.contract["packages"] for i in k["items"]]
            self.put(second + 30, {"kind": "contract_service", "ref": self.ref("F"), "by": done["by"], "at": "", "org_id": done["org_id"],
                                   "contract_id": done["contract_id"], "item": self.choose(items), "done_on": self.today.isoformat(),
                                   done["kind"] + "_id": "ref:" + done["ref"]})

    # referrals

    def refer(self, e, p, illness, doctor, second):
        r, org = self.r, doctor.org
        hot, down = illness.code in GREEN, org is self.lead and e["type"] == "inpatient" and r() < .5
        if not down and (org is self.lead or not self.chance("referred_up", .35 if hot else .008)):
            return
        target, direction, urgency = self.lead, "up", self.choose(["routine", "routine", "urgent"])
        if down:
            target, direction, urgency = p.village.parent, "down", "routine"
        elif hot and r() < .6:
            urgency = "emergency"
        elif org.level == "village" and r() < .5:
            target = org.parent
        elif org.level == "township" and len(self.towns) > 1 and r() < .08:
            target, direction = self.choose([t for t in self.towns if t is not org]), "sideways"
        host, g, body = target.choice.pick(r), GROUP[illness.group], self.measure(p, illness, self.age(p))
        f = self.record("referral", "Z", doctor, self.today, second, org, state="issued")
        f.update(slip_no=self.slip(org, doctor, "R"), direction=direction, urgency=urgency,
                 green_channel=GREEN[illness.code] if urgency == "emergency" else "none", resident_id=p.link, from_org=org.link,
                 from_dept=doctor.dept, from_doctor=doctor.link, from_phone=self.phone(), to_org=target.link, to_dept=host.dept,
                 issued_at=stamp(self.today, second + 40), reason=self.why("down" if down else "up"), impression=illness.name,
                 diagnoses=[{"code": illness.code, "name": illness.name}],
                 history_now="，".join([fill(doctor.habit.one(g["opening"], r), r, body)] + doctor.habit.some(g["more"], 4, r, body)),
                 history_past="、".join("%s%d年" % (ILLNESS[c].name, 1 + 15 * r()) for c in p.ill) or self.choose(["平素体健", "无慢病", "说不清"]),
                 treatment=fill(self.choose(TREATMENTS), r, body), attached=["ref:" + e["ref"]], escort=self.choose(P.ESCORTS),
                 consent=self.choose(P.CONSENTS), valid_days=14 if urgency == "routine" else 7)
        e["referral_id"] = "ref:" + f["ref"]
        draft = {k: v for k, v in f.items() if k not in ("issued_at", "treatment")}
        if urgency == "routine" and self.chance("referral_drafts", .1):
            self.put(second - 20, draft, state="draft")
        f = self.put(second + 40, f)
        x = r()
        if x < .05:
            self.later(1 + int(3 * r()), self.refer_on, f, "cancelled", doctor)
        elif x < .1 and urgency != "emergency":
            self.later(1, self.refer_on, f, "declined", host)
        elif x < .9:
            self.later(1, self.refer_on, f, "accepted" if down or r() < .6 else "arrived", host)

    NEXT_STEP = {"accepted": "arrived", "arrived": "in_care", "in_care": "sent_back"}

    def refer_on(self, f, state, by):
        """One step of a referral, written by the org whose step it is."""
        r, second = self.r, self.office_hour()
        change = {"state": state, "by": by.link, "org_id": by.org.link}
        if state in ("cancelled", "declined"):
            change["reason_" + state] = self.why(state)
        if state in ("arrived", "arrived_home"):
            change["arrived_at"] = stamp(self.today, second)
        if state == "arrived":
            change["admission_no"] = "RY%s%04d" % (self.today.strftime("%y%m%d"), int(1e4 * r()))
        if state == "sent_back":
            g, body = GROUP[ILLNESS[f["diagnoses"][0]["code"]].group], self.measure_again()
            change.update(findings=by.habit.join(by.habit.some(g["sees"], 4, r, body) + by.habit.some(g["tests"], 2, r, body), "。", r),
                          final_dx=f["diagnoses"], plan=by.habit.listed(by.habit.some(g["does"], 3, r, body), r),
                          rehab_advice=fill(by.habit.one(g["does"], r), r, body))
        if state in ("sent_back", "arrived_home"):
            change["followup_due_on"] = (self.today + 14 * ONE_DAY).isoformat()
        f = self.put(second, f, **change)
        if state in ("sent_back", "arrived_home"):
            self.later(1 + int(11 * r()), self.refer_followed, f)
        elif state in self.NEXT_STEP:
            home = state == "accepted" and f["direction"] == "down"
            self.later(1 + int((7 if state == "in_care" else 2) * r()), self.refer_on, f, "arrived_home" if home else self.NEXT_STEP[state], by)

    def refer_followed(self, f):
        p = self.residents[int(f["resident_id"][5:]) - 1]
        home = self.org_of[f["to_org" if f["direction"] == "down" else "from_org"]]
        doctor, second = home.choice.pick(self.r), self.office_hour()
        v = self.followup(p, "after_referral", doctor, second, self.chance("follow_up_missed", .1))
        v["referral_id"] = "ref:" + f["ref"]
        self.put(second, v)
        if v["state"] == "done":
            self.put(second + 60, f, state="followed_up", by=doctor.link, org_id=home.link)

    # follow-ups

    def followup(self, p, programme, doctor, second, missed):
        r = self.r
        v = self.record("followup", "G", doctor, self.today, second, state="missed" if missed else "done")
        v.update(resident_id=p.link, programme=programme, on=self.today.isoformat(), method=self.choose([1, 1, 2, 3]))
        if missed:
            v["reason"] = self.why("missed")
            return v
        illness = ILLNESS[{"hypertension": "I10", "diabetes": "E11.9"}.get(programme) or (p.ill or ["Z00.0"])[0]]
        body = self.measure(p, illness, self.age(p, self.today))
        v.update(symptoms=doctor.habit.some(GROUP[illness.group]["more"], 2.5, r, body), sbp=body.sbp, dbp=body.dbp, weight=body.weight)
        if programme == "diabetes" or r() < .1:
            v["fasting_glucose"] = body.glucose
            if r() < .25:
                v["hba1c"] = round(4.4 + .35 * body.glucose, 1)
        v.update(smoking=(0, 0, 0, 5, 10, 20)[int(6 * r())], drinking=(0, 0, 0, 1, 2)[int(5 * r())],
                 exercise="每周%d次，每次%d分钟" % (8 * r(), 10 + 10 * int(5 * r())), salt=1 + int(3 * r()), psych=1 + int(3 * r() ** 3),
                 compliance_med=1 + int(3 * r() ** 3), adverse=1 + (r() < .04))
        high = body.sbp >= 140 or body.dbp >= 90 if programme != "diabetes" else body.glucose >= 7
        v["category"] = 3 if v["adverse"] == 2 else 2 if high else 4 if r() < .01 else 1
        if p.rx:
            v["drugs"] = [{k: x[k] for k in ("drug_code", "name", "dose", "unit", "freq") if k in x} for x in p.rx[:3]]
        urgent = body.sbp >= 180 or body.dbp >= 110 or body.glucose >= 16.7 or body.glucose <= 3.9
        if urgent:
            v["referral_reason"] = self.choose(["血压过高，劝去上级医院", "血糖异常，需上级处理", "两次随访都不达标"])
        v["next_on"] = (self.today + (14 if urgent or v["category"] in (2, 3) else 80 + int(15 * r())) * ONE_DAY).isoformat()
        return v

    def follow_up(self, visits):
        r = self.r
        for _ in range(int(.1 * visits + r()) if self.chronic else 0):
            p = self.choose(self.chronic)
            if p.gone:
                continue
            doctor, second = (p.village if r() < .7 else p.village.parent).choice.pick(r), self.office_hour()
            programme = "hypertension" if "I10" in p.ill else "diabetes" if "E11.9" in p.ill else "elderly" if "elderly65" in p.tags else "other"
            v = self.followup(p, programme, doctor, second, self.chance("follow_up_missed", .05))
            if v["state"] == "done" and p.contract and p.contract["end_on"] >= v["on"]:
                v["contract_id"] = "ref:" + p.contract["ref"]
            if self.chance("follow_up_planned", .06):
                self.put(second - 2400, {k: v[k] for k in ("kind", "ref", "by", "at", "org_id", "resident_id", "programme", "on", "method")}, state="planned")
            self.put(second, v)
            if r() < .3:
                self.serve(v, p, second)

    # examinations read at the hospital

    def request_exam(self, e, doctor, second):
        r = self.r
        modality, item, part, findings, conclusion = self.choose(EXAMS)
        q = self.record("exam_request", "Q", doctor, self.today, second, state="sent")
        q.update(resident_id=e["resident_id"], encounter_id="ref:" + e["ref"], to_org=self.lead.link, modality=modality, item_code=item,
                 body_part=part, clinical_info=e["subjective"][:40 + int(60 * r())], taken_at=stamp(self.today, second + 30))
        if modality in ("lab", "pathology"):
            q["specimen_no"] = "YB%s%05d" % (self.today.strftime("%y%m%d"), int(1e5 * r()))
        else:
            q["study_ref"] = "1.2.156.%s.%d.%d" % (AREA, 100 + 900 * r(), 1e6 * r())
        e["exam_request_ids"] = ["ref:" + q["ref"]]
        body = self.measure_again()
        self.later(int(1.5 * r()), self.report_exam, self.put(second + 60, q), doctor, [fill(findings, r, body), fill(conclusion, r, body)])

    def report_exam(self, q, asker, text):
        r, reader = self.r, self.lead.choice.pick(self.r)
        at_lead = {"by": reader.link, "org_id": self.lead.link}
        q = self.put(self.after(q, 500 + int(4000 * r())), q, state="received", **at_lead)
        second = self.after(q, 600 + int(7000 * r()))
        if self.chance("exams_rejected", .05, first=False):
            self.put(second, q, state="rejected", reason=self.why("exam_rejected"))
            return
        self.put(second, q, state="reported")
        critical = self.chance("critical_values", .025)
        w = self.record("exam_report", "W", reader, self.today, second)
        w.update(exam_request_id="ref:" + q["ref"], resident_id=q["resident_id"], item_code=q["item_code"], findings=text[0],
                 conclusion=text[1] + "【危急值 已通知】" * critical, critical=critical, doctor=reader.link, signed_at=stamp(self.today, second))
        w = self.put(second, w)
        if critical:
            self.later(1, self.acknowledge, w, asker)
        if self.chance("reports_corrected", .02):
            self.later(int(3 * r()), self.correct_report, w, reader)

    def acknowledge(self, w, doctor):
        self.put(self.office_hour(), w, acknowledged_by=doctor.link, by=doctor.link, org_id=doctor.org.link)

    def correct_report(self, w, reader):
        second = self.after(w, 900)
        new = {k: v for k, v in w.items() if k != "acknowledged_by"}
        self.put(second, new, ref=self.ref("W"), supersedes_id="ref:" + w["ref"], conclusion=w["conclusion"] + "【更正：部位】",
                 by=reader.link, org_id=self.lead.link, signed_at=stamp(self.today, second))

    # contracts

    def sign_contracts(self):
        r = self.r
        for p in self.renewals.pop(self.n, ()):
            if p.contract and not p.gone:
                old, c = p.contract, self.new_contract(p, p.village.teams[0], self.today, "signed")
                start = max(self.today, datetime.date.fromisoformat(old["end_on"]) + ONE_DAY)
                c.update(start_on=start.isoformat(), end_on=(add_months(start, 12) - ONE_DAY).isoformat(), renews_id="ref:" + old["ref"])
                self.put(self.office_hour(), c)
        season = 6 if self.today.month in (9, 10, 11) else 1
        for _ in range(int(season * (1 + .0006 * self.a.residents) + r())):
            p = self.choose(self.able)
            if p.gone:
                continue
            if not p.contract:
                self.first_signing(p)
            elif len(self.teams) > 1 and self.chance("second_signings", .05):
                self.second_signing(p)
            elif self.chance("contracts_ending", .05):
                self.end_contract(p, "ending", "resident")

    def first_signing(self, p):
        second = self.office_hour()
        c = self.new_contract(p, p.village.teams[0], self.today, "signed", second)
        if self.chance("contract_drafts", .25):
            self.put(second - 1200, {k: v for k, v in c.items() if k != "resident_signature"}, state="draft")
        p.contract = self.put(second, c)
        if len(self.teams) > 1 and self.chance("signed_twice_in_a_day", .03):
            self.second_signing(p)

    def second_signing(self, p):
        """Another team signs the same resident without knowing of the first."""
        others = [t for t in self.teams if t is not p.village.teams[0]]
        c = self.new_contract(p, self.choose(others), self.today, "signed")
        self.put(self.office_hour(), c, choice_note=self.why("second"))

    def end_contract(self, p, state, reason):
        c, today = p.contract, self.today.isoformat()
        if not c or c["at"][:10] >= today or c["state"] not in ("signed", "active"):
            return
        ended = max(today, c["start_on"])
        if ended <= c["end_on"]:
            p.contract = None
            leader = next(t.leader for t in self.teams if t.link == c["team_id"])
            self.put(80000, c, state=state, end_reason=reason, ended_on=ended, by=leader.link)

    def edit_residents(self, visits):
        r = self.r
        for _ in range(int(.003 * visits * self.a.updates + r())):
            p = self.choose(self.able)
            if p.gone:
                continue
            record = json.loads(p.json)
            by, x = (p.village.doctors[0] if r() < .6 else p.village.parent.staff[-1]), r()
            if x < .5:
                record["phone"] = self.phone()
            elif x < .75:
                record["allergies"] = record.get("allergies", []) + [dict(self.allergy(), source="observed")]
            elif x < .93:
                record["address"] = record["address"].split("(")[0] + "(现住%s)" % self.choose(PLACES)
            else:
                record.update(status="dead" if self.age(p) > 60 and r() < .5 else "moved_away", reason=self.why("status"))
                p.gone = True
                self.end_contract(p, "closed", "death" if record["status"] == "dead" else "moved")
            p.json = encode(self.put(68000 + int(9000 * r()), record, by=by.link, org_id=by.org.link))

    # devices: loans, hand-overs, hours

    def tick(self, d, second):
        """The next moment of this device's day: its steps never overtake each other."""
        if d.clock[0] == self.n:
            second = max(second, d.clock[1] + 20)
        d.clock = self.n, second
        return second

    def lend_devices(self):
        r, today = self.r, self.today.isoformat()
        for d in self.devices:
            if d.record.get("metrology_due", "9") < today and r() < .1:
                d.record = self.put(28000, d.record, metrology_due=(self.today + 365 * ONE_DAY).isoformat())
        soon = (self.today + 30 * ONE_DAY).isoformat()
        for _ in range(int(.5 + .3 * len(self.towns) + r()) or not self.n):
            free = [d for d in self.devices if d.record["pool"] and d.free_on <= self.n and d.record["condition"] in ("ok", "minor")
                    and d.record.get("metrology_due", "9") > soon]
            if free:
                d = self.choose(free)
                self.lend(d, self.choose(self.takers(d, d.owner)))

    def takers(self, d, *but):
        orgs = self.towns + [self.lead] + (self.villages if d.record["portable"] and d.record["class"] != "vehicle" and self.r() < .3 else [])
        return [o for o in orgs if o not in but] or [o for o in self.villages if o not in but]

    def keeper(self, org):
        return org.staff[2] if org is self.lead else org.staff[0]

    def request_loan(self, d, lender, taker, begin, length, standing, onward=None):
        r, car = self.r, d.record["class"] == "vehicle"
        asker, second = self.keeper(taker), self.tick(d, 28800 + int(4000 * r()))
        way = "horizontal" if self.lead not in (lender, taker) else "vertical_down" if lender is self.lead else "vertical_up"
        loan = self.record("loan", "L", asker, self.today, second, state="requested")
        loan.update(slip_no=self.slip(taker, asker, "L"), device_id=d.link, direction=way, lender=lender.link, borrower=taker.link,
                    purpose=fill(self.choose(TRIPS if car else PURPOSES), r, None),
                    planned_from=stamp(self.today + begin * ONE_DAY, 34000), requested_by=asker.link,
                    planned_to=stamp(self.today + (begin + length) * ONE_DAY, 45000 + int(20000 * r())),
                    approval="standing" if standing else "each")
        if onward:
            loan["onward_of_loan_id"] = "ref:" + onward["ref"]
        return self.put(second, loan)

    def approve(self, d, loan):
        owner = self.keeper(d.owner)
        return self.put(self.tick(d, 33000), loan, state="approved", by=owner.link, org_id=d.owner.link, approved_by=owner.link)

    def lend(self, d, taker):
        r, car = self.r, d.record["class"] == "vehicle"
        length, begin, standing = 0 if car else 1 + int(14 * r() * r()), 0 if car or not self.n or r() < .5 else 1 + int(2 * r()), r() < .3
        loan = self.request_loan(d, d.owner, taker, begin, length, standing)
        d.free_on = self.n + 1
        if not standing and self.chance("loans_refused", .06, first=False):
            owner = self.keeper(d.owner)
            self.put(self.tick(d, 33000), loan, state="refused", by=owner.link, org_id=d.owner.link, reason=self.why("loan_refused"))
            return
        if standing or not self.chance("loans_without_approval", .04):
            loan = self.approve(d, loan)
        if begin and self.chance("loans_cancelled", .06, first=False):
            self.put(self.tick(d, 36000), loan, state="cancelled", by=self.keeper(taker).link, org_id=taker.link, reason=self.why("loan_cancelled"))
            return
        d.free_on = 1 << 30
        self.later(begin, self.hand_over, d, loan, d.owner, taker, length)

    def hand_over(self, d, loan, lender, taker, length):
        r = self.r
        loan = self.pass_on(d, loan, lender, taker, 34000 + int(3000 * r()))
        for k in range(max(1, length)):
            if r() < .8 or not length:
                self.later(k, self.use, d, taker)
        if length and r() < .15 and self.n:
            length += 1 + int(5 * r())            # comes back late
        third = self.takers(d, lender, taker)
        if length >= 2 and third and self.chance("onward_loans", .15):
            self.later(1, self.lend_on, d, loan, taker, self.choose(third), length - 1)
            length += 1                           # the onward loan ends a day before this one
        if length and r() < .008:
            self.later(length, self.lose, d, loan, taker)
        else:
            self.later(length, self.give_back, d, loan, lender, taker)

    def lend_on(self, d, first, lender, taker, length):
        loan = self.approve(d, self.request_loan(d, lender, taker, 0, length, False, first))
        loan = self.pass_on(d, loan, lender, taker, 36000)
        self.later(length, self.give_back, d, loan, lender, taker)

    def pass_on(self, d, loan, lender, taker, second):
        giver, receiver = self.keeper(lender), self.keeper(taker)
        loan = self.put(self.tick(d, second), loan, state="handed_over", by=giver.link, org_id=lender.link)
        self.custody(d, loan, giver, receiver)
        return self.put(self.tick(d, 0), loan, state="received", by=receiver.link, org_id=taker.link)

    def custody(self, d, loan, giver, receiver):
        r, second = self.r, self.tick(d, 0)
        d.number += 1
        writer = giver if r() < .6 else receiver
        accessories = d.record["accessories"][:-1] if r() < .05 else d.record["accessories"]
        both = not self.chance("signed_by_one_side", .05)
        y = self.record("custody", "Y", writer, self.today, second)
        y.update(device_id=d.link, loan_id="ref:" + loan["ref"], custody_no=d.number, giver=giver.link, receiver=receiver.link,
                 both_signed=both, condition="ok" if r() < .96 else "minor", accessories=accessories, meter_hours=round(d.meter, 1))
        y.update({"from": giver.org.link, "to": receiver.org.link})
        self.put(second, y)
        others = [o for o in self.orgs if o not in (giver.org, receiver.org)]
        if both and others and self.chance("custody_forks", .012):
            other = self.choose(others)
            self.put(self.tick(d, 0), y, ref=self.ref("Y"), to=other.link, receiver=self.keeper(other).link, both_signed=False, by=giver.link, org_id=giver.org.link)

    def give_back(self, d, loan, lender, taker):
        giver, receiver = self.keeper(taker), self.keeper(lender)
        loan = self.put(self.tick(d, 40000 + int(20000 * self.r())), loan, state="returning", by=giver.link, org_id=taker.link)
        self.custody(d, loan, giver, receiver)
        self.put(self.tick(d, 0), loan, state="returned", by=receiver.link, org_id=lender.link)
        if lender is d.owner:
            d.free_on = self.n + 1

    def lose(self, d, loan, taker):
        state, why = self.choose([("damaged", "摔裂外壳"), ("damaged", "探头进水"), ("lost", "清点不见")])
        self.put(self.tick(d, 50000), loan, state=state, by=self.keeper(taker).link, org_id=taker.link, reason=why)

    def use(self, d, org):
        hours, by = round(.5 + 6 * self.r(), 1), self.choose(org.staff)
        d.meter += hours
        second = self.tick(d, 37000 + int(2000 * self.r()))
        u = self.record("usage", "U", by, self.today, second)
        u.update(device_id=d.link, date=self.today.isoformat(), hours=hours, cases=1 + int(4 * hours * self.r()))
        self.put(second, u)


def arguments():
    p = argparse.ArgumentParser(description="Write an invented medical group as exchange format v1.")
    number = (("seed", 1, None), ("townships", 1, (1, 60)), ("villages", 5, (1, 90)), ("residents", 2000, (10, 10 ** 7)), ("days", 30, (0, 10 ** 5)),
              ("visits-per-day", 60, (1, 10 ** 6)), ("bad", 0, (0, 10 ** 6)))
    for name, usual, _ in number:
        p.add_argument("--" + name, type=int, default=usual)
    p.add_argument("--updates", type=float, default=2.0, help="percent of encounters amended later, 0..50")
    p.add_argument("--start", default="2026-05-01")
    p.add_argument("--kinds", help="write only these kinds, comma separated")
    p.add_argument("--site", help="write only what this org wrote; reference data whole")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    for name, _, span in number:
        if span and not span[0] <= getattr(a, name.replace("-", "_")) <= span[1]:
            p.error("--%s must be %d..%d" % (name, *span))
    if not 0 <= a.updates <= 50:
        p.error("--updates must be 0..50")
    return a


if __name__ == "__main__":
    Corpus(arguments()).run()

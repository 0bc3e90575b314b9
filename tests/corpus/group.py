"""group: the organisations of the group, their staff and their teams."""
import datetime
import random
from collections import Counter

import phrases as P
from codes import ALPHABET, AREA, ONE_DAY, slip_number, stamp, uscc
from medicine import DRUGS
from text import ETHNIC, PLACES, REASONS, SLOTS, Habit, Weighted, fill, full_name


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


class Group:
    """Organisations, staff and teams; draws and numbers for all other parts."""

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

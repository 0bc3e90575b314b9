"""people: the residents and their files."""
import json
import math
import random
from collections import Counter

import phrases as P
from codes import AREA, ONE_DAY, encode, id_check
from medicine import CHRONIC, ILLNESS
from text import ETHNIC, PLACES, SLOTS, Weighted, full_name

TEST_PEOPLE = {"519901198001010017", "519901195203153020", "519901197506101235",
               "519901202002290021", "51990119660707004X"}   # left free for scenarios


class Resident:
    __slots__ = ("ref", "link", "village", "sex", "birth", "household", "tags", "ill", "gone", "twice", "json", "filed_by",
                 "sbp", "dbp", "glucose", "weight", "height", "contract", "rx", "said", "last")


class People:
    """The part of a corpus that files residents and keeps their files up to date."""

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

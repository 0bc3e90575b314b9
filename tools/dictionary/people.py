"""people: the group that the records belong to, and its residents."""

import datetime

from codes import AREA, id_check, uscc
from phrases import Habit

LEVELS = ("city", "county", "township", "township", "township", "village",
          "village", "village", "village", "village", "village")
TITLES = {"city": "市第一人民医院", "county": "砚禾县人民医院",
          "township": "卫生院", "village": "村卫生室"}
BASES = ("employment", "multi_site", "dispatch", "outreach")
ID_TYPES = ("01",) * 12 + ("02", "03", "04", "05", "06", "07", "99")
NO_ID = ("lost", "newborn", "never", "refuses", "unknown")
SEXES = ("1", "2") * 12 + ("0", "9")
PRECISIONS = ("day",) * 9 + ("month", "year")
STATUSES = ("living",) * 20 + ("moved_away", "dead")
TAGS = ("hypertension", "elderly65", "diabetes", "child0_6", "pregnant",
        "disabled", "low_income", "psychosis", "tb", "special_family")
CHRONIC = ("I10\t高血压", "E11.9\t2型糖尿病", "I25.1\t冠心病",
           "I69.3\t脑梗死后遗症", "J44.9\t慢性阻塞性肺疾病",
           "M17.9\t膝骨关节炎", "F20.9\t精神分裂症", "K29.5\t慢性胃炎",
           "M51.2\t腰椎间盘突出", "E78.5\t高脂血症", "J42\t慢性支气管炎",
           "N40\t前列腺增生")


def reference(s):
    make_orgs(s)
    for org in s.orgs:
        yield org["record"]
    for i in range(24):
        yield from staff(s, s.orgs[i % len(s.orgs)], i)
    for i, town in enumerate(x for x in s.orgs if x["level"] == "township"):
        yield team(s, town, i)
    yield from drugs(s)


def make_orgs(s):
    for i, level in enumerate(LEVELS):
        ref = "%s%02d" % (level[0].upper(), i)
        name = TITLES[level]
        if level in ("township", "village"):
            name = s.words["town"][i] + name
        if level == "village":
            name = s.words["town"][i - 3] + s.words["village"][i] + "村卫生室"
        short = "ABCDEFGHJKL"[i] + "0" + "123456789AB"[i]
        org = {"link": "ref:" + ref, "level": level, "name": name,
               "short": short, "number": i, "doctors": []}
        record = {"kind": "org", "ref": ref, "by": "ref:S000001",
                  "at": "2022-07-01T08:30:00+08:00", "org_id": "ref:C01",
                  "name": name, "level": level, "uscc": uscc(500 + i),
                  "short_code": short, "region6": AREA,
                  "valid_from": "2022-07-01"}
        if level in ("township", "village"):
            record["town3"] = "%03d" % (101 + i % 3)
            record["parent_org_id"] = (
                s.orgs[1] if level == "township" else
                s.orgs[2 + i % 3])["link"]
        if level == "village":
            record["village3"] = "%03d" % (201 + i)
        org["record"] = record
        s.orgs.append(org)


def staff(s, org, number):
    ref = s.ref("S")
    doctor = {"link": "ref:" + ref, "org": org, "habit": Habit(s.phrases),
              "dept": s.phrases.word("dept")}
    org["doctors"].append(doctor)
    s.doctors.append(doctor)
    head = {"by": "ref:S000001", "at": "2022-07-01T08:30:00+08:00"}
    yield {"kind": "staff", "ref": ref, **head, "org_id": "ref:C01",
           "name": name(s, "12"[number % 2]),
           "role": s.words["staff_role"][number % 8],
           "home_org_id": org["link"],
           "practice_cert_no": "1%s%06d" % (AREA, number), "status": "active"}
    yield {"kind": "practice_site", "ref": s.ref("P"), **head,
           "org_id": org["link"], "staff_id": "ref:" + ref,
           "valid_from": "2022-07-01", "valid_to": "2031-12-31",
           "basis": BASES[number % 4]}


def team(s, town, number):
    members = town["doctors"] + s.orgs[5 + number]["doctors"]
    out = {"kind": "team", "ref": s.ref("T"), "by": "ref:S000001",
           "at": "2022-07-01T08:30:00+08:00", "org_id": town["link"],
           "name": "%s第%d家庭医生团队" % (town["name"][:3], number + 1),
           "leader_staff_id": members[0]["link"],
           "members": [x["link"] for x in members],
           "villages": [s.orgs[5 + number]["link"]], "capacity": 2000,
           "valid_from": "2022-07-01"}
    s.teams.append({"link": "ref:" + out["ref"], "org": town,
                    "members": members})
    return out


def drugs(s):
    """The list of the group; prescriptions name its entries."""
    codes = {}
    for topic, lines in s.phrases.drugs.items():
        for line in lines:
            if line in codes:
                continue
            codes[line] = "YP%04d" % (len(codes) + 1)
            if s.drugs_listed is not None and len(codes) > s.drugs_listed:
                continue
            parts = line.split("|")
            yield {"kind": "drug", "ref": s.ref("D"), "by": "ref:S000001",
                   "at": "2022-07-01T08:30:00+08:00", "org_id": "ref:C01",
                   "drug_code": codes[line], "name": parts[0],
                   "spec": parts[1], "unit": parts[2], "route": parts[3],
                   "price": s.r.randrange(80, 9000),
                   "valid_from": "2022-07-01"}
    s.drug_codes = codes


def name(s, sex):
    r = s.r
    if r.random() < .06:
        return s.phrases.word("minority")
    if r.random() < .03:
        return s.phrases.word("surname") + s.phrases.word("rare")
    given = s.words["male" if sex == "1" else "female"]
    text = s.phrases.word("surname") + r.choice(given)
    return text + r.choice(given) if len(text) < 3 and r.random() < .5 \
        else text


def phone(s):
    return "12%09d" % s.r.randrange(10 ** 9)


def identify(s, out, birth, sex, age):
    """A number of the unassigned area, another paper, or why there is none."""
    r = s.r
    if r.random() < .08 or age < 1:
        out["no_id_reason"] = s.next_of("no_id", NO_ID) if age else "newborn"
        return
    out["id_type"] = s.next_of("id_type", ID_TYPES)
    if out["id_type"] != "01":
        out["id_no"] = "%s%08d" % (r.choice("EGHK"), r.randrange(10 ** 8))
        return
    body = "%s%s%03d" % (AREA, birth.strftime("%Y%m%d"),
                         2 * r.randrange(500) + (sex == "1"))
    out["id_no"] = body + id_check(body)


def resident(s):
    r, word = s.r, s.phrases.word
    by = r.choice(s.doctors)
    sex = s.next_of("sex", SEXES)
    # The first is a guardian for the others.
    age = r.randrange(14) if r.random() < .15 else int(
        14 + 82 * r.random() ** .75)
    if "adults" not in s.pools:
        age = 43
    birth = s.day - datetime.timedelta(days=int(365.25 * age) + 1 +
                                       r.randrange(300))
    out = s.head("resident", "R", by)
    serial = s.serials["R"]
    where = "%s%03d%03d" % (AREA, 101 + serial % 3, 201 + serial % 6)
    out["name"] = name(s, sex)
    out["ehr_no"] = "%s%05d" % (where, serial)
    identify(s, out, birth, sex, age)
    out.update(sex=sex, birth_date=birth.isoformat(),
               ethnic=s.next_of("ethnic", s.words["ethnic"]),
               address=word("address"), managing_org_id=by["org"]["link"],
               birth_precision=s.next_of("precision", PRECISIONS))
    if age > 13:
        out["phone"] = phone(s)
    out.update(household_no="%s%05d" % (where, 1 + serial // 3),
               household_role=word("role"))
    if age < 18:
        out["guardian_id"] = s.any_of("adults")["link"]
    if r.random() < .3:
        out["contact"] = {"name": name(s, "12"[r.random() < .5]),
                          "phone": phone(s), "relation": word("relation")}
    health(s, out, age)
    out["insurance_type"] = word("insurance")
    out["status"] = s.next_of("status", STATUSES)
    if out["status"] != "living":
        out["reason"] = word("status_reason")
    person = {"link": "ref:" + out["ref"], "age": age, "sex": sex,
              "tags": out.get("population_tags", [])}
    s.keep("people", person)
    if age > 20:
        s.keep("adults", person)
    return out


def health(s, out, age):
    r, word = s.r, s.phrases.word
    if r.random() < .2:
        out["allergies"] = [
            {"substance": word("substance"), "reaction": word("reaction"),
             "source": word("source"), "status": "active"}
            for _ in range(1 + (r.random() < .2))]
    if age > 38 and r.random() < .6:
        out["conditions"] = []
        for line in r.sample(CHRONIC, 1 + int(2.5 * r.random())):
            code, text = line.split("\t")
            since = max(s.day.year - r.randrange(1, 19), s.day.year - age + 20)
            out["conditions"].append(
                {"code": code, "name": text, "status": "active",
                 "since": "%d-%02d-01" % (since, r.randrange(1, 13))
                 if since < s.day.year else "%d-01-01" % since})
    tags = []
    if age >= 65:
        tags.append("elderly65")
    if age < 7:
        tags.append("child0_6")
    if age > 30 and r.random() < .5:
        tags.append(s.next_of("tag", TAGS[:3:2] * 3 + TAGS[4:]))
    if tags:
        out["population_tags"] = tags

"""records: what happens: visits, follow-ups, contracts, loans, reports."""

import datetime

from codes import slip_number
from people import phone, resident

# Topics with the share of visits, and vital signs that are usually taken.
TOPICS = (("cold", 17, "T"), ("heart", 15, "B"), ("gut", 10, "B"),
          ("bone", 10, ""), ("chest", 7, "S"), ("dm", 7, "G"),
          ("child", 7, "T"), ("neuro", 5, "B"), ("skin", 5, ""),
          ("wound", 5, ""), ("fit", 4, "B"), ("mouth", 3, ""),
          ("urine", 3, ""), ("women", 3, "B"), ("mother", 2, "B"),
          ("ent", 2, "T"), ("eye", 2, ""), ("bite", 2, "S"),
          ("tcm", 2, ""), ("mind", 2, "B"))
TYPES = ("outpatient",) * 15 + ("home_visit", "emergency", "outreach",
                                "studio", "inpatient", "phone")
OUTCOMES = ("improved", "unchanged", "cured", "worse")
PROGRAMMES = ("hypertension", "hypertension", "diabetes", "elderly",
              "after_referral", "postnatal", "other")
CONTRACT_STATES = ("active", "signed", "active", "draft", "expired", "ending",
                   "active", "refused", "terminated", "closed")
SIGNATURES = ("paper", "fingerprint", "electronic", "guardian")
ENDS = ("resident", "moved", "team_dissolved", "death", "breach",
        "duplicate", "error")
LOAN_STATES = ("requested", "approved", "handed_over", "received",
               "returning", "returned", "refused", "cancelled", "lost",
               "damaged")
WAYS = ("vertical_down", "horizontal", "vertical_up")
CONDITIONS = ("ok", "ok", "ok", "ok", "minor", "in_repair", "unsafe",
              "withdrawn")
REFERRAL_STATES = ("issued", "issued", "accepted", "arrived", "in_care",
                   "sent_back", "followed_up", "arrived_home", "draft",
                   "declined", "cancelled")
URGENCIES = ("routine", "urgent", "emergency")
GREEN = ("none", "none", "none", "chest_pain", "stroke", "trauma", "maternal",
         "neonatal", "other")
MODALITIES = ("imaging", "ecg", "lab", "ultrasound", "pathology")
EXAM_STATES = ("sent", "received", "reported", "rejected")


def topic_for(s, person):
    while True:
        topic, _, vital = s.r.choices(TOPICS, [x[1] for x in TOPICS])[0]
        if topic == "child" and person["age"] > 12:
            continue
        if topic in ("women", "mother") and (
                person["sex"] != "2" or not 16 < person["age"] < 70):
            continue
        if topic in ("heart", "dm", "mind", "chest") and person["age"] < 25:
            continue
        return topic, vital


def slip(s, org, letter):
    s.ref("slip" + letter + org["short"])
    return slip_number(org["short"], letter,
                       s.serials["slip" + letter + org["short"]])


def diagnoses(s, topic, count):
    out, seen = [], set()
    for i in range(count):
        use = topic if i == 0 or s.r.random() < .5 else s.r.choice(
            ("heart", "dm", "gut", "bone"))
        code, name = s.phrases.pick(s.phrases.diagnoses, use).split("\t")
        if code in seen:
            continue
        seen.add(code)
        if s.r.random() < .07:
            name += s.phrases.word("remark")
        out.append({"code": code, "name": name})
    return out


def prescription(s, topic, count, abbreviates=False):
    lines = {}
    for _ in range(count):
        use = topic if topic in s.phrases.drugs else "common"
        pool = s.phrases.drugs[use]
        if s.r.random() < .12:
            pool = s.phrases.drugs["common"]
        line = pool[int(len(pool) * s.r.random() ** 1.2)]
        name, spec, unit, route, doses, freqs, days = line.split("|")
        if s.r.random() < .25:
            name = "%s(%s)" % (name, spec)
        freq = s.r.choice(freqs.split(","))
        if not abbreviates and s.r.random() < .04:
            freq = s.phrases.word("freq")
        dose = float(s.r.choice(doses.split(",")))
        rx = {"drug_code": s.drug_codes[line], "name": name,
              "dose": int(dose) if dose == int(dose) else dose, "unit": unit,
              "route": route, "freq": freq,
              "days": int(s.r.choice(days.split(",")))}
        if s.r.random() < .01:
            del rx["drug_code"]
        lines[line] = rx
    return list(lines.values())


def subjective(s, habit, topic):
    r, p = s.r, s.phrases
    size = habit.length * (.4 if r.random() < .25 else 1)
    parts = [p.pick(p.says, topic)]
    parts += p.some(p.says, (topic, topic, "common"), int(4.5 * size *
                                                          r.random() + .6))
    if habit.tcm:
        parts += p.some(p.says, ("tcm",), r.randrange(4))
    parts += p.some(p.says, ("told", "told", topic),
                    int(6 * habit.tells * size * r.random()))
    if r.random() < .35:
        parts += p.some(p.says, ("common",), 1 + r.randrange(3))
    return habit.written(habit.heads[0] + habit.comma.join(
        dict.fromkeys(parts)) + habit.end)


def objective(s, habit, topic, vitals):
    r, p = s.r, s.phrases
    size = habit.length * (.5 if r.random() < .2 else 1)
    parts = p.some(p.sees, ("common", topic, "common"),
                   1 + int(6 * size * r.random()))
    if vitals and r.random() < .4:
        parts.insert(0, vitals)
    if habit.tcm or topic == "tcm":
        parts += p.some(p.sees, ("tcm",), 1)
    tests = p.some(p.sees, (topic,), int(2.4 * r.random()))
    text = habit.heads[1] + habit.stop.join(dict.fromkeys(parts))
    if tests:
        text += habit.stop + habit.aux + habit.comma.join(tests)
    return habit.written(text + habit.end)


def plan(s, habit, topic):
    p, count = s.phrases, 1 + int(6 * habit.length * s.r.random())
    topics = (topic, "common") if topic in p.does else ("common",)
    parts = p.some(p.does, topics, count)
    if (habit.tcm or topic == "tcm") and s.r.random() < .6:
        parts += p.some(p.does, ("tcm",), 2)
    return habit.heads[2] + habit.list(parts)


def measure(s, e, vital, person):
    """Vital signs into e; as text for those who also write them out."""
    r, age = s.r, person["age"]
    temp = round(r.choice((36.2, 36.4, 36.5, 36.8)) + .5 * r.random() + (
        2.4 * r.random() if vital == "T" and r.random() < .5 else 0), 1)
    sbp = r.randrange(104, 128) + int(r.random() * .7 * min(age, 80)) // 2 * 2
    dbp = min(sbp - 25, r.randrange(60, 88) + int(10 * r.random()))
    pulse = r.randrange(60, 96) + max(0, 8 - age) * 5
    if vital == "T" or r.random() < .5:
        e["temp_c"] = temp
    if age > 14 and (vital in ("B", "G", "S") or r.random() < .4):
        e.update(sbp=sbp, dbp=dbp)
    if r.random() < .7:
        e["pulse"] = pulse
    if vital == "S" or r.random() < .06:
        e["spo2"] = r.randrange(91, 100)
    if vital == "G" or r.random() < .05:
        e["glucose_mmol"] = round(4.4 + 9 * r.random() ** 1.5, 1)
    if age < 7 or r.random() < .2:
        e["weight_kg"] = round(min(3.3 + 2.4 * age, 48 + 30 * r.random()), 1)
        if r.random() < .5:
            e["height_cm"] = min(52 + 7 * age, 150 + r.randrange(30))
    return "T%.1f℃ P%d次/分 BP%d/%dmmHg" % (temp, pulse, sbp, dbp)


def orders(s):
    out = []
    for _ in range(s.r.choice((0, 0, 0, 1, 1, 2, 3))):
        kind = s.r.choice(("lab", "lab", "exam", "care"))
        row = {"kind": kind, "name": s.phrases.word("order_" + kind)}
        if s.r.random() < .2:
            row["count"] = s.r.choice((1, 1, 1, 2, 3, 5))
        if all(x["name"] != row["name"] for x in out):
            out.append(row)
    return out


def encounter(s):
    """Now and then the amendment of an earlier one."""
    r, word = s.r, s.phrases.word
    if s.pools.get("signed") and r.random() < .03:
        old = s.pools["signed"].pop()
        state = s.next_of("amend", ("amended",) * 5 + ("entered_in_error",))
        return dict(old, state=state, at=s.instant(
            s.day + datetime.timedelta(days=1)), reason=word(
            "error_reason" if state == "entered_in_error" else
            "amend_reason"))
    person, by = s.any_of("people"), r.choice(s.doctors)
    habit, (topic, vital) = by["habit"], topic_for(s, person)
    state = "draft" if r.random() < .03 else "signed"
    e = s.head("encounter", "E", by, state=state)
    e["slip_no"] = slip(s, by["org"], "E")
    e.update(resident_id=person["link"], type=s.next_of("type", TYPES),
             dept=by["dept"], visit_at=e["at"])
    if e["type"] == "emergency" and r.random() < .3:
        del e["resident_id"]
        e.update(unknown=True, description=word("unknown"))
    if r.random() < .4:
        e["onset_on"] = (s.day - datetime.timedelta(
            days=int(15 * r.random() ** 2))).isoformat()
    vitals = measure(s, e, vital, person)
    e["subjective"] = subjective(s, habit, topic)
    if e["type"] != "phone":
        e["objective"] = objective(s, habit, topic, vitals)
    e["diagnoses"] = diagnoses(s, topic, r.choice((1, 1, 1, 2, 2, 3)))
    e["plan"] = plan(s, habit, topic)
    finish(s, e, topic, habit)
    if state == "signed":
        s.keep("signed", e)
    s.keep("encounters", {"link": "ref:" + e["ref"], "person": person,
                          "by": by, "topic": topic})
    return e


def finish(s, e, topic, habit):
    """Orders, drugs, what came of it, links."""
    r, word = s.r, s.phrases.word
    asked, rx = orders(s), prescription(s, topic, r.choice(
        (0, 1, 1, 2, 2, 3, 4)), habit.abbreviates)
    if asked:
        e["orders"] = asked
    if rx:
        e["rx"] = rx
    if r.random() < .3:
        e["outcome"] = s.next_of("outcome", OUTCOMES)
    if "contracts" in s.pools and r.random() < .25:
        e["contract_id"] = s.any_of("contracts")["link"]
    if "encounters" in s.pools and r.random() < .03:
        e["dup_checks"] = [{
            "kind": s.next_of("dup", ("drug", "lab", "exam")),
            "earlier_id": s.any_of("encounters")["link"]}]
        e["dup_checks"][0]["decision"] = decision = s.next_of(
            "decision", ("heeded", "overridden"))
        if decision == "overridden":
            e["dup_checks"][0]["reason"] = word("dup_reason")
    if r.random() < .9:
        e["fee"] = r.randrange(50, 1500) * 10


def followup(s):
    r, word, by = s.r, s.phrases.word, s.r.choice(s.doctors)
    person = s.any_of("adults")
    state = s.next_of("followup", ("done",) * 12 + ("missed", "planned"))
    f = s.head("followup", "G", by, state=state)
    f.update(resident_id=person["link"], programme=s.next_of(
        "programme", PROGRAMMES), on=s.day.isoformat(),
        method=s.next_of("method", (1, 2, 1, 3)))
    if state == "missed":
        f["reason"] = word("missed_reason")
    if state != "done":
        return f
    topic = {"hypertension": "heart", "diabetes": "dm",
             "postnatal": "mother"}.get(f["programme"], "heart")
    f["symptoms"] = [word("symptoms")] if r.random() < .5 else \
        s.phrases.some(s.phrases.says, (topic, "common"), 1 + r.randrange(3))
    f.update(sbp=r.randrange(112, 168), dbp=r.randrange(64, 98),
             weight=round(45 + 35 * r.random(), 1))
    if f["programme"] == "diabetes" or r.random() < .15:
        f["fasting_glucose"] = round(4.6 + 7 * r.random(), 1)
        if r.random() < .4:
            f["hba1c"] = round(5.4 + 5 * r.random(), 1)
    f.update(smoking=r.choice((0, 0, 0, 5, 10, 20)),
             drinking=r.choice((0, 0, 0, 1, 2, .5)),
             exercise=word("exercise"), salt=s.next_of("salt", (1, 2, 2, 3)),
             psych=s.next_of("psych", (1, 1, 2, 1, 3)),
             compliance_med=s.next_of("comply", (1, 1, 1, 2, 3)),
             adverse=s.next_of("adverse", (1,) * 12 + (2,)),
             category=s.next_of("category", (1, 1, 2, 1, 2, 3, 1, 4)))
    f["drugs"] = [{k: v for k, v in x.items() if k not in ("route", "days")}
                  for x in prescription(s, topic, 1 + r.randrange(3))]
    if f["category"] != 1:
        f["referral_reason"] = word("followup_reason")
    f["next_on"] = (s.day + datetime.timedelta(
        days=r.choice((14, 28, 30, 90, 91)))).isoformat()
    if "contracts" in s.pools and r.random() < .5:
        f["contract_id"] = s.any_of("contracts")["link"]
    return f


def packages(s):
    out = []
    for code in dict.fromkeys(["BASIC"] + [
            s.phrases.word("package") for _ in range(s.r.randrange(3))]):
        items = dict.fromkeys(s.phrases.word("item")
                              for _ in range(2 + s.r.randrange(3)))
        out.append({"code": code, "price": 0 if code == "BASIC" else
                    s.r.randrange(10, 120) * 100,
                    "items": [{"item": x, "planned": s.r.choice(
                        (1, 1, 2, 4, 4, 6, 12))} for x in items]})
    return out


def contract(s):
    """At times one that was signed becomes contested."""
    if s.pools.get("open") and s.r.random() < .05:
        return dict(s.pools["open"].pop(), state="contested", at=s.instant(
            s.day + datetime.timedelta(days=1)))
    r, word, team = s.r, s.phrases.word, s.r.choice(s.teams)
    by, person = r.choice(team["members"]), s.any_of("people")
    state = s.next_of("contract", CONTRACT_STATES)
    c = s.head("contract", "K", by, team["org"], state)
    start = s.day - datetime.timedelta(days=r.randrange(300))
    c.update(slip_no=slip(s, team["org"], "C"), resident_id=person["link"],
             household_no="519901101201%05d" % r.randrange(1, 999),
             team_id=team["link"], signing_staff_id=by["link"],
             packages=packages(s))
    if person["tags"]:
        c["population_tags"] = person["tags"]
    c.update(signed_on=start.isoformat(), start_on=start.isoformat(),
             end_on=(start + datetime.timedelta(
                 days=r.choice((364, 364, 729, 1094)))).isoformat(),
             resident_signature=s.next_of("signature", SIGNATURES))
    if r.random() < .3:
        c["choice_note"] = word("choice_note")
    price = sum(x["price"] for x in c["packages"])
    c.update(fee_public=min(price, 3000), fee_insurance=min(
        max(0, price - 3000), 2500), fee_self=max(0, price - 5500))
    if state in ("ending", "terminated", "closed"):
        c.update(end_reason=s.next_of("end", ENDS), ended_on=s.day.isoformat())
    if state == "refused":
        c["reason"] = word("contract_reason")
    s.keep("contracts", {"link": "ref:" + c["ref"]})
    if state == "signed":
        s.keep("open", c)
    return c


def contract_service(s):
    by, visit = s.r.choice(s.doctors), s.any_of("encounters")
    out = s.head("contract_service", "F", by)
    out.update(contract_id=s.any_of("contracts")["link"],
               item=s.phrases.word("item"), done_on=s.day.isoformat(),
               encounter_id=visit["link"])
    if s.r.random() < .2:
        out["reason"] = s.phrases.word("service_reason")
    return out


def referral(s):
    r, word, visit = s.r, s.phrases.word, s.any_of("encounters")
    by, host = visit["by"], r.choice(s.doctors)
    while host["org"] is by["org"]:
        host = r.choice(s.doctors)
    state = s.next_of("referral", REFERRAL_STATES)
    way = s.next_of("direction", ("up", "up", "down", "up", "sideways"))
    f = s.head("referral", "Z", by, state=state)
    dx = diagnoses(s, visit["topic"], 1)
    said = s.phrases.some(s.phrases.says, (visit["topic"], "common"),
                          3 + r.randrange(5))
    f.update(slip_no=slip(s, by["org"], "R"), direction=way,
             urgency=s.next_of("urgency", URGENCIES),
             green_channel=s.next_of("green", GREEN),
             resident_id=visit["person"]["link"], from_org=by["org"]["link"],
             from_dept=by["dept"], from_doctor=by["link"],
             from_phone=phone(s), to_org=host["org"]["link"],
             to_dept=host["dept"], issued_at=f["at"],
             reason=word("referral_down" if way == "down" else "referral_up"),
             impression=dx[0]["name"], diagnoses=dx,
             history_now=by["habit"].written("，".join(said)),
             history_past=s.phrases.pick(s.phrases.says, "common"),
             treatment=word("treatment"), attached=[visit["link"]],
             escort=word("escort"), consent=word("consent"),
             valid_days=s.next_of("valid", (7, 14, 7, 30, 3)))
    if state in ("cancelled", "declined"):
        f["reason_" + state] = word(state)
    if state in ("arrived", "in_care", "sent_back", "followed_up"):
        f.update(arrived_at=s.instant(s.day + datetime.timedelta(days=1)),
                 admission_no="ZY%s%04d" % (s.day.strftime("%y%m%d"),
                                            r.randrange(10 ** 4)))
    if state in ("sent_back", "followed_up"):
        f.update(findings=objective(s, host["habit"], visit["topic"], ""),
                 final_dx=dx, plan=plan(s, host["habit"], visit["topic"]),
                 rehab_advice=word("rehab"), followup_due_on=(
                     s.day + datetime.timedelta(days=14)).isoformat())
    return f


def exam_request(s):
    r, word, visit = s.r, s.phrases.word, s.any_of("encounters")
    state = s.next_of("exam", EXAM_STATES)
    q = s.head("exam_request", "Q", visit["by"], state=state)
    q.update(resident_id=visit["person"]["link"], encounter_id=visit["link"],
             to_org="ref:C01", modality=s.next_of("modality", MODALITIES),
             item_code=word("exam_item"), body_part=word("body_part"),
             clinical_info=visit["by"]["habit"].comma.join(s.phrases.some(
                 s.phrases.says, (visit["topic"],), 2 + r.randrange(3))),
             taken_at=q["at"])
    if q["modality"] in ("lab", "pathology"):
        q["specimen_no"] = "BB%s%05d" % (s.day.strftime("%y%m%d"),
                                         r.randrange(10 ** 5))
    else:
        q["study_ref"] = "1.2.156.519901.%d.%d" % (
            r.randrange(100, 999), r.randrange(10 ** 6))
    if state == "rejected":
        q["reason"] = word("report_reason")
    s.keep("exams", {"link": "ref:" + q["ref"], "visit": visit,
                     "item": q["item_code"]})
    return q


def exam_report(s):
    exam, by = s.any_of("exams"), s.r.choice(s.orgs[1]["doctors"])
    w = s.head("exam_report", "W", by)
    critical = s.r.random() < .08
    w.update(exam_request_id=exam["link"],
             resident_id=exam["visit"]["person"]["link"],
             item_code=exam["item"], findings="。".join(s.phrases.some(
                 s.phrases.sees, (exam["visit"]["topic"], "common"),
                 1 + s.r.randrange(4))),
             conclusion=s.phrases.word("conclusion"), critical=critical,
             doctor=by["link"], signed_at=w["at"])
    if critical:
        w["acknowledged_by"] = exam["visit"]["by"]["link"]
    return w


def device(s):
    r, by = s.r, s.r.choice(s.doctors)
    kind, name, accessories = s.next_of("device", s.words["device"]).split("/")
    d = s.head("device", "V", by)
    d.update({"asset_no": "ZC%d%06d" % (s.day.year, s.serials["V"]),
              "serial_no": "%s%08d" % (r.choice("ABDEFHJKM"),
                                       r.randrange(10 ** 8)),
              "class": kind, "name": name, "model": s.phrases.word("model"),
              "owner_org_id": by["org"]["link"], "portable": r.random() < .6,
              "pool": r.random() < .6, "onward_allowed": r.random() < .3,
              "accessories": accessories.split(","),
              "rated_hours_year": r.choice((500, 1000, 1500, 2000)),
              "condition": s.next_of("condition", CONDITIONS),
              "value": r.randrange(300, 200000) * 100})
    item = s.keep("devices", {"link": "ref:" + d["ref"], "org": by["org"],
                              "accessories": d["accessories"]})
    if kind not in ("vehicle", "rehab"):
        d["metrology_due"] = (s.day + datetime.timedelta(
            days=r.randrange(60, 400))).isoformat()
    elif d["condition"] in ("ok", "minor"):
        s.keep("sound", item)
    return d


def loan(s):
    r, word = s.r, s.phrases.word
    state = s.next_of("loan", LOAN_STATES)
    if state == "approved" and "sound" not in s.pools:
        state = "requested"
    # Only what is in order is approved, whatever day the reader has.
    item = s.any_of("sound" if state == "approved" else "devices")
    by = r.choice([x for x in s.doctors if x["org"] is not item["org"]])
    out = s.head("loan", "L", by, state=state)
    owner = r.choice(item["org"]["doctors"])
    out.update(slip_no=slip(s, by["org"], "L"), device_id=item["link"],
               direction=s.next_of("way", WAYS), lender=item["org"]["link"],
               borrower=by["org"]["link"], purpose=word("purpose"),
               planned_from=s.instant(s.day + datetime.timedelta(days=1)),
               planned_to=s.instant(s.day + datetime.timedelta(
                   days=2 + r.randrange(20))),
               requested_by=by["link"],
               approval=s.next_of("approval", ("each", "each", "standing")))
    if state not in ("requested", "refused", "cancelled"):
        out["approved_by"] = owner["link"]
    if state in ("refused", "cancelled", "lost", "damaged"):
        out["reason"] = word("loan_reason")
    s.keep("loans", {"link": "ref:" + out["ref"], "item": item, "by": by,
                     "owner": owner})
    return out


def custody(s):
    lent = s.any_of("loans")
    giver, receiver = lent["owner"], lent["by"]
    if s.r.random() < .5:
        giver, receiver = receiver, giver
    out = s.head("custody", "Y", giver)
    out.update({"device_id": lent["item"]["link"], "loan_id": lent["link"],
                "custody_no": 1 + s.r.randrange(12),
                "giver": giver["link"], "receiver": receiver["link"],
                "both_signed": s.r.random() < .9,
                "condition": s.next_of("custody", CONDITIONS),
                "accessories": lent["item"]["accessories"],
                "meter_hours": round(3000 * s.r.random(), 1),
                "from": giver["org"]["link"], "to": receiver["org"]["link"]})
    return out


def usage(s):
    out = s.head("usage", "U", s.r.choice(s.doctors))
    out.update(device_id=s.any_of("devices")["link"], date=s.day.isoformat(),
               hours=round(.3 + 7 * s.r.random(), 1),
               cases=1 + s.r.randrange(30))
    return out


MAKERS = {"encounter": encounter, "followup": followup, "contract": contract,
          "contract_service": contract_service, "referral": referral,
          "exam_request": exam_request, "exam_report": exam_report,
          "device": device, "loan": loan, "custody": custody, "usage": usage,
          "resident": resident}

"""care: visits, and the referrals, follow-ups and examinations that come of them."""
import math
from bisect import bisect

import phrases as P
from codes import AREA, LAST_SECOND, ONE_DAY, stamp
from medicine import AGE_EDGES, DRUG_CHOICE, EXAMS, GREEN, GROUP, ILLNESS, ILLNESSES, WINTER
from text import NOTES, TOLD, TREATMENTS, UNKNOWN, Body, Weighted, fill


class Care:
    """The part of a corpus that treats people."""

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

"""badinput: lines with one fault each, and what an importer should do with them.

"refuse": nothing of the line may enter the store. "warn": the line is accepted
(an empty one skipped) and listed. All lines around a bad one must still be read.
The importer is taken to act for the first village clinic.
"""
import datetime
import os
import random

from codes import AREA, encode, id_check, slip_number
from medicine import DRUGS

DRUG = DRUGS[0]
WORD = "头晕"                                     # the text that byte faults are put into
LACKS = object()                                 # leaves a field out


class Samples:
    """Good records to spoil; every call makes one with a new ref."""

    def __init__(self, corpus):
        self.corpus, self.count, self.day = corpus, 0, corpus.start
        self.clinic, self.team = corpus.villages[0], corpus.villages[0].teams[0]
        self.birth = datetime.date(self.day.year - 33, 3, 17)

    def date(self, **change):
        return self.day.replace(**change).isoformat()

    def at(self, clock, **change):
        return "%sT%s+08:00" % (self.date(**change), clock)

    def make(self, kind, fields, change):
        self.count += 1
        o = {"kind": kind, "ref": "BAD%05d" % self.count, "by": self.clinic.doctors[0].link, "at": self.at("11:20:00"),
             "org_id": self.clinic.link}
        o.update(fields)
        o.update(change)
        return {k: v for k, v in o.items() if v is not LACKS}

    def rx(self, **change):
        return [dict({"drug_code": DRUG.code, "name": DRUG.name, "dose": .25, "unit": DRUG.unit, "route": DRUG.route,
                      "freq": "tid", "days": 4}, **change)]

    def encounter(self, **change):
        return self.make("encounter", dict(
            state="signed", resident_id="ref:R000001", type="outpatient", visit_at=self.at("11:05:00"), subjective=WORD + "一天",
            objective="面色可", temp_c=36.5, sbp=124, dbp=78, pulse=71, diagnoses=[{"code": "R42", "name": "头晕和眩晕"}], plan="静卧",
            rx=self.rx(), fee=860), change)

    def resident(self, **change):
        return self.make("resident", dict(
            name="样例某", id_type="01", id_no=self.id_no(2 * (self.count % 400) + 101), sex="1", birth_date=self.birth.isoformat(),
            birth_precision="day", managing_org_id=self.clinic.parent.link, status="living"), change)

    def contract(self, **change):
        return self.make("contract", dict(
            state="signed", resident_id="ref:R000001", team_id=self.team.link, signing_staff_id=self.team.leader.link,
            packages=[{"code": "BASIC", "price": 0, "items": [{"item": "HEALTH_TALK", "planned": 2}]}], signed_on=self.date(),
            start_on=self.date(), end_on=(self.day + datetime.timedelta(days=364)).isoformat(), resident_signature="fingerprint"), change)

    def id_no(self, serial):
        body = "%s%s%03d" % (AREA, self.birth.strftime("%Y%m%d"), serial)
        return body + id_check(body)

    def id_with_x(self):
        return next(n for n in map(self.id_no, range(101, 999, 2)) if n[-1] == "X")


def text(o):
    return encode(o).encode()


def other(character):
    return "1" if character != "1" else "2"


def bytes_faults(s):
    """Faults below JSON: line ends, encodings."""
    def line():
        return text(s.encounter())

    def spoilt(raw, old=WORD.encode()):
        return line().replace(old, raw, 1)
    first = WORD[0].encode()
    yield "bom_at_file_start", "warn", b"\xef\xbb\xbf" + line()
    yield "bom_inside_file", "refuse", b"\xef\xbb\xbf" + line()
    yield "crlf_line_end", "warn", line() + b"\r"
    yield "empty_line", "warn", b""
    yield "blank_line", "warn", b" \t  "
    yield "invalid_utf8_byte", "refuse", spoilt(b"\xfe\xff")
    yield "utf8_overlong", "refuse", spoilt(b"\xe0\x80\xaf")
    yield "utf8_surrogate", "refuse", spoilt(b"\xed\xb0\x80")
    yield "utf8_cut_character", "refuse", spoilt(first[:2], first)
    yield "utf8_above_10ffff", "refuse", spoilt(b"\xf5\x80\x80\x80")
    yield "gbk_text", "refuse", spoilt(WORD.encode("gbk"))
    yield "utf16_line", "refuse", line().decode().encode("utf-16-be").replace(b"\n", b" ")


def json_faults(s):
    """Faults of JSON itself."""
    def line(old=b"", new=b""):
        return text(s.encounter()).replace(old, new, 1) if old else text(s.encounter())

    def tail(more):
        return line()[:-1] + more + b"}"

    def worded(new):
        return line(WORD.encode(), new)

    def fee(number):
        return line(b'"fee":860', b'"fee":' + number)
    whole = line()
    yield "json_cut_in_string", "refuse", whole[:whole.index(WORD.encode()) + 3]
    yield "json_cut_after_colon", "refuse", whole[:whole.index(b'"pulse":') + 8]
    yield "json_cut_before_last_brace", "refuse", line()[:-1]
    yield "json_two_objects_on_a_line", "refuse", line() + line()
    yield "json_trailing_text", "refuse", line() + b";"
    yield "json_trailing_comma", "refuse", tail(b",")
    yield "json_single_quotes", "refuse", line().replace(b'"', b"'")
    yield "json_comment", "refuse", tail(b" // done ")
    yield "json_array_at_top", "refuse", b"[" + line() + b"]"
    yield "json_string_at_top", "refuse", b'"a record"'
    yield "json_number_at_top", "refuse", b"-7"
    yield "json_null_at_top", "refuse", b"null"
    yield "json_empty_object", "refuse", b"{}"
    yield "json_bad_escape", "refuse", worded(b"\\q")
    yield "json_lone_surrogate_escape", "refuse", worded(b"\\udc12")
    yield "json_nested_5000_arrays", "refuse", tail(b',"orders":' + b"[" * 5000 + b"]" * 5000)
    yield "json_nested_500_objects", "refuse", tail(b',"orders":[' + b'{"o":' * 500 + b"0" + b"}" * 500 + b"]")
    yield "duplicate_key", "refuse", tail(b',"pulse":99')
    yield "duplicate_key_nested", "refuse", line(b'"dose":0.25', b'"dose":0.25,"dose":2.5')
    yield "duplicate_key_escaped", "refuse", tail(b',"puls\\u0065":99')
    yield "control_character_raw", "refuse", worded(b"x\x02y")
    yield "tab_raw_in_string", "refuse", worded(b"x\ty")
    yield "newline_raw_in_string", ("refuse", "refuse"), worded(b"x\ny")
    yield "nul_raw", "refuse", worded(b"x\x00y")
    yield "nul_escaped", "refuse", worded(b"x\\u0000y")
    yield "bell_escaped", "warn", worded(b"x\\u0007y")
    yield "bidi_override_in_text", "warn", s.encounter(plan="静卧\u202e两天")
    yield "wrong_type_string_for_number", "refuse", s.encounter(pulse="71")
    yield "wrong_type_number_for_string", "refuse", s.encounter(plan=17)
    yield "wrong_type_object_for_array", "refuse", s.encounter(diagnoses={"code": "R42", "name": "头晕"})
    yield "wrong_type_true_for_number", "refuse", s.encounter(sbp=True)
    yield "null_value", "refuse", s.encounter(plan=None)
    yield "number_fraction_for_integer", "refuse", s.encounter(pulse=71.5)
    yield "money_fraction", "refuse", s.encounter(fee=8.6)
    yield "money_negative", "refuse", s.encounter(fee=-1)
    yield "number_1e400", "refuse", fee(b"1e400")
    yield "number_beyond_64_bit", "refuse", fee(b"1" + b"0" * 25)
    yield "number_nan", "refuse", fee(b"NaN")
    yield "number_infinity", "refuse", fee(b"Infinity")
    yield "number_leading_zero", "refuse", fee(b"0860")
    yield "number_hex", "refuse", fee(b"0x35C")
    yield "number_plus_sign", "refuse", fee(b"+860")


def value_faults(s):
    """Measurements, persons and slips that cannot be, or hardly."""
    e, p = s.encounter, s.resident
    yield "impossible_temperature", "refuse", e(temp_c=44.1)
    yield "impossible_pressure", "refuse", e(sbp=365)
    yield "pressure_reversed", "refuse", e(sbp=78, dbp=124)
    yield "impossible_pulse", "refuse", e(pulse=710)
    yield "impossible_spo2", "refuse", e(spo2=107)
    yield "impossible_glucose", "refuse", e(glucose_mmol=-5.2)
    yield "impossible_weight", "refuse", e(weight_kg=512)
    yield "impossible_height", "refuse", e(height_cm=1.66)
    yield "unlikely_temperature", "warn", e(temp_c=42.4)
    yield "unlikely_pressure", "warn", e(sbp=286, dbp=152)
    yield "unlikely_glucose", "warn", e(glucose_mmol=51.3)
    good = s.id_no(777)
    yield "id_bad_check_digit", "refuse", p(id_no=good[:17] + other(good[17]))
    yield "id_lower_case_x", "warn", p(id_no=s.id_with_x().lower())
    yield "id_17_characters", "refuse", p(id_no=good[:17])
    yield "id_15_digits_old_form", "refuse", p(id_no=AREA + s.birth.strftime("%y%m%d") + "777")
    body = "%s%d0230777" % (AREA, s.birth.year)
    yield "id_impossible_birth_date", "refuse", p(id_no=body + id_check(body))
    yield "id_and_birth_date_differ", "warn", p(birth_date=(s.birth + datetime.timedelta(days=1)).isoformat())
    yield "id_and_sex_differ", "warn", p(sex="2")
    yield "id_and_reason_missing", "refuse", p(id_type=LACKS, id_no=LACKS)
    yield "name_empty", "refuse", p(name="")
    yield "name_spaces_only", "refuse", p(name=" \u3000 ")
    yield "name_51_characters", "refuse", p(name="丹" * 51)
    yield "name_zero_width_space", "warn", p(name="样\u200b例")
    lost = {"id_type": LACKS, "id_no": LACKS, "no_id_reason": "lost"}
    yield "birth_in_future", "refuse", p(birth_date=s.date(year=s.day.year + 4, day=1), **lost)
    yield "child_without_guardian", "refuse", p(birth_date=s.date(year=s.day.year - 6, day=1), **lost)
    slip = slip_number(s.clinic.short, "E", 998011)
    yield "slip_bad_check_character", "refuse", e(slip_no=slip[:-1] + other(slip[-1]))
    yield "slip_digits_swapped", "refuse", e(slip_no=slip.replace("998011", "998101"))


def record_faults(s):
    """References, missing fields, dates, states, rights."""
    e, c = s.encounter, s.contract
    yield "kind_unknown", "refuse", s.make("invoice", {"total": 3}, {})
    yield "kind_missing", "refuse", e(kind=LACKS)
    yield "kind_wrong_case", "refuse", e(kind="ENCOUNTER")
    yield "ref_missing", "refuse", e(ref=LACKS)
    yield "ref_empty", "refuse", e(ref="")
    yield "ref_300_characters", "refuse", e(ref="B" * 300)
    yield "reference_without_prefix", "refuse", e(resident_id="R000001")
    yield "reference_empty", "refuse", e(resident_id="ref:")
    yield "reference_unknown_resident", "warn", e(resident_id="ref:R8888888")
    yield "reference_unknown_contract", "warn", e(contract_id="ref:K8888888")
    yield "author_not_at_this_site", "warn", e(by=s.corpus.lead.staff[5].link)
    yield "missing_by", "refuse", e(by=LACKS)
    yield "missing_at", "refuse", e(at=LACKS)
    yield "missing_org", "refuse", e(org_id=LACKS)
    yield "missing_visit_at", "refuse", e(visit_at=LACKS)
    yield "missing_resident", "refuse", e(resident_id=LACKS)
    yield "missing_diastolic", "refuse", e(dbp=LACKS)
    yield "missing_name", "refuse", s.resident(name=LACKS)
    yield "missing_packages", "refuse", c(packages=[])
    yield "missing_basic_package", "refuse", c(packages=[{"code": "DM", "price": 7200, "items": []}])
    yield "missing_signature", "refuse", c(resident_signature=LACKS)
    yield "onset_after_visit", "refuse", e(onset_on=(s.day + datetime.timedelta(days=9)).isoformat())
    yield "end_before_start", "refuse", c(end_on=(s.day - datetime.timedelta(days=200)).isoformat())
    yield "start_before_signing", "refuse", c(start_on=(s.day - datetime.timedelta(days=12)).isoformat())
    yield "term_of_three_days", "refuse", c(end_on=(s.day + datetime.timedelta(days=2)).isoformat())
    yield "date_impossible", "refuse", c(signed_on="%d-04-31" % s.day.year)
    yield "date_with_slashes", "refuse", c(signed_on=s.date().replace("-", "/"))
    yield "instant_without_zone", "refuse", e(visit_at=s.date() + "T11:05:00")
    yield "instant_hour_25", "refuse", e(visit_at=s.at("25:05:00"))
    yield "visit_in_2009", "warn", e(visit_at="2009-01-01T00:03:00+08:00", at="2009-01-01T00:04:00+08:00")
    yield "visit_in_2037", "warn", e(visit_at="2037-06-01T09:03:00+08:00", at="2037-06-01T09:04:00+08:00")
    yield "enumeration_unknown", "refuse", e(type="by_letter")
    yield "state_unknown", "refuse", e(state="archived")
    yield "state_of_the_group_only", "refuse", c(state="contested")
    yield "org_written_by_a_clinic", "refuse", s.make("org", {"name": "某某诊所", "level": "village"}, {})
    yield "drug_written_by_a_clinic", "refuse", s.make("drug", {"drug_code": "YP9990", "name": "自配散剂"}, {})
    yield "field_unknown", "warn", e(weather="rain")
    yield "negative_days", "refuse", e(rx=s.rx(days=-2))
    yield "drug_code_unknown", "warn", e(rx=s.rx(drug_code="YP9991", name="药店自购"))
    yield "oversized_record", "refuse", e(objective="复测" * 12000)


def write(folder, count, corpus):
    """Write count bad inputs, class after class and round again, and their expectations."""
    samples, line, done = Samples(corpus), 0, 0
    rng = random.Random("%d:bad" % corpus.a.seed)
    with open(os.path.join(folder, "bad.ndjson"), "wb") as bad, open(os.path.join(folder, "bad-expected.ndjson"), "wb") as expected:
        while done < count:
            samples.birth += datetime.timedelta(days=rng.randrange(10) * bool(done))
            for faults in (bytes_faults, json_faults, value_faults, record_faults):
                for name, expect, content in faults(samples):
                    if done == count or name == "bom_at_file_start" and done:
                        continue
                    bad.write((text(content) if content.__class__ is dict else content) + b"\n")
                    for x in (expect if expect.__class__ is tuple else (expect,)):
                        line += 1
                        expected.write(text({"line": line, "class": name, "expect": x}) + b"\n")
                    done += 1

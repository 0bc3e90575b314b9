"""ledger: what was answered "saved" and "done", and whether it was true.

Records of a scenario are made here, so that each is known by its description
and no two are alike. A line goes through three hands: it is *given* to a
program, perhaps *saved* (the program said so), perhaps *done* (a sync that
began after it was saved said so). check() reads exports of clinic and hub:

  - what was saved is at its clinic, what was done is at the hub, as it was given;
  - nothing stands anywhere twice, nothing is there that was never given;
  - `status` never counts more at the group than the hub holds;
  - `verify` has no complaint on either side.
"""
import json

from group import DONE, PARTLY, expect

KINDS = ("encounter", "resident", "referral")


def make(kind, ref, text):
    """One line of the exchange format; the kinds are of three urgencies."""
    line = {"kind": kind, "ref": ref, "by": "ref:S0001", "at": "2026-05-04T09:00:00+08:00", "org_id": "ref:C01"}
    if kind == "encounter":
        line.update({"state": "signed", "unknown": True, "description": text, "type": "emergency",
                     "visit_at": "2026-05-04T09:00:00+08:00", "diagnoses": [{"code": "J06.9", "name": "急性上呼吸道感染"}], "subjective": "咳嗽"})
    elif kind == "resident":
        line.update({"name": text, "no_id_reason": "lost", "sex": "1", "birth_date": "1980-01-01", "managing_org_id": "ref:C01"})
    else:
        line.update({"state": "issued", "direction": "up", "urgency": "emergency", "resident_id": "ref:R000001", "from_org": "ref:C01", "to_org": "ref:H01",
                     "from_doctor": "ref:S0001", "to_dept": "妇产科", "issued_at": "2026-05-04T09:00:00+08:00", "reason": "诊断不明",
                     "impression": text, "consent": "family_signed", "diagnoses": [{"code": "J44.9", "name": "慢性阻塞性肺疾病"}]})
    return line


def text_of(record):
    return record.get("description") or record.get("name") or record.get("impression")


def fields_of(record):
    """Without what a node may choose: the ref of what it founded, when it was written, by its own clock."""
    return {k: v for k, v in record.items() if k not in ("ref", "at", "slip_no")}


class Book:
    """One clinic's part of the ledger, by the text of the record."""

    def __init__(self, name, kinds=("encounter", "resident")):
        self.name, self.kinds, self.made = name, kinds, 0
        self.given, self.saved, self.done = {}, set(), set()
        self.founded = {}  # text: ref that was answered
        self.answers = 0

    def lines(self, count):
        """So many new lines, to be imported: given, and nothing more."""
        out = []
        for _ in range(count):
            self.made += 1
            text = "%s %d." % (self.name, self.made)
            out.append(make(self.kinds[self.made % len(self.kinds)], "%s-%d" % (self.name, self.made), text))
            self.given[text] = out[-1]
        return out

    def form(self):
        """One record for `add`: its kind, its text and its form."""
        line = self.lines(1)[0]
        return line["kind"], text_of(line), {k: v for k, v in line.items() if k not in ("kind", "ref", "by", "at", "org_id")}

    def imported(self, lines, result, *, killed):
        """What an import answered. One that was killed may have saved any of them."""
        if killed and result.code not in (DONE, PARTLY):
            return False
        expect(result.code == DONE, "import:", result)
        s = result.summary
        expect(s["refused"] == 0 and s["new"] + s["unchanged"] == len(lines) and s["updated"] == 0, "import of", len(lines), "lines:", result)
        self.saved.update(text_of(line) for line in lines)
        self.answers += 1
        return True

    def added(self, text, result, *, killed):
        if killed and result.code != DONE:
            return False
        expect(result.code == DONE, "add:", result)
        self.saved.add(text)
        self.founded[text] = result.summary["ref"]
        self.answers += 1
        return True

    def synced(self, before, result, *, killed):
        """before: what was saved when the sync began. True: it said done."""
        rows = [r for r in result.out.splitlines() if r.startswith(b"{")]
        state = json.loads(rows[-1]).get("state") if rows else None
        if state == "done":
            self.done |= before
            expect(killed or result.code == DONE, "done, and", result)
        else:
            expect(result.code != DONE, "not done, and", result)
            expect(killed or state in ("partial", "failed", "no_link"), "sync:", result)
            expect(killed or state != "no_link" or result.code == 4, "no link, and", result)
            expect(killed or state != "partial" or result.code == 6, "partial, and", result)
            expect(killed or state != "failed" or result.code != 6, "failed, and", result)
        self.answers += 1
        return state == "done"

    # --- the end -----------------------------------------------------------

    def held_of(self, rows):
        """Those of this book in an export, by text; twice is a failure."""
        out = {}
        for key, r in rows.items():
            text = text_of(r) or ""
            if text in self.given and fields_of(r).get("org_id") == "ref:C01":
                expect(text not in out, text, "is there twice:", key, out.get(text))
                out[text] = r
            else:
                expect(not text.startswith(self.name + " "), text, "was never given")
        return out

    def check_side(self, rows, promised, where):
        held = self.held_of(rows)
        missing = sorted(promised - set(held))
        expect(not missing, where, "lost", len(missing), "that were promised, first", missing[:3])
        for text, r in held.items():
            want = self.given[text]
            expect(fields_of(r) == fields_of(want), where, "holds", text, "otherwise:", r, "given:", want)
            if text in self.founded:
                continue
            if not r["ref"].startswith("~"):
                expect(r["ref"] == want["ref"], where, "names", text, r["ref"])
        return held

    def check(self, clinic, hub, *, through=False, clinic_rows=None, hub_rows=None):
        """through: after a last sync; then both sides hold the same of this book."""
        status = clinic.status()
        up = self.check_side(hub.export() if hub_rows is None else hub_rows, self.done, "the hub")
        here = self.check_side(clinic.export() if clinic_rows is None else clinic_rows, self.saved, "the clinic")
        expect(status["at_group"] <= len(up), "status counts", status["at_group"], "at the group, which holds", len(up))
        if through:
            expect(here == up, "clinic and hub differ in", [t for t in set(here) | set(up) if here.get(t) != up.get(t)][:3])
            expect(status["saved_here"] == 0 and status["at_group"] == status["at_parent"], status)
        for node in (clinic, hub):
            node.run("verify")
        return here

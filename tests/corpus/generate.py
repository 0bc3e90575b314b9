#!/usr/bin/env python3
"""generate: writes an invented medical group as exchange format v1 (README.md).

Standard library only. The same arguments give the same bytes: every part draws
from a random stream of its own that starts from the seed.
"""
import argparse
import json
import os
from collections import Counter, defaultdict

from care import Care
from codes import LAST_SECOND, ONE_DAY, encode, stamp
from contracts import Contracts
from equipment import Equipment
from group import Group
from people import People

KINDS = ("org staff practice_site team drug resident encounter contract contract_service device loan "
         "custody usage referral followup exam_request exam_report").split()


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


class Corpus(Group, People, Contracts, Care, Equipment):
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

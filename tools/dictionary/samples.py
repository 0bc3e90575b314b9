#!/usr/bin/env python3
"""Write invented records made of the phrases beside this file, as exchange
format v1: what the compression dictionary is trained on (README.md).

usage: samples.py [--seed 901] [--count 4000] [--drugs N] --out FILE

Standard library only; the same arguments give the same bytes.
"""

import argparse
import datetime
import random
import sys

import people
import records
from phrases import Phrases
from codes import encode

# Per 1000 records; the rest are encounters, residents come first.
SHARES = (("followup", 70), ("contract", 30), ("contract_service", 30),
          ("referral", 40), ("exam_request", 20), ("exam_report", 20),
          ("loan", 15), ("custody", 15), ("usage", 12), ("device", 3))
RESIDENTS_SHARE = 60


class Samples:
    """What all parts of a run share: draws, phrases, who and what exists."""

    def __init__(self, seed, drugs=None):
        self.r = random.Random(seed)
        self.phrases = Phrases(self.r)
        self.words = self.phrases.words
        self.serials, self.cycles, self.pools = {}, {}, {}
        self.day = datetime.date(2025, 3, 3)
        self.orgs, self.doctors, self.teams = [], [], []
        self.drugs_listed = drugs

    def ref(self, letter):
        self.serials[letter] = self.serials.get(letter, 0) + 1
        return "%s%06d" % (letter, self.serials[letter])

    def next_of(self, name, values):
        """The values in turn, so that each of them occurs."""
        turn = self.cycles.get(name, 0)
        self.cycles[name] = turn + 1
        return values[turn % len(values)]

    def keep(self, pool, record):
        self.pools.setdefault(pool, []).append(record)
        return record

    def any_of(self, pool):
        return self.r.choice(self.pools[pool][-300:])

    def instant(self, day=None, pause=0):
        second = min(86399, self.r.randrange(28000, 66000) + pause)
        return "%sT%02d:%02d:%02d+08:00" % (
            day or self.day, second // 3600, second // 60 % 60, second % 60)

    def head(self, kind, letter, by, org=None, state=None):
        record = {"kind": kind, "ref": self.ref(letter)}
        if state:
            record["state"] = state
        record.update(by=by["link"], at=self.instant(),
                      org_id=(org or by["org"])["link"])
        return record


def write(out, count, s):
    """The group, some residents, then all kinds by their shares."""
    lines = list(people.reference(s))
    for _ in range(max(20, count * RESIDENTS_SHARE // 1000)):
        lines.append(people.resident(s))
    for _ in s.words["device"]:
        lines.append(records.MAKERS["device"](s))
    for kind in ("encounter", "contract", "loan", "exam_request",
                 "referral", "custody", "usage", "contract_service",
                 "followup", "exam_report"):
        lines.append(records.MAKERS[kind](s))
    kinds, shares = zip(*SHARES)
    left = max(0, count - len(lines))
    for i in range(left):
        kind = s.r.choices(kinds + ("encounter",),
                           shares + (1000 - RESIDENTS_SHARE - sum(shares),))
        if i % max(1, left // 90) == 0:
            s.day += datetime.timedelta(days=1)
        lines.append(records.MAKERS[kind[0]](s))
    out.writelines(encode(x) + "\n" for x in lines)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--seed", type=int, default=901)
    p.add_argument("--count", type=int, default=4000)
    p.add_argument("--drugs", type=int, help="list no more than so many; "
                   "prescriptions name all the same")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    with open(a.out, "w", encoding="utf-8", newline="\n") as out:
        write(out, a.count, Samples(a.seed, a.drugs))
    return 0


if __name__ == "__main__":
    sys.exit(main())

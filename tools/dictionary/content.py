#!/usr/bin/env python3
"""Write every phrase of the phrase files once, as encounters in exchange
format v1: what a dictionary learns before it learns samples (README.md).

usage: content.py [--seed 900] [--phrases 4] --out FILE

No record is like one of a clinic: the fields of each are lists of phrases,
a few to a record and the more useful ones last. Standard library only; the
same arguments give the same bytes.
"""

import argparse
import random
import sys

import phrases
from codes import encode

AT = "2023-01-01T08:30:00+08:00"  # before any sample
# Nobody is treated and nothing is left out that a record must have.
HEAD = {"kind": "encounter", "state": "signed", "by": "ref:S000001",
        "at": AT, "org_id": "ref:C01", "unknown": True, "description": "?",
        "type": "outpatient", "visit_at": AT}


def texts(p, name):
    """The phrases of a file with their slots filled, the commonest last."""
    lines = [x for x in phrases.lines_of(name) if not x.startswith("[")]
    return list(dict.fromkeys(p.fill(x) for x in lines))[::-1]


def drug(line):
    """One row; doses and frequencies: the commonest."""
    name, _, unit, route, doses, freqs, days = line.split("|")
    return {"name": name, "dose": float(doses.split(",")[0]), "unit": unit,
            "route": route, "freq": freqs.split(",")[0],
            "days": int(days.split(",")[0])}


def columns(p):
    """Field to all it says."""
    return {
        "subjective": texts(p, "complaints.txt"),
        "objective": texts(p, "findings.txt"),
        "diagnoses": [dict(zip(("code", "name"), x.split("\t")))
                      for x in texts(p, "diagnoses.txt")],
        "plan": texts(p, "plans.txt"),
        "rx": [drug(x) for x in texts(p, "drugs.txt")],
    }


def content(seed, per_record):
    """The lines. Each field's phrases are spread evenly over all records."""
    found = columns(phrases.Phrases(random.Random(seed)))
    count = max(1, len(found["subjective"]) // per_record)
    for i in range(count):
        record = dict(HEAD, ref="P%04d" % i)
        for field, all_of in found.items():
            part = all_of[len(all_of) * i // count:
                          len(all_of) * (i + 1) // count]
            if part:
                record[field] = part if isinstance(part[0], dict) else \
                    "，".join(part)
        yield encode(record)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--seed", type=int, default=900)
    p.add_argument("--phrases", type=int, default=4,
                   help="of complaints, in a record")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    with open(a.out, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(x + "\n" for x in content(a.seed, a.phrases))
    return 0


if __name__ == "__main__":
    sys.exit(main())

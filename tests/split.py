#!/usr/bin/env python3
"""split: writes the lines of the input that certain organisations wrote.

    split.py --orgs H01 C01 --out FILE INPUT...

Lines keep their order and their bytes; those whose org_id is one of the orgs go
to FILE. With --below the orgs under them (parent_org_id of the org lines in
INPUT or in --reference FILE) count too. --kinds and --not-kinds narrow it
further. Lines that are no record are left out and counted on standard error.
"""
import argparse
import json
import sys


def records(paths):
    """Yield (line, record) of the files; record is None where a line holds none."""
    for path in paths:
        with open(path, "rb") as f:
            for raw in f:
                try:
                    record = json.loads(raw)
                except ValueError:
                    record = None
                yield raw, record if isinstance(record, dict) else None


def below(orgs, paths):
    """orgs and every org under them."""
    parent = {r["ref"]: r.get("parent_org_id", "")[4:] for _, r in records(paths) if r and r.get("kind") == "org" and "ref" in r}
    more = set(orgs)
    while True:
        found = {o for o, above in parent.items() if above in more} - more
        if not found:
            return more
        more |= found


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("inputs", nargs="+", metavar="INPUT")
    p.add_argument("--orgs", required=True, nargs="+", help="refs of orgs; commas may part them too")
    p.add_argument("--out", required=True)
    p.add_argument("--below", action="store_true", help="with the orgs below them")
    p.add_argument("--reference", help="where the org lines are, if not in INPUT")
    p.add_argument("--kinds", help="only these kinds, comma separated")
    p.add_argument("--not-kinds", help="not these kinds, comma separated")
    a = p.parse_intermixed_args(argv)
    orgs = {o for x in a.orgs for o in x.split(",")}
    if a.below:
        orgs = below(orgs, [a.reference] if a.reference else a.inputs)
    kinds = set(a.kinds.split(",")) if a.kinds else None
    not_kinds = set(a.not_kinds.split(",")) if a.not_kinds else set()
    written = faulty = 0
    with open(a.out, "wb") as out:
        for raw, r in records(a.inputs):
            if r is None:
                faulty += bool(raw.strip())
            elif str(r.get("org_id", ""))[4:] in orgs and r.get("kind") not in not_kinds and (kinds is None or r.get("kind") in kinds):
                out.write(raw if raw.endswith(b"\n") else raw + b"\n")
                written += 1
    print("%d lines" % written)
    if faulty:
        print("%d lines are no record and were left out" % faulty, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

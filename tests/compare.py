#!/usr/bin/env python3
"""compare: does an export hold the facts of the lines that were imported?

    compare.py [options] EXPECTED... --held EXPORT...
    compare.py --equal A B

EXPECTED are files in the exchange format, in the order they were imported: of
lines with one (kind, ref) the last by `at` counts, of equal `at` the later line;
of a request that two organisations write, the one with the further state. A line
that differs from the last one in `at` alone is none.
Numbers are compared as decimals of 15 digits (1.0 is 1), text exactly; only a
lower-case x at the end of an id_no in EXPECTED stands for the upper-case one.
A contract that the hub has decided on by rule (`by` ref:~group) may stand in a
state that follows the expected one, or name others of its household, or bear no more than the group's name
and time.

--missing-ok KIND...   records of these kinds may be absent from the export
--drafts-local         records whose last expected state is draft may be absent
--extra-ok             the export may hold records that no input has
--equal A B            A and B hold the same records, in whatever line order
--values               show differing values too (they may be personal)

The last line is "equal: N records" or "DIFFERENT: ..."; exit 0 or 1.
"""
import argparse
import decimal
import json
import sys
from collections import Counter

SHOWN = 20
FIFTEEN = decimal.Context(prec=15)
ABSENT = "(absent)"
# What the hub says of contracts by itself, and what it may say of which state.
GROUP = "ref:~group"
REQUESTED = ("sent", "received", "rejected", "reported")
DECIDED = {"signed": ("active", "contested", "terminated", "closed"),
           "active": ("contested", "terminated", "closed"),
           "ending": ("terminated", "closed"), "closed": ("closed",)}
DECIDES = ("state", "by", "at", "end_reason", "ended_on", "contested_with", "contested_sources",
           "holder_id", "holder_source", "end_is_guessed", "household_with",
           "household_sources", "file_access")


def number(text):
    return FIFTEEN.create_decimal(text).normalize(FIFTEEN)


def boolean_safe(value):
    """True and 1 are different facts, though python holds them equal."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return [boolean_safe(v) for v in value]
    if isinstance(value, dict):
        return {k: boolean_safe(v) for k, v in value.items()}
    return value


def no_constant(text):
    raise ValueError("%s is not JSON" % text)


def lines(path):
    """Yield (line number, record) of every line that has something on it."""
    with open(path, "rb") as f:
        for n, raw in enumerate(f, 1):
            if not raw.strip():
                continue
            try:
                record = json.loads(raw.decode("utf-8-sig" if n == 1 else "utf-8"), parse_int=number, parse_float=number,
                                    parse_constant=no_constant)
                key = record["kind"], record["ref"]
            except (ValueError, KeyError, TypeError) as e:
                raise SystemExit("%s, line %d: not a record (%s)" % (path, n, type(e).__name__))
            yield n, key, record


def is_repeated(record, last):
    """Whether it says no more than that one did, at another time: no version (docs/decisions/0039)."""
    return boolean_safe(dict(record, at=None)) == boolean_safe(dict(last, at=None))


def is_later(record, last):
    """What two organisations say of one request goes by its state, whatever their clocks say."""
    if is_repeated(record, last):
        return False
    if record["kind"] == "exam_request" and record.get("org_id") != last.get("org_id"):
        rank = [REQUESTED.index(r["state"]) if r.get("state") in REQUESTED else -1 for r in (record, last)]
        if rank[0] != rank[1]:
            return rank[0] > rank[1]
    return record.get("at", "") >= last.get("at", "")


def expected(paths):
    """The last facts of each record of the input files."""
    last = {}
    for path in paths:
        for _, key, record in lines(path):
            if str(record.get("id_no", "")).endswith("x"):
                record["id_no"] = record["id_no"][:-1] + "X"
            if key not in last or is_later(record, last[key]):
                last[key] = record
    return {k: boolean_safe(r) for k, r in last.items()}


def is_groups(record):
    """Whether no input has it, since the hub says so itself: two entries of one number are linked."""
    return record.get("kind") == "link" and record.get("basis") == "same_number"


def held(paths, twice):
    """The records of an export; a (kind, ref) that stands there twice goes to twice."""
    records = {}
    for path in paths:
        for _, key, record in lines(path):
            if is_groups(record):
                continue
            if key in records:
                twice.append(key)
            records[key] = boolean_safe(record)
    return records


def fields(a, b):
    return sorted(k for k in set(a) | set(b) if a.get(k, ABSENT) != b.get(k, ABSENT))


def plain(value):
    if isinstance(value, tuple):
        return value[1]
    return int(value) if value == value.to_integral_value() else float(value)


def shown(value):
    return value if value == ABSENT else json.dumps(value, ensure_ascii=False, default=plain) if not isinstance(value, tuple) else str(value[1])


class Report:
    def __init__(self, values):
        self.values, self.count, self.kinds = values, 0, Counter()

    def difference(self, key, what, a=None, b=None):
        self.count += 1
        self.kinds[key[0]] += 1
        if self.count > SHOWN:
            return
        print("%s %s: %s" % (key[0], key[1], what))
        if self.values and a is not None and b is not None:
            for k in fields(a, b):
                print("    %s: %s | %s" % (k, shown(a.get(k, ABSENT)), shown(b.get(k, ABSENT))))


def is_decided(a, b):
    """Whether b is a with no more than the group's word on it."""
    if a["kind"] != "contract" or b.get("by") != GROUP:
        return False
    if not set(fields(a, b)) <= set(DECIDES):
        return False
    if a.get("state") == b.get("state"):
        # Two teams have one household, the group knows it too, or it took a word back that it said
        # while another's line was not here yet.
        return True
    return b.get("state") in DECIDED.get(a.get("state"), ())


def compare(want, have, twice, may_miss, extra_ok, values):
    report, matched = Report(values), Counter()
    for key in twice:
        report.difference(key, "stands twice in the export")
    for key, a in want.items():
        b = have.get(key)
        if b is None:
            if not may_miss(key[0], a):
                report.difference(key, "missing")
        elif a != b and not is_decided(a, b):
            report.difference(key, "fields differ: " + ", ".join(fields(a, b)), a, b)
        else:
            matched[key[0]] += 1
    if not extra_ok:
        for key in have:
            if key not in want:
                report.difference(key, "not in the input")
    wanted, holds = Counter(k for k, _ in want), Counter(k for k, _ in have)
    print("%-18s %8s %8s %8s %10s" % ("kind", "expected", "held", "equal", "different"))
    for kind in sorted(set(wanted) | set(holds)):
        print("%-18s %8d %8d %8d %10d" % (kind, wanted[kind], holds[kind], matched[kind], report.kinds[kind]))
    if report.count:
        print("DIFFERENT: %d differences, %d records equal" % (report.count, sum(matched.values())))
        return 1
    print("equal: %d records" % sum(matched.values()))
    return 0


def main(argv=None):
    p = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1], description=__doc__.split("\n")[0])
    p.add_argument("expected", nargs="*")
    p.add_argument("--held", nargs="+", default=[])
    p.add_argument("--missing-ok", nargs="+", default=[], metavar="KIND")
    p.add_argument("--drafts-local", action="store_true")
    p.add_argument("--extra-ok", action="store_true")
    p.add_argument("--equal", nargs=2, metavar=("A", "B"))
    p.add_argument("--values", action="store_true")
    a = p.parse_intermixed_args(argv)
    twice = []
    if a.equal:
        one, two = held(a.equal[:1], twice), held(a.equal[1:], twice)
        return compare(one, two, twice, lambda kind, record: False, False, a.values)
    # "--missing-ok KIND... FILE...": what is not a kind is a file
    files = a.expected + [x for x in a.missing_ok if "." in x or "/" in x]
    kinds = set(a.missing_ok) - set(files)
    if not files or not a.held:
        p.error("give EXPECTED files and --held EXPORT files, or --equal A B")
    have = held(a.held, twice)

    def may_miss(kind, record):
        return kind in kinds or a.drafts_local and record.get("state") == "draft"
    return compare(expected(files), have, twice, may_miss, a.extra_ok, a.values)


if __name__ == "__main__":
    sys.exit(main())

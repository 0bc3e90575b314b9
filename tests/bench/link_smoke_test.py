#!/usr/bin/env python3
"""link_smoke_test: the bench over virtual links runs, small, and its rows hold
together. No figure is asserted that a change of the codec would move."""

import glob
import json
import lzma
import os
import subprocess
import sys
import tempfile

ROOT = os.environ["YIZHAN_SOURCE_ROOT"]
SAMPLE = os.path.join(ROOT, "tests", "data", "sample")
FILES = ["reference", "residents", "devices", "contracts"]
FIRST, DAY, UPDATES = 60, 20, 5
REFERENCE = ("org", "staff", "practice_site", "team", "drug")
LINKS = ("9.6k 600ms", "64k 600ms", "1M 100ms")
STEPS = ("first load of %d" % FIRST, "nothing new", "one encounter",
         "a day's %d encounters" % DAY, "%d one-field updates" % UPDATES)


def check(is_true, what):
    if not is_true:
        sys.exit("FAILED: " + what)


def run(bench, folder, *more):
    """What it printed, and its rows."""
    figures = os.path.join(folder, "figures.json")
    words = [bench, "--first", str(FIRST), "--day", str(DAY), "--updates",
             str(UPDATES), "--json", figures, *more,
             os.path.join(folder, "group.ndjson")]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    check(done.returncode == 0, "exit %d" % done.returncode)
    with open(figures, encoding="utf-8") as f:
        return done.stdout.decode(), json.load(f)


def write_group(folder):
    paths = [os.path.join(SAMPLE, name + ".ndjson") for name in FILES]
    paths += sorted(glob.glob(os.path.join(SAMPLE, "day-*.ndjson")))
    lines = []
    for path in paths:
        with open(path, "rb") as f:
            lines += f.readlines()
    with open(os.path.join(folder, "group.ndjson"), "wb") as out:
        out.writelines(lines)
    return lines


def test_rows_hold_together(text, rows):
    check(len(rows) == 3 * 5 + 3, "%d rows" % len(rows))
    by = {(r["what"], r["link"]): r for r in rows}
    for r in rows:
        check(r["what"] in text or r["what"] == "windows",
              r["what"] + " is not in the table")
    for link in LINKS:
        nothing, one = by["nothing new", link], by["one encounter", link]
        check(nothing["changes"] == 0 and nothing["round_trips"] == 3,
              "nothing new: %r" % nothing)
        check(one["changes"] == 1 and one["round_trips"] == 3,
              "one encounter: %r" % one)
        check(one["up"] > nothing["up"], "one costs nothing")
        # A draft among them is not sent.
        first = by[STEPS[0], link]
        check(50 <= first["changes"] <= FIRST, "first load: %r" % first)
    slow = by[STEPS[0], "9.6k 600ms"]
    check(slow["seconds"] > 8 * slow["up"] / 9600, "faster than its link")
    windows = by["windows", "64k 600ms 3%"]
    check(0 < windows["share"] <= 1.05, "share: %r" % windows)


# --- what compressors make of it ---------------------------------------------

def visits_of(lines):
    """What the township and its villages wrote of visits, in order."""
    records = [json.loads(line) for line in lines]
    below = {"ref:C01"} | {
        "ref:" + r["ref"] for r in records
        if r["kind"] == "org" and r.get("parent_org_id") == "ref:C01"}
    return [(r, line) for r, line in zip(records, lines)
            if r["kind"] == "encounter" and r["org_id"] in below]


def sent(visits):
    return b"".join(line for r, line in visits if r["state"] != "draft")


def check_sizes(row, name, text):
    check(row["json_bytes"] == len(text), "%s: %r" % (name, row))
    if text and row["json_xz_9e"] is not None:  # null: without liblzma
        xz = len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
        # Headers of a file may differ by some bytes.
        check(abs(row["json_xz_9e"] - xz) <= 8, "%s: xz -9e makes it %d" % (
            name, xz))


def test_compressors_stand_beside(rows, lines):
    by = {(r["what"], r["link"]): r for r in rows}
    visits = visits_of(lines)
    for link in LINKS:
        for what, text in (
                (STEPS[0], sent(visits[:FIRST])),
                ("nothing new", b""),
                ("one encounter", sent(visits[FIRST:FIRST + 1])),
                (STEPS[3], sent(visits[FIRST + 1:FIRST + 1 + DAY]))):
            check_sizes(by[what, link], what, text)
        for what in STEPS:
            r = by[what, link]
            if what == "nothing new":
                check(r["json_zstd_19"] == r["plain_bytes"] ==
                      r["plain_zstd_19"] == 0, "of nothing: %r" % r)
                continue
            check(0 < r["plain_bytes"] < r["json_bytes"], "plain: %r" % r)
            check(0 < r["json_zstd_19"] < r["json_bytes"], "zstd: %r" % r)
            check(0 < r["plain_zstd_19"] <= r["plain_bytes"] + 16,
                  "zstd of plain: %r" % r)


# --- foreign text ------------------------------------------------------------

def in_gb2312(c):
    """Whether it is one of its characters, not of its signs."""
    try:
        return len(c.encode("gb2312")) == 2 and c.encode("gb2312")[0] >= 0xb0
    except UnicodeEncodeError:
        return False


def note_pairs(before, after, pairs):
    check(len(before) == len(after) and
          len(before.encode()) == len(after.encode()), "another length")
    for a, b in zip(before, after):
        check(in_gb2312(a) == in_gb2312(b), "%r became %r" % (a, b))
        if not in_gb2312(a):
            check(a == b, "%r became %r" % (a, b))
            continue
        check(a != b, "%r stayed" % a)
        check(pairs.setdefault(a, b) == b, "%r became two" % a)


def test_foreign_text(rows, lines, foreign_rows, foreign_lines):
    pairs = {}
    codes = 0
    check(len(lines) == len(foreign_lines), "lines were lost")
    for line, foreign in zip(lines, foreign_lines):
        record, other = json.loads(line), json.loads(foreign)
        if record["kind"] in REFERENCE:
            check(line == foreign, "reference data was rewritten")
            continue
        note_pairs(line.decode(), foreign.decode(), pairs)
        for a, b in zip(record.get("diagnoses", []),
                        other.get("diagnoses", [])):
            check(a.get("code") == b.get("code"), "a code was rewritten")
            check(a["name"] != b["name"], "a name was not")
            codes += 1
    check(codes > 20 and len(pairs) > 200, "hardly any text")
    check(len(set(pairs.values())) == len(pairs), "two became one")
    for r, f in zip(rows, foreign_rows):
        if r["what"] == "windows":
            continue
        check(r["changes"] == f["changes"], "other changes: %r" % f)
        check(r.get("json_bytes") == f.get("json_bytes"), "length: %r" % f)
        if r["what"] == STEPS[0]:
            check(r["up"] != f["up"], "the text as it was is sent")


def main():
    bench = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="link-bench-") as folder:
        lines = write_group(folder)
        text, rows = run(bench, folder)
        again, _ = run(bench, folder)
        kept = os.path.join(folder, "lines.ndjson")
        _, foreign_rows = run(bench, folder, "--foreign", "7", "--lines",
                              kept)
        with open(kept, "rb") as f:
            foreign_lines = f.readlines()
    check(text == again, "two runs differ")
    test_rows_hold_together(text, rows)
    test_compressors_stand_beside(rows, lines)
    test_foreign_text(rows, lines, foreign_rows, foreign_lines)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""link_smoke_test: the bench over virtual links runs, small, and its rows hold
together. No figure is asserted that a change of the codec would move."""

import glob
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.environ["YIZHAN_SOURCE_ROOT"]
SAMPLE = os.path.join(ROOT, "tests", "data", "sample")
FILES = ["reference", "residents", "devices", "contracts"]


def check(is_true, what):
    if not is_true:
        sys.exit("FAILED: " + what)


def main():
    bench = sys.argv[1]
    paths = [os.path.join(SAMPLE, name + ".ndjson") for name in FILES]
    paths += sorted(glob.glob(os.path.join(SAMPLE, "day-*.ndjson")))
    with tempfile.TemporaryDirectory(prefix="link-bench-") as folder:
        group = os.path.join(folder, "group.ndjson")
        with open(group, "wb") as out:
            for path in paths:
                with open(path, "rb") as f:
                    out.write(f.read())
        figures = os.path.join(folder, "figures.json")
        words = [bench, "--first", "60", "--day", "20", "--updates", "5",
                 "--json", figures, group]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
        check(done.returncode == 0, "exit %d" % done.returncode)
        with open(figures, encoding="utf-8") as f:
            rows = json.load(f)
        again = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    check(done.stdout == again.stdout, "two runs differ")
    check(len(rows) == 3 * 5 + 3, "%d rows" % len(rows))
    by = {(r["what"], r["link"]): r for r in rows}
    for r in rows:
        check(r["what"] in done.stdout.decode() or r["what"] == "windows",
              r["what"] + " is not in the table")
    for link in ("9.6k 600ms", "64k 600ms", "1M 100ms"):
        nothing, one = by["nothing new", link], by["one encounter", link]
        check(nothing["changes"] == 0 and nothing["round_trips"] == 3,
              "nothing new: %r" % nothing)
        check(one["changes"] == 1 and one["round_trips"] == 3,
              "one encounter: %r" % one)
        check(one["up"] > nothing["up"], "one costs nothing")
        # A draft among them is not sent.
        first = by["first load of 60", link]
        check(50 <= first["changes"] <= 60, "first load: %r" % first)
    slow = by["first load of 60", "9.6k 600ms"]
    check(slow["seconds"] > 8 * slow["up"] / 9600, "faster than its link")
    windows = by["windows", "64k 600ms 3%"]
    check(0 < windows["share"] <= 1.05, "share: %r" % windows)


if __name__ == "__main__":
    main()

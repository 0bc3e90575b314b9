#!/usr/bin/env python3
"""run: measure what yizhan costs, beside the goals; prints a table.

usage: tests/bench/run.py [--build DIR] [--seed N] [--generate PATH]
                          [--only NAME,...] [--json FILE] [--at DIR]

Drives real programs in a folder of its own (--at: where to make it, since the
disk counts). Without --build it makes a release build in build-bench/. What is
above its goal is named with the reason. Nothing here is a test: figures are
measured, never asserted; but where a program's own count of bytes or round
trips differs from the proxy's, or a store holds other facts than were written,
the exit code is 1. docs/figures.md holds a table and says how to read it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import links
import machine
import rows as measured
import volume
from reasons import REASONS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
COLUMNS = 110
MEASURES = measured.MEASURES + [("links", links.measure_links),
                                ("volume", volume.measure_volume)]


def arguments():
    names = [name for name, _ in MEASURES]
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--build", help="a release build; made if not given")
    p.add_argument("--seed", type=int, default=11)
    p.add_argument("--generate", default=os.path.join(
        ROOT, "tests", "corpus", "generate.py"), help="another generator")
    p.add_argument("--only", help="of " + ",".join(names))
    p.add_argument("--json", help="write all that was measured here")
    p.add_argument("--at", help="make the stores in this folder")
    p.add_argument("--small", action="store_true",
                   help="sizes that mean nothing: does it run?")
    a = p.parse_args()
    a.names = a.only.split(",") if a.only else names
    for name in a.names:
        if name not in names:
            p.error("no such rows: %s (of %s)" % (name, ",".join(names)))
    return a


def say(text):
    print("-- " + text, file=sys.stderr, flush=True)


def make_build():
    build = os.path.join(ROOT, "build-bench")
    if not os.path.exists(os.path.join(build, "build.ninja")):
        subprocess.run(["meson", "setup", build, ROOT, "-Dbuildtype=release"],
                       check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build], check=True,
                   stdout=subprocess.DEVNULL)
    return build


# --- what is printed ---------------------------------------------------------

def number(value, unit=""):
    if value is None:
        return "-"
    if unit in ("B", "lines/s", "changes/s", "changes", "") and value >= 1000:
        text = "{:,.0f}".format(value)
    elif value == int(value):
        text = "%d" % value
    else:
        text = "%.2f" % value if value < 10 else "%.1f" % value
    return text + (" " + unit if unit and unit != "%" else unit)


def spread(row):
    low, high = getattr(row, "spread", (min(row.values), max(row.values)))
    if low == high:
        return ""
    return "%s..%s" % (number(low), number(high))


def verdict(row):
    if row.is_met is None:
        return ""
    return "met" if row.is_met else "above" if row.most else "below"


def context(row):
    parts = []
    for key, value in row.context.items():
        values = value if isinstance(value, list) else [value]
        name = key.replace("_", " ")
        parts.append("%s %s" % (name, " / ".join(
            number(v) for v in values if v is not None)))
    return "; ".join(parts)


def print_paragraph(text):
    print(textwrap.fill(text, COLUMNS, initial_indent="    ",
                        subsequent_indent="    "))


def print_table(rows):
    form = "%-56s %15s %15s %6s %6s %s"
    print(form % ("what", "median", "spread", "goal", "ratio", "verdict"))
    for row in rows:
        print((form % (
            row.name, number(row.median, row.unit), spread(row),
            number(row.goal), "" if row.ratio is None else "%.2f" % row.ratio,
            verdict(row))).rstrip())
        if row.context:
            print_paragraph(context(row))
        if row.is_met is False:
            print_paragraph("why: " + reason(row))
    for name in measured.NOT_BUILT:
        print("%-80s not built yet" % name)


def reason(row):
    for start, text in REASONS:
        if row.name.startswith(start):
            return text
    return "not known"


def as_json(row):
    out = {"name": row.name, "unit": row.unit, "median": row.median,
           "min": min(row.values), "max": max(row.values),
           "runs": len(row.values), "values": row.values, "goal": row.goal,
           "goal_is": "at most" if row.most else "at least",
           "ratio": row.ratio, "met": row.is_met, "context": row.context}
    if row.is_met is False:
        out["reason"] = reason(row)
    return out


def main():
    a = arguments()
    build = os.path.abspath(a.build) if a.build else make_build()
    # Without a build folder's path in it: a socket's path is short.
    folder = tempfile.mkdtemp(prefix="bench-", dir=a.at)
    b = measured.Bench(ROOT, build, folder, os.path.abspath(a.generate),
                       a.seed, measured.Sizes(a.small), say)
    facts = machine.facts(ROOT, folder)
    rows, failures = [], []
    for ended in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ended, signal.default_int_handler)
    try:
        for name, measure in MEASURES:
            if name not in a.names:
                continue
            began = time.monotonic()
            try:
                rows += measure(b)
            except measured.Failed as e:
                failures.append("%s: %s" % (name, e))
            except KeyboardInterrupt:
                failures.append("%s and what follows: interrupted" % name)
                break
            say("%s: %.0f s" % (name, time.monotonic() - began))
            b.group.close()
    finally:
        b.group.close()
        shutil.rmtree(folder, ignore_errors=True)
    facts["load_after"] = list(os.getloadavg())
    print("%(cpu)s, %(cores)d cores, %(memory_mib)d MiB, Linux %(kernel)s, "
          "commit %(commit)s" % facts)
    print("stores on %s; fdatasync of 4 KiB: %s us; load %.2f before, %.2f "
          "after" % (facts["file_system"]["type"],
                     "..".join(str(facts["fsync_us"][k])
                               for k in ("min", "median", "max")),
                     facts["load"][0], facts["load_after"][0]))
    print_table(rows)
    for text in b.differences:
        print("DIFFERENT: " + text)
    for text in failures:
        print("NOT MEASURED: " + text)
    if a.json:
        with open(a.json, "w", encoding="utf-8") as f:
            json.dump({"machine": facts, "seed": a.seed,
                       "rows": [as_json(r) for r in rows],
                       "not_built": measured.NOT_BUILT,
                       "differences": b.differences,
                       "not_measured": failures}, f, indent=1)
            f.write("\n")
    return 1 if b.differences or failures else 0


if __name__ == "__main__":
    sys.exit(main())

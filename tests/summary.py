#!/usr/bin/env python3
"""Count what really ran, from the logs of `meson test`.

usage: summary.py [--log=FILE]... [--failed-step=WHAT]...

A log has one JSON object a line, one for each test program. Where a program
printed its cases (cmocka as TAP), the cases are counted, else the program
is one test. Under valgrind, cases were counted before and a program is one
test. Prints the output of what failed, and last `N passed, N failed`, with
`, N skipped` where some were. Exit code 1 when anything failed or nothing
passed.
"""

import argparse
import collections
import json
import os
import re

CASE = re.compile(r"^(not ok|ok)\b(?: \d+)?(.*)$", re.MULTILINE)
SKIPPED_CASE = re.compile(r"#\s*skip", re.IGNORECASE)
PASSED_RESULTS = {"OK", "EXPECTEDFAIL"}
OUTPUT_CHARACTERS_MAX = 20000


def count_cases(output, counts):
    """Add the cases that a program printed; how many failed, or None."""
    cases = CASE.findall(output)
    if not cases:
        return None
    failed = 0
    for verdict, rest in cases:
        if SKIPPED_CASE.search(rest):
            counts["skipped"] += 1
        elif verdict == "ok":
            counts["passed"] += 1
        else:
            failed += 1
    counts["failed"] += failed
    return failed


def count_test(test, counts, by_case):
    """Add one program; whether it failed."""
    result = test["result"]
    is_fault = result not in PASSED_RESULTS and result != "SKIP"
    if by_case:
        failed_cases = count_cases(test.get("stdout") or "", counts)
        if failed_cases is not None:
            # A program that died, or leaked, after its last good case.
            if is_fault and failed_cases == 0:
                counts["failed"] += 1
            return is_fault or failed_cases > 0
    if result == "SKIP":
        counts["skipped"] += 1
    else:
        counts["failed" if is_fault else "passed"] += 1
    return is_fault


def print_output(test):
    print(f"\n== failed: {test['name']} ({test['result']})")
    for stream in ("stdout", "stderr"):
        text = test.get(stream) or ""
        if len(text) > OUTPUT_CHARACTERS_MAX:
            text = "...\n" + text[-OUTPUT_CHARACTERS_MAX:]
        if text:
            print(text.rstrip("\n"))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--log", action="append", default=[])
    arguments.add_argument("--failed-step", action="append", default=[])
    given = arguments.parse_args()
    counts = collections.Counter()

    for path in given.log:
        by_case = "valgrind" not in os.path.basename(path)
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                test = json.loads(line)
                if count_test(test, counts, by_case):
                    print_output(test)
                elif test["result"] == "SKIP":
                    print(f"\n== skipped: {test['name']}\n"
                          f"{(test.get('stdout') or '').rstrip()}")
    for what in given.failed_step:
        print(f"\n== failed step: {what}")
        counts["failed"] += 1

    last = f"{counts['passed']} passed, {counts['failed']} failed"
    if counts["skipped"]:
        last += f", {counts['skipped']} skipped"
    print(f"\n{last}", flush=True)
    raise SystemExit(1 if counts["failed"] or not counts["passed"] else 0)


if __name__ == "__main__":
    main()

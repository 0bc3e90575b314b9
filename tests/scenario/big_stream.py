"""A long file out of a short one: its lines again and again, blank lines, and
junk, in a fixed order.

usage: big_stream.py FILE LINES new|same     with "new" every repetition gives
                                             the records other refs
"""

import re
import sys


def main():
    path, count, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    out = sys.stdout
    junk = ["", "   ", "{", '{"kind":"resident"', "[1,2]", "x" * 500]
    for n in range(count):
        if n % 2 == 1:
            out.write(junk[n // 2 % len(junk)] + "\n")
            continue
        line = lines[n // 2 % len(lines)]
        if what == "new":
            line = re.sub('"ref":"([A-Z])', f'"ref":"\\g<1>{n}-', line, 1)
        out.write(line + "\n")


try:
    main()
except BrokenPipeError:
    sys.exit(1)

#!/usr/bin/env python3
"""Write what is between the slots of the phrase files once, joined by commas,
the most useful last: content for ZDICT_finalizeDictionary().

usage: content.py [--bytes N] --out FILE

A trainer that picks stretches of the samples repeats itself; here no
fragment stands twice, not even within another one, so that more fit in.
"""

import argparse
import re
import sys

import phrases

# What is worth least first: zstd reaches the end of a dictionary cheapest.
FILES = ("diagnoses.txt", "drugs.txt", "words.txt", "plans.txt",
         "findings.txt", "complaints.txt")
# Lists of words.txt whose entries are single characters, codes or names.
NOT_TEXT = {"device", "address", "exam_item", "item", "staff_role", "model",
            "insurance", "surname", "male", "female", "minority", "rare"}
CUT = re.compile(r"\{[^{}]*\}|[|，、；：\t]")
BYTES_MIN = 6  # two characters


def lines(name):
    for line in phrases.lines_of(name):
        if name != "words.txt":
            if not line.startswith("["):
                yield line
            continue
        key, text = line.split(": ", 1)
        if key not in NOT_TEXT:
            yield text


def fragments(name):
    """Pieces of text between slots and marks, and the choices in slots."""
    found = {}
    for line in lines(name):
        pieces = CUT.split(line)
        for slot in phrases.SLOT.findall(line):
            if "|" in slot:
                pieces += slot.split("|")
        for piece in pieces:
            piece = piece.strip("{}()（）")
            if len(piece.encode()) >= BYTES_MIN:
                found[piece] = True
    return list(found)


def content(size):
    """The last size bytes, cut between characters."""
    parts = [fragments(name) for name in FILES]
    kept, text = set(), ""
    for piece in sorted({x for part in parts for x in part},
                        key=lambda x: (-len(x), x)):
        if piece not in text:
            kept.add(piece)
            text += "\n" + piece
    ordered = []
    for part in parts:
        for piece in reversed(part):  # the commonest of a file last
            if piece in kept:
                kept.remove(piece)
                ordered.append(piece)
    whole = "，".join(ordered).encode()
    return whole[-size:].decode("utf-8", "ignore").encode()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--bytes", type=int, default=64000)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    with open(a.out, "wb") as out:
        out.write(content(a.bytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())

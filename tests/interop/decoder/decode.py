#!/usr/bin/env python3
"""An independent decoder, made of docs/protocol.md and docs/store.md.

usage: decode.py RECORD SAMPLE_FOLDER DICTIONARY PROTOCOL_MD

Has tests/interop/record.c record sessions, takes them apart with the keys that
are given, and compares every field with what the C side says it was; checks the
test vectors of the page, and its limits (limits.py). Exit code 1 at the first difference.
"""

import json
import os
import subprocess
import sys
import tempfile

from agree import Difference
from dense import Dictionary
from group import Group
from limits import check_limits
from session import Session
from vectors import check_vectors
from wire import Refused, h8

SEED = os.environ.get("INTEROP_SEED", "7")

# What the recording has to show, or a test that passes says little.
HAS_TO_BE_SHOWN = (
    "HELLO up", "HELLO down", "CURSORS up", "CURSORS down",
    "CURSORS_WANTED down", "DATA up", "DATA down", "RECEIPT down",
    "GROUP_RECEIPT down", "END down", "BYE up", "ERROR up", "GRANT down",
    "JOIN up", "WELCOME down", "WITHDRAWN down", "SETTLED up", "UNHEARD up", "TAKEN up",
    "TAKEN down", "GROUP_HELD down", "DENSE up", "DENSE down",
    "batches up, rows", "batches down, rows", "batches up, dense",
    "batches down, dense", "dense that go on", "dense with history",
    "histories above 256", "histories above 512",
    "dense that follow", "exceptions for 111", "exceptions for 115",
    "receipts of an old cursor", "END that keeps back", "running hashes",
    "heads", "ROWS in message 2",
)


def check_recording(path, dictionary):
    with open(path, encoding="utf-8") as f:
        recording = json.load(f)
    group = Group(recording["kinds"], {0: dictionary, dictionary.id: dictionary})
    for record in recording["sessions"]:
        group.root_key = bytes.fromhex(record["root_key"])
        group.id = h8(group.root_key)
        try:
            Session(group, record).run()
        except Refused as e:
            raise Difference("%s: refused: %s" % (record["name"], e)) from e
        print("ok: %s" % record["name"], flush=True)
    for what in sorted(group.counts):
        print("%6d %s" % (group.counts[what], what))
    for what in HAS_TO_BE_SHOWN:
        if not group.counts.get(what):
            raise Difference("the recording shows no %s" % what)


def record(program, sample, folder):
    """Stores are made in the folder, too."""
    path = os.path.join(folder, "recording.json")
    subprocess.run([os.path.abspath(program), os.path.abspath(sample), SEED,
                    path], cwd=folder, check=True)
    return path


def main(arguments):
    if len(arguments) != 4:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    program, sample, dictionary_path, page = arguments
    with open(dictionary_path, "rb") as f:
        data = f.read()
    try:
        check_limits(page)
        dictionary = Dictionary(data)
        print("ok: dictionary %08x, %d bodies" % (
            dictionary.id, len(dictionary.bodies)), flush=True)
        check_vectors(page, dictionary)
        with tempfile.TemporaryDirectory() as folder:
            check_recording(record(program, sample, folder), dictionary)
    except (Difference, Refused) as e:
        print("decode: %s" % e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

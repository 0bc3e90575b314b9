#!/usr/bin/env python3
"""smoke_test: the bench runs, each row yields a value, and its proxy counts
rightly. Sizes are tiny and no time is looked at.

usage: smoke_test.py BUILD
"""

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading

import proxy as counting
import rows

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROWS = 64  # one or two a goal whose feature exists; over links twice


def check(is_true, what):
    if not is_true:
        sys.exit("FAILED: " + what)


# --- the proxy ---------------------------------------------------------------

def serve(listener, count):
    """Answers each of count pieces of 100 bytes with 10."""
    s, _ = listener.accept()
    for _ in range(count):
        left = 100
        while left > 0:
            left -= len(s.recv(left))
        s.sendall(b"a" * 10)
    s.close()


def test_proxy_counts_bytes_and_turns():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        server = threading.Thread(target=serve, args=(listener, 3))
        server.start()
        p = counting.Proxy(listener.getsockname()[1], delay=0.01)
        with socket.create_connection(("127.0.0.1", p.port)) as s:
            s.sendall(b"q" * 100)
            check(s.recv(10) == b"a" * 10, "an answer came through")
            # Two pieces without waiting between: one turn, not two.
            s.sendall(b"q" * 200)
            left = 20
            while left > 0:
                left -= len(s.recv(left))
        server.join()
        p.close()
    c = p.connections[0]
    check(c.wait(), "the connection ended")
    check(c.bytes == [300, 30], "bytes: %r" % c.bytes)
    check(c.round_trips == 3, "turns: %d" % c.round_trips)


class Liar:
    """A program that said less than the proxy saw, and what passed it."""

    def __init__(self, **wrong):
        self.connections, self.wrong = [], wrong

    def json(self, *_):
        c = counting.Connection()
        c.bytes, c.given = [300, 200], [4, 5]
        c.first, c.last = 1.0, 2.0
        c.open_ways.release(2)
        self.connections.append(c)
        return dict({"state": "done", "bytes_sent": 300, "round_trips": 3,
                     "bytes_received": 200, "changes_sent": 1}, **self.wrong)


def test_another_count_is_told():
    for wrong, told in (({}, 0), ({"bytes_sent": 299}, 1),
                        ({"bytes_received": 0}, 1), ({"round_trips": 2}, 1),
                        ({"round_trips": 4}, 0)):
        b = rows.Bench(ROOT, "", "", "", 1, rows.Sizes(True), print)
        b.group = Liar(**wrong)
        rows.session(b, "clinic", b.group, "a step")
        check(len(b.differences) == told, "%r: %r" % (wrong, b.differences))


# --- all of it ---------------------------------------------------------------

def test_every_row_has_a_value(build):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = os.path.join(folder, "figures.json")
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "run.py"), "--build",
             build, "--small", "--json", out], stdout=subprocess.PIPE,
            check=False)
        table = done.stdout.decode("utf-8")
        check(done.returncode == 0, "exit %d:\n%s" % (done.returncode, table))
        with open(out, encoding="utf-8") as f:
            figures = json.load(f)
    check(len(figures["rows"]) == ROWS, "%d rows" % len(figures["rows"]))
    for row in figures["rows"]:
        check(row["values"], row["name"] + ": no value")
        for value in row["values"]:
            check(math.isfinite(value) and value > 0,
                  "%s: %r" % (row["name"], value))
        check(row["name"] in table, row["name"] + " is not in the table")
    check(figures["differences"] == [], "counts: %r" % figures["differences"])
    for line in table.splitlines():
        check(len(line) <= 110, "too wide: " + line)


def main():
    build = sys.argv[1]
    test_proxy_counts_bytes_and_turns()
    test_another_count_is_told()
    test_every_row_has_a_value(build)


if __name__ == "__main__":
    main()

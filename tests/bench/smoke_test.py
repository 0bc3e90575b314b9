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
import volume_facts

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


# --- what stores hold --------------------------------------------------------

def visit(ref, **more):
    return dict({"kind": "encounter", "ref": ref, "by": "ref:S1",
                 "at": "2026-05-01T09:00:00+08:00", "org_id": "ref:V1",
                 "state": "signed", "resident_id": "ref:R1"}, **more)


def resident(ref, org):
    return {"kind": "resident", "ref": ref, "by": "ref:S1",
            "at": "2026-05-01T08:00:00+08:00", "org_id": "ref:" + org,
            "managing_org_id": "ref:" + org}


def write(b, name, records):
    lines = [json.dumps(r).encode() + b"\n" for r in records]
    return b.group.write(name, lines)


def told_of(compare):
    """What compare, given a bench, tells of differences."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        b = rows.Bench(ROOT, "", folder, "", 1, rows.Sizes(True), lambda _: 0)
        compare(b)
        return b.differences


def test_all_that_differs_is_told_in_one_run():
    def compare(b):
        said = [visit("E%d" % i) for i in range(100)]
        held = [visit("E%d" % i, fee=1) for i in range(1, 100)]
        volume_facts.same(b, "the hub", [write(b, "said", said)],
                          write(b, "held", held))
    told = told_of(compare)
    check(len(told) == 1, "told: %r" % told)
    check(": 100\n" in told[0], "the count: " + told[0])
    check(told[0].endswith("and others"), "that there is more: " + told[0])
    check(told[0].count("\n    encounter ") == volume_facts.SHOWN,
          "how much is shown: " + told[0])


def test_the_same_facts_are_nothing_to_tell():
    def compare(b):
        said = [visit("E%d" % i) for i in range(20)]
        volume_facts.same(b, "the hub", [write(b, "said", said)],
                          write(b, "held", said[::-1]))
    check(told_of(compare) == [], "told of nothing")


def request(state, org):
    return {"kind": "exam_request", "ref": "Q1", "by": "ref:S1",
            "at": "2026-05-01T10:00:00+08:00", "org_id": "ref:" + org,
            "state": state, "resident_id": "ref:R2", "to_org": "ref:H01"}


REPORT = {"kind": "exam_report", "ref": "W1", "by": "ref:S2",
          "at": "2026-05-01T11:00:00+08:00", "org_id": "ref:H01",
          "exam_request_id": "ref:Q1", "resident_id": "ref:R2"}


def given_up(record):
    return {"kind": record["kind"], "ref": record["ref"], "emptied": True}


def town_with(held):
    """What is told of C01, which keeps R1's file and asked for an examination
    of R2, whose file C02 keeps; held makes what it holds of what it is to
    hold, and of what it is not."""
    mine = [resident("R1", "C01"), visit("E1", org_id="ref:C01"),
            request("sent", "C01")]
    answers = [dict(request("received", "H01"), at=REPORT["at"]), REPORT]
    others = [resident("R2", "C02"),
              visit("E2", org_id="ref:C02", resident_id="ref:R2"),
              visit("E3", org_id="ref:C02", resident_id="ref:R3")]

    def compare(b):
        said = write(b, "said", mine + answers + others)
        write(b, "volume-lines-C01-stock", mine[:1])
        write(b, "volume-lines-C01-days", mine[1:])
        write(b, "volume-C01.ndjson", held(mine[:2] + answers, others))
        volume_facts.of_town(b, "C01", {"C01"}, [said], said)
    return told_of(compare)


def test_a_town_is_held_against_what_concerns_it():
    def told(held, *whats):
        told = town_with(held)
        check(len(told) == len(whats) and
              all(what in text for what, text in zip(whats, told)),
              "%r: %r" % (whats, told))
    told(lambda due, others: due)
    told(lambda due, others: due + [given_up(others[2])])
    told(lambda due, others: due + others[2:],
         "does not concern it: 1\n    encounter E3")
    told(lambda due, others: due[:1] + due[2:],
         "lacks what it is to have: 1\n    encounter E1",
         "was written: 1\n    encounter E1: missing")
    told(lambda due, others: due[:1] + [given_up(due[1])] + due[2:],
         "lacks what it is to have: 1\n    encounter E1",
         "was written: 1\n    encounter E1: missing")
    told(lambda due, others: due[:1] + [dict(due[1], fee=1)] + due[2:],
         "encounter E1: fields differ: fee")
    told(lambda due, others: due[:2] + [request("sent", "C01")] + due[3:],
         "exam_request Q1: fields differ: at, org_id, state")
    told(lambda due, others: due[:3],
         "lacks what it is to have: 1\n    exam_report W1")


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
    test_all_that_differs_is_told_in_one_run()
    test_the_same_facts_are_nothing_to_tell()
    test_a_town_is_held_against_what_concerns_it()
    test_every_row_has_a_value(build)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""links: whole programs over links that die, hang, crawl and are cut.

    links.py NAME... [--seed S]       NAME: a function below, with dashes
"""
import argparse
import json
import os
import random
import sys
import threading
import time

from group import DONE, Failed, Group, Node, expect
from ledger import Book
from proxy import Proxy


def proxy_to(g, seed, plan=None):
    return Proxy(("127.0.0.1", g.port), seed=seed, plan=plan).start()


def save(clinic, book, count, noise=None):
    """noise: a Random; each line then has a note that no compression makes short."""
    lines = book.lines(count)
    for line in lines:
        if noise is not None:
            line["x_note"] = "%0100x" % noise.getrandbits(400)
    data = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines).encode()
    book.imported(lines, clinic.run("import", "-", "--source", "his", "--json", data=data), killed=False)


def sync(clinic, book, *options):
    """One sync; whether it said done."""
    before = set(book.saved)
    return book.synced(before, clinic.run("sync", "--json", *options, codes=None), killed=False)


def through(g, clinic, book):
    expect(sync(clinic, book, "--wait"), "the last sync did not end")
    return book.check(clinic, g.hub, through=True)


# --- an agent killed between saved and sync ---------------------------------

def saved_then_killed(seed):
    with Group() as g:
        clinic, book = g.clinic("clinic"), Book("S")
        for count in (1, 30, 200):
            clinic.start()
            save(clinic, book, count)
            clinic.kill()  # a second before it would have connected
            expect(clinic.status()["saved_here"] == count, "not shown as saved here")
            before = set(book.saved)
            clinic.start()
            for _ in range(600):
                if clinic.status()["saved_here"] == 0:
                    break
                time.sleep(0.1)
            expect(clinic.status()["at_group"] == len(book.saved), "the agent did not sync by itself:", clinic.status())
            book.done |= before
            g.hub.kill()
            g.hub.start()
            book.check(clinic, g.hub)
            clinic.kill()
        through(g, clinic, book)


# --- a second session beside a dying one ------------------------------------

def dying(seed):
    draw = random.Random(seed)
    with Group() as g:
        proxy = proxy_to(g, seed)
        clinic, book = g.clinic("clinic", port=proxy.port), Book("D", ("encounter", "resident", "referral"))
        beside = 0
        for n in range(36):
            if n >= 12 and beside >= 3:
                break
            save(clinic, book, draw.choice((3, 150, 600)))
            # The near side ends while bytes are on their way, which goes on for
            # up to two seconds; the clinic's next session overtakes them.
            proxy.plan = {"delay_ms": [0, draw.choice((60, 300))], "cut_ms": [20, draw.choice((300, 700))], "drain_ms": draw.randint(300, 2000), "first": 1,
                          "rate": draw.choice((None, 60000))}
            one = sync(clinic, book)
            if n % 3 == 2:
                save(clinic, book, 20)
            dead = proxy.links[-1]
            sync(clinic, book)
            beside += dead.is_dying and not one
            if n % 4 == 3:
                g.hub.kill()
                g.hub.start()
                book.check(clinic, g.hub)
        expect(beside >= 3, "only", beside, "sessions ran beside a dying one")
        through(g, clinic, book)
        time.sleep(2.1)  # the last dying one is gone as well
        book.check(clinic, g.hub, through=True)
        proxy.stop()


# --- two clinics, cut every few seconds -------------------------------------

def two_clinics(seed):
    with Group() as g:
        proxy = proxy_to(g, seed)
        pairs = [(g.clinic(name, port=proxy.port), Book(name.upper(), kinds))
                 for name, kinds in (("ta", ("encounter", "resident")), ("tb", ("encounter", "referral")))]
        proxy.plan = {"cut_ms": [10, 400], "delay_ms": [0, 40], "rate": 200000, "refuse_ms": [50, 300, 500, 2000]}
        for clinic, _ in pairs:
            clinic.start()
        faults = []

        def cuts():
            return sum(x["end"] in ("fin", "rst") for x in proxy.report()["connections"])

        def work(clinic, book, draw):
            try:
                # On a fast machine many sessions are through before the cut.
                for turn in range(60):
                    if turn >= 8 and cuts() >= 6:
                        break
                    save(clinic, book, draw.randint(1, 120))
                    sync(clinic, book, *draw.choice(((), ("--wait", "--timeout", "3"))))
            except Failed as e:
                faults.append(e)
        threads = [threading.Thread(target=work, args=(*p, random.Random("%d %s" % (seed, p[0].name)))) for p in pairs]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        expect(not faults, *faults)
        expect(cuts() >= 3, "only", cuts(), "cuts")
        for clinic, book in pairs:
            book.check(clinic, g.hub)
        proxy.plan = {}
        for clinic, book in pairs:
            through(g, clinic, book)
            clinic.stop()
        # One clinic's records come down to the other as well, once: same org.
        for clinic, _ in pairs:
            clinic.run("sync", "--wait")
        rows = [clinic.export() for clinic, _ in pairs]
        for _, book in pairs:
            expect(book.held_of(rows[0]) == book.held_of(rows[1]), "the clinics differ in", book.name)
        expect(proxy.report()["up"] > 0, "nothing went through the proxy")
        proxy.stop()


# --- everything late --------------------------------------------------------

def slow(seed):
    with Group() as g:
        proxy = proxy_to(g, seed)
        clinic, book = g.clinic("clinic", port=proxy.port), Book("L", ("encounter", "resident", "referral"))
        for delay in ([60, 60], [0, 600], [2000, 2000], [0, 2000]):
            save(clinic, book, 150)
            proxy.plan = {"delay_ms": delay}
            expect(sync(clinic, book, "--wait"), "not done at", delay)
            before = proxy.report()["up"]
            proxy.plan = {}
            through(g, clinic, book)
            expect(proxy.report()["up"] - before < 2000, "sent again:", proxy.report())
        taken = json.loads(g.hub.run("sites", "--json").out.splitlines()[0])["changes_taken"]
        expect(taken == len(book.saved), "the hub took", taken, "changes of", len(book.saved))
        proxy.stop()


# --- windows -----------------------------------------------------------------

NARROW = {"rate": 8000, "delay_ms": [150, 150], "loss": 0.03, "retransmit_ms": 500, "queue": 4096, "window_ms": [8000, 1500]}


def windows(seed):
    """64 kbit/s for eight seconds at a time: a backlog goes through over several windows, each going on where the one before had got to."""
    with Group() as g:
        proxy = proxy_to(g, seed, NARROW)
        clinic, book = g.clinic("clinic", port=proxy.port), Book("W", ("encounter", "resident", "referral"))
        save(clinic, book, 1200, random.Random(seed))  # a batch is a tenth of it
        proxy.plan = dict(NARROW)  # the first window begins now
        held, until = [clinic.status()["at_parent"]], time.monotonic() + 150
        while not sync(clinic, book):
            expect(time.monotonic() < until, "it does not get through:", held)
            book.check(clinic, g.hub)
            held.append(clinic.status()["at_parent"])
            time.sleep(0.3)
        expect(held == sorted(held), "at the parent went back:", held)
        report = proxy.report()
        cut = [x for x in report["connections"] if x["end"] in ("fin", "rst")]
        expect(len(cut) >= 1 and len(set(held)) >= 2, "it was through in one window:", held, report)
        expect(sum(x["lost"] for x in report["connections"]) > 0, "nothing was lost")
        # The agent goes on over the same link by itself.
        clinic.start()
        save(clinic, book, 60)
        while clinic.status()["saved_here"] > 0:
            expect(time.monotonic() < until + 60, "the agent did not get through:", clinic.status())
            time.sleep(0.2)
        clinic.stop()
        book.done |= set(book.saved)
        proxy.plan = {}
        through(g, clinic, book)
        expect(clinic.status()["at_group"] == len(book.saved), clinic.status())
        taken = json.loads(g.hub.run("sites", "--json").out.splitlines()[0])["changes_taken"]
        expect(taken == len(book.saved), "the hub took", taken, "changes of", len(book.saved))
        print("windows: %s records at the parent after each, %d bytes up" % (held, report["up"]))
        proxy.stop()


# --- receipts that name what was refused ------------------------------------

def line_of(name, org):
    return {"kind": "resident", "ref": name, "by": "ref:S0001", "at": "2026-05-04T09:00:00+08:00", "org_id": "ref:" + org, "name": name,
            "sex": "1", "birth_date": "1980-01-01", "no_id_reason": "lost", "managing_org_id": "ref:" + org}


def refused(seed):
    """A receipt that a cut takes away names what the hub keeps apart: it is told again, and till then nothing of it is at the group."""
    with Group() as g:
        seen = 0
        for n, down in enumerate((52, 110, 180, 260, 350, 450, 600)):
            node = Node(g, "early%d" % n)
            node.run("init", "--name", node.name)
            lines = [line_of("g%d-%d" % (n, i), "C01") for i in range(10)] + [line_of("x%d-%d" % (n, i), "C09") for i in range(4)]
            data = "".join(json.dumps(x) + "\n" for x in lines).encode()
            node.run("import", "-", "--source", "his", data=data)
            code = g.hub.run("hub", "invite", "--org", "C01").out.decode().split()[0]
            node.run("join", code, "--hub", "127.0.0.1:%d" % g.port)
            proxy = proxy_to(g, seed, {"cut": {"down": down}, "drain_ms": 500, "first": 1})
            with open(os.path.join(node.dir, "yizhan.conf"), "w", encoding="utf-8") as f:
                f.write("[agent]\nparent = 127.0.0.1:%d\n" % proxy.port)
            cut = node.run("sync", "--json", codes=None)
            seen += cut.code != 6 or cut.summary["refused"] != 4
            s = node.status()
            expect(s["at_group"] <= s["at_parent"] <= 10, "called sent:", s)
            expect(cut.summary["changes_sent"] == s["at_parent"], "it says", cut.summary, "and holds", s)
            time.sleep(0.6)
            node.run("sync", "--wait", "--json", codes=None)
            s = node.status()
            got = [s[x] for x in ("saved_here", "at_parent", "at_group", "refused")]
            expect(got == [0, 10, 10, 4], "cut after", down, "bytes, and then", got)
            proxy.stop()
        expect(seen >= 3, "only", seen, "cuts took a receipt away")


# --- the last bytes ---------------------------------------------------------

def last_bytes(seed):
    """Cut, and then the hub killed, around the end of a session."""
    with Group() as g:
        proxy = proxy_to(g, seed)
        clinic, book = g.clinic("clinic", port=proxy.port), Book("B")
        save(clinic, book, 5)
        expect(sync(clinic, book), "not done")
        whole = proxy.report()["connections"][-1]
        told = {True: 0, False: 0}
        for way, span in (("down", 130), ("up", 60)):
            for back in range(0, span, 4):
                save(clinic, book, 5)
                proxy.plan = {"cut": {way: max(0, whole[way] - back)}, "first": 1}
                told[sync(clinic, book)] += 1
                if back % 40 == 0:
                    g.hub.kill()
                    g.hub.start()
                    book.check(clinic, g.hub)
        expect(min(told.values()) > 0, "all ended alike:", told)
        through(g, clinic, book)
        proxy.stop()


# --- silence ----------------------------------------------------------------

def silent(seed):
    """Each case has a clinic and a proxy of its own; they wait side by side for their time-outs."""
    handshake = 50  # bytes of the hub's answer to the handshake
    with Group() as g:
        cases = []
        for name in ("connect", "answer", "handshake", "hello", "end", "receipts"):
            proxy = proxy_to(g, seed)
            clinic, book = g.clinic("c-" + name, port=proxy.port), Book(name)
            save(clinic, book, 8)
            expect(sync(clinic, book), "not done")
            down = proxy.report()["connections"][-1]["down"]
            save(clinic, book, 8)
            at = {"connect": {"up": 0}, "answer": {"down": 0}, "handshake": {"down": handshake}, "hello": {"down": handshake + 20},
                  "end": {"down": down - 24}, "receipts": {"down": down - 150}}[name]
            proxy.plan = {"hole": at, "first": 1}
            cases.append((name, clinic, book, proxy))
        begun = [(c, set(c[2].saved), c[1].begin("sync", "--json")) for c in cases]
        for (name, clinic, book, proxy), before, process in begun:
            result = clinic.end(process)
            said = book.synced(before, result, killed=False)
            expect(not said, name, "said done:", result)
            # Nobody answered: that is no link, and no misunderstanding.
            expect(name not in ("connect", "answer", "handshake", "hello") or result.code == 4, name, "did not answer:", result)
            book.check(clinic, g.hub)
            through(g, clinic, book)
            proxy.stop()
        name, clinic, book, _ = cases[0]
        g.hub.stop()
        save(clinic, book, 1)
        result = clinic.run("sync", "--json", codes=None)
        expect(not book.synced(set(), result, killed=False) and result.summary["state"] in ("no_link", "failed"), result)
        g.hub.start()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("names", nargs="+")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    for name in a.names:
        try:
            begin = time.monotonic()
            globals()[name.replace("-", "_")](a.seed)
            print("%s: good, %.0f s" % (name, time.monotonic() - begin), flush=True)
        except Failed as e:
            print("FAILED in %s --seed %d: %s" % (name, a.seed, e), file=sys.stderr)
            return 1
    return DONE


if __name__ == "__main__":
    sys.exit(main())

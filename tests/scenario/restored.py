#!/usr/bin/env python3
"""restored: an older copy of a clinic goes on, and two copies at once."""
import argparse
import json
import os
import random
import shutil
import socket
import sys
import threading
import time

from group import DONE, Failed, Group, Node, expect
from ledger import Book
from links import save, sync

KINDS = ("encounter", "resident", "referral")  # of three urgencies


def add(clinic, book, count, draw=None):
    """Records that a person founds: their names are numbers of this store's life."""
    for _ in range(count):
        kind, text, form = book.form()
        r = clinic.run("add", kind, "-", "--by", "S0001", "--org", "C01", "--no-input", "--json",
                       data=json.dumps(form, ensure_ascii=False).encode(), codes=None)
        book.added(text, r, killed=False)


def take(clinic, where):
    shutil.copytree(clinic.dir, where, ignore=shutil.ignore_patterns("*.sock"))


def put_back(clinic, where):
    shutil.rmtree(clinic.dir)
    shutil.copytree(where, clinic.dir)


def settle(g, *clinics):
    """Sync until nobody has anything new to say. Two copies share one place in the hub's books, so each of them says the old again."""
    taken = None
    for _ in range(12):
        is_quiet = True
        for clinic in clinics:
            r = clinic.run("sync", "--json", codes=None)
            is_quiet = is_quiet and r.code == DONE
            if len(clinics) == 1:
                is_quiet = is_quiet and r.summary["changes_sent"] + r.summary["changes_received"] == 0
        last, taken = taken, g.hub.run("sites", "--json").out
        if is_quiet and [json.loads(x)["changes_taken"] for x in (last or b"").splitlines()] == [json.loads(x)["changes_taken"] for x in taken.splitlines()]:
            return
    raise Failed("the copies never came to rest: %s" % r)


def check_both(g, books, clinics):
    """All that any book promised is at the hub and at every clinic, once."""
    hub = g.hub.export()
    sides = [c.export() for c in clinics]
    for book in books:
        up = book.check_side(hub, book.saved, "the hub")
        expect(set(up) == set(book.given), "the hub has", len(up), "of", len(book.given))
        for clinic, rows in zip(clinics, sides):
            expect(book.check_side(rows, book.saved, clinic.name) == up, clinic.name, "and the hub differ in", book.name)
    for node in (g.hub, *clinics):
        node.run("verify")
    for clinic in clinics:
        s = clinic.status()
        expect(s["saved_here"] == 0 and s["refused"] == 0, s)


def depth(g, number, kinds_lost, lost, kinds_after, after, whole):
    """Lose `lost` records and write `after` others; whole: by files, else by forms."""
    name = "c%d" % number
    clinic = g.clinic(name)
    before, gone, fresh = Book(name + "-before", KINDS), Book(name + "-lost", kinds_lost), Book(name + "-after", kinds_after)
    write = save if whole else add
    write(clinic, before, 3)
    expect(sync(clinic, before, "--wait"), "not done")
    copy = os.path.join(g.work, name + ".copy")
    take(clinic, copy)
    write(clinic, gone, lost)
    expect(sync(clinic, gone, "--wait"), "not done")
    put_back(clinic, copy)
    clinic.start()  # in production nobody types sync
    write(clinic, fresh, after)
    books = (before, gone, fresh)
    # No done before it is true: what is done is at the hub at that moment.
    if sync(clinic, fresh, "--wait"):
        fresh.check_side(g.hub.export(), fresh.done, "the hub")
    clinic.stop()
    settle(g, clinic)
    check_both(g, books, [clinic])


def depths(seed):
    with Group() as g:
        cases = [(kinds_lost, lost, kinds_after, after, whole)
                 for kinds_lost, kinds_after in ((KINDS, KINDS), (("resident",), KINDS), (("resident",), ("resident",)), (("referral",), ("resident",)))
                 for lost, after, whole in ((7, 2, False), (4, 4, True), (2, 9, False))]
        for n, case in enumerate(cases):
            try:
                depth(g, n, *case)
            except Failed as e:
                raise Failed("case %d %s: %s" % (n, case, e)) from e


def clones(seed):
    """Two computers run one directory and both go on."""
    draw = random.Random(seed)
    with Group() as g:
        one = g.clinic("one")
        first = Book("first", KINDS)
        add(one, first, 4)
        expect(sync(one, first, "--wait"), "not done")
        two = Node(g, "two")
        take(one, two.dir)
        books = [Book("one", KINDS), Book("two", KINDS)]
        for _ in range(6):
            pairs = [(one, books[0]), (two, books[1])]
            draw.shuffle(pairs)
            for clinic, book in pairs:
                add(clinic, book, draw.randint(0, 3))
                save(clinic, book, draw.randint(1, 5))
                if draw.random() < 0.7:
                    sync(clinic, book, "--wait", "--timeout", "10")
        settle(g, one, two)
        check_both(g, [first, *books], [one, two])


def reference(seed):
    """A record founded after the restore refers to another one founded after
    it, whose number the hub knows as a lost record's; the two are of different
    urgency, and only the one referred to clashes."""
    for lost in (1, 2):
        with Group() as g:
            clinic = g.clinic("clinic")
            before, gone = Book("before", ("resident",)), Book("gone", ("resident",))
            add(clinic, before, 1)
            expect(sync(clinic, before, "--wait"), "not done")
            copy = os.path.join(g.work, "copy")
            take(clinic, copy)
            add(clinic, gone, lost)
            expect(sync(clinic, gone, "--wait"), "not done")
            put_back(clinic, copy)
            after = Book("after", ("resident",))
            add(clinic, after, 2)
            mother = after.founded["after 1."]
            expect(mother in gone.founded.values(), "the names do not clash: nothing is tested")
            referral = {"state": "issued", "direction": "up", "urgency": "emergency", "resident_id": "ref:" + mother, "from_org": "ref:C01", "to_org": "ref:H01",
                        "from_doctor": "ref:S0001", "to_dept": "妇产科", "issued_at": "2026-05-04T09:00:00+08:00", "reason": "诊断不明",
                        "impression": "of the one after", "consent": "family_signed"}
            clinic.run("add", "referral", "-", "--by", "S0001", "--org", "C01", "--no-input", "--json", data=json.dumps(referral, ensure_ascii=False).encode())
            for _ in range(3):
                clinic.run("sync", "--wait", "--json", codes=None)
                for node in (g.hub, clinic):
                    rows = node.export()
                    said = [r for r in rows.values() if r["kind"] == "referral"]
                    expect(len(said) <= 1, node.name, "has the referral", len(said), "times")
                    for r in said:
                        whom = rows.get(("resident", r["resident_id"][4:]), {}).get("name")
                        expect(whom in (None, "after 1."), node.name, "says the referral is of", whom, "when", lost, "were lost")
            settle(g, clinic)
            check_both(g, [before, gone, after], [clinic])
            rows = g.hub.export()
            said = [r for r in rows.values() if r["kind"] == "referral"]
            expect(len(said) == 1 and rows[("resident", said[0]["resident_id"][4:])]["name"] == "after 1.", "the referral:", said)


def deaf_after(port, count):
    """A port that leads to another, once: after so many bytes down no more come, and 0.4 s later it ends."""
    door = socket.create_server(("127.0.0.1", 0))

    def pour(source, sink, most, both):
        passed = 0
        try:
            while data := source.recv(65536):
                sink.sendall(data[:max(0, most - passed)])
                passed += len(data)
                if passed > most:
                    time.sleep(0.4)
                    break
        except OSError:
            pass
        for s in both:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        near = door.accept()[0]
        door.close()
        far = socket.create_connection(("127.0.0.1", port))
        down = threading.Thread(target=pour, args=(far, near, count, (near, far)))
        down.start()
        pour(near, far, 1 << 30, (near, far))
        down.join()
        near.close()
        far.close()
    threading.Thread(target=serve, daemon=True).start()
    return door.getsockname()[1]


def cut(seed):
    """What a copy hears by its receipts, which changes to write again, a cut may take away."""
    with Group() as g:
        for n, down in enumerate((400, 620, 700, 780, 860, 940)):
            name = "cut%d" % n
            clinic, books = g.clinic(name), [Book(name + x, ("resident",)) for x in "abc"]
            add(clinic, books[0], 1)
            clinic.run("sync", "--wait")
            copy = os.path.join(g.work, name + ".copy")
            take(clinic, copy)
            add(clinic, books[1], 2)
            clinic.run("sync", "--wait")
            put_back(clinic, copy)
            add(clinic, books[2], 3)
            clinic.run("sync", "--json", codes=None)  # finds that it is a copy
            config = os.path.join(clinic.dir, "yizhan.conf")
            with open(config, "w", encoding="utf-8") as f:
                f.write("[agent]\nparent = 127.0.0.1:%d\n" % deaf_after(g.port, down))
            clinic.run("sync", "--json", codes=None)
            os.remove(config)
            settle(g, clinic)
            check_both(g, books, [clinic])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("names", nargs="*", default=["depths", "clones", "reference", "cut"])
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    for name in a.names:
        try:
            globals()[name](a.seed)
            print("%s: good" % name, flush=True)
        except Failed as e:
            print("FAILED in %s --seed %d: %s" % (name, a.seed, e), file=sys.stderr)
            return 1
    return DONE


if __name__ == "__main__":
    sys.exit(main())

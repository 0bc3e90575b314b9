#!/usr/bin/env python3
"""kill_rounds: kill -9 of one side in the middle of imports and syncs.

    kill_rounds.py --victim clinic|hub [--rounds N] [--seed S] [--check N]

In each round something is saved, by an import or a form, with or without an
agent at the clinic, something syncs, and the victim is killed at a moment
drawn over twice the time such a thing takes. Then it goes on. The ledger is
read every --check rounds and at the end. A failure prints the seed.
"""
import argparse
import json
import random
import sys
import time

from group import DONE, Failed, Group, expect
from ledger import Book


class Rounds:
    def __init__(self, group, victim, seed):
        self.g, self.victim, self.random = group, victim, random.Random(seed)
        self.clinic = group.clinic("clinic")
        self.book = Book("R%d" % seed)
        self.waiting = []  # lines of imports that were killed: given again
        self.usual = {}    # seconds that an act takes when it is let be
        self.counts = {"kills": 0, "imports": 0, "adds": 0, "syncs": 0, "done": 0, "in time": 0}
        self.doctor = "S0001"

    # --- a kill at a random moment ---------------------------------------

    def let_run(self, name, process, kill):
        """Wait for the process, or kill at a moment drawn; whether it was killed before its end."""
        begin = time.monotonic()
        moment = self.random.random() * 1.5 * self.usual.get(name, 0.15)
        if kill is not None:
            while process.poll() is None and time.monotonic() - begin < moment:
                time.sleep(0.001)
            was_over = process.poll() is not None
            kill()
            self.counts["kills"] += 1
            self.counts["in time"] += not was_over
        result = self.clinic.end(process)
        if kill is None:
            took = time.monotonic() - begin
            self.usual[name] = 0.7 * self.usual.get(name, took) + 0.3 * took
        return result

    def killer(self, process):
        """What is killed in this act: the command, or an agent."""
        if self.victim == "hub":
            return self.kill_hub
        if self.clinic.agent is None:
            return process.kill
        return self.random.choice((process.kill, self.clinic.kill, self.clinic.kill))

    def kill_hub(self):
        self.g.hub.kill()

    def go_on(self):
        """Start again what is dead."""
        if self.g.hub.agent is None:
            self.g.hub.start()
        if self.random.random() < 0.15 and self.clinic.agent is not None:
            self.clinic.stop()
        elif self.clinic.agent is None and self.random.random() < 0.3:
            self.clinic.start()

    # --- acts --------------------------------------------------------------

    def act(self, name, kill, *words, data=None):
        process = self.clinic.begin(*words, data=data)
        return self.let_run(name, process, self.killer(process) if kill else None)

    def do_import(self, kill):
        lines = self.waiting + self.book.lines(self.random.randint(1, 60))
        data = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines).encode()
        result = self.act("import", kill, "import", "-", "--source", "his", "--json", data=data)
        self.counts["imports"] += 1
        self.waiting = [] if self.book.imported(lines, result, killed=kill) else lines

    def do_add(self, kill):
        kind, text, form = self.book.form()
        result = self.act("add", kill, "add", kind, "-", "--by", self.doctor, "--org", "C01", "--no-input", "--json",
                          data=json.dumps(form, ensure_ascii=False).encode())
        self.counts["adds"] += 1
        self.book.added(text, result, killed=kill)

    def do_sync(self, kill):
        before = set(self.book.saved)
        result = self.act("sync", kill, "sync", "--json")
        self.counts["syncs"] += 1
        is_done = self.book.synced(before, result, killed=kill)
        self.counts["done"] += is_done
        return is_done

    def round(self):
        save = self.random.choice((self.do_import, self.do_import, self.do_add))
        where = self.random.random()
        # A hub hears nothing of an import: what is killed there is a sync,
        # and sometimes at once after one that said done.
        save(kill=self.victim == "clinic" and where < 0.5)
        self.go_on()
        if self.victim == "clinic":
            is_done = self.do_sync(kill=where >= 0.5)
        elif where < 0.2:
            is_done = self.do_sync(kill=False)
            self.kill_hub()
            self.counts["kills"] += 1
            self.counts["in time"] += is_done
        else:
            is_done = self.do_sync(kill=True)
        self.go_on()
        # At once: a later sync would send again what the hub forgot.
        if is_done:
            self.book.check_side(self.g.hub.export(), self.book.done, "the hub")
        self.book.check_side(self.clinic.export(), self.book.saved, "the clinic")

    def check(self, through=False):
        if through:
            before = set(self.book.saved)
            result = self.clinic.run("sync", "--wait", "--json", codes=None)
            expect(self.book.synced(before, result, killed=False), "the last sync:", result)
        if self.waiting:
            lines, self.waiting = self.waiting, []
            data = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines).encode()
            self.book.imported(lines, self.clinic.run("import", "-", "--source", "his", "--json", data=data), killed=False)
            if through:
                return self.check(through)
        return self.book.check(self.clinic, self.g.hub, through=through)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--victim", choices=("clinic", "hub"), required=True)
    p.add_argument("--rounds", type=int, default=100)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--check", type=int, default=20)
    a = p.parse_args()
    number = 0
    try:
        with Group() as g:
            r = Rounds(g, a.victim, a.seed)
            for number in range(1, a.rounds + 1):
                r.round()
                if number % a.check == 0:
                    r.check()
            held = r.check(through=True)
            c = r.counts
            expect(c["in time"] * 5 >= c["kills"], "hardly a kill came in time:", c)
            expect(r.book.answers > 0 and c["done"] > 0, "nothing was ever done:", c)
            print("%d rounds, seed %d: %s; %d records" % (a.rounds, a.seed, ", ".join("%s %d" % x for x in c.items()), len(held)))
    except Failed as e:
        print("FAILED in round %d of --victim %s --seed %d: %s" % (number, a.victim, a.seed, e), file=sys.stderr)
        return 1
    return DONE


if __name__ == "__main__":
    sys.exit(main())

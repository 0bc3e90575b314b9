#!/usr/bin/env python3
"""readers: status, list, show, export, verify, sites and questions in a loop at hub and clinic while syncs and imports run."""
import json
import sys
import threading

from group import DONE, Failed, Group, expect
from ledger import Book
from links import save, sync, through


class Reader(threading.Thread):
    """Asks everything of one node, again and again, until told to stop."""

    def __init__(self, node, ref):
        super().__init__()
        self.node, self.rounds, self.fault, self.is_over = node, 0, None, threading.Event()
        self.questions = [("status", "--json"), ("list", "encounter", "--json"), ("list", "resident"), ("show", "encounter", ref), ("show", "encounter", ref, "--json"),
                          ("export",), ("verify",), ("sites",), ("sites", "--json"), ("questions",), ("questions", "--json"), ("export", "--kind", "staff")]

    def run(self):
        try:
            while not self.is_over.is_set():
                for words in self.questions:
                    if words[0] == "sites" and self.node.name != "hub":
                        continue
                    r = self.node.run(*words)
                    if words == ("export",):
                        keys = [(x["kind"], x["ref"]) for x in map(json.loads, r.out.splitlines())]
                        expect(len(keys) == len(set(keys)), "an export during a sync has a record twice")
                self.rounds += 1
        except (Failed, ValueError) as e:
            self.fault = e


def main():
    try:
        with Group() as g:
            clinic, book = g.clinic("clinic"), Book("V", ("encounter", "resident", "referral"))
            save(clinic, book, 3)
            through(g, clinic, book)
            clinic.start()
            readers = [Reader(g.hub, "V-3"), Reader(g.hub, "V-3"), Reader(clinic, "V-3")]
            for r in readers:
                r.start()
            for count in (40, 900, 10, 1200, 300):
                save(clinic, book, count)
                sync(clinic, book, "--wait")
            for r in readers:
                r.is_over.set()
            for r in readers:
                r.join()
                expect(r.fault is None, r.fault)
                expect(r.rounds > 0, "a reader never got through")
            before = clinic.status()["at_group"]
            expect(before == len(book.saved), "at the group", before, "of", len(book.saved))
            through(g, clinic, book)
            # And without agents, where the readers open the stores themselves.
            clinic.stop()
            g.hub.stop()
            book.check(clinic, g.hub, through=True)
            print("%d rounds of reading, %d records" % (sum(r.rounds for r in readers), len(book.saved)))
    except Failed as e:
        print("FAILED: %s" % e, file=sys.stderr)
        return 1
    return DONE


if __name__ == "__main__":
    sys.exit(main())

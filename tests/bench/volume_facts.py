"""volume_facts: what must have come of a volume run, told apart from the
program: the hub holds what was written, and a township what it is to have.

Read from lines of JSON only, in parts that fit in memory. What differs is told
by b.differences, all of it in one run: how much, and the first of it by name.
"""

import collections
import os
import re
import subprocess
import sys
import zlib

from group import Failed, read_lines

KEY = re.compile(rb'\{"kind": ?"([^"]*)", ?"ref": ?"([^"]*)"')
NAMED = re.compile(rb'"ref:([^"]*)"')
WHOSE = re.compile(rb'"(resident_id|device_id)": ?"ref:([^"]*)"')
UNDER = re.compile(rb'"(contract|exam_request)_id": ?"ref:([^"]*)"')
ANSWERED = re.compile(rb'"exam_request_id": ?"ref:([^"]*)"')
KEPT = re.compile(rb'"managing_org_id": ?"ref:([^"]*)"')
LINKED = re.compile(rb'"(?:resident_id|other_id)": ?"ref:([^"]*)"')
DRAFT = re.compile(rb'"state": ?"draft"')
# What a site gave up is named, and said no more (docs/decisions/0030).
EMPTIED = re.compile(rb'"emptied": ?true')
# What a township is granted somebody's or something's file by.
GRANTS = (b"contract", b"referral", b"exam_request", b"loan", b"custody")
REFERENCE = (b"org", b"staff", b"practice_site", b"team", b"drug",
             b"exam_item", b"dictionary")
PARTS = 8  # files that are compared one after the other
SHOWN = 40  # of what differs in a store
HEAD = re.compile(r"^kind +expected", re.M)  # below it compare.py counts
COUNTED = re.compile(r"^DIFFERENT: (\d+) differences", re.M)


def key_of(line):
    found = KEY.match(line)
    if found is None:
        raise Failed("a line does not begin with kind and ref")
    return found.groups()


def held_lines(export):
    return (line for line in read_lines([export])
            if EMPTIED.search(line) is None)


# --- the same facts ----------------------------------------------------------

def in_parts(b, name, lines, is_wanted=None):
    """Paths of PARTS files; all lines of one record are in one of them."""
    paths = [b.group.path("%s-%d" % (name, i)) for i in range(PARTS)]
    files = [open(path, "wb") for path in paths]
    for line in lines:
        key = key_of(line)
        if is_wanted is None or is_wanted(key):
            files[zlib.crc32(b"\0".join(key)) % PARTS].write(line)
    for f in files:
        f.close()
    return paths


def tell(b, what, names, count=None):
    """names may be the first of count."""
    count = len(names) if count is None else count
    if count > 0:
        b.differences.append("%s: %d\n%s%s" % (
            what, count, "".join("    %s\n" % n for n in names[:SHOWN]),
            "    and others" if count > SHOWN else ""))


def same(b, who, paths, export, is_wanted=None):
    """The export holds the last facts of the lines, and no other record."""
    script = os.path.join(b.group.root, "tests", "compare.py")
    said = in_parts(b, "facts-said", read_lines(paths), is_wanted)
    held = in_parts(b, "facts-held", held_lines(export))
    names, count = [], 0
    for one, other in zip(said, held):
        done = subprocess.run(
            [sys.executable, "-B", script, "--drafts-local", one, "--held",
             other], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False)
        if done.returncode == 0:
            continue
        text = done.stdout.decode("utf-8", "replace")
        counted = COUNTED.search(text)
        if counted is None:
            raise Failed("compare.py: exit %d: %s" % (
                done.returncode, text[-2000:]))
        count += int(counted.group(1))
        names += text[:HEAD.search(text).start()].splitlines()
    tell(b, who + " holds otherwise than was written", names, count)


# --- whose it is -------------------------------------------------------------

class Concern:
    """What concerns a township, by the lines alone: what names one of its
    orgs, and what is about whom or what it was granted by one that does."""

    def __init__(self, orgs, paths):
        self.orgs = {o.encode() for o in orgs}
        self.naming, self.granted, self.about = set(), set(), {}
        self.reports = {}
        keepers, under = collections.defaultdict(set), {}
        for line in read_lines(paths):
            key = key_of(line)
            if key[0] in REFERENCE:
                continue
            whose = {m[1] for m in WHOSE.findall(line)}
            self.about.setdefault(key, set()).update(whose)
            under.setdefault(key, set()).update(UNDER.findall(line))
            if key[0] == b"exam_report":
                self.reports[key] = ANSWERED.search(line).group(1)
            if key[0] == b"resident":
                kept = KEPT.search(line)
                keepers[key[1]].add(kept and kept.group(1))
            if self.orgs.isdisjoint(NAMED.findall(line)):
                continue
            self.naming.add(key)
            if key[0] in GRANTS:
                self.granted |= whose
            elif key[0] in (b"resident", b"device"):
                self.granted.add(key[1])
        for key, names in under.items():
            for name in names:
                self.about[key] |= self.about.get(name, set())
        self.kept = {r for r, orgs in keepers.items() if orgs <= self.orgs}

    def join(self, hub):
        """Entries that the hub linked are one person's: who has to do with
        one has to do with all."""
        pairs = [set(LINKED.findall(line)) for line in read_lines([hub])
                 if key_of(line)[0] == b"link"]
        before = -1
        while len(self.granted) > before:
            before = len(self.granted)
            for pair in pairs:
                if not self.granted.isdisjoint(pair):
                    self.granted |= pair

    def may_have(self, key):
        return (key[0] in REFERENCE or key in self.naming or
                key[1] in self.granted and key[0] in (b"resident", b"device")
                or not self.granted.isdisjoint(self.about.get(key, ())))

    def must_have(self, key):
        """What names it, reports to it what it asked for, or is about whose
        file it keeps."""
        return (key in self.naming or
                (b"exam_request", self.reports.get(key)) in self.naming or
                key[1] in self.kept and key[0] == b"resident" or
                not self.kept.isdisjoint(self.about[key]))


def named(keys):
    return sorted(b" ".join(key).decode("utf-8") for key in keys)


def of_town(b, town, orgs, paths, hub):
    """It holds all that it wrote, all that names it and all of whom it keeps,
    nothing that does not concern it, and of what it holds the last facts."""
    export = b.group.path("volume-" + town + ".ndjson")
    held = {key_of(line) for line in held_lines(export)}
    links = {key for key in held if key[0] == b"link"}  # the hub's own
    concern = Concern(orgs, paths)
    concern.join(hub)
    tell(b, town + " holds what does not concern it", named(
        key for key in held - links if not concern.may_have(key)))
    due = {key for key in concern.about if concern.must_have(key)}
    for line in read_lines(paths):
        if DRAFT.search(line):
            due.discard(key_of(line))
    tell(b, town + " lacks what it is to have", named(due - held))
    own = {key_of(line) for line in read_lines(
        [b.group.path("volume-lines-%s-%s" % (town, part))
         for part in ("stock", "days")])}
    same(b, town, paths, export, lambda key: key in held or key in own)
    b.say("%s holds %d records, %d of its own, %d from others" % (
        town, len(held), len(own), len(held - own)))

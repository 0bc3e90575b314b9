"""volume: three years of two townships and their hub, by real programs.

Each township imports what it and its villages wrote, syncs with the hub, and
receives what it is to have of the other's. What comes of it is asserted
(volume_facts.py); times, memory and bytes are measured.
"""

import os
import re
import shutil
import time

import group as programs
import volume_facts as facts
from group import Failed, Group
from rows import Row, Sampler

ORG_OF = re.compile(rb'"org_id":"ref:([^"]*)"')
HUB, TOWNS = "volume-hub", ("C01", "C02")
NODES = {town: "volume-" + town for town in TOWNS}
PIECES = 10  # of the days, so that the first can be held against the last
MIB = 1 << 20


def room(b):
    """Rather nothing than half of it on a full disk."""
    needed = b.sizes.volume_disk
    free = shutil.disk_usage(b.group.folder).free
    if free < needed:
        raise Failed("%d MiB are free where the stores go (--at), %d are "
                     "needed" % (free // MIB, needed // MIB))


# --- the input ---------------------------------------------------------------

def below(corpus, tops):
    """{org: the one of tops that it is or stands under}."""
    above = {}
    for line in programs.read_lines([os.path.join(corpus, "reference.ndjson")]):
        record = programs.json.loads(line)
        if record["kind"] == "org":
            above[record["ref"]] = record.get("parent_org_id", "")[4:]
    found = {}
    for org in above:
        at = org
        while at and at not in tops:
            at = above.get(at, "")
        found[org] = at
    return found


class Parts:
    """Files that lines go to, by name, in their order."""

    def __init__(self, b):
        self.b, self.files, self.lines = b, {}, {}

    def put(self, name, line):
        if name not in self.files:
            self.files[name] = open(self.path(name), "wb")
            self.lines[name] = 0
        self.files[name].write(line)
        self.lines[name] += 1

    def path(self, name):
        return self.b.group.path("volume-lines-" + name)

    def close(self):
        for f in self.files.values():
            f.close()


def split(b, corpus, town_of):
    """What each township wrote, stock and days, and what the hospital did."""
    parts = Parts(b)
    files = Group.files(corpus)
    for i, paths in enumerate((files[:3], files[3:])):
        for line in programs.read_lines(paths):
            org = ORG_OF.search(line).group(1).decode()
            town = town_of[org] or "H01"
            parts.put("%s-%s" % (town, ("stock", "days")[i]), line)
    parts.close()
    return parts


def pieces(b, parts, name):
    """The file in PIECES of as many lines: paths and lines of each."""
    total = parts.lines[name]
    out, f, count = [], None, 0
    for i, line in enumerate(programs.read_lines([parts.path(name)])):
        if f is None or i * PIECES // total > len(out) - 1:
            if f is not None:
                f.close()
                out[-1][1] = count
            path = parts.path("%s-%d" % (name, len(out)))
            out.append([path, 0])
            f, count = open(path, "wb"), 0
        f.write(line)
        count += 1
    f.close()
    out[-1][1] = count
    return out


# --- programs that are looked at ---------------------------------------------

class Watched:
    """One command's summary, its seconds, the most of its RssAnon in MiB."""

    def __init__(self, b, name, *arguments, allow=(0,)):
        began = time.monotonic()
        p = b.group.start(name, *arguments, "--json")
        sampler = Sampler(p.pid)
        out, err = p.communicate()
        self.seconds = time.monotonic() - began
        self.rss = max(sampler.stop(), 0.01)  # it may be over at once
        if p.returncode not in allow:
            raise Failed("%s: yizhan %s: exit %d: %s" % (
                name, " ".join(arguments), p.returncode,
                err.decode("utf-8", "replace").strip()[-400:]))
        self.said = programs.json.loads(out.splitlines()[-1])


class Import:
    """What it took to import some files, one after the other."""

    def __init__(self):
        self.lines, self.seconds, self.rss, self.each = 0, 0.0, 0.0, []

    def take(self, b, name, path, lines):
        done = Watched(b, name, "import", path, "--source", "his",
                       allow=(0, 6))
        said = done.said
        if said["refused"] > 0:
            raise Failed("%s: %d lines refused" % (path, said["refused"]))
        if sum(said[k] for k in ("new", "updated", "unchanged")) != lines:
            raise Failed("%s: %r of %d lines" % (path, said, lines))
        self.lines += lines
        self.seconds += done.seconds
        self.rss = max(self.rss, done.rss)
        self.each.append(lines / done.seconds)


def import_town(b, parts, town):
    done = Import()
    done.take(b, NODES[town], parts.path(town + "-stock"),
              parts.lines[town + "-stock"])
    for path, lines in pieces(b, parts, town + "-days"):
        done.take(b, NODES[town], path, lines)
    b.say("%s: %d lines in %.0f s; each piece %s" % (
        town, done.lines, done.seconds,
        " ".join("%.0f" % r for r in done.each)))
    return done


class Sync:
    """One sync of a township, with what the hub spent on it."""

    def __init__(self, b, town):
        hub = b.group.agents[HUB].pid
        sampler = Sampler(hub)
        used = programs.cpu_seconds(hub)
        done = Watched(b, NODES[town], "sync", "--wait", "--timeout", "7200")
        said = done.said
        self.hub_cpu = programs.cpu_seconds(hub) - used
        self.hub_rss = sampler.stop()
        if said["state"] != "done" or said["refused"] > 0:
            raise Failed("%s: the sync ended as %r" % (town, said))
        self.seconds, self.rss = done.seconds, done.rss
        self.up, self.down = said["bytes_sent"], said["bytes_received"]
        self.sent = said["changes_sent"]
        self.received = said["changes_received"]
        b.say("%s: sync: %d changes up, %d down, %d + %d bytes, %.0f s" % (
            town, self.sent, self.received, self.up, self.down, self.seconds))


# --- the run -----------------------------------------------------------------

def load(b, corpus, parts):
    """Hub and townships with all that was written there: imports by town."""
    port = b.group.new_hub(HUB, corpus)
    done = {}
    for town in TOWNS:
        b.group.join(HUB, NODES[town], town, port)
        done[town] = import_town(b, parts, town)
    at_hub = Import()
    for name in ("H01-stock", "H01-days"):
        if name in parts.lines:
            at_hub.take(b, HUB, parts.path(name), parts.lines[name])
    return done


def check(b, corpus, town_of):
    """All that must be so, whatever it took."""
    lines = [os.path.join(corpus, "reference.ndjson")] + Group.files(corpus)
    for name in (HUB, *NODES.values()):
        b.group.run(name, "export", b.group.path(name + ".ndjson"))
    facts.same(b, "the hub", lines, b.group.path(HUB + ".ndjson"))
    for town in TOWNS:
        orgs = {o for o, top in town_of.items() if top == town}
        facts.of_town(b, town, orgs, lines, b.group.path(HUB + ".ndjson"))


def verified(b, name):
    """Seconds; ends otherwise than with 0 where anything is damaged."""
    return Watched(b, name, "verify").seconds


def store_mib(b, name):
    return os.path.getsize(b.group.path(name, "data.mdb")) / MIB


def sync_rows(first, again, nothing):
    def of(syncs, name):
        return [getattr(s, name) for s in syncs]
    sent = of(first, "sent")
    return [
        Row("volume: a township's first sync",
            [s.sent / s.seconds for s in first], "changes/s", changes=sent,
            seconds=[round(s.seconds, 1) for s in first], up=of(first, "up"),
            down=of(first, "down"), received=of(first, "received")),
        Row("volume: a township's first sync: a change",
            [(s.up + s.down) / s.sent for s in first], "B"),
        Row("volume: hub's CPU for a change of the 1st township",
            [1e6 * max(first[0].hub_cpu, 0.001) / first[0].sent], "us"),
        Row("volume: hub's CPU for a change of the 2nd township",
            [1e6 * max(first[1].hub_cpu, 0.001) / first[1].sent], "us"),
        Row("volume: then each has the other's: a sync",
            [max(s.seconds, 0.001) for s in again], "s",
            received=of(again, "received"), up=of(again, "up"),
            down=of(again, "down")),
        Row("volume: a sync with nothing new", [s.up + s.down
                                                 for s in nothing], "B", 320,
            seconds=[round(s.seconds, 2) for s in nothing]),
        Row("volume: the hub's RssAnon, most",
            [max(s.hub_rss for s in first + again)], "MiB"),
        Row("volume: a township's RssAnon, syncing", of(first, "rss"), "MiB"),
    ]


def import_rows(done):
    runs = list(done.values())
    return [
        Row("volume: import at a township", [r.lines / r.seconds for r in runs],
            "lines/s", lines=[r.lines for r in runs],
            seconds=[round(r.seconds, 1) for r in runs]),
        Row("volume: import: rate of the first tenth to the last",
            [r.each[1] / r.each[-1] for r in runs], "x",
            lines_a_second_of_each=[round(e) for r in runs for e in r.each]),
        Row("volume: import: RssAnon, most", [r.rss for r in runs], "MiB"),
    ]


def measure_volume(b):
    room(b)
    corpus = b.group.corpus("volume", b.seed, **b.sizes.volume)
    town_of = below(corpus, TOWNS)
    done = load(b, corpus, split(b, corpus, town_of))
    first = [Sync(b, town) for town in TOWNS]
    again = [Sync(b, town) for town in TOWNS]
    for town in TOWNS:  # the receipts of the last one are told once more
        Sync(b, town)
    nothing = [Sync(b, town) for town in TOWNS]
    for s in nothing:
        if s.sent > 0 or s.received > 0:
            raise Failed("a sync with nothing new moved %d changes" % (
                s.sent + s.received))
    b.group.stop_agent(HUB)
    check(b, corpus, town_of)
    nodes = list(NODES.values())
    seconds = {name: verified(b, name) for name in (HUB, *nodes)}
    return import_rows(done) + sync_rows(first, again, nothing) + [
        Row("volume: store of a township", [store_mib(b, n) for n in nodes],
            "MiB"),
        Row("volume: store of the hub", [store_mib(b, HUB)], "MiB"),
        Row("volume: verify at a township", [seconds[n] for n in nodes], "s"),
        Row("volume: verify at the hub", [seconds[HUB]], "s"),
    ]

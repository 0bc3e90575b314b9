"""rows: what is measured. A function measures some rows and returns them."""

import lzma
import os
import re
import shutil
import statistics
import subprocess
import threading
import time

import group as programs
from group import Failed, Group
from proxy import Proxy

TOWNSHIP = re.compile(rb'"org_id":"ref:(C01|V)')
ORG_OF = re.compile(rb'"org_id":"ref:([^"]*)"')
DELAY = 0.03  # seconds each way, so that what crosses is seen to cross


class Sizes:
    """How much is measured; a smoke test measures as little as it can."""

    def __init__(self, is_small):
        self.is_small = is_small
        pick = (lambda full, small: small) if is_small else \
            (lambda full, small: full)
        self.seeds = pick(3, 1)
        self.town = pick(
            {"townships": 1, "villages": 5, "residents": 2000, "days": 185,
             "visits_per_day": 60},
            {"townships": 1, "villages": 1, "residents": 40, "days": 4,
             "visits_per_day": 30})
        self.first = pick(10000, 20)
        self.day = pick(60, 4)
        self.updates = pick(20, 3)
        self.rate = pick(125000, 20000)  # bytes a second: 1 Mbit/s
        self.imports = pick(5, 1)
        self.saves = pick(300, 3)
        self.group_saves = pick(50, 2)
        self.writers = pick(8, 3)
        self.clinics = pick(50, 3)
        self.county = pick(
            {"townships": 5, "villages": 9, "residents": 15000, "days": 60,
             "visits_per_day": 900},
            {"townships": 1, "villages": 2, "residents": 30, "days": 2,
             "visits_per_day": 20})
        self.many = pick(1000000, 60)
        self.many_sync_seconds = pick(20, 1)
        self.statuses = pick(21, 3)
        self.volume = pick(
            {"townships": 2, "villages": 17, "residents": 20000, "days": 1096,
             "visits_per_day": 220, "start": "2023-06-01"},
            {"townships": 2, "villages": 1, "residents": 40, "days": 4,
             "visits_per_day": 20, "start": "2023-06-01"})
        self.volume_disk = pick(12 << 30, 256 << 20)


class Row:
    """One figure: the median of what was measured, beside its goal."""

    def __init__(self, name, values, unit, goal=None, most=True, **context):
        self.name, self.unit, self.goal, self.most = name, unit, goal, most
        self.values = [float(v) for v in values]
        self.context = context

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def ratio(self):
        """Above 1: worse than the goal."""
        if self.goal is None or self.median == 0:
            return None
        return (self.median / self.goal if self.most
                else self.goal / self.median)

    @property
    def is_met(self):
        return None if self.ratio is None else self.ratio <= 1


class Bench:
    """What the rows share."""

    def __init__(self, root, build, folder, generate, seed, sizes, say):
        self.sizes, self.seed, self.say = sizes, seed, say
        self.group = Group(root, build, folder, generate)
        self.differences = []  # the program's own counts against the proxy's,
        # and what its stores hold against what was written


def town(b, seed):
    """Lines of one township: its stock, and its encounters in order."""
    corpus = b.group.corpus("town-%d" % seed, seed, **b.sizes.town)
    files = Group.files(corpus)
    stock = [l for l in programs.read_lines(files[:3]) if TOWNSHIP.search(l)]
    visits = [l for l in programs.read_lines(files[3:])
              if TOWNSHIP.search(l) and l.startswith(b'{"kind":"encounter"')]
    if len(visits) < b.sizes.first + b.sizes.day + 1:
        raise Failed("the corpus holds %d encounters only" % len(visits))
    return corpus, stock, visits


def clinic(b, prefix, seed):
    """A hub and an enrolled clinic with its stock imported: lines, port."""
    corpus, stock, visits = town(b, seed)
    port = b.group.new_hub(prefix + "-hub", corpus)
    b.group.join(prefix + "-hub", prefix, "C01", port)
    b.group.feed(prefix, b.group.write(prefix + "-stock", stock))
    return stock, visits, port


# --- bytes and round trips ---------------------------------------------------

def compressed(lines):
    """Sizes of the step's JSON: as it is, xz -9e, zstd -19."""
    text = b"".join(lines)
    sizes = {"json_bytes": len(text)}
    if not text:
        return sizes
    sizes["xz_9e"] = len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
    if shutil.which("zstd"):
        done = subprocess.run(["zstd", "-19", "-q", "-c"], input=text,
                              stdout=subprocess.PIPE, check=True)
        sizes["zstd_19"] = len(done.stdout)
    return sizes


def session(b, name, proxy, step, is_slow=False):
    """One sync through the proxy, counted by both."""
    before = len(proxy.connections)
    said = b.group.json(name, "sync")
    if said["state"] != "done":
        raise Failed("%s: the sync ended as %s" % (step, said["state"]))
    passed = proxy.connections[before:]
    if not passed or not all(c.wait() for c in passed):
        raise Failed("%s: a connection did not end" % step)
    up = sum(c.bytes[0] for c in passed)
    down = sum(c.bytes[1] for c in passed)
    trips = sum(c.round_trips for c in passed)
    # Of a long session's many pieces some cross: what one end heard before it
    # wrote, only that end knows for sure. A slow link's proxy reads a piece
    # long after it was written, and takes it for an answer.
    least = 0 if is_slow else trips - trips // 50
    for what, ours, its, is_wrong in (
            ("bytes up", up, said["bytes_sent"], up != said["bytes_sent"]),
            ("bytes down", down, said["bytes_received"],
             down != said["bytes_received"]),
            ("round trips", trips, said["round_trips"],
             said["round_trips"] < least)):
        if is_wrong:
            b.differences.append("%s: %s: the proxy counted %d, the program "
                                 "says %d" % (step, what, ours, its))
    # The hub notes the last receipts a moment after the bye.
    time.sleep(0.3)
    return {"up": up, "down": down, "trips": trips,
            "trips_said": said["round_trips"],
            "seconds": passed[-1].last - passed[0].first,
            "changes": said["changes_sent"]}


def one_field_updates(stock, count):
    """The first residents again, a day later and with another phone."""
    lines = []
    for line in stock:
        if line.startswith(b'{"kind":"resident"') and b'"phone":"' in line:
            line = re.sub(rb'"at":"[^"]*"', b'"at":"2026-11-20T09:00:00+08:00"',
                          line, count=1)
            lines.append(re.sub(rb'"phone":"\d{7}', b'"phone":"1290000', line))
        if len(lines) == count:
            return lines
    raise Failed("too few residents with a phone")


def steps_of(b, seed):
    """All steps of one clinic: {step: (counted, sizes of its JSON)}."""
    s, name = b.sizes, "steps-%d" % seed
    stock, visits, port = clinic(b, name, seed)
    b.group.run(name, "sync", "--wait")
    near = Proxy(port, delay=DELAY)
    slow = Proxy(port, delay=DELAY, rate=s.rate)
    inputs = [("first", slow, visits[:s.first]),
              ("nothing", near, []),
              ("day", near, visits[s.first:s.first + s.day]),
              ("one", near, visits[s.first + s.day:s.first + s.day + 1]),
              ("updates", near, one_field_updates(stock, s.updates))]
    out = {}
    for step, proxy, lines in inputs:
        b.group.parent(name, proxy.port)
        if lines:
            summary, _ = b.group.feed(name, b.group.write("step", lines))
            if summary["refused"] > 0:
                raise Failed("%s: %d lines refused" % (step,
                                                       summary["refused"]))
        if step == "nothing":  # the load's own receipts are told once more
            session(b, name, proxy, step)
        counted = session(b, name, proxy, step, is_slow=proxy is slow)
        out[step] = (counted, compressed(lines))
    near.close()
    slow.close()
    b.group.stop_agent(name + "-hub")
    return out


def measure_sessions(b):
    s = b.sizes
    runs = [steps_of(b, b.seed + i) for i in range(s.seeds)]
    rows = []
    for step, title, goal, trips_goal, lines in (
            ("nothing", "nothing new", 320, 3, 0),
            ("one", "one new encounter", 600, 3, 1),
            ("day", "a day's %d encounters" % s.day, 8000, None, s.day),
            ("updates", "%d one-field updates" % s.updates, 1000, None,
             s.updates)):
        counted = [run[step][0] for run in runs]
        context = {key: [run[step][1].get(key) for run in runs]
                   for key in ("json_bytes", "xz_9e", "zstd_19")
                   if runs[0][step][1].get(key)}
        rows.append(Row(title, [c["up"] + c["down"] for c in counted], "B",
                        goal, up=[c["up"] for c in counted],
                        down=[c["down"] for c in counted], **context))
        rows.append(Row(title + ": round trips", [c["trips"] for c in counted],
                        "", trips_goal,
                        the_program_says=[c["trips_said"] for c in counted]))
    load = [run["first"] for run in runs]
    each = [(c["up"] + c["down"]) / s.first for c, _ in load]
    rows.append(Row(
        "first load of {:,} encounters: each".format(s.first), each, "B", 102,
        up=[c["up"] for c, _ in load], down=[c["down"] for c, _ in load],
        **{k + "_each": [round(z[k] / s.first, 1) for _, z in load]
           for k in ("xz_9e", "zstd_19") if k in load[0][1]}))
    rows.append(Row(
        "first load: share of the link's rate",
        [100 * c["up"] / (s.rate * c["seconds"]) for c, _ in load], "%", 95,
        most=False, link_bytes_a_second=s.rate,
        seconds=[round(c["seconds"], 2) for c, _ in load]))
    return rows


# --- import ------------------------------------------------------------------

def measure_import(b):
    s = b.sizes
    _, visits, _ = clinic(b, "import", b.seed)
    b.group.stop_agent("import-hub")
    path = b.group.write("import-lines", visits[:s.first])
    rates, bare, shares, cpu = [], [], [], []
    for i in range(s.imports):
        name = "import-%d" % i
        shutil.copytree(b.group.path("import"), b.group.path(name))
        parsed = b.group.bench("parse", path)
        used = programs.children_cpu_seconds()
        summary, seconds = b.group.feed(name, path)
        cpu.append(programs.children_cpu_seconds() - used)
        lines = sum(summary[k] for k in ("new", "updated", "unchanged",
                                         "refused"))
        if lines != s.first or summary["refused"] > 0:
            raise Failed("import took %d of %d lines" % (lines, s.first))
        rates.append(lines / seconds)
        bare.append(parsed["lines"] / parsed["seconds"])
        shares.append(bare[-1] / rates[-1])
        programs.remove(b.group.path(name))
    return [
        Row("import, to durable", rates, "lines/s", 20000, most=False,
            cpu_seconds=[round(c, 2) for c in cpu]),
        Row("import: times as long as bare jansson", shares, "x", 3,
            bare_lines_a_second=[round(r) for r in bare]),
    ]


# --- one record, durably -----------------------------------------------------

def bytes_of_a_save(b, record):
    """What one save adds to the store: keys and values, in bytes."""
    name = b.group.path("save")
    before = b.group.bench("save", "held", name)
    b.group.bench("save", "direct", name, record, b.group.path("bare"), 1,
                  20, 1000)
    after = b.group.bench("save", "held", name)
    return (after["bytes"] - before["bytes"]) // 20


def save_row(title, done, goal):
    """A thread does both in turn, so each pair met the same disk."""
    pairs = sorted(a / z for a, z in zip(done["save"]["us"],
                                         done["bare"]["us"]))
    ratio = (statistics.median(done["save"]["us"]) /
             statistics.median(done["bare"]["us"]))
    context = {"%s_us" % way: [round(min(done[way]["us"])),
                               round(statistics.median(done[way]["us"])),
                               round(max(done[way]["us"]))]
               for way in done}
    tenth = len(pairs) // 10
    row = Row(title, [ratio], "x", goal, **context)
    row.spread = (pairs[tenth], pairs[-1 - tenth])
    return row


def measure_save(b):
    s = b.sizes
    _, visits, _ = clinic(b, "save", b.seed)
    record = b.group.write("record", visits[:1])
    size = max(bytes_of_a_save(b, record), 1)
    bare = b.group.path("bare")
    arguments = (b.group.path("save"), record, bare)
    direct = b.group.bench("save", "direct", *arguments, 1, s.saves, size)
    # The agent is not to sync what is being saved meanwhile.
    b.group.stop_agent("save-hub")
    b.group.start_agent("save")
    agent = b.group.bench("save", "agent", *arguments, 1, s.saves, size)
    many = b.group.bench("save", "agent", *arguments, s.writers,
                         s.group_saves, size)
    b.group.stop_agent("save")
    saves = s.writers * s.group_saves
    return [
        save_row("save, store opened here: to a bare commit", direct, 1.2),
        save_row("save through the agent: to a bare commit", agent, 1.2),
        Row("%d writers at once: to bare commits" % s.writers,
            [many["save"]["seconds"] / many["bare"]["seconds"]], "x", 1.2,
            bytes_of_a_save=size,
            saves_a_second=round(saves / many["save"]["seconds"]),
            bare_commits_a_second=round(saves / many["bare"]["seconds"])),
    ]


# --- the hub -----------------------------------------------------------------

class Sampler:
    """Looks at a process's RssAnon until it is stopped."""

    def __init__(self, pid):
        self.pid, self.most, self.is_over = pid, 0, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.is_over:
            try:
                self.most = max(self.most, programs.rss_anon_kib(self.pid))
            except (OSError, Failed):
                return
            time.sleep(0.01)

    def stop(self):
        """The most there was, in MiB."""
        self.is_over = True
        self.thread.join()
        return self.most / 1024


def measure_hub(b):
    s = b.sizes
    corpus = b.group.corpus("county", b.seed, **s.county)
    port = b.group.new_hub("hub", corpus)
    lines = {}
    for line in programs.read_lines(Group.files(corpus)):
        org = ORG_OF.search(line).group(1).decode()
        if org[0] in "CV":
            lines.setdefault(org, []).append(line)
    orgs = sorted(lines)[:s.clinics]
    if len(orgs) < s.clinics:
        raise Failed("the county has %d sites only" % len(orgs))
    for org in orgs:
        b.group.join("hub", org, org, port)
        b.group.feed(org, b.group.write("county-lines", lines[org]))
    b.say("%d clinics are ready" % len(orgs))
    hub = b.group.agents["hub"].pid
    sampler = Sampler(hub)
    used, others = programs.cpu_seconds(hub), programs.children_cpu_seconds()
    began = time.monotonic()
    syncs = [(org, b.group.start(org, "sync", "--wait", "--json"))
             for org in orgs]
    changes, slowest = 0, 0.0
    for org, sync in syncs:
        out, err = sync.communicate()
        if sync.returncode != 0:
            raise Failed("sync of %s: exit %d: %s" % (
                org, sync.returncode, err.decode("utf-8", "replace")[-200:]))
        said = programs.json.loads(out.splitlines()[-1])
        changes += said["changes_sent"]
        slowest = max(slowest, said["seconds"])
    seconds = time.monotonic() - began
    used = programs.cpu_seconds(hub) - used
    others = programs.children_cpu_seconds() - others
    rss = sampler.stop()
    b.group.stop_agent("hub")
    return [
        Row("hub, %d clinics at once: until all have receipts"
            % s.clinics, [changes / seconds], "changes/s", 50000, most=False,
            changes=changes, seconds=round(seconds, 2),
            slowest_sync_seconds=slowest,
            cpu_of_hub=round(used, 2), cpu_of_clinics=round(others, 2)),
        Row("hub: for each second of its CPU",
            [changes / max(used, 0.01)], "changes", 25000, most=False),
        Row("hub, %d clinics at once: RssAnon, most" % s.clinics, [rss],
            "MiB", None),
    ]


# --- memory and status -------------------------------------------------------

def status_ms(b, name):
    taken = []
    for _ in range(b.sizes.statuses):
        began = time.perf_counter()
        b.group.run(name, "status", "--json")
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def measure_small(b):
    s = b.sizes
    stock, visits, port = clinic(b, "small", b.seed)
    b.group.run("small", "sync", "--wait")
    direct = status_ms(b, "small")
    agent = b.group.start_agent("small")
    time.sleep(1)
    idle = programs.rss_anon_kib(agent.pid) / 1024
    through = status_ms(b, "small")
    sampler = Sampler(agent.pid)
    b.group.feed("small", b.group.write("small-first", visits[:s.first]))
    b.group.run("small", "sync", "--wait")
    most = sampler.stop()
    b.group.stop_agent("small")
    b.group.stop_agent("small-hub")
    held = {"changes": len(stock)}
    return [
        Row("agent, idle: RssAnon", [idle], "MiB", 8, **held),
        Row("agent, importing and syncing: RssAnon", [most], "MiB", 32,
            changes=len(stock) + s.first),
        Row("status, store opened here", direct, "ms", 20, **held),
        Row("status through the agent", through, "ms", 20, **held),
    ]


def endless(visits, count):
    """As many different encounters: each again under refs of its own."""
    ref = re.compile(rb'^(\{"kind":"encounter","ref":"[^"]*)"')
    slip = re.compile(rb'"slip_no":"[^"]*",')
    bases = []
    for line in visits:
        line = slip.sub(b"", line)
        head = ref.match(line)
        bases.append((head.group(1), line[head.end():]))
    for i in range(count):
        head, tail = bases[i % len(bases)]
        yield b'%s-%d"%s' % (head, i // len(bases), tail)


def feed_endless(b, name, visits, count):
    """The summary and seconds of an import through a pipe."""
    began = time.monotonic()
    p = subprocess.Popen(
        [b.group.yizhan, "--dir", b.group.path(name), "import", "-",
         "--source", "his", "--json"], env=b.group.env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    waiting = []
    try:
        for line in endless(visits, count):
            waiting.append(line)
            if len(waiting) == 1000:
                p.stdin.write(b"".join(waiting))
                waiting = []
        p.stdin.write(b"".join(waiting))
    except BrokenPipeError:
        pass  # its exit code tells
    out, _ = p.communicate()
    if p.returncode != 0:
        raise Failed("import of %d lines: exit %d" % (count, p.returncode))
    return (programs.json.loads(out.splitlines()[-1]),
            time.monotonic() - began)


def measure_many(b):
    s = b.sizes
    _, visits, _ = clinic(b, "many", b.seed)
    summary, seconds = feed_endless(b, "many", visits[:s.first], s.many)
    if summary["new"] + summary["updated"] != s.many:
        raise Failed("of %d lines %d are stored" % (
            s.many, summary["new"] + summary["updated"]))
    b.say("%d changes imported in %.0f s" % (s.many, seconds))
    direct = status_ms(b, "many")
    sampler = None
    agent = b.group.start_agent("many")
    sampler = Sampler(agent.pid)
    through = status_ms(b, "many")
    time.sleep(s.many_sync_seconds)  # it syncs by itself
    most = sampler.stop()
    after = programs.rss_anon_kib(agent.pid) / 1024
    b.group.stop_agent("many")
    b.group.stop_agent("many-hub")
    size = os.path.getsize(b.group.path("many", "data.mdb")) >> 20
    programs.remove(b.group.path("many"))
    held = "{:,} changes".format(s.many)
    return [
        Row("agent with %s, syncing: RssAnon" % held, [most], "MiB", 48,
            at_the_end=round(after, 1), store_mib=size,
            import_seconds=round(seconds),
            import_lines_a_second=round(s.many / seconds)),
        Row("status with %s, store opened here" % held, direct, "ms", 20),
        Row("status with %s, through the agent" % held, through, "ms", 20),
    ]


MEASURES = [
    ("sessions", measure_sessions),
    ("import", measure_import),
    ("save", measure_save),
    ("hub", measure_hub),
    ("small", measure_small),
    ("many", measure_many),
]
NOT_BUILT = [
    "compare, n = 1,000,000: bytes and CPU at 10 to 1,000 differences",
    "2,500 sites reconnecting after 14 days",
]

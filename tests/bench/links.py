"""links: rows of clinics' syncs over links in virtual time (link_bench).

Each seed's township is measured as the generator wrote it and again with text
that no dictionary has seen (foreign.h). Bytes and seconds come from a model
of the link, so other work on the machine changes none: as many run at once as
there are cores.
"""

import concurrent.futures
import json
import os
import subprocess

from group import Failed, Group, read_lines
from rows import Row

LINKS = [("9.6k 600ms", "9.6 kbit/s", 9600), ("64k 600ms", "64 kbit/s", 64000),
         ("1M 100ms", "1 Mbit/s", 1000000)]
FLOORS = ["json_bytes", "json_zstd_19", "json_xz_9e", "plain_bytes",
          "plain_zstd_19", "plain_xz_9e"]


def group_file(b, seed):
    """The whole group in one file, the stock before the visits."""
    corpus = b.group.corpus("town-%d" % seed, seed, **b.sizes.town)
    paths = [os.path.join(corpus, "reference.ndjson")] + Group.files(corpus)
    return b.group.write("links-%d" % seed, read_lines(paths))


def run_one(b, seed, path, is_foreign):
    """{(what, link): row} of one run."""
    s = b.sizes
    out = b.group.path("links-%d-%d.json" % (seed, is_foreign))
    words = [b.group.program("link"), "--first", str(s.first), "--day",
             str(s.day), "--updates", str(s.updates), "--json", out]
    if is_foreign:
        words += ["--foreign", str(seed)]
    done = subprocess.run([*words, path], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed("link_bench: exit %d: %s" % (
            done.returncode,
            done.stderr.decode("utf-8", "replace").strip()[-400:]))
    with open(out, encoding="utf-8") as f:
        return {(r["what"], r["link"]): r for r in json.load(f)}


def of(runs, key, name):
    return [run[key][name] for run in runs]


def step_rows(s, runs, title):
    """What a step costs, beside what others make of its records."""
    rows, link = [], "64k 600ms"
    load = "first load of %d" % s.first
    for what, goal in (
            ("nothing new", 320), ("one encounter", 600),
            ("a day's %d encounters" % s.day, 8000),
            ("%d one-field updates" % s.updates, 1000), (load, 102)):
        key = (what, link)
        context = {n: of(runs, key, n)
                   for n in ("up", "down", "changes", "round_trips",
                             "seconds")}
        for n in FLOORS:
            if runs[0][key][n]:
                context[n] = of(runs, key, n)
        both = [u + d for u, d in zip(context["up"], context["down"])]
        if what == load:  # drafts are no changes: of what was sent
            both = [n / c for n, c in zip(both, context["changes"])]
        rows.append(Row(title + what + (": each" if what == load else ""),
                        both, "B", goal, **context))
    for what in ("nothing new", "one encounter"):
        rows.append(Row("%s%s: round trips" % (title, what),
                        of(runs, (what, link), "round_trips"), "", 3))
    return rows


def share_rows(s, runs, form):
    rows = []
    for link, name, rate in LINKS:
        load = [run["first load of %d" % s.first, link] for run in runs]
        rows.append(Row(
            "%s%s: first load: share of its rate" % (name, form),
            [100 * 8 * r["up"] / (rate * r["seconds"]) for r in load], "%", 95,
            most=False, up=[r["up"] for r in load],
            down=[r["down"] for r in load],
            round_trips=[r["round_trips"] for r in load],
            seconds=[r["seconds"] for r in load]))
    return rows


def window_rows(runs, form):
    link = "64k 600ms 3%"
    windows = [run["windows", link] for run in runs]
    uncut = [run["first load, uncut", link] for run in runs]
    cut = [run["first load, windows of 30 s", link] for run in runs]
    title = "windows of 30 s%s: " % form
    return [
        Row(title + "share of an uncut link",
            [100 * w["share"] for w in windows], "%", 90, most=False,
            windows=[w["windows"] for w in windows],
            up=[r["up"] for r in cut], up_uncut=[r["up"] for r in uncut],
            down=[r["down"] for r in cut],
            changes=[r["changes"] for r in cut],
            changes_uncut=[r["changes"] for r in uncut],
            seconds=[r["seconds"] for r in cut],
            seconds_uncut=[r["seconds"] for r in uncut]),
        Row(title + "a referral's receipt",
            [w["urgent_median_seconds"] for w in windows], "s", 3,
            worst=[w["urgent_worst_seconds"] for w in windows]),
    ]


def measure_links(b):
    s = b.sizes
    if not os.path.exists(b.group.program("link")):
        raise Failed("link_bench is not built: it needs cmocka")
    seeds = [b.seed + i for i in range(s.seeds)]
    paths = {seed: group_file(b, seed) for seed in seeds}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = {form: [pool.submit(run_one, b, seed, paths[seed],
                                      form != "") for seed in seeds]
                   for form in ("", ", foreign text")}
    rows = []
    for form, futures in waiting.items():
        runs = [f.result() for f in futures]
        rows += step_rows(s, runs, "64 kbit/s%s: " % form)
        rows += share_rows(s, runs, form)
        rows += window_rows(runs, form)
    return rows

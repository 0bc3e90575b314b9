"""Bad lines among good ones, and a check of what became of each.

usage: bad_input.py mix SAMPLE OUT
       bad_input.py check SAMPLE OUT SUMMARY QUESTIONS EXPORT SAID SAID-ZH

mix writes every faulty line of SAMPLE/bad.ndjson followed by a good one.
check holds the import's summary, `questions --warnings --json`, `export` and
what was said on standard error, in both languages, against the sidecar:
refused lines are stored nowhere and listed, warned ones are stored and
listed, good ones are there; and each is told with place, reason and mend,
and without anything of what it holds.
"""

import json
import re
import sys
from pathlib import Path

# What is wrong with a line as a whole has no place in it.
WHOLE_LINE = re.compile("bom_at_file_start|crlf_line_end|empty_line|blank_line"
                        "|json_.*_at_top|json_nested_500_objects"
                        "|oversized_record")
ENGLISH = re.compile(r"line (\d+): ((?:field|column|byte) [^:]+: )?"
                     r"(warning: )?([A-Z].+?\.) ([A-Z].+\.)")
CHINESE = re.compile("第 (\\d+) 行：((?:字段 [^：]+|第 \\d+ (?:列|字节))：)?"
                     "(提醒：)?(.+?。) ?(.+。)")


def sidecar(sample):
    rows = (Path(sample) / "bad-expected.ndjson").read_text().splitlines()
    return [json.loads(row) for row in rows]


def faulty(sample):
    lines = (Path(sample) / "bad.ndjson").read_bytes().split(b"\n")
    return lines[:len(sidecar(sample))]


def good_line(sample, number):
    """The sample's first encounter of the village, under another ref."""
    with open(Path(sample) / "day-2026-05-01.ndjson", encoding="utf-8") as f:
        record = next(r for r in map(json.loads, f)
                      if r["kind"] == "encounter" and
                      r["org_id"] == "ref:V0101")
    for name in "slip_no", "contract_id", "referral_id":
        record.pop(name, None)
    record["ref"] = f"GOOD-{number}"
    return json.dumps(record, ensure_ascii=False).encode()


def mix(sample, out):
    with open(out, "wb") as f:
        for number, line in enumerate(faulty(sample)):
            f.write(line + b"\n" + good_line(sample, number) + b"\n")


def rows_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def ref_of(line):
    try:
        return json.loads(line.decode("utf-8-sig"))["ref"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


class Check:
    def __init__(self, sample):
        self.complaints = []
        self.sidecar = sidecar(sample)
        self.faulty = faulty(sample)
        # In the mixed file line n of the sample is line 2n - 1.
        self.expected = {2 * row["line"] - 1: row for row in self.sidecar}

    def wrong(self, *what):
        self.complaints.append(" ".join(map(str, what)))

    def lines(self, expect):
        return {n for n, row in self.expected.items()
                if row["expect"] == expect}

    def summary(self, path):
        counts = rows_of(path)[-1]
        blank = sum(row["class"] in ("empty_line", "blank_line")
                    for row in self.sidecar)
        warned = len(self.lines("warn"))
        want = {"new": len(self.sidecar) + warned - blank,
                "refused": len(self.lines("refuse")), "warned": warned}
        for name, number in want.items():
            if counts[name] != number:
                self.wrong(name, counts[name], "instead of", number)

    def questions(self, path):
        listed = {"line": set(), "warning": set()}
        for q in rows_of(path):
            if q["origin"] != "his":
                continue
            if q["type"] not in listed or not q["reason"] or not q["mend"]:
                self.wrong("question", q)
                continue
            listed[q["type"]].add(q["line"])
        if listed["line"] != self.lines("refuse"):
            self.wrong("refused lines listed wrongly:",
                       listed["line"] ^ self.lines("refuse"))
        # A file's blank lines are one question.
        blank = {n for n, row in self.expected.items()
                 if row["class"] == "blank_line"}
        if listed["warning"] != self.lines("warn") - blank:
            self.wrong("warned lines listed wrongly:",
                       listed["warning"] ^ (self.lines("warn") - blank))

    def export(self, path):
        refs = {row["ref"] for row in rows_of(path)}
        taken = set()
        for row, line in zip(self.sidecar, self.faulty):
            ref = ref_of(line)
            if ref is not None and row["expect"] == "warn":
                taken.add(ref)
        for row, line in zip(self.sidecar, self.faulty):
            ref = ref_of(line)
            if row["expect"] == "refuse" and ref in refs - taken:
                self.wrong("stored although refused:", row)
        for number in range(len(self.sidecar)):
            if f"GOOD-{number}" not in refs:
                self.wrong("lost beside a bad line: GOOD", number)
        if taken - refs:
            self.wrong("warned about and not stored:", taken - refs)

    def said(self, path, pattern, warning):
        text = Path(path).read_text(encoding="utf-8")
        told = {}
        for line in text.splitlines():
            found = pattern.fullmatch(line)
            if found:
                told.setdefault(int(found[1]), []).append(found)
            elif re.match("line |第 ", line):
                self.wrong("not place, reason and mend:", line)
        if set(told) != set(self.expected):
            self.wrong("not told, or told too much:",
                       set(told) ^ set(self.expected))
        for n, all_found in told.items():
            row = self.expected.get(n, {"class": "?", "expect": "?"})
            for found in all_found:
                if (found[3] == warning) != (row["expect"] == "warn"):
                    self.wrong("told as the other kind:", found[0])
                if not found[2] and not WHOLE_LINE.fullmatch(row["class"]):
                    self.wrong("without a place in the line:", found[0],
                               row["class"])
        return text

    def personal(self, english, chinese):
        for found in re.finditer("[\u3400-\u9fff]+", english):
            self.wrong("shows what a line holds:", found[0])
        for text in english, chinese:
            for found in re.finditer(r"\d{6,}", text):
                self.wrong("shows what a line holds:", found[0])
        names = {m[1] for line in self.faulty for m in
                 re.finditer('"name":"([^"]{2,20})"',
                             line.decode("utf-8", "ignore"))}
        for name in names:
            if name in chinese:
                self.wrong("shows what a line holds:", name)


def main():
    what, sample, out = sys.argv[1:4]
    if what == "mix":
        mix(sample, out)
        return
    summary, questions, export, said, said_zh = sys.argv[4:]
    check = Check(sample)
    check.summary(summary)
    check.questions(questions)
    check.export(export)
    check.personal(check.said(said, ENGLISH, "warning: "),
                   check.said(said_zh, CHINESE, "提醒："))
    for complaint in check.complaints:
        print(complaint)
    sys.exit(1 if check.complaints else 0)


main()

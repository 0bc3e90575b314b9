"""phrases: the phrase files, their slots, and how each doctor writes."""

import os
import re

FOLDER = os.path.dirname(os.path.abspath(__file__))
SLOT = re.compile(r"\{([^{}]*)\}")
HAN = "零一二三四五六七八九十"


def lines_of(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield line


def sections(name):
    """Topic to lines; a section may name several topics."""
    out, topics = {}, ()
    for line in lines_of(name):
        if line.startswith("["):
            topics = line.strip("[]").split()
            continue
        for topic in topics:
            out.setdefault(topic, []).append(line)
    return out


def alternatives(text):
    """Parted by | outside of braces."""
    out, depth, last = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "{") - (c == "}")
        if c == "|" and depth == 0:
            out.append(text[last:i])
            last = i + 1
    return out + [text[last:]]


class Phrases:
    def __init__(self, r):
        self.r, self.words = r, {}
        for line in lines_of("words.txt"):
            name, text = line.split(": ", 1)
            self.words.setdefault(name, []).extend(alternatives(text))
        self.says = sections("complaints.txt")
        self.sees = sections("findings.txt")
        self.does = sections("plans.txt")
        self.diagnoses = sections("diagnoses.txt")
        self.drugs = sections("drugs.txt")
        self.unused = {}

    def number(self, low, high):
        """As many decimals as low has; between round ends mostly round."""
        decimals = len(low.partition(".")[2])
        if decimals:
            return "%.*f" % (decimals, self.r.uniform(float(low),
                                                      float(high)))
        low, high = int(low), int(high)
        step = next(x for x in (100, 50, 10, 5, 1)
                    if low % x == 0 and high % x == 0 and high - low >= 2 * x
                    or x == 1)
        if self.r.random() < .2:
            step = 1
        return str(self.r.randrange(low, high + 1, step))

    def slot(self, text):
        if "~" in text:
            return self.number(*text.split("~"))
        if text in self.words:
            return self.r.choice(self.words[text])
        return self.r.choice(text.split("|"))

    def fill(self, text):
        """Slots may hold slots: the innermost first."""
        while True:
            new = SLOT.sub(lambda m: self.slot(m[1]), text)
            if new == text:
                return new
            text = new

    def word(self, name):
        return self.fill(self.r.choice(self.words[name]))

    def pick(self, table, topic):
        """Half by rank, half from a shuffled stack that starts anew when
        empty: common phrases come often, and each comes some time."""
        lines = table[topic]
        if self.r.random() < .5:
            i = int(len(lines) * self.r.random() ** 2.2)
            return self.fill(lines[i])
        stack = self.unused.setdefault((id(table), topic), [])
        if not stack:
            stack.extend(self.r.sample(lines, len(lines)))
        return self.fill(stack.pop())

    def some(self, table, topics, count):
        """Up to count different phrases, topic by topic in turn."""
        out = []
        for i in range(count):
            topic = topics[i % len(topics)]
            text = self.pick(table, topic) if topic in table else ""
            if text and text not in out:
                out.append(text)
        return out


class Habit:
    """How one doctor writes: heads, marks, numbering, length."""

    def __init__(self, phrases):
        r, w = phrases.r, phrases.words
        self.heads = [r.choice(w["head_s"]), r.choice(w["head_o"]),
                      r.choice(w["head_p"])]
        if r.random() < .5:
            self.heads = ["", "", ""]
        self.comma, self.stop = r.choice(w["comma"]), r.choice(w["stop"])
        self.number, self.aux = r.choice(w["number"]), r.choice(w["aux"])
        self.end = r.choice(["。", "。", "", "", "."])
        self.half_width, self.han = r.random() < .25, r.random() < .15
        self.length, self.tells = .5 + r.random() * 1.3, r.random()
        self.tcm = r.random() < .2
        self.abbreviates = r.random() < .2
        self.breaks_lines = r.random() < .2

    def written(self, text):
        if self.half_width:
            text = text.translate(str.maketrans("，；：（）", ",;:()"))
        if self.han:
            text = re.sub(r"(?<![\d.~～/×-])([1-9])(?=[天年周次个])",
                          lambda m: HAN[int(m[1])], text)
        if self.abbreviates:
            for long, short in (("心率", "HR"), ("血压", "BP"), ("口服", "po"),
                                ("每日3次", "tid"), ("体温", "T")):
                text = text.replace(long, short)
        return text

    def list(self, parts):
        """As a numbered list, or in one sentence."""
        if not self.number or len(parts) < 2:
            return self.written(self.stop.join(parts) + self.end)
        if self.number == "①":
            return self.written("".join(
                "①②③④⑤⑥⑦⑧⑨"[i % 9] + x + "；" for i, x in enumerate(parts)))
        mark = "\n" if self.breaks_lines else self.stop
        return self.written(mark.join(
            self.number.format(i + 1) + x for i, x in enumerate(parts)))

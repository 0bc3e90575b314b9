#!/bin/bash
# Goal: on a terminal of 60, 80 or 120 cells no row is wider than it, columns
# stand under their titles and no character is torn, whoever is in them:
# minority names in Han and in their own scripts, rare characters, full-width
# forms, combining marks, emoji, names of a hundred cells; and nothing that a
# record or a file holds steers the terminal. Without a terminal nothing is
# cut.
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
at clinic init --name 买买提·阿不都拉 >/dev/null
n=0
for name in 买买提·阿不都拉 "𠮷㐂ＡＢＣ" ئابدۇللا བསོད་ནམས ᠮᠣᠩᠭᠣᠯ \
	一二三四五六七八九十一二三四五六七八九十一; do
	n=$((n + 1))
	code=$(at hub hub invite --org V0101 --org C01 --name "$name" 2>/dev/null)
	at "site$n" join "$code" --hub "127.0.0.1:$port" >/dev/null
done

# Each name is a record's ref, and its own text; odd lines become questions.
python3 - "$data/residents.ndjson" "$work" <<'PYTHON'
import json, sys
names = ["买买提·阿不都拉", "𠮷田", "㐂", "ＡＢＣ１２３", "é·ñ",
         "e\u0301e\u0302\u0323", "ئابدۇللا", "བསོད་ནམས", "ᠮᠣᠩᠭᠣᠯ",
         "葛\U000e0100城", "👩\u200d⚕\ufe0f医", "①Ⅳ", "阿不都热合曼·买买提" * 5,
         "ئابدۇللا" * 6, "བསོད་ནམས" * 5, "é" * 50, "e\u0301" * 25]
with open(sys.argv[1], encoding="utf-8") as f:
    template = json.loads(f.readline())
for name in ("ehr_no", "household_no"):
    template.pop(name, None)
with open(sys.argv[2] + "/names", "w", encoding="utf-8") as f:
    f.writelines(name + "\n" for name in names)
hostile = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\u2028\u200b\ttab\r\nrow"
with open(sys.argv[2] + "/in.ndjson", "w", encoding="utf-8") as f:
    for name in names:
        print(json.dumps(dict(template, ref=name, name=name[:50],
                              address=name * 4), ensure_ascii=False), file=f)
    # Refused or taken with a warning; both are shown by questions.
    for line in (dict(template, ref="h1", name=hostile),
                 dict(template, ref="h2" + hostile, name="x"),
                 {**template, "ref": "h3", hostile: 1},
                 dict(template, ref="h4", address=hostile),
                 dict(template, ref="h5", sex=hostile),
                 dict(template, ref=names[12] + "x", name="")):
        print(json.dumps(line, ensure_ascii=False), file=f)
PYTHON
expect 6 at clinic import "$work/in.ndjson" >"$work/imported" 2>"$work/said"

cat >"$work/screens.py" <<'PYTHON'
"""Run yizhan on terminals of some widths and look at what they would show."""
import fcntl, os, pty, re, struct, subprocess, sys, termios, unicodedata

program, work = sys.argv[1:]
names = open(work + "/names", encoding="utf-8").read().split("\n")[:-1]


def cells(text):
    """As wcwidth() has it: ambiguous characters, such as the dot of names,
    take one cell in a UTF-8 locale."""
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


def run(args, columns, env):
    """Standard output, at a terminal where columns are given."""
    env = {**os.environ, **env}
    env.pop("COLUMNS", None)
    if columns is None:
        done = subprocess.run([program, *args], env=env, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        return done.stdout.decode("utf-8")
    near, far = pty.openpty()
    # Half of the sizes come from the terminal, half from the environment.
    if columns == 80:
        fcntl.ioctl(far, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
    else:
        env["COLUMNS"] = str(columns)
    mode = termios.tcgetattr(far)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(far, termios.TCSANOW, mode)
    child = subprocess.Popen([program, *args], env=env, stdout=far,
                             stderr=subprocess.DEVNULL)
    os.close(far)
    out = b""
    while True:
        try:
            piece = os.read(near, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    child.wait()
    os.close(near)
    return out.decode("utf-8")  # half a character would not decode


def fail(what, text):
    sys.exit(f"{what}:\n{text!r}\n{text}")


def check_safe(text, what, hidden="\u200b\ufeff"):
    for c in text:
        if c != "\n" and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or
                          c in "\u200e\u200f\u061c" + hidden or
                          "\u202a" <= c <= "\u202e" or
                          "\u2066" <= c <= "\u2069"):
            fail(f"{what}: {c!r} reaches the terminal", text)


def check_whole(text, what):
    """No line begins with what belongs to the character before it."""
    for line in text.split("\n"):
        body = line.lstrip(" ")
        if body and (unicodedata.category(body[0]) in ("Mn", "Me") or
                     body[0] == "\u200d"):
            fail(f"{what}: a torn character", text)
        if "\u200d…" in line or re.search("\u200d +", line):
            fail(f"{what}: a torn emoji", text)


def check_width(text, columns, what):
    for line in text.split("\n"):
        if cells(line) > columns:
            fail(f"{what}: {cells(line)} cells in {columns}", line)


def check_columns(text, patterns, what):
    """Each pattern's group begins at one cell in all rows."""
    for pattern in patterns:
        begins = set()
        for row in text.splitlines():
            match = re.search(pattern, row)
            if match is None:
                fail(f"{what}: no {pattern} in", row)
            begins.add(cells(row[:match.start(1)]))
        if len(begins) != 1:
            fail(f"{what}: {pattern} begins at {sorted(begins)}", text)


def check_values(text, what):
    """Titles on the left, values at one cell, also where they go on."""
    begins = {cells(re.match(r"(\S.*?)? {2,}(?=\S)|(?:\S+ )(?=\S)", row)[0])
              for row in text.splitlines()
              if re.match(r"\S+ {2,}\S| {6,}\S", row)}
    if len(begins) != 1:
        fail(f"{what}: values begin at {sorted(begins)}", text)


clinic, hub = ["--dir", work + "/clinic"], ["--dir", work + "/hub"]
shown = 0
for locale in ("zh_CN.UTF-8", "C.UTF-8"):
    env = {"LC_ALL": locale}
    for columns in (60, 80, 120, None):
        def look(args, what):
            global shown
            text = run(args, columns, env)
            what = f"{what} in {columns} ({locale})"
            if not text:
                sys.exit(f"{what}: nothing is shown")
            check_safe(text, what)
            if columns is not None:
                check_width(text, columns, what)
                check_whole(text, what)
            shown += 1
            return text, what

        text, what = look([*clinic, "list", "resident"], "list")
        if len(text.splitlines()) < len(names) + 1:
            fail(f"{what}: rows are missing", text)
        check_columns(text, [r"(时间|\bat\b|2[0-9]{3}-)",
                             r"(机构|org|V0101)$"], what)
        for name in names[:4]:
            if columns != 60 and name not in text:
                fail(f"{what}: no {name}", text)
        if (columns is not None) != ("…" in text):
            fail(f"{what}: cut, or not", text)
        if columns is None and names[12] not in text:
            fail(f"{what}: a name is cut", text)

        for name in (names[0], names[1], names[8], names[10], names[12],
                     names[14]):
            text, what = look([*clinic, "show", "resident", name], "show")
            check_values(text, what)
            # Whatever is wrapped is all there.
            seen = re.sub(r"\s", "", text)
            if re.sub(r"\s", "", name * 4) not in seen:
                fail(f"{what}: {name} * 4 is not whole", text)
        text, what = look([*clinic, "status"], "status")
        check_values(text, what)
        text, what = look([*hub, "sites"], "sites")
        check_columns(text, [r"(机构|orgs|V0101)",
                             r"(最近联|last co|(?<= )-(?= ))"], what)
        for name in ("买买提·阿不都拉", "𠮷㐂ＡＢＣ"):
            if columns in (120, None) and name not in text:
                fail(f"{what}: no {name}", text)
        look([*clinic, "questions", "--warnings"], "questions")
        if columns in (80, 120): # its pages are written for 80
            for words in ([], ["init"], ["import"], ["add"], ["sync"],
                          ["hub", "invite"], ["add", "resident"],
                          ["add", "encounter"], ["amend"]):
                look(["help", *words], "help")
        # JSON is whole, and does not steer either.
        look_at = run([*clinic, "--json", "list", "resident"], columns, env)
        check_safe(look_at, "JSON", "")
        look_at = run([*clinic, "--json", "questions"], columns, env)
        check_safe(look_at, "JSON", "")
print(f"{shown} screens")
PYTHON
python3 "$work/screens.py" "$YIZHAN" "$work" || fail "screens"

# What the import said on standard error is as harmless.
if LC_ALL=C.UTF-8 grep -P '[\x00-\x08\x0b-\x1f\x7f]|\x{9b}|\x{202e}|\x{2028}' "$work/said"; then
	fail "a file's text steers the terminal"
fi
stop_agent "$hub"
echo "width: good"

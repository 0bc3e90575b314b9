#!/usr/bin/env python3
"""Check what people read: every message is marked for translation, and
po/zh_CN.po has each of them, whole and settled.

usage: i18n_test.py [ROOT]

First shows, on samples in this file, that each check can fail. Exit code 1
when there was a complaint, 77 when xgettext or msgfmt is missing and the
rest is in order.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from tidy import Complaint, line_at  # noqa: E402

# --- catalogues ----------------------------------------------------------

FIELD = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?) (".*")')


class Entry:
    def __init__(self, line):
        self.line = line
        self.is_fuzzy = False
        self.text = {}

    @property
    def key(self):
        return self.text.get("msgctxt"), self.text.get("msgid")

    @property
    def strings(self):
        return [t for n, t in self.text.items() if n.startswith("msgstr")]


def entries(text):
    """The messages of a .po or .pot file; its header is none."""
    entry, name = Entry(1), None
    for number, line in enumerate(text.splitlines() + [""], 1):
        field = FIELD.fullmatch(line)
        if field:
            if not entry.text:
                entry.line = number
            name = field[1]
            entry.text[name] = ast.literal_eval(field[2])
        elif line.startswith('"') and name:
            entry.text[name] += ast.literal_eval(line)
        elif line.startswith("#,") and "fuzzy" in line:
            entry.is_fuzzy = True
        elif not line.strip():
            if entry.text.get("msgid"):
                yield entry
            entry, name = Entry(number + 1), None


def short(text):
    return repr(text if len(text) <= 50 else text[:47] + "...")


SPECIFIER = re.compile(r"%(?:\d+\$)?[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?"
                       r"(?:hh?|ll?|z|j|t)?[diouxXeEfFgGcspn%]")


def check_specifiers(path, entry):
    """msgfmt looks only at messages that xgettext took for formats; those of
    a table, marked by N_(), may become one all the same."""
    wanted = SPECIFIER.findall(entry.key[1])
    for string in entry.strings:
        if string and SPECIFIER.findall(string) != wanted:
            yield Complaint(path, entry.line,
                            f"other specifiers than {short(entry.key[1])}",
                            "repeat them in their order")
        if string and entry.key[1].endswith("\n") != string.endswith("\n"):
            yield Complaint(path, entry.line,
                            f"ends another way than {short(entry.key[1])}",
                            "end both with a newline, or neither")


def check_catalogue(wanted, path, text):
    """What a catalogue lacks of the messages in the source."""
    held = {}
    for entry in entries(text):
        if entry.key in held:
            yield Complaint(path, entry.line,
                            f"stands twice: {short(entry.key[1])}",
                            "remove one")
        held[entry.key] = entry
        yield from check_specifiers(path, entry)
        if entry.is_fuzzy:
            yield Complaint(path, entry.line,
                            f"fuzzy: {short(entry.key[1])}",
                            "read it again, then remove the mark")
        if "" in entry.strings:
            yield Complaint(path, entry.line,
                            f"not translated: {short(entry.key[1])}",
                            "translate it")
    for entry in entries(wanted):
        if entry.key not in held:
            yield Complaint(path, 1, f"lacks {short(entry.key[1])}",
                            "add the message with its translation")
    keys = {entry.key for entry in entries(wanted)}
    for key, entry in held.items():
        if key not in keys:
            yield Complaint(path, entry.line,
                            f"nobody says {short(key[1])} any more",
                            "remove it")


def check_source_language(path, text):
    """The catalogue in the language of the source only repeats it."""
    for entry in entries(text):
        if entry.is_fuzzy or entry.strings[0] != entry.key[1]:
            yield Complaint(path, entry.line,
                            f"differs from the source: {short(entry.key[1])}",
                            "repeat the message as it is")


# --- messages that are not marked ----------------------------------------

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                   r"'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\S", re.DOTALL)
MARKS = {"_", "N_", "ngettext", "gettext"}
FOLDERS = ("base", "sync", "store", "api", "agent", "cli")
# Calls whose text people read. A literal that is an argument of another call
# within them is a JSON key or a name, and that call's own business.
TALK = {"say", "say_plain", "say_progress", "printf", "fprintf", "puts",
        "fputs", "row", "row_number", "print_row", "print_part", "fail",
        "op_fail", "op_fail_with"}
DIRECTIVE = re.compile(
    r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:hh?|ll?|z|j|t)?[a-zA-Z%]|"
    r"\\033\[[\d;]*[a-zA-Z]|\\(?:x[0-9a-fA-F]+|u[0-9a-fA-F]{4}|.)")
NAMES = re.compile(r"\byizhand?\b")
LETTER = re.compile(r"[^\W\d_]")
# Elsewhere a literal of three words or more is taken for a message, unless
# it is a command to type.
PROSE = re.compile(r"[A-Za-z]+,? [A-Za-z]+,? [A-Za-z\d]+")
COMMAND = re.compile(r'"(?:yizhan|usage:)')


def tokens(code):
    """(offset, token) without comments and directives of the preprocessor."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*",
                  lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    return [(m.start(), m.group()) for m in TOKEN.finditer(code)
            if not m.group().startswith(("/*", "//"))]


def literals(code):
    """(offset, literal, calls it stands in, outermost first)."""
    calls, before = [], ""
    for offset, token in tokens(code):
        if token == "(":
            # Parentheses without a name before them are no call.
            is_call = re.match(r"[A-Za-z_]", before) and \
                before not in ("return", "if", "while", "for", "switch")
            calls.append(before if is_call else "")
        elif token == ")" and calls:
            calls.pop()
        elif token in ("{", "}", ";"):
            # A call does not outlive its statement: a lone parenthesis in a
            # macro must not spoil the rest of the file.
            calls = [] if token != ";" or "for" not in before else calls
        elif token.startswith('"'):
            yield offset, token, [c for c in calls if c]
        before = token


def check_listed(path, code, sources):
    """A marked message in a file that nobody extracts is never translated."""
    marked = [offset for offset, _, calls in literals(code)
              if MARKS & set(calls)]
    if marked and path not in sources:
        yield Complaint(path, line_at(code, marked[0]),
                        "has messages and is not in po/POTFILES",
                        "list it there")


def is_text(literal):
    return bool(LETTER.search(NAMES.sub("", DIRECTIVE.sub("", literal))))


def check_marks(path, code):
    for offset, literal, calls in literals(code):
        if MARKS & set(calls):
            continue
        is_talk = calls and calls[-1] in TALK and is_text(literal)
        if is_talk or (PROSE.search(literal) and not COMMAND.match(literal)):
            yield Complaint(path, line_at(code, offset),
                            f"not marked for translation: {literal[:60]}",
                            "put it in _(), or N_() in a table")


# --- samples -------------------------------------------------------------

SOURCE = 'msgid ""\nmsgstr ""\n"X: y\\n"\n\n#: a.c\nmsgid "one"\nmsgstr ""\n'
GOOD_PO = 'msgid ""\nmsgstr ""\n"X: y\\n"\n\nmsgid "one"\nmsgstr "一"\n'
BAD_PO = [
    ("lacks", 'msgid ""\nmsgstr ""\n"X: y\\n"\n\nmsgid "two"\nmsgstr "二"\n'),
    ("nobody says", 'msgid "one"\nmsgstr "一"\n\nmsgid "1"\nmsgstr "1"\n'),
    ("stands twice", 'msgid "one"\nmsgstr "一"\n\nmsgid "one"\nmsgstr "1"\n'),
    ("specifiers", 'msgid "%d %s"\nmsgstr "%s %d"\n'),
    ("specifiers", 'msgid "%lld"\nmsgstr "%d"\n'),
    ("another way", 'msgid "a\\n"\nmsgstr "a"\n'),
    ("lacks", '#~ msgid "one"\n#~ msgstr "一"\n'),
    ("not translated", 'msgid "one"\nmsgstr ""\n'),
    ("fuzzy", '#, fuzzy\nmsgid "one"\nmsgstr "一"\n'),
    ("fuzzy", '#, c-format, fuzzy\nmsgid "one"\nmsgstr "一"\n'),
]
GOOD_CODE = r'''
/* say("not this one"); */
static const struct page pages[] = {{"init", "yizhan init [--name N] and more",
    N_("make a store and its keys")}};
	say(_("there is no \"%s\"" " (%d)"), name, 3);
	say("%s", _("where is it?"));
	printf("%s%s %s\n", before, is_odd ? "" : _("warning: "), text);
	printf("%+lld  %.1f%%\n", number_of(q, "number"), 1.0);
	fputs(has_colour ? "\033[97;40m" : "", stderr);
	fprintf(stderr, "yizhand: %s: %s\n", path, _(outcome_message(e)));
	puts("yizhand " YIZHAN_VERSION);
	row(c, _("role"), text_of(s, "role"));
	return op_fail(o, e, N_("Nothing was saved."));
	json_pack("{s:s, s:b}", "op", "sync", "wait", 1);
	fputs(lower ? "▀" : "\u2588", stderr);
'''
BAD_CODE = [
    r'say("no such file");',
    r'say("%s: missing", name);',
    r'say(is_odd ? _("odd") : "even");',
    r'say_plain("line %d", line);',
    r'printf("%s\n%s records\n", a, b);',
    r'fprintf(stderr, "yizhan: bad\n");',
    r'fputs(("bad"), stderr);',
    r'puts("完成");',
    r'row(c, "role", text_of(s, "role"));',
    r'return op_fail(o, e, "Nothing.");',
    r'const char *why = "the disk is full";',
    'say(\n\t    _("good") /* a comment */,\n\t    "bad");',
]


def check_self():
    """What the checks get wrong about the samples."""
    for complaint in check_catalogue(SOURCE, "good.po", GOOD_PO):
        yield f"complains of a good catalogue: {complaint.what}"
    for word, text in BAD_PO:
        found = list(check_catalogue(SOURCE, "bad.po", text))
        if not any(word in c.what for c in found):
            yield f"does not see what is wrong ({word}) with: {text!r}"
    if list(check_source_language("en.po", 'msgid "a"\nmsgstr "a"\n')) or \
            not list(check_source_language("en.po", 'msgid "a"\nmsgstr "b"')):
        yield "takes any text for that of the source"
    for complaint in check_marks("good.c", GOOD_CODE):
        yield f"complains of good code: {complaint.what}"
    if not list(check_listed("a.c", 'say(_("one"));', ["b.c"])) or \
            list(check_listed("a.c", 'say(_("one"));', ["a.c"])) or \
            list(check_listed("a.c", '/* _("one") */ f("one");', [])):
        yield "cannot tell which files belong into po/POTFILES"
    for code in BAD_CODE:
        if not list(check_marks("bad.c", GOOD_CODE + code)):
            yield f"does not see what is wrong with: {code}"


# --- the tree ------------------------------------------------------------

def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def listed(root, path):
    return [line.strip() for line in read(root, path).splitlines()
            if line.strip() and not line.startswith("#")]


def extract(root, sources):
    """The messages in the source, taken out as the build does."""
    options = re.findall(r"'(--(?:from-code|keyword)=[^']*)'",
                         read(root, "po/meson.build"))
    return subprocess.run(
        ["xgettext", *options, "--language=C", "--output=-", *sources],
        cwd=root, check=True, capture_output=True, encoding="utf-8").stdout


def check_compiles(root, path):
    with tempfile.TemporaryDirectory() as room:
        result = subprocess.run(
            ["msgfmt", "--check", "-o", os.path.join(room, "x.mo"), path],
            cwd=root, check=False, capture_output=True, encoding="utf-8",
            env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""})
    if result.returncode != 0 or result.stderr.strip():
        for line in result.stderr.strip().splitlines() or ["no reason"]:
            yield Complaint(path, 1, f"msgfmt: {line}", "mend the entry")


def check_tree(root):
    sources = listed(root, "po/POTFILES")
    paths = set(sources)
    for folder in FOLDERS:
        for here, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                path = os.path.relpath(os.path.join(here, name), root)
                if name.endswith(".c"):
                    yield from check_listed(path, read(root, path), sources)
                if name.endswith(".c") and folder in ("cli", "api"):
                    paths.add(path)
    for path in sorted(paths):
        yield from check_marks(path, read(root, path))
    if not has_gettext():
        return
    wanted = extract(root, sources)
    languages = " ".join(listed(root, "po/LINGUAS")).split()
    if "zh_CN" not in languages:
        yield Complaint("po/LINGUAS", 1, "zh_CN is missing", "list it")
    for language in languages:
        path = f"po/{language}.po"
        if language == "en":
            yield from check_source_language(path, read(root, path))
        else:
            yield from check_catalogue(wanted, path, read(root, path))
        yield from check_compiles(root, path)


def has_gettext():
    return shutil.which("xgettext") and shutil.which("msgfmt")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1
                           else os.path.dirname(os.path.dirname(here)))
    faults = list(check_self())
    for fault in faults:
        print(f"this test {fault}")
    complaints = list(check_tree(root))
    for c in complaints:
        print(f"{c.path}:{c.line}: {c.what}\n\t{c.mend}")
    print(f"{len(complaints)} complaints")
    if faults or complaints:
        return 1
    if not has_gettext():
        print("skipped: xgettext or msgfmt is not installed")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())

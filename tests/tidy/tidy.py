#!/usr/bin/env python3
"""Check the tree itself: layering, dead files, format, forbidden calls.

usage: tidy.py [--only CHECK]... [--list] [ROOT]

Prints each complaint as `place: what is wrong`, with how to mend it below.
Exit code 1 when there was one; 77 when nothing but skipped checks ran.
Without --only, all checks but `format` run.
"""

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys

LINES_MAX = 700
FILE_BYTES_MAX = 1024 * 1024

# Which folders a folder may include from. tests/ may from all.
MAY_INCLUDE = {
    "base": {"base"},
    "sync": {"base", "sync"},
    "store": {"base", "sync", "store"},
    "api": {"base", "sync", "store", "api"},
    "agent": {"base", "sync", "store", "api", "agent"},
    "cli": {"base", "api", "cli"},
}
# Libraries that stay in one folder, and their names in code. tests/ may
# use all of them.
LIBRARIES = {
    "lmdb": ("store", re.compile(r"lmdb\.h"), re.compile(r"\bmdb_\w+")),
    "libuv": ("agent", re.compile(r"uv(/.*)?\.h|uv-.*\.h"),
              re.compile(r"\buv_\w+")),
    "libmnl": ("agent", re.compile(r"libmnl/.*"), re.compile(r"\bmnl_\w+")),
    "cmocka": ("tests", re.compile(r"cmocka\.h"), None),
}
# sync/ gets bytes, time and randomness as arguments.
NOT_IN_SYNC = re.compile(
    r"sys/(socket|time|select|epoll|un)\.h|time\.h|unistd\.h|fcntl\.h|"
    r"poll\.h|netdb\.h|netinet/.*|arpa/.*|pthread\.h|lmdb\.h|jansson\.h")
RANDOMNESS = re.compile(r"\brandombytes\w*")

FORBIDDEN = {
    "system": "use posix_spawn() with an argument list",
    "popen": "use posix_spawn() with an argument list",
    "strcpy": "use memcpy() with a checked size, or snprintf()",
    "strcat": "use struct buffer, or snprintf()",
    "strncat": "use struct buffer, or snprintf()",
    "sprintf": "use snprintf() and check what it returns",
    "vsprintf": "use vsnprintf() and check what it returns",
    "gets": "use getline()",
    "strtok": "use strsep() or struct reader",
    "tmpnam": "use mkstemp()",
    "mktemp": "use mkstemp()",
}
FORBIDDEN_CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(FORBIDDEN))

# Spelt so that this file does not complain about itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root)(?![\w-])")

# Bytes that tests are fed with; only their size is checked.
DATA_FOLDERS = ("tests/fuzz/corpus/", "tests/data/")

Complaint = collections.namedtuple("Complaint", "path line what mend")


class Skipped(Exception):
    """A check that cannot run here; says why."""


class Tree:
    """The files below a folder, read once, by path from there."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._walk())
        self._bytes = {}
        self._code = {}

    def _walk(self):
        for folder, names, files in os.walk(self.root):
            at_root = folder == self.root
            names[:] = [
                n for n in names
                if n not in (".git", "__pycache__")
                and not (at_root and n.startswith("build"))
                and not os.path.isdir(os.path.join(folder, n, "meson-info"))]
            for name in files:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    yield os.path.relpath(path, self.root)

    def bytes(self, path):
        if path not in self._bytes:
            with open(os.path.join(self.root, path), "rb") as f:
                self._bytes[path] = f.read()
        return self._bytes[path]

    def text(self, path):
        return self.bytes(path).decode("utf-8", errors="replace")

    def code(self, path):
        """C with comments and what is in quotes made blank."""
        if path not in self._code:
            self._code[path] = blank(self.text(path))
        return self._code[path]

    def with_suffix(self, *suffixes):
        return [p for p in self.paths
                if p.endswith(suffixes) and not p.startswith(DATA_FOLDERS)]

    def c_files(self):
        return self.with_suffix(".c", ".h")

    def text_files(self):
        return [p for p in self.paths
                if not p.startswith(DATA_FOLDERS)
                and b"\0" not in self.bytes(p)]

    def is_executable(self, path):
        return os.access(os.path.join(self.root, path), os.X_OK)


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL)


def blank(text, strings_too=True):
    """Blank comments (and strings), keeping every line where it is."""
    def cover(match):
        token = match.group()
        if token[0] in "\"'":
            if not strings_too:
                return token
            return token[0] + " " * (len(token) - 2) + token[-1]
        return re.sub(r"[^\n]", " ", token)
    return TOKEN.sub(cover, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def find_all(tree, paths, pattern, what, mend):
    for path in paths:
        text = tree.text(path)
        for match in pattern.finditer(text):
            yield Complaint(path, line_at(text, match.start()),
                            what.format(match.group()), mend)


# The checks. Each is given the tree and yields complaints.

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]',
                     re.MULTILINE)


def includes(tree, path):
    """(line, is quoted, name) of each include."""
    text = blank(tree.text(path), strings_too=False)
    for match in INCLUDE.finditer(text):
        yield line_at(text, match.start()), match[1] == '"', match[2]


def check_layering(tree):
    for path in tree.c_files():
        folder = path.split("/")[0]
        if folder not in MAY_INCLUDE and folder != "tests":
            continue
        for line, quoted, name in includes(tree, path):
            yield from check_include(tree, path, folder, line, quoted, name)
        if folder == "tests":
            continue
        code = tree.code(path)
        for library, (home, _, names) in LIBRARIES.items():
            match = names and folder != home and names.search(code)
            if match:
                yield Complaint(
                    path, line_at(code, match.start()),
                    f"{match.group()} of {library} outside {home}/",
                    f"add a call to {home}/ that does it")
        match = folder == "sync" and RANDOMNESS.search(code)
        if match:
            yield Complaint(
                path, line_at(code, match.start()),
                f"{match.group()}: sync/ has no randomness of its own",
                "take the random bytes as an argument")


def check_include(tree, path, folder, line, quoted, name):
    if quoted:
        if name not in tree.paths:
            yield Complaint(path, line, f'"{name}" is no file of the tree',
                            "write the path from the top of the tree")
            return
        other = name.split("/")[0]
        if folder != "tests" and other not in MAY_INCLUDE[folder]:
            yield Complaint(
                path, line, f"{folder}/ may not include {name}",
                f"{folder}/ may include from: "
                + ", ".join(sorted(MAY_INCLUDE[folder])))
        return
    if name in tree.paths:
        yield Complaint(path, line, f"<{name}> is a file of the tree",
                        'write #include "..."')
    for library, (home, headers, _) in LIBRARIES.items():
        if headers.fullmatch(name) and folder not in (home, "tests"):
            yield Complaint(path, line,
                            f"<{name}> of {library} outside {home}/",
                            f"add a call to {home}/ that does it")
    if folder == "sync" and NOT_IN_SYNC.fullmatch(name):
        yield Complaint(path, line, f"<{name}>: sync/ does no I/O",
                        "take bytes and time as arguments")


def check_forbidden(tree):
    for path in tree.c_files():
        code = tree.code(path)
        for match in FORBIDDEN_CALL.finditer(code):
            yield Complaint(path, line_at(code, match.start()),
                            f"{match[1]}()", FORBIDDEN[match[1]])


def check_opening(tree):
    for path in tree.c_files():
        if not tree.text(path).startswith("/*"):
            yield Complaint(path, 1, "does not open with a comment",
                            "say in a line what the file is")


GUARD = re.compile(r"^#ifndef (\w+)\n#define (\w+)\n", re.MULTILINE)


def check_guards(tree):
    seen = {}
    for path in tree.with_suffix(".h"):
        code = tree.code(path)
        match = GUARD.match(code.lstrip())
        if not match or match[1] != match[2] \
                or not code.rstrip().endswith("#endif"):
            wanted = "YIZHAN_" + re.sub(r"\W", "_", path).upper()
            yield Complaint(path, 1, "no include guard",
                            f"#ifndef {wanted} ... #endif around all of it")
        elif match[1] in seen:
            yield Complaint(path, 1,
                            f"its include guard is that of {seen[match[1]]}",
                            "name the guard after the path")
        else:
            seen[match[1]] = path


# A test program is listed by its name without this ending.
TEST_ENDINGS = ("_test.c", "_sim.c", "_link.c", "_fuzz.c", "_bench.c")


def listed_names(tree, folder):
    path = os.path.join(folder, "meson.build")
    if path not in tree.paths:
        return set()
    text = re.sub(r"#[^\n]*", "", tree.text(path))
    return set(re.findall(r"'([^'\n]*)'", text))


def check_listed(tree):
    """Dead files: sources that nothing builds, headers nobody includes."""
    for path in tree.with_suffix(".c", ".sh"):
        folder, name = os.path.split(path)
        names = {name}
        if path.startswith("tests/"):
            names |= {name[:-len(e)] for e in TEST_ENDINGS
                      if name.endswith(e)}
        if path.endswith(".sh"):
            # Only scenarios are listed, without their ending.
            if folder != "tests/scenario" or not tree.is_executable(path):
                continue
            names = {name[:-len(".sh")]}
        if not names & listed_names(tree, folder):
            yield Complaint(path, 1, f"not in {folder}/meson.build",
                            "list it there, or remove the file")
    included = {name for path in tree.c_files()
                for _, _, name in includes(tree, path)}
    for path in tree.with_suffix(".h"):
        if path not in included:
            yield Complaint(path, 1, "included by no file",
                            "include it where it is used, or remove it")


def check_size(tree):
    for path in tree.paths:
        if len(tree.bytes(path)) > FILE_BYTES_MAX:
            yield Complaint(path, 1, "over 1 MiB",
                            "make it while building, or when a test runs")
    sources = tree.with_suffix(".c", ".h", ".py", ".sh", "meson.build")
    for path in sources:
        count = tree.bytes(path).count(b"\n")
        if count > LINES_MAX:
            yield Complaint(path, count, f"over {LINES_MAX} lines",
                            "move one thought of it to a file of its own")


def check_words(tree):
    paths = tree.text_files()
    yield from find_all(tree, paths, UNFINISHED, "{}",
                        "do it, or describe the limit in docs/")
    yield from find_all(tree, paths, MACHINE_PATH,
                        "{} is a path of one machine",
                        "find the place from the tree or the environment")


SPACE = re.compile(r"[ \t\r\f\v]+$", re.MULTILINE)


def check_space(tree):
    for path in tree.text_files():
        data = tree.bytes(path)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as e:
            yield Complaint(path, data.count(b"\n", 0, e.start) + 1,
                            "not UTF-8", "save it as UTF-8")
            continue
        for match in SPACE.finditer(text):
            yield Complaint(path, line_at(text, match.start()),
                            "white space at the end of the line",
                            "remove it")
        if text and not text.endswith("\n"):
            yield Complaint(path, text.count("\n") + 1,
                            "no new line at the end of the file", "add it")


def check_scripts(tree):
    for path in tree.text_files():
        is_script = tree.bytes(path).startswith(b"#!")
        if is_script and not tree.is_executable(path):
            yield Complaint(path, 1, "a script that cannot be executed",
                            f"chmod +x {path}")
        elif not is_script and tree.is_executable(path):
            yield Complaint(path, 1, "executable, but not a script",
                            f"chmod -x {path}, or begin it with #!")


TRANSLATED = re.compile(r"(?<!\w)(?:_|N_|ngettext)\(")


def check_translations(tree):
    if "po/POTFILES" not in tree.paths:
        return
    listed = {line for line in tree.text("po/POTFILES").splitlines()
              if line and not line.startswith("#")}
    for path in sorted(listed - set(tree.paths)):
        yield Complaint("po/POTFILES", 1, f"{path} does not exist",
                        "remove the line")
    for path in tree.c_files():
        if path == "base/i18n.h" or path.startswith("tests/"):
            continue
        code = tree.code(path)
        match = TRANSLATED.search(code)
        if match and path not in listed:
            yield Complaint(path, line_at(code, match.start()),
                            "has messages, but is not in po/POTFILES",
                            "list it there")


# State that is not in a struct somebody owns. A reader of C for this style,
# not for all of C: declarations begin at the left edge or after a brace.

PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)", re.DOTALL)
NO_VARIABLE = re.compile(
    r"\s*(typedef|extern|static_assert|_Static_assert|return)\b")
ONLY_A_TYPE = re.compile(r"\s*(?:static\s+)?(?:const\s+)?"
                         r"(struct|union|enum)\s*\w*\s*\{\}\s*$|"
                         r"\s*(struct|union|enum)\s+\w+\s*$")
FUNCTION_POINTER = re.compile(r"[^(]*\(\s*\*\s*(const\b)?")


def declarations(code):
    """(offset, text) of every declaration: those of the file, and those in
    functions that say `static`. What braces hold reads as {}."""
    code = PREPROCESSOR.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    depth = 0
    text, start = "", None
    in_function = False
    for offset, char in enumerate(code):
        if char == "}":
            depth -= 1
            if depth == 0:
                text += "}"
                if in_function:
                    text, start, in_function = "", None, False
        elif char == "{":
            if depth == 0:
                in_function = text.rstrip().endswith(")")
                text += "{"
            depth += 1
        elif depth == 0:
            if char == ";":
                if text.strip():
                    yield start, text
                text, start = "", None
            else:
                if start is None and not char.isspace():
                    start = offset
                text += char
    for match in re.finditer(r"(?<=[;{}\n])[ \t]+(static\b[^;={]*)", code):
        yield match.start(1), match[1]


def is_mutable(declaration):
    text = ATTRIBUTE.sub(" ", declaration)
    if NO_VARIABLE.match(text) or ONLY_A_TYPE.match(text):
        return False
    if "sig_atomic_t" in text:
        return False  # how a signal handler speaks
    head = text.split("=")[0]
    pointer = FUNCTION_POINTER.match(head)
    if pointer:
        return pointer[1] is None
    if "(" in head:
        return False  # a function
    if "*" in head:
        return not re.match(r"\s*const\b", head.rsplit("*", 1)[1])
    return not re.search(r"\bconst\b", head)


def check_globals(tree):
    for path in tree.c_files():
        if path.startswith("tests/"):
            continue
        code = tree.code(path)
        for offset, text in declarations(code):
            if is_mutable(text):
                name = " ".join(text.split("=")[0].split())
                yield Complaint(path, line_at(code, offset),
                                f"state of the whole program: {name}",
                                "put it in a struct that is handed around, "
                                "or make it const")


FORMAT_FAULT = re.compile(r"^(.*?):(\d+):\d+: (?:error|warning): ",
                          re.MULTILINE)


def check_format(tree):
    program = shutil.which("clang-format")
    if program is None:
        raise Skipped("clang-format is not installed")
    paths = tree.c_files()
    if not paths:
        return
    result = subprocess.run(
        [program, "--dry-run", "--Werror", "--style=file", *paths],
        cwd=tree.root, capture_output=True, text=True, check=False)
    seen = set()
    for path, line in FORMAT_FAULT.findall(result.stderr):
        if path not in seen:
            seen.add(path)
            yield Complaint(path, int(line), "not formatted",
                            f"clang-format -i {path}")
    if result.returncode != 0 and not seen:
        yield Complaint(".clang-format", 1, result.stderr.strip(),
                        "mend the configuration")


CHECKS = {
    "layering": check_layering,
    "forbidden": check_forbidden,
    "opening": check_opening,
    "guards": check_guards,
    "listed": check_listed,
    "size": check_size,
    "words": check_words,
    "space": check_space,
    "scripts": check_scripts,
    "translations": check_translations,
    "globals": check_globals,
    "format": check_format,
}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", action="append", choices=CHECKS)
    arguments.add_argument("--list", action="store_true")
    here = os.path.dirname(os.path.abspath(__file__))
    arguments.add_argument("root", nargs="?",
                           default=os.path.dirname(os.path.dirname(here)))
    given = arguments.parse_args()
    if given.list:
        print("\n".join(CHECKS))
        return 0

    tree = Tree(os.path.abspath(given.root))
    wanted = given.only or [name for name in CHECKS if name != "format"]
    complaints = skipped = 0
    for name in wanted:
        try:
            for c in CHECKS[name](tree):
                print(f"{c.path}:{c.line}: {c.what} [{name}]\n\t{c.mend}")
                complaints += 1
        except Skipped as why:
            print(f"skipped: {name}: {why}")
            skipped += 1
    print(f"{len(tree.paths)} files, {len(wanted) - skipped} checks, "
          f"{complaints} complaints")
    if complaints:
        return 1
    return 77 if skipped == len(wanted) else 0


if __name__ == "__main__":
    sys.exit(main())

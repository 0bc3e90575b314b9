#!/usr/bin/env python3
"""Check that docs/domain.md holds the kinds' tables as they are.

usage: domain_test.py [--write] KIND_TABLES PAGE

KIND_TABLES is the program tools/kind_tables. What the page has between
`<!-- kind: NAME -->` and `<!-- end -->` must be what it prints; --write makes
it so. Every kind has one such place. Files and functions that the page names
in `code marks` are in the sources.
"""

import pathlib
import re
import subprocess
import sys

PLACE = re.compile(r"(<!-- kind: (\w+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def tables_of(printed):
    """By kind, what the program printed of it."""
    parts = re.split(r"^== (\w+)\n", printed, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def complaints(page, tables):
    seen = [match[2] for match in PLACE.finditer(page)]
    for name in sorted(set(seen)):
        if seen.count(name) > 1:
            yield f"{name} has two places"
        if name not in tables:
            yield f"there is no kind {name}"
    for name in tables:
        if name not in seen:
            yield f"{name} has no place"
    if [n for n in seen if n in tables] != [n for n in tables if n in seen]:
        yield "the kinds stand in another order than their numbers"
    for match in PLACE.finditer(page):
        if match[3] != tables.get(match[2], match[3]):
            yield f"{match[2]} is not as its table says"
    if page.count("<!-- kind:") != len(seen):
        yield "a place has no end"


FILE = re.compile(r"`([\w/]+\.[ch])`")
CALL = re.compile(r"`(\w+)\(\)`")
FOLDERS = ("agent", "api", "base", "cli", "store", "sync", "tests", "tools")


def sources(root):
    """Text of each source file by its path below the root."""
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for folder in FOLDERS
            for path in (root / folder).rglob("*.[ch]")}


def strangers(page, texts):
    """What the page names and the sources do not have."""
    for name in sorted(set(FILE.findall(page))):
        if not any(("/" + path).endswith("/" + name) for path in texts):
            yield f"there is no file {name}"
    for name in sorted(set(CALL.findall(page))):
        if not any(re.search(rf"\b{name}\(", text)
                   for text in texts.values()):
            yield f"there is no function {name}()"


def written(page, tables):
    return PLACE.sub(lambda m: m[1] + tables.get(m[2], m[3]) + m[4], page)


def check_self():
    """What the checks get wrong about samples."""
    tables = {"a": "one\n", "b": "two\n"}
    good = "x\n<!-- kind: a -->\none\n<!-- end -->\n" \
           "<!-- kind: b -->\ntwo\n<!-- end -->\n"
    bad = [good.replace("one", "won"), good.replace("two\n", ""),
           good.replace("kind: b", "kind: c"), good + good,
           good.replace("<!-- kind: b -->\ntwo\n<!-- end -->\n", ""),
           good.replace("two\n<!-- end -->\n", "two\n"),
           "<!-- kind: b -->\ntwo\n<!-- end -->\n"
           "<!-- kind: a -->\none\n<!-- end -->\n"]
    if tables_of("== a\none\n== b\ntwo\n") != tables:
        yield "does not take the program's words apart"
    if list(complaints(good, tables)):
        yield "complains of a good page"
    for page in bad:
        if not list(complaints(page, tables)):
            yield f"does not see what is wrong with: {page!r}"
    texts = {"store/a.c": "int go(void)", "store/kinds/b.c": ""}
    if list(strangers("`a.c`, `kinds/b.c`, `go()`", texts)):
        yield "does not find what is there"
    if len(list(strangers("`c.c`, `inds/b.c`, `o()`", texts))) != 3:
        yield "finds what is not there"
    if written(bad[0], tables) != good:
        yield "writes the page wrongly"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    program, path = arguments
    tables = tables_of(subprocess.run([program], check=True,
                                      capture_output=True,
                                      encoding="utf-8").stdout)
    with open(path, encoding="utf-8") as f:
        page = f.read()
    if "--write" in sys.argv:
        page = written(page, tables)
        with open(path, "w", encoding="utf-8") as f:
            f.write(page)
    wrong = [f"this test {fault}" for fault in check_self()]
    wrong += [f"docs/domain.md: {fault}" for fault in complaints(page, tables)]
    texts = sources(pathlib.Path(path).resolve().parent.parent)
    wrong += [f"docs/domain.md: {fault}" for fault in strangers(page, texts)]
    print("\n".join(wrong) if wrong else f"{len(tables)} kinds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Show that tidy.py can fail: feed it a good tree, in which it must find
nothing, and then that tree with one fault at a time, each of which it must
name, at the right place and by the right check."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import tidy  # noqa: E402  (its folder is where this script is)

GOOD = {
    "base/meson.build": "base_sources = files(\n  'a.c',\n)\n",
    "base/a.h": """\
/* a: an example. */

#ifndef YIZHAN_BASE_A_H
#define YIZHAN_BASE_A_H

struct a {
	int one;
};

enum { A_MAX = 4 };

typedef int (*a_call)(void *context);

int a_sum(const struct a *a, int (*weigh)(int one));

#endif
""",
    "base/a.c": """\
/* a: adds. It's no \"system(\" call; mdb_ is only named here. */

#include <signal.h>

#include "base/a.h"

#define A_TWICE(x) \\
	((x) + \\
	    (x))

struct pair {
	int left, right;
};

static const char *const names[] = {"mdb_get(", "a;b", "{"};
static const struct pair pairs[] = {{1, 2}, {3, 4}};
static int (*const calls[])(int) = {0};
static volatile sig_atomic_t stopped;
static_assert(sizeof pairs > 0, "system(");

static int helper(int n);

static int
helper(int n)
{
	static const char digits[] = "0123456789";

	(void)calls;
	return names[0][0] + digits[n] + pairs[0].left + stopped;
}

int
a_sum(const struct a *a, int (*weigh)(int one))
{
	int sum = 0;

	for (int i = 0; i < A_MAX; i++)
		sum += helper(i);
	return sum + weigh(a->one);
}
""",
    "sync/meson.build": "sync_sources = files(\n  's.c',\n)\n",
    "sync/s.c": '/* s: syncs. */\n\n#include <string.h>\n\n'
                '#include "base/a.h"\n\nconst int s_limit = A_MAX;\n',
    "store/meson.build": "store_sources = files(\n  'm.c',\n)\n",
    "store/m.c": '/* m: stores. */\n\n#include <lmdb.h>\n\n'
                 '#include "base/a.h"\n\n'
                 'int m(MDB_env *e);\n\nint\nm(MDB_env *e)\n{\n'
                 '\tmdb_env_close(e);\n\treturn 0;\n}\n',
    "cli/meson.build": "if fs.exists('main.c')\n"
                       "  executable('yizhan', 'main.c')\nendif\n",
    "cli/main.c": "/* main: the command line. */\n\n"
                  "int\nmain(void)\n{\n\treturn 0;\n}\n",
    "tests/unit/meson.build": "unit_tests = [\n  'a',\n]\n",
    "tests/unit/a_test.c": "/* a_test: claims about a. */\n\n"
                           "#include <cmocka.h>\n#include <lmdb.h>\n\n"
                           '#include "base/a.h"\n\nstatic int calls;\n',
    "tests/scenario/meson.build": "scenario_tests = [\n  '01-x',\n]\n",
    "tests/scenario/01-x.sh": "#!/bin/sh\n# Goal: x.\n",
    "tests/scenario/lib.sh": "# Read by the others.\n",
    "po/POTFILES": "# Files.\n",
    "docs/a.md": "Text, see ../work/x and a/root.\n",
    "tests/fuzz/corpus/a/one": "data \n\n \r\nwithout end",
}


# Check, file, what is done to it, with which text, words of the complaint.
APPEND, REPLACE = "append", "replace"
BAD = [
    ("layering", "base/a.c", APPEND, '#include "sync/s.c"\n',
     "base/ may not include"),
    ("layering", "sync/s.c", APPEND, '#include "store/m.c"\n',
     "sync/ may not include"),
    ("layering", "store/m.c", APPEND, '#include "cli/main.c"\n',
     "store/ may not include"),
    ("layering", "cli/main.c", APPEND, '#include "store/m.c"\n',
     "cli/ may not include"),
    ("layering", "cli/main.c", APPEND, "#include <uv.h>\n", "libuv"),
    ("layering", "sync/s.c", APPEND, "#include <lmdb.h>\n", "lmdb"),
    ("layering", "sync/s.c", APPEND, "int x(void)\n{\n\treturn mdb_x();\n}\n",
     "mdb_x of lmdb"),
    ("layering", "store/m.c", APPEND, "int x(void)\n{\n\treturn uv_x();\n}\n",
     "uv_x of libuv"),
    ("layering", "store/m.c", APPEND, "#include <cmocka.h>\n", "cmocka"),
    ("layering", "sync/s.c", APPEND, "#include <sys/socket.h>\n", "no I/O"),
    ("layering", "sync/s.c", APPEND, "#include <time.h>\n", "no I/O"),
    ("layering", "sync/s.c", APPEND,
     "int x(void)\n{\n\treturn randombytes_random();\n}\n", "randomness"),
    ("layering", "base/a.c", APPEND, '#include "a.h"\n', "no file of"),
    ("layering", "store/m.c", APPEND, "#include <base/a.h>\n",
     "is a file of"),
    ("forbidden", "base/a.c", APPEND, "x = system(y);\n", "system()"),
    ("forbidden", "base/a.c", APPEND, "x = popen (y);\n", "popen()"),
    ("forbidden", "cli/main.c", APPEND, "strcpy(a, b);\n", "strcpy()"),
    ("forbidden", "cli/main.c", APPEND, "strcat(a, b);\n", "strcat()"),
    ("forbidden", "cli/main.c", APPEND, "sprintf(a, b);\n", "sprintf()"),
    ("forbidden", "tests/unit/a_test.c", APPEND, "gets(a);\n", "gets()"),
    ("opening", "base/a.c", REPLACE, "int a;\n", "comment"),
    ("opening", "base/a.h", REPLACE, "#ifndef A\n#define A\n#endif\n",
     "comment"),
    ("guards", "base/a.h", REPLACE, "/* a. */\n\nint a(void);\n",
     "no include guard"),
    ("guards", "base/a.h", REPLACE,
     "/* a. */\n\n#ifndef A\n#define B\n\n#endif\n", "no include guard"),
    ("guards", "base/b.h", REPLACE, GOOD["base/a.h"], "is that of base/a.h"),
    ("listed", "base/b.c", REPLACE, "/* b. */\n", "not in base/meson.build"),
    ("listed", "base/meson.build", REPLACE, "# 'a.c'\n", "not in base/meson"),
    ("listed", "tests/unit/b_test.c", REPLACE, "/* b. */\n", "not in tests/"),
    ("listed", "tests/scenario/02-y.sh", REPLACE, "#!/bin/sh\n",
     "not in tests/scenario"),
    ("listed", "base/b.h", REPLACE, "/* b. */\n", "included by no file"),
    ("size", "docs/big.md", REPLACE, "x" * (1024 * 1024 + 1), "over 1 MiB"),
    ("size", "tests/data/big", REPLACE, "x" * (1024 * 1024 + 1), "1 MiB"),
    ("size", "base/a.c", APPEND, "\n" * 700, "over 700 lines"),
    ("words", "docs/a.md", APPEND, "TO" + "DO: more\n", "TO" + "DO"),
    ("words", "base/a.c", APPEND, "/* FIX" + "ME */\n", "FIX" + "ME"),
    ("words", "base/a.c", APPEND, "/* XX" + "X */\n", "XX" + "X"),
    ("words", "docs/a.md", APPEND, "in /wo" + "rk/x\n", "one machine"),
    ("words", "docs/a.md", APPEND, "HOME=/ro" + "ot\n", "one machine"),
    ("space", "docs/a.md", APPEND, "line \n", "white space"),
    ("space", "docs/a.md", APPEND, "line\r\n", "white space"),
    ("space", "docs/a.md", APPEND, "line", "no new line"),
    ("scripts", "tests/scenario/lib.sh", REPLACE, "#!/bin/sh\n", "cannot be"),
    ("scripts", "tests/scenario/01-x.sh", REPLACE, "x\n", "not a script"),
    ("translations", "cli/main.c", APPEND, 'puts(_("x"));\n', "POTFILES"),
    ("translations", "po/POTFILES", APPEND, "cli/gone.c\n", "not exist"),
    ("globals", "base/a.c", APPEND, "static int counter;\n", "counter"),
    ("globals", "base/a.c", APPEND, "int counter = 3;\n", "counter"),
    ("globals", "base/a.c", APPEND, "static const char *last;\n", "last"),
    ("globals", "base/a.c", APPEND, "static const char *all[] = {0};\n",
     "all"),
    ("globals", "base/a.c", APPEND, "static struct pair p = {1, 2};\n", "p"),
    ("globals", "base/a.c", APPEND, "static struct { int n; } here;\n",
     "here"),
    ("globals", "base/a.c", APPEND, "static void (*hook)(int);\n", "hook"),
    ("globals", "base/a.c", APPEND, "static _Thread_local int here;\n",
     "here"),
    ("globals", "base/a.c", APPEND,
     "int x(void)\n{\n\tstatic int n;\n\n\treturn n++;\n}\n", "static int n"),
    ("globals", "base/a.c", APPEND,
     "int x(void)\n{\n\tstatic char b[9] = {0};\n\n\treturn b[0];\n}\n",
     "static char b[9]"),
    ("format", "cli/main.c", APPEND, "int   spaced ;\n", "not formatted"),
]


def write(root, path, text):
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    if path == "tests/scenario/01-x.sh" or path.endswith("02-y.sh"):
        os.chmod(target, 0o755)


def complaints(files, check):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            write(root, path, text)
        write(root, ".clang-format", "BasedOnStyle: LLVM\nUseTab: Always\n"
              "IndentWidth: 8\nTabWidth: 8\n")
        return list(tidy.CHECKS[check](tidy.Tree(root)))


class TidyTest(unittest.TestCase):
    def test_good_tree_has_no_complaint(self):
        for check in tidy.CHECKS:
            if check == "format":
                continue  # the example is written in another format
            with self.subTest(check):
                self.assertEqual(complaints(GOOD, check), [])

    def test_each_fault_is_named(self):
        for check, path, how, text, word in BAD:
            with self.subTest(check=check, text=text[:60]):
                files = dict(GOOD)
                files[path] = (files[path] if how == APPEND else "") + text
                try:
                    found = complaints(files, check)
                except tidy.Skipped as why:
                    self.skipTest(str(why))
                named = [c for c in found if word in c.what]
                self.assertTrue(named, found)
                if path.endswith((".c", ".h", ".sh", ".md")):
                    self.assertIn(path, [c.path for c in named])
                for c in found:
                    self.assertTrue(c.mend)
                    self.assertGreater(c.line, 0)

    def test_each_check_has_a_fault(self):
        self.assertEqual({b[0] for b in BAD}, set(tidy.CHECKS))

    def test_a_line_is_the_fault_s_own(self):
        files = dict(GOOD)
        files["docs/a.md"] = "one\ntwo\nthree \n"
        (c,) = complaints(files, "space")
        self.assertEqual((c.path, c.line), ("docs/a.md", 3))

    def test_build_folders_are_left_out(self):
        files = dict(GOOD)
        for path in ("build-x/a.c", ".git/a.c", "out/meson-info/a.c",
                     "base/__pycache__/a.c"):
            files[path] = "int a; \n"
        for check in ("opening", "space", "globals"):
            self.assertEqual(complaints(files, check), [])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Check that generate.py still gives ../data/sample byte for byte, from the
arguments in its manifest. Exit code 1 when a file differs."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "data", "sample")


def generate(folder):
    with open(os.path.join(SAMPLE, "manifest.json"), encoding="utf-8") as f:
        given = json.load(f)["arguments"]
    command = [sys.executable, "-B", os.path.join(HERE, "generate.py"), "--out", folder]
    for name, value in given.items():
        if value is not None:
            command += ["--" + name.replace("_", "-"), str(value)]
    subprocess.run(command, check=True)


def content(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        return f.read()


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        generate(folder)
        names = sorted({*os.listdir(folder), *os.listdir(SAMPLE)})
        for name in names:
            made, committed = content(folder, name), content(SAMPLE, name)
            if made != committed:
                failed += 1
                print("%s: %s" % (name, "not generated" if made is None else "not in the sample" if committed is None else "differs"))
    print("%d files, %d differ" % (len(names), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Give one libFuzzer target some time, for `meson test` of -Dfuzz=true.

usage: run.py PROGRAM CORPUS [DICTIONARY]

Works on a copy of the corpus, for $YIZHAN_FUZZ_SECONDS (30). The last lines
that the program said are printed; of a failure all of them, and the input
that made it, in base64: `base64 -d >tests/fuzz/corpus/NAME/WHAT` keeps it.
"""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

RSS_MIB_MAX = 2048
INPUT_SECONDS_MAX = 25  # sanitizers are slow; two run at a time
INPUT_BYTES_MAX = 20000
SHOWN_BYTES_MAX = 12000


def show_artefacts(folder):
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        print(f"-- {path.name}, {len(data)} bytes, in base64:")
        print(base64.b64encode(data).decode())


def main():
    program, corpus, *dictionary = sys.argv[1:]
    seconds = int(os.environ.get("YIZHAN_FUZZ_SECONDS", "30"))
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        shutil.copytree(corpus, place / "corpus")
        (place / "artefacts").mkdir()
        command = [
            program, f"-max_total_time={seconds}",
            f"-rss_limit_mb={RSS_MIB_MAX}", f"-timeout={INPUT_SECONDS_MAX}",
            f"-max_len={INPUT_BYTES_MAX}", "-print_final_stats=1",
            f"-artifact_prefix={place / 'artefacts'}/",
            *[f"-dict={d}" for d in dictionary], str(place / "corpus")]
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode(errors="replace")
        if done.returncode == 0:
            print("\n".join(said.splitlines()[-10:]))
            return 0
        print(said[-SHOWN_BYTES_MAX:])
        show_artefacts(place / "artefacts")
        return 1


if __name__ == "__main__":
    sys.exit(main())

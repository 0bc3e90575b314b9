"""Runs a command and says how much memory of its own it took at most.

usage: memory.py OUT COMMAND...      writes KiB to OUT; the exit code is the
                                     command's. Standard input is passed on.
"""

import subprocess
import sys
import time


def anonymous_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    return 0


def main():
    with subprocess.Popen(sys.argv[2:]) as p:
        most = 0
        while p.poll() is None:
            try:
                most = max(most, anonymous_kib(p.pid))
            except (FileNotFoundError, ProcessLookupError):
                pass
            time.sleep(0.005)
    with open(sys.argv[1], "w", encoding="ascii") as f:
        print(most, file=f)
    sys.exit(p.returncode)


main()

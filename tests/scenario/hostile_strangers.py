#!/usr/bin/env python3
"""Strangers at a hub's door, for 60-hostile-peers.sh.

usage: hostile_strangers.py PORT COUNT

Opens COUNT connections of each sort below and holds them: silent, the preface
and no more, the preface byte by byte every five seconds, a preface and then
half a frame. Meanwhile others come without end, each with bytes of another
protocol or none, and leave again. Prints "ready" when the first of all sorts
are there, and goes on until it gets a signal.
"""

import random
import socket
import sys
import time

PREFACE = b"YZ\x01\x01\x00"
DRIP_SECONDS = 5
BATCH = 20

PASSING = [
    b"",
    b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x00" * 512,
    b"\xff" * 512,
    b"YZ\x02\x01\x00",
    b"YZ\x01\x09\x00",
    PREFACE + b"\xff\xff" + b"x" * 64,
    PREFACE + b"\x00\x00",
    PREFACE + b"\x00\x30" + b"\x00" * 48,
    PREFACE + b"\x00\x30" + b"\x07" * 48,
    b"YZ\x01\x01\x01\x00\x32" + b"\x09" * 50,
    b"YZ\x01\x01\x02" * 3,
]


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def hold(port, first):
    s = connect(port)
    s.sendall(first)
    return s


def pass_by(port, what):
    """One comes, says something, and goes: abruptly, or after the answer."""
    try:
        with connect(port) as s:
            s.sendall(what)
            if random.random() < 0.5:
                s.settimeout(0.05)
                s.recv(4096)
    except OSError:
        pass  # the hub may close first


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    random.seed(20261122)
    held = []
    for _ in range(count):
        held.append(hold(port, b""))
        held.append(hold(port, PREFACE))
        held.append(hold(port, PREFACE + b"\x00\x30" + b"\x01" * 20))
    dripping = [hold(port, PREFACE[:1]) for _ in range(count)]
    for what in PASSING:
        pass_by(port, what)
    print("ready", flush=True)
    sent = 1
    last = time.monotonic()
    while True:
        for _ in range(BATCH):
            what = random.choice(PASSING)
            if random.random() < 0.3:
                what = random.randbytes(random.randrange(1, 300))
            pass_by(port, what)
        time.sleep(0.1)
        if time.monotonic() - last >= DRIP_SECONDS and sent < len(PREFACE):
            for s in dripping:
                try:
                    s.send(PREFACE[sent:sent + 1])
                except OSError:
                    pass  # it was too slow for the hub
            sent += 1
            last = time.monotonic()


if __name__ == "__main__":
    main()

"""Clients of agent.sock that break every rule, one after the other and all at
once. Each is to be answered with an error or hung up on.

usage: bad_requests.py DIR
"""

import json
import os
import socket
import sys
import threading

TIMEOUT_S = 60


def connect(directory):
    # A socket's path is short; the directory's may not be.
    os.chdir(directory)
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(TIMEOUT_S)
    s.connect("agent.sock")
    return s


def answer(s):
    """All that is said until it hangs up; None where it was cut off."""
    said = b""
    try:
        while chunk := s.recv(65536):
            said += chunk
    except ConnectionResetError:
        pass
    return said


def ask(directory, data, shut=True):
    with connect(directory) as s:
        try:
            s.sendall(data)
            if shut:
                s.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return answer(s)


def done_of(said):
    lines = said.splitlines()
    if not lines:
        return None
    return json.loads(lines[-1]).get("done")


BAD = [
    b"\n", b"\0\0\0\0\n", b"\xff\xfe\xfd\n", b"[]\n", b"null\n", b"{}\n",
    b'{"op":1}\n', b'{"op":null}\n', b'{"op":"no such thing"}\n',
    b'{"op":"' + b"x" * 100000 + b'"}\n', b'{"op":"status","op":"status"}\n',
    b'{"op":"show"}\n', b'{"op":"show","kind":[],"ref":{}}\n',
    b'{"op":"list","kind":"resident","limit":-1}\n',
    b'{"op":"list","kind":"resident","limit":"many"}\n' * 2,
    b'{"op":"add","kind":"resident"}\n',
    b'{"op":"add","kind":"resident","by":"S1","fields":[]}\n',
    b'{"op":"add","kind":"resident","by":"S1","fields":'
    + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}\n",
    b'{"op":"amend","kind":"resident","ref":"x","by":"y","fields":{}}\n',
    b'{"op":"import","source":"\x01"}\n', b'{"op":"import","source":5}\n',
    b'{"op":"sync","timeout":1e300,"wait":7}\n', b'{"op":"join"}\n',
    b'{"op":"join","code":"' + b"A" * 900000 + b'","hub":"x"}\n',
    b'{"op":"invite","orgs":' + b'[' * 1500 + b']' * 1500 + b"}\n",
    b'{"op":"init","role":"king"}\n', b"[" * 1000000 + b"\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
]
HALF = [b"", b"{", b'{"op":"status"}', b'{"op":"import"', b"\xe5"]


def refuse_all(directory):
    for data in BAD:
        done = done_of(ask(directory, data))
        # Odd members that are not looked at make no request bad.
        if done is None or (done["exit"] == 0 and b"list" not in data):
            sys.exit(f"answered {done} to {data[:60]!r}")
    for data in HALF:
        said = ask(directory, data)
        if said and done_of(said)["exit"] == 0:
            sys.exit(f"half a request was run: {data!r}")
    size = 1024 * 1024 + 1
    done = done_of(ask(directory, b'{"op":"' + b"x" * (size - 7), False))
    if done is not None and done["error"] != "over_limit":
        sys.exit(f"a request of {size} bytes: {done}")


def hang(directory, clients):
    """Clients that ask for much and never read, and some that never ask."""
    for i in range(clients):
        s = connect(directory)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall([b'{"op":"export"}\n', b'{"op":"ex'][i % 2])
        yield s


def good(directory, out):
    done = done_of(ask(directory, b'{"op":"status"}\n'))
    out.append(done is not None and done["exit"] == 0)


def main():
    directory = sys.argv[1]
    refuse_all(directory)

    # Some that never read, then more good ones than are served at once.
    silent = list(hang(directory, 20))
    out = []
    threads = [threading.Thread(target=good, args=(directory, out))
               for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if out.count(True) != 40:
        sys.exit(f"{out.count(True)} of 40 clients were answered")
    for s in silent:
        s.close()

    # All places taken by such: who comes waits, and is served once they go.
    silent = list(hang(directory, 40))
    late = threading.Thread(target=good, args=(directory, out))
    late.start()
    late.join(1)
    for s in silent:
        s.close()
    late.join()
    if out.count(True) != 41:
        sys.exit("the last client was not answered")


main()

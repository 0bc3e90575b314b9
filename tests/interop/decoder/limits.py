"""limits: the table of docs/protocol.md, 13, against this decoder.

Of each limit on what is on the wire a structure is made that has just so much
as the page allows, which has to be taken, and one with one more, which has to
be refused. A line of the table that is not known here is a difference.
"""

import re

import zstandard

import batch
import dense
import messages as m
import noise
import session
from agree import Difference, expect
from wire import Refused, h8, number_of, string, u, varint

ROW = re.compile(r"^\| (`[A-Z_`, ]+`) \| ([0-9][^|]*) \|", re.M)
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}
LIFE = bytes(range(8))

# What a decoder of recordings has no part in: aims, times, memory, invites,
# and what a receiver reads in vain.
NOT_HERE = {
    "FRAME_PAYLOAD_MIN", "CONTROL_BYTES_MAX", "PACKED_VAIN_BYTES_MAX",
    "HANDSHAKE_TIMEOUT_MS", "HANDSHAKE_WHOLE_MS", "IDLE_LEAST_MS",
    "IDLE_FIRST_MS", "IDLE_MOST_MS", "SESSION_HALF_OPEN_MEMORY_MAX",
    "SESSION_PEER_MEMORY_MAX", "SESSION_MEMORY_MAX", "INVITE_HOURS",
    "INVITE_TRIES",
}


def number(text):
    digits, _, unit = text.strip().partition(" ")
    return int(digits.replace(",", "")) * UNITS.get(unit, 1)


def read_table(page):
    """Numbers by name; one that is printed short stands behind the first of
    its line."""
    part = page.split("\n## 13. Limits\n")[1].split("\n## ")[0]
    out = {}
    for names, values in ROW.findall(part):
        names = [name.strip("` ") for name in names.split(",")]
        values = [number(v) for v in values.strip().split(", ")]
        for i, name in enumerate(names):
            if name.startswith("_"):
                name = names[0] + " " + name
            out[name] = values[i if len(values) > 1 else 0]
    return out


# --- structures with n of something --------------------------------------------

def certificate(name=1, orgs=()):
    return b"\1" + bytes(16) + b"\1\1" + string(b"n" * name) + bytes(64) \
        + varint(len(orgs)) + b"".join(string(o) for o in orgs) + bytes(64)


def certificate_of_bytes(n):
    """Orgs of 64 bytes, and a shorter one for what is left."""
    orgs = [b"o" * 64] * ((n - len(certificate()) - 2) // 65)
    orgs.append(b"o" * (n - len(certificate(orgs=orgs)) - 1))
    data = certificate(orgs=orgs)
    expect("limits", len(data) == n, "a certificate of %d bytes" % n)
    return m.certificate(data)


def chain(n):
    return m.chain(m.Reader(u(n, 1) + string(certificate()) * n), 1)


def name_of_node(n):
    return m.certificate(certificate(name=n))


def org_of_certificate(n):
    return m.certificate(certificate(orgs=[b"o" * n]))


def cursors(n, name=1):
    return m.fields(m.CURSORS, b"\1" + varint(n) + (
        string(b"l" * name) + b"\0" + bytes(4) + b"\0" + bytes(8)) * n)


def hello(lives=1, dictionaries=0):
    life = bytes(16) + b"\0" * 5
    return m.fields(m.HELLO, b"\x11\x09" + bytes(4) + b"\0" + bytes(4)
                  + u(dictionaries, 1) + bytes(4) * dictionaries + b"\0"
                  + bytes(4) + varint(lives) + life * lives)


def exceptions(n):
    return m.fields(m.RECEIPT, string(b"l") + b"\0" + bytes(4) + b"\0" + bytes(8)
                  + varint(n) + (LIFE + b"\0\1\0") * n)


def runs(n, each=1):
    return m.fields(m.UNHEARD, b"\0" + bytes(8) + varint(n)
                  + (b"\0\1" + varint(each)) * n)


def withdrawn(n):
    return m.fields(m.WITHDRAWN, u(1, 4) + varint(n)
                  + b"".join(u(i, 8) for i in range(n)) + bytes(64))


def orgs_of_welcome(n):
    return m.fields(m.WELCOME, bytes(32) + b"\2" + string(certificate()) * 2
                  + bytes(32) + bytes(3) + varint(n) + b"\1o\1p" * n)


def unanswered(n):
    side = session.Side()
    for _ in range(n):
        side.awaits({"class": 0})


# --- rows --------------------------------------------------------------------

def rows(bodies):
    """A batch of changes with bodies of so many bytes."""
    return b"\0" + string(b"l") + (bytes(3) + b"\1" + b"\0" + bytes(8)) * 2 \
        + b"\1" + LIFE + varint(len(bodies)) \
        + b"".join(b"\0\2\0" + string(bytes(n)) for n in bodies) + b"\0"


def rows_of_bytes(n):
    bodies = [60000] * (n // 60010)
    bodies.append(n - len(rows(bodies)) - 6)
    out = rows(bodies)
    expect("limits", len(out) == n, "a batch of %d bytes" % n)
    return out


def stream(content, window_log=19):
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            compression_level=1, window_log=window_log,
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            write_content_size=False)).compressobj()
    data = packer.compress(content)
    data += packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return batch.Rows().feed(data, 0)


def message_of_rows(n):
    """A batch, and a part of the next one."""
    first = string(rows_of_bytes(150000))
    return stream(first + string(bytes(150000))[:n - len(first)])


# --- dense batches -----------------------------------------------------------

class Scripted:
    """A coder that decodes what it is told to: so large bodies."""

    def __init__(self, bodies):
        self.bodies = [bytes(n) for n in bodies]
        self.check = h8(b"".join(self.bodies))[:4]
        self.model = self

    def copy(self):
        return Scripted(map(len, self.bodies))

    def begin(self, data):
        self.left = list(self.bodies)
        self.plain_left = list(self.check)

    def plain_number(self, which):
        return (0, 2, 0)[which]

    def decode(self):
        return self.left.pop(0)

    def learn(self, body):
        pass

    def plain(self, bits):
        return self.plain_left.pop(0)

    def end(self):
        pass


class Book:
    def __init__(self, bodies):
        self.coder = Scripted(bodies)


def header(changes, beginning=b"\1\0\0"):
    """The first byte of the beginning is the flags'."""
    return beginning[:1] + string(b"l") + bytes(3) + b"\1\0" + bytes(8) \
        + varint(changes) + bytes(8) + b"\1\1" + varint(changes) + b"\0" \
        + beginning[1:]


def must_be_read(reader, data):
    lost = reader.read(data, 0, [LIFE], lambda name: None)["lost"]
    if lost is not None:
        raise Refused(lost)


def packed(bodies, size=0):
    """Bodies out of a batch of so many bytes."""
    data = header(len(bodies))
    must_be_read(batch.Dense({0: Book(bodies)}, None),
                 data + bytes(max(0, size - len(data))))


def packed_ratio(ratio):
    size = 100
    most = batch.BODIES_FREE + ratio * size
    packed([most // 2, most - most // 2], size)


def history(n, each=1):
    bodies = [bytes(each)] * n
    told = number_of(h8(b"".join(map(string, bodies)))[:4]) & 0xffff
    data = header(0, b"\1\0" + varint(n) + b"\0" + varint(n) + u(told, 2))
    must_be_read(batch.Dense({0: Book([])}, lambda *_: bodies), data)


def history_of_bytes(n):
    """Eight bodies, each with three bytes of length."""
    expect("limits", n // 8 > 16384 + 3, "long bodies")
    bodies = [bytes(n // 8 - 3)] * 7
    bodies.append(bytes(n - sum(map(len, map(string, bodies))) - 3))
    told = b"".join(map(string, bodies))
    expect("limits", len(told) == n, "a history of %d bytes" % n)
    data = header(0, b"\1\0\10\0\10" + u(number_of(h8(told)[:4]) & 0xffff, 2))
    must_be_read(batch.Dense({0: Book([])}, lambda *_: bodies), data)


def beginnings(n):
    reader = batch.Dense({0: Book([])}, None)
    for _ in range(n):
        must_be_read(reader, header(0))


def dictionary(n):
    """It is none, but that is told later than that it is too large."""
    try:
        dense.Dictionary(b"\0" + bytes(n - 1))
    except Refused as e:
        if "another version" not in str(e):
            raise


def dictionary_bodies(n):
    coder = Scripted([n // 2, n - n // 2])
    coder.begin(None)
    dense.take_bodies(coder, 2)


# --- one line a limit --------------------------------------------------------

PROBES = {
    "FRAME_PAYLOAD_MIN _MAX":
        lambda n: session.check_frame_size(n + 16, True),
    "HANDSHAKE_MESSAGE_MAX": lambda n: session.check_frame_size(n, False),
    "CERT_BYTES_MAX": certificate_of_bytes,
    "CERT_ORGS_MAX": lambda n: m.certificate(certificate(orgs=[b"o"] * n)),
    "CERT_CHAIN_MAX": chain,
    "NODE_NAME_BYTES_MAX": name_of_node,
    "ORG_REF_BYTES_MAX": org_of_certificate,
    "CHANGE_BYTES_MAX": lambda n: batch.read_rows(rows([n]), 0),
    "BATCH_CHANGES_MAX": lambda n: batch.read_rows(rows([0] * n), 0),
    "BATCH_BYTES_MAX": lambda n: batch.read_rows(rows_of_bytes(n), 0),
    "STREAM_WINDOW_LOG": lambda n: stream(string(rows([9])), n),
    "STREAM_FRAME_BYTES_MAX": message_of_rows,
    "LISTS_MAX": cursors,
    "LIST_NAME_BYTES_MAX": lambda n: cursors(1, n),
    "HELLO_LIVES_MAX": hello,
    "EXCEPTIONS_MAX": exceptions,
    "STRETCH_RUNS_MAX": runs,
    "STRETCH_CHANGES_MAX": lambda n: runs(1, n),
    "UNANSWERED_MAX": unanswered,
    "HELLO_DICTIONARIES_MAX": lambda n: hello(1, n),
    "PACKED_BYTES_MAX": lambda n: packed([9], n),
    "PACKED_BODIES_FREE _RATIO": packed_ratio,
    "PACKED_HISTORY_MAX": history,
    "PACKED_HISTORY_MAX _BYTES_MAX": history_of_bytes,
    "PACKED_FRESH_MAX": beginnings,
    "DICTIONARY_BYTES_MAX": dictionary,
    "DICTIONARY_BYTES_MAX _BODIES_BYTES_MAX": dictionary_bodies,
    "WITHDRAWN_MAX": withdrawn,
    "JOIN_ORGS_MAX": orgs_of_welcome,
}
# The same limit in the other form of a batch.
ALSO = {
    "LISTS_MAX": lambda n: m.more_cursors(
        [None] * (n - 1), {"last": 1, "cursors": [None]}),
    "CHANGE_BYTES_MAX": lambda n: packed([n], 1000),
    "BATCH_CHANGES_MAX": lambda n: packed([0] * n),
    "BATCH_BYTES_MAX": lambda n: packed([n // 4] * 3 + [n - n // 4 * 3], 1000),
    "NODE_NAME_BYTES_MAX": lambda n: m.fields(
        m.JOIN, string(b"n" * n) + b"\1" + bytes(96)),
}
# Numbers that nothing on the wire has one more of.
CONSTANTS = {
    "REKEY_MESSAGES": noise.REKEY_MESSAGES,
    "REKEY_BYTES": noise.REKEY_BYTES,
    "PACKED_BODIES_FREE": batch.BODIES_FREE,
}


def probe(name, call, most):
    try:
        call(most)
    except (Refused, Difference) as e:
        raise Difference("limits: %s: %d were refused: %s"
                         % (name, most, e)) from e
    try:
        call(most + 1)
    except (Refused, Difference):
        return
    raise Difference("limits: %s: %d were not refused" % (name, most + 1))


def check_limits(path):
    with open(path, encoding="utf-8") as f:
        table = read_table(f.read())
    known = PROBES.keys() | CONSTANTS.keys() | NOT_HERE
    expect("limits", table.keys() == known, "each of the page and no other: %s"
           % ", ".join(sorted(table.keys() ^ known)))
    for name, most in table.items():
        for calls in (PROBES, ALSO):
            if name in calls:
                probe(name, calls[name], most)
        expect("limits", CONSTANTS.get(name, most) == most,
               "%s to be %d" % (name, most))
    print("ok: %d limits" % (len(PROBES) + len(CONSTANTS)), flush=True)

"""batch: batches in both forms, docs/protocol.md, 10.1 and 10.2.

A batch is a dictionary: list, class, start and end (epoch, place, running),
changes (life, seq, body, and month and salt where they follow) and heads
(life, seq, signature).
"""

import zstandard

from agree import Difference
from messages import list_name
from wire import MASK64, Reader, Refused, h8, number_of, string, unzigzag

BATCH_BYTES_MAX = 196608
STREAM_FRAME_BYTES_MAX = 262144
PACKED_BYTES_MAX = 262144
CHANGE_BYTES_MAX = 65536
BODIES_FREE, BODIES_RATIO = 65536, 600
HISTORY_MAX, HISTORY_BYTES_MAX = 1024, 786432
FRESH, FOLLOWS, UP = 1, 2, 4


class Rows:
    """A class's stream of rows in one direction."""

    def __init__(self):
        self.stream = zstandard.ZstdDecompressor(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            max_window_size=1 << 19).decompressobj()
        self.waiting = b""

    def feed(self, data, klass):
        """Batches that are whole now."""
        try:
            out = self.stream.decompress(data)
        except zstandard.ZstdError as e:
            raise Refused("rows that do not decompress: %s" % e) from e
        if len(out) > STREAM_FRAME_BYTES_MAX:
            raise Refused("a DATA message of %d bytes" % len(out))
        self.waiting += out
        batches = []
        while self.waiting:
            r = Reader(self.waiting)
            try:
                blob = r.string()
            except Refused:
                break
            self.waiting = r.rest()
            batches.append(read_rows(blob, klass))
        return batches

    def is_between(self):
        return not self.waiting


def read_rows(blob, klass):
    if len(blob) > BATCH_BYTES_MAX:
        raise Refused("a batch of %d bytes" % len(blob))
    r = Reader(blob)
    if r.u8() != 0:
        raise Refused("another format byte")
    out = {"list": list_name(r), "class": klass}
    for end in ("start", "end"):
        out[end] = {"epoch": r.u(4), "place": r.varint(), "running": r.u(8)}
    if out["start"]["epoch"] != out["end"]["epoch"] or \
            out["end"]["epoch"] == 0 or \
            out["start"]["place"] > out["end"]["place"]:
        raise Refused("a batch that ends before it starts")
    lives = [r.bytes(8) for _ in range(r.varint(520))]
    seqs = {}
    out["changes"] = []
    for _ in range(r.varint(512)):
        life = index(lives, r.varint())
        seqs[life] = step(seqs.get(life, 0), r.signed())
        change = {"life": life, "class": klass, "seq": seqs[life]}
        flags = r.u8()
        if flags > 1:
            raise Refused("flags of a change")
        if flags:
            change["month"] = r.u(2)
            change["salt"] = r.bytes(32)
        change["body"] = r.string(0, CHANGE_BYTES_MAX)
        out["changes"].append(change)
    out["heads"] = [{"life": index(lives, r.varint()), "seq": r.varint(),
                     "signature": r.bytes(64)} for _ in range(r.varint(8))]
    r.end()
    return out


def index(lives, at):
    if at >= len(lives):
        raise Refused("no life has the index %d" % at)
    return lives[at]


def step(seq, by):
    seq = seq + by & MASK64
    if seq == 0:
        raise Refused("a change without seq")
    return seq


# --- dense ---------------------------------------------------------------------

class Lost(Exception):
    """The receiver misses something of what the sender builds upon."""


class Dense:
    """A class's dense coder in one direction."""

    def __init__(self, dictionaries, history):
        """`dictionaries` by id, that of version 1 at 0; history(life, class,
        seq, count) gives bodies, oldest first, or None."""
        self.dictionaries = dictionaries
        self.history = history
        self.coder = None
        self.beginnings = 0

    def read(self, data, klass, lives_told, expected):
        """`lives_told`: ids of the lives of the initiator's HELLO; expected(
        list): the cursor that a batch which follows starts at, or None. A
        batch that cannot be read, or starts nowhere, comes with "lost"."""
        if len(data) > PACKED_BYTES_MAX:
            raise Refused("a dense batch of %d bytes" % len(data))
        r = Reader(data)
        h = read_header(r, klass, lives_told, expected)
        try:
            if h["flags"] & FRESH:
                self.begin(h, klass)
            if self.coder is None:
                raise Lost("no coder")
            self.changes(h, r.rest(), min(
                BATCH_BYTES_MAX, BODIES_FREE + BODIES_RATIO * len(data)))
        except (Lost, Refused) as e:
            self.coder = None
            h["lost"] = str(e)
        if h["start"] is None and h["lost"] is None:
            h["lost"] = "it follows and starts nowhere"
        return h

    def begin(self, h, klass):
        self.coder = None
        self.beginnings += 1
        if self.beginnings > 8:
            raise Difference("the ninth beginning of a class")
        if h["dictionary"] not in self.dictionaries:
            raise Lost("the dictionary %08x is not here" % h["dictionary"])
        coder = self.dictionaries[h["dictionary"]].coder.copy()
        if h["history"]:
            bodies = self.history(h["history_life"], klass, h["history_seq"],
                                  h["history"])
            if bodies is None:
                raise Lost("a change of the history is not here")
            told = b"".join(string(b) for b in bodies)
            if len(told) > HISTORY_BYTES_MAX:
                raise Lost("a history of %d bytes" % len(told))
            told = h8(told)
            if number_of(told[:4]) & 0xffff != h["history_check"]:
                raise Lost("another check of the history")
            for body in bodies:
                coder.learn(body)
        self.coder = coder

    def changes(self, h, data, most):
        coder, model = self.coder, self.coder.model
        model.begin(data)
        seqs = {}
        for _ in range(h["change_count"]):
            life = index(h["lives"], coder.plain_number(0))
            seqs[life] = step(seqs.get(life, 0),
                              unzigzag(coder.plain_number(1)))
            change = {"life": life, "class": h["class"], "seq": seqs[life]}
            flag = coder.plain_number(2)
            if flag > 1:
                raise Refused("flags of a change")
            if flag:
                change["month"] = coder.plain_number(3)
                change["salt"] = bytes(model.plain(8) for _ in range(32))
            change["body"] = coder.decode()
            h["changes"].append(change)
            if len(change["body"]) > CHANGE_BYTES_MAX or \
                    sum(len(c["body"]) for c in h["changes"]) > most:
                raise Refused("bodies of too many bytes")
        check = bytes(model.plain(8) for _ in range(4))
        bodies = b"".join(c["body"] for c in h["changes"])
        if check != h8(bodies)[:4]:
            raise Refused("another check behind the changes")
        model.end()
        for head in h["heads"]:
            if head["life"] not in seqs:
                raise Refused("a head without a change")
            head["seq"] = seqs[head["life"]]


def read_header(r, klass, lives_told, expected):
    flags = r.u8()
    if flags > 7:
        raise Refused("flags of a dense batch")
    out = {"flags": flags, "class": klass, "changes": [], "heads": [],
           "lost": None}
    out["list"] = "up" if flags & UP else list_name(r)
    if not flags & UP and out["list"] == "up":
        raise Refused("up in letters")
    if flags & FOLLOWS:
        check = r.u(2)
        start = expected(out["list"])
        if start is None or start["running"] & 0xffff != check:
            start = None
    else:
        start = {"epoch": r.u(4), "place": r.varint(), "running": r.u(8)}
        if start["epoch"] == 0:
            raise Refused("the epoch 0")
    out["start"] = start
    places, running = r.varint(), r.u(8)
    out["end"] = None
    if start is not None:
        out["end"] = {"epoch": start["epoch"],
                      "place": start["place"] + places, "running": running}
        if out["end"]["place"] > MASK64:
            raise Refused("places that go round")
    out["lives"] = []
    for _ in range(r.varint(512)):
        known = r.varint()
        out["lives"].append(index(lives_told, known - 1) if known
                            else r.bytes(8))
    out["change_count"] = r.varint(512)
    for _ in range(r.varint(8)):
        out["heads"].append({"life": index(out["lives"], r.varint()),
                             "signature": r.bytes(64)})
    if flags & FRESH:
        read_beginning(r, out)
    return out


def read_beginning(r, out):
    out["dictionary"] = 0
    if r.varint(1):
        out["dictionary"] = r.u(4)
        if out["dictionary"] == 0:
            raise Refused("a dictionary 0")
    out["history"] = r.varint(HISTORY_MAX)
    if out["history"]:
        out["history_life"] = index(out["lives"], r.varint())
        out["history_seq"] = r.varint()
        if out["history_seq"] < out["history"]:
            raise Refused("a history before the log")
        out["history_check"] = r.u(2)

"""vectors: the test vectors of docs/protocol.md, checked by this decoder."""

import json
import re

import change
import messages as m
from agree import Difference, expect, same
from batch import Dense, Rows, read_rows
from noise import Handshake, sign, signing_key, verify
from session import PREFACE, SYNC
from wire import Reader, Refused, change_id, h32, h8, number_of, signed, u, \
    varint

BLOCK = re.compile(r"^```vector ([a-z0-9-]+)\n(.*?)^```$", re.M | re.S)


class Vector:
    """Keys and values of a block; a key may stand several times."""

    def __init__(self, name, text):
        self.name = name
        self.items = []
        for line in text.splitlines():
            if line[:1].isspace():
                key, value = self.items[-1]
                self.items[-1] = key, value + bytes.fromhex(line)
                continue
            key, _, value = line.partition(" = ")
            self.items.append((key, value[1:-1].encode()
                               if value.startswith('"')
                               else bytes.fromhex(value)))

    def all(self, key):
        return [v for k, v in self.items if k == key]

    def __getitem__(self, key):
        return self.all(key)[0]

    def number(self, key):
        return number_of(self[key])

    def numbers(self, key):
        return [number_of(v) for v in self.all(key)]

    def expect(self, key, value):
        """What was decoded or made is what the page prints."""
        if isinstance(value, int):
            value = u(value, len(self[key]))
        if value != self[key]:
            raise Difference("vector %s: %s is %s, expected %s" % (
                self.name, key, value.hex(), self[key].hex()))


def message(v, kind):
    """Fields of the one message that the vector prints."""
    found = m.split(v["message"])
    expect(v.name, len(found) == 1 and found[0][0] == kind,
           "one message of its type")
    return m.fields(*found[0])


def refuses(v, call):
    try:
        call()
    except Refused:
        return
    raise Difference("vector %s: it was not refused" % v.name)


# --- one function a vector; "-" is "_" in its name ---------------------------

def varint_(v):
    v.expect("value", Reader(v["bytes"]).varint())
    v.expect("bytes", varint(v.number("value")))


def varint_refused(v):
    refuses(v, Reader(v["bytes"]).varint)


def signed_(v):
    v.expect("value", Reader(v["bytes"]).signed() & change.MASK64)
    v.expect("bytes", signed(change.wrap64(v.number("value"))))


def group_id(v):
    v.expect("group", h8(v["root_key"]))


def node_id(v):
    v.expect("node", h8(v["signing_key"]))


def life_id(v):
    v.expect("life", h8(v["signing_key"] + v["nonce"]))


def invite(v):
    number, root, secret = m.invite(v["code"].decode())
    v.expect("number", number)
    v.expect("secret", secret)
    expect(v.name, root == h32(v["root_key"])[:10], "the root key's hash")
    v.expect("psk", m.invite_psk(h8(v["root_key"]), number, secret))


def certificate(v):
    c = m.certificate(v["encoding"])
    for key in ("group", "issuer", "number", "role", "transport_key",
                "signing_key"):
        v.expect(key, c[key])
    v.expect("name", c["name"].encode())
    same(v.name, c["orgs"], [org.decode() for org in v.all("org")])
    verify(signing_key(v["signer_seed"]), c["signature"],
           b"yizhan certificate v1" + v["encoding"][:-64], v.name)


def join(v):
    f = message(v, m.JOIN)
    v.expect("name", f["name"].encode())
    v.expect("role", f["role"])
    expect(v.name, f["signing_key"] == signing_key(v["signing_seed"]),
           "the signing key")
    m.verify_join(f, v["transport_key"], v["group"])


def opening(v):
    hub, clinic = v["hub_transport_secret"], v["clinic_transport_secret"]
    noise = Handshake(PREFACE + bytes([SYNC]) + v["group"],
                      (clinic, v["clinic_ephemeral_secret"]),
                      (hub, v["hub_ephemeral_secret"]))
    expect(v.name, v["request"][:7] == PREFACE + b"\0\0\x30",
           "preface and size")
    expect(v.name, noise.message_1(v["request"][7:]) == b"", "no payload")
    expect(v.name, noise.message_2(v["answer"][2:]) == b"", "no payload")


def change_(v):
    b = change.parse(v["body"])
    expect(v.name, change.build(b) == v["body"], "one encoding")
    life, klass = v["change_id"][:8], v["change_id"][8]
    # Names of fields are not on the page: values alone are compared.
    told = change.says(b, life, klass, number_of(v["change_id"][9:]), {})
    for key in ("source", "ref", "by", "org"):
        v.expect(key, told[key].encode())
    v.expect("managing", int(told["managing"]))
    v.expect("clock", told["clock"])
    v.expect("occurred_at", told["occurred_at"])
    v.expect("recorded_at", told["recorded_at"])
    same(v.name, [p["life"] + u(p["class"], 1) + u(p["seq"], 8) + p["link"]
                  for p in told["parents"]],
         [p.hex() for p in v.all("parent")])
    same(v.name, sorted(map(repr, told["fields"].values())),
         sorted(map(repr, json.loads(v["fields"]).values())))


def fingerprint(v):
    v.expect("fingerprint", h8(v["change_id"] + v["body"], v["secret"]))


def log(v):
    life, klass = v["change_id"][:8], v["change_id"][8:9]
    v.expect("salt", h32(b"month" + v["month"], v["log_secret"]))
    v.expect("start", h32(life + klass))
    v.expect("commitment", h32(b"\1" + v["change_id"] + v["body"], v["salt"]))
    v.expect("chain", h32(v["start"] + v["commitment"]))
    v.expect("signature", sign(
        v["signing_seed"], b"yizhan log head v1\0" + life + klass
        + v["change_id"][9:] + v["chain"]))


def running_hash(v):
    running = bytes(8)
    for one in v.all("fingerprint"):
        running = h8(running + one)
    v.expect("running", running)


def cursor_digest(v):
    keys = ("list", "class", "epoch", "place", "running")
    sets = zip(*(v.all(key) for key in keys))
    v.expect("digest", m.digest([
        {"list": name.decode(), "class": number_of(klass),
         "epoch": number_of(epoch), "place": number_of(place),
         "running": number_of(running)}
        for name, klass, epoch, place, running in sets]))


def hello(v):
    f = message(v, m.HELLO)
    for key in ("version_min", "version_max", "role", "now", "clock",
                "list_epoch", "slips_left", "cursors_digest", "held_digest",
                "down_bound"):
        v.expect(key, f[key])
    same(v.name, f["dictionaries"], v.numbers("dictionary"))
    same(v.name, [x["nonce"] for x in f["lives"]],
         [x.hex() for x in v.all("life_nonce")])
    same(v.name, [n for x in f["lives"] for n in x["seqs"]],
         v.numbers("life_seq"))
    same(v.name, [x["forked"] for x in f["lives"]], v.numbers("life_forked"))


def taken(v):
    f = message(v, m.TAKEN)
    v.expect("class", f["class"])
    v.expect("count", f["count"])


def unheard(v):
    f = message(v, m.UNHEARD)
    v.expect("class", f["class"])
    v.expect("running", f["running"])
    for key in ("life", "first", "count"):
        same(v.name, [run[key] for run in f["runs"]], v.numbers(key))


def receipt(v):
    f = message(v, m.RECEIPT)
    v.expect("list", f["list"].encode())
    for key in ("class", "epoch", "place", "running"):
        v.expect(key, f[key])
    same(v.name, [change_id(x["life"], x["class"], x["seq"])
                  + u(x["reason"], 2) for x in f["exceptions"]],
         [x.hex() for x in v.all("exception")])


def group_word(v, f, life):
    same(v.name, f["seqs"], v.numbers("seq"))
    verify(signing_key(v["hub_seed"]), f["signature"],
           m.group_receipt_signed(life, f["seqs"], v.all("chain")), v.name)


def group_receipt(v):
    f = message(v, m.GROUP_RECEIPT)
    v.expect("life", f["life"])
    same(v.name, f["chains"], [x.hex() for x in v.all("chain")])
    group_word(v, f, f["life"])


def group_held(v):
    f = message(v, m.GROUP_HELD)
    v.expect("place", f["life"])
    group_word(v, f, v["life"])


def withdrawn(v):
    f = message(v, m.WITHDRAWN)
    v.expect("epoch", f["epoch"])
    same(v.name, f["nodes"], [x.hex() for x in v.all("node")])
    verify(signing_key(v["hub_seed"]), f["signature"],
           m.withdrawn_signed(v["group"], f), v.name)


def batch(v):
    b = read_rows(v["blob"], v.number("class"))
    v.expect("list", b["list"].encode())
    v.expect("epoch", b["end"]["epoch"])
    for end in ("start", "end"):
        v.expect(end + "_place", b[end]["place"])
        v.expect(end + "_running", b[end]["running"])
    same(v.name, [change_id(c["life"], c["class"], c["seq"])
                  for c in b["changes"]],
         [x.hex() for x in v.all("change_id")])
    same(v.name, [u(c["month"], 2) + c["salt"] if "salt" in c else b""
                  for c in b["changes"]], [x.hex() for x in v.all("salt")])
    same(v.name, [c["body"] for c in b["changes"]],
         [x.hex() for x in v.all("body")])
    same(v.name, [h["life"] + u(h["seq"], 8) + h["signature"]
                  for h in b["heads"]], [x.hex() for x in v.all("head")])


def stream(v):
    got = Rows().feed(v["stream"], 2)
    expect(v.name, got == [read_rows(v["blob"], 2)], "the batch")


def dictionary(v, known):
    v.expect("id", known.id)
    v.expect("size", known.size)


def dense_batch(v, known):
    history = v.all("history_body")

    def held(life, klass, seq, count):
        expect(v.name, life == v["known_life"] and klass == v.number("class")
               and count == len(history), "the history's own changes")
        return history
    dense = Dense({0: known}, held)
    got = dense.read(v["packed"], v.number("class"), [v["known_life"]],
                     lambda name: None)
    expect(v.name, got["lost"] is None, "no %s" % got["lost"])
    want = read_rows(v["blob"], v.number("class"))
    same(v.name, {key: got[key] for key in want}, as_hex(want))


def as_hex(x):
    if isinstance(x, dict):
        return {k: as_hex(v) for k, v in x.items()}
    if isinstance(x, list):
        return [as_hex(v) for v in x]
    return x.hex() if isinstance(x, bytes) else x


PLAIN = {"varint": varint_, "varint-refused": varint_refused,
         "signed": signed_, "group-id": group_id, "node-id": node_id,
         "life-id": life_id, "invite": invite, "certificate": certificate,
         "join": join, "opening": opening, "change": change_,
         "fingerprint": fingerprint, "log": log,
         "running-hash": running_hash, "cursor-digest": cursor_digest,
         "hello": hello, "taken": taken, "unheard": unheard, "receipt": receipt,
         "group-receipt": group_receipt, "group-held": group_held,
         "withdrawn": withdrawn, "batch": batch, "stream": stream}
WITH_DICTIONARY = {"dictionary": dictionary, "dense-batch": dense_batch}


def check_vectors(path, known):
    with open(path, encoding="utf-8") as f:
        blocks = BLOCK.findall(f.read())
    names = set()
    for name, text in blocks:
        v = Vector(name, text)
        names.add(name)
        try:
            if name in PLAIN:
                PLAIN[name](v)
            elif name in WITH_DICTIONARY:
                WITH_DICTIONARY[name](v, known)
            else:
                raise Difference("no check of the vector " + name)
        except Refused as e:
            raise Difference("vector %s: refused: %s" % (name, e)) from e
    missing = (PLAIN.keys() | WITH_DICTIONARY.keys()) - names
    expect(path, not missing, "vectors of " + ", ".join(sorted(missing)))
    print("ok: %d vectors" % len(blocks), flush=True)

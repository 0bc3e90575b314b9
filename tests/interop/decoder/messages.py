"""messages: bodies of messages as dictionaries, docs/protocol.md, 5, 6, 8."""

from noise import verify
from wire import MASK64, Reader, Refused, h8, h32, number_of, u, varint

(HELLO, CURSORS, CURSORS_WANTED, DATA, RECEIPT, GROUP_RECEIPT, END, BYE, ERROR,
 GRANT, JOIN, WELCOME, WITHDRAWN, SETTLED, TAKEN, GROUP_HELD,
 DENSE, UNHEARD, ROWS) = range(1, 20)
NAMES = ("HELLO", "CURSORS", "CURSORS_WANTED", "DATA", "RECEIPT",
         "GROUP_RECEIPT", "END", "BYE", "ERROR", "GRANT", "JOIN", "WELCOME",
         "WITHDRAWN", "SETTLED", "TAKEN", "GROUP_HELD", "DENSE", "UNHEARD",
         "ROWS")
ONLY_UP = (BYE, JOIN, SETTLED, UNHEARD)
ONLY_DOWN = (GROUP_RECEIPT, END, GRANT, WELCOME, GROUP_HELD)

U32 = 0xffffffff
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def split(plain):
    """(type, body) of a frame's messages."""
    r = Reader(plain)
    out = []
    while r.left():
        kind = r.u8()
        out.append((kind, r.string()))
        if not 1 <= kind <= len(NAMES):
            raise Refused("a message of type %d" % kind)
    return out


def at_most(value, most, what):
    if value > most:
        raise Refused("%s of %d" % (what, value))
    return value


def list_name(r):
    name = r.string(1, 80)
    if b"\0" in name:
        raise Refused("a list's name with a zero")
    return name.decode()


def class_of(r):
    return at_most(r.u8(), 3, "a class")


def cursor(r):
    return {"epoch": r.u(4), "place": r.varint(), "running": r.u(8)}


def seqs_by_mask(r, mask, with_chain):
    seqs, chains = [0] * 4, [bytes(32)] * 4
    for c in range(4):
        if mask >> c & 1:
            seqs[c] = r.varint()
            if seqs[c] == 0:
                raise Refused("a log that is told and empty")
            if with_chain:
                chains[c] = r.bytes(32)
    return seqs, chains


# --- one function a message ------------------------------------------------

def hello(r):
    versions = r.u8()
    out = {"version_min": versions >> 4, "version_max": versions & 15}
    if not out["version_min"] <= 1 <= out["version_max"]:
        raise Refused("no version in common")
    flags = r.u8()
    if flags >> 4:
        raise Refused("unknown flags of HELLO")
    out["role"] = flags & 3
    out["clock"] = flags >> 2 & 1
    out["now"] = r.u(4)
    out["list_epoch"] = r.varint(U32)
    out["cursors_digest"] = r.u(4)
    out["dictionaries"] = [r.u(4) for _ in range(at_most(r.u8(), 8, "a count"))]
    out["slips_left"] = out["held_digest"] = out["down_bound"] = 0
    out["lives"] = []
    if flags & 8:
        out["slips_left"] = r.varint()
        out["held_digest"] = r.u(4)
        count = r.varint(64)
        if count == 0:
            raise Refused("lives that do not follow")
        for _ in range(count):
            out["lives"].append({"nonce": r.bytes(16),
                                 "seqs": [r.varint() for _ in range(4)],
                                 "forked": at_most(r.u8(), 1, "a truth")})
        if r.left():
            out["down_bound"] = r.varint()
            if out["down_bound"] == 0:
                raise Refused("a bound of 0 that is told")
    return out


def cursors(r):
    out = {"last": at_most(r.u8(), 1, "a truth"), "cursors": []}
    for _ in range(r.varint(2048)):
        place = {"list": list_name(r), "class": class_of(r)}
        place.update(cursor(r))
        out["cursors"].append(place)
    return out


def more_cursors(told, f):
    """Those of several messages, of which only the last may be empty."""
    if not f["cursors"] and not f["last"]:
        raise Refused("CURSORS without any, and more to follow")
    at_most(len(told) + len(f["cursors"]), 2048, "cursors in all")
    told.extend(f["cursors"])


def receipt(r):
    out = {"list": list_name(r), "class": class_of(r)}
    out.update(cursor(r))
    out["exceptions"] = []
    for _ in range(r.varint(512)):
        exception = {"life": r.bytes(8), "class": class_of(r),
                     "seq": r.varint(), "reason": r.varint(65535)}
        if exception["seq"] == 0:
            raise Refused("an exception without seq")
        out["exceptions"].append(exception)
    return out


def taken(r):
    which = r.u8()
    return {"class": which & 3, "count": (which >> 2) + 1}


def unheard(r):
    out = {"class": class_of(r), "running": r.u(8), "runs": []}
    count = r.varint(16)
    left = 8192
    for _ in range(count):
        run = {"life": r.varint(63), "first": r.varint(),
               "count": r.varint(left)}
        left -= run["count"]
        if not run["first"] or not run["count"]:
            raise Refused("a run of nothing")
        out["runs"].append(run)
    if not count:
        raise Refused("nothing that was not heard")
    return out


def group_receipt(r):
    out = {"life": r.bytes(8)}
    out["seqs"], out["chains"] = seqs_by_mask(
        r, at_most(r.u8(), 15, "a mask"), True)
    out["signature"] = r.bytes(64)
    return out


def group_held(r):
    which = r.varint()
    out = {"life": which >> 4}
    out["seqs"], _ = seqs_by_mask(r, which & 15, False)
    out["signature"] = r.bytes(64)
    return out


def withdrawn(r):
    out = {"epoch": r.u(4), "nodes": [r.bytes(8) for _ in
                                      range(r.varint(1024))]}
    out["signature"] = r.bytes(64)
    nodes = out["nodes"]
    if out["epoch"] == 0 or not nodes or \
            nodes != sorted(set(nodes)):
        raise Refused("a revocation list out of order")
    return out


def error(r):
    return {"reason": r.varint(65535)}


def grant(r):
    out = {"first": r.varint(U32), "count": r.varint(U32)}
    slips_check(out["first"], out["count"])
    return out


def slips_check(first, count):
    if count and not 500000 <= first <= first + count <= 1000000:
        raise Refused("slip numbers from %d, %d" % (first, count))


def join(r):
    return {"name": r.string(0, 64).decode(), "role": r.u8(),
            "signing_key": r.bytes(32), "proof": r.bytes(64)}


def welcome(r):
    out = {"root_key": r.bytes(32), "chain": chain(r, 2)}
    out["fingerprint_secret"] = r.bytes(32)
    out["now"] = r.signed()
    out["slip_first"] = r.varint()
    out["slip_count"] = r.varint()
    slips_check(out["slip_first"], out["slip_count"])
    out["orgs"] = [[r.string().decode(), r.string().decode()]
                   for _ in range(r.varint(256))]
    return out


BODIES = {HELLO: hello, CURSORS: cursors, RECEIPT: receipt,
          GROUP_RECEIPT: group_receipt, ERROR: error, GRANT: grant,
          JOIN: join, WELCOME: welcome, WITHDRAWN: withdrawn, TAKEN: taken,
          GROUP_HELD: group_held, UNHEARD: unheard}


def fields(kind, body):
    """None for messages that have no fields (DATA and DENSE: see batch.py)."""
    r = Reader(body)
    if kind in BODIES:
        out = BODIES[kind](r)
        r.end()
        return out
    if kind == END:
        if body and r.u8() != 1:
            raise Refused("another body of END")
        if r.left() and r.varint() == 0:
            raise Refused("a share of 0 that is told")
        r.end()
    elif kind not in (DATA, DENSE):
        r.end()
    return None


# --- certificates, ids, invites ----------------------------------------------

def certificate(data):
    at_most(len(data), 2048, "a certificate's bytes")
    r = Reader(data)
    if r.u8() != 1:
        raise Refused("a certificate of another version")
    out = {"encoding": data, "group": r.bytes(8), "issuer": r.bytes(8),
           "number": r.varint(), "role": r.u8(),
           "name": r.string(1, 64).decode(), "transport_key": r.bytes(32),
           "signing_key": r.bytes(32)}
    out["orgs"] = [r.string(1, 64).decode() for _ in range(r.varint(32))]
    out["signature"] = r.bytes(64)
    r.end()
    return out


def chain(r, least):
    """Certificates with their count."""
    count = at_most(r.u8(), 4, "a chain")
    if count < least:
        raise Refused("a chain of %d" % count)
    return [certificate(r.string()) for _ in range(count)]


def verify_chain(chain, root_key):
    group = h8(root_key)
    for i, c in enumerate(chain):
        last = i == len(chain) - 1
        above = root_key if last else chain[i + 1]["signing_key"]
        if c["group"] != group or \
                c["issuer"] != (group if last else h8(above)):
            raise Refused("a certificate of another issuer")
        if not last and not c["role"] <= chain[i + 1]["role"] >= 2:
            raise Refused("a role that cannot be granted")
        verify(above, c["signature"],
               b"yizhan certificate v1" + c["encoding"][:-64], "a certificate")


def verify_join(fields_of, transport_key, group):
    verify(fields_of["signing_key"], fields_of["proof"],
           b"yizhan join proof v1" + bytes(4) + fields_of["signing_key"]
           + transport_key + group, "JOIN")


def invite(code):
    """(number, 10 bytes of the root key's hash, secret) of a code."""
    code = code.upper().replace("-", "").replace("O", "0")
    code = code.replace("I", "1").replace("L", "1")
    if len(code) != 29 or any(c not in ALPHABET for c in code):
        raise Refused("a code that cannot be")
    value = crc = 0
    for c in code:
        five = ALPHABET.index(c)
        value = value << 5 | five
        for bit in range(4, -1, -1):
            top = crc >> 9 ^ five >> bit & 1
            crc = crc << 1 & 0x3ff ^ (0x233 if top else 0)
    if crc:
        raise Refused("the check of a code")
    return value >> 130, u(value >> 50 & (1 << 80) - 1, 10), \
        u(value >> 10 & (1 << 40) - 1, 5)


def invite_psk(group, number, secret):
    return h32(u(number, 2) + secret, group + b"yizhan invite psk v1")


def digest(cursor_list):
    """Of a set of cursors, 64 bits."""
    total = 0
    for c in cursor_list:
        if int(c["epoch"]):
            total += number_of(h8(
                c["list"].encode() + b"\0" + u(c["class"], 1)
                + u(int(c["epoch"]), 4) + u(int(c["place"]), 8)
                + u(int(c["running"]), 8)))
    return total & MASK64


def group_receipt_signed(life, seqs, chains):
    out = b"yizhan group receipt v1\0" + life
    for seq, chain in zip(seqs, chains):
        out += u(seq, 8) + (chain if seq else bytes(32))
    return out


def withdrawn_signed(group, f):
    return b"yizhan withdrawn list v1\0" + group + u(f["epoch"], 4) + \
        varint(len(f["nodes"])) + b"".join(f["nodes"])

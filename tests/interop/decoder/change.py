"""change: a change body of docs/store.md, taken apart and put together.

A Body is the tree of it, exact to the byte. Values are pairs (tag, content)
with the tags of 10.3: 0 null, 1 false, 2 true, 3 integer, 4 negative (content
-1 - n), 5 decimal (mantissa, exponent), 6 text, 7 array, 8 object (entries),
9 reference, 10 day, 11 instant. An entry is (number, name, value), the name
with number 0 only. Text is bytes.
"""

import datetime

from wire import MASK64, Reader, Refused, signed, string, u, varint

(NULL, FALSE, TRUE, INTEGER, NEGATIVE, DECIMAL, TEXT, ARRAY, OBJECT, REFERENCE,
 DAY, INSTANT) = range(12)
DEPTH_MAX = 16
ENTRIES_MAX = 512
FOUNDS = 8
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()


class Body:
    """version 1 with a kind's number or, with number 0, its name."""

    def __init__(self):
        self.flags = 0
        self.kind = 0
        self.kind_name = b""
        self.source = b""
        self.ref = b""
        self.parents = []  # (where, life and link or b"", class, seq)
        self.by = b""
        self.org = b""
        self.occurred_at = 0
        self.later = 0
        self.fields = []


# --- from bytes ----------------------------------------------------------

def utf8(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise Refused("text that is no UTF-8") from e
    if "\0" in text:
        raise Refused("text with a zero")
    return data


def read_entries(r, depth):
    entries = []
    for _ in range(r.varint(ENTRIES_MAX)):
        number = r.varint(65535)
        name = b"" if number else utf8(r.string(1, 128))
        entries.append((number, name, read_value(r, depth + 1)))
    return entries


def read_value(r, depth):
    if depth > DEPTH_MAX:
        raise Refused("too deep")
    tag = r.u8()
    if tag >= 128:
        return INTEGER, tag & 127
    if tag >= 64:
        return TEXT, utf8(r.bytes(tag & 63))
    if tag in (NULL, FALSE, TRUE):
        return tag, None
    if tag in (INTEGER, NEGATIVE):
        value = r.varint()
        if tag == INTEGER and value < 128:
            raise Refused("an integer that has a shorter form")
        return tag, value
    if tag == DECIMAL:
        mantissa = r.signed()
        return tag, (mantissa, r.signed())
    if tag == TEXT:
        return tag, utf8(r.string(64))
    if tag == ARRAY:
        return tag, [read_value(r, depth + 1) for _ in range(r.varint())]
    if tag == OBJECT:
        return tag, read_entries(r, depth)
    if tag == REFERENCE:
        return tag, utf8(r.string(1))
    if tag in (DAY, INSTANT):
        return tag, r.signed()
    raise Refused("the tag %d" % tag)


def parse(data):
    r = Reader(data)
    b = Body()
    if r.u8() != 1:
        raise Refused("newer version")
    b.flags = r.u8()
    if b.flags > 15 or b.flags & 3 == 3:
        raise Refused("an unknown flag")
    b.kind = r.varint(65535)
    if b.kind == 0:
        b.kind_name = utf8(r.string(1, 64))
    b.source = utf8(r.string(0, 64))
    if not b.flags & FOUNDS:
        b.ref = utf8(r.string(1, 800))
    for _ in range(r.varint(32)):
        where = r.u8()
        if where > 1:
            raise Refused("a parent elsewhere")
        link = r.bytes(12) if where else b""
        klass = r.u8()
        b.parents.append((where, link, klass, r.varint()))
    b.by = utf8(r.string(0, 800))
    b.org = utf8(r.string(0, 800))
    b.occurred_at = r.signed()
    b.later = r.signed()
    b.fields = read_entries(r, 0)
    r.end()
    return b


# --- to bytes ------------------------------------------------------------

def put_entries(entries):
    out = varint(len(entries))
    for number, name, value in entries:
        out += varint(number)
        if number == 0:
            out += string(name)
        out += put_value(value)
    return out


def put_value(value):
    tag, content = value
    if tag == INTEGER and content < 128:
        return u(128 + content, 1)
    if tag == TEXT and len(content) < 64:
        return u(64 + len(content), 1) + content
    out = u(tag, 1)
    if tag in (INTEGER, NEGATIVE):
        out += varint(content)
    elif tag == DECIMAL:
        out += signed(content[0]) + signed(content[1])
    elif tag in (TEXT, REFERENCE):
        out += string(content)
    elif tag == ARRAY:
        out += varint(len(content)) + b"".join(put_value(v) for v in content)
    elif tag == OBJECT:
        out += put_entries(content)
    elif tag in (DAY, INSTANT):
        out += signed(content)
    return out


def build(b):
    out = u(1, 1) + u(b.flags, 1) + varint(b.kind)
    if b.kind == 0:
        out += string(b.kind_name)
    out += string(b.source)
    if not b.flags & FOUNDS:
        out += string(b.ref)
    out += varint(len(b.parents))
    for where, link, klass, seq in b.parents:
        out += u(where, 1) + link + u(klass, 1) + varint(seq)
    out += string(b.by) + string(b.org)
    return out + signed(b.occurred_at) + signed(b.later) + put_entries(b.fields)


# --- as people and JSON see it ---------------------------------------------

def json_of(value, table):
    """The value as JSON has it. A table maps numbers of fields, as text, to
    [name, table of the row]: the wire holds numbers where there is one."""
    tag, content = value
    if tag in (NULL, FALSE, TRUE):
        return (None, False, True)[tag]
    if tag == INTEGER:
        return content
    if tag == NEGATIVE:
        return -1 - content
    if tag == DECIMAL:
        return float("%de%d" % content)
    if tag == TEXT:
        return content.decode()
    if tag == ARRAY:
        return [json_of(v, table) for v in content]
    if tag == OBJECT:
        return object_of(content, table)
    if tag == REFERENCE:
        return "ref:" + content.decode()
    if tag == DAY:
        return datetime.date.fromordinal(EPOCH_DAY + content).isoformat()
    at = datetime.datetime(1970, 1, 1, 8) + datetime.timedelta(seconds=content)
    return at.isoformat() + "+08:00"


def object_of(entries, table):
    out = {}
    for number, name, value in entries:
        name, row = table.get(str(number), ["#%d" % number, {}]) if number \
            else (name.decode(), {})
        out[name] = json_of(value, row)
    return out


def says(b, life, klass, seq, kinds):
    """All that a body says, as tests/interop/account.c has it."""
    kind, table = kinds.get(str(b.kind), ["#%d" % b.kind, {}])
    parents = []
    for where, link, parent_class, parent_seq in b.parents:
        parents.append({"life": link[:8] if where else life,
                        "class": parent_class, "seq": parent_seq,
                        "link": link[8:] if where else bytes(4)})
    founds = bool(b.flags & FOUNDS)
    return {
        "source": b.source.decode(),
        "kind": kind if b.kind else b.kind_name.decode(),
        "ref": "~%s-%d-%d" % (life.hex(), klass, seq) if founds
               else b.ref.decode(),
        "founds": founds,
        "by": b.by.decode(),
        "org": b.org.decode(),
        "managing": bool(b.flags & 4),
        "clock": b.flags & 3,
        "occurred_at": b.occurred_at,
        "recorded_at": wrap64(b.occurred_at + b.later),
        "parents": parents,
        "fields": object_of(b.fields, table),
    }


def wrap64(value):
    """As a signed 64-bit integer."""
    value &= MASK64
    return value - (1 << 64) if value >> 63 else value

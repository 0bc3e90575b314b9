"""session: a recorded session, from its first byte to its last.

Pieces are taken in the order in which they crossed the link, so that what
refers to what came before can be checked: receipts to batches, batches that
follow to those before them, chains to all sessions before.
"""

import messages as m
from agree import expect, same
from batch import Dense, Rows
from noise import Handshake, public, verify
from wire import Refused, h8, h32, number_of, u

PREFACE = b"YZ\x01\x01"
SYNC, JOIN, CHAIN = range(3)
HANDSHAKE_MESSAGE_MAX = 4096
FRAME_PAYLOAD_MAX = 16384
UNANSWERED_MAX = 64
CLASH = 112  # 8.3


def check_frame_size(size, is_sealed):
    least, most = (16, FRAME_PAYLOAD_MAX + 16) if is_sealed else \
        (1, HANDSHAKE_MESSAGE_MAX)
    if not least <= size <= most:
        raise Refused("a frame of %d bytes" % size)


class Side:
    """What one side has sent."""

    def __init__(self):
        self.bytes = b""
        self.cipher = None
        self.messages = 0
        self.hello = None
        self.rows = {}      # by class
        self.dense = {}
        self.packed = {}    # bytes of a dense batch that is not whole
        self.ends = {}      # by (list, class): where the batch before ended
        self.unanswered = {0: [], 1: [], 2: [], 3: []}
        self.told = []  # its cursors, as they come

    def awaits(self, b):
        """An answer to this batch."""
        self.unanswered[b["class"]].append(b)
        if len(self.unanswered[b["class"]]) > UNANSWERED_MAX:
            raise Refused("too many batches without an answer")


class Session:
    def __init__(self, group, record):
        self.group = group
        self.record = record
        self.name = record["name"]
        self.sides = {"up": Side(), "down": Side()}
        self.steps = 0   # handshake messages
        self.mode = None
        self.noise = None
        self.batches = 0
        self.is_held = False  # nothing is taken upwards before SETTLED
        self.lives = []  # of the initiator's HELLO
        self.asked = set()  # classes of UNHEARD
        self.seen = []   # (way, type) of every message
        self.started = {}  # where the receiver stood, by way
        self.stand("up", "hub")
        self.stand("down", "clinic")

    def stand(self, way, receiver):
        """Where it stands is where the sessions before left it."""
        told = {}
        for c in self.record.get(receiver, {"own": []})["own"]:
            told[c["list"], c["class"]] = {
                k: int(c[k]) for k in ("epoch", "place", "running")}
        if receiver == "clinic" and self.record["put_back"]:
            self.group.cursors[way] = told
        expect(self.name, told == self.group.cursors[way],
               "the %s to stand at %s and not at %s"
               % (receiver, self.group.cursors[way], told))
        self.started[way] = dict(told)

    def run(self):
        for way, piece in self.record["pieces"]:
            self.sides[way].bytes += bytes.fromhex(piece)
            while self.take(way, self.sides[way]):
                pass
        for way, side in self.sides.items():
            expect(self.name, not side.bytes, "no bytes left over " + way)
            told = [x for x in self.record["messages"] if x["way"] == way]
            expect(self.name, side.messages == len(told),
                   "%d messages %s and not %d"
                   % (len(told), way, side.messages))
        expect(self.name, self.batches == len(self.record["batches"]),
               "%d batches" % len(self.record["batches"]))
        g = self.group
        same(self.name, {"fingerprint_secret": g.secret,
                         "hub_signing_key": g.hub_key},
             {key: self.record[key] for key in
              ("fingerprint_secret", "hub_signing_key")})

    # --- bytes -------------------------------------------------------------

    def take(self, way, side):
        """A preface or a frame, if it is whole."""
        if way == "up" and self.steps == 0 and self.mode in (None, CHAIN):
            return self.preface(side)
        if len(side.bytes) < 2:
            return False
        size = number_of(side.bytes[:2])
        check_frame_size(size, side.cipher is not None)
        if len(side.bytes) < 2 + size:
            return False
        frame, side.bytes = side.bytes[2:2 + size], side.bytes[2 + size:]
        if side.cipher is None:
            self.clear(way, frame)
        else:
            self.plain(way, side.cipher.frame(frame))
        return True

    def preface(self, side):
        if len(side.bytes) < 5:
            return False
        expect(self.name, side.bytes[:4] == PREFACE and side.bytes[4] <= CHAIN,
               "a preface")
        self.mode = side.bytes[4]
        side.bytes = side.bytes[5:]
        return True

    def secrets(self, side):
        keys = self.record[side]
        return bytes.fromhex(keys["transport_secret"]), \
            bytes.fromhex(keys["ephemeral_secret"])

    def clear(self, way, frame):
        if self.mode == CHAIN:
            self.chain_answer(frame)
            return
        self.steps += 1
        expect(self.name, way == ("up", "down", "up")[self.steps - 1],
               "the handshake's turn")
        if self.steps == 1:
            self.begin()
            first = self.noise.message_1(frame)
            number = m.invite(self.record["code"])[0] \
                if self.mode == JOIN else None
            expect(self.name, first == (b"" if number is None else
                                        number.to_bytes(2, "big")),
                   "the payload of message 1")
        elif self.steps == 2:
            for kind, body in m.split(self.noise.message_2(frame)):
                expect(self.name, kind == m.ROWS and self.mode == SYNC,
                       "nothing else in message 2")
                m.fields(kind, body)
                self.group.count("ROWS in message 2")
        else:
            plain = self.noise.message_3(frame)
            up, down = self.noise.split()
            self.sides["up"].cipher, self.sides["down"].cipher = up, down
            self.plain("up", plain)

    def begin(self):
        g = self.group
        psk = None
        prologue = PREFACE + bytes([self.mode]) + g.id
        if self.mode == JOIN:
            number, root, secret = m.invite(self.record["code"])
            expect(self.name, root == h32(g.root_key)[:10],
                   "the root key's hash in the code")
            psk = m.invite_psk(g.id, number, secret)
        self.noise = Handshake(prologue, self.secrets("initiator"),
                               self.secrets("responder"), psk)
        g.clinic_transport_key = public(self.noise.i[0])

    def chain_answer(self, frame):
        r = m.Reader(frame)
        root_key, chain = r.bytes(32), m.chain(r, 1)
        r.end()
        m.verify_chain(chain, root_key)
        expect(self.name, root_key == self.group.root_key, "the root's key")
        expect(self.name, chain[0]["transport_key"]
               == public(self.secrets("responder")[0]),
               "the responder's own certificate")

    # --- messages ----------------------------------------------------------

    def plain(self, way, plain):
        for kind, body in m.split(plain):
            told = [x for x in self.record["messages"] if x["way"] == way]
            side = self.sides[way]
            where = "%s, %s message %d (%s)" % (
                self.name, way, side.messages, m.NAMES[kind - 1])
            if side.messages == len(told) and self.gave_up(way):
                m.fields(kind, body)
                continue
            expect(where, side.messages < len(told), "no such message")
            theirs = told[side.messages]
            side.messages += 1
            same(where + ".type", kind, theirs["type"])
            same(where + ".body", body, theirs["body"])
            self.message(where, way, side, kind, body, theirs)
            self.seen.append((way, kind))
            self.group.count("%s %s" % (m.NAMES[kind - 1], way))

    def gave_up(self, way):
        """Who sends ERROR reads no more."""
        return any(x["type"] == m.ERROR and x["way"] != way
                   for x in self.record["messages"])

    def message(self, where, way, side, kind, body, theirs):
        expect(where, kind not in (m.ONLY_DOWN if way == "up" else m.ONLY_UP),
               "a message of the other side")
        if side.hello is None and self.mode == SYNC:
            expect(where, kind in (m.HELLO, m.WITHDRAWN, m.ERROR),
                   "HELLO first")
        fields = m.fields(kind, body)
        if fields is not None:
            mine = {k: v for k, v in fields.items() if k != "last"}
            if kind == m.WELCOME:
                mine["chain"] = [without_signature(c) for c in mine["chain"]]
            same(where, mine, theirs.get("fields"))
        handler = getattr(self, "on_" + m.NAMES[kind - 1].lower(), None)
        if handler is not None:
            handler(where, way, side, fields if fields is not None else body)

    def other(self, way):
        return self.sides["down" if way == "up" else "up"]

    def on_hello(self, where, way, side, f):
        g = self.group
        expect(where, side.hello is None, "one HELLO")
        side.hello = f
        own = self.record["clinic" if way == "up" else "hub"]
        expect(where, f["cursors_digest"] == m.digest(own["own"]) & m.U32,
               "the digest of its cursors")
        if way == "down":
            expect(where, not f["lives"], "no lives of a responder")
            return
        expect(where, not f["lives"] or f["held_digest"]
               == m.digest(own["peer"]) & m.U32, "the held digest")
        self.is_held = bool(f["lives"]) and f["held_digest"] != \
            m.digest(self.record["hub"]["own"]) & m.U32
        self.lives = [h8(g.clinic_key + life["nonce"]) for life in f["lives"]]
        g.lives.update(self.lives)
        for life, told in zip(self.lives, f["lives"]):
            if told["forked"] or any(told["seqs"][c] < g.log(life, c).seq()
                                     for c in range(4)):
                g.forked.add(life)

    def on_cursors(self, where, way, side, f):
        """They are those of its HELLO's digest."""
        m.more_cursors(side.told, f)
        expect(where, m.digest(side.told) & m.U32
               == side.hello["cursors_digest"] or not f["last"],
               "the digest of HELLO")

    def on_data(self, where, way, side, body):
        klass = m.at_most(body[0], 3, "a class")
        rows = side.rows.setdefault(klass, Rows())
        expect(where, klass not in side.packed, "a dense batch to its end")
        for b in rows.feed(body[1:], klass):
            self.batch(where, way, side, b, "rows")

    def on_dense(self, where, way, side, body):
        if body[0] & 0x7c or len(body) < 2:
            raise Refused("the first byte of DENSE")
        klass = body[0] & 3
        expect(where, klass not in side.rows or side.rows[klass].is_between(),
               "rows to their end")
        side.packed[klass] = side.packed.get(klass, b"") + body[1:]
        if not body[0] & 0x80:
            return
        if klass not in side.dense:
            side.dense[klass] = Dense(self.group.dictionaries,
                                      self.group.history)
        b = side.dense[klass].read(
            side.packed.pop(klass), klass, self.lives,
            lambda name: self.expected(side, way, name, klass))
        self.group.count("dense beginnings" if b["flags"] & 1 else
                         "dense that go on")
        self.group.count("dense with history", bool(b.get("history")))
        for n in (256, 512):
            self.group.count("histories above %d" % n, b.get("history", 0) > n)
        self.group.count("dense that follow", bool(b["flags"] & 2))
        self.batch(where, way, side, b, "dense")

    def expected(self, side, way, name, klass):
        """Where a batch that follows starts; None: nowhere."""
        if (name, klass) in side.ends:
            return side.ends[name, klass]
        return self.started[way].get((name, klass))

    def batch(self, where, way, side, b, form):
        side.ends[b["list"], b["class"]] = b["end"]
        side.awaits(b)
        self.group.count("batches %s, %s" % (way, form))
        if way == "up" and self.is_held and \
                ("up", m.SETTLED) not in self.seen:
            b["lost"] = "it came before SETTLED"
        if b.get("lost"):
            # The C side's owner has not seen it; the answer shows the rest.
            self.group.count("batches that cannot be taken")
            return
        theirs = self.record["batches"]
        expect(where, self.batches < len(theirs), "no more batches")
        self.group.check_batch("%s: batch %d" % (where, self.batches), way,
                               b, theirs[self.batches])
        self.batches += 1

    # --- answers -----------------------------------------------------------

    def on_taken(self, where, way, side, f):
        waiting = self.other(way).unanswered[f["class"]]
        expect(where, f["count"] <= len(waiting), "so many batches")
        for b in waiting[:f["count"]]:
            expect(where, not b.get("lost") and not b["clashes"],
                   "batches that can be taken")
            self.stands("down" if way == "up" else "up", b)
        del waiting[:f["count"]]

    def stands(self, way, b):
        """The receiver has committed a batch that went this way."""
        self.group.cursors[way][b["list"], b["class"]] = b["end"]

    def on_unheard(self, where, way, side, f):
        """It stands for the batches between, and ends where the hub stands;
        the hash tells that all of them are those that the hub has."""
        g = self.group
        expect(where, self.is_held and ("down", m.CURSORS) in self.seen
               and ("up", m.SETTLED) not in self.seen, "between the two")
        expect(where, f["class"] not in self.asked, "once for a class")
        self.asked.add(f["class"])
        changes = []
        running = f["running"]
        for run in f["runs"]:
            expect(where, run["life"] < len(self.lives), "a life of HELLO")
            for seq in range(run["first"], run["first"] + run["count"]):
                c = {"life": self.lives[run["life"]], "class": f["class"],
                     "seq": seq}
                body = g.bodies.get((c["life"], c["class"], seq), b"")
                running = number_of(h8(u(running, 8) + u(g.fingerprint(
                    dict(c, body=body)), 8)))
                changes.append(c)
        end = g.cursors["up"].get(("up", f["class"]))
        expect(where, end is not None, "a place of the hub's")
        side.unanswered[f["class"]].append({
            "list": "up", "class": f["class"], "changes": changes,
            "end": end, "clashes": set(), "question": True,
            "is_plain": running == end["running"]})
        g.count("stretches asked for")

    def on_receipt(self, where, way, side, f):
        waiting = self.other(way).unanswered[f["class"]]
        expect(where, waiting and waiting[0]["list"] == f["list"],
               "the oldest batch's list")
        b = waiting.pop(0)
        down = "down" if way == "up" else "up"
        at = {k: f[k] for k in ("epoch", "place", "running")}
        before = self.group.cursors[down].get((f["list"], f["class"]))
        if b.get("question") and not at["epoch"]:
            self.group.count("stretches that cannot be told")
            expect(where, not f["exceptions"], "no exceptions of nothing")
            return
        if at == b["end"] and not b.get("lost"):
            self.stands(down, b)
        else:
            expect(where, at == before, "the batch's end or the old cursor")
            self.group.count("receipts of an old cursor")
        ids = {(c["life"], c["class"], c["seq"]) for c in b["changes"]}
        clashes = {(x["life"], x["class"], x["seq"])
                   for x in f["exceptions"] if x["reason"] == CLASH}
        expect(where, b.get("lost") or clashes == b["clashes"] or
               (b.get("question") and not b["is_plain"]),
               "%d clashes" % len(b.get("clashes", ())))
        for x in f["exceptions"]:
            expect(where, (x["life"], x["class"], x["seq"]) in ids,
                   "a change of the batch")
            self.group.count("exceptions for %d" % x["reason"])

    def group_word(self, where, life, f, chains):
        verify(self.group.hub_key, f["signature"],
               m.group_receipt_signed(life, f["seqs"], chains), where)

    def chains(self, life, seqs):
        return [self.group.log(life, c).chains[seq]
                for c, seq in enumerate(seqs)]

    def on_group_held(self, where, way, side, f):
        expect(where, f["life"] < len(self.lives), "a life of HELLO")
        life = self.lives[f["life"]]
        self.group_word(where, life, f, self.chains(life, f["seqs"]))

    def on_group_receipt(self, where, way, side, f):
        self.group_word(where, f["life"], f, f["chains"])
        if f["life"] in self.group.lives:
            expect(where, all(
                mine == theirs for mine, theirs, seq in
                zip(self.chains(f["life"], f["seqs"]), f["chains"], f["seqs"])
                if seq), "the log's own chains")

    def on_withdrawn(self, where, way, side, f):
        verify(self.group.hub_key, f["signature"],
               m.withdrawn_signed(self.group.id, f), where)

    def on_end(self, where, way, side, body):
        expect(where, body == b"" or self.sides["up"].hello["down_bound"],
               "a bound where something is kept back")
        expect(where, side.hello is not None, "END after HELLO")
        self.group.count("END that keeps back", body[:1] == b"\1")

    def on_bye(self, where, way, side, body):
        """The session is over: nothing waits for an answer."""
        if self.mode == JOIN:
            expect(where, ("down", m.WELCOME) in self.seen, "WELCOME")
            return
        expect(where, ("down", m.END) in self.seen, "END before")
        for one in self.sides.values():
            expect(where, not any(one.unanswered.values()),
                   "answers to all batches")
            expect(where, not one.packed, "whole batches")

    def on_settled(self, where, way, side, body):
        expect(where, ("down", m.CURSORS) in self.seen and self.is_held,
               "CURSORS before, and another held digest")

    # --- joining -----------------------------------------------------------

    def on_join(self, where, way, side, f):
        g = self.group
        expect(where, self.mode == JOIN and side.messages == 1, "JOIN alone")
        m.verify_join(f, g.clinic_transport_key, g.id)
        g.clinic_key = f["signing_key"]

    def on_welcome(self, where, way, side, f):
        g = self.group
        m.verify_chain(f["chain"], f["root_key"])
        expect(where, f["root_key"] == g.root_key, "the root's key")
        own, parent = f["chain"][:2]
        expect(where, own["signing_key"] == g.clinic_key
               and own["transport_key"] == g.clinic_transport_key,
               "the node's own keys")
        expect(where, parent["transport_key"] == public(self.noise.r[0]),
               "the parent's key")
        g.hub_key = f["chain"][-1]["signing_key"]
        g.secret = f["fingerprint_secret"]


def without_signature(c):
    return {k: v for k, v in c.items() if k not in ("signature", "group")}

"""group: what the two nodes know from one recorded session to the next.

Changes, logs and cursors, as docs/protocol.md, 9, has them. All is computed
here from what was decoded; the C side's account is only compared with.
"""

import change
from agree import expect, same
from noise import verify
from wire import Refused, change_id, h32, h8, number_of, u


class Log:
    """Of one life and class: chain and month after each change."""

    def __init__(self, life, klass):
        self.chains = [h32(life + u(klass, 1))]
        self.months = [None]

    def seq(self):
        return len(self.chains) - 1


class Group:
    def __init__(self, kinds, dictionaries):
        self.kinds = kinds
        self.dictionaries = dictionaries
        self.secret = None        # of fingerprints
        self.id = self.root_key = None
        self.hub_key = None       # signing
        self.clinic_key = None
        self.clinic_transport_key = None
        self.lives = set()        # shown in HELLO
        self.forked = set()       # lives that go on in two histories
        self.bodies = {}          # (life, class, seq): body, held by the hub
        self.logs = {}            # (life, class)
        self.salts = {}           # (life, month)
        # Where the receiver stands in the sender's lists, by way.
        self.cursors = {"up": {}, "down": {}}
        self.counts = {}

    def count(self, what, more=1):
        self.counts[what] = self.counts.get(what, 0) + more

    # --- changes -----------------------------------------------------------

    def history(self, life, klass, seq, count):
        out = []
        for n in range(seq - count + 1, seq + 1):
            body = self.bodies.get((life, klass, n))
            if body is None:
                return None
            out.append(body)
        return out

    def fingerprint(self, c):
        value = number_of(h8(change_id(c["life"], c["class"], c["seq"])
                             + c["body"], self.secret))
        return value or 1

    def log(self, life, klass):
        return self.logs.setdefault((life, klass), Log(life, klass))

    def extend(self, where, c):
        """A change on its way up: salt, commitment, chain. True: it clashes
        with what is held."""
        log = self.log(c["life"], c["class"])
        known = self.bodies.get((c["life"], c["class"], c["seq"]))
        if known is not None and known != c["body"]:
            self.forked.add(c["life"])
        if c["life"] in self.forked:
            return known != c["body"]
        expect(where, c["seq"] <= log.seq() + 1, "no gap in the log")
        before = log.months[c["seq"] - 1]
        month = c.get("month", before)
        expect(where, ("salt" in c) == (month != before),
               "a salt where a month begins")
        if "salt" in c:
            salt = self.salts.setdefault((c["life"], month), c["salt"])
            expect(where, salt == c["salt"], "the month's salt")
        if known is not None:
            return False
        expect(where, c["life"] in self.lives, "a life shown in HELLO")
        commitment = h32(b"\1" + change_id(c["life"], c["class"], c["seq"])
                         + c["body"], self.salts[c["life"], month])
        log.chains.append(h32(log.chains[-1] + commitment))
        log.months.append(month)
        self.bodies[c["life"], c["class"], c["seq"]] = c["body"]
        return False

    def check_head(self, head, klass):
        chain = self.log(head["life"], klass).chains[head["seq"]]
        verify(self.clinic_key, head["signature"],
               b"yizhan log head v1\0" + head["life"] + u(klass, 1)
               + u(head["seq"], 8) + chain, "a head")

    # --- batches -----------------------------------------------------------

    def check_batch(self, where, way, b, theirs):
        """What a batch says of itself, and what the C side made of it."""
        expect(where, way == theirs["way"], "a batch " + theirs["way"])
        running = b["start"]["running"]
        b["clashes"] = set()
        mine = []
        for i, c in enumerate(b["changes"]):
            at = "%s, change %d" % (where, i)
            if way == "up" and self.extend(at, c):
                b["clashes"].add((c["life"], c["class"], c["seq"]))
            mine.append(self.account_of(c))
            running = number_of(h8(u(running, 8)
                                   + u(mine[-1]["fingerprint"], 8)))
        same(where, {"way": way, "list": b["list"], "class": b["class"],
                     "start": b["start"], "end": b["end"], "changes": mine,
                     "heads": b["heads"]}, theirs)
        passed = b["end"]["place"] - b["start"]["place"]
        expect(where, passed >= len(mine), "a place for each change")
        if passed == len(mine):
            expect(where, running == b["end"]["running"],
                   "the running hash %016x" % running)
            self.count("running hashes")
        self.check_heads(where, way, b)
        self.count("changes " + way, len(mine))

    def check_heads(self, where, way, b):
        lives = {c["life"] for c in b["changes"]}
        if way == "down":
            expect(where, not b["heads"], "no heads downwards")
            return
        expect(where, {h["life"] for h in b["heads"]} == lives,
               "a head for each log")
        for head in b["heads"]:
            if head["life"] in self.forked:
                continue
            self.check_head(head, b["class"])
            self.count("heads")

    def account_of(self, c):
        """A change as tests/interop/account.c has it."""
        tree = change.parse(c["body"])
        if change.build(tree) != c["body"]:
            raise Refused("a body that is not canonical")
        out = dict(c)
        out["says"] = change.says(tree, c["life"], c["class"], c["seq"],
                                  self.kinds)
        out["fingerprint"] = self.fingerprint(c)
        return out

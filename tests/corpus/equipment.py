"""equipment: devices, and how they go from hand to hand."""
import phrases as P
from codes import ALPHABET, ONE_DAY, stamp
from text import PURPOSES, TRIPS, fill


class Device:
    def __init__(self, record, owner, meter):
        self.record, self.owner, self.meter = record, owner, meter
        self.link, self.free_on, self.number, self.clock = "ref:" + record["ref"], 0, 0, (0, 0)


class Equipment:
    """The part of a corpus that owns, lends and uses devices."""

    def make_devices(self):
        self.r = r = self.stream("devices")
        lines = [x for x in P.DEVICES.split("\n") if x]
        plan = [(self.lead, x) for x in lines + lines[:2]]
        for town in self.towns:
            plan += [(town, x) for x in (lines[0], lines[1], lines[9], self.choose(lines), self.choose(lines))]
        plan += [(v, lines[1]) for v in self.villages if r() < .3]
        self.devices = []
        for org, line in plan:
            kind, name, models, portable, value, accessories = line.split("|")
            n, since = len(self.devices) + 1, self.start - int(20 + 800 * r()) * ONE_DAY
            keeper = org.staff[2] if org is self.lead else org.staff[0]
            record = {"kind": "device", "ref": "E-%s-%04d" % (kind[:2].upper(), n), "by": keeper.link,
                      "at": stamp(since, 31000 + 25000 * r()), "org_id": org.link, "asset_no": "ZC%d%06d" % (since.year, 400 + n),
                      "serial_no": "%s%08d" % (self.choose(ALPHABET[10:]), int(1e8 * r())), "class": kind, "name": name,
                      "model": self.choose(models.split(",")), "owner_org_id": org.link, "portable": portable == "1",
                      "pool": org.level != "village" and (portable == "1" or r() < .4), "onward_allowed": r() < .35,
                      "accessories": accessories.split(","), "rated_hours_year": 1500,
                      "condition": "ok" if r() < .9 else self.choose(["minor", "in_repair", "unsafe"]),
                      "value": int(100 * int(value) * (.85 + .3 * r()))}
            if kind not in ("vehicle", "rehab"):
                record["metrology_due"] = (self.start + int(420 * r() - 20) * ONE_DAY).isoformat()
            self.devices.append(Device(record, org, round(2200 * r(), 1)))

    # loans, hand-overs, hours

    def tick(self, d, second):
        """The next moment of this device's day: its steps never overtake each other."""
        if d.clock[0] == self.n:
            second = max(second, d.clock[1] + 20)
        d.clock = self.n, second
        return second

    def lend_devices(self):
        r, today = self.r, self.today.isoformat()
        for d in self.devices:
            if d.record.get("metrology_due", "9") < today and r() < .1:
                d.record = self.put(28000, d.record, metrology_due=(self.today + 365 * ONE_DAY).isoformat())
        soon = (self.today + 30 * ONE_DAY).isoformat()
        for _ in range(int(.5 + .3 * len(self.towns) + r()) or not self.n):
            free = [d for d in self.devices if d.record["pool"] and d.free_on <= self.n and d.record["condition"] in ("ok", "minor")
                    and d.record.get("metrology_due", "9") > soon]
            if free:
                d = self.choose(free)
                self.lend(d, self.choose(self.takers(d, d.owner)))

    def takers(self, d, *but):
        orgs = self.towns + [self.lead] + (self.villages if d.record["portable"] and d.record["class"] != "vehicle" and self.r() < .3 else [])
        return [o for o in orgs if o not in but] or [o for o in self.villages if o not in but]

    def keeper(self, org):
        return org.staff[2] if org is self.lead else org.staff[0]

    def request_loan(self, d, lender, taker, begin, length, standing, onward=None):
        r, car = self.r, d.record["class"] == "vehicle"
        asker, second = self.keeper(taker), self.tick(d, 28800 + int(4000 * r()))
        way = "horizontal" if self.lead not in (lender, taker) else "vertical_down" if lender is self.lead else "vertical_up"
        loan = self.record("loan", "L", asker, self.today, second, state="requested")
        loan.update(slip_no=self.slip(taker, asker, "L"), device_id=d.link, direction=way, lender=lender.link, borrower=taker.link,
                    purpose=fill(self.choose(TRIPS if car else PURPOSES), r, None),
                    planned_from=stamp(self.today + begin * ONE_DAY, 34000), requested_by=asker.link,
                    planned_to=stamp(self.today + (begin + length) * ONE_DAY, 45000 + int(20000 * r())),
                    approval="standing" if standing else "each")
        if onward:
            loan["onward_of_loan_id"] = "ref:" + onward["ref"]
        return self.put(second, loan)

    def approve(self, d, loan):
        owner = self.keeper(d.owner)
        return self.put(self.tick(d, 33000), loan, state="approved", by=owner.link, org_id=d.owner.link, approved_by=owner.link)

    def lend(self, d, taker):
        r, car = self.r, d.record["class"] == "vehicle"
        length, begin, standing = 0 if car else 1 + int(14 * r() * r()), 0 if car or not self.n or r() < .5 else 1 + int(2 * r()), r() < .3
        loan = self.request_loan(d, d.owner, taker, begin, length, standing)
        d.free_on = self.n + 1
        if not standing and self.chance("loans_refused", .06, first=False):
            owner = self.keeper(d.owner)
            self.put(self.tick(d, 33000), loan, state="refused", by=owner.link, org_id=d.owner.link, reason=self.why("loan_refused"))
            return
        if standing or not self.chance("loans_without_approval", .04):
            loan = self.approve(d, loan)
        if begin and self.chance("loans_cancelled", .06, first=False):
            self.put(self.tick(d, 36000), loan, state="cancelled", by=self.keeper(taker).link, org_id=taker.link, reason=self.why("loan_cancelled"))
            return
        d.free_on = 1 << 30
        self.later(begin, self.hand_over, d, loan, d.owner, taker, length)

    def hand_over(self, d, loan, lender, taker, length):
        r = self.r
        loan = self.pass_on(d, loan, lender, taker, 34000 + int(3000 * r()))
        for k in range(max(1, length)):
            if r() < .8 or not length:
                self.later(k, self.use, d, taker)
        if length and r() < .15 and self.n:
            length += 1 + int(5 * r())            # comes back late
        third = self.takers(d, lender, taker)
        if length >= 2 and third and self.chance("onward_loans", .15):
            self.later(1, self.lend_on, d, loan, taker, self.choose(third), length - 1)
            length += 1                           # the onward loan ends a day before this one
        if length and r() < .008:
            self.later(length, self.lose, d, loan, taker)
        else:
            self.later(length, self.give_back, d, loan, lender, taker)

    def lend_on(self, d, first, lender, taker, length):
        loan = self.approve(d, self.request_loan(d, lender, taker, 0, length, False, first))
        loan = self.pass_on(d, loan, lender, taker, 36000)
        self.later(length, self.give_back, d, loan, lender, taker)

    def pass_on(self, d, loan, lender, taker, second):
        giver, receiver = self.keeper(lender), self.keeper(taker)
        loan = self.put(self.tick(d, second), loan, state="handed_over", by=giver.link, org_id=lender.link)
        self.custody(d, loan, giver, receiver)
        return self.put(self.tick(d, 0), loan, state="received", by=receiver.link, org_id=taker.link)

    def custody(self, d, loan, giver, receiver):
        r, second = self.r, self.tick(d, 0)
        d.number += 1
        writer = giver if r() < .6 else receiver
        accessories = d.record["accessories"][:-1] if r() < .05 else d.record["accessories"]
        both = not self.chance("signed_by_one_side", .05)
        y = self.record("custody", "Y", writer, self.today, second)
        y.update(device_id=d.link, loan_id="ref:" + loan["ref"], custody_no=d.number, giver=giver.link, receiver=receiver.link,
                 both_signed=both, condition="ok" if r() < .96 else "minor", accessories=accessories, meter_hours=round(d.meter, 1))
        y.update({"from": giver.org.link, "to": receiver.org.link})
        self.put(second, y)
        others = [o for o in self.orgs if o not in (giver.org, receiver.org)]
        if both and others and self.chance("custody_forks", .012):
            other = self.choose(others)
            self.put(self.tick(d, 0), y, ref=self.ref("Y"), to=other.link, receiver=self.keeper(other).link, both_signed=False, by=giver.link, org_id=giver.org.link)

    def give_back(self, d, loan, lender, taker):
        giver, receiver = self.keeper(taker), self.keeper(lender)
        loan = self.put(self.tick(d, 40000 + int(20000 * self.r())), loan, state="returning", by=giver.link, org_id=taker.link)
        self.custody(d, loan, giver, receiver)
        self.put(self.tick(d, 0), loan, state="returned", by=receiver.link, org_id=lender.link)
        if lender is d.owner:
            d.free_on = self.n + 1

    def lose(self, d, loan, taker):
        state, why = self.choose([("damaged", "摔裂外壳"), ("damaged", "探头进水"), ("lost", "清点不见")])
        self.put(self.tick(d, 50000), loan, state=state, by=self.keeper(taker).link, org_id=taker.link, reason=why)

    def use(self, d, org):
        hours, by = round(.5 + 6 * self.r(), 1), self.choose(org.staff)
        d.meter += hours
        second = self.tick(d, 37000 + int(2000 * self.r()))
        u = self.record("usage", "U", by, self.today, second)
        u.update(device_id=d.link, date=self.today.isoformat(), hours=hours, cases=1 + int(4 * hours * self.r()))
        self.put(second, u)

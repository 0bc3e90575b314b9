"""contracts: what residents sign with a team."""
import datetime
from collections import defaultdict

import phrases as P
from codes import ONE_DAY, add_months


class Contracts:
    """The part of a corpus that signs, renews and ends contracts."""

    def new_contract(self, p, team, signed, state, second=None):
        r = self.r
        signer = self.choose(team.members)
        start = signed + int(3 * r()) * ONE_DAY
        packages = [k for k in P.PACKAGES if not k[2] or k[2] in p.tags and r() < .85]
        price = sum(k[1] for k in packages)
        c = self.record("contract", "K", signer, signed, second or 29000 + 32000 * r(), team.org, state=state)
        c.update(slip_no=self.slip(team.org, signer, "C"), resident_id=p.link)
        if p.household:
            c["household_no"] = p.household
        c.update(team_id=team.link, signing_staff_id=signer.link,
                 packages=[{"code": k[0], "price": k[1], "items": [{"item": i, "planned": n} for i, n in k[3]]} for k in packages])
        if p.tags:
            c["population_tags"] = p.tags
        c.update(signed_on=signed.isoformat(), start_on=start.isoformat(),
                 end_on=(add_months(start, self.choose([12, 12, 12, 24, 36])) - ONE_DAY).isoformat(),
                 resident_signature="guardian" if self.age(p) < 14 else self.choose(["paper", "paper", "fingerprint", "electronic"]))
        if r() < .12:
            c["choice_note"] = self.why("choice")
        public = min(price, 3000)
        insured = min(price - public, 2500)
        c.update(fee_public=public, fee_insurance=insured, fee_self=price - public - insured)
        return c

    def stock_of_contracts(self):
        """Contracts from before the start; only here the group's decisions occur."""
        self.r = r = self.stream("contracts")
        self.renewals = defaultdict(list)
        for p in self.able:
            if p.twice or r() > (.8 if p.tags else .42):
                continue
            team, x, old = p.village.teams[0], r(), None
            if x < .06:
                old = self.new_contract(p, team, self.start - int(780 + 250 * r()) * ONE_DAY, "expired")
                first = datetime.date.fromisoformat(old["start_on"])
                old["end_on"] = (add_months(first, 12) - ONE_DAY).isoformat()
                yield old
            elif x < .09:
                signed = self.start - int(150 + 200 * r()) * ONE_DAY
                c = self.new_contract(p, team, signed, "terminated" if x < .08 else "refused")
                if x < .08:
                    c.update(end_reason=self.choose(["resident", "resident", "moved", "breach", "duplicate", "error"]),
                             ended_on=(signed + int(10 + 130 * r()) * ONE_DAY).isoformat())
                else:
                    c["reason"] = self.why("contract_refused")
                yield c
                continue
            c = self.new_contract(p, team, self.start - int(4 + 350 * r()) * ONE_DAY, "active" if r() < .94 else self.choose(["signed", "ending"]))
            if old:
                c["renews_id"] = "ref:" + old["ref"]
            if c["state"] == "ending":
                c.update(end_reason="resident", ended_on=(self.start - ONE_DAY).isoformat())
            else:
                p.contract = c
            left = (datetime.date.fromisoformat(c["end_on"]) - self.start).days
            if 0 <= left < self.a.days and p.contract and r() < .65:
                self.renewals[max(0, left - int(6 * r()))].append(p)
            yield c

    # day by day

    def sign_contracts(self):
        r = self.r
        for p in self.renewals.pop(self.n, ()):
            if p.contract and not p.gone:
                old, c = p.contract, self.new_contract(p, p.village.teams[0], self.today, "signed")
                start = max(self.today, datetime.date.fromisoformat(old["end_on"]) + ONE_DAY)
                c.update(start_on=start.isoformat(), end_on=(add_months(start, 12) - ONE_DAY).isoformat(), renews_id="ref:" + old["ref"])
                self.put(self.office_hour(), c)
        season = 6 if self.today.month in (9, 10, 11) else 1
        for _ in range(int(season * (1 + .0006 * self.a.residents) + r())):
            p = self.choose(self.able)
            if p.gone:
                continue
            if not p.contract:
                self.first_signing(p)
            elif len(self.teams) > 1 and self.chance("second_signings", .05):
                self.second_signing(p)
            elif self.chance("contracts_ending", .05):
                self.end_contract(p, "ending", "resident")

    def first_signing(self, p):
        second = self.office_hour()
        c = self.new_contract(p, p.village.teams[0], self.today, "signed", second)
        if self.chance("contract_drafts", .25):
            self.put(second - 1200, {k: v for k, v in c.items() if k != "resident_signature"}, state="draft")
        p.contract = self.put(second, c)
        if len(self.teams) > 1 and self.chance("signed_twice_in_a_day", .03):
            self.second_signing(p)

    def second_signing(self, p):
        """Another team signs the same resident without knowing of the first."""
        others = [t for t in self.teams if t is not p.village.teams[0]]
        c = self.new_contract(p, self.choose(others), self.today, "signed")
        self.put(self.office_hour(), c, choice_note=self.why("second"))

    def end_contract(self, p, state, reason):
        c, today = p.contract, self.today.isoformat()
        if not c or c["at"][:10] >= today or c["state"] not in ("signed", "active"):
            return
        ended = max(today, c["start_on"])
        if ended <= c["end_on"]:
            p.contract = None
            leader = next(t.leader for t in self.teams if t.link == c["team_id"])
            self.put(80000, c, state=state, end_reason=reason, ended_on=ended, by=leader.link)

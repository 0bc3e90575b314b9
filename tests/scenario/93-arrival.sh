#!/bin/bash
# Goal: a patient is at the hospital before the record of his referral. The
# arrival that was registered by slip number is joined to it, whichever reaches
# the group first: the clinic that referred him sees him arrived, and at the
# hospital one record goes on, found by the number.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

org C01 township H01 | sed 's/}$/,"short_code":"XC1"}/' |
	at hub import - --source his >/dev/null
all a a # for numbers of its own
who=$(add a resident C01 '{"name":"赵六","sex":"1","birth_date":"1951-01-01","no_id_reason":"never","managing_org_id":"ref:C01"}')

# rows WHO: states of the referrals with that number, the patient's first.
rows() {
	at "$1" list referral --json | python3 -c 'import json, sys
rows = [r for r in map(json.loads, sys.stdin) if r.get("slip_no") == sys.argv[1]]
rows.sort(key=lambda r: "from_org" not in r)
print(*(r["state"] for r in rows))' "$slip"
}

for first in a b; do
	sent=$(add a referral C01 "{\"state\":\"issued\",\"resident_id\":\"ref:$who\",\"direction\":\"up\",\"urgency\":\"emergency\",\"green_channel\":\"stroke\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"issued_at\":\"2026-05-04T10:00:00+08:00\"}")
	slip=$(at a show referral "$sent" --json | field slip_no)

	# He is not known here yet: what to do is said, and done.
	expect 1 at b amend referral "$slip" --state arrived --by S0001 \
		--no-input >/dev/null 2>"$work/amend.log"
	grep -q -- "add referral --state arrived --slip-no" "$work/amend.log" ||
		fail "nobody says how an arrival is registered"
	add b referral C02 "{\"state\":\"arrived\",\"slip_no\":\"$slip\",\"arrived_at\":\"2026-05-04T10:40:00+08:00\"}" >/dev/null
	[ "$first" = a ] && all a b a || all b a b a
	all b a

	[ "$(rows a)" = arrived ] || fail "$first: the clinic has $(rows a)"
	for at in b hub; do
		[ "$(rows "$at")" = "arrived cancelled" ] ||
			fail "$first: $at has $(rows "$at")"
	done
	is a referral "$sent" arrived_at '"2026-05-04T10:40:00+08:00"'

	# By the number one finds what goes on.
	at b amend referral "$slip" --state in_care --admission-no Z77 \
		--by S0001 --no-input >/dev/null 2>"$work/amend.log" ||
		fail "$first: $(tail -1 "$work/amend.log")"
	all b a
	[ "$(rows a)" = in_care ] || fail "$first: the clinic has $(rows a) later"
	is a referral "$sent" admission_no '"Z77"'
	for at in a b hub; do
		[ -z "$(asked "$at" conflict)" ] || fail "$first: $at is asked"
		at "$at" verify >/dev/null || fail "$first: $at is not sound"
	done
done

#!/bin/bash
# Goal: a clinic signs strangers. Each contract is in force, and opens the file
# of its resident, thirty in a day; the hub lists them. Of one more its team
# has name, allergies and plans, is told so, and a person of the group decides,
# who can take that back.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

MOST=30

line() { # KIND REF ORG FIELDS
	printf '{"kind":"%s","ref":"%s","by":"ref:S0001","at":"2026-05-05T09:00:00+08:00","org_id":"ref:%s",%s}\n' \
		"$@"
}

file_of() { # N: a resident whom C01 keeps, with a visit
	line resident "R$1" C01 "\"name\":\"李某$1\",\"sex\":\"1\",\"birth_date\":\"1951-01-12\",\"no_id_reason\":\"lost\",\"managing_org_id\":\"ref:C01\",\"allergies\":[{\"substance\":\"青霉素\"}]"
	line encounter "E$1" C01 "\"state\":\"signed\",\"resident_id\":\"ref:R$1\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T10:00:00+08:00\",\"diagnoses\":[{\"code\":\"I10\",\"name\":\"原发性高血压\"}],\"subjective\":\"头晕\""
}

contract_of() { # N: with C02's team
	line contract "K$1" C02 "\"state\":\"signed\",\"resident_id\":\"ref:R$1\",\"team_id\":\"ref:T2\",\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"2026-05-05\",\"start_on\":\"2026-05-05\",\"end_on\":\"2027-05-04\",\"resident_signature\":\"paper\""
}

take() { # WHO FUNCTION: an import of so many and one
	local n

	for n in $(seq $((MOST + 1))); do
		"$2" "$n"
	done >"$work/$2"
	at "$1" import "$work/$2" --source his >"$work/import.txt" 2>&1 ||
		fail "$1: $(cat "$work/import.txt")"
}

held() { # WHO KIND: how many of a kind are there with their content
	at "$1" export --kind "$2" | grep -vc '"emptied":' || true
}

take a file_of
all a
take b contract_of
all b b

# All are in force; all residents are known there, and all files but one.
[ "$(at b export --kind contract | grep -c '"state":"active"')" = \
	$((MOST + 1)) ] || fail "not all are in force"
[ "$(held b resident)" = $((MOST + 1)) ] || fail "a resident is unknown"
[ "$(held b encounter)" = $MOST ] || fail "$(held b encounter) visits at b"

# The hub lists what was opened, and asks; b and a hear that it is asked.
at hub questions >"$work/list.txt" 2>&1
grep -q "in the last 30 days: $MOST " "$work/list.txt" ||
	fail "not announced: $(tail -3 "$work/list.txt")"
[ "$(at hub questions --warnings --json | grep -c file_opened)" = $MOST ] ||
	fail "not listed"
all a
for who in hub a b; do
	[ "$(asked "$who" many_opened | wc -w)" = 1 ] || fail "$who: not asked"
done
number=$(asked hub many_opened)
ref=$(at hub questions --json | python3 -c 'import json, sys
print(*(q["ref"] for q in map(json.loads, sys.stdin)
        if q["code"] == "many_opened"))')
LC_ALL=C.UTF-8 at b show contract "$ref" | grep -q "allergies and plans until" ||
	fail "the team is not told"

# Only the group decides. It can be taken back, and the site gives it up.
expect 77 at b decide "$(asked b many_opened)" full --reason "ours" \
	--by S0001 >/dev/null 2>&1
at hub decide "$number" full --reason "asked the team" --by S0001 >/dev/null
all b
[ "$(held b encounter)" = $((MOST + 1)) ] || fail "not opened by a decision"
at hub decide "$number" --undo --reason "a mistake" --by S0001 >/dev/null
all b b
[ "$(held b encounter)" = $MOST ] || fail "not given up"
at hub decide "$(asked hub many_opened)" basic --reason "he did not sign" \
	--by S0001 >/dev/null
all b a
for who in hub a b; do
	[ -z "$(asked "$who" many_opened)" ] || fail "$who: still asked"
	is "$who" contract "$ref" file_access '"basic"'
done
[ "$(held b encounter)" = $MOST ] || fail "opened by who would not"
for who in hub a b; do
	at "$who" verify >/dev/null || fail "$who: not sound"
done

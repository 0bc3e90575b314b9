#!/bin/bash
# Goal: a village has seen a resident whose file its township keeps. It hears of
# a new allergy, of a death, of a contract and of what two of them wrote at
# once, and not of the visits elsewhere; when he moves it is told, and gives up
# what it has not written.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

org V01 village C01 | at hub import - --source his >/dev/null
at v init --name v >/dev/null
join v V01

visit() { # WHO ORG TEXT: of $who
	add "$1" encounter "$2" "{\"state\":\"signed\",\"resident_id\":\"ref:$who\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T10:00:00+08:00\",\"diagnoses\":[{\"code\":\"I10\",\"name\":\"原发性高血压\"}],\"subjective\":\"$3\"}"
}

amend() { # WHO ORG FIELDS: the entry of $who
	echo "$3" | at "$1" amend resident "$who" - --by S0001 --org "$2" \
		--no-input >/dev/null 2>>"$work/amend.log" ||
		fail "$1: $(tail -1 "$work/amend.log")"
}

# Registered by the village, and by the township.
for by in v:V01 a:C01; do
	who=$(add "${by%:*}" resident "${by#*:}" '{"name":"赵六","sex":"1","birth_date":"1951-01-01","no_id_reason":"never","phone":"1","managing_org_id":"ref:C01"}')
	[ "$by" = v:V01 ] || all a
	seen=$(visit a C01 头晕)
	all v a
	if [ "$by" = a:C01 ]; then
		expect 1 at v show resident "$who" >/dev/null 2>&1
		# It writes of him by what stands in his paper book.
		visit v V01 咳嗽 >/dev/null
	fi
	all v a v
	amend a C01 '{"allergies":[{"substance":"青霉素","status":"active"}]}'
	all a v
	at v show resident "$who" | grep -q 青霉素 ||
		fail "$by: the village does not know of the allergy"
	expect 1 at v show encounter "$seen" >/dev/null 2>&1

	# Both write without a link: asked at both, and decided for both.
	amend a C01 '{"phone":"11"}'
	amend v V01 '{"phone":"22"}'
	all a v a
	for at in a v hub; do
		[ "$(asked "$at" conflict | wc -w)" = 1 ] ||
			fail "$by: $at is not asked"
	done
	at a decide "$(asked a conflict)" \
		"$(at a questions --json | python3 -c 'import json, sys
print(*(q["proposal"] for q in map(json.loads, sys.stdin)
        if q["code"] == "conflict"))')" --reason "问过本人" --by S0001 >/dev/null
	all a v
	for at in a v hub; do
		[ -z "$(asked "$at" conflict)" ] || fail "$by: $at still asked"
	done

	# He moves: the village is told, and what is written then is not its.
	move=$(add b move C02 "{\"state\":\"requested\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"moved_on\":\"2026-05-05\"}")
	all b
	at hub decide "$(asked hub move_asked)" confirm --reason "户口已迁" \
		--by S0001 >/dev/null
	is hub move "$move" state '"confirmed"'
	all b v v
	amend b C02 '{"allergies":[{"substance":"青霉素","status":"active"},{"substance":"花生","status":"active"}]}'
	all b v v a
	at v show resident "$who" >"$work/left.txt" 2>&1 || true
	if grep -q 花生 "$work/left.txt"; then
		fail "$by: the village still hears of him"
	fi
	at b show resident "$who" | grep -q 花生 || fail "not at the new site"
done

# A death overtakes, wherever he was registered.
who=$(add v resident V01 '{"name":"钱七","sex":"2","birth_date":"1941-01-01","no_id_reason":"never","managing_org_id":"ref:C01"}')
all v a
amend a C01 '{"status":"dead"}'
all a v
is v resident "$who" status '"dead"'
for who in hub a b v; do
	at "$who" verify >/dev/null || fail "$who: not sound"
done

#!/bin/bash
# Goal: a resident moves (story 7). The new site asks, the group confirms, and
# the file is the new site's: allergies and contracts come before the visits.
# What the former site changes without knowing is accepted, reaches the new
# one, and both are told, in both orders of arrival; a move that is refused
# leaves everything as it was.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
. "$YIZHAN_SOURCE_ROOT/tests/scenario/two_clinics.sh"

n=0
for order in "a b" "b a"; do
	n=$((n + 1))
	who=$(add a resident C01 "{\"name\":\"赵六\",\"sex\":\"1\",\"birth_date\":\"195$n-01-01\",\"no_id_reason\":\"never\",\"phone\":\"1\",\"managing_org_id\":\"ref:C01\"}")
	visit=$(add a encounter C01 "{\"state\":\"signed\",\"resident_id\":\"ref:$who\",\"type\":\"outpatient\",\"visit_at\":\"2026-05-04T10:00:00+08:00\",\"diagnoses\":[{\"code\":\"I10\",\"name\":\"原发性高血压\"}],\"subjective\":\"头晕\"}")
	all a
	move=$(add b move C02 "{\"state\":\"requested\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\",\"moved_on\":\"2026-05-05\"}")
	all b a
	number=$(asked hub move_asked)
	[ -n "$number" ] || fail "the hub does not ask"
	is a move "$move" state '"requested"'
	is a resident "$who" managing_org_id '"ref:C01"'
	expect 1 at b show resident "$who" >/dev/null 2>&1
	expect 1 at b amend move "$move" --state confirmed --by S0001 --org C02 \
		>/dev/null 2>&1
	# The former site writes on without a link.
	echo '{"address":"新街5号","allergies":[{"substance":"青霉素"}]}' |
		at a amend resident "$who" - --by S0001 --org C01 --no-input \
			>/dev/null 2>&1
	if [ "$n" = 1 ]; then
		at hub decide "$number" confirm --reason "户口已迁" --by S0001 \
			>/dev/null
	else
		at hub amend move "$move" --state confirmed --by S0001 \
			--org H01 >/dev/null
	fi
	[ -z "$(asked hub move_asked)" ] || fail "still asked"
	# shellcheck disable=SC2086
	all $order $order
	for at in a b hub; do
		is "$at" resident "$who" managing_org_id '"ref:C02"'
		is "$at" resident "$who" address '"新街5号"'
		is "$at" move "$move" state '"confirmed"'
		at "$at" show resident "$who" | grep -q 青霉素 ||
			fail "$at: the late allergy is not there"
		[ -n "$(asked "$at" late_edit)" ] || fail "$at: not told"
	done
	is b encounter "$visit" subjective '"头晕"'
	# The new site has read it, and nobody is told again.
	expect 77 at a decide "$(asked a late_edit)" seen --reason "已阅" \
		--by S0001 >/dev/null 2>&1
	expect 0 at b decide "$(asked b late_edit)" seen --reason "已阅" \
		--by S0001 >/dev/null
	all b a
	for at in a b hub; do
		[ -z "$(asked "$at" late_edit)" ] || fail "$at: told again"
	done
	# From now on it is the new site's: it writes as such.
	at b amend resident "$who" --phone 2 --by S0001 --org C02 >/dev/null 2>&1
	all b
	is hub resident "$who" phone '"2"'
done

# A refused one leaves everything.
who=$(add a resident C01 '{"name":"钱七","sex":"2","birth_date":"1953-01-01","no_id_reason":"never","managing_org_id":"ref:C01"}')
all a
move=$(add a move C01 "{\"state\":\"requested\",\"resident_id\":\"ref:$who\",\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\"}")
all a b
at hub decide "$(asked hub move_asked)" refuse --reason "未迁" --by S0001 >/dev/null
all a b
is a move "$move" state '"refused"'
is hub resident "$who" managing_org_id '"ref:C01"'
expect 1 at b show resident "$who" >/dev/null 2>&1
at a verify >/dev/null
at b verify >/dev/null
stop_agent "$hub"
at hub verify >/dev/null
echo "move: good"

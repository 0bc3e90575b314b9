#!/bin/bash
# Goal: the main job, end to end. A clinic records before it has joined
# anything, joins, syncs; afterwards the hub holds every record's last facts,
# the clinic its own and the reference data, and importing again changes
# nothing.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

lines_of hospital "$work/hospital.ndjson"
lines_of township "$work/township.ndjson"

new_hub
at hub import "$data/reference.ndjson" --source his
at hub import "$work/hospital.ndjson" --source his

at clinic init --name clinic
at clinic import "$work/township.ndjson" --source his 2>"$work/told"
# Much refers to what the group has: some are told, the rest is counted.
[ "$(grep -c 'is not here yet' "$work/told")" = 5 ] ||
	fail "not five: $(cat "$work/told")"
grep -q 'more references are to records that are not here yet' "$work/told" ||
	fail "not counted: $(cat "$work/told")"
[ "$(at clinic status --json | field enrolled)" = false ] ||
	fail "enrolled before joining"
join clinic C01

summary=$(at clinic sync --wait --json)
[ "$(echo "$summary" | field state)" = done ] || fail "not done: $summary"
status=$(at clinic status --json)
[ "$(echo "$status" | field saved_here)" = 0 ] || fail "left: $status"
[ "$(echo "$status" | field refused)" = 0 ] || fail "refused: $status"
[ "$(echo "$status" | field at_parent)" = "$(echo "$status" | field at_group)" ] ||
	fail "the group's receipt is missing: $status"

# What its own records entitle it to comes with the next session.
at clinic sync --wait

# The union is at the hub; the clinic's drafts stay where they are.
at hub export >"$work/hub.ndjson"
python3 "$compare" --drafts-local "$data"/reference.ndjson \
	"$data"/residents.ndjson "$data"/devices.ndjson \
	"$data"/contracts.ndjson "$data"/day-*.ndjson --held "$work/hub.ndjson"

# The clinic has the reference data, its own, and what the hospital wrote about
# its residents: visits, referrals as far as they went, reports, lent devices.
grep -E '"kind": ?"(encounter|referral|exam_request|exam_report)"' \
	"$work/hospital.ndjson" >"$work/about.ndjson"
at clinic export >"$work/clinic.ndjson"
at clinic export --kind org | grep -q '"ref"' || fail "no reference data"
python3 "$compare" --extra-ok "$data/reference.ndjson" \
	"$work/township.ndjson" "$work/about.ndjson" \
	--held "$work/clinic.ndjson"
at clinic export --kind custody | grep -q '"org_id": *"ref:H01"' ||
	fail "no hand-over by the hospital"

# Where the township had the last word both hold the same.
python3 "$split" --orgs C01 --below --reference "$data/reference.ndjson" \
	--out "$work/shared.ndjson" "$work/hub.ndjson"
python3 "$compare" --extra-ok "$work/shared.ndjson" \
	--held "$work/clinic.ndjson"

# The same again: nothing new anywhere.
again=$(at clinic import "$work/township.ndjson" --source his --json)
[ "$(echo "$again" | field new)" = 0 ] || fail "new lines: $again"
[ "$(echo "$again" | field updated)" = 0 ] || fail "updated lines: $again"
again=$(at hub import "$data/reference.ndjson" --source his --json)
[ "$(echo "$again" | field new)$(echo "$again" | field updated)" = 00 ] ||
	fail "reference data changed: $again"
summary=$(at clinic sync --json)
[ "$(echo "$summary" | field changes_sent)" = 0 ] || fail "sent again: $summary"
[ "$(echo "$summary" | field changes_received)" = 0 ] ||
	fail "received again: $summary"
[ "$(echo "$summary" | field round_trips)" = 3 ] || fail "turns: $summary"

at clinic verify
at hub verify
expect 0 at hub sites
stop_agent "$hub"

# Without a hub a save works, a sync says so.
expect 4 at clinic sync
echo "first sync: good"

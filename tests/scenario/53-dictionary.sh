#!/bin/bash
# Goal: the hub makes a dictionary of what its records have in common. It says
# what that saves, holds nobody's name, goes to a clinic as a record, and is
# not made twice; only the hub may make or import one, and one whose id is not
# that of its data is refused.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# train: what hub train-dictionary says in the end.
train() {
	at hub hub train-dictionary --json "$@"
}

new_hub
expect 1 at hub hub train-dictionary
cat "$data"/reference.ndjson "$data"/residents.ndjson "$data"/devices.ndjson \
	"$data"/contracts.ndjson "$data"/day-*.ndjson >"$work/all.ndjson"
at hub import "$work/all.ndjson" --source his >/dev/null 2>&1

# Only saying what it would save writes nothing.
summary=$(train --dry-run)
[ "$(echo "$summary" | field state)" = dry_run ] || fail "state: $summary"
before=$(echo "$summary" | field bytes_before)
after=$(echo "$summary" | field bytes_after)
[ "$after" -lt "$before" ] || fail "it saves nothing: $summary"
[ -z "$(at hub export --kind dictionary)" ] || fail "a dry run wrote a record"

summary=$(train)
[ "$(echo "$summary" | field state)" = made ] || fail "state: $summary"
[ "$(echo "$summary" | field number)" = 1 ] || fail "number: $summary"
[ "$(train | field state)" = unchanged ] || fail "made twice"
at hub export --kind dictionary >"$work/made.ndjson"
parts=$(wc -l <"$work/made.ndjson")
bytes=$(echo "$summary" | field bytes)
[ "$parts" = $(((bytes + 4499) / 4500)) ] || fail "$parts parts of $bytes bytes"
[ "$(wc -L <"$work/made.ndjson")" -lt 7000 ] || fail "a part is too large"

# It comes down with the reference data, and both stores are sound.
at clinic init --name clinic >/dev/null
join clinic C01
at clinic sync --wait >/dev/null
at clinic export --kind dictionary >"$work/came.ndjson"
cmp "$work/made.ndjson" "$work/came.ndjson" || fail "the clinic holds another"
at clinic sync --wait >/dev/null
at clinic verify >/dev/null || fail "the clinic's store is not sound"
at hub verify >/dev/null || fail "the hub's store is not sound"

# A clinic makes none and imports none.
expect 77 at clinic hub train-dictionary
expect 6 at clinic import "$work/made.ndjson"
at clinic questions | grep -q dictionary || fail "nothing was kept of the line"

# A hub imports one, but none that does not add up.
awk '{sub(/"ref":"[^"]*"/, "\"ref\":\"D" NR "\""); print}' \
	"$work/made.ndjson" >"$work/good.ndjson"
head -n 1 "$work/good.ndjson" |
	sed 's/,"part":[0-9]*//; s/,"of":[0-9]*//; s/"D1"/"D99"/' >"$work/bad.ndjson"
at hub import "$work/good.ndjson" --source his >/dev/null 2>&1 ||
	fail "a sound dictionary was refused"
expect 6 at hub import "$work/bad.ndjson" --source his

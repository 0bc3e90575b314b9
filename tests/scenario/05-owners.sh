#!/bin/bash
# Goal: one store, one owner at a time, and nobody is kept out for long: a
# person saves while a long import runs on the store itself, and while one
# waits for its input; a program started without standard streams writes its
# messages nowhere, and never into the store.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

at clinic init >/dev/null 2>&1
cat "$data"/residents.ndjson "$data"/day-*.ndjson >"$work/one"
for i in $(seq 40); do
	sed "s/\"ref\":\"\([A-Z]\)/\"ref\":\"\1$i-/" "$work/one"
done >"$work/many"
encounter='{"state":"signed","unknown":true,"description":"路人","type":"emergency","visit_at":"2026-05-04T09:00:00+08:00","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"subjective":"咳嗽"}'
save() {
	echo "$encounter" | at clinic add encounter - --by S0001 --org C01 \
		--no-input --json
}

# A long import gives way between its batches.
"$YIZHAN" --dir "$work/clinic" import "$work/many" --source big --json \
	>"$work/summary" 2>"$work/import.log" &
import=$!
started+=("$import")
sleep 0.5
first=$(save | field ref)
kill -0 "$import" 2>/dev/null || echo "(the import was over before the save)"
wait "$import" || [ $? -eq 6 ] || fail "the import ended with $?"
lines=$(grep -c . "$work/many")
total=$(python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(s["new"] + s["updated"] + s["unchanged"] + s["refused"])' "$work/summary")
[ "$total" = "$lines" ] || fail "$total of $lines lines accounted for"
at clinic show encounter "$first" | grep -q 咳嗽 || fail "the save is lost"

# A pipe that says nothing holds nobody up.
mkfifo "$work/pipe"
"$YIZHAN" --dir "$work/clinic" import - --source slow --json \
	<"$work/pipe" >"$work/slow" 2>&1 &
slow=$!
started+=("$slow")
exec 7>"$work/pipe"
sleep 0.5
second=$(save | field ref)
head -3 "$data/residents.ndjson" >&7
exec 7>&-
wait "$slow" || fail "the slow import ended with $?"
[ "$(field new <"$work/slow")" = 3 ] || fail "$(cat "$work/slow")"
at clinic show encounter "$second" | grep -q 咳嗽 || fail "the save is lost"

# Closed standard streams: the store's files are nobody's standard output.
expect 1 "$YIZHAN" --dir "$work/clinic" import - --source closed --json <&- \
	>"$work/out" 2>&1
(exec "$YIZHAN" --dir "$work/clinic" import "$data/bad.ndjson" \
	--source bad >&- 2>&-) || true
timeout 2 "$YIZHAND" --dir "$work/clinic" <&- >&- 2>&- || true
grep -q yizhan "$work/clinic/owner.lock" || fail "owner.lock was overwritten"
at clinic verify >/dev/null
at clinic show encounter "$first" >/dev/null
echo "owners: good"

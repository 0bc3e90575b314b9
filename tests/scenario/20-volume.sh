#!/bin/bash
# Goal: a township's month, end to end. Generated reference data and the
# hospital's lines at the hub, the township's and its villages' at a clinic;
# after a sync the hub's export holds every record's last facts, and importing
# the same again changes nothing.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

data=$work/corpus
python3 "$YIZHAN_SOURCE_ROOT/tests/corpus/generate.py" --seed 7 --townships 1 \
	--villages 5 --residents 2000 --days 30 --visits-per-day 60 --out "$data"
lines_of hospital "$work/hospital.ndjson"
lines_of township "$work/township.ndjson"
export YIZHAN_MAP_MIB=4096

new_hub
at hub import "$data/reference.ndjson" --source his --json
at hub import "$work/hospital.ndjson" --source his --json 2>/dev/null
at clinic init >/dev/null
join clinic C01
at clinic import "$work/township.ndjson" --source his --json 2>/dev/null
at clinic sync --wait --json
at hub export >"$work/hub.ndjson"
python3 "$compare" --drafts-local "$data"/reference.ndjson \
	"$data"/residents.ndjson "$data"/devices.ndjson \
	"$data"/contracts.ndjson "$data"/day-*.ndjson --held "$work/hub.ndjson"
again=$(at clinic import "$work/township.ndjson" --source his --json 2>/dev/null)
[ "$(echo "$again" | field new)$(echo "$again" | field updated)" = 00 ] ||
	fail "not all unchanged: $again"
at clinic verify
at hub verify
stop_agent "$hub"
echo "volume: good"

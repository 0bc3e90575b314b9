#!/bin/bash
# Print what a group of one hub and one clinic costs: bytes and round trips a
# step (TCP payload both ways, with handshake, signatures and receipts), the
# import rate, memory. Figures are measured, never asserted.
#
# usage: tests/bench/figures.sh [BUILD_FOLDER [SEED...]]
#
# BUILD_FOLDER should be a release build (default build-quickstart).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:-$root/build-quickstart}
[ $# -gt 0 ] && shift
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(11)
yizhan=$build/cli/yizhan
folder=$(mktemp -d)
hub=
trap '[ -z "$hub" ] || kill "$hub" 2>/dev/null; rm -rf "$folder"' EXIT
reference_kinds=org,staff,practice_site,team,drug

at() {
	local name=$1

	shift
	"$yizhan" --dir "$folder/$name" "$@"
}

import() {
	local code=0

	at "$1" import "$2" --source his --json 2>/dev/null || code=$?
	[ "$code" -eq 0 ] || [ "$code" -eq 6 ]
}

rss_anon() {
	awk '/RssAnon/ { printf "%.1f MiB", $2 / 1024 }' "/proc/$1/status"
}

# row NAME JSON [LINES_FILE]: one line of the table.
row() {
	python3 - "$@" <<'P'
import json, lzma, sys
name, sync = sys.argv[1], json.loads(sys.argv[2])
text = ""
if len(sys.argv) > 3:
    raw = open(sys.argv[3], "rb").read()
    best = len(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)) if raw else 0
    n = raw.count(b"\n")
    text = "%d lines, %d B JSON, xz -9e %d B, %.1f B a line" % (
        n, len(raw), best, (sync["bytes_sent"] + sync["bytes_received"]) / max(n, 1))
print("%-26s up %8d  down %7d  both %8d  turns %3d  %s" % (
    name, sync["bytes_sent"], sync["bytes_received"],
    sync["bytes_sent"] + sync["bytes_received"], sync["round_trips"], text))
P
}

for seed in "${seeds[@]}"; do
	echo "== seed $seed"
	rm -rf "${folder:?}"/*
	corpus=$folder/corpus
	python3 "${GENERATE:-$root/tests/corpus/generate.py}" --seed "$seed" \
		--townships 1 --villages 5 --residents 2000 --days 185 \
		--visits-per-day 60 --out "$corpus"
	grep -h '"org_id":"ref:\(C01\|V\)' "$corpus"/residents.ndjson \
		"$corpus"/contracts.ndjson "$corpus"/devices.ndjson >"$folder/stock"
	cat "$corpus"/day-*.ndjson | grep '"org_id":"ref:\(C01\|V\)' |
		grep '^{"kind":"encounter"' >"$folder/encounters"
	head -10000 "$folder/encounters" >"$folder/first"
	sed -n '10001,10060p' "$folder/encounters" >"$folder/sixty"
	sed -n '10061p' "$folder/encounters" >"$folder/one"

	port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	at hub init --role hub >/dev/null 2>&1
	import hub "$corpus/reference.ndjson" >/dev/null
	printf '[agent]\nlisten = 127.0.0.1:%s\n' "$port" >"$folder/hub.conf"
	"$build/agent/yizhand" --dir "$folder/hub" --config "$folder/hub.conf" \
		2>"$folder/hub.log" &
	hub=$!
	sleep 1
	echo "hub, idle: RssAnon $(rss_anon $hub)"
	at clinic join "$(at hub hub invite --org C01 2>/dev/null)" \
		--hub "127.0.0.1:$port" >/dev/null
	import clinic "$folder/stock" >/dev/null
	row "reference and stock" "$(at clinic sync --wait --json)" "$folder/stock"
	began=$(date +%s.%N)
	import clinic "$folder/first" >"$folder/summary"
	ended=$(date +%s.%N)
	python3 - "$folder/summary" "$began" "$ended" <<'P'
import json, sys
seconds = float(sys.argv[3]) - float(sys.argv[2])
s = json.load(open(sys.argv[1]))
n = s["new"] + s["updated"] + s["unchanged"] + s["refused"]
print("import of %d encounters: %.0f lines a second" % (n, n / max(seconds, 0.001)))
P
	row "10,000 encounters" "$(at clinic sync --wait --json)" "$folder/first"
	echo "hub, after the load: RssAnon $(rss_anon $hub)"
	# The hub notes the last receipts a moment after the bye.
	sleep 0.5
	at clinic sync --json >/dev/null
	sleep 0.5
	row "nothing new" "$(at clinic sync --json)"
	import clinic "$folder/sixty" >/dev/null
	row "a day's 60 encounters" "$(at clinic sync --json)" "$folder/sixty"
	import clinic "$folder/one" >/dev/null
	row "one new encounter" "$(at clinic sync --json)" "$folder/one"
	python3 - "$yizhan" "$folder/clinic" <<'P'
import subprocess, sys, time
times = []
for _ in range(9):
    t = time.time()
    subprocess.run([sys.argv[1], "--dir", sys.argv[2], "status", "--json"],
                   stdout=subprocess.DEVNULL, check=True)
    times.append(time.time() - t)
print("status, median of 9: %.1f ms" % (sorted(times)[4] * 1000))
P
	kill "$hub"
	wait "$hub" || true
	hub=
done

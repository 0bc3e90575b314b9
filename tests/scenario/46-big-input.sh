#!/bin/bash
# Goal: how long a file, or one line of it, is makes no difference to the
# memory an import takes, at the command line and in the agent; every line is
# accounted for. By default 30,000 lines and a line of 200 MB; with $BIG_LINES
# and $BIG_LINE_MB more.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
here=$YIZHAN_SOURCE_ROOT/tests/scenario
lines=${BIG_LINES:-30000}
megabytes=${BIG_LINE_MB:-200}
what=${BIG_WHAT:-same}

# Sanitizers keep freed memory back, and would be measured instead.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=64
room_kib=32768

# measured NAME: imports standard input; memory in $work/kib.
measured() {
	local got=0

	python3 "$here/memory.py" "$work/kib" "$YIZHAN" --dir "$work/$1" \
		import - --source big --json >"$work/summary" 2>"$work/said" ||
		got=$?
	[ "$got" -eq 6 ] || fail "exit $got: $(tail -c 500 "$work/said")"
	if [ "$1" = served ]; then
		awk '/RssAnon/ {print $2}' "/proc/$agent/status" >"$work/agent"
	fi
}

at clinic init >/dev/null 2>&1
at served init >/dev/null 2>&1
start_agent served
for name in clinic served; do
	python3 "$here/big_stream.py" "$data/residents.ndjson" 3000 same \
		>"$work/short"
	measured $name <"$work/short"
	before=$(cat "$work/kib")
	[ $name = clinic ] || agent_before=$(cat "$work/agent")
	python3 "$here/big_stream.py" "$data/residents.ndjson" "$lines" \
		"$what" | measured $name
	after=$(cat "$work/kib")
	echo "$name: $before KiB with 3000 lines, $after KiB with $lines"
	[ "$after" -lt $((before + room_kib)) ] || fail "memory grows"
	python3 - "$work/summary" "$lines" "$what" <<'EOF' ||
import json, sys
s, lines = json.load(open(sys.argv[1])), int(sys.argv[2])
good = (lines + 1) // 2
blank = sum((n // 2) % 6 < 2 for n in range(1, lines, 2))
assert s["new" if sys.argv[3] == "new" else "unchanged"] >= good - 200, s
assert s["new"] + s["updated"] + s["unchanged"] == good, s
assert s["refused"] == lines - good - blank, s
EOF
		fail "not all lines are accounted for: $(cat "$work/summary")"
	{ head -3 "$data/residents.ndjson" && head -c "${megabytes}M" /dev/zero |
		tr '\0' x && echo && head -3 "$data/residents.ndjson"; } |
		measured $name
	after=$(cat "$work/kib")
	echo "$name: $after KiB with a line of $megabytes MB"
	[ "$after" -lt $((before + room_kib)) ] || fail "memory grows"
	[ "$(field refused <"$work/summary")" = 1 ] || fail "$(cat "$work/summary")"
	[ "$(field unchanged <"$work/summary")" = 6 ] ||
		fail "$(cat "$work/summary")"
	grep -q "^line 4: The record is too large" "$work/said" ||
		fail "$(tail -c 500 "$work/said")"
done
after=$(cat "$work/agent")
echo "agent: $agent_before KiB with 3000 lines, $after KiB in the end"
[ "$after" -lt $((agent_before + room_kib)) ] || fail "the agent grows"
for name in clinic served; do
	at $name verify >/dev/null
	# The same junk is one question, however often it comes.
	[ "$(at $name questions --json | grep -cv '"candidate"')" = 5 ] ||
		[ "$what" = new ] || fail "$(at $name questions | wc -l) questions"
done
stop_agent "$agent"
echo "big input: good"

#!/bin/bash
# Goal: whatever stands where a file, a pipe or an argument should be, the
# command line names it, ends with the right code and loses no record: readers
# that go away, full devices, directories, pipes that stop in the middle,
# signals, one line without an end, two imports of one file at once, strange
# arguments, broken configuration files.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

residents=$data/residents.ndjson
at clinic init >/dev/null 2>&1
at served init >/dev/null 2>&1
start_agent served
served=$agent

# run CODE WORD -- COMMAND...: ends so and says the word on standard error.
run() {
	local code=$1 word=$2 got=0

	shift 3
	"$@" >"$work/out" 2>"$work/said" || got=$?
	[ "$got" -eq "$code" ] ||
		fail "exit $got: $* $(head -c 1000 "$work/said")"
	[ -z "$word" ] || grep -qF -- "$word" "$work/said" ||
		fail "not \"$word\": $(head -c 1000 "$work/said")"
}

# What is no file of lines is named, with the reason.
for name in clinic served; do
	run 1 "$work cannot be read: it is a directory" -- at $name import "$work"
	run 1 "$work/none cannot be opened: there is no such file" -- \
		at $name import "$work/none"
	run 0 "" -- at $name import /dev/null
	if [ "$(id -u)" -eq 0 ]; then
		: >"$work/secret"
		chmod 000 "$work/secret"
		chmod 755 "$work"
		run 1 "cannot be opened: this user is not allowed to" -- setpriv --reuid \
			65534 --clear-groups "$YIZHAN" --dir "$work/$name" \
			import "$work/secret"
	fi
done

# A reader that goes away ends a listing quietly, and no import.
for name in clinic served; do
	at $name import "$residents" --source his >/dev/null
	for verb in export "list resident" "list resident --json"; do
		got=0
		# shellcheck disable=SC2086
		at $name $verb 2>"$work/said" | head -1 >"$work/out" || got=$?
		[ "$got" -le 1 ] || fail "$verb ended with $got"
		[ -s "$work/out" ] || fail "$verb said nothing"
		[ ! -s "$work/said" ] || fail "$(cat "$work/said")"
		# shellcheck disable=SC2086
		run 1 "cannot be written: the disk is full" -- bash -c \
			'"$@" >/dev/full' - "$YIZHAN" --dir "$work/$name" $verb
	done
	(at $name import "$data/day-2026-05-01.ndjson" --source his --json \
		2>/dev/null || true) | true
	run 1 "cannot be written: the disk is full" -- bash -c '"$@" >/dev/full' \
		- "$YIZHAN" --dir "$work/$name" \
		import "$data/day-2026-05-02.ndjson" --source his --json
	lines=$(cat "$data/day-2026-05-01.ndjson" \
		"$data/day-2026-05-02.ndjson" | wc -l)
	cat "$data/day-2026-05-01.ndjson" "$data/day-2026-05-02.ndjson" |
		at $name import - --source his --json >"$work/summary" \
			2>/dev/null
	[ "$(field unchanged <"$work/summary")" = "$lines" ] ||
		fail "$name lost records: $(cat "$work/summary")"
done

# Signals: the line under way is finished, what was taken is told and there.
for name in clinic served; do
	for signal in INT TERM; do
		mkfifo "$work/pipe"
		"$YIZHAN" --dir "$work/$name" import "$work/pipe" --source \
			"$signal" --json >"$work/summary" 2>"$work/said" &
		import=$!
		started+=("$import")
		exec 7>"$work/pipe"
		head -50 "$residents" >&7
		sleep 0.5
		kill "-$signal" "$import"
		got=0
		wait "$import" || got=$?
		exec 7>&-
		rm "$work/pipe"
		[ "$got" -eq 6 ] || fail "$signal: exit $got $(cat "$work/said")"
		[ "$(field new <"$work/summary")" = 50 ] ||
			fail "$signal: $(cat "$work/summary")"
		grep -q "stopped: 50 lines were taken" "$work/said" ||
			fail "$(cat "$work/said")"
	done
	# In the middle of a line there is no half record, nor a lost whole one.
	before=$(at $name status --json | field changes)
	mkfifo "$work/pipe"
	"$YIZHAN" --dir "$work/$name" import "$work/pipe" --source half \
		--json >"$work/summary" 2>"$work/said" &
	import=$!
	started+=("$import")
	exec 7>"$work/pipe"
	head -50 "$residents" >&7
	printf '{"kind":"resident",' >&7
	sleep 0.5
	kill -TERM "$import"
	got=0
	wait "$import" || got=$?
	exec 7>&-
	rm "$work/pipe"
	[ "$got" -eq 6 ] || fail "half a line: exit $got"
	for i in $(seq 100); do
		[ "$(at $name status --json | field changes)" = \
			$((before + 50)) ] && break
		[ "$i" -lt 100 ] || fail "half a line: whole ones are lost"
		sleep 0.1
	done
	if at $name questions --json | grep -q '"origin":"half"'; then
		fail "half a line was judged"
	fi
done

# A line that never ends takes no memory, keeps nobody out, and can be stopped.
"$YIZHAN" --dir "$work/clinic" import /dev/zero --source zero --json \
	>"$work/summary" 2>"$work/said" &
import=$!
started+=("$import")
sleep 1
at clinic show resident R000001@his >/dev/null || fail "kept out"
kill -0 "$import" || fail "the endless line ended: $(cat "$work/said")"
rss=$(awk '/VmHWM/ {print $2}' "/proc/$import/status")
kill -TERM "$import"
wait "$import" && fail "an endless line is no success"
echo "endless line: $rss KiB at most"
# The bound is the same as for a file of one good line.
[ "${YIZHAN_MEMORY_KIB:-200000}" -ge "$rss" ] || fail "$rss KiB"

# Two at once on one file: every line once.
cat "$data"/day-*.ndjson >"$work/days"
for name in clinic served; do
	at $name import "$work/days" --source both --json >"$work/s1" \
		2>/dev/null &
	one=$!
	at $name import "$work/days" --source both --json >"$work/s2" \
		2>/dev/null || fail "the second import"
	wait "$one" || fail "the first import"
	python3 - "$work/s1" "$work/s2" "$(wc -l <"$work/days")" <<'EOF' ||
import json, sys
a, b = (json.load(open(p)) for p in sys.argv[1:3])
lines = int(sys.argv[3])
print(a, b)
for s in a, b:
    assert s["new"] + s["updated"] + s["unchanged"] == lines, s
assert sum(s["new"] + s["updated"] for s in (a, b)) == lines
EOF
		fail "two imports of one file"
done

# Arguments.
long=$(head -c 100000 /dev/zero | tr '\0' a)
for source in "" "a b" $'a\nb' $'\xff' ../x $'\e[2J' "$(head -c 65 <<<"$long")"; do
	run 2 "" -- at clinic import "$residents" --source "$source"
	[ -s "$work/said" ] || fail "nothing was said of the source"
done
run 2 "no command" -- at clinic $'\xff\xfe'
run 2 "no command" -- at clinic "$long"
run 2 "not UTF-8" -- at clinic show resident $'\xff'
run 2 "not UTF-8" -- at clinic list $'\xff'
run 1 "" -- at clinic import $'/no/\xff'
run 2 "" -- at clinic "--$long"
run 1 "" -- at clinic import "$long"
run 2 "" -- at clinic import --source "$long" "$residents"
run 2 "" -- at clinic add resident "--$long" x
run 2 "" -- at clinic $'\e[2J\e]0;x\a'
grep -q "$(printf '\033')" "$work/said" && fail "steers the terminal"
run 1 "" -- at clinic show resident "$long"
run 3 "" -- "$YIZHAN" --dir $'/no/\xff/x' status
[ "$(wc -c <"$work/said")" -lt 4000 ] || fail "talks too much"

# Configuration: the line and what is wrong with it.
number=1
while IFS= read -r line; do
	printf '# one\n[agent]\n%s\n' "$line" >"$work/clinic/yizhan.conf"
	run 1 "yizhan.conf, line 3: " -- at clinic status
	printf '# one\n[agent]\n%s\n' "$line" >"$work/bad.conf"
	got=0
	timeout 20 "$YIZHAND" --dir "$work/clinic" --config "$work/bad.conf" \
		>"$work/said" 2>&1 || got=$?
	[ "$got" -ne 0 ] && [ "$got" -ne 124 ] || fail "ran with: $line"
	grep -q "bad.conf, line 3: " "$work/said" || fail "$(cat "$work/said")"
	number=$((number + 1))
done <<EOF
listen
listen = nowhere
listen = 1.2.3.4:99999
parent = :7270
interval = soon
interval = -1
colour = red
[nothing
interval = 5 = 6
dir = $(head -c 9000 /dev/zero | tr '\0' d)
$(printf 'a\001b')
EOF
[ "$number" -gt 11 ] || fail "only $number lines were tried"
rm "$work/clinic/yizhan.conf"
at clinic verify >/dev/null
kill -0 "$served" || fail "the agent is gone"
at served verify >/dev/null
stop_agent "$served"
echo "odd streams: good"

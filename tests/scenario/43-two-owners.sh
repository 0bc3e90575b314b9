#!/bin/bash
# Goal: however many programs come to one directory, in whatever state it is,
# it has one owner at a time, all others wait, are served or are told who holds
# it, and what was answered is there: many commands at once, commands while an
# agent starts, two agents, a killed agent's socket, a directory seen under
# another path, copied while it is open, or removed under a running agent.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

encounter='{"state":"signed","unknown":true,"description":"路人","type":"emergency","visit_at":"2026-05-04T09:00:00+08:00","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"subjective":"咳嗽"}'

# save DIR N: an encounter; its ref, or how it ended, in $work/saved.N.
save() {
	local got=0

	echo "$encounter" | "$YIZHAN" --dir "$1" add encounter - --by S0001 \
		--org C01 --no-input --json >"$work/saved.$2" \
		2>"$work/said.$2" || got=$?
	echo "$got" >"$work/exit.$2"
}

# all_there DIR FROM TO: each save ended well, or was told to try again, and
# the answered ones are held, each once.
all_there() {
	local i got refs=()

	for i in $(seq "$2" "$3"); do
		got=$(cat "$work/exit.$i")
		case $got in
		0) refs+=("$(field ref <"$work/saved.$i")") ;;
		75) grep -q "has the store open" "$work/said.$i" ||
			fail "$(cat "$work/said.$i")" ;;
		*) fail "exit $got: $(cat "$work/said.$i")" ;;
		esac
	done
	[ ${#refs[@]} -gt 0 ] || fail "nobody saved anything"
	"$YIZHAN" --dir "$1" list encounter --json >"$work/list"
	for i in "${refs[@]}"; do
		[ "$(grep -cF "\"$i\"" "$work/list")" = 1 ] || fail "lost $i"
	done
	echo "${#refs[@]} of $(($3 - $2 + 1)) saved"
}

# Many commands at once without an agent.
at clinic init >/dev/null 2>&1
jobs=()
for i in $(seq 10); do
	save "$work/clinic" "$i" &
	jobs+=($!)
done
wait "${jobs[@]}"
all_there "$work/clinic" 1 10

# An agent starts in their midst, a second one is refused.
jobs=()
for i in $(seq 11 14); do
	save "$work/clinic" "$i" &
	jobs+=($!)
done
start_agent clinic
for i in $(seq 15 18); do
	save "$work/clinic" "$i" &
	jobs+=($!)
done
wait "${jobs[@]}"
all_there "$work/clinic" 11 18
got=0
timeout 30 "$YIZHAND" --dir "$work/clinic" 2>"$work/said" || got=$?
[ "$got" -ne 0 ] && [ "$got" -ne 124 ] || fail "two agents: $got"
grep -q "$agent" "$work/said" || fail "not told who: $(cat "$work/said")"
at clinic status --json | grep -q '"agent":true' || fail "the agent is shut out"

# Killed, it leaves its socket: the next command opens the store itself, and
# the next agent takes the place.
kill -KILL "$agent"
wait "$agent" || true
[ -S "$work/clinic/agent.sock" ] || fail "no stale socket to test with"
save "$work/clinic" 19
all_there "$work/clinic" 19 19
at clinic status --json | grep -q '"agent":false' || fail "a dead agent"
start_agent clinic
for i in $(seq 100); do
	at clinic status --json | grep -q '"agent":true' && break
	[ "$i" -lt 100 ] || fail "the stale socket stays"
	sleep 0.1
done

# The same directory by another path is the same store.
ln -s "$work/clinic" "$work/link"
save "$work/link/../link" 20
all_there "$work/clinic" 20 20
if unshare -m true 2>/dev/null; then
	mkdir "$work/bound"
	got=0
	unshare -m bash -c 'mount --bind "$1" "$2" && exec "$3" --dir "$2"' - \
		"$work/clinic" "$work/bound" "$YIZHAND" 2>"$work/said" || got=$?
	[ "$got" -ne 0 ] || fail "a second owner under another path"
	grep -q "$agent" "$work/said" || fail "$(cat "$work/said")"
fi

# A copy made while it was open is sound, and goes on under numbers of its own.
"$YIZHAN" --dir "$work/clinic" import "$data/residents.ndjson" --source his \
	>/dev/null 2>&1 &
import=$!
cp -r "$work/clinic" "$work/copy" 2>/dev/null || true
wait "$import" || fail "the import was disturbed by the copying"
rm -f "$work/copy/agent.sock"
got=0
at copy verify >/dev/null 2>"$work/said" || got=$?
case $got in
0)
	save "$work/copy" 21
	all_there "$work/copy" 21 21
	save "$work/clinic" 22
	all_there "$work/clinic" 22 22
	[ "$(field id <"$work/saved.21")" != "$(field id <"$work/saved.22")" ] ||
		fail "two changes under one number"
	;;
1) [ -s "$work/said" ] || fail "a torn copy without a word" ;;
*) fail "a copy: exit $got $(cat "$work/said")" ;;
esac

# Removed under a running agent, nothing is answered as saved that is gone:
# either it is refused, or the agent has ended.
save "$work/clinic" 23
[ "$(cat "$work/exit.23")" = 0 ] || fail "$(cat "$work/said.23")"
stop_agent "$agent"
at clinic verify >/dev/null
cp -r "$work/clinic" "$work/doomed"
start_agent doomed
rm -r "$work/doomed"
save "$work/doomed" 24
[ "$(cat "$work/exit.24")" != 0 ] || fail "saved in a removed directory"
[ -s "$work/said.24" ] || fail "refused without a word"
[ ! -e "$work/doomed/data.mdb" ] || fail "a store was made by a save"
kill -TERM "$agent"
wait "$agent" || true
echo "two owners: good"

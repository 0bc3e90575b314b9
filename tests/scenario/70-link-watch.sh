#!/bin/bash
# Goal: a clinic's agent notices by itself that a link appears, and what was
# saved meanwhile is at the hub without anybody asking; it does not disturb a
# session, is not driven by an interface that flaps, and does nothing at all
# while nothing happens.
#
# Two network namespaces of its own: this script and the hub in one, the
# clinic in the other. What is asserted is why the agent tried, from its log;
# times are only printed.
set -euo pipefail
if [ -z "${YIZHAN_NETNS:-}" ]; then
	export YIZHAN_NETNS=1
	for flags in -n -Urn; do
		unshare $flags -- unshare -n true 2>/dev/null &&
			exec unshare $flags -- bash "$0" "$@"
	done
	echo "skipped: no network namespace can be made here"
	exit 77
fi
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
command -v ip >/dev/null || { echo "skipped: no ip(8)"; exit 77; }
export YIZHAN_DEBUG=1 # the log tells of each try

port=7270
unshare -n sleep 600 &
holder=$!
started+=("$holder")
for _ in $(seq 100); do
	[ "$(readlink "/proc/$holder/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
		break
	sleep 0.05
done
if ! ip link add hub0 type veth peer name clinic0 netns "$holder"; then
	echo "skipped: no veth here"
	exit 77
fi

# there COMMAND...: in the clinic's namespace.
there() {
	nsenter -t "$holder" -n -- "$@"
}

# The clinic's agent runs there; its process id stays that of start_agent.
cat >"$work/there" <<-SCRIPT
	#!/bin/sh
	exec nsenter -t $holder -n -- "$YIZHAND" "\$@"
SCRIPT
chmod +x "$work/there"

log=$work/clinic.log

mark() {
	marked=$(($(wc -l <"$log") + 1))
	began=$(date +%s%N)
}

since() {
	tail -n "+$marked" "$log"
}

# wait_event PATTERN: until the log has it, after the mark.
wait_event() {
	local i

	for i in $(seq 400); do
		since | grep -q -- "$1" && return 0
		sleep 0.1
	done
	fail "no $1"
}

# tried CAUSE: how often, since the mark.
tried() {
	since | grep -c "parent_connect cause=$1" || true
}

elapsed() {
	echo "$1: $((($(date +%s%N) - began) / 1000000)) ms"
}

# expect_by_link WHAT: a session with the parent follows, for the link's sake
# and for nothing else.
expect_by_link() {
	wait_event 'session_done .*purpose=sync'
	elapsed "$1"
	[ "$(tried link)" -ge 1 ] || fail "$1: not because of the link"
	[ "$(tried retry)$(tried interval)$(tried saved)" = 000 ] ||
		fail "$1: it would have come anyway"
}

# save TEXT: an encounter, by the agent; its ref in $ref.
save() {
	ref=$(printf '{"state":"signed","unknown":true,"description":"%s","type":"emergency","visit_at":"2026-05-04T09:00:00+08:00","diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}]}' "$1" |
		at clinic add encounter - --by "$doctor" --org C01 --no-input --json |
		field ref)
}

expect_at_hub() {
	at hub show encounter "$ref" | grep -q "$1" || fail "$1 is not at the hub"
}

link_up() {
	there ip link set clinic0 up
	there ip address add 10.9.1.2/24 dev clinic0
	there ip route add default via 10.9.1.1
}

# --- a hub behind a gateway, a clinic that joined and then lost its link ---

ip link set lo up
ip address add 10.9.2.1/32 dev lo
ip -6 address add fd00:9:2::1/128 dev lo
ip link set hub0 up
ip address add 10.9.1.1/24 dev hub0
ip -6 address add fd00:9:1::1/64 dev hub0 nodad

at hub init --role hub --name hub >/dev/null
at hub import "$data/reference.ndjson" --source his >/dev/null
printf '[agent]\nlisten = *:%s\n' "$port" >"$work/hub.conf"
start_agent hub --config "$work/hub.conf"
hub=$agent

link_up
at clinic init >/dev/null
code=$(at hub hub invite --org C01)
there "$YIZHAN" --dir "$work/clinic" join "$code" --hub "10.9.2.1:$port" >/dev/null
there "$YIZHAN" --dir "$work/clinic" sync --wait >/dev/null
doctor=$(at clinic list staff --json | python3 -c 'import json, sys
staff = [json.loads(line) for line in sys.stdin] # all: it is not cut off
print(next(r["ref"] for r in staff if r.get("home_org_id") == "ref:C01"))')
there ip address flush dev clinic0
there ip link set clinic0 down

# --- it starts without any link, not even lo, and backs off --------------

# An interval of hours: whatever comes, comes for another reason.
printf '[agent]\ninterval = 7200\n' >"$work/clinic.conf"
YIZHAND=$work/there start_agent clinic --config "$work/clinic.conf"
clinic=$agent
there ip link show lo | grep -q 'LOOPBACK>' || fail "lo is up"
! grep -q no_link_watch "$log" || fail "no netlink"
save 暴雪
mark
marked=1
# Half of the doubled wait is for sure: from here it is 4 s or more.
wait_event 'parent_retry .*failures=3 '
mark
link_up
expect_by_link "address and route after failures"
expect_at_hub 暴雪

# --- nothing happens: nothing runs ---------------------------------------

# Timers: the parent's next try is hours away; the store's health is asked
# each 30 s, which wakes the loop, the writer, and the loop again. So one such
# round at most: a loop that asks for something twice a second makes more.
switches() {
	cat "/proc/$clinic"/task/*/status |
		awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

sleep 1.5 # news that were on their way
before=$(switches)
mark
sleep 4
after=$(switches)
echo "idle: $((after - before)) switches in 4 s"
[ $((after - before)) -le 6 ] || fail "busy: $((after - before)) switches"

# --- only a route appears ------------------------------------------------

there ip route del default
mark
save 断网
wait_event 'parent_retry .*failures=1 '
wait_event 'parent_retry .*failures=2 '
mark
there ip route add default via 10.9.1.1
expect_by_link "a route"
expect_at_hub 断网

# --- another address -----------------------------------------------------

mark
there ip address flush dev clinic0
there ip address add 10.9.1.3/24 dev clinic0
there ip route replace default via 10.9.1.1
expect_by_link "another address"

# --- the plug comes out in mid-session and goes in again -----------------

sleep 1
kill -STOP "$hub"
mark
save 拔线
wait_event 'parent_connect cause=saved'
sleep 0.5
there ip link set clinic0 down
sleep 0.3
there ip link set clinic0 up
there ip route replace default via 10.9.1.1
wait_event link_appeared
sleep 1
kill -CONT "$hub"
wait_event 'session_done .*purpose=sync'
elapsed "a session that lost its link for a moment"
! since | sed '/session_done/,$d' | grep 'parent_connect cause=link' ||
	fail "the session was disturbed"
expect_at_hub 拔线

# --- an interface that flaps ---------------------------------------------

mark
for _ in $(seq 100); do
	there ip -batch - <<-'BATCH'
		address del 10.9.1.3/24 dev clinic0
		address add 10.9.1.3/24 dev clinic0
		route add default via 10.9.1.1
	BATCH
	sleep 0.03
done
elapsed "100 flaps"
wait_event 'parent_connect cause=link' # what appeared is not forgotten
# Six pieces of news at once and one each 10 s, each with quick tries where
# connecting failed at once.
seconds=$((($(date +%s%N) - began) / 1000000000))
news=$(since | grep -c link_appeared)
count=$(since | grep -c parent_connect)
echo "100 flaps: $news pieces of news, $count tries"
[ "$news" -le $((7 + seconds / 10)) ] || fail "$news pieces of news"
[ "$count" -le $((5 * news)) ] || fail "$count tries for 100 flaps"
stop_agent "$clinic"

# --- IPv6, for an agent that starts before the address is there -----------

there ip address flush dev clinic0
there ip link set clinic0 down
printf '[agent]\ninterval = 7200\nparent = [fd00:9:2::1]:%s\n' "$port" \
	>"$work/clinic.conf"
mark
YIZHAND=$work/there start_agent clinic --config "$work/clinic.conf"
clinic=$agent
# More news than the kernel keeps for us: that some was lost is news too.
kill -STOP "$clinic"
for i in $(seq 1000); do
	echo "address add 10.77.$((i / 250)).$((i % 250))/32 dev lo"
done >"$work/flood"
there ip -batch "$work/flood"
there ip address flush dev lo
kill -CONT "$clinic"
wait_event 'link_appeared what=unknown'
wait_event 'parent_connect cause=link'
sleep 1 # what else the kernel still held
save 六月
mark
wait_event 'parent_retry .*failures=2 '
mark
there ip link set clinic0 up
there ip -6 address add fd00:9:1::2/64 dev clinic0
there ip -6 route add default via fd00:9:1::1
wait_event 'parent_connect cause=link' # the watch outlived the overrun
wait_event 'session_done .*purpose=sync'
elapsed "IPv6"
expect_at_hub 六月

stop_agent "$clinic"
stop_agent "$hub"
echo "link watching: good"

#!/bin/bash
# Goal: strangers who hold half-open handshakes, say nothing, drip, flood or
# speak another protocol, and an enrolled clinic whose keys are misused, cost
# the hub a bounded amount of memory and the good clinic nothing: its sync is
# done, everything is equal, and when they are gone nothing is left of them.
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

hostile=${YIZHAN_HOSTILE_PEER:-${YIZHAND%/agent/yizhand}/tests/scenario/hostile_peer}
[ -x "$hostile" ] || { echo "skipped: no $hostile"; exit 77; }

# KiB, as docs/protocol.md 15 tells them: of one that has not said who it is,
# and of one that is enrolled.
HALF_OPEN_KIB=64
ENROLLED_KIB=$((28 * 1024))
strangers=64
enrolled=6

# A sanitizer's own memory counts too: more is allowed, nothing is unbounded.
slack=1
if ldd "$YIZHAND" | grep -E 'libasan|libubsan' >/dev/null; then slack=4; fi

anonymous_kib() {
	awk '/^RssAnon:/ {print $2}' "/proc/$hub/status"
}

descriptors() {
	find "/proc/$hub/fd" -mindepth 1 | wc -l
}

# start_hostile NAME COMMAND...: in the background until it says "ready".
start_hostile() {
	local name=$1 i

	shift
	"$@" >"$work/$name.out" 2>>"$work/$name.log" &
	guest=$!
	started+=("$guest")
	for i in $(seq 600); do
		grep -q ready "$work/$name.out" && return 0
		kill -0 "$guest" 2>/dev/null || fail "$name: $(cat "$work/$name.log")"
		sleep 0.1
	done
	fail "$name is not ready"
}

stop_hostile() {
	local pid

	for pid in "$@"; do
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# expect_below WHAT KIB: what the hub took since $base.
expect_below() {
	local took=$(($(anonymous_kib) - base))

	echo "$1: $took KiB, allowed $(($2 * slack))"
	[ "$took" -le $(($2 * slack)) ] || fail "$1: $took KiB"
}

lines_of hospital "$work/hospital.ndjson"
lines_of township "$work/township.ndjson"
new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
at hub import "$work/hospital.ndjson" --source his >/dev/null
at bad init --name bad >/dev/null
join bad C01
at clinic init --name clinic >/dev/null
join clinic C01
at clinic sync --wait >/dev/null # the hub's own buffers are warm
at clinic import "$work/township.ndjson" --source his >/dev/null
sleep 0.5
base=$(anonymous_kib)
base_fds=$(descriptors)

# Those who know no more than the hub's address, and its key.
start_hostile strangers python3 \
	"$YIZHAN_SOURCE_ROOT/tests/scenario/hostile_strangers.py" "$port" "$strangers"
strangers_pid=$guest
start_hostile half "$hostile" "$work/bad" "127.0.0.1:$port" half "$strangers"
half_pid=$guest
start_hostile drip "$hostile" "$work/bad" "127.0.0.1:$port" drip "$strangers"
drip_pid=$guest
fds=$(($(descriptors) - base_fds))
[ "$fds" -ge $((4 * strangers)) ] || fail "only $fds connections are held"
if grep -q rows_asked_for "$work/hub.log"; then fail "strangers are no crowd"; fi
expect_below "$fds half-open connections" $((2048 + fds * HALF_OPEN_KIB))

# Those who are enrolled: what they began is never finished, what they are
# told is never read.
before=$(anonymous_kib)
start_hostile deaf "$hostile" "$work/bad" "127.0.0.1:$port" deaf $((enrolled / 2))
deaf_pid=$guest
start_hostile slow "$hostile" "$work/bad" "127.0.0.1:$port" slow $((enrolled / 2))
slow_pid=$guest
echo "enrolled and hostile: $(((($(anonymous_kib) - before)) / enrolled)) KiB each"

# The good clinic does not notice.
summary=$(at clinic sync --wait --json) || fail "sync: exit $?: $summary"
[ "$(echo "$summary" | field state)" = done ] || fail "not done: $summary"
[ "$(at clinic status --json | field saved_here)" = 0 ] || fail "left over"
expect_below "all of them and a sync" \
	$((4096 + fds * HALF_OPEN_KIB + (enrolled + 1) * ENROLLED_KIB))
[ "$(at hub status --json | field role)" = hub ] || fail "the hub is deaf"
kill -0 "$strangers_pid" "$half_pid" "$drip_pid" "$deaf_pid" "$slow_pid" ||
	fail "somebody left early: nothing was shown"

# They go, and nothing is left of them.
stop_hostile "$strangers_pid" "$half_pid" "$drip_pid" "$deaf_pid" "$slow_pid"
for i in $(seq 150); do
	[ "$(descriptors)" -le "$base_fds" ] && break
	sleep 0.1
done
[ "$(descriptors)" -le "$base_fds" ] ||
	fail "descriptors: $(descriptors) instead of $base_fds"
# What a sanitizer keeps of freed memory is its own matter.
if [ "$slack" -eq 1 ]; then expect_below "afterwards" 8192; fi

# Everything is equal, and nothing of theirs was taken.
at hub export >"$work/hub.ndjson"
python3 "$compare" --drafts-local "$data"/reference.ndjson \
	"$data"/residents.ndjson "$data"/devices.ndjson \
	"$data"/contracts.ndjson "$data"/day-*.ndjson --held "$work/hub.ndjson"
at clinic sync --wait >/dev/null
at clinic export >"$work/clinic.ndjson"
grep -E '"kind": ?"(encounter|referral|exam_request|exam_report)"' \
	"$work/hospital.ndjson" >"$work/about.ndjson"
python3 "$compare" --extra-ok "$data/reference.ndjson" \
	"$work/township.ndjson" "$work/about.ndjson" \
	--held "$work/clinic.ndjson"
summary=$(at clinic sync --wait --json)
[ "$(echo "$summary" | field changes_sent)" = 0 ] || fail "sent again: $summary"
at hub verify >/dev/null
at clinic verify >/dev/null
stop_agent "$hub"
echo "hostile peers: good"

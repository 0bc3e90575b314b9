#!/bin/bash
# Goal: a disk that fills up, by this store or by others, loses nothing that
# was answered and calls nothing saved or sent that is not: the import says
# where and what to do, reading goes on, deleting the reserve moves it along,
# and with room again the same file completes without anything twice. At the
# hub the clinic is told and sends the rest later. A disk without room for
# another file, or mounted for reading only, is named as that.
set -euo pipefail

# A small disk of our own, in a mount namespace that ends with this script.
if [ -z "${YIZHAN_OWN_MOUNTS-}" ]; then
	export YIZHAN_OWN_MOUNTS=1
	user=
	[ "$(id -u)" -eq 0 ] || user=-Ur
	# shellcheck disable=SC2086
	if ! unshare $user -m true 2>/dev/null; then
		echo "skipped: no mount namespace"
		exit 77
	fi
	# shellcheck disable=SC2086
	exec unshare $user -m "$BASH" "$0"
fi
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

disk=$work/disk
mkdir "$disk"
if ! mount -t tmpfs -o size=64m none "$disk" 2>/dev/null; then
	echo "skipped: no tmpfs may be mounted"
	exit 77
fi

# leave KIB: others fill the disk until so much is free.
leave() {
	local free

	rm -f "$disk/others"
	free=$(df --output=avail -k "$disk" | tail -1)
	head -c $(((free - $1) * 1024)) /dev/zero >"$disk/others"
}

# take CODE NAME: import $work/many there; its summary is in $work/summary.
take() {
	local code=$1 got=0

	at "$2" import "$work/many" --source big --json >"$work/summary" \
		2>"$work/said" || got=$?
	[ "$got" -eq "$code" ] || fail "exit $got: $(tail -3 "$work/said")"
	[ "$code" -eq 0 ] || full "$2"
}

# full NAME: the last import said where, why and what to do.
full() {
	grep -F "$work/$1: The disk is full" "$work/said" |
		grep -q "free some space" || fail "$(tail -3 "$work/said")"
}

# taken: lines that the last summary answers for.
taken() {
	python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(s["new"] + s["updated"] + s["unchanged"])' "$work/summary"
}

# held NAME: all lines answered for so far are held; reading goes on.
held() {
	at "$1" export >"$work/export"
	python3 - "$work/many" "$(taken)" "$work/export" <<'EOF' ||
import itertools, json, sys
with open(sys.argv[1]) as f:
    said = {(r["kind"], r["ref"]) for r in
            map(json.loads, itertools.islice(f, int(sys.argv[2])))}
with open(sys.argv[3]) as f:
    there = [(r["kind"], r["ref"]) for r in map(json.loads, f)]
lost = said - set(there)
twice = len(there) - len(set(there))
print(len(said), "answered,", len(lost), "lost,", twice, "twice")
sys.exit(bool(lost or twice))
EOF
		fail "lost records in $1"
	at "$1" verify >/dev/null || fail "$1 is damaged"
}

for i in 1 2 3 4; do
	cat "$data"/residents.ndjson "$data"/day-*.ndjson |
		sed "s/\"ref\":\"\([A-Z]\)/\"ref\":\"\1$i-/"
done >"$work/many"
lines=$(wc -l <"$work/many")

# Both doors. Full disk, reserve deleted, room again.
for door in direct agent; do
	at "disk/$door" init >/dev/null 2>&1
	[ "$(stat -c %s "$disk/$door/reserve")" = 4194304 ] || fail "no reserve"
	[ "$door" = direct ] || start_agent disk/agent
	leave 9216
	take 1 "disk/$door"
	first=$(taken)
	[ "$first" -gt 0 ] || fail "$door: nothing was taken"
	[ "$first" -lt "$lines" ] || fail "$door: the disk was not full"
	held "disk/$door"
	take 1 "disk/$door"
	[ "$(field new <"$work/summary")" = 0 ] || fail "$door: taken twice"
	rm "$disk/$door/reserve"
	got=0
	at "disk/$door" import "$work/many" --source big --json \
		>"$work/summary" 2>"$work/said" || got=$?
	[ "$(taken)" -gt "$first" ] || fail "$door: the reserve gave nothing"
	[ "$got" -eq 0 ] || full "disk/$door"
	held "disk/$door"
	rm "$disk/others"
	take 0 "disk/$door"
	[ "$(taken)" = "$lines" ] || fail "$door: $(cat "$work/summary")"
	held "disk/$door"
	[ "$door" = direct ] || stop_agent "$agent"
done
grep -q "error store_full" "$work/disk/agent.log" || fail "not in the log"
rm -r "$disk/agent"

# No room left at all: what is there is still read, and nothing is taken.
head -c 100m /dev/zero >"$disk/others" 2>/dev/null || true
cp "$data/devices.ndjson" "$work/many"
take 1 disk/direct
[ "$(taken)" = 0 ] || fail "taken onto a full disk"
at disk/direct status >/dev/null || fail "a full disk cannot be read"
rm "$disk/others"

# No room for another file.
used=$(df --output=iused "$disk" | tail -1)
mount -o "remount,nr_inodes=$((used + 1))" "$disk"
: >"$disk/last"
take 1 disk/direct
grep -q "hold no more files" "$work/said" || fail "$(cat "$work/said")"
mount -o remount,nr_inodes=0 "$disk"
take 0 disk/direct

# For reading only.
mount -o remount,ro "$disk"
for verb in status "import $work/many" verify; do
	got=0
	# shellcheck disable=SC2086
	at disk/direct $verb >/dev/null 2>"$work/said" || got=$?
	[ "$got" -eq 77 ] || fail "$verb: exit $got"
	grep -F "$disk/direct: It can only be read" "$work/said" |
		grep -q "mount" || fail "$(cat "$work/said")"
done
expect 77 "$YIZHAND" --dir "$disk/direct" 2>"$work/said"
grep -qF "$disk/direct: It can only be read" "$work/said" ||
	fail "$(cat "$work/said")"
mount -o remount,rw "$disk"
at disk/direct verify >/dev/null

# The hub's disk: what it has no room for is not sent.
rm -r "$disk/direct"
mkdir "$disk/hub"
ln -s "$disk/hub" "$work/hub"
new_hub
at hub import "$data/reference.ndjson" --source his >/dev/null
lines_of township "$work/township"
for i in 1 2 3; do
	sed "s/\"ref\":\"\([A-Z]\)/\"ref\":\"\1$i-/" "$work/township"
done >"$work/many"
join clinic C01
at clinic sync --wait >/dev/null
at clinic import "$work/many" --source his >/dev/null 2>&1
leave 8704
got=0
at clinic sync --json >"$work/sync" 2>"$work/said" || got=$?
# Partly, if the hub took some batches before its disk was full.
case "$got $(field state <"$work/sync")" in
"1 failed" | "6 partial") ;;
*) fail "exit $got: $(cat "$work/sync" "$work/said")" ;;
esac
grep -q "its disk may be full" "$work/said" || fail "$(cat "$work/said")"
[ "$(field state <"$work/sync")" != "done" ] || fail "$(cat "$work/sync")"
at clinic status --json >"$work/status"
stored=$(at hub sites --json | field changes_taken)
for name in at_parent at_group; do
	[ "$(field $name <"$work/status")" -le "$stored" ] ||
		fail "called $name and not stored: $(cat "$work/status")"
done
[ "$(field saved_here <"$work/status")" -gt 0 ] || fail "all was sent"
[ "$(field refused <"$work/status")" = 0 ] || fail "refused, not delayed"
at hub status >/dev/null || fail "the hub cannot be read"
kill -0 "$hub" || fail "the hub's agent is gone"
rm "$disk/others"
expect 0 at clinic sync --wait --json >"$work/sync"
[ "$(field state <"$work/sync")" = "done" ] || fail "$(cat "$work/sync")"
at clinic status --json >"$work/status"
[ "$(field saved_here <"$work/status")" = 0 ] || fail "$(cat "$work/status")"
[ "$(field at_group <"$work/status")" = \
	"$(at hub sites --json | field changes_taken)" ] ||
	fail "the two sides count differently: $(cat "$work/status")"
# What the hub says to it, by rule.
expect 0 at clinic sync --wait >/dev/null
stop_agent "$hub"
for name in clinic hub; do
	at "$name" verify >/dev/null
	at "$name" export | sort >"$work/$name-export"
done
cmp "$work/clinic-export" "$work/hub-export" || fail "the two sides differ"
cd /
umount "$disk"
echo "disk full: good"

#!/bin/bash
# Goal: a second implementation, in Go and made of docs/protocol.md, joins a
# real hub, syncs both ways, in rows and densely, and rekeys; and what it does
# against the rules the hub refuses, each time with the reason the page names,
# unharmed.
set -euo pipefail
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"
[ -x "${INTEROP_PEER:-}" ] || {
	echo "no Go peer: skipped"
	exit 77
}
export INTEROP_DICTIONARY=$YIZHAN_SOURCE_ROOT/sync/dictionary.bin

# summary FIELD=VALUE...: what the last session of the peer told of itself.
summary() {
	python3 -c 'import json, sys
told = json.load(open(sys.argv[1]))
for pair in sys.argv[2:]:
    name, _, want = pair.partition("=")
    if str(told[name]) != want:
        sys.exit(f"not {pair}: {told}")' "$work/summary" "$@" ||
		fail "the session was another"
}

peer_sync() {
	"$INTEROP_PEER" sync "$address" "$work/peer" "$@" >"$work/summary" ||
		fail "the peer's session failed: $*"
	summary State=done
}

# refuses WHAT CASE [CODE DIR]: the hub's answer to a hostile peer.
refuses() {
	local want=$1 name=$2 got

	got=$("$INTEROP_PEER" hostile "$address" "$work/${4:-peer}" "$name" ${3:+"$3"}) ||
		fail "$name: the peer failed"
	[ "$got" = "$want" ] || fail "$name: $got instead of $want"
}

new_hub
address=127.0.0.1:$port
at hub import "$data/reference.ndjson" --source his >/dev/null
reference=$(wc -l <"$data/reference.ndjson")

# It joins, takes the reference data down, and sends changes up: the small
# batches densely, the first of each session by a new coder.
code=$(at hub hub invite --org C01)
"$INTEROP_PEER" join "$address" "$code" "$work/peer" "go-peer"
peer_sync
summary "Received=$reference" "Lists={'group': $reference}" CursorsTold=0
peer_sync -add 250
summary Received=0 Sent=250 GroupHolds=250 CursorsAwaited=0 "Exceptions={}" \
	DenseSent=2 Learned=0 Refused=0
at hub import "$data/residents.ndjson" --source his >/dev/null

# Cursors that are not as believed are told, and none means from the start.
peer_sync -other-digest
summary Sent=0
[ "$(field CursorsTold <"$work/summary")" -gt 0 ] || fail "cursors untold"
# What the residents' orgs are to have is little, so it came densely.
[ "$(field DenseReceived <"$work/summary")" -gt 0 ] ||
	fail "all in rows: $(cat "$work/summary")"
summary Unread=0
peer_sync -other-digest
summary Received=0 Batches=0
peer_sync -forget
[ "$(field Received <"$work/summary")" -ge "$reference" ] ||
	fail "not from the start: $(cat "$work/summary")"

# Both directions cross 1,024 frames, the peer's three times. The coder has
# learned what the hub held before; every third batch goes in rows.
peer_sync -add 1030 -small -empty-frames 2100
summary Sent=1030 Receipts=1030 GroupReceipts=1030 GroupHolds=1280 \
	RekeysSent=3 RekeysRead=1 DenseSent=687 Learned=250 Refused=0

# A history that the hub does not hold: the batch is not taken, and goes again
# by a coder that knows the dictionary alone.
peer_sync -add 5 -forged
summary Sent=10 Refused=1 DenseSent=2 GroupHolds=1285
[ "$(at hub export | grep -c '"x_go_name": *"go-')" = 1285 ] ||
	fail "the hub does not hold the peer's records"

# Before there are keys: the answer is in clear.
refuses "clear format" magic
refuses "clear version" version-0
refuses "clear version" version-2
refuses "clear version" suite
refuses "clear format" mode
refuses "clear format" chain-twice
refuses "clear format" clear-empty
refuses "clear limit" clear-long
refuses "clear format" other-group
refuses "clear format" other-parent
refuses "clear format" message-1-bit
refuses "clear format" message-1-key
refuses "clear format" message-3-bit
refuses "clear format" message-3-cut
refuses "clear format" reflect-2
refuses "clear format" replay

# With keys.
refuses "sealed not_enrolled" unknown-key
refuses "sealed version" hello-version
for name in hello-flags hello-range taken-nothing group-from-below hello-twice hello-lives no-hello unknown-type type-end type-grant type-join \
	type-welcome cut-message reflect-frame repeat-frame sealed-bit \
	frame-short ended-stream; do
	refuses "sealed format" "$name"
done
refuses "sealed limit" frame-long
refuses closed early-bye
for name in other-life other-signature gap; do
	refuses "sealed log" "$name"
done

# Dense batches. What can be read of a header must fit; what cannot be decoded
# is not taken, and in the same session the changes then go in rows.
for name in dense-which dense-empty dense-flags dense-up-spelt dense-epoch \
	dense-life dense-known; do
	refuses "sealed format" "$name"
done
refuses "sealed limit" dense-ninth
refuses "sealed limit" dense-long
refuses closed dense-cut-bye
for name in dense-other dense-signature dense-gap; do
	refuses "sealed log" "$name"
done
for name in dense-nonsense dense-headless dense-unbegun \
	dense-check dense-book dense-history dense-future; do
	refuses "not taken" "$name"
done
held=$((1285 + 7 * 2))

# Joining: a code is for one node, once, and the key that used it may ask
# again; what fails leaves the code to its owner.
at hub hub invite --org C01 >"$work/code"
refuses "sealed format" join-proof "$(cat "$work/code")" proof
refuses "sealed format" join-key "$(cat "$work/code")" key
refuses "sealed invite" join-role "$(cat "$work/code")" role
refuses "clear invite" join-secret "$(cat "$work/code")" secret
refuses "clear invite" join-number "$(cat "$work/code")" number
refuses "sealed not_enrolled" join-as-sync "$(cat "$work/code")" as-sync
refuses accepted join "$(cat "$work/code")" owner
refuses accepted join "$(cat "$work/code")" owner
refuses "sealed invite" join "$(cat "$work/code")" other
code=$(at hub hub invite --org C01)
refuses "clear invite" join-replay "$code" replay

# The hub took no harm, and nothing of what it refused. Who calls right behind
# so many others would be asked for rows (docs/decisions/0024).
sleep 1
peer_sync -add 1
summary Sent=1 Learned=256 GroupHolds=$((held + 1))
at hub export >"$work/hub.ndjson"
[ "$(grep -c '"x_go_name": *"go-' "$work/hub.ndjson")" = $((held + 1)) ] ||
	fail "the hub holds other records than the peer's"
if grep -q '"lie-' "$work/hub.ndjson"; then
	fail "a refused change is in the hub's store"
fi
at hub verify >/dev/null
grep -q 'session_done peer="go-peer"' "$work/hub.log" ||
	fail "the hub tells of no session that was done"
stop_agent "$hub"
echo "independent peer: good"

#!/bin/bash
# Goal: a hub's agent starts, tells systemd so, serves its socket, keeps other
# owners out, and ends cleanly on SIGTERM; where there is no store it says how
# to make one.
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# listen_notify NAME: writes what arrives at a notify socket, which may be
# abstract (@...), to $work/notify.log.
listen_notify() {
	rm -f "$work/notify.log"
	python3 - "$1" "$work/notify.log" <<-'PYTHON' &
		import os, socket, sys
		name, log = sys.argv[1], open(sys.argv[2], "w", buffering=1)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("\0" + name[1:] if name.startswith("@") else name)
		log.write("LISTENING\n")
		while True:
		    log.write(s.recv(4096).decode() + "\n")
	PYTHON
	notify=$!
	started+=("$notify")
	wait_for "$work/notify.log" LISTENING
}

# stop_helper PID: one that ends by the signal.
stop_helper() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# wait_for FILE LINE: until the file has the line, for 15 s.
wait_for() {
	local i

	for i in $(seq 150); do
		[ -f "$1" ] && grep -qx "$2" "$1" && return 0
		sleep 0.1
	done
	fail "no $2 in ${1##*/}"
}

mode_of() {
	stat -c %a "$1"
}

# No store: not a mystery.
expect 1 "$YIZHAND" --dir "$work/nothing" 2>"$work/none.log"
grep -q "yizhan init" "$work/none.log" || fail "no mend: $(cat "$work/none.log")"
expect 2 "$YIZHAND" --no-such-option 2>/dev/null
expect 2 "$YIZHAND" --dir "$work/nothing" operand 2>/dev/null
"$YIZHAND" --help | grep -q -- --check-config || fail "no help"
"$YIZHAND" --version | grep -q '^yizhand ' || fail "no version"

# A wrong configuration is named with its line.
printf '[agent]\nlisten = nowhere\n' >"$work/wrong.conf"
expect 1 "$YIZHAND" --check-config --config "$work/wrong.conf" 2>"$work/wrong.log"
grep -q "wrong.conf" "$work/wrong.log" || fail "the file is not named"
grep -q 2 "$work/wrong.log" || fail "the line is not named"

port=$(free_port)
at hub init --role hub --name hub >/dev/null
printf '[agent]\nlisten = 127.0.0.1:%s\n' "$port" >"$work/hub.conf"
expect 0 "$YIZHAND" --check-config --config "$work/hub.conf" 2>/dev/null

# Started by systemd: it says when it is ready, and for whom.
listen_notify "$work/notify.sock"
NOTIFY_SOCKET=$work/notify.sock WATCHDOG_USEC=400000 \
	start_agent hub --config "$work/hub.conf" --port-file "$work/port"
hub=$agent
wait_for "$work/notify.log" READY=1
wait_for "$work/notify.log" WATCHDOG=1
[ "$(cat "$work/port")" = "$port" ] || fail "port file: $(cat "$work/port")"
[ "$(mode_of "$work/hub/agent.sock")" = 600 ] || fail "others may talk to it"
[ "$(at hub status --json | field agent)" = true ] || fail "not the agent's door"
grep -q "listening address=127.0.0.1:$port" "$work/hub.log" || fail "not in the log"

# A second owner is told who the first is.
expect 75 "$YIZHAND" --dir "$work/hub" 2>"$work/second.log"
grep -q "$hub" "$work/second.log" || fail "the holder is not named"
grep -q yizhand "$work/second.log" || fail "what holds it is not named"

# A client that only holds the line does not hold up the end.
python3 - "$work/hub/agent.sock" <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.recv(1)
PYTHON
started+=("$!")
sleep 0.3
stop_agent "$hub"
wait_for "$work/notify.log" STOPPING=1
[ ! -e "$work/hub/agent.sock" ] || fail "the socket is left"
stop_helper "$notify"

# Killed, it leaves a socket that the next one replaces; now with an abstract
# notify socket, and a directory that its group may enter.
start_agent hub --config "$work/hub.conf"
kill -KILL "$agent"
wait "$agent" 2>/dev/null || true
[ -S "$work/hub/agent.sock" ] || fail "no stale socket to test with"
chmod 0750 "$work/hub"
listen_notify "@yizhan-test-$$"
NOTIFY_SOCKET=@yizhan-test-$$ start_agent hub --config "$work/hub.conf"
wait_for "$work/notify.log" READY=1
[ "$(mode_of "$work/hub/agent.sock")" = 660 ] || fail "its group is kept out"
[ "$(at hub status --json | field role)" = hub ] || fail "does not answer"

# The port is taken: say so, and leave the other agent alone.
cp -r "$work/hub" "$work/other"
rm -f "$work/other/agent.sock"
expect 1 "$YIZHAND" --dir "$work/other" --config "$work/hub.conf" 2>"$work/taken.log"
grep -q "127.0.0.1:$port" "$work/taken.log" || fail "the address is not named"
[ "$(at hub status --json | field role)" = hub ] || fail "the first agent suffered"
kill -INT "$agent"
wait "$agent" || fail "SIGINT: exit $?"
stop_helper "$notify"
echo "agent start and stop: good"

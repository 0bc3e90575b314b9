# lib: what the scenarios share. Sourced, never run; it makes a directory of
# its own for each scenario and ends what it started, by process id.

set -euo pipefail
exec </dev/null

: "${YIZHAN:?}" "${YIZHAND:?}" "${YIZHAN_SOURCE_ROOT:?}"
work=$(mktemp -d)
started=()
export YIZHAN_MAP_MIB=${YIZHAN_MAP_MIB:-512}
unset YIZHAN_DIR LANGUAGE
export LC_ALL=C.UTF-8
data=$YIZHAN_SOURCE_ROOT/tests/data/sample
compare=$YIZHAN_SOURCE_ROOT/tests/compare.py
split=$YIZHAN_SOURCE_ROOT/tests/split.py
reference_kinds=org,staff,practice_site,team,drug

finish() {
	local status=$? pid

	trap - EXIT
	for pid in "${started[@]-}"; do
		[ -n "$pid" ] || continue
		kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		for log in "$work"/*.log; do
			[ -f "$log" ] && { echo "--- ${log##*/}"; tail -20 "$log"; }
		done
	fi
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# expect CODE COMMAND...: the exit code is what the contract says.
expect() {
	local want=$1 got=0

	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ] || fail "exit $got instead of $want: $*"
}

# field NAME: a member of the JSON object on standard input.
field() {
	python3 -c 'import json, sys
v = json.load(sys.stdin)[sys.argv[1]]
print(v if not isinstance(v, bool) else str(v).lower())' "$1"
}

at() {
	local dir=$1

	shift
	"$YIZHAN" --dir "$work/$dir" "$@"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# start_agent NAME OPTION...: runs yizhand for $work/NAME; its pid in $agent.
start_agent() {
	local name=$1 i

	shift
	"$YIZHAND" --dir "$work/$name" "$@" >>"$work/$name.log" 2>&1 &
	agent=$!
	started+=("$agent")
	for i in $(seq 150); do
		[ -S "$work/$name/agent.sock" ] && return 0
		kill -0 "$agent" 2>/dev/null || fail "the agent of $name ended"
		sleep 0.1
	done
	fail "the agent of $name did not start"
}

stop_agent() {
	local pid=$1

	kill -TERM "$pid"
	wait "$pid" || fail "the agent ended with $?"
}

# new_hub: a hub in $work/hub on $port; its agent's pid in $hub.
new_hub() {
	port=$(free_port)
	at hub init --role hub --name hub >/dev/null
	printf '[agent]\nlisten = 127.0.0.1:%s\n' "$port" >"$work/hub.conf"
	start_agent hub --config "$work/hub.conf"
	hub=$agent
}

# join NAME ORG: enrols $work/NAME for an org.
join() {
	local code

	code=$(at hub hub invite --org "$2")
	at "$1" join "$code" --hub "127.0.0.1:$port" >/dev/null
}

# lines_of WHO OUT: the sample's lines that the hospital, or the township and
# its villages, wrote; reference data left out.
lines_of() {
	local orgs=(H01)

	[ "$1" = township ] && orgs=(C01 --below)
	python3 "$split" --orgs "${orgs[@]}" --not-kinds "$reference_kinds" \
		--reference "$data/reference.ndjson" --out "$2" \
		"$data"/residents.ndjson "$data"/devices.ndjson \
		"$data"/contracts.ndjson "$data"/day-*.ndjson
}

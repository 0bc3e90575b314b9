#!/bin/bash
# From nothing to a first sync on one machine: installs what is missing,
# builds, starts a hub and a clinic, enrols, imports a township's days, syncs,
# saves one encounter while the hub is down, syncs again, and shows that both
# hold the same records. May be run again; needs root or sudo only if packages
# are missing.
#
# usage: packaging/quickstart.sh [--keep]   --keep leaves hub and clinic running
#
# Builds in build-quickstart/; the demonstration's data is in
# build-quickstart/demo and is made anew each time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_ROOT:-$root/build-quickstart}
demo=$build/demo
sample=$root/tests/data/sample
keep=no
hub_agent=
clinic_agent=

case ${1-} in
"") ;;
--keep) keep=yes ;;
*)
	echo "usage: packaging/quickstart.sh [--keep]" >&2
	exit 2
	;;
esac

say() {
	printf '\n\033[1m== %s\033[0m\n' "$*"
}

show() {
	printf '   $ %s\n' "$*"
}

stop_agent() {
	if [ -n "$1" ] && kill -0 "$1" 2>/dev/null; then
		kill -TERM "$1"
		wait "$1" || true
	fi
}

finish() {
	local status=$?

	trap - EXIT
	if [ "$status" -ne 0 ]; then
		echo >&2
		echo "quickstart: stopped with an error; the last lines above say where." >&2
		for log in "$demo"/*.log; do
			[ -f "$log" ] && { echo "--- ${log##*/}" >&2; tail -5 "$log" >&2; }
		done
	fi
	if [ "$keep" = no ] || [ "$status" -ne 0 ]; then
		stop_agent "$clinic_agent"
		stop_agent "$hub_agent"
	fi
	exit "$status"
}
trap finish EXIT

# The programs of this build, whatever is installed.
yizhan() {
	"$build/cli/yizhan" "$@"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

start_hub() {
	"$build/agent/yizhand" --dir "$demo/hub" --config "$demo/hub.conf" \
		>>"$demo/hub.log" 2>&1 &
	hub_agent=$!
	wait_for_agent "$demo/hub" "$hub_agent"
}

wait_for_agent() {
	local i

	for i in $(seq 100); do
		if [ -S "$1/agent.sock" ] && kill -0 "$2" 2>/dev/null; then
			return 0
		fi
		kill -0 "$2" 2>/dev/null || break
		sleep 0.1
	done
	echo "quickstart: the agent for $1 did not start" >&2
	return 1
}

say "1. Packages and build"
"$root/packaging/install-deps.sh"
if [ ! -f "$build/build.ninja" ]; then
	rm -rf "$build"
	meson setup "$build" "$root" --buildtype=release >"$root/.quickstart-build.log" 2>&1 || {
		cat "$root/.quickstart-build.log"
		exit 1
	}
	mv "$root/.quickstart-build.log" "$build/setup.log"
fi
ninja -C "$build" >"$build/build.log" 2>&1 || { tail -30 "$build/build.log"; exit 1; }
echo "   built in ${build#"$root"/}"

rm -rf "$demo"
mkdir -p "$demo"
export YIZHAN_LOCALEDIR=$build/po
port=$(free_port)
printf '[agent]\nlisten = 127.0.0.1:%s\n' "$port" >"$demo/hub.conf"

say "2. The medical group's server: a hub"
show yizhan init --role hub --name "group server"
yizhan init --role hub --name "group server" --dir "$demo/hub"
python3 "$root/tests/split.py" --orgs H01 --not-kinds org,staff,practice_site,team,drug \
	--reference "$sample/reference.ndjson" --out "$demo/hospital.ndjson" \
	"$sample"/residents.ndjson "$sample"/devices.ndjson \
	"$sample"/contracts.ndjson "$sample"/day-*.ndjson
start_hub
show yizhan import reference.ndjson --source his
yizhan import "$sample/reference.ndjson" --source his --dir "$demo/hub"
yizhan import "$demo/hospital.ndjson" --source his --dir "$demo/hub"

say "3. A township centre's PC: records first, then it joins"
python3 "$root/tests/split.py" --orgs C01 --below --not-kinds org,staff,practice_site,team,drug \
	--reference "$sample/reference.ndjson" --out "$demo/township.ndjson" \
	"$sample"/residents.ndjson "$sample"/devices.ndjson \
	"$sample"/contracts.ndjson "$sample"/day-*.ndjson
show yizhan init --name "township centre"
yizhan init --name "township centre" --dir "$demo/clinic"
show yizhan import township.ndjson --source his
yizhan import "$demo/township.ndjson" --source his --dir "$demo/clinic"
show yizhan hub invite --org C01
code=$(yizhan hub invite --org C01 --name "township centre" --dir "$demo/hub")
echo "   the code to type at the clinic: $code"
show yizhan join "$code" --hub "127.0.0.1:$port"
yizhan join "$code" --hub "127.0.0.1:$port" --dir "$demo/clinic"
"$build/agent/yizhand" --dir "$demo/clinic" >>"$demo/clinic.log" 2>&1 &
clinic_agent=$!
wait_for_agent "$demo/clinic" "$clinic_agent"

say "4. First sync"
show yizhan sync --wait
yizhan sync --wait --dir "$demo/clinic"
yizhan status --dir "$demo/clinic"

say "5. The hub goes down; the clinic saves all the same"
stop_agent "$hub_agent"
hub_agent=
resident=$(yizhan list resident --limit 1 --json --dir "$demo/clinic" |
	python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["ref"])')
doctor=$(yizhan list encounter --limit 1 --json --dir "$demo/clinic" |
	python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["by"][4:])')
show yizhan add encounter - --by "$doctor"
printf '{"state":"signed","resident_id":"ref:%s","type":"outpatient","visit_at":"%s","subjective":"咳嗽3天","objective":"咽部充血","temp_c":36.8,"diagnoses":[{"code":"J06.9","name":"急性上呼吸道感染"}],"plan":"多饮水"}\n' \
	"$resident" "$(TZ=Asia/Shanghai date +%Y-%m-%dT%H:%M:%S+08:00)" |
	yizhan add encounter - --by "$doctor" --org C01 --no-input --dir "$demo/clinic"
show yizhan sync
yizhan sync --dir "$demo/clinic" && { echo "quickstart: a sync without a hub must not succeed" >&2; exit 1; }
echo "   (exit code 4: no link; nothing is lost)"
yizhan status --dir "$demo/clinic"

say "6. The hub is back"
start_hub
show yizhan sync --wait
yizhan sync --wait --dir "$demo/clinic"

say "7. Both sides"
yizhan status --dir "$demo/clinic"
yizhan status --dir "$demo/hub"
yizhan sites --dir "$demo/hub"
yizhan export --dir "$demo/clinic" >"$demo/clinic-export.ndjson"
yizhan export --dir "$demo/hub" >"$demo/hub-export.ndjson"
added=$(yizhan export --kind encounter --dir "$demo/clinic" | grep '"ref":"~' || true)
printf '%s\n' "$added" >"$demo/added.ndjson"
echo
echo "   The hub's export against every line that was imported on either side, and"
echo "   the encounter that was saved while it was down:"
python3 "$root/tests/compare.py" --drafts-local "$sample/reference.ndjson" \
	"$sample"/residents.ndjson "$sample"/devices.ndjson \
	"$sample"/contracts.ndjson "$sample"/day-*.ndjson "$demo/added.ndjson" \
	--held "$demo/hub-export.ndjson"
echo
echo "   The clinic's export against the group's reference data, its own lines, and"
echo "   what the hospital wrote about its residents:"
grep -E '"kind": ?"(encounter|referral|exam_request|exam_report)"' \
	"$demo/hospital.ndjson" >"$demo/about.ndjson"
python3 "$root/tests/compare.py" --extra-ok "$sample/reference.ndjson" \
	"$demo/township.ndjson" "$demo/about.ndjson" "$demo/added.ndjson" \
	--held "$demo/clinic-export.ndjson" | tail -1
python3 "$root/tests/split.py" --orgs C01 --below \
	--reference "$sample/reference.ndjson" --out "$demo/shared.ndjson" \
	"$demo/hub-export.ndjson" >/dev/null
echo "   Every record in which the township had the last word, hub against clinic:"
python3 "$root/tests/compare.py" --extra-ok "$demo/shared.ndjson" \
	--held "$demo/clinic-export.ndjson" | tail -1
echo
echo "   Both sides hold the same records: equal."
if [ "$keep" = yes ]; then
	echo "   still running: YIZHAN_DIR=$demo/clinic $build/cli/yizhan status"
fi

#!/bin/bash
# Goal: a clinic works for days without a link, by the command line alone. A
# store is made once, the clinic's file goes in twice and counts once, what is
# wrong is told by line and kept, people write and amend records, everything
# comes out again, and every exit code is the contract's.
set -eu
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

# says TEXT COMMAND...: its stderr holds the text; the exit code is not asked.
says() {
	local text=$1

	shift
	"$@" 2>"$work/said" >/dev/null || true
	grep -qF -- "$text" "$work/said" ||
		fail "\"$text\" is not in: $(cat "$work/said")"
}

# --- usage ---------------------------------------------------------------

expect 2 "$YIZHAN" 2>/dev/null
expect 0 "$YIZHAN" --version >/dev/null
expect 0 "$YIZHAN" --help >/dev/null
expect 0 "$YIZHAN" help hub invite >/dev/null
expect 0 "$YIZHAN" import --help >/dev/null
expect 0 "$YIZHAN" help add encounter >/dev/null
expect 2 at none sttus 2>/dev/null
expect 2 at none status --jsn 2>/dev/null
expect 2 at none list 2>/dev/null
says '"status"' at none sttus
says '--json' at none status --jsn
says 'hub invite' at none hub

# --- no store yet --------------------------------------------------------

for verb in status export verify questions sync "list org"; do
	# shellcheck disable=SC2086
	expect 3 at none $verb >/dev/null 2>&1
done
expect 2 at none init --role relay 2>/dev/null
expect 2 at none join NO-SUCH-CODE --hub 127.0.0.1:1 2>/dev/null
expect 2 at none join NO-SUCH-CODE 2>/dev/null
[ ! -e "$work/none" ] || fail "a refused command made a store"
if [ -d /proc/self ]; then
	expect 1 "$YIZHAN" init --dir /proc/none 2>/dev/null
	says '/proc/none' "$YIZHAN" init --dir /proc/none
fi

# What acts ends with one object, also where it fails.
nothing='{"new":0,"updated":0,"unchanged":0,"refused":0,"warned":0}'
for file in "$work/no-such-file" /dev/null; do
	summary=$(at none import "$file" --json 2>/dev/null || true)
	[ "$(echo "$summary" | tr -d ' ')" = "$nothing" ] ||
		fail "import: $summary"
done
summary=$(at none sync --json 2>/dev/null || true)
[ "$(echo "$summary" | field state) $(echo "$summary" | field round_trips)" = "failed 0" ] ||
	fail "sync: $summary"

# --- init, once ----------------------------------------------------------

summary=$(at clinic init --name 寒泉镇 --json)
[ "$(echo "$summary" | field role)" = clinic ] || fail "init: $summary"
node=$(echo "$summary" | field node)
expect 1 at clinic init 2>/dev/null
expect 1 at clinic init --role hub 2>/dev/null
[ "$(at clinic status --json | field node)" = "$node" ] ||
	fail "the second init changed the store"
[ "$(at clinic status --json | field enrolled)" = false ] || fail "enrolled"
expect 3 at clinic sync 2>/dev/null >&2
summary=$(at clinic sync --json 2>/dev/null || true)
[ "$(echo "$summary" | field state)" = failed ] || fail "sync: $summary"
expect 77 at clinic sites 2>/dev/null
expect 77 at clinic hub invite --org C01 2>/dev/null

at group init --role hub >/dev/null 2>&1
for ref in '' 'C01 C02' $'C\t01' "$(printf 'C%.0s' $(seq 65))"; do
	expect 2 at group hub invite --org "$ref" 2>/dev/null
done
name=$(printf 'n%.0s' $(seq 65))
expect 2 at group hub invite --org C01 --name "$name" 2>/dev/null
says '64' at group hub invite --org C01 --name "$name"
code=$(at group hub invite --org C01 2>/dev/null)
expect 1 at group join "$code" 2>/dev/null
says 'cannot join' at group join "$code"
expect 2 at none join "$code" 2>/dev/null
[ ! -e "$work/none" ] || fail "a join without an address made a store"

# The folder may stand before the verb, after it, or in the environment; its
# path may be longer than the address of a socket.
[ "$("$YIZHAN" status --dir "$work/clinic" --json | field node)" = "$node" ] ||
	fail "--dir after the verb"
[ "$(YIZHAN_DIR=$work/clinic "$YIZHAN" --json status | field node)" = "$node" ] ||
	fail "YIZHAN_DIR"
deep=$(printf 'd%.0s' $(seq 120))
at "$deep" init >/dev/null
expect 0 at "$deep" status >/dev/null

# --- import --------------------------------------------------------------

lines_of township "$work/township.ndjson"
summary=$(at clinic import "$work/township.ndjson" --json 2>/dev/null)
[ "$(echo "$summary" | field refused)" = 0 ] || fail "import: $summary"
total=0
for name in new updated unchanged refused; do
	total=$((total + $(echo "$summary" | field $name)))
done
[ "$total" = "$(grep -c . "$work/township.ndjson")" ] ||
	fail "$total lines counted: $summary"
changes=$(at clinic status --json | field saved_here)
[ "$changes" -gt 0 ] || fail "nothing is shown as saved here"

summary=$(at clinic import - --json <"$work/township.ndjson" 2>/dev/null)
[ "$(echo "$summary" | field new)$(echo "$summary" | field updated)" = 00 ] ||
	fail "the same file again: $summary"
[ "$(at clinic status --json | field saved_here)" = "$changes" ] ||
	fail "the same file made changes"

expect 6 at clinic import "$data/bad.ndjson" --json >"$work/summary" \
	2>"$work/refusals"
refused=$(field refused <"$work/summary")
[ "$(grep -c '^line [0-9]*: ' "$work/refusals")" -ge "$refused" ] ||
	fail "not every refused line was told"
grep -q '^line 6: ' "$work/refusals" || fail "line 6 was not told"
# What is told holds no value of a record.
if grep -qE '[0-9]{17}[0-9X]|阿莫西林|头晕' "$work/refusals"; then
	fail "a patient's data in the messages"
fi
[ "$(at clinic questions --json | wc -l)" = "$(at clinic status --json | field questions)" ] ||
	fail "questions and status differ"
[ "$(at clinic questions --json --warnings | wc -l)" -gt "$(at clinic questions --json | wc -l)" ] ||
	fail "no warnings"
expect 0 at clinic questions >/dev/null
says '"_"' at clinic import --source 'a b' "$data/bad.ndjson"
expect 1 at clinic import "$work/no-such-file" 2>/dev/null

# --- what people write ---------------------------------------------------

write=(at clinic add encounter --by ref:S0024 --org V0101 --no-input)
made=$("${write[@]}" --state signed --type home_visit --unknown true \
	--description 路人 --visit-at 2026-05-04T09:00:00+08:00 \
	--temp_c 36.6 --sbp=128 --dbp 80 --diagnoses \
	'[{"code":"J06.9","name":"急性上呼吸道感染"}]' --json 2>/dev/null)
ref=$(echo "$made" | field ref)
[ "$(echo "$made" | field draft)" = false ] || fail "add: $made"
shown=$(at clinic show encounter "$ref" --json)
[ "$(echo "$shown" | field temp_c) $(echo "$shown" | field sbp)" = "36.6 128" ] ||
	fail "typed by the table: $shown"
[ "$(at clinic status --json | field saved_here)" -gt "$changes" ] ||
	fail "what was written is not shown as saved here"

at clinic amend encounter "$ref" --plan 静卧 --reason 补记 --by S0024 \
	--org V0101 >/dev/null 2>&1
shown=$(at clinic show encounter "$ref" --json)
[ "$(echo "$shown" | field plan) $(echo "$shown" | field state)" = "静卧 amended" ] ||
	fail "amend: $shown"
at clinic amend encounter "$ref" --plan 静坐 --reason 补记 --by S0024 \
	>/dev/null 2>&1 || fail "amend without --org"
[ "$(at clinic show encounter "$ref" --json | field org_id)" = ref:V0101 ] ||
	fail "amend moved the record to another org"
# A record that was shown goes back in as it is, with a field changed.
echo "$shown" | at clinic amend encounter "$ref" - --plan 静卧三天 >/dev/null 2>&1
[ "$(at clinic show encounter "$ref" --json | field plan)" = 静卧三天 ] ||
	fail "amend from an object"

draft=$(echo '{"state":"draft","type":"phone","by":"ref:S0024","org_id":"ref:V0101","visit_at":"2026-05-04T10:00:00+08:00","unknown":true}' |
	at clinic add encounter - --json 2>/dev/null)
[ "$(echo "$draft" | field draft)" = true ] || fail "draft: $draft"
[ "$(at clinic status --json | field drafts)" -ge 1 ] || fail "no draft"

# By the number on paper.
slip=$(grep -o '[A-Z0-9]*-E-[0-9]*-[0-9A-Z]' "$work/township.ndjson" | head -1)
[ "$(at clinic show encounter "$slip" --json | field slip_no)" = "$slip" ] ||
	fail "not found by its slip"

before=$(at clinic status --json | field saved_here)
expect 1 "${write[@]}" --state signed --type nonsense 2>/dev/null
says 'field type: ' "${write[@]}" --state signed --type nonsense
expect 2 "${write[@]}" --tpye phone 2>/dev/null
says '--type' "${write[@]}" --tpye phone
expect 2 at clinic add encuonter --by S0024 2>/dev/null
says '"encounter"' at clinic add encuonter --by S0024
expect 2 at clinic add encounter --type phone --no-input 2>/dev/null
expect 77 at clinic add drug --by S0024 --org V0101 --name x 2>/dev/null
expect 1 at clinic show encounter no-such-ref 2>/dev/null
expect 2 at clinic show encuonter "$ref" 2>/dev/null
expect 2 at clinic amend encuonter "$ref" --by S0024 --plan x 2>/dev/null
says '--org REF' at clinic add encounter --by S0024 --type phone --no-input
expect 1 at clinic amend encounter no-such-ref --by S0024 --plan x 2>/dev/null
expect 2 at clinic amend encounter "$ref" 2>/dev/null
echo '{"plan":"头晕' | expect 2 at clinic amend encounter "$ref" - 2>"$work/said"
if grep -q 头晕 "$work/said"; then
	fail "a patient's data in a message"
fi
[ "$(at clinic status --json | field saved_here)" = "$before" ] ||
	fail "a refused record changed something"

# --- out again -----------------------------------------------------------

at clinic export >"$work/out.ndjson"
python3 "$compare" --extra-ok "$work/township.ndjson" \
	--held "$work/out.ndjson"
at clinic export "$work/file.ndjson"
cmp "$work/out.ndjson" "$work/file.ndjson"
[ "$(stat -c %a "$work/file.ndjson")" = 600 ] ||
	fail "others may read the export"
at clinic export --kind resident >"$work/residents.ndjson"
[ "$(wc -l <"$work/residents.ndjson")" = "$(grep -c '"kind":"resident"' "$work/out.ndjson")" ] ||
	fail "export --kind"
[ "$(at clinic list resident --limit 3 --json | wc -l)" = 3 ] || fail "--limit"
[ "$(at clinic list resident | wc -l)" = "$(($(wc -l <"$work/residents.ndjson") + 1))" ] ||
	fail "list"
expect 2 at clinic export --kind residnet 2>/dev/null

# Who reads no further ends it quietly; a full disk does not.
(
	trap - EXIT
	set +e
	at clinic export 2>"$work/said" | head -1 >/dev/null
	[ "${PIPESTATUS[0]}" = 1 ] && [ ! -s "$work/said" ]
) || fail "a closed pipe: $(cat "$work/said")"
if [ -c /dev/full ]; then
	expect 1 at clinic export 2>"$work/said" >/dev/full
	[ -s "$work/said" ] || fail "nothing was said of a full disk"
fi

# --- sound ---------------------------------------------------------------

summary=$(at clinic verify --json)
[ "$(echo "$summary" | field bad_values)$(echo "$summary" | field bad_records)$(echo "$summary" | field bad_logs)" = 000 ] ||
	fail "verify: $summary"

# Who waits for a pipe lets others in; who else has the store open is told.
mkfifo "$work/fifo"
at clinic import - <"$work/fifo" >/dev/null 2>&1 &
started+=("$!")
exec 9>"$work/fifo"
for _ in $(seq 100); do
	grep -q import "$work/clinic/owner.lock" && break
	sleep 0.1
done
expect 0 at clinic status >/dev/null
exec 9>&-
wait "${started[-1]}"
exec 9<>"$work/clinic/owner.lock"
flock 9
echo "$$ yizhan import" >"$work/clinic/owner.lock"
expect 75 at clinic status 2>"$work/said"
grep -q 'yizhan import' "$work/said" || fail "not told who: $(cat "$work/said")"
exec 9>&-
expect 0 at clinic status >/dev/null

mv "$work/clinic/machine.key" "$work/key"
expect 1 at clinic status 2>/dev/null
says machine.key at clinic status
says machine.key "$YIZHAND" --dir "$work/clinic"
expect 1 "$YIZHAND" --dir "$work/clinic" 2>/dev/null
echo nonsense >"$work/clinic/machine.key"
expect 1 at clinic status 2>/dev/null
says 'machine.key' at clinic status
expect 1 "$YIZHAND" --dir "$work/clinic" 2>/dev/null
says 'machine.key' "$YIZHAND" --dir "$work/clinic"
mv "$work/key" "$work/clinic/machine.key"
expect 0 at clinic status >/dev/null
printf '[agent]\nparnt = hub:7270\n' >"$work/clinic/yizhan.conf"
expect 1 at clinic status 2>/dev/null
says 'line 2' at clinic status
printf '[agent]\nlisten = 7270\n' >"$work/clinic/yizhan.conf"
says 'HOST:PORT' at clinic status
says "$work/none.conf" "$YIZHAND" --check-config --config "$work/none.conf"
echo "offline: good"

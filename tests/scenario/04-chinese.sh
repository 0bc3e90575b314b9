#!/bin/bash
# Goal: in a Chinese locale, whether or not the system has generated it, the
# whole of what is said is Chinese, exit codes are those of every other
# language, and columns stay aligned on a terminal of 80 cells with minority
# names, rare characters and full-width letters in them.
set -eu
. "$YIZHAN_SOURCE_ROOT/tests/scenario/lib.sh"

catalogues=${YIZHAN_LOCALEDIR:-}
if [ ! -f "$catalogues/zh_CN/LC_MESSAGES/yizhan.mo" ]; then
	echo "skipped: built without translations"
	exit 77
fi
export COLUMNS=80
unset LANGUAGE LC_MESSAGES LANG

# Only the programs get the locale: where it was not generated bash itself
# would warn of it, in English.
zh() {
	local program=$1

	shift
	env LC_ALL=zh_CN.UTF-8 "$program" "$@"
}

# run CODE VERB...: yizhan on $work/clinic; what it says in $work/out and
# $work/said.
run() {
	expect "$1" zh "$YIZHAN" --dir "$work/clinic" "${@:2}" \
		>"$work/out" 2>"$work/said"
}

# chinese FILE: something was said, and every line with letters in it is
# Chinese, or no more than names and commands, or values side by side.
chinese() {
	[ -s "$1" ] || fail "nothing was said"
	python3 - "$1" <<'EOF' || fail "not Chinese"
import re, sys
bad = [line for line in open(sys.argv[1], encoding="utf-8")
       if re.search("[A-Za-z]", line) and line[:4].strip() and not re.search("[\u4e00-\u9fff]", line)]
sys.stdout.writelines(bad)
sys.exit(bool(bad))
EOF
}

# has TEXT FILE: the text stands in it.
has() {
	grep -qF -- "$1" "$2" || fail "\"$1\" is not in: $(cat "$2")"
}

# aligned FILE COLUMN...: a pattern for each column of the rows; what it first
# matches begins at one cell in all of them.
aligned() {
	python3 - "$@" <<'EOF' || fail "not aligned: $(cat "$1")"
import re, sys, unicodedata

def cells(text):
    return sum(0 if unicodedata.combining(c)
               else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)

rows = open(sys.argv[1], encoding="utf-8").read().splitlines()
for pattern in sys.argv[2:]:
    at = set()
    for row in rows:
        match = re.search(pattern, row)
        if match is None:
            sys.exit(f"no {pattern} in: {row}")
        at.add(cells(row[:match.start(1)]))
    if len(at) != 1:
        sys.exit(f"{pattern} begins at the cells {sorted(at)}")
EOF
}

# narrow FILE: no row is wider than the terminal.
narrow() {
	python3 - "$1" <<'EOF' || fail "wider than 80 cells: $(cat "$1")"
import sys, unicodedata
sys.exit(any(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1
                 for c in row.rstrip("\n")) > 80
             for row in open(sys.argv[1], encoding="utf-8")))
EOF
}

# Where the value of a row with a title begins.
value='^\S+ +(\S)'

# --- help and misspelt words ---------------------------------------------

run 0 help
chinese "$work/out"
narrow "$work/out"
has 用法 "$work/out"
has 待处理事项 "$work/out"
for verb in init "hub invite" join import export add show list amend sync \
	status sites questions verify help; do
	# shellcheck disable=SC2086
	run 0 help $verb
	chinese "$work/out"
done
run 0 help add resident
has 必填 "$work/out"
run 2 statsu
chinese "$work/said"
has '是否要用“status”' "$work/said"
run 2 status --jsn
chinese "$work/said"
run 2
chinese "$work/said"
run 2 list
chinese "$work/said"
run 2 list residnet --limit x
chinese "$work/said"

# --- a store -------------------------------------------------------------

run 3 status
chinese "$work/said"
has 邀请码 "$work/said"
run 0 init --name 买买提·阿不都拉
chinese "$work/out"
aligned "$work/out" "$value"
run 1 init
chinese "$work/said"
run 3 sync
chinese "$work/said"
has 尚未加入集团 "$work/said"
run 2 join NO-SUCH-CODE --hub 127.0.0.1:1
chinese "$work/said"
run 77 sites
chinese "$work/said"
run 77 hub invite --org C01
chinese "$work/said"

# --- records -------------------------------------------------------------

# Residents whose refs, which list shows, are as wide as names may be; the
# others are cut short, nameless and odd.
python3 - "$data/residents.ndjson" "$work/residents.ndjson" <<'EOF'
import json, sys
names = ["买买提·阿不都拉", "𠮷田", "㐂", "ＡＢＣ１２３", "Ａ·é"]
with open(sys.argv[1], encoding="utf-8") as f:
    template = json.loads(f.readline())
template.pop("ehr_no", None)
template.pop("household_no", None)
# No two of them are one person.
for field in "id_type", "id_no":
    template.pop(field, None)
template["no_id_reason"] = "unknown"
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for name in names:
        line = json.dumps(dict(template, ref=name, name=name),
                          ensure_ascii=False)
        print(line, file=out)
    print(line[:-9], file=out)
    print(json.dumps(dict(template, ref="none", name="")), file=out)
    print(json.dumps(dict(template, ref="R1", name=name, weather="dry",
                          birth_date="1970-01-01")),
          file=out)
with open(sys.argv[2] + ".long", "w", encoding="utf-8") as out:
    name = "阿不都热合曼·买买提" * 5
    assert len(name) == 50
    print(json.dumps(dict(template, ref=name, name=name)), file=out)
EOF

run 6 import "$work/residents.ndjson"
chinese "$work/said"
has '第 6 行：' "$work/said"
has '第 7 行：字段 name：' "$work/said"
has '第 8 行：字段 weather：提醒：' "$work/said"
has 拒收 "$work/out"
aligned "$work/out" "$value"
[ "$(awk '/拒收/ { print $2 }' "$work/out")" = 2 ] ||
	fail "not two lines refused: $(cat "$work/out")"
run 1 import "$work/no-such-file"
chinese "$work/said"
run 1 show resident no-such-ref
chinese "$work/said"
run 2 add resident --org V0101 --sex 1 --no-input
chinese "$work/said"
run 1 add resident --by S0024 --org V0101 --sex 5 --no-input
chinese "$work/said"
has 未保存任何内容 "$work/said"

run 0 questions
chinese "$work/out"
has '第 6 行' "$work/out"
has 请重新导出此行 "$work/out"
[ "$(grep -c 拒收 "$work/out")" = 2 ] || fail "questions: $(cat "$work/out")"

run 0 list resident
[ "$(wc -l <"$work/out")" = 7 ] || fail "list: $(cat "$work/out")"
aligned "$work/out" '(时间|2[0-9]{3}-)' '(机构|V0101)$'
narrow "$work/out"
for name in 买买提·阿不都拉 𠮷田 㐂 ＡＢＣ１２３; do
	has "$name" "$work/out"
done
for name in 买买提·阿不都拉 𠮷田 㐂 ＡＢＣ１２３; do
	run 0 show resident "$name"
	aligned "$work/out" "$value"
	has "$name" "$work/out"
done
# A name of 50 characters moves all rows alike.
run 0 import "$work/residents.ndjson.long"
run 0 list resident
[ "$(wc -l <"$work/out")" = 8 ] || fail "list: $(cat "$work/out")"
aligned "$work/out" '(时间|2[0-9]{3}-)' '(机构|V0101)$'

# --- status --------------------------------------------------------------

run 0 status
chinese "$work/out"
aligned "$work/out" "$value"
narrow "$work/out"
has 买买提·阿不都拉 "$work/out"
for title in 仅存本机 上级已收 集团已收 待处理事项; do
	has "$title" "$work/out"
done
[ "$(awk '/待处理事项/ { print $2 }' "$work/out")" = 2 ] ||
	fail "questions: $(cat "$work/out")"
run 0 verify
chinese "$work/out"
aligned "$work/out" "$value"

# --- other ways to ask for Chinese, and for something else ---------------

clinic=(--dir "$work/clinic")
for language in LANG=zh_CN.UTF-8 LANG=zh_CN LC_MESSAGES=zh_CN.UTF-8 \
	"LC_ALL=C.UTF-8 LANGUAGE=zh_CN:en"; do
	# shellcheck disable=SC2086
	env -u LC_ALL $language "$YIZHAN" "${clinic[@]}" status >"$work/out"
	has 仅存本机 "$work/out"
done
for language in LC_ALL=C.UTF-8 LANG=en_US.UTF-8 \
	"LC_ALL=C.UTF-8 LANGUAGE=en:zh_CN"; do
	# shellcheck disable=SC2086
	env -u LC_ALL $language "$YIZHAN" "${clinic[@]}" status >"$work/out"
	has 'saved here only' "$work/out"
done
# For programs nothing changes but the messages.
zh "$YIZHAN" "${clinic[@]}" status --json >"$work/out"
[ "$(field saved_here <"$work/out")" = 7 ] || fail "$(cat "$work/out")"

# --- the agent's own words -----------------------------------------------

expect 0 zh "$YIZHAND" --help >"$work/out"
has 用法 "$work/out"
has 退出码 "$work/out"
expect 1 zh "$YIZHAND" --dir "$work/none" 2>"$work/said"
chinese "$work/said"
printf '[agent]\nparnt = hub:7270\n' >"$work/bad.conf"
expect 1 zh "$YIZHAND" --config "$work/bad.conf" --check-config 2>"$work/said"
chinese "$work/said"
has '第 2 行' "$work/said"
echo "Chinese: good"

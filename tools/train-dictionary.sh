#!/bin/bash
# Make sync/dictionary.bin anew from invented text and records. The seeds here
# are never used in a measurement. A new dictionary is a new protocol: both
# ends must have the same.
#
# usage: tools/train-dictionary.sh BUILD_FOLDER
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: tools/train-dictionary.sh BUILD_FOLDER}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
texts=$root/tools/dictionary

python3 -B "$texts/content.py" --out "$folder/content.ndjson"
python3 -B "$texts/samples.py" --seed 904 --count 280 --drugs 20 \
	--out "$folder/samples.ndjson"
fill() {
	"$build/cli/yizhan" --dir "$folder/store" init --role hub
	for name in content samples; do
		"$build/cli/yizhan" --dir "$folder/store" import --source his \
			"$folder/$name.ndjson"
	done
}
# It warns of drugs that the samples' list leaves out.
fill >"$folder/log" 2>&1 || {
	cat "$folder/log" >&2
	exit 1
}
"$build/tools/train_dictionary" "$folder/store" "$root/sync/dictionary.bin"

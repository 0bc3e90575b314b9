#!/bin/bash
# Make sync/dictionary.bin anew from generated records. The seeds here are
# never used in a measurement. A new dictionary is a new protocol: both ends
# must have the same.
#
# usage: tools/train-dictionary.sh BUILD_FOLDER
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: tools/train-dictionary.sh BUILD_FOLDER}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$build/cli/yizhan" --dir "$folder/store" init --role hub >/dev/null
for seed in 901 902 903; do
	python3 "$root/tests/corpus/generate.py" --seed "$seed" --townships 1 \
		--villages 6 --residents 1500 --days 40 --visits-per-day 120 \
		--out "$folder/$seed"
	for name in reference residents devices contracts; do
		cat "$folder/$seed/$name.ndjson"
	done >"$folder/$seed.ndjson"
	cat "$folder/$seed"/day-*.ndjson >>"$folder/$seed.ndjson"
	"$build/cli/yizhan" --dir "$folder/store" import --source "t$seed" \
		"$folder/$seed.ndjson" >/dev/null || [ $? -eq 6 ]
done
"$build/tools/train_dictionary" "$folder/store" "$root/sync/dictionary.bin"

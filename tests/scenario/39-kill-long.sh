#!/bin/bash
# Goal: 2,000 rounds of kill -9, half of them of the clinic, half of the hub, on
# other seeds than the short ones'.
set -euo pipefail
for seed in 11 12 13 14 15; do
	for victim in clinic hub; do
		python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/kill_rounds.py" \
			--victim "$victim" --rounds 200 --seed "$seed" --check 50
	done
done

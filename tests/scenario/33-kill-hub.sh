#!/bin/bash
# Goal: kill -9 of the hub at any moment of a sync, and right after one that
# said done, a hundred times: what was called done is there.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/kill_rounds.py" \
	--victim hub --rounds "${ROUNDS:-100}" --seed "${SEED:-1}"

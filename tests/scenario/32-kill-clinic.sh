#!/bin/bash
# Goal: kill -9 of a clinic's command or agent at any moment of a save or a sync,
# a hundred times, loses nothing that was answered as saved, doubles nothing,
# and nothing was called done that the hub does not hold.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/kill_rounds.py" \
	--victim clinic --rounds "${ROUNDS:-100}" --seed "${SEED:-1}"

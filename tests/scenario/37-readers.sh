#!/bin/bash
# Goal: commands that only read, in a loop at the hub and the clinic while syncs
# and imports run, change nothing and always answer.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/readers.py"

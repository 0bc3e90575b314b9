#!/bin/bash
# Goal: an agent that is killed between "saved" and its sync syncs by itself when
# it is started again.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/links.py" saved-then-killed

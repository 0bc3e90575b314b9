#!/bin/bash
# Goal: a clinic whose directory was put back from an older copy, or runs twice,
# goes on recording: no record of either history is lost, none is there twice,
# and references lead where they led.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/restored.py"

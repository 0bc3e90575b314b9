#!/bin/bash
# Goal: 46-big-input with a million lines, new records half of them, and one
# line of a gigabyte.
set -euo pipefail

export BIG_LINES=${BIG_LINES:-1000000} BIG_LINE_MB=${BIG_LINE_MB:-1000}
export BIG_WHAT=new YIZHAN_MAP_MIB=${YIZHAN_MAP_MIB:-8192}
exec "$BASH" "$YIZHAN_SOURCE_ROOT/tests/scenario/46-big-input.sh"

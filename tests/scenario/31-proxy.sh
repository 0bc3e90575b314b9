#!/bin/bash
# Goal: the proxy that the other scenarios trust cuts where it says, delays,
# drains, turns deaf, refuses and counts.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/proxy_test.py"

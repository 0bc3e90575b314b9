#!/bin/bash
# Goal: a hub that falls silent after the connection, after the handshake, before
# its end or before the bye is never taken for a success.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/links.py" silent

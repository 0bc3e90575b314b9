#!/bin/bash
# Goal: through windows of eight seconds at 64 kbit/s, with delay, loss and cuts, a
# backlog reaches the hub whole, and nothing of it twice.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/links.py" windows

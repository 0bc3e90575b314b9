#!/bin/bash
# Goal: a second session beside a dying one whose bytes still arrive, a slow link,
# two clinics that are cut all the time, and cuts at the very end of a session:
# nothing lost, nothing twice, no false done.
exec python3 "$YIZHAN_SOURCE_ROOT/tests/scenario/links.py" \
	dying two-clinics slow refused last-bytes

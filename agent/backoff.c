/* backoff: when to try the parent again. */

#include "agent/backoff.h"

bool
backoff_is_lasting(enum reason reason)
{
	switch (reason) {
	case REASON_NOT_ENROLLED:
	case REASON_REVOKED:
	case REASON_VERSION:
	case REASON_LOG:
	case REASON_FORK:
	case REASON_INVITE:
		return true;
	default:
		return false;
	}
}

/* 0 .. span, evenly enough for spreading. */
static uint64_t
share(uint64_t span, uint32_t chance)
{
	return (span + 1) * chance >> 32;
}

uint64_t
backoff_wait_ms(unsigned failures, enum reason reason, uint32_t chance)
{
	uint64_t wait =
	    backoff_is_lasting(reason) ? BACKOFF_LASTING_MS : BACKOFF_MIN_MS;

	while (failures > 1 && wait < BACKOFF_MAX_MS) {
		wait *= 2;
		failures--;
	}
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	return wait / 2 + share(wait - wait / 2, chance);
}

uint64_t
backoff_spread_ms(uint64_t interval_ms, uint32_t chance)
{
	uint64_t tenth = interval_ms / 10;

	return interval_ms - tenth + share(2 * tenth, chance);
}

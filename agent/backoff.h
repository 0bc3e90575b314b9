/* backoff: when to try the parent again. Pure: chance is an argument.
 *
 * After failures the wait doubles from BACKOFF_MIN_MS to BACKOFF_MAX_MS, and
 * chance spreads it: when a hub comes back, its sites must not all knock in
 * the same second.
 */

#ifndef YIZHAN_AGENT_BACKOFF_H
#define YIZHAN_AGENT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/message.h"

enum {
	BACKOFF_MIN_MS = 2 * 1000,
	BACKOFF_MAX_MS = 5 * 60 * 1000,
	/* A reason only a person can mend (revoked, not enrolled, another
	 * version) begins here: knocking every 2 s would cost the link. */
	BACKOFF_LASTING_MS = 60 * 1000,
};

/**
 * Milliseconds to wait after that many failures in a row (1 or more), for
 * the reason of the last one: half of the doubled wait for sure, the other
 * half by chance. Within BACKOFF_MIN_MS / 2 .. BACKOFF_MAX_MS.
 */
uint64_t backoff_wait_ms(
    unsigned failures, enum reason reason, uint32_t chance);

/** Whether only a person can mend it, here or at the parent: neither waiting
 * nor another link will. */
bool backoff_is_lasting(enum reason reason);

/** An interval, a tenth longer or shorter by chance. */
uint64_t backoff_spread_ms(uint64_t interval_ms, uint32_t chance);

#endif

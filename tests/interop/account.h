/* account: what happened in sessions, as the C side saw it, as JSON.
 *
 * The linker sends calls of the session's and of the consume functions through
 * account.c (-Wl,--wrap), which passes them on and takes notes. Test keys
 * only: every secret is written down.
 */

#ifndef YIZHAN_TESTS_INTEROP_ACCOUNT_H
#define YIZHAN_TESTS_INTEROP_ACCOUNT_H

#include "tests/sim/world.h"

/** The next session is written down under this name, after where both sides
 * stand. clinic NULL: it has not joined. */
void account_next(const char *name, struct site *hub, struct site *clinic);
/** The clinic no longer stands where the session before left it. */
void account_put_back(void);
/** It is over. */
void account_end(void);
/** Sessions are not written down until the next account_next(). */
void account_stop(void);
/** Bytes of the sessions to come; 0: no bound. */
void account_bound(uint64_t bytes_max);
/** All of it into a file; false: that failed. Forgets it. */
bool account_write(const char *path);

#endif

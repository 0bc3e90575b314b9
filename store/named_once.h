/* named_once: what a record names once and for all, where a word on it opens
 * files: the two entries of a link, and whom a referral, a request, a
 * consultation or a contract is about. Another link, `--reassign`, or another
 * record in the place of one that is closed says the rest.
 */

#ifndef YIZHAN_STORE_NAMED_ONCE_H
#define YIZHAN_STORE_NAMED_ONCE_H

#include "store/kind.h"

/** Refuse what would name another: given beside what the record says. What was
 * not named yet may be. */
void named_once_check(const struct kind *k, const json_t *before,
    const json_t *given, struct findings *out);

#endif

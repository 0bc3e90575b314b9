/* arrival_say: which arrivals belong to a referral, and what the hub says of
 * either.
 *
 * An arrival is joined to the one referral of its number that was addressed to
 * who registered it. What is said follows from what others than the machine
 * said of those that bear the number, and is taken back where it follows no
 * more.
 */

#ifndef YIZHAN_STORE_ARRIVAL_SAY_H
#define YIZHAN_STORE_ARRIVAL_SAY_H

#include "store/arrival.h"

/* A referral, or an arrival that was registered by a number alone. */
struct slip {
	struct record record;
	struct record said; /* as if the machine had said nothing */
	struct record_set set;
	bool is_stub; /* nobody began it with more than the number */
};

/* Those that bear one number. */
struct slips {
	bool is_crowded; /* more bear the number than are looked at */
	size_t count;
	struct slip of[ARRIVAL_RECORDS_MOST + 1];
};

/** Read one. ERR_NOT_FOUND, ERR_LIMIT, ERR_CORRUPT as of record_gather().
 * slip_clear(out) after ERR_OK. */
enum err slip_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct slip *out);
void slip_clear(struct slip *s);
/** Of calloc(); NULL: nothing. */
void slips_free(struct slips *s);

/** Whether people say that it bears the number. */
bool slip_bears(const struct slip *s, const char *number);

/** Whether r is an arrival that the hub joined, not a person: people may go on
 * with it. ERR_CORRUPT, ERR_NOMEM. */
enum err arrival_is_joined(struct txn *t, const struct record *r,
    const uint8_t key[KEY_RECORD_BYTES], bool *out);

/** Say of one what follows from all, where its record does not say so yet: in
 * the name of who registered the arrival. */
enum err arrival_say(struct txn *t, const struct self *self,
    const struct slips *all, const struct slip *one, int64_t now);

#endif

/* looked: who read a resident's record, and what is one reading.
 *
 * Each reading by name or ref leaves a record of kind audit. Those held here
 * are found by the resident. Readings of one record by one person on one
 * ground follow each other while a patient is seen; those within 15 minutes of
 * the first are that one.
 */

#ifndef YIZHAN_STORE_LOOKED_H
#define YIZHAN_STORE_LOOKED_H

#include "store/record.h"
#include "store/signin.h"

enum {
	LOOKED_ONCE_MS = 15 * 60 * 1000,
	LOOKED_RESIDENTS_MAX = 32, /* that are noted one by one */
};

/* Of whom what is shown tells: for a record: the resident itself, or those it
 * names as its own. A guardian, named by the way, is none of them. */
struct looked_whom {
	size_t count;
	struct identity resident[LOOKED_RESIDENTS_MAX];
};

/** Add whom a record is about, each once, by way of what it follows (a service
 * its contract) where it names nobody; ERR_OK, also where that is nobody.
 * count is 0 to begin with. */
enum err looked_whom(
    struct txn *t, const struct record *r, struct looked_whom *out);
/** Add the entry of a key and those linked to it, as far as they are here. */
enum err looked_linked(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct looked_whom *out);
/** Whether records of this kind are about residents. */
bool looked_is_about(const struct kind *k);

/** Note what a merged change says; record_key is of its record. */
enum err looked_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

/** Called per record of kind audit or disclosure; r lives until it returns.
 * Other than ERR_OK ends the walk and is returned. */
typedef enum err looked_visit(void *context, const struct record *r);
/** All readings of a resident's record that are known here, and what was given
 * of it to whom, in no order. A key of zeros: readings of many at once. */
enum err looked_walk(struct txn *t, const uint8_t resident[KEY_RECORD_BYTES],
    looked_visit *visit, void *context);

/** Whether a reading, told by a text that is the same for the same reading,
 * is one with an earlier one of this user. */
bool looked_is_known(struct txn *t, uint32_t uid, const char *reading,
    const struct signin_time *now);
/** From now on it is. */
enum err looked_remember(struct txn *t, uint32_t uid, const char *reading,
    const struct signin_time *now);
/** Nothing of this user's is one with what comes (another signs in). */
enum err looked_forget(struct txn *t, uint32_t uid);

#endif

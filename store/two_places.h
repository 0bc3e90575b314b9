/* two_places: one person who saw patients at two organisations within a
 * quarter of an hour (多点执业).
 *
 * Sites are kilometres apart, so one of the two encounters bears a wrong time,
 * organisation or author, or two people share a sign-in. It is asked about and
 * blocks nothing; it may be true. Whoever holds both encounters finds it, in
 * whatever order they come; as soon as one says otherwise the question ends.
 */

#ifndef YIZHAN_STORE_TWO_PLACES_H
#define YIZHAN_STORE_TWO_PLACES_H

#include "store/key.h"

enum {
	TWO_PLACES_SECONDS = 15 * 60,
	/* What is written down later than that is a register's history. */
	TWO_PLACES_LATE_SECONDS = 60 * 24 * 60 * 60,
};

/** Note what a merged change says; record_key is of its record. */
enum err two_places_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

#endif

/* keeper: who kept a resident's file, or owned a device, as far as its own
 * changes say it rightly.
 *
 * Whoever may write a record may name a keeper in it, also himself. Such a
 * word counts as what the record shows (merge.h), and gives no right: it was
 * right only if it began the file, if the group said it, or if its author's
 * org kept the file in what he had seen. What the group set aside was not.
 * A township keeps for its villages, and they for it; whoever is above keeps
 * for all below, but a township not for the hospital above.
 */

#ifndef YIZHAN_STORE_KEEPER_H
#define YIZHAN_STORE_KEEPER_H

#include "store/graph.h"
#include "store/record.h"

enum keeper_says {
	KEEPER_UNKNOWN, /* nobody is named, or not all of it is here */
	KEEPER_YES,
	KEEPER_NO,
};

/** The field that names it: of a resident, a device; else NULL. */
const char *keeper_field(const char *kind);

/** What only the keeper says besides, NULL at the end: of a device, what its
 * owner allows others and when its metrology is due. */
const char *const *keeper_own_fields(const char *kind);
/** Whether a change sets any of them. */
bool keeper_sets_own(const struct change *c);

/** Whether `above` is this org or stands above it. */
bool keeper_is_above(struct txn *t, const char *above, const char *org);

/** Whether who is named as keeper (NULL or "": nobody) is the org, or stands
 * below it, or above it as a township or village; unknown too where that is not
 * known of one above. */
enum keeper_says keeper_is(struct txn *t, const char *keeper, const char *org);

/** Whether a change was made by the group's node; only that can tell. */
bool keeper_is_group(
    struct txn *t, const struct self *self, const struct change *c);

/* A word about the keeper; its place, and how many changes it had seen. */
struct keeper_word {
	size_t at, before;
};

/* The words about one record's keeper. */
struct keeper {
	struct txn *t;
	const struct record_set *set;
	const char *field;
	struct graph graph; /* of the same places as set */
	uint8_t *begun;     /* enum begun */
	bool *is_void;      /* names a keeper without right */
	bool *lacks;        /* something that it had seen is not here */
	bool *is_doubted;   /* begins it, as another org says it did, and names
	                       another keeper, or one where that names nobody
	                       (begun.h); or its author was named only by such a
	                       word */
	bool is_begun_unnamed; /* a beginning names nobody */
	size_t word_count;
	struct keeper_word *words; /* those with less before them first */
	size_t *seen;              /* scratch: places of words */
};

/** Weigh the words of a set by record_gather(), which must outlive it.
 * keeper_close() after ERR_OK. ERR_NOMEM. */
enum err keeper_open(struct keeper *k, struct txn *t, const struct self *self,
    const struct record_set *set, const char *field);
void keeper_close(struct keeper *k);

/** Whether the org of change i kept it in what its author had seen. A change
 * without parents is held against itself. */
enum keeper_says keeper_then(const struct keeper *k, size_t i);

/** Whether all that names the org of change i the keeper, in what its author
 * had seen, is in doubt: keeper_then() does not know, and no more is to come
 * that would tell by itself. */
bool keeper_in_doubt(const struct keeper *k, size_t i);

/** Whether change i names another keeper than its author had seen; where that
 * was in doubt, than one of those he had seen. Of a beginning in doubt: whether
 * it names one where another beginning names nobody. */
bool keeper_takes(const struct keeper *k, size_t i);

/** Whether change i may say what is the keeper's alone to say: the group's may,
 * and what surely began the record; else its org has to be the one that was
 * named rightly in what its author had seen, or above it. While nobody was, it
 * is who surely brought the record along, or whom he named. One below the
 * keeper may not, nor may anybody while all that he had seen is in doubt. */
bool keeper_may_say(const struct keeper *k, const struct self *self, size_t i);

/** Whether the org might ever have said so, whatever the author of a change had
 * seen. */
bool keeper_might_ever_say(const struct keeper *k, const char *org);

/** Whether all that change i had seen is here. */
bool keeper_sees_all(const struct keeper *k, size_t i);

/** Whether the org was ever named rightly: late work of an old site counts.
 * What is in doubt gives nobody a right. */
enum keeper_says keeper_ever(const struct keeper *k, const char *org);

#endif

/* training: a dictionary for the group's streams, made of what its own
 * records have in common (store/census.h) after what the shipped one holds.
 *
 * No body in it is anybody's: each is put together of parts that many
 * records have, one after the other, with references, times and slip numbers
 * that stand for none.
 */

#ifndef YIZHAN_STORE_TRAINING_H
#define YIZHAN_STORE_TRAINING_H

#include "store/census.h"
#include "sync/dictionary.h"

enum {
	TRAINING_HELD_OUT = 10,  /* every tenth record is measured on */
	TRAINING_MEASURED = 240, /* records, at most */
	TRAINING_BODIES_MAX = 2000,
};

struct trained {
	struct buffer dictionary; /* buffer_free() it */
	char org[64 + 1];         /* the group's first org; "" none known */
	uint64_t records;         /* counted */
	uint64_t atoms;           /* phrases, values, kinds of records found */
	uint64_t measured;        /* records held out */
	uint64_t bytes_before;    /* they take with the shipped dictionary */
	uint64_t bytes_after;     /* and with this one */
};

/** Called now and then; true: stop, with ERR_CLOSED. */
typedef bool training_stop(void *context);

/**
 * Read the records held, in short transactions, and make one of at most
 * max bytes. ERR_NOT_FOUND: too little is common. ERR_LIMIT: more names than
 * can be kept out. ERR_CLOSED; errors of export_records().
 */
enum err training_make(struct db *db, size_t max, training_stop *stop,
    void *context, struct trained *out);

/** Append the characters of these bodies, the commonest first, as
 * dictionary_make() wants them. ERR_NOMEM. */
enum err training_characters(
    const struct bytes *bodies, size_t count, struct buffer *out);

#endif

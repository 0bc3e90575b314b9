/* record: changes as stored, and records read from them. */

#ifndef YIZHAN_STORE_RECORD_H
#define YIZHAN_STORE_RECORD_H

#include "store/key.h"
#include "store/merge.h"
#include "store/self.h"

/* A change as it lies in the store. */
struct stored {
	uint16_t apart; /* 0: merged; else the finding it is kept apart for */
	uint16_t month; /* of the salt its commitment used */
	uint64_t fingerprint; /* 0: made before joining */
	struct buffer value;  /* owns the memory of body */
	struct bytes body;
};

void stored_init(struct stored *s);
void stored_free(struct stored *s);
/** ERR_NOT_FOUND, ERR_CORRUPT. s keeps its memory for the next call. */
enum err stored_read(
    struct txn *t, const struct change_id *id, struct stored *s);
enum err stored_write(struct txn *t, const struct change_id *id, uint16_t apart,
    uint16_t month, uint64_t fingerprint, const void *body, size_t body_bytes);

/** Called per merged change of a record, in the order of their ids. Other than
 * ERR_OK ends the walk and is returned; ERR_END ends it well. */
typedef enum err record_visit(void *context, const struct change_id *id);
/** Costs no reading of the changes. ERR_CORRUPT, ERR_IO. */
enum err record_walk(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    record_visit *visit, void *context);
/** How many there are; counts no further than `most`. */
enum err record_changes(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    size_t most, size_t *out);

/** Whether any merged change of this record is here. */
bool record_exists(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);

/** Append the keys of all records of a kind that are here, each once: who goes
 * through them may write what he likes. ERR_NOMEM, ERR_IO. */
enum err record_keys(struct txn *t, const char *kind, struct buffer *out);

/** Whether any record of this kind is here. */
bool record_any(struct txn *t, const char *kind);

/**
 * Read and merge a record. ERR_NOT_FOUND: no change of it is here.
 * ERR_CORRUPT: one of its changes cannot be read. record_clear(out) later.
 */
enum err record_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct record *out);

/* The changes of one record, decoded. */
struct record_set {
	struct change *change;
	struct merge_input *input; /* of the same places */
	size_t count, capacity;
	struct graph
	    *graph; /* of kin.h, of the same places; NULL: one change */
};

/**
 * Read a record's changes. ERR_NOT_FOUND: none is here, or it is emptied
 * (emptying.h). ERR_LIMIT: more than `most`. ERR_CORRUPT. record_set_free(out)
 * after ERR_OK.
 */
enum err record_gather(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    size_t most, struct record_set *out);
void record_set_free(struct record_set *s);

/**
 * Find a record by what a person types: kind and ref (of the group, or of this
 * store's own source, then of the sources imported here, then of any), ref and
 * source as REF@SOURCE, or a slip number. ERR_NOT_FOUND. ERR_CLASH: of none of
 * the first two, and several bear the ref: which is meant has to be told.
 */
enum err record_find(struct txn *t, const struct self *self, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES]);

/** The same of what a form says of its record: no source stands behind a ref,
 * and of several sources imported here the one first used is meant. */
enum err record_find_named(struct txn *t, const struct self *self,
    const char *kind, const char *ref, uint8_t key[KEY_RECORD_BYTES]);

/** One JSON object in exchange format v1; NULL: no memory. Drafts too. */
json_t *record_to_json(const struct record *r);

/* --- drafts: local, without a number, never sent --- */

/** Replace the draft of a record. */
enum err draft_write(struct txn *t, const struct change *draft);
/** As a record; ERR_NOT_FOUND. */
enum err draft_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct record *out);
enum err draft_delete(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);

/* --- sources seen here, in the order of first use --- */

enum { SOURCES_MAX = 64 };
struct source_names {
	size_t count;
	char names[SOURCES_MAX][SOURCE_BYTES_MAX + 1];
};
enum err sources_read(struct txn *t, struct source_names *out);
/** Add a name if it is new. ERR_LIMIT: too many, or too long. */
enum err sources_add(struct txn *t, const char *name);

#endif

/* dense_state: what the dense*.c files share; private to them.
 *
 * Each code_*() call works in both directions: it is given a value and gives
 * one back, the same when coding or learning, the decoded one when decoding.
 */

#ifndef YIZHAN_SYNC_DENSE_STATE_H
#define YIZHAN_SYNC_DENSE_STATE_H

#include "sync/dense.h"
#include "sync/limits.h"

enum {
	DENSE_BEFORE = 4096,     /* values remembered, one a path */
	DENSE_NUMBERED = 512,    /* references remembered, one a path and org */
	DENSE_NUMBERED_MAX = 48, /* bytes of one, with a final zero */
	DENSE_DEPTH_MAX = 16,    /* values within values, as in store.md */
	DENSE_ENTRIES_MAX = 512,
	DENSE_PARENTS_MAX = 32,
	DENSE_LINK_BYTES = LIFE_BYTES + 4, /* a parent in another life */
};

/* A reference with a number in it, so that the next can be told by how much
 * it is further. */
struct numbered {
	uint32_t key; /* of path and org */
	char text[DENSE_NUMBERED_MAX];
};

struct dense {
	struct model *model;
	struct alphabet alphabet;
	/* Of the change before. */
	int64_t occurred_at, recorded_at;
	uint32_t kind;
	/* Of the present one, as hashes: what contexts are made of. */
	uint32_t author, org;
	uint32_t subject;     /* the first reference among its fields */
	uint32_t record;      /* the fields it had so far */
	uint32_t key;         /* the first value of the present row */
	uint32_t last, last2; /* the values before */
	uint32_t before[DENSE_BEFORE]; /* the last value at a path */
	struct numbered numbered[DENSE_NUMBERED];
	/* Under way. */
	struct reader in;  /* the body being coded or learned */
	struct buffer *to; /* decoding: the body's buffer */
	size_t begin, max; /* where it begins in there, and its limit */
	enum err fault;
};

#define dense_hash model_hash

bool dense_is_decoding(const struct dense *d);
/** A symbol at a path; salt keeps symbols at one path apart. */
unsigned dense_symbol(struct dense *d, enum model_kind kind, uint32_t path,
    uint32_t salt, unsigned bits, unsigned symbol);
uint64_t dense_number(
    struct dense *d, uint32_t path, uint32_t salt, uint64_t value);
/** The same for a number that may be negative. */
int64_t dense_signed(
    struct dense *d, uint32_t path, uint32_t salt, int64_t value);
/** A string at a path: text, or a reference. When coding, *text is what to
 * code; it comes back as what stands in *room. False: a fault. */
bool dense_string(struct dense *d, uint32_t path, enum model_kind kind,
    const struct bytes *text, struct buffer *room);
/** The fields of a body: the object at its end. */
bool dense_fields(struct dense *d, uint32_t path);
/** Whether a body can be taken apart and would come back byte by byte. */
bool dense_is_regular(const void *body, size_t size);

#endif

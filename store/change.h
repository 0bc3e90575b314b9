/* change: one immutable fact, and the bytes it is hashed, stored and sent as.
 *
 * The body is canonical: made once by its author, kept verbatim by everybody
 * (docs/store.md, "Change body"). Fields with numbers this version does not
 * know decode under the name "#N" and encode back to N.
 */

#ifndef YIZHAN_STORE_CHANGE_H
#define YIZHAN_STORE_CHANGE_H

#include <jansson.h>

#include "store/kind.h"
#include "sync/source.h"

enum {
	CHANGE_PARENTS_MAX = 32,
	SOURCE_BYTES_MAX = 64,
	KIND_BYTES_MAX = 64,
	REF_BYTES_MAX = 800, /* 200 characters of UTF-8 */
	FIELD_NAME_BYTES_MAX = 128,
	VALUE_DEPTH_MAX = 16,
	FINGERPRINT_LINK_BYTES = 4,
};

enum clock_state { CLOCK_OK = 0, CLOCK_SUSPECT = 1, CLOCK_CONFIRMED = 2 };

/* What a record is called: by whose software, what, and how. */
struct identity {
	char source[SOURCE_BYTES_MAX + 1]; /* "" for the group's own kinds */
	char kind[KIND_BYTES_MAX + 1];
	char ref[REF_BYTES_MAX + 1];
};

struct parent {
	struct change_id id;
	/* Of a parent in another life: the first bytes of its fingerprint;
	 * all zero where its author could not compute it yet. */
	uint8_t link[FINGERPRINT_LINK_BYTES];
};

struct change {
	struct change_id id;
	struct identity record;
	bool founds; /* the record is made by this change and named after it:
	                the ref is derived from id and not in the body */
	size_t parent_count;
	struct parent parents[CHANGE_PARENTS_MAX];
	char by[REF_BYTES_MAX + 1];  /* author: ref of a staff record */
	char org[REF_BYTES_MAX + 1]; /* acting org */
	bool managing;               /* made as the record's managing org */
	enum clock_state clock;
	int64_t occurred_at; /* seconds since 1970, said by the person */
	int64_t recorded_at; /* by the node's clock */
	json_t *fields;      /* changed fields; null: cleared */
};

void change_init(struct change *c);
/** Frees what it holds; may be used again after change_init(). */
void change_clear(struct change *c);

/**
 * Append the canonical body; whatever is encoded also decodes. ERR_LIMIT: over
 * CHANGE_BYTES_MAX, too deep, or a name too long. ERR_FORMAT: a value that
 * cannot be told (a number that is not finite, text that is not UTF-8), no
 * kind or ref, or "#N" for a field or kind that has a name here.
 */
enum err change_encode(const struct change *c, struct buffer *out);

/**
 * Decode a body; c->id must be set and is used for parents of the same life
 * and the ref of a founding change. ERR_FORMAT: not canonical; ERR_LIMIT;
 * ERR_VERSION: a newer body format; ERR_NOMEM. On error c is cleared.
 */
enum err change_decode(struct change *c, const void *body, size_t size);

/** Number of the kind a body's record has; 0: it has a name only, or the body
 * cannot be read. */
uint16_t change_kind_number(const void *body, size_t size);

/** "~" life in hex "-" class "-" seq: the ref of a record made here. */
void change_founded_ref(const struct change_id *id, char *out, size_t size);
/** What that prints behind its "~": "0123456789abcdef-2-17". False: text is
 * none, or written otherwise. The class may be one that no change has. */
bool change_id_parse(const char *text, struct change_id *out);

/**
 * Canonical bytes of an object of fields for hashing and comparing: the
 * encoding change bodies use. Reals equal as decimals of 15 digits give equal
 * bytes, those of a whole number too; integers stay as they are. table may be
 * NULL.
 */
enum err fields_encode(
    const struct field *table, const json_t *fields, struct buffer *out);
enum err fields_decode(
    const struct field *table, const void *data, size_t size, json_t **out);

/** Seconds since 1970 of YYYY-MM-DDThh:mm:ss+08:00; ERR_FORMAT. */
enum err instant_parse(const char *text, size_t size, int64_t *out);
/** Into out[26]: with NUL. Years 0000 to 9999 only, else ERR_LIMIT. */
enum err instant_print(int64_t seconds, char out[26]);

#endif

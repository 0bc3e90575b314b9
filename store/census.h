/* census: what is common in the group's records, and nothing that is not.
 *
 * Counts phrases, values and which fields stand together, over records of
 * residents. What comes out was said of at least CENSUS_RESIDENTS residents by
 * at least CENSUS_AUTHORS authors, stands in a field that is on a list of
 * fields (free text about the illness, codes, measurements), holds no run of
 * six digits, and no name, phone, address or number of anybody known here.
 * docs/decisions/0021 says why that is enough.
 */

#ifndef YIZHAN_STORE_CENSUS_H
#define YIZHAN_STORE_CENSUS_H

#include <jansson.h>

#include "store/db.h"
#include "store/kind.h"

enum {
	CENSUS_RESIDENTS = 5,
	CENSUS_AUTHORS = 2,
	CENSUS_DIGITS = 6,          /* in a row: too many */
	CENSUS_CHARS_MAX = 40,      /* of a phrase */
	CENSUS_ATOMS_MAX = 1 << 18, /* counted; others are passed over */
	CENSUS_NAMES_MAX = 1 << 21,
};

enum census_sort {
	CENSUS_PHRASE, /* text between two marks, in a field of text */
	CENSUS_VALUE,  /* a value of a field, or a row of it, as JSON */
	CENSUS_FIELDS, /* the names of a record's fields, as a JSON array;
	                  field 0 */
};

struct atom {
	enum census_sort sort;
	uint16_t kind, field;
	uint32_t count; /* how often */
	const char *text;
};

struct census;

/** db lends the key that people's references are hashed with. ERR_NOMEM. */
enum err census_new(struct census **out, const struct db *db);
/** Wipes what it counted. NULL is allowed. */
void census_free(struct census *c);

/** Note what nobody is to read in a dictionary: the names, numbers and
 * addresses in a record, which is in exchange format. ERR_NOMEM; ERR_LIMIT:
 * more than can be kept apart, so nothing may be made of it. */
enum err census_note_names(struct census *c, const json_t *record);
/** Count a record. Those that are not of a resident are passed over. */
enum err census_count(struct census *c, const json_t *record);

/** After all of them: what is left, by sort, kind, field, then the rarest
 * first. ERR_NOMEM. The list lives as long as the census. */
enum err census_result(
    struct census *c, const struct atom **out, size_t *count);

#endif

/* census_text: text cut into phrases, and names kept out of them. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/census_text.h"
#include "sync/alphabet.h"

enum {
	NAMES_FIRST = 1 << 12,
	NAME_CHARS_MIN = 2,
	NAME_CHARS_MAX = 64, /* longer ones are noted by their beginning */
	PHRASE_CHARS_MIN = 2,
};

/* --- phrases ----------------------------------------------------------- */

/* What parts one phrase from the next. */
static bool
is_mark(uint32_t point)
{
	static const uint32_t marks[] = {',', ';', ':', '\n', '\r', '\t', '!',
	    '?', '|', 0x3001, 0x3002, 0xff0c, 0xff1b, 0xff1a, 0xff01, 0xff1f,
	    0x2026, 0x2014};
	size_t i;

	for (i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (marks[i] == point)
			return true;
	return false;
}

enum err
census_phrases(const char *text, census_phrase *give, void *context)
{
	struct bytes all = {(const uint8_t *)text, strlen(text)};
	size_t at = 0, begin = 0, chars = 0;
	enum err e = ERR_OK;

	while (e == ERR_OK && begin < all.size) {
		size_t here = at;
		uint32_t point = ',';

		if (at < all.size && !alphabet_next(&all, &at, &point))
			return ERR_OK; /* no text */
		if (here < all.size && !is_mark(point)) {
			chars++;
			continue;
		}
		if (chars >= PHRASE_CHARS_MIN && chars <= CENSUS_CHARS_MAX)
			e = give(context, text + begin, here - begin);
		begin = at > begin ? at : all.size;
		chars = 0;
		if (here >= all.size)
			break;
	}
	return e;
}

static bool
is_digit(uint32_t point)
{
	return (point >= '0' && point <= '9') ||
	       (point >= 0xff10 && point <= 0xff19);
}

bool
census_has_long_number(const char *text)
{
	struct bytes all = {(const uint8_t *)text, strlen(text)};
	size_t at = 0, digits = 0, gap = 0;
	uint32_t point;

	while (alphabet_next(&all, &at, &point)) {
		if (is_digit(point)) {
			digits++;
			gap = 0;
		} else if (++gap > 1 || point > 0x7f ||
		           (point >= 'a' && point <= 'z')) {
			digits = 0;
		}
		if (digits >= CENSUS_DIGITS)
			return true;
	}
	return false;
}

/* --- names ------------------------------------------------------------- */

/* Hashes of names; the names themselves are not kept. */
struct census_names {
	const struct db *db;
	uint64_t *hashes; /* open addressing; 0: none */
	size_t slots, used;
	uint64_t lengths; /* bit n: one of n characters is noted */
};

enum err
census_names_new(struct census_names **out, const struct db *db)
{
	struct census_names *n = calloc(1, sizeof *n);

	if (n == NULL)
		return ERR_NOMEM;
	n->db = db;
	n->slots = NAMES_FIRST;
	n->hashes = calloc(n->slots, sizeof *n->hashes);
	if (n->hashes == NULL) {
		free(n);
		return ERR_NOMEM;
	}
	*out = n;
	return ERR_OK;
}

void
census_names_free(struct census_names *n)
{
	if (n == NULL)
		return;
	sodium_memzero(n->hashes, n->slots * sizeof *n->hashes);
	free(n->hashes);
	free(n);
}

static uint64_t *
place_of(uint64_t *hashes, size_t slots, uint64_t hash)
{
	size_t i = (size_t)hash & (slots - 1);

	while (hashes[i] != 0 && hashes[i] != hash)
		i = (i + 1) & (slots - 1);
	return &hashes[i];
}

static enum err
make_room(struct census_names *n)
{
	size_t more = n->slots * 2, i;
	uint64_t *hashes;

	if (n->used * 2 < n->slots)
		return ERR_OK;
	if (n->used >= CENSUS_NAMES_MAX)
		return ERR_LIMIT;
	hashes = calloc(more, sizeof *hashes);
	if (hashes == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n->slots; i++)
		if (n->hashes[i] != 0)
			*place_of(hashes, more, n->hashes[i]) = n->hashes[i];
	free(n->hashes);
	n->hashes = hashes;
	n->slots = more;
	return ERR_OK;
}

static uint64_t
hash_name(const struct census_names *n, const char *text, size_t size)
{
	uint64_t hash = db_blind_hash(n->db, "census-name", text, size);

	return hash == 0 ? 1 : hash;
}

static enum err
note(struct census_names *n, const json_t *value)
{
	const char *text = json_string_value(value);
	struct bytes all = {(const uint8_t *)text, 0};
	size_t at = 0, chars = 0;
	uint32_t point;
	uint64_t *place, hash;
	enum err e;

	if (text == NULL)
		return ERR_OK;
	all.size = strlen(text);
	while (chars < NAME_CHARS_MAX - 1 && alphabet_next(&all, &at, &point))
		chars++;
	if (chars < NAME_CHARS_MIN)
		return ERR_OK;
	e = make_room(n);
	if (e != ERR_OK)
		return e;
	hash = hash_name(n, text, at);
	place = place_of(n->hashes, n->slots, hash);
	if (*place == 0)
		n->used++;
	*place = hash;
	n->lengths |= UINT64_C(1) << chars;
	return ERR_OK;
}

enum err
census_names_note(struct census_names *n, const json_t *record)
{
	static const char *const names[] = {"name", "phone", "id_no", "ehr_no",
	    "household_no", "address", "practice_cert_no", "from_phone",
	    "to_phone", "admission_no"};
	const char *kind = json_string_value(json_object_get(record, "kind"));
	const json_t *contact = json_object_get(record, "contact");
	size_t i;
	enum err e = ERR_OK;

	/* Orgs, teams and drugs have names that anybody may read. */
	if (kind == NULL ||
	    (strcmp(kind, "resident") != 0 && strcmp(kind, "staff") != 0 &&
	        strcmp(kind, "referral") != 0))
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < sizeof names / sizeof names[0]; i++)
		e = note(n, json_object_get(record, names[i]));
	if (e == ERR_OK)
		e = note(n, json_object_get(contact, "name"));
	if (e == ERR_OK)
		e = note(n, json_object_get(contact, "phone"));
	return e;
}

/* Whether a name begins here. */
static bool
is_name_at(const struct census_names *n, const struct bytes *all, size_t from)
{
	size_t at = from, chars = 0;
	uint32_t point;

	while (chars < NAME_CHARS_MAX - 1 && alphabet_next(all, &at, &point)) {
		uint64_t hash;

		chars++;
		if ((n->lengths >> chars & 1) == 0)
			continue;
		hash = hash_name(n, (const char *)all->data + from, at - from);
		if (*place_of(n->hashes, n->slots, hash) == hash)
			return true;
	}
	return false;
}

bool
census_names_is_free(const struct census_names *n, const char *text)
{
	struct bytes all = {(const uint8_t *)text, strlen(text)};
	size_t from = 0;
	uint32_t point;

	if (census_has_long_number(text))
		return false;
	while (from < all.size) {
		if (is_name_at(n, &all, from))
			return false;
		if (!alphabet_next(&all, &from, &point))
			return false; /* no text: not to be trusted */
	}
	return true;
}

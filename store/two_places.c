/* two_places: one person who saw patients at two organisations within a
 * quarter of an hour.
 *
 * Each encounter has a row under its author: blind hash of the author, time,
 * blind hash of the organisation, key of the record; so the neighbours in time
 * stand beside it, and an encounter without such costs one look.
 */

#include <stdio.h>
#include <string.h>

#include "store/blinds.h"
#include "store/question.h"
#include "store/record.h"
#include "store/rules.h"
#include "store/two_places.h"

enum {
	TIME_AT = DB_BLIND_BYTES,
	ORG_AT = TIME_AT + 8,
	RECORD_AT = ORG_AT + 8,
	ROW_BYTES = RECORD_AT + KEY_RECORD_BYTES,
	CHANGES_MAX = 64, /* of one encounter, looked at */
};

/* Nobody is anywhere when the telephone rings. */
static bool
is_by_phone(const json_t *fields)
{
	const char *type = rule_text(fields, "type");

	return type != NULL && strcmp(type, "phone") == 0;
}

static bool
visited_at(const json_t *fields, int64_t *out)
{
	const char *text = rule_text(fields, "visit_at");

	return text != NULL &&
	       instant_parse(text, strlen(text), out) == ERR_OK && *out >= 0;
}

/* --- the pair ---------------------------------------------------------- */

/* Whether two encounters still say so. */
static bool
is_within(const struct record *a, const struct record *b)
{
	int64_t x, y;

	if (rule_state_is(a->fields, "entered_in_error") ||
	    rule_state_is(b->fields, "entered_in_error") ||
	    is_by_phone(a->fields) || is_by_phone(b->fields) ||
	    !visited_at(a->fields, &x) || !visited_at(b->fields, &y))
		return false;
	return (x > y ? x - y : y - x) < TWO_PLACES_SECONDS;
}

/* The same question whichever of the two comes first. */
static enum err
ask(struct txn *t, const struct record *a, const struct record *b)
{
	struct question q = {.type = QUESTION_DUE, .code = FINDING_TWO_PLACES};

	if (strcmp(a->id.ref, b->id.ref) > 0) {
		const struct record *swap = a;

		a = b;
		b = swap;
	}
	snprintf(q.kind, sizeof q.kind, "encounter");
	snprintf(q.ref, sizeof q.ref, "%s", a->id.ref);
	snprintf(
	    q.origin, sizeof q.origin, "%.*s", QUESTION_ORIGIN_MAX, b->id.ref);
	snprintf(q.field, sizeof q.field, "visit_at");
	if (!is_within(a, b))
		return question_drop(t, &q);
	(void)visited_at(b->fields, &q.at);
	return question_put(t, &q);
}

/* What cannot be read is verify's to tell and stops nothing. */
static enum err
judge(struct txn *t, const uint8_t a_key[KEY_RECORD_BYTES],
    const uint8_t b_key[KEY_RECORD_BYTES])
{
	struct record a, b;
	enum err e = record_read(t, a_key, &a);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	e = record_read(t, b_key, &b);
	if (e == ERR_OK) {
		e = ask(t, &a, &b);
		record_clear(&b);
	} else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
		e = ERR_OK;
	}
	record_clear(&a);
	return e;
}

/* --- rows -------------------------------------------------------------- */

static void
row_key(struct txn *t, const struct change *c, int64_t at,
    const uint8_t record_key[KEY_RECORD_BYTES], uint8_t key[ROW_BYTES])
{
	blind_in(t, "visit-author", c->by, strlen(c->by), key);
	store_u64(key + TIME_AT, (uint64_t)at);
	store_u64(key + ORG_AT,
	    blind_hash_in(t, "visit-org", c->org, strlen(c->org)));
	memcpy(key + RECORD_AT, record_key, KEY_RECORD_BYTES);
}

/* The author's neighbours at another organisation. They are gathered first:
 * asking writes. */
static enum err
neighbours(struct txn *t, const uint8_t row[ROW_BYTES], struct buffer *out)
{
	uint64_t at = load_u64(row + TIME_AT);
	uint8_t from[ORG_AT];
	struct walk *w;
	struct bytes key;
	enum err e;

	memcpy(from, row, TIME_AT);
	store_u64(from + TIME_AT,
	    at < TWO_PLACES_SECONDS ? 0 : at - TWO_PLACES_SECONDS + 1);
	e = walk_open(t, TABLE_CODES, from, sizeof from, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == ROW_BYTES && memcmp(key.data, row, TIME_AT) == 0 &&
	       load_u64(key.data + TIME_AT) < at + TWO_PLACES_SECONDS)
		if (memcmp(key.data + ORG_AT, row + ORG_AT, 8) != 0)
			put_bytes(out, key.data + RECORD_AT, KEY_RECORD_BYTES);
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

static enum err
look_around(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t row[ROW_BYTES];
	struct buffer near = {0};
	int64_t at;
	size_t i;
	enum err e;

	if (!visited_at(c->fields, &at) || is_by_phone(c->fields) ||
	    (c->clock != CLOCK_SUSPECT &&
	        c->recorded_at - at > TWO_PLACES_LATE_SECONDS))
		return ERR_OK;
	row_key(t, c, at, record_key, row);
	e = txn_put(t, TABLE_CODES, row, sizeof row, "", 0);
	if (e == ERR_OK)
		e = neighbours(t, row, &near);
	for (i = 0; e == ERR_OK && i < near.size; i += KEY_RECORD_BYTES)
		if (memcmp(near.data + i, record_key, KEY_RECORD_BYTES) != 0)
			e = judge(t, record_key, near.data + i);
	buffer_free(&near);
	return e;
}

/* An amendment: each of its times may have had neighbours. */
static enum err
look_again(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES])
{
	struct record_set set;
	size_t i;
	enum err e = record_gather(t, record_key, CHANGES_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	for (i = 0; e == ERR_OK && i < set.count; i++)
		e = look_around(t, &set.change[i], record_key);
	record_set_free(&set);
	return e;
}

enum err
two_places_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	if (strcmp(c->record.kind, "encounter") != 0)
		return ERR_OK;
	if (c->parent_count == 0)
		return look_around(t, c, record_key);
	if (json_object_get(c->fields, "visit_at") == NULL &&
	    json_object_get(c->fields, "type") == NULL &&
	    !rule_state_is(c->fields, "entered_in_error"))
		return ERR_OK;
	return look_again(t, record_key);
}

/* crowded_held: what is kept apart as one change too many of its record, so
 * that it is found again. A record that is to be looked at stands in the store
 * until it is, as contracts do (contest_settle.h).
 */

#include <string.h>

#include "store/crowded.h"
#include "store/question.h"

static const char held_prefix[] = "crowded.held:";
static const char due_prefix[] = "crowded.due:";

enum {
	HELD_PREFIX_BYTES = sizeof held_prefix - 1,
	DUE_PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = DUE_PREFIX_BYTES + KEY_RECORD_BYTES,
	AT_RECORD = HELD_PREFIX_BYTES,
	AT_BEGINS = AT_RECORD + KEY_RECORD_BYTES,
	AT_CHANGE = AT_BEGINS + 1,
};

static_assert(AT_CHANGE + KEY_CHANGE_BYTES == CROWDED_HELD_BYTES, "a row");

/* The first that a record can have. */
static void
first_row(const uint8_t key[KEY_RECORD_BYTES], uint8_t out[CROWDED_HELD_BYTES])
{
	memset(out, 0, CROWDED_HELD_BYTES);
	memcpy(out, held_prefix, HELD_PREFIX_BYTES);
	memcpy(out + AT_RECORD, key, KEY_RECORD_BYTES);
}

/* --- holding -------------------------------------------------------------- */

enum err
crowded_hold(
    struct txn *t, const struct change *c, const char *origin, int64_t now)
{
	uint8_t row[CROWDED_HELD_BYTES], key[KEY_RECORD_BYTES];
	enum err e;

	key_record_in(t, key, &c->record);
	first_row(key, row);
	row[AT_BEGINS] = c->parent_count > 0;
	key_change(row + AT_CHANGE, &c->id);
	e = txn_put(t, TABLE_META, row, sizeof row, "", 0);
	return e == ERR_OK ? crowded_tell(t, &c->record, origin, now) : e;
}

/* The first row at or after `from` that begins as that does. */
static enum err
find_row(struct txn *t, const uint8_t *from, size_t size, size_t alike,
    size_t row_bytes, uint8_t *out)
{
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_META, from, size, &w);

	if (e != ERR_OK)
		return e;
	e = walk_next(w, &key, NULL);
	if (e == ERR_OK && key.size == row_bytes &&
	    memcmp(key.data, from, alike) == 0)
		memcpy(out, key.data, row_bytes);
	else if (e == ERR_OK || e == ERR_END)
		e = ERR_NOT_FOUND;
	walk_close(w);
	return e;
}

enum err
crowded_held(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t *from, uint8_t out[CROWDED_HELD_BYTES])
{
	uint8_t first[CROWDED_HELD_BYTES];

	first_row(key, first);
	return find_row(t, from == NULL ? first : from, CROWDED_HELD_BYTES,
	    AT_BEGINS, CROWDED_HELD_BYTES, out);
}

void
crowded_held_id(const uint8_t row[CROWDED_HELD_BYTES], struct change_id *out)
{
	key_change_read(out, row + AT_CHANGE);
}

/* What stands before byte `end` of a record's row is a number here. */
static bool
add_one(uint8_t row[CROWDED_HELD_BYTES], size_t end)
{
	while (end-- > AT_BEGINS)
		if (++row[end] != 0)
			return true;
	return false;
}

bool
crowded_held_next(uint8_t row[CROWDED_HELD_BYTES])
{
	return add_one(row, CROWDED_HELD_BYTES);
}

bool
crowded_held_skip(uint8_t row[CROWDED_HELD_BYTES])
{
	size_t end = AT_CHANGE + LIFE_BYTES;

	memset(row + end, 0, CROWDED_HELD_BYTES - end);
	return add_one(row, end);
}

enum err
crowded_release(struct txn *t, const uint8_t row[CROWDED_HELD_BYTES])
{
	return txn_delete(t, TABLE_META, row, CROWDED_HELD_BYTES);
}

/* --- looking again -------------------------------------------------------- */

enum err
crowded_note_due(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t due[DUE_BYTES];

	memcpy(due, due_prefix, DUE_PREFIX_BYTES);
	memcpy(due + DUE_PREFIX_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_META, due, sizeof due, "", 0);
}

enum err
crowded_all_due(struct txn *t)
{
	uint8_t from[CROWDED_HELD_BYTES] = {0};
	enum err e = ERR_OK;

	memcpy(from, held_prefix, HELD_PREFIX_BYTES);
	while (e == ERR_OK) {
		e = find_row(t, from, sizeof from, HELD_PREFIX_BYTES,
		    CROWDED_HELD_BYTES, from);
		if (e == ERR_OK)
			e = crowded_note_due(t, from + AT_RECORD);
		/* One row of each record is enough. */
		memset(from + AT_BEGINS, 0xff, sizeof from - AT_BEGINS);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
crowded_take_due(struct txn *t, uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t due[DUE_BYTES];
	enum err e = find_row(t, (const uint8_t *)due_prefix, DUE_PREFIX_BYTES,
	    DUE_PREFIX_BYTES, DUE_BYTES, due);

	if (e != ERR_OK)
		return e;
	memcpy(key, due + DUE_PREFIX_BYTES, KEY_RECORD_BYTES);
	return txn_delete(t, TABLE_META, due, sizeof due);
}

/* The row of a record with more than is judged stays. */
enum err
crowded_untell(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct change_id id = {.class = 0};
	uint8_t row[CROWDED_HELD_BYTES];
	size_t changes;
	enum err e = crowded_held(t, key, NULL, row);

	if (e != ERR_NOT_FOUND)
		return e;
	e = record_changes(t, key, KIN_MAX + 1, &changes);
	if (e != ERR_OK || changes > KIN_MAX)
		return e;
	memcpy(id.life, key + KEY_RECORD_BYTES - LIFE_BYTES, LIFE_BYTES);
	return question_drop_change(t, QUESTION_CHANGE, &id);
}

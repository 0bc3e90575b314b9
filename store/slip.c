/* slip: from a number on paper to its record. */

#include <string.h>

#include "store/begun.h"
#include "store/index.h"
#include "store/kin.h"
#include "store/record.h"
#include "store/rules.h"
#include "store/slip.h"

static void
slip_key(struct txn *t, const char *slip_no, uint8_t key[DB_BLIND_BYTES])
{
	db_blind(txn_db(t), "slip", slip_no, strlen(slip_no), key);
}

static enum err
first_use(
    struct txn *t, const char *slip_no, uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	enum err e;

	slip_key(t, slip_no, key);
	e = txn_get(t, TABLE_SLIPS, key, sizeof key, &value);
	if (e == ERR_OK && value.size != KEY_RECORD_BYTES)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		memcpy(record_key, value.data, KEY_RECORD_BYTES);
	buffer_free(&value);
	return e;
}

/* An arrival that was registered by the number alone keeps it until what the
 * number was given to is here. */
static bool
gives_way(struct txn *t, const struct change *c, const char *slip_no)
{
	uint8_t holder[KEY_RECORD_BYTES];
	struct record r;
	bool is_stub;

	if (strcmp(c->record.kind, "referral") != 0 || c->parent_count > 0 ||
	    rule_ref(c->fields, "from_org") == NULL ||
	    first_use(t, slip_no, holder) != ERR_OK ||
	    load_u16(holder) != key_kind_number("referral") ||
	    record_read(t, holder, &r) != ERR_OK)
		return false;
	is_stub = rule_ref(r.fields, "from_org") == NULL;
	record_clear(&r);
	return is_stub;
}

enum err
slip_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	const char *slip_no = rule_text(c->fields, "slip_no");
	uint8_t key[DB_BLIND_BYTES];
	enum err e;

	if (slip_no == NULL)
		return ERR_OK;
	slip_key(t, slip_no, key);
	e = txn_has(t, TABLE_SLIPS, key, sizeof key);
	if (e == ERR_OK && !gives_way(t, c, slip_no))
		return ERR_OK;
	return e == ERR_OK || e == ERR_NOT_FOUND
	           ? txn_put(t, TABLE_SLIPS, key, sizeof key, record_key,
	                 KEY_RECORD_BYTES)
	           : e;
}

enum err
slip_free(struct txn *t, const char *slip_no,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES], holder[KEY_RECORD_BYTES];
	enum err e = first_use(t, slip_no, holder);

	if (e != ERR_OK || memcmp(holder, record_key, sizeof holder) != 0)
		return ERR_OK;
	slip_key(t, slip_no, key);
	e = txn_delete(t, TABLE_SLIPS, key, sizeof key);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- what was moved ------------------------------------------------------- */

/* A record, and the change that surely began it; NULL: no one did. */
struct filed {
	struct record_set set;
	const struct change *began;
};

static enum err
filed_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct filed *out)
{
	size_t at;
	enum err e = record_gather(t, key, KIN_MAX, &out->set);

	if (e != ERR_OK)
		return e;
	e = begun_first(t, NULL, out->set.input, out->set.count, false, &at);
	out->began =
	    e == ERR_OK && at != SIZE_MAX ? &out->set.change[at] : NULL;
	if (e != ERR_OK)
		record_set_free(&out->set);
	return e;
}

/* By its beginning, which nobody amends: of that record and number, and by the
 * org that began that one. */
static bool
is_made_of(
    const struct filed *made, const struct filed *of, const char *slip_no)
{
	const char *from, *bears;

	if (made->began == NULL || of->began == NULL)
		return false;
	from = rule_ref(made->began->fields, "reassigned_from");
	bears = rule_text(made->began->fields, "slip_no");
	return from != NULL && strcmp(from, of->began->record.ref) == 0 &&
	       bears != NULL && strcmp(bears, slip_no) == 0 &&
	       strcmp(made->began->org, of->began->org) == 0;
}

/* Where a record says that it went. ERR_NOT_FOUND: nowhere that is here. */
static enum err
named_next(
    struct txn *t, const struct filed *of, uint8_t next[KEY_RECORD_BYTES])
{
	struct record r;
	const char *to;
	enum err e = record_merge(of->set.input, of->set.count, &r);

	if (e != ERR_OK)
		return e;
	to = rule_ref(r.fields, "reassigned_to");
	e = to == NULL ? ERR_NOT_FOUND : index_only(t, r.id.kind, to, next);
	record_clear(&r);
	return e;
}

/* ERR_NOT_FOUND: it was not moved, or not by whose it is. */
static enum err
moved_to(struct txn *t, const char *slip_no,
    const uint8_t key[KEY_RECORD_BYTES], uint8_t next[KEY_RECORD_BYTES])
{
	struct filed of, made;
	enum err e = filed_read(t, key, &of);

	if (e != ERR_OK)
		return e;
	e = named_next(t, &of, next);
	if (e == ERR_OK)
		e = filed_read(t, next, &made);
	if (e == ERR_OK) {
		if (!is_made_of(&made, &of, slip_no))
			e = ERR_NOT_FOUND;
		record_set_free(&made.set);
	}
	record_set_free(&of.set);
	return e;
}

/* Where it goes on, what cannot be read, or is not told of one record alone,
 * ends the way. */
enum err
slip_find(struct txn *t, const char *slip_no, uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t next[KEY_RECORD_BYTES];
	unsigned moves;
	enum err e = first_use(t, slip_no, key);

	for (moves = 0; e == ERR_OK && moves < SLIP_MOVES_MAX; moves++) {
		enum err way = moved_to(t, slip_no, key, next);

		if (way == ERR_NOMEM || way == ERR_IO)
			e = way;
		if (way != ERR_OK)
			break;
		memcpy(key, next, KEY_RECORD_BYTES);
	}
	return e;
}

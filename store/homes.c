/* homes: which households a contract is of, and was. */

#include <stdio.h>
#include <string.h>

#include "store/blinds.h"
#include "store/homes.h"
#include "store/linked.h"
#include "store/rules.h"

/* Rows of `codes`: blind hash of the number and of the org that keeps the
 * resident's file, key of a contract that is of both or was; and back: whom a
 * contract meant, and who kept his file, may be another by now, which nothing
 * else tells. Rows of `meta`: this and the key of a contract that perhaps is of
 * another. */
static const char due_prefix[] = "homes:";

enum {
	BACK_BYTES = 2 * DB_BLIND_BYTES,
	PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = PREFIX_BYTES + KEY_RECORD_BYTES,
};

const char *
homes_number(const json_t *fields)
{
	const char *number = rule_text(fields, "household_no");

	return number == NULL || *number == '\0' ? NULL : number;
}

enum err
homes_blind(struct txn *t, const char *number, const char *org,
    uint8_t out[DB_BLIND_BYTES])
{
	struct buffer text = {0};
	enum err e;

	put_text(&text, number);
	put_text(&text, org);
	e = buffer_state(&text);
	if (e == ERR_OK)
		db_blind(txn_db(t), "household", text.data, text.size, out);
	buffer_wipe(&text);
	return e;
}

static enum err
add_once(struct buffer *due, const uint8_t household[DB_BLIND_BYTES])
{
	size_t at;

	for (at = 0; at < due->size; at += DB_BLIND_BYTES)
		if (memcmp(due->data + at, household, DB_BLIND_BYTES) == 0)
			return ERR_OK;
	put_bytes(due, household, DB_BLIND_BYTES);
	return buffer_state(due);
}

/* The org that keeps a resident's file; "": nobody, or he is not here. */
static enum err
find_keeper(
    struct txn *t, const struct record *contract, char out[REF_BYTES_MAX + 1])
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *org;
	struct record r;
	enum err e = linked_resident(t, &contract->id, contract->fields, key);

	out[0] = '\0';
	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	org = rule_ref(r.fields, "managing_org_id");
	snprintf(out, REF_BYTES_MAX + 1, "%s", org == NULL ? "" : org);
	record_clear(&r);
	return ERR_OK;
}

/* --- rows ----------------------------------------------------------------- */

static void
back_prefix(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    uint8_t out[DB_BLIND_BYTES])
{
	blind_in(t, "homes-of", key, KEY_RECORD_BYTES, out);
}

static enum err
put_once(struct txn *t, const uint8_t *row, size_t size)
{
	enum err e = txn_has(t, TABLE_CODES, row, size);

	return e == ERR_NOT_FOUND ? txn_put(t, TABLE_CODES, row, size, "", 0)
	                          : e;
}

/* The way there, and the way back. */
static void
rows_of(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t home[DB_BLIND_BYTES], uint8_t there[HOMES_ROW_BYTES],
    uint8_t back[BACK_BYTES])
{
	memcpy(there, home, DB_BLIND_BYTES);
	memcpy(there + DB_BLIND_BYTES, key, KEY_RECORD_BYTES);
	back_prefix(t, key, back);
	memcpy(back + DB_BLIND_BYTES, home, DB_BLIND_BYTES);
}

static enum err
put_home(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t home[DB_BLIND_BYTES])
{
	uint8_t there[HOMES_ROW_BYTES], back[BACK_BYTES];
	enum err e;

	rows_of(t, key, home, there, back);
	e = put_once(t, there, sizeof there);
	return e == ERR_OK ? put_once(t, back, sizeof back) : e;
}

static enum err
leave_home(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t home[DB_BLIND_BYTES])
{
	uint8_t there[HOMES_ROW_BYTES], back[BACK_BYTES];
	enum err e;

	rows_of(t, key, home, there, back);
	e = txn_delete(t, TABLE_CODES, there, sizeof there);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = txn_delete(t, TABLE_CODES, back, sizeof back);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Blind hashes of those that it is of or was. */
static enum err
walk_homes(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct buffer *out)
{
	uint8_t prefix[DB_BLIND_BYTES];
	struct walk *w;
	struct bytes row;
	enum err e;

	back_prefix(t, key, prefix);
	e = walk_open(t, TABLE_CODES, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &row, NULL)) == ERR_OK &&
	       row.size == BACK_BYTES &&
	       memcmp(row.data, prefix, sizeof prefix) == 0)
		put_bytes(out, row.data + DB_BLIND_BYTES, DB_BLIND_BYTES);
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* --- what is due ---------------------------------------------------------- */

/* The one that it is of now. ERR_NOT_FOUND: none. */
static enum err
find_home(
    struct txn *t, const struct record *contract, uint8_t out[DB_BLIND_BYTES])
{
	const char *number = homes_number(contract->fields);
	char org[REF_BYTES_MAX + 1];
	enum err e;

	if (number == NULL)
		return ERR_NOT_FOUND;
	e = find_keeper(t, contract, org);
	if (e == ERR_OK && org[0] == '\0')
		return ERR_NOT_FOUND;
	return e == ERR_OK ? homes_blind(t, number, org, out) : e;
}

/* One that it left for another looks after it no more; while it is of none,
 * the last says that it stands with nobody. */
enum err
homes_add(struct txn *t, const struct record *contract,
    const uint8_t key[KEY_RECORD_BYTES], struct buffer *due)
{
	uint8_t now[DB_BLIND_BYTES];
	struct buffer all = {0};
	bool has_home;
	size_t at;
	enum err e = find_home(t, contract, now);

	has_home = e == ERR_OK;
	if (has_home)
		e = put_home(t, key, now);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = walk_homes(t, key, &all);
	for (at = 0; e == ERR_OK && at < all.size; at += DB_BLIND_BYTES) {
		e = add_once(due, all.data + at);
		if (e == ERR_OK && has_home &&
		    memcmp(all.data + at, now, sizeof now) != 0)
			e = leave_home(t, key, all.data + at);
	}
	buffer_free(&all);
	return e;
}

enum err
homes_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t due[DUE_BYTES];

	if (strcmp(c->record.kind, "contract") != 0 || c->parent_count == 0 ||
	    (json_object_get(c->fields, "household_no") == NULL &&
	        json_object_get(c->fields, "resident_id") == NULL &&
	        json_object_get(c->fields, MERGE_SET_ASIDE) == NULL))
		return ERR_OK;
	memcpy(due, due_prefix, PREFIX_BYTES);
	memcpy(due + PREFIX_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_META, due, sizeof due, "", 0);
}

static enum err
add_noted(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct buffer *due)
{
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK) /* verify's to tell */
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	e = homes_add(t, &r, key, due);
	record_clear(&r);
	return e;
}

enum err
homes_take(struct txn *t, struct buffer *due)
{
	struct buffer rows = {0};
	struct walk *w;
	struct bytes key;
	size_t at;
	enum err e = walk_open(t, TABLE_META, due_prefix, PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == DUE_BYTES &&
	       memcmp(key.data, due_prefix, PREFIX_BYTES) == 0)
		put_bytes(&rows, key.data, DUE_BYTES);
	walk_close(w);
	e = e == ERR_OK || e == ERR_END ? buffer_state(&rows) : e;
	for (at = 0; e == ERR_OK && at < rows.size; at += DUE_BYTES) {
		e = add_noted(t, rows.data + at + PREFIX_BYTES, due);
		if (e == ERR_OK)
			e = txn_delete(
			    t, TABLE_META, rows.data + at, DUE_BYTES);
	}
	buffer_free(&rows);
	return e;
}

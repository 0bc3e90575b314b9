/* homes: which households a contract is of, and was. */

#include <stdio.h>
#include <string.h>

#include "store/contest_settle.h"
#include "store/homes.h"
#include "store/linked.h"
#include "store/rules.h"

/* Rows of `codes`: blind hash of the number and of the org that keeps the
 * resident's file, key of a contract that is of both or once was. Rows of
 * `meta`: this and the key of a contract that perhaps is not any more. */
static const char due_prefix[] = "homes:";

enum {
	PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = PREFIX_BYTES + KEY_RECORD_BYTES,
	HOMES_MOST = 16, /* numbers, residents, orgs that one ever had */
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

/* A contract is of the household of its number at the org that keeps the
 * resident's file; what is said of either may have been another before. */
struct homes {
	struct txn *t;
	const uint8_t *key; /* the contract's */
	const char *number; /* as it is now; NULL: none */
	char org[REF_BYTES_MAX + 1];
	struct buffer *due;
};

static enum err
add_home(const struct homes *h, const char *number, const char *org)
{
	uint8_t row[HOMES_ROW_BYTES];
	enum err e = homes_blind(h->t, number, org, row);

	memcpy(row + DB_BLIND_BYTES, h->key, KEY_RECORD_BYTES);
	if (e == ERR_OK)
		e = txn_has(h->t, TABLE_CODES, row, sizeof row);
	if (e == ERR_NOT_FOUND && h->number != NULL &&
	    strcmp(number, h->number) == 0 && strcmp(org, h->org) == 0)
		e = txn_put(h->t, TABLE_CODES, row, sizeof row, "", 0);
	if (e != ERR_OK) /* it never was there */
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	return add_once(h->due, row);
}

/* Texts that were said, each once; what is past the limit is not looked at. */
struct texts {
	size_t count;
	const char *of[HOMES_MOST];
};

static void
add_text(struct texts *all, const char *text)
{
	size_t i;

	if (text == NULL)
		return;
	for (i = 0; i < all->count; i++)
		if (strcmp(all->of[i], text) == 0)
			return;
	if (i < HOMES_MOST)
		all->of[all->count++] = text;
}

/* At each org that ever kept the file of a resident. */
static enum err
add_orgs(const struct homes *h, const struct texts *numbers,
    const uint8_t resident[KEY_RECORD_BYTES])
{
	struct texts orgs = {0};
	struct record_set file;
	size_t i, n;
	enum err e = record_gather(h->t, resident, CONTEST_CHANGES_MOST, &file);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < file.count; i++)
		add_text(
		    &orgs, rule_ref(file.change[i].fields, "managing_org_id"));
	for (i = 0; i < orgs.count; i++)
		for (n = 0; e == ERR_OK && n < numbers->count; n++)
			e = add_home(h, numbers->of[n], orgs.of[i]);
	record_set_free(&file);
	return e;
}

/* Of each resident that it ever named. */
static enum err
add_homes(const struct homes *h, const struct record_set *contract,
    const struct texts *numbers)
{
	uint8_t seen[HOMES_MOST][KEY_RECORD_BYTES];
	size_t i, j, count = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && count < HOMES_MOST && i < contract->count;
	     i++) {
		const struct change *c = &contract->change[i];

		e = linked_resident(h->t, &c->record, c->fields, seen[count]);
		for (j = 0; e == ERR_OK && j < count; j++)
			if (memcmp(seen[j], seen[count], KEY_RECORD_BYTES) == 0)
				e = ERR_NOT_FOUND;
		if (e == ERR_OK)
			e = add_orgs(h, numbers, seen[count++]);
		if (e == ERR_NOT_FOUND || e == ERR_CORRUPT || e == ERR_LIMIT)
			e = ERR_OK; /* awaited, or verify's to tell */
	}
	return e;
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

static enum err
add_all(struct homes *h, const struct record_set *contract,
    const struct texts *numbers)
{
	struct record now;
	enum err e = record_merge(contract->input, contract->count, &now);

	if (e != ERR_OK)
		return e;
	h->number = homes_number(now.fields);
	e = find_keeper(h->t, &now, h->org);
	if (e == ERR_OK && h->number != NULL && h->org[0] != '\0')
		e = add_home(h, h->number, h->org);
	if (e == ERR_OK)
		e = add_homes(h, contract, numbers);
	record_clear(&now);
	return e;
}

enum err
homes_add(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct buffer *due)
{
	struct homes h = {.t = t, .key = key, .due = due};
	struct texts numbers = {0};
	struct record_set set;
	size_t i;
	enum err e = record_gather(t, key, CONTEST_CHANGES_MOST, &set);

	if (e != ERR_OK)
		return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
	for (i = 0; i < set.count; i++)
		add_text(&numbers, homes_number(set.change[i].fields));
	if (numbers.count > 0)
		e = add_all(&h, &set, &numbers);
	record_set_free(&set);
	return e;
}

enum err
homes_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t due[DUE_BYTES];

	if (strcmp(c->record.kind, "contract") != 0 || c->parent_count == 0 ||
	    (json_object_get(c->fields, "household_no") == NULL &&
	        json_object_get(c->fields, "resident_id") == NULL))
		return ERR_OK;
	memcpy(due, due_prefix, PREFIX_BYTES);
	memcpy(due + PREFIX_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_META, due, sizeof due, "", 0);
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
		e = homes_add(t, rows.data + at + PREFIX_BYTES, due);
		if (e == ERR_OK)
			e = txn_delete(
			    t, TABLE_META, rows.data + at, DUE_BYTES);
	}
	buffer_free(&rows);
	return e;
}

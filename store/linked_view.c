/* linked_view: what is shown of a resident beside the entry itself. */

#include "store/linked_view.h"

enum { CONTRACTS_SHOWN_MAX = 32 };

static enum err
copy(json_t *to, const json_t *from, const char *const *names)
{
	for (; *names != NULL; names++) {
		json_t *v = json_object_get(from, *names);

		if (v != NULL && json_object_set(to, *names, v) != 0)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static enum err
add_contract(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t *rows)
{
	static const char *const shown[] = {"slip_no", "state", "team_id",
	    "org_id", "start_on", "end_on", NULL};
	struct record r;
	json_t *row;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	row = json_pack("{s:s}", "ref", r.id.ref);
	e = row == NULL ? ERR_NOMEM : copy(row, r.fields, shown);
	record_clear(&r);
	return json_array_append_new(rows, row) == 0 ? e : ERR_NOMEM;
}

static enum err
add_contracts(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t *entry)
{
	struct buffer keys = {0};
	json_t *rows = json_array();
	size_t at;
	enum err e = rows == NULL
	                 ? ERR_NOMEM
	                 : linked_contracts(t, key, CONTRACTS_SHOWN_MAX, &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = add_contract(t, keys.data + at, rows);
	buffer_free(&keys);
	if (e == ERR_OK && json_array_size(rows) > 0 &&
	    json_object_set(entry, "contracts", rows) != 0)
		e = ERR_NOMEM;
	json_decref(rows);
	return e;
}

static enum err
add_entry(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t *rows)
{
	static const char *const shown[] = {
	    "name", "managing_org_id", "allergies", NULL};
	struct record r;
	json_t *entry;
	enum err e = record_read(t, key, &r);

	/* Its entry is not here yet, or cannot be read: verify tells. */
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	entry = json_pack("{s:s, s:s, s:o}", "ref", r.id.ref, "source",
	    r.id.source, "org_id", json_sprintf("ref:%s", r.org));
	e = entry == NULL ? ERR_NOMEM : copy(entry, r.fields, shown);
	record_clear(&r);
	if (e == ERR_OK)
		e = add_contracts(t, key, entry);
	return json_array_append_new(rows, entry) == 0 ? e : ERR_NOMEM;
}

enum err
linked_view(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **out)
{
	struct linked all;
	size_t i;
	enum err e = linked_all(t, key, &all);

	*out = NULL;
	if (e != ERR_OK || all.count == 1)
		return e;
	*out = json_array();
	e = *out == NULL ? ERR_NOMEM : ERR_OK;
	for (i = 1; e == ERR_OK && i < all.count; i++)
		e = add_entry(t, all.key[i], *out);
	if (e != ERR_OK || json_array_size(*out) == 0) {
		json_decref(*out);
		*out = NULL;
	}
	return e;
}

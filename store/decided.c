/* decided: which matters a person has decided. */

#include <string.h>

#include "store/decided.h"
#include "store/matter.h"
#include "store/rules.h"

static bool
is_about(const struct change *c, enum finding_code code)
{
	const char *name = rule_text(c->fields, "code");

	return name != NULL && strcmp(name, finding_name(code)) == 0;
}

/* It may have been set aside, and then the record says nothing of it. */
static const json_t *
find_about(const struct record_set *set, enum finding_code code)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (is_about(&set->change[i], code))
			return set->change[i].fields;
	return NULL;
}

enum err
decided_of(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code code,
    struct decided *out)
{
	struct record r;
	enum err e;

	if (strcmp(c->record.kind, "question") != 0 ||
	    (c->parent_count == 0 && !is_about(c, code)))
		return ERR_NOT_FOUND;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &out->set);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_NOT_FOUND;
	out->about = find_about(&out->set, code);
	e = out->about == NULL
	        ? ERR_NOT_FOUND
	        : record_merge(out->set.input, out->set.count, &r);
	if (e != ERR_OK) {
		decided_free(out);
		return e;
	}
	out->stands = rule_state_is(r.fields, "decided");
	record_clear(&r);
	return ERR_OK;
}

void
decided_free(struct decided *d)
{
	record_set_free(&d->set);
}

/* --- rows ---------------------------------------------------------------- */

void
decided_name(struct txn *t, enum finding_code code,
    const struct change_id *about, uint8_t out[DB_BLIND_BYTES])
{
	uint8_t text[2 + KEY_CHANGE_BYTES];

	store_u16(text, (uint16_t)code);
	key_change(text + 2, about);
	db_blind(txn_db(t), "decided-change", text, sizeof text, out);
}

/* The key in a row; one that is not what was stored is as good as none.
 * ERR_NOT_FOUND. */
static enum err
read_row(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    uint8_t out[KEY_RECORD_BYTES])
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_CODES, name, DB_BLIND_BYTES, &value);

	if (e == ERR_CORRUPT || (e == ERR_OK && value.size != KEY_RECORD_BYTES))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		memcpy(out, value.data, KEY_RECORD_BYTES);
	buffer_free(&value);
	return e;
}

static bool
stands(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record r;
	bool is;

	if (record_read(t, key, &r) != ERR_OK)
		return false;
	is = rule_state_is(r.fields, "decided");
	record_clear(&r);
	return is;
}

enum err
decided_note(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool is_decided)
{
	uint8_t by[KEY_RECORD_BYTES];
	enum err e = read_row(t, name, by);
	bool is_known = e == ERR_OK;

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (is_known && memcmp(by, question, sizeof by) != 0 &&
	    (!is_decided || stands(t, by)))
		return ERR_OK;
	if (is_decided)
		return txn_put(t, TABLE_CODES, name, DB_BLIND_BYTES, question,
		    KEY_RECORD_BYTES);
	return is_known ? txn_delete(t, TABLE_CODES, name, DB_BLIND_BYTES)
	                : ERR_OK;
}

bool
decided_is(struct txn *t, const uint8_t name[DB_BLIND_BYTES])
{
	return txn_has(t, TABLE_CODES, name, DB_BLIND_BYTES) == ERR_OK;
}

enum err
decided_ask(struct txn *t, const struct change *c, enum finding_code code,
    int64_t at, bool is_due)
{
	uint8_t name[DB_BLIND_BYTES];
	struct question q;
	char id[48];

	matter_change_id(&c->id, id);
	matter_question(&c->record, code, id, at, &q);
	decided_name(t, code, &c->id, name);
	return is_due && !decided_is(t, name) ? question_put(t, &q)
	                                      : matter_drop(t, &q);
}

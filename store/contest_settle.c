/* contest_settle: the group's word on contracts, at the hub. */

#include <stdlib.h>
#include <string.h>

#include "store/apart.h"
#include "store/arrival.h"
#include "store/contest_say.h"
#include "store/contest_undone.h"
#include "store/entitled.h"
#include "store/homes.h"
#include "store/household.h"
#include "store/rules.h"
#include "store/scope.h"

/* Rows of `meta`: this and the key of the record that changed. */
static const char due_prefix[] = "contest:";

enum {
	PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = PREFIX_BYTES + KEY_RECORD_BYTES,
	DUE_AT_ONCE = 512, /* rows read in one go */
};

/* --- what is due --------------------------------------------------------- */

static void
due_key(const uint8_t record[KEY_RECORD_BYTES], uint8_t key[DUE_BYTES])
{
	memcpy(key, due_prefix, PREFIX_BYTES);
	memcpy(key + PREFIX_BYTES, record, KEY_RECORD_BYTES);
}

static bool
is_named(struct txn *t, const struct identity *id)
{
	struct buffer keys = {0};
	enum err e =
	    naming_walk(t, id->kind, id->ref, NAMING_GRANTS, NULL, 1, &keys);

	if (e == ERR_OK && keys.size == 0)
		e = naming_walk(
		    t, id->kind, id->ref, NAMING_REST, NULL, 1, &keys);
	e = e == ERR_OK && keys.size == 0 ? ERR_NOT_FOUND : e;
	buffer_free(&keys);
	return e == ERR_OK;
}

static bool
has(const struct change *c, const char *field)
{
	return json_object_get(c->fields, field) != NULL;
}

/* What it says of other changes may be of any of their fields. */
static bool
takes_back(const struct change *c)
{
	return has(c, MERGE_SET_ASIDE) || has(c, MERGE_UNMANAGED);
}

/* Whether a change may alter what the group has to say of contracts. */
static bool
matters(struct txn *t, const struct change *c)
{
	const char *kind = c->record.kind;

	if (strcmp(kind, "contract") == 0)
		return !contest_is_machines(c);
	if (strcmp(kind, "link") == 0 || strcmp(kind, "move") == 0)
		return has(c, "state") || takes_back(c);
	if (strcmp(kind, "resident") != 0)
		return false;
	/* Most are here before anything names them. */
	if (c->parent_count == 0)
		return is_named(t, &c->record);
	return has(c, "status") || has(c, "managing_org_id") || takes_back(c);
}

static bool
is_about_a_contract(const char *kind)
{
	return strcmp(kind, "contract_service") == 0 ||
	       strcmp(kind, "contract_change") == 0;
}

static enum err
put_due(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t due[DUE_BYTES];

	due_key(key, due);
	return txn_put(t, TABLE_META, due, sizeof due, "", 0);
}

enum err
contest_due(struct txn *t, const struct self *self, const struct identity *id)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	key_record(txn_db(t), key, id);
	return put_due(t, key);
}

enum err
contest_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e;

	if (self->role != ROLE_HUB)
		return is_about_a_contract(c->record.kind)
		           ? naming_note(
		                 t, kind_by_name(c->record.kind), c, key)
		           : ERR_OK;
	if (!self->is_enrolled || !matters(t, c))
		return ERR_OK;
	e = put_due(t, key);
	return e == ERR_OK ? homes_note(t, c, key) : e;
}

/* --- the residents that are due ------------------------------------------- */

struct settling {
	struct txn *t;
	const struct self *self;
	int64_t now;
	bool is_old;             /* all were here when these were not counted */
	struct contest_set *set; /* empty but for the resident at hand */
	struct buffer done;      /* keys of residents */
	struct buffer households; /* of their contracts */
};

static bool
is_done(const struct settling *w, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t at;

	for (at = 0; at < w->done.size; at += KEY_RECORD_BYTES)
		if (memcmp(w->done.data + at, key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

/* Ends before others begin: an old contract is over before the new one runs,
 * wherever one reads the changes in their order. */
static enum err
say_all(struct settling *w, const struct contest_set *s)
{
	int pass;
	size_t i;
	enum err e = ERR_OK;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; e == ERR_OK && i < s->contest.count; i++) {
			enum contest_word word = s->contest.of[i].word;
			bool is_end = word == CONTEST_TERMINATED ||
			              word == CONTEST_CLOSED;

			if (is_end == (pass == 0))
				e = contest_say_of(
				    w->t, w->self, s, i, w->now, w->is_old);
		}
	return e;
}

/* What the set holds of one resident. */
static enum err
settle_set(struct settling *w)
{
	const struct contest_set *s = w->set;
	size_t i;
	enum err e;

	for (i = 0; i < s->people_count; i++)
		put_bytes(&w->done, s->people[i], KEY_RECORD_BYTES);
	e = buffer_state(&w->done);
	if (e == ERR_OK)
		e = say_all(w, s);
	if (e == ERR_OK)
		e = contest_undone_ask(w->t, s, w->now);
	for (i = 0; e == ERR_OK && i < s->contest.count; i++)
		e = homes_add(w->t, &s->record[i].present, s->record[i].key,
		    &w->households);
	return e;
}

static enum err
settle_resident(struct settling *w, const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e;

	if (is_done(w, key))
		return ERR_OK;
	if (w->set == NULL)
		w->set = contest_set_new();
	if (w->set == NULL)
		return ERR_NOMEM;
	e = contest_set_read(w->t, w->self, key, w->set);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = settle_set(w);
	contest_set_clear(w->set);
	return e;
}

/* Whom a change names in a field, and of which source, if it says so. */
static enum err
named(struct settling *w, const struct change *c, const char *field,
    const char *source_field, uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(c->fields, field);
	const char *source = rule_text(c->fields, source_field);

	if (ref == NULL)
		return ERR_NOT_FOUND;
	if (source == NULL)
		return scope_resolve(
		    w->t, c->record.source, "resident", ref, key);
	key_record_of(txn_db(w->t), key, source, "resident", ref);
	return ERR_OK;
}

/* Whom a record names or named: a wrong name was mended, a link undone. */
static enum err
settle_named(struct settling *w, const struct record_set *changes)
{
	static const char *const fields[][2] = {
	    {"resident_id", "resident_source"}, {"other_id", "other_source"}};
	size_t i, n;
	enum err e = ERR_OK;

	for (i = 0; i < changes->count; i++)
		for (n = 0; e == ERR_OK && n < 2; n++) {
			uint8_t key[KEY_RECORD_BYTES];

			e = named(w, &changes->change[i], fields[n][0],
			    fields[n][1], key);
			if (e == ERR_OK)
				e = settle_resident(w, key);
			else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT)
				e = ERR_OK; /* awaited, or verify's to tell */
		}
	return e;
}

/* While it was not here, another of its ref was the only one that could be
 * meant (scope_resolve()): that one's contracts may be others now. */
static enum err
settle_namesakes(struct settling *w, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer keys = {0};
	struct record r;
	size_t at;
	enum err e = record_read(w->t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	e = naming_walk(
	    w->t, "resident", r.id.ref, NAMING_HOLDERS, NULL, 3, &keys);
	record_clear(&r);
	if (keys.size > (size_t)2 * KEY_RECORD_BYTES)
		buffer_drop(&keys, keys.size); /* nor could it be before */
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = settle_resident(w, keys.data + at);
	buffer_free(&keys);
	return e;
}

static enum err
settle_one(struct settling *w, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set changes;
	enum err e;

	if (load_u16(key) == key_kind_number("resident")) {
		e = settle_resident(w, key);
		return e == ERR_OK ? settle_namesakes(w, key) : e;
	}
	e = record_gather(w->t, key, CONTEST_CHANGES_MOST, &changes);
	if (e == ERR_CORRUPT || e == ERR_LIMIT || e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	e = settle_named(w, &changes);
	record_set_free(&changes);
	return e;
}

/* Some of the rows; taken away, since the walk ends where tables change. */
static enum err
take_due(struct txn *t, struct buffer *keys)
{
	uint8_t row[DUE_BYTES];
	struct walk *w;
	struct bytes key;
	size_t at;
	enum err e = walk_open(t, TABLE_META, due_prefix, PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (keys->size < (size_t)DUE_AT_ONCE * KEY_RECORD_BYTES &&
	       (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == DUE_BYTES &&
	       memcmp(key.data, due_prefix, PREFIX_BYTES) == 0)
		put_bytes(keys, key.data + PREFIX_BYTES, KEY_RECORD_BYTES);
	walk_close(w);
	e = e == ERR_END ? ERR_OK : e;
	if (e == ERR_OK)
		e = buffer_state(keys);
	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES) {
		due_key(keys->data + at, row);
		e = txn_delete(t, TABLE_META, row, sizeof row);
	}
	return e;
}

static enum err
settle(struct txn *t, const struct self *self, int64_t now, bool is_old)
{
	struct settling w = {
	    .t = t, .self = self, .now = now, .is_old = is_old};
	struct buffer keys = {0};
	size_t at;
	enum err e = ERR_OK;

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	e = apart_settle(t, self);
	if (e != ERR_OK)
		return e;
	do {
		buffer_drop(&keys, keys.size);
		e = take_due(t, &keys);
		for (at = 0; e == ERR_OK && at < keys.size;
		     at += KEY_RECORD_BYTES)
			e = settle_one(&w, keys.data + at);
	} while (e == ERR_OK && keys.size > 0);
	if (e == ERR_OK)
		e = arrival_settle(t, self, now);
	if (e == ERR_OK)
		e = household_settle(t, self, &w.households, now);
	contest_set_free(w.set);
	buffer_free(&keys);
	buffer_free(&w.done);
	buffer_free(&w.households);
	return e;
}

enum err
contest_settle(struct txn *t, const struct self *self, int64_t now)
{
	return settle(t, self, now, false);
}

/* --- a hub that held contracts before it judged them ---------------------- */

static const char looked[] = "contest.looked";

/* 1: each resident's contracts only; 2: households too; 3: those that stand;
 * 4: households at the orgs that keep the files; 5: files that they opened; 6:
 * whose words on them are. */
enum { LOOKED_AT_OPENED = 5, LOOKED_AT_WORDS };

/* Nobody was asked then about others' words on them. */
static enum err
look_at_all(struct txn *t, const struct self *self)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = record_keys(t, "contract", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		e = put_due(t, keys.data + at);
		if (e == ERR_OK)
			e = entitled_judge_record(t, self, keys.data + at);
	}
	buffer_free(&keys);
	return e == ERR_OK ? meta_put_number(t, looked, LOOKED_AT_WORDS) : e;
}

enum err
contest_prepare(struct txn *t, const struct self *self, int64_t now)
{
	uint64_t was_looked;
	enum err e = meta_get_number(t, looked, &was_looked);

	if (e != ERR_OK || self->role != ROLE_HUB || !self->is_enrolled)
		return e;
	if (was_looked < LOOKED_AT_WORDS)
		e = look_at_all(t, self);
	return e == ERR_OK ? settle(t, self, now, was_looked < LOOKED_AT_OPENED)
	                   : e;
}

enum err
contest_holder(struct txn *t, const struct self *self,
    const uint8_t resident[KEY_RECORD_BYTES], const char *day,
    uint8_t out[KEY_RECORD_BYTES])
{
	struct contest_set *s = contest_set_new();
	size_t i = SIZE_MAX;
	enum err e =
	    s == NULL ? ERR_NOMEM : contest_set_read(t, self, resident, s);

	if (e == ERR_OK)
		i = contest_counts(&s->contest, day);
	if (i != SIZE_MAX)
		memcpy(out, s->record[i].key, KEY_RECORD_BYTES);
	contest_set_free(s);
	return e == ERR_OK && i == SIZE_MAX ? ERR_NOT_FOUND : e;
}

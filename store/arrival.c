/* arrival: arrivals registered by slip number are joined to their referrals. */

#include <stdlib.h>
#include <string.h>

#include "store/arrival.h"
#include "store/contest_said.h"
#include "store/contest_say.h"
#include "store/rules.h"
#include "store/value.h"

/* Rows of `meta`: this and the key of the record that changed; and this, the
 * blinded number and the key of a referral that bears it. */
static const char due_prefix[] = "arrival:";
static const char slip_prefix[] = "arrival.slip:";
static const char looked[] = "arrival.looked";

enum {
	DUE_PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = DUE_PREFIX_BYTES + KEY_RECORD_BYTES,
	SLIP_PREFIX_BYTES = sizeof slip_prefix - 1 + DB_BLIND_BYTES,
	SLIP_BYTES = SLIP_PREFIX_BYTES + KEY_RECORD_BYTES,
};

/* What the target writes of a referral. */
static const char *const back_part[] = {"arrived_at", "admission_no",
    "findings", "final_dx", "plan", "rehab_advice", "followup_due_on", NULL};

/* --- what is due --------------------------------------------------------- */

static enum err
put_due(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[DUE_BYTES];

	memcpy(row, due_prefix, DUE_PREFIX_BYTES);
	memcpy(row + DUE_PREFIX_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_META, row, sizeof row, "", 0);
}

enum err
arrival_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	if (self->role != ROLE_HUB || !self->is_enrolled ||
	    strcmp(c->record.kind, "referral") != 0 || contest_is_machines(c))
		return ERR_OK;
	return put_due(t, key);
}

/* Any of the rows, which is taken away. ERR_END: none is left. */
static enum err
take_due(struct txn *t, uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[DUE_BYTES];
	struct bytes found;
	struct walk *w;
	enum err e = walk_open(t, TABLE_META, due_prefix, DUE_PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	e = walk_next(w, &found, NULL);
	if (e == ERR_OK &&
	    (found.size != sizeof row ||
	        memcmp(found.data, due_prefix, DUE_PREFIX_BYTES) != 0))
		e = ERR_END;
	if (e == ERR_OK)
		memcpy(row, found.data, sizeof row);
	walk_close(w);
	if (e != ERR_OK)
		return e;
	memcpy(key, row + DUE_PREFIX_BYTES, KEY_RECORD_BYTES);
	return txn_delete(t, TABLE_META, row, sizeof row);
}

/* --- the referrals of one number ------------------------------------------ */

struct slip {
	struct record record;
	struct record_set set;
	bool is_stub;       /* nobody began it with more than the number */
	bool is_other_file; /* filed with the wrong resident */
};

struct slips {
	size_t count;
	struct slip of[ARRIVAL_RECORDS_MOST];
};

static void
slips_free(struct slips *s)
{
	size_t i;

	for (i = 0; s != NULL && i < s->count; i++) {
		record_clear(&s->of[i].record);
		record_set_free(&s->of[i].set);
	}
	free(s);
}

static bool
was_begun_in_full(const struct record_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->change[i].parent_count == 0 &&
		    rule_ref(set->change[i].fields, "from_org") != NULL)
			return true;
	return false;
}

/* One that cannot be read, or is gone, is passed over. */
static enum err
add_slip(struct txn *t, struct slips *s, const uint8_t key[KEY_RECORD_BYTES])
{
	struct slip *one = &s->of[s->count];
	enum err e = record_gather(t, key, ARRIVAL_CHANGES_MOST, &one->set);

	if (e == ERR_NOT_FOUND || e == ERR_CORRUPT || e == ERR_LIMIT)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	e = record_merge(one->set.input, one->set.count, &one->record);
	if (e != ERR_OK) {
		record_set_free(&one->set);
		return e;
	}
	one->is_stub = !was_begun_in_full(&one->set);
	one->is_other_file =
	    json_object_get(one->record.fields, "reassigned_to") != NULL;
	s->count++;
	return ERR_OK;
}

static enum err
slip_keys(
    struct txn *t, const uint8_t prefix[SLIP_PREFIX_BYTES], struct buffer *keys)
{
	struct bytes found;
	struct walk *w;
	enum err e = walk_open(t, TABLE_META, prefix, SLIP_PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (keys->size < (size_t)ARRIVAL_RECORDS_MOST * KEY_RECORD_BYTES &&
	       (e = walk_next(w, &found, NULL)) == ERR_OK &&
	       found.size == SLIP_BYTES &&
	       memcmp(found.data, prefix, SLIP_PREFIX_BYTES) == 0)
		put_bytes(
		    keys, found.data + SLIP_PREFIX_BYTES, KEY_RECORD_BYTES);
	walk_close(w);
	e = e == ERR_END ? ERR_OK : e;
	return e == ERR_OK ? buffer_state(keys) : e;
}

/* --- what is said --------------------------------------------------------- */

/* Only who was to receive the patient joins by a number, which counts up and
 * may be guessed or mistyped. Once addressed is always addressed, so that it
 * does not matter whether the address was mended before or after. */
static bool
is_of(const struct slip *stub, const struct slip *real)
{
	size_t i, n;

	for (i = 0; i < stub->set.count; i++) {
		const struct change *c = &stub->set.change[i];

		if (c->parent_count > 0)
			continue;
		for (n = 0; n < real->set.count; n++) {
			const char *to =
			    rule_ref(real->set.change[n].fields, "to_org");

			if (to != NULL && strcmp(to, c->org) == 0)
				return true;
		}
	}
	return false;
}

static bool
joins(const struct slip *stub, const struct slip *real)
{
	return stub->is_stub && !real->is_stub && !real->is_other_file &&
	       is_of(stub, real);
}

/* Whether others than the machine said a field, be it that it is empty. */
static bool
is_said(const struct slip *s, const char *field)
{
	size_t i;

	for (i = 0; i < s->set.count; i++)
		if (!contest_is_machines(&s->set.change[i]) &&
		    json_object_get(s->set.change[i].fields, field) != NULL)
			return true;
	return false;
}

/* How far it got by what others than the machine said. */
static const char *
state_said(const struct kind *k, const struct slip *stub, const char *least)
{
	size_t i;

	for (i = 0; i < stub->set.count; i++) {
		const struct change *c = &stub->set.change[i];
		const char *state = rule_text(c->fields, "state");

		if (!contest_is_machines(c) && state != NULL &&
		    (least == NULL ||
		        state_rank(k, state) > state_rank(k, least)))
			least = state;
	}
	return least;
}

/* By the one of the lowest ref that tells it. */
static const json_t *
told(const struct slips *s, const struct slip *real, const char *field)
{
	const struct slip *best = NULL;
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct slip *stub = &s->of[i];

		if (joins(stub, real) &&
		    json_object_get(stub->record.fields, field) != NULL &&
		    (best == NULL ||
		        strcmp(stub->record.id.ref, best->record.id.ref) < 0))
			best = stub;
	}
	return best == NULL ? NULL
	                    : json_object_get(best->record.fields, field);
}

/* What differs from what the record says; NULL: no memory. */
static json_t *
say_of_real(const struct slips *s, const struct slip *real)
{
	const struct kind *k = kind_by_name("referral");
	const char *old = rule_text(real->record.fields, "state"), *now = old;
	json_t *fields = json_object();
	int bad = fields == NULL;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (joins(&s->of[i], real))
			now = state_said(k, &s->of[i], now);
	if (!bad && now != old)
		bad = json_object_set_new(fields, "state", json_string(now));
	for (i = 0; !bad && back_part[i] != NULL; i++) {
		json_t *held =
		    json_object_get(real->record.fields, back_part[i]);
		const json_t *value = told(s, real, back_part[i]);

		if (value == NULL || is_said(real, back_part[i]) ||
		    (held != NULL && value_equal(held, value)))
			continue;
		bad = json_object_set_new(
		    fields, back_part[i], json_deep_copy(value));
	}
	if (!bad)
		return fields;
	json_decref(fields);
	return NULL;
}

/* It is over, and names the referral of the lowest ref that it belongs to. */
static json_t *
say_of_stub(const struct slip *stub, const char *ref)
{
	const char *to = rule_ref(stub->record.fields, "reassigned_to");

	if (to != NULL && strcmp(to, ref) == 0 &&
	    rule_state_is(stub->record.fields, "cancelled"))
		return json_object();
	return json_pack("{s:s, s:o}", "state", "cancelled", "reassigned_to",
	    json_sprintf("ref:%s", ref));
}

static enum err
say(struct txn *t, const struct self *self, const struct slip *s,
    const char *org, json_t *fields, int64_t now)
{
	enum err e = fields == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK && json_object_size(fields) > 0)
		e = contest_say(t, self, &s->record, org, fields, now);
	json_decref(fields);
	return e;
}

static const char *
ref_of_real(const struct slips *s, const struct slip *stub)
{
	const char *ref = NULL;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (joins(stub, &s->of[i]) &&
		    (ref == NULL || strcmp(s->of[i].record.id.ref, ref) < 0))
			ref = s->of[i].record.id.ref;
	return ref;
}

/* In the target's name: it says so, and receives the referral anyhow. */
static enum err
say_all(
    struct txn *t, const struct self *self, const struct slips *s, int64_t now)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < s->count; i++) {
		const struct slip *one = &s->of[i];
		const char *to = rule_ref(one->record.fields, "to_org");
		const char *ref = ref_of_real(s, one);

		if (ref != NULL)
			e = say(t, self, one, one->record.org,
			    say_of_stub(one, ref), now);
		else if (!one->is_stub && to != NULL)
			e = say(t, self, one, to, say_of_real(s, one), now);
	}
	return e;
}

static enum err
settle_keys(struct txn *t, const struct self *self, const struct buffer *keys,
    int64_t now)
{
	struct slips *s = calloc(1, sizeof *s);
	size_t at;
	enum err e = s == NULL ? ERR_NOMEM : ERR_OK;

	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES)
		e = add_slip(t, s, keys->data + at);
	if (e == ERR_OK)
		e = say_all(t, self, s, now);
	slips_free(s);
	return e;
}

static enum err
settle_one(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], int64_t now)
{
	uint8_t row[SLIP_BYTES];
	struct buffer keys = {0};
	const char *number;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	number = rule_text(r.fields, "slip_no");
	if (number != NULL) {
		memcpy(row, slip_prefix, sizeof slip_prefix - 1);
		db_blind(txn_db(t), "slip", number, strlen(number),
		    row + sizeof slip_prefix - 1);
		memcpy(row + SLIP_PREFIX_BYTES, key, KEY_RECORD_BYTES);
		e = txn_put(t, TABLE_META, row, sizeof row, "", 0);
		if (e == ERR_OK)
			e = slip_keys(t, row, &keys);
		if (e == ERR_OK && keys.size > KEY_RECORD_BYTES)
			e = settle_keys(t, self, &keys, now);
	}
	buffer_free(&keys);
	record_clear(&r);
	return e;
}

enum err
arrival_settle(struct txn *t, const struct self *self, int64_t now)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ERR_OK;

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	while (e == ERR_OK && (e = take_due(t, key)) == ERR_OK)
		e = settle_one(t, self, key, now);
	return e == ERR_END ? ERR_OK : e;
}

/* --- a hub that held referrals before it joined them -----------------------
 */

static enum err
note_all(struct txn *t)
{
	uint8_t last[KEY_RECORD_BYTES] = {0}, prefix[2];
	struct walk *w;
	struct bytes key;
	enum err e;

	store_u16(prefix, key_kind_number("referral"));
	e = walk_open(t, TABLE_RECORDS, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == KEY_RECORD_CHANGE_BYTES &&
	       memcmp(key.data, prefix, sizeof prefix) == 0) {
		if (memcmp(key.data, last, sizeof last) == 0)
			continue;
		memcpy(last, key.data, sizeof last);
		e = put_due(t, last);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

enum err
arrival_prepare(struct txn *t, const struct self *self)
{
	uint64_t was_looked;
	enum err e;

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	e = meta_get_number(t, looked, &was_looked);
	if (e != ERR_OK || was_looked > 0)
		return e;
	e = note_all(t);
	return e == ERR_OK ? meta_put_number(t, looked, 1) : e;
}

/* device_note: what waits because of devices. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/device_note.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/receipt_order.h"
#include "store/rules.h"
#include "store/scope.h"

void
device_fork_field(int64_t number, char out[DEVICE_FIELD_BYTES])
{
	snprintf(
	    out, DEVICE_FIELD_BYTES, "custody_no[%lld]", (long long)number);
}

int64_t
device_fork_number(const char *field)
{
	static const char before[] = "custody_no[";

	if (strncmp(field, before, sizeof before - 1) != 0)
		return 0;
	return strtoll(field + sizeof before - 1, NULL, 10);
}

/* --- what is to be looked at -----------------------------------------------
 */

enum err
device_custody_code(struct txn *t, struct device_state *s,
    const struct custody_event *event, enum finding_code *out)
{
	const struct record *r = &s->custody[event->index];
	const struct device_loan *loan = NULL;
	enum err e = ERR_OK;

	*out = FINDING_NONE;
	if (s->custody_is_history[event->index] ||
	    event->fate == CUSTODY_SUPERSEDED)
		return ERR_OK;
	if (event->is_jump) {
		*out = FINDING_CUSTODY_JUMP;
		return ERR_OK;
	}
	if (event->is_odd)
		*out = FINDING_NOT_CUSTODIAN;
	if (!device_is_onward(s, NULL, event->from, event->to, event->number))
		return ERR_OK;
	/* The loan is read only where it matters. */
	e = device_loan_of(t, s, r->id.source, r->fields, &loan);
	if (loan == NULL || !loan->is_approved)
		*out = FINDING_ONWARD_LENDING;
	return e;
}

static bool
is_told_by_custody(const struct device_state *s, const struct device_loan *loan)
{
	size_t i;

	for (i = 0; i < s->custody_count; i++) {
		const char *ref = rule_ref(s->custody[i].fields, "loan_id");

		if (ref != NULL && strcmp(ref, loan->record.id.ref) == 0)
			return true;
	}
	return false;
}

enum finding_code
device_loan_code(const struct device_state *s, const struct device_loan *loan)
{
	const json_t *f = loan->record.fields;

	if (loan->is_history)
		return FINDING_NONE;
	if (rule_state_is(f, "lost"))
		return FINDING_DEVICE_LOST;
	if (rule_state_is(f, "damaged"))
		return FINDING_DEVICE_DAMAGED;
	if (s->owner == NULL || !loan->is_handed || loan->is_approved)
		return FINDING_NONE;
	if (!loan->is_onward)
		return FINDING_LOAN_UNAPPROVED;
	if (json_is_true(json_object_get(s->word, "onward_allowed")) ||
	    is_told_by_custody(s, loan))
		return FINDING_NONE;
	return FINDING_ONWARD_LENDING;
}

/* --- rows ------------------------------------------------------------------
 */

/* At most one of these waits about a record. */
static enum err
put_one(struct txn *t, const struct record *r, const enum finding_code *codes,
    enum finding_code wanted)
{
	enum err e = ERR_OK;

	for (; e == ERR_OK && *codes != FINDING_NONE; codes++) {
		struct question q;

		matter_question(&r->id, *codes, "", r->at, &q);
		e = *codes == wanted ? question_put(t, &q) : matter_drop(t, &q);
	}
	return e;
}

static enum err
put_custody(struct txn *t, const struct device_state *s, const struct record *r,
    enum finding_code code)
{
	static const enum finding_code codes[] = {FINDING_ONWARD_LENDING,
	    FINDING_NOT_CUSTODIAN, FINDING_CUSTODY_JUMP, FINDING_NONE};

	if (s != NULL && device_is_decided(s, finding_name(code), &r->id))
		code = FINDING_NONE;
	return put_one(t, r, codes, code);
}

static enum err
put_loan(struct txn *t, const struct device_state *s, const struct record *r,
    enum finding_code code)
{
	static const enum finding_code codes[] = {FINDING_DEVICE_LOST,
	    FINDING_DEVICE_DAMAGED, FINDING_LOAN_UNAPPROVED,
	    FINDING_ONWARD_LENDING, FINDING_NONE};

	if (s != NULL && device_is_decided(s, finding_name(code), &r->id))
		code = FINDING_NONE;
	return put_one(t, r, codes, code);
}

/* A number's row; which is about the whole fork. */
static enum err
put_number(struct txn *t, const struct device_state *s, size_t at)
{
	char field[DEVICE_FIELD_BYTES];
	int64_t last = 0;
	struct question q;
	size_t i;

	for (i = at; i < s->custody_count &&
	             s->events[i].number == s->events[at].number;
	     i++)
		if (s->custody[s->events[i].index].at > last)
			last = s->custody[s->events[i].index].at;
	device_fork_field(s->events[at].number, field);
	matter_question(&s->device.id, FINDING_CUSTODY_FORK, field, last, &q);
	return s->events[at].fate == CUSTODY_DISPUTED ? question_put(t, &q)
	                                              : matter_drop(t, &q);
}

static enum err
put_chain(struct txn *t, struct device_state *s)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < s->custody_count; i++) {
		const struct custody_event *event = &s->events[i];
		enum finding_code code = FINDING_NONE;

		if (i == 0 || event->number != s->events[i - 1].number)
			e = put_number(t, s, i);
		if (e == ERR_OK)
			e = device_custody_code(t, s, event, &code);
		if (e == ERR_OK)
			e = put_custody(t, s, &s->custody[event->index], code);
	}
	return e;
}

/* only: of this key; NULL: of all. */
static enum err
put_loans(struct txn *t, struct device_state *s, const uint8_t *only)
{
	const struct device_loan *l;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < s->loan_count; i++) {
		if (only != NULL &&
		    memcmp(s->loans[i].key, only, KEY_RECORD_BYTES) != 0)
			continue;
		e = device_loan_at(t, s, i, &l);
		if (l != NULL)
			e = put_loan(t, s, &l->record, device_loan_code(s, l));
	}
	return e;
}

/* --- a change arrives --------------------------------------------------------
 */

/* The devices that a record's changes ever named, and the numbers that they
 * gave a hand-over: what it names no more has to be looked at as well. */
struct touched {
	struct txn *t;
	struct buffer devices; /* keys */
};

static enum err
add_devices(struct touched *d, const char *ref)
{
	struct buffer keys = {0};
	size_t at, had;
	enum err e = naming_walk(
	    d->t, "device", ref, NAMING_HOLDERS, NULL, SCOPE_NAMERS_MAX, &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		for (had = 0; had < d->devices.size; had += KEY_RECORD_BYTES)
			if (memcmp(d->devices.data + had, keys.data + at,
			        KEY_RECORD_BYTES) == 0)
				break;
		if (had >= d->devices.size)
			put_bytes(
			    &d->devices, keys.data + at, KEY_RECORD_BYTES);
	}
	buffer_free(&keys);
	return e == ERR_OK ? buffer_state(&d->devices) : e;
}

/* Rows of forks that a hand-over's changed number may have ended. */
static enum err
drop_forks(
    struct txn *t, const struct record_set *set, const struct buffer *devices)
{
	char field[DEVICE_FIELD_BYTES];
	struct question q;
	struct record r;
	size_t at, i;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < devices->size;
	     at += KEY_RECORD_BYTES) {
		if (record_read(t, devices->data + at, &r) != ERR_OK)
			continue;
		for (i = 0; e == ERR_OK && i < set->count; i++) {
			device_fork_field(
			    json_integer_value(json_object_get(
			        set->change[i].fields, "custody_no")),
			    field);
			matter_question(
			    &r.id, FINDING_CUSTODY_FORK, field, 0, &q);
			e = matter_drop(t, &q);
		}
		record_clear(&r);
	}
	return e;
}

/* An amendment may take a record away from where it was. */
static enum err
note_amended(
    struct touched *d, const struct change *c, const struct record_set *set)
{
	struct record r;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < set->count; i++) {
		const char *ref = rule_ref(set->change[i].fields, "device_id");

		if (ref != NULL)
			e = add_devices(d, ref);
	}
	if (e != ERR_OK || strcmp(c->record.kind, "custody") != 0)
		return e;
	e = drop_forks(d->t, set, &d->devices);
	if (e == ERR_OK)
		e = record_merge(set->input, set->count, &r);
	if (e != ERR_OK)
		return e;
	e = put_custody(d->t, NULL, &r, FINDING_NONE);
	record_clear(&r);
	return e;
}

static enum err
find_devices(struct touched *d, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(c->fields, "device_id");
	struct record_set set;
	enum err e = ERR_OK;

	if (strcmp(c->record.kind, "device") == 0)
		return add_devices(d, c->record.ref);
	if (c->parent_count == 0 && ref != NULL)
		e = add_devices(d, ref);
	if (e == ERR_OK)
		e = record_gather(d->t, key, SCOPE_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_OK : e;
	if (set.count > 1)
		e = note_amended(d, c, &set);
	record_set_free(&set);
	return e;
}

/* Nodes without scopes keep the index for devices all the same. */
static enum err
keep_index(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = ERR_OK;

	if (strcmp(c->record.kind, "custody") == 0 && self->role == ROLE_HUB)
		e = receipt_order_note(t, key);
	if (e != ERR_OK || (self->role == ROLE_HUB && self->is_enrolled))
		return e;
	if (strcmp(c->record.kind, "device") == 0)
		return naming_hold(t, &c->record, key);
	return naming_note(t, kind_by_name(c->record.kind), c, key);
}

static bool
speaks_of_devices(const struct change *c)
{
	static const char *const kinds[] = {
	    "device", "custody", "loan", "usage", "question", NULL};
	size_t i;

	for (i = 0; kinds[i] != NULL; i++)
		if (strcmp(c->record.kind, kinds[i]) == 0)
			return true;
	return false;
}

/* A device or a decision concerns all its loans, a hand-over the one it names;
 * of an amended one nobody asks which it named before. */
static enum err
put_rows(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], struct device_state *s)
{
	bool is_loan = strcmp(c->record.kind, "loan") == 0;
	bool is_new_custody =
	    strcmp(c->record.kind, "custody") == 0 && c->parent_count == 0;
	const struct device_loan *named = NULL;
	enum err e = put_chain(t, s);

	if (e == ERR_OK && is_new_custody)
		e = device_loan_of(t, s, c->record.source, c->fields, &named);
	if (e != ERR_OK || (is_new_custody && named == NULL))
		return e;
	return put_loans(t, s,
	    is_loan         ? key
	    : named == NULL ? NULL
	                    : named->key);
}

/* --- too many of a kind ------------------------------------------------------
 */

struct rows_of {
	struct txn *t;
	const struct record *device;
};

/* Whether a row is about a device, or what names it. */
static bool
is_row_of(void *context, const struct question *q)
{
	static const enum finding_code codes[] = {FINDING_ONWARD_LENDING,
	    FINDING_NOT_CUSTODIAN, FINDING_CUSTODY_JUMP, FINDING_DEVICE_LOST,
	    FINDING_DEVICE_DAMAGED, FINDING_LOAN_UNAPPROVED};
	const struct rows_of *rows = context;
	uint8_t key[KEY_RECORD_BYTES];
	bool is_named = false;
	struct record r;
	size_t i;

	if (q->type != QUESTION_MATTER)
		return false;
	if (q->code == FINDING_CUSTODY_FORK)
		return strcmp(q->origin, rows->device->id.source) == 0 &&
		       strcmp(q->ref, rows->device->id.ref) == 0;
	for (i = 0; !is_named && i < sizeof codes / sizeof *codes; i++)
		is_named = q->code == codes[i];
	if (!is_named)
		return false;
	matter_key(rows->t, q, key);
	if (record_read(rows->t, key, &r) != ERR_OK)
		return false;
	is_named = device_is_of(rows->t, rows->device, &r);
	record_clear(&r);
	return is_named;
}

/* Told once of each kind, and then nothing is asked any more of what is not
 * looked at. *anew: that was now. */
static enum err
tell_crowds(struct txn *t, const struct device_state *s, int64_t at, bool *anew)
{
	static const struct {
		enum device_crowd crowd;
		const char *kind;
	} crowds[] = {{DEVICE_CROWD_CUSTODY, "custody"},
	    {DEVICE_CROWD_LOANS, "loan"}, {DEVICE_CROWD_DECISIONS, "question"}};
	struct rows_of rows = {t, &s->device};
	size_t i;
	enum err e = ERR_OK;

	*anew = false;
	for (i = 0; e == ERR_OK && i < sizeof crowds / sizeof *crowds; i++) {
		struct question q;

		if ((s->crowds & (unsigned)crowds[i].crowd) == 0)
			continue;
		matter_question(&s->device.id, FINDING_DEVICE_CROWDED,
		    crowds[i].kind, at, &q);
		q.type = QUESTION_WARNING;
		if (question_waits(t, &q))
			continue;
		*anew = true;
		e = question_put(t, &q);
	}
	return *anew && e == ERR_OK ? question_drop_if(t, is_row_of, &rows) : e;
}

static enum err
note_device(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], const uint8_t device[KEY_RECORD_BYTES])
{
	struct device_state s;
	bool anew;
	enum err e = device_state_read(t, device, &s);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	e = tell_crowds(t, &s, c->recorded_at, &anew);
	if (e == ERR_OK)
		e = put_rows(t, c, key, &s);
	if (e == ERR_OK && anew)
		e = put_loans(t, &s, NULL);
	device_state_free(&s);
	return e;
}

enum err
device_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct touched d = {.t = t};
	size_t at;
	enum err e;

	if (!speaks_of_devices(c))
		return ERR_OK;
	e = keep_index(t, self, c, key);
	if (e != ERR_OK || strcmp(c->record.kind, "usage") == 0)
		return e;
	e = find_devices(&d, c, key);
	for (at = 0; e == ERR_OK && at < d.devices.size; at += KEY_RECORD_BYTES)
		e = note_device(t, c, key, d.devices.data + at);
	buffer_free(&d.devices);
	return e;
}

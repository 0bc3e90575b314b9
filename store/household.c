/* household: the contracts that members of one household have. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/contest_say.h"
#include "store/contest_whose.h"
#include "store/homes.h"
#include "store/household.h"
#include "store/linked.h"
#include "store/matter.h"
#include "store/rules.h"
#include "store/value.h"

static const char field[] = "household_with";

/* One contract of the household, as it is shown. */
struct member {
	struct record r;
	uint8_t person[KEY_RECORD_BYTES];
	char managing[REF_BYTES_MAX + 1];
	bool counts;   /* it is in force, or the one that counts */
	size_t group;  /* the lowest place that hangs together */
	bool is_split; /* another team has some of its group */
};

/* Those in force, and those that say with whom they stand. */
struct family {
	size_t count, room;
	size_t in_force;
	struct member *of;
	bool is_crowded; /* it is no household, or not all of it was read */
};

/* --- too many ------------------------------------------------------------- */

/* A row about one of them, which follows from what they are. */
static enum err
tell_crowded(struct txn *t, const struct record *r, bool is_crowded)
{
	struct question q;

	matter_question(
	    &r->id, FINDING_HOUSEHOLD_CROWDED, "household_no", r->at, &q);
	return is_crowded ? question_put(t, &q) : matter_drop(t, &q);
}

/* --- reading them -------------------------------------------------------- */

/* Entries that are linked are one person, named by the lowest key. */
static enum err
find_person(struct txn *t, struct member *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *org;
	struct linked all;
	struct record r;
	size_t i;
	enum err e = linked_resident(t, &m->r.id, m->r.fields, key);

	if (e == ERR_OK)
		e = linked_all(t, key, &all);
	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	memcpy(m->person, all.key[0], KEY_RECORD_BYTES);
	for (i = 1; i < all.count; i++)
		if (memcmp(all.key[i], m->person, KEY_RECORD_BYTES) < 0)
			memcpy(m->person, all.key[i], KEY_RECORD_BYTES);
	org = rule_ref(r.fields, "managing_org_id");
	snprintf(m->managing, sizeof m->managing, "%s", org == NULL ? "" : org);
	record_clear(&r);
	return ERR_OK;
}

/* One that another holds, until that is decided, does not count. */
static bool
counts(const struct record *r)
{
	const char *holder = rule_ref(r->fields, "holder_id");
	const char *source = rule_text(r->fields, "holder_source");

	if (rule_state_is(r->fields, "active"))
		return true;
	return rule_state_is(r->fields, "contested") && holder != NULL &&
	       strcmp(holder, r->id.ref) == 0 &&
	       (source == NULL || strcmp(source, r->id.source) == 0);
}

/* Whether the household is the contract's, or it has none: then it is said
 * here that it stands with nobody. Another's looks after it itself. */
static enum err
is_at_home(struct txn *t, const uint8_t household[DB_BLIND_BYTES],
    const struct member *m, bool *out)
{
	const char *number = homes_number(m->r.fields);
	uint8_t own[DB_BLIND_BYTES];
	enum err e;

	*out = true;
	if (number == NULL || m->managing[0] == '\0')
		return ERR_OK;
	e = homes_blind(t, number, m->managing, own);
	*out = e == ERR_OK && memcmp(own, household, sizeof own) == 0;
	return e;
}

static enum err
make_room(struct family *f)
{
	size_t room = f->room == 0 ? 8 : 2 * f->room;
	struct member *of;

	if (f->count < f->room)
		return ERR_OK;
	of = realloc(f->of, room * sizeof *of);
	if (of == NULL)
		return ERR_NOMEM;
	f->of = of;
	f->room = room;
	return ERR_OK;
}

static bool
says_with_whom(const struct record *r)
{
	return json_object_get(r->fields, field) != NULL ||
	       json_object_get(r->fields, "household_sources") != NULL;
}

/* Takes the record. Of one that is over and says nothing there is nothing to
 * say; it may have been that which told of too many. */
static enum err
keep_member(struct txn *t, struct family *f, struct member *m)
{
	enum err e;

	m->counts = m->managing[0] != '\0' &&
	            homes_number(m->r.fields) != NULL && counts(&m->r);
	f->in_force += m->counts;
	if (m->counts || says_with_whom(&m->r)) {
		f->count++;
		return ERR_OK;
	}
	e = tell_crowded(t, &m->r, false);
	record_clear(&m->r);
	return e;
}

/* What cannot be read stands apart. */
static enum err
add_member(struct txn *t, const uint8_t household[DB_BLIND_BYTES],
    const uint8_t key[KEY_RECORD_BYTES], struct family *f)
{
	bool is_home = false;
	struct member *m;
	enum err e = make_room(f);

	if (e != ERR_OK)
		return e;
	m = &f->of[f->count];
	memset(m, 0, sizeof *m);
	e = record_read(t, key, &m->r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	e = find_person(t, m);
	if (e == ERR_NOT_FOUND || e == ERR_CORRUPT)
		e = ERR_OK;
	if (e == ERR_OK)
		e = is_at_home(t, household, m, &is_home);
	if (is_home)
		return keep_member(t, f, m);
	record_clear(&m->r);
	return e;
}

static bool
is_other_team(const struct member *a, const struct member *b)
{
	const char *x = rule_ref(a->r.fields, "team_id");
	const char *y = rule_ref(b->r.fields, "team_id");

	return a->counts && b->counts && x != NULL && y != NULL &&
	       strcmp(x, y) != 0;
}

/* One more than are read shows that there are more. */
static enum err
gather_keys(
    struct txn *t, const uint8_t household[DB_BLIND_BYTES], struct buffer *out)
{
	struct walk *w;
	struct bytes key;
	size_t count = 0;
	enum err e = walk_open(t, TABLE_CODES, household, DB_BLIND_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (count <= HOUSEHOLD_READ_MOST &&
	       (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == HOMES_ROW_BYTES &&
	       memcmp(key.data, household, DB_BLIND_BYTES) == 0) {
		put_bytes(out, key.data + DB_BLIND_BYTES, KEY_RECORD_BYTES);
		count++;
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

static void
family_clear(struct family *f)
{
	while (f->count > 0)
		record_clear(&f->of[--f->count].r);
	f->in_force = 0;
	f->is_crowded = false;
}

/* Into an empty one; family_clear() also after an error. */
static enum err
family_read(
    struct txn *t, const uint8_t household[DB_BLIND_BYTES], struct family *f)
{
	struct buffer keys = {0};
	size_t i, count;
	enum err e = gather_keys(t, household, &keys);

	count = keys.size / KEY_RECORD_BYTES;
	for (i = 0; e == ERR_OK && i < count && i < HOUSEHOLD_READ_MOST; i++)
		e = add_member(
		    t, household, keys.data + i * KEY_RECORD_BYTES, f);
	if (e == ERR_OK)
		f->is_crowded =
		    count > HOUSEHOLD_READ_MOST || f->in_force > HOUSEHOLD_MOST;
	buffer_free(&keys);
	return e;
}

/* --- what hangs together ------------------------------------------------- */

static bool
is_before(const struct member *a, const char *end, const struct member *b)
{
	const char *last = rule_day(a->r.fields, end);
	const char *first = rule_day(b->r.fields, "start_on");

	return last != NULL && first != NULL &&
	       strncmp(last, first, DATE_CHARS) < 0;
}

/* Two members of one household have teams at the same time. */
static bool
meet(const struct member *a, const struct member *b)
{
	return a->counts && b->counts &&
	       memcmp(a->person, b->person, sizeof a->person) != 0 &&
	       !is_before(a, "end_on", b) && !is_before(b, "end_on", a);
}

/* Each gets the lowest place of all that it meets, or that those meet. */
static void
find_groups(struct family *f)
{
	bool again = true;
	size_t i, j;

	for (i = 0; i < f->count; i++)
		f->of[i].group = i;
	if (f->is_crowded)
		return;
	while (again) {
		again = false;
		for (i = 0; i < f->count; i++)
			for (j = 0; j < f->count; j++)
				if (f->of[j].group < f->of[i].group &&
				    meet(&f->of[i], &f->of[j])) {
					f->of[i].group = f->of[j].group;
					again = true;
				}
	}
	for (i = 0; i < f->count; i++)
		for (j = 0; j < f->count; j++)
			if (f->of[i].group == f->of[j].group &&
			    is_other_team(&f->of[i], &f->of[j]))
				f->of[i].is_split = true;
}

/* --- saying it ----------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct member *x = *(const struct member *const *)a;
	const struct member *y = *(const struct member *const *)b;
	int order = strcmp(x->r.id.ref, y->r.id.ref);

	return order != 0 ? order : strcmp(x->r.id.source, y->r.id.source);
}

/* The others in order: by ref, and of one ref by source. */
static size_t
find_others(
    const struct family *f, size_t i, const struct member *out[HOUSEHOLD_MOST])
{
	size_t j, count = 0;

	for (j = 0; f->of[i].is_split && j < f->count; j++)
		if (j != i && f->of[j].group == f->of[i].group)
			out[count++] = &f->of[j];
	qsort(out, count, sizeof out[0], by_name);
	return count;
}

/* NULL: no memory. */
static json_t *
refs_of(const struct member *const *others, size_t count)
{
	json_t *all = count == 0 ? json_null() : json_array();
	size_t j;

	for (j = 0; all != NULL && j < count; j++)
		if (json_array_append_new(all,
		        json_sprintf("ref:%s", others[j]->r.id.ref)) != 0) {
			json_decref(all);
			all = NULL;
		}
	return all;
}

/* Null: they are all of its own source. NULL: no memory. */
static json_t *
sources_of(
    const struct record *r, const struct member *const *others, size_t count)
{
	json_t *all = json_array();
	bool own = true;
	size_t j;

	for (j = 0; all != NULL && j < count; j++) {
		const char *source = others[j]->r.id.source;

		own = own && strcmp(source, r->id.source) == 0;
		if (json_array_append_new(all, json_string(source)) != 0) {
			json_decref(all);
			all = NULL;
		}
	}
	if (all == NULL || !own)
		return all;
	json_decref(all);
	return json_null();
}

/* Takes now: what the record is to show, or null. */
static enum err
put_change(
    json_t *fields, const struct record *r, const char *name, json_t *now)
{
	const json_t *old = json_object_get(r->fields, name);

	if (now == NULL)
		return ERR_NOMEM;
	if (old == NULL ? json_is_null(now) : value_equal(now, old)) {
		json_decref(now);
		return ERR_OK;
	}
	return json_object_set_new(fields, name, now) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
say_of(struct txn *t, const struct self *self, const struct family *f, size_t i,
    int64_t now)
{
	const struct record *r = &f->of[i].r;
	const struct member *others[HOUSEHOLD_MOST];
	size_t count = find_others(f, i, others);
	char org[ORG_REF_BYTES_MAX + 1];
	json_t *fields = json_object();
	enum err e = fields == NULL
	                 ? ERR_NOMEM
	                 : put_change(fields, r, field, refs_of(others, count));

	if (e == ERR_OK)
		e = put_change(fields, r, "household_sources",
		    sources_of(r, others, count));
	if (e == ERR_OK && json_object_size(fields) > 0) {
		e = contest_whose_speaks(t, self, r, org);
		if (e == ERR_OK)
			e = contest_say(t, self, r, org, fields, now);
	}
	json_decref(fields);
	return e;
}

/* About the one that stands first, and about no other. */
static enum err
tell_of_all(struct txn *t, const struct family *f)
{
	const struct member *first = NULL;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; f->is_crowded && i < f->count; i++) {
		const struct member *m = &f->of[i];

		if (m->counts && (first == NULL || by_name(&m, &first) < 0))
			first = m;
	}
	for (i = 0; e == ERR_OK && i < f->count; i++)
		e = tell_crowded(t, &f->of[i].r, &f->of[i] == first);
	return e;
}

static enum err
settle_one(struct txn *t, const struct self *self,
    const uint8_t household[DB_BLIND_BYTES], struct family *f, int64_t now)
{
	size_t i;
	enum err e = family_read(t, household, f);

	if (e == ERR_OK)
		find_groups(f);
	for (i = 0; e == ERR_OK && i < f->count; i++)
		e = say_of(t, self, f, i, now);
	if (e == ERR_OK)
		e = tell_of_all(t, f);
	family_clear(f);
	return e;
}

enum err
household_settle(struct txn *t, const struct self *self,
    const struct buffer *due, int64_t now)
{
	struct buffer all = {0};
	struct family f = {0}; /* its room serves all of them */
	size_t at;
	enum err e;

	put_bytes(&all, due->data, due->size);
	e = homes_take(t, &all);
	for (at = 0; e == ERR_OK && at < all.size; at += DB_BLIND_BYTES)
		e = settle_one(t, self, all.data + at, &f, now);
	free(f.of);
	buffer_free(&all);
	return e;
}

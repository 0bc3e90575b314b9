/* contest_set: one resident's contracts, read from the hub's records. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/contest_kept.h"
#include "store/contest_left.h"
#include "store/contest_set.h"
#include "store/contest_undone.h"
#include "store/contest_whose.h"
#include "store/contract_word.h"
#include "store/kin.h"
#include "store/linked.h"
#include "store/log.h"
#include "store/rules.h"
#include "store/scope.h"

struct reading {
	struct txn *t;
	const struct self *self;
	struct contest_set *set;
	struct org_tree tree;
	struct buffer contracts; /* keys */
	size_t holder_count;
	char holders[CONTEST_PEOPLE_MOST][REF_BYTES_MAX + 1]; /* orgs */
	struct contest_kept kept;
	struct contest_left left;
};

static void
copy_day(const json_t *fields, const char *name, contest_day out)
{
	const char *day = rule_day(fields, name);

	snprintf(out, sizeof(contest_day), "%.10s", day == NULL ? "" : day);
}

static void
copy_ref(const json_t *fields, const char *name, char *out, size_t size)
{
	const char *ref = rule_ref(fields, name);

	snprintf(out, size, "%s", ref == NULL ? "" : ref);
}

/* Altered or too long a record is verify's to tell and stops nothing. */
static enum err
or_nothing(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_LIMIT || e == ERR_NOT_FOUND ? ERR_OK
	                                                                : e;
}

/* --- who he is ----------------------------------------------------------- */

static void
add_person(struct reading *r, const uint8_t key[KEY_RECORD_BYTES])
{
	struct contest_set *s = r->set;
	size_t i;

	for (i = 0; i < s->people_count; i++)
		if (memcmp(s->people[i], key, KEY_RECORD_BYTES) == 0)
			return;
	if (i < CONTEST_PEOPLE_MOST)
		memcpy(s->people[s->people_count++], key, KEY_RECORD_BYTES);
}

/* All entries that links say are his, of whatever source they are. */
static enum err
add_linked(struct reading *r, const uint8_t key[KEY_RECORD_BYTES])
{
	struct linked all;
	size_t i;
	enum err e = linked_all(r->t, key, &all);

	for (i = 0; e == ERR_OK && i < all.count; i++)
		add_person(r, all.key[i]);
	return e;
}

static bool
is_person(const struct reading *r, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t i;

	for (i = 0; i < r->set->people_count; i++)
		if (memcmp(r->set->people[i], key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

/* Whether a record means somebody, and who that is. */
static bool
names(const struct reading *r, const struct record *q,
    uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(q->fields, "resident_id");
	const char *source = rule_text(q->fields, "resident_source");

	if (ref == NULL)
		return false;
	if (source == NULL)
		return scope_resolve(
		           r->t, q->id.source, "resident", ref, key) == ERR_OK;
	key_record_of(txn_db(r->t), key, source, "resident", ref);
	return true;
}

static enum err
note_move(struct reading *r, const struct record *q)
{
	uint8_t who[KEY_RECORD_BYTES];
	const char *from = rule_ref(q->fields, "from_org");
	const char *to = rule_ref(q->fields, "to_org");
	bool is_undone = rule_state_is(q->fields, "undone"), is_guessed;
	contest_day on;
	enum err e;

	if ((!is_undone && !rule_state_is(q->fields, "confirmed")) ||
	    !names(r, q, who) || !is_person(r, who))
		return ERR_OK;
	e = contest_moving_day(r->t, q, on, &is_guessed);
	if (e == ERR_OK)
		contest_left_add(&r->left, from == NULL ? "" : from,
		    to == NULL ? "" : to, on, is_guessed, is_undone);
	r->set->has_moves = true;
	return e;
}

/* Of what names him only moves are looked for; links led to all his entries. */
static enum err
note_moves(struct reading *r, const struct identity *who, const char *source)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = naming_walk_kind(
	    r->t, "resident", who->ref, NAMING_REST, source, "move", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		struct record q;

		e = record_read(r->t, keys.data + at, &q);
		if (e != ERR_OK) {
			e = or_nothing(e);
			continue;
		}
		e = note_move(r, &q);
		record_clear(&q);
	}
	buffer_free(&keys);
	return e;
}

/* When it was first said that he is dead or gone, as he is now; what was said
 * otherwise since is over. */
static enum err
note_status(struct reading *r, const struct record *now,
    const struct record_set *changes)
{
	struct contest *c = &r->set->contest;
	const char *status = rule_text(now->fields, "status");
	struct contest_said_on said;
	contest_day on;
	bool *stands, is_guessed;
	enum err e;

	if (status == NULL ||
	    (strcmp(status, "dead") != 0 && strcmp(status, "moved_away") != 0))
		return ERR_OK;
	stands = calloc(changes->count, sizeof *stands);
	e = stands == NULL ? ERR_NOMEM
	                   : record_stands(changes->input, changes->count,
	                         "status", stands);
	if (e == ERR_OK)
		e = contest_find_said(changes->input, changes->count, stands,
		    "status", status, &said);
	free(stands);
	if (e != ERR_OK)
		return e;
	is_guessed = contest_day_said(&said, on);
	if (strcmp(status, "dead") != 0) {
		contest_left_add(&r->left, "", "", on, is_guessed, false);
		return ERR_OK;
	}
	if (!c->is_dead || strcmp(on, c->died_on) < 0)
		memcpy(c->died_on, on, sizeof on);
	c->is_dead = true;
	return ERR_OK;
}

static enum err
read_person(struct reading *r, size_t i)
{
	const uint8_t *key = r->set->people[i];
	struct record_set changes;
	struct record now;
	const char *source;
	enum err e = record_gather(r->t, key, CONTEST_CHANGES_MOST, &changes);

	if (e != ERR_OK)
		return e;
	e = record_merge(changes.input, changes.count, &now);
	if (e != ERR_OK) {
		record_set_free(&changes);
		return e;
	}
	copy_ref(now.fields, "managing_org_id", r->holders[r->holder_count],
	    sizeof r->holders[0]);
	r->holder_count++;
	e = note_status(r, &now, &changes);
	if (e == ERR_OK)
		e = contest_kept_add(&r->kept, r->t, r->self, &changes);
	source = scope_is_only(r->t, &now.id) ? NULL : now.id.source;
	if (e == ERR_OK)
		e = note_moves(r, &now.id, source);
	if (e == ERR_OK)
		e = naming_walk_kind(r->t, "resident", now.id.ref,
		    NAMING_GRANTS, source, "contract", &r->contracts);
	record_clear(&now);
	record_set_free(&changes);
	return e;
}

/* --- one contract -------------------------------------------------------- */

/* Whether any org that may have begun it keeps his file. */
static bool
is_managing(struct reading *r, const struct contest_whose *w)
{
	size_t i, j;

	for (i = 0; i < r->holder_count; i++)
		for (j = 0; r->holders[i][0] != '\0' && j < w->org_count; j++)
			if (org_tree_is_within(
			        &r->tree, w->orgs[j], r->holders[i]))
				return true;
	return false;
}

/* What only the single changes tell. */
static enum err
fill_from_changes(const struct reading *r, struct contest_whose *w,
    struct contest_contract *c, const struct record_set *changes)
{
	int64_t active = INT64_MAX;
	size_t i;
	enum err e = contest_whose_read(r->t, r->self, changes, w);

	if (e != ERR_OK)
		return e;
	c->is_begun_twice = w->is_doubted;
	if (w->first != NULL) {
		c->id = w->first->id;
		contest_whose_name(r->t, w, c->org);
		c->clock_ok = w->first->clock != CLOCK_SUSPECT;
	} else {
		w->orgs[w->org_count++] = c->org;
	}
	for (i = 0; i < changes->count; i++) {
		const struct change *one = &changes->change[i];

		if (rule_state_is(one->fields, "active") &&
		    contest_is_believable(one) && one->occurred_at < active)
			active = one->occurred_at;
	}
	if (active != INT64_MAX)
		contest_day_of(active, c->active_on);
	return ERR_OK;
}

/* The day of asking, where none was named; nobody ends what he has not signed.
 */
static enum err
fill_ending(struct contest_contract *c, const struct contest_said *s)
{
	struct contest_said_on said;
	enum err e;

	if (c->ending_on[0] != '\0' || strcmp(c->state, "ending") != 0)
		return ERR_OK;
	e = contest_find_said(
	    s->input, s->count, s->stands, "state", "ending", &said);
	if (e != ERR_OK)
		return e;
	c->ending_is_guessed = contest_day_said(&said, c->ending_on);
	if (strcmp(c->ending_on, c->signed_on) < 0)
		memcpy(c->ending_on, c->signed_on, sizeof c->signed_on);
	return e;
}

static enum err
fill(struct reading *r, struct contest_contract *c, const struct record *said,
    const struct contest_said *s, const struct record_set *changes)
{
	const char *state = rule_text(said->fields, "state");
	const char *reason = rule_text(said->fields, "end_reason");
	struct contest_whose w;
	enum err e;

	memset(c, 0, sizeof *c);
	c->renews = c->replaces = SIZE_MAX;
	snprintf(c->ref, sizeof c->ref, "%s", said->id.ref);
	snprintf(c->source, sizeof c->source, "%s", said->id.source);
	snprintf(c->state, sizeof c->state, "%s", state == NULL ? "" : state);
	snprintf(c->org, sizeof c->org, "%.*s", ORG_REF_BYTES_MAX, said->org);
	copy_day(said->fields, "signed_on", c->signed_on);
	copy_day(said->fields, "start_on", c->start_on);
	copy_day(said->fields, "end_on", c->end_on);
	copy_day(said->fields, "ended_on", c->ending_on);
	snprintf(c->ending_reason, sizeof c->ending_reason, "%s",
	    reason == NULL ? "" : reason);
	e = fill_from_changes(r, &w, c, changes);
	if (e == ERR_OK)
		e = fill_ending(c, s);
	c->is_managing = is_managing(r, &w);
	c->is_kept = contest_kept_by(&r->kept, r->t, &w);
	contest_left_find(&r->left, &r->tree, &w, c);
	c->is_resumed =
	    c->undone_on[0] != '\0' && contest_is_resumed(changes, s);
	return e;
}

static bool
is_groups(const struct reading *r, const struct change *c)
{
	struct life life;

	return life_read(r->t, c->id.life, &life) == ERR_OK &&
	       memcmp(life.node, r->self->id, NODE_ID_BYTES) == 0;
}

/* Whether it was closed, and by none of the group. */
static bool
is_asking(const struct reading *r, const struct contest_said *s)
{
	bool asks = false;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (!s->stands[i] ||
		    !rule_state_is(s->copy[i].fields, "closed"))
			continue;
		if (is_groups(r, &s->copy[i]))
			return false;
		asks = true;
	}
	return asks;
}

/* Whether the group said what is shown, or it came so from the beginning. */
static void
find_word(const struct reading *r, const struct record_set *changes,
    struct contest_record *out)
{
	const char *shown = rule_text(out->present.fields, "state");
	size_t i;

	for (i = 0; shown != NULL && i < changes->count; i++) {
		const struct change *c = &changes->change[i];

		if (!rule_state_is(c->fields, shown))
			continue;
		if (is_groups(r, c)) {
			out->is_groups = true;
			out->is_persons =
			    out->is_persons || !contest_is_machines(c);
		}
		if (c->parent_count == 0)
			out->is_confirmed = true;
	}
	out->is_confirmed = out->is_confirmed || out->is_groups;
}

static bool
is_of_one_resident(const struct record *a, const struct record *b)
{
	const char *x = rule_ref(a->fields, "resident_id");
	const char *y = rule_ref(b->fields, "resident_id");

	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* One that is his, or of who is linked to him. */
static enum err
keep_contract(struct reading *r, const struct record *said,
    const struct contest_said *s, const struct record_set *changes)
{
	struct contest_contract *c = &r->set->contest.of[r->set->contest.count];
	struct contest_record *one = &r->set->record[r->set->contest.count];
	enum err e =
	    record_merge(changes->input, changes->count, &one->present);

	if (e != ERR_OK)
		return e;
	e = fill(r, c, said, s, changes);
	if (e != ERR_OK) {
		record_clear(&one->present);
		return e;
	}
	c->is_asking = is_asking(r, s);
	one->said = json_incref(said->fields);
	one->is_renamed = !is_of_one_resident(&one->present, said);
	find_word(r, changes, one);
	r->set->contest.count++;
	return ERR_OK;
}

static enum err
add_said(struct reading *r, const uint8_t key[KEY_RECORD_BYTES],
    const struct contest_said *s, const struct record_set *changes)
{
	struct contest_record *one = &r->set->record[r->set->contest.count];
	struct record said;
	enum err e = record_merge(s->input, s->count, &said);

	if (e != ERR_OK)
		return e;
	memcpy(one->key, key, KEY_RECORD_BYTES);
	if (names(r, &said, one->resident) && is_person(r, one->resident))
		e = keep_contract(r, &said, s, changes);
	record_clear(&said);
	return e;
}

static enum err
add_contract(struct reading *r, const uint8_t key[KEY_RECORD_BYTES],
    const struct record_set *changes)
{
	bool *is_others = calloc(changes->count, sizeof *is_others);
	struct contest_said said;
	enum err e = is_others == NULL ? ERR_NOMEM
	                               : contract_word_find_others(
	                                     r->t, r->self, changes, is_others);

	if (e == ERR_OK)
		e = contest_said_read(changes, is_others, &said);
	if (e == ERR_OK) {
		e = add_said(r, key, &said, changes);
		contest_said_free(&said);
	}
	free(is_others);
	return e;
}

static bool
is_there(const struct contest_set *s, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t i;

	for (i = 0; i < s->contest.count; i++)
		if (memcmp(s->record[i].key, key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

static enum err
read_contracts(struct reading *r)
{
	size_t at;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < r->contracts.size &&
	             r->set->contest.count < CONTEST_MOST;
	     at += KEY_RECORD_BYTES) {
		const uint8_t *key = r->contracts.data + at;
		struct record_set changes;

		if (is_there(r->set, key))
			continue;
		e = record_gather(r->t, key, CONTEST_CHANGES_MOST, &changes);
		if (e != ERR_OK) {
			e = or_nothing(e);
			continue;
		}
		e = kin_mark(&changes);
		if (e == ERR_OK)
			e = add_contract(r, key, &changes);
		record_set_free(&changes);
	}
	return e;
}

/* --- all of them --------------------------------------------------------- */

/* Few: by insertion. Both arrays go along. */
static void
sort_by_id(struct contest_set *s)
{
	struct contest_contract *of = s->contest.of;
	size_t i, j;

	for (i = 1; i < s->contest.count; i++)
		for (j = i;
		     j > 0 && change_id_compare(&of[j - 1].id, &of[j].id) > 0;
		     j--) {
			struct contest_contract c = of[j];
			struct contest_record r = s->record[j];

			of[j] = of[j - 1];
			of[j - 1] = c;
			s->record[j] = s->record[j - 1];
			s->record[j - 1] = r;
		}
}

static size_t
place_of(struct reading *r, size_t i, const char *field)
{
	const struct contest_record *q = &r->set->record[i];
	const char *ref = rule_ref(q->said, field);
	uint8_t key[KEY_RECORD_BYTES];
	size_t j;

	if (ref == NULL || scope_resolve(r->t, q->present.id.source, "contract",
	                       ref, key) != ERR_OK)
		return SIZE_MAX;
	for (j = 0; j < r->set->contest.count; j++)
		if (memcmp(r->set->record[j].key, key, sizeof key) == 0)
			return j;
	return SIZE_MAX;
}

static enum err
read_all(struct reading *r)
{
	struct contest *c = &r->set->contest;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < r->set->people_count; i++) {
		e = read_person(r, i);
		if (e != ERR_OK && i > 0)
			e = or_nothing(e);
	}
	if (e == ERR_OK)
		e = read_contracts(r);
	if (e != ERR_OK)
		return e;
	sort_by_id(r->set);
	for (i = 0; i < c->count; i++) {
		c->of[i].renews = place_of(r, i, "renews_id");
		c->of[i].replaces = place_of(r, i, "replaces_id");
	}
	contest_decide(c);
	return org_tree_state(&r->tree);
}

struct contest_set *
contest_set_new(void)
{
	return calloc(1, sizeof(struct contest_set));
}

enum err
contest_set_read(struct txn *t, const struct self *self,
    const uint8_t resident[KEY_RECORD_BYTES], struct contest_set *out)
{
	struct reading *r = malloc(sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	/* Not the arrays: they are filled as far as they are counted. */
	memset(r, 0, offsetof(struct reading, holders));
	r->left.count = r->kept.count = 0;
	r->t = t;
	r->self = self;
	r->set = out;
	r->tree.t = t;
	e = add_linked(r, resident);
	if (e == ERR_OK)
		e = read_all(r);
	org_tree_free(&r->tree);
	buffer_free(&r->contracts);
	free(r);
	if (e != ERR_OK)
		contest_set_clear(out);
	return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_NOT_FOUND : e;
}

void
contest_set_clear(struct contest_set *s)
{
	size_t i;

	for (i = 0; i < s->contest.count; i++) {
		record_clear(&s->record[i].present);
		json_decref(s->record[i].said);
		memset(&s->record[i], 0, sizeof s->record[i]);
	}
	memset(&s->contest, 0, offsetof(struct contest, of));
	s->has_moves = false;
	s->people_count = 0;
}

void
contest_set_free(struct contest_set *s)
{
	if (s != NULL)
		contest_set_clear(s);
	free(s);
}

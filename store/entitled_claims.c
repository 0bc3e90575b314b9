/* entitled_claims: claims in what is neither a file nor a device. */

#include <stdlib.h>
#include <string.h>

#include "store/begun.h"
#include "store/entitled_claims.h"
#include "store/keeper.h"
#include "store/kin.h"
#include "store/matter_pen.h"
#include "store/rules.h"
#include "store/scope.h"

/* What says whom a record is about, or what. */
static const char *const one_side[] = {"resident_id", "resident_source", NULL};
static const char *const other_side[] = {"other_id", "other_source", NULL};
static const char *const sides[] = {
    "resident_id", "resident_source", "other_id", "other_source", NULL};
static const char *const subjects[] = {
    "about_kind", "about_ref", "about_source", "code", NULL};

enum err
claims_open(struct claims *k, struct txn *t, const struct self *self,
    const struct record_set *set)
{
	enum err e;

	*k = (struct claims){.t = t, .self = self, .set = set};
	k->begun = calloc(set->count + 1, sizeof *k->begun);
	if (k->begun == NULL)
		return ERR_NOMEM;
	e = begun_find(t, self->id, set->input, set->count, k->begun);
	if (e != ERR_OK)
		claims_close(k);
	return e;
}

void
claims_close(struct claims *k)
{
	free(k->begun);
}

/* --- whose a record is -----------------------------------------------------
 */

/* Whether an org ever kept this file, or owned this device, since late work of
 * the old site counts. */
static enum keeper_says
ever_kept_key(const struct claims *k, const uint8_t key[KEY_RECORD_BYTES],
    const char *org)
{
	enum keeper_says says = KEEPER_UNKNOWN;
	struct record_set set;
	struct keeper file;

	if (record_gather(k->t, key, MATTER_CHANGES_MAX, &set) != ERR_OK)
		return KEEPER_UNKNOWN;
	if (keeper_open(&file, k->t, k->self, &set,
	        keeper_field(set.change[0].record.kind)) == ERR_OK) {
		says = keeper_ever(&file, org);
		keeper_close(&file);
	}
	record_set_free(&set);
	return says;
}

/* Of one whose ref a record names; its source is told beside it or its own. */
static enum keeper_says
ever_kept_named(const struct claims *k, const struct record *r,
    const char *name, const char *source_name, const char *org)
{
	const char *source = rule_text(r->fields, source_name);
	const char *resident = rule_ref(r->fields, name);
	uint8_t key[KEY_RECORD_BYTES];

	return resident == NULL || scope_resolve(k->t,
	                               source == NULL ? r->id.source : source,
	                               "resident", resident, key) != ERR_OK
	           ? KEEPER_UNKNOWN
	           : ever_kept_key(k, key, org);
}

/* Of a link: both entries, or one of them opens a stranger's file. */
static enum keeper_says
kept_both(const struct claims *k, const struct record *r, const char *org)
{
	enum keeper_says one =
	    ever_kept_named(k, r, "resident_id", "resident_source", org);
	enum keeper_says other =
	    ever_kept_named(k, r, "other_id", "other_source", org);

	if (one == KEEPER_NO || other == KEEPER_NO)
		return KEEPER_NO;
	return one == KEEPER_YES ? other : one;
}

/* Of a decision: whether what it is about is its author's, or once was. */
static enum keeper_says
owns_matter(const struct claims *k, const struct record *r, const char *org)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct matter m = {0};

	if (matter_is_groups(r->fields))
		return KEEPER_NO;
	matter_about(r->fields, &m.record);
	m.maker = matter_maker_by_name(rule_text(r->fields, "code"));
	if (matter_kept_record(k->t, &m, key) == ERR_OK)
		return ever_kept_key(k, key, org);
	matter_find_owner(k->t, &m);
	return keeper_is(k->t, m.owner, org);
}

static enum keeper_says
is_entitled(const struct claims *k, const struct record *r, const char *org)
{
	if (strcmp(r->id.kind, "question") == 0)
		return owns_matter(k, r, org);
	if (strcmp(r->id.kind, "link") == 0)
		return kept_both(k, r, org);
	return ever_kept_named(k, r, "resident_id", "resident_source", org);
}

/* --- what is a claim -------------------------------------------------------
 */

static bool
is_link(const struct change *c)
{
	return strcmp(c->record.kind, "link") == 0;
}

static bool
is_question(const struct change *c)
{
	return strcmp(c->record.kind, "question") == 0;
}

bool
entitled_takes_step(const struct change *c)
{
	const struct kind *k = kind_by_name(c->record.kind);
	const char *name = rule_text(c->fields, "state");
	int rank = k == NULL || k->states == NULL || name == NULL
	               ? -1
	               : state_rank(k, name);

	return rank >= 0 && k->states[rank].managing_only;
}

bool
claims_may_be(const struct change *c)
{
	return c->managing || is_link(c) || is_question(c);
}

static bool
sets_any(const struct change *c, const char *const *fields)
{
	for (; *fields != NULL; fields++)
		if (json_object_get(c->fields, *fields) != NULL)
			return true;
	return false;
}

/* Whether it sets what says whom or what the record is about. */
static bool
names(const struct change *c)
{
	return sets_any(c, is_question(c) ? subjects : sides);
}

bool
claims_shows_more(const struct change *c)
{
	return names(c) || entitled_takes_step(c);
}

/* Whether a names what b, which names something too, does not. */
static bool
names_otherwise(const struct change *a, const struct change *b)
{
	const char *const *name;

	for (name = sides; names(b) && *name != NULL; name++) {
		const json_t *said = json_object_get(a->fields, *name);
		const json_t *other = json_object_get(b->fields, *name);

		if (said != NULL && (other == NULL || !json_equal(said, other)))
			return true;
	}
	return false;
}

/* Of a link those that make it one of others; who only said the same at the
 * same time claims nothing. */
static bool
changes_content(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	const char *name;
	json_t *v;
	size_t j;

	if (is_link(c)) {
		for (j = 0; j < k->set->count; j++)
			if (j != i && names_otherwise(c, &k->set->change[j]))
				return true;
		return false;
	}
	json_object_foreach(c->fields, name, v)
	{
		if (!merge_is_word(name))
			return true;
	}
	return false;
}

/* Whether there is a step that was taken without having seen it. */
static bool
is_beside_a_step(const struct claims *k, size_t i)
{
	size_t j;

	for (j = 0; j < k->set->count; j++)
		if (j != i && entitled_takes_step(&k->set->change[j]) &&
		    !kin_had_seen(k->set, j, i))
			return true;
	return false;
}

static bool
is_claim(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];

	if (c->managing || entitled_takes_step(c))
		return true;
	return (is_link(c) || is_question(c)) && is_beside_a_step(k, i) &&
	       changes_content(k, i);
}

/* --- what it is held against ------------------------------------------------
 */

/* Ends the walk by returning false. */
typedef bool visit_view(const struct claims *k, const struct record *view,
    const char *org, void *context);

static bool
visit_seen(const struct claims *k, size_t i, bool is_after, const char *org,
    visit_view *visit, void *context)
{
	struct record view;
	bool go_on;

	if (record_seen_by(k->set->input, k->set->count, &k->set->change[i].id,
	        is_after, &view) != ERR_OK)
		return true;
	go_on = visit(k, &view, org, context);
	record_clear(&view);
	return go_on;
}

/* Whether change i says something of these fields, and nobody who had seen it
 * said anything of them since. */
static bool
has_the_last_word(const struct claims *k, size_t i, const char *const *fields)
{
	size_t j;

	if (!sets_any(&k->set->change[i], fields))
		return false;
	for (j = 0; j < k->set->count; j++)
		if (sets_any(&k->set->change[j], fields) &&
		    kin_had_seen(k->set, j, i))
			return false;
	return true;
}

/* As it is now, so far as that is the word of change i. */
static void
keep_own_words(const struct claims *k, size_t i, struct record *view)
{
	const char *const *all[] = {one_side, other_side};
	size_t n;

	for (n = 0; n < sizeof all / sizeof *all; n++) {
		const char *const *name = all[n];

		for (; !has_the_last_word(k, i, all[n]) && *name != NULL;
		     name++)
			json_object_del(view->fields, *name);
	}
}

static bool
visit_merged(const struct claims *k, size_t i, visit_view *visit, void *context)
{
	const struct change *c = &k->set->change[i];
	struct record view;
	bool go_on;

	if ((is_question(c) && !has_the_last_word(k, i, subjects)) ||
	    record_merge(k->set->input, k->set->count, &view) != ERR_OK)
		return true;
	if (!is_question(c))
		keep_own_words(k, i, &view);
	go_on = visit(k, &view, c->org, context);
	record_clear(&view);
	return go_on;
}

/* The record as change i left it; where that says what the record is about,
 * also as its author found it and, so far as it still says so, as it is now:
 * two words side by side may make a third; and as others began it. */
static void
walk_views(const struct claims *k, size_t i, visit_view *visit, void *context)
{
	const struct change *c = &k->set->change[i];
	size_t j;

	if (!visit_seen(k, i, true, c->org, visit, context))
		return;
	if (names(c) && (!visit_seen(k, i, false, c->org, visit, context) ||
	                    !visit_merged(k, i, visit, context)))
		return;
	for (j = 0; j < k->set->count; j++)
		if (j != i && k->begun[j] != BEGUN_NOT &&
		    !visit_seen(k, j, true, c->org, visit, context))
			return;
}

static bool
see_whether_wrong(const struct claims *k, const struct record *view,
    const char *org, void *context)
{
	bool *is_wrong = context;

	*is_wrong = is_entitled(k, view, org) == KEEPER_NO;
	return !*is_wrong;
}

bool
claims_is_wrong(const struct claims *k, size_t i)
{
	bool is_wrong = false;

	if (is_claim(k, i))
		walk_views(k, i, see_whether_wrong, &is_wrong);
	return is_wrong;
}

static bool
see_whether_kept(const struct claims *k, const struct record *view,
    const char *org, void *context)
{
	bool *is_kept = context;

	if (rule_ref(view->fields, "resident_id") == NULL)
		return true;
	*is_kept = ever_kept_named(k, view, "resident_id", "resident_source",
	               org) == KEEPER_YES;
	return *is_kept;
}

bool
claims_kept_resident(const struct claims *k, size_t i)
{
	bool is_kept = false;

	walk_views(k, i, see_whether_kept, &is_kept);
	return is_kept;
}

/* --- what is to be looked at again -----------------------------------------
 */

static bool
see_names(const struct claims *k, const struct record *view, const char *org,
    void *context)
{
	const struct kind *kind = kind_by_name(view->id.kind);
	uint8_t key[KEY_RECORD_BYTES];
	enum err *e = context;
	struct change c;

	(void)org;
	change_init(&c);
	c.record = view->id;
	c.fields = view->fields;
	key_record(txn_db(k->t), key, &c.record);
	*e = kind == NULL ? ERR_OK : naming_note(k->t, kind, &c, key);
	return *e == ERR_OK;
}

enum err
claims_note_names(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	enum err e = ERR_OK;

	if (names(c) && (is_question(c) || is_link(c)) && c->parent_count > 0)
		walk_views(k, i, see_names, &e);
	return e;
}

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

/* --- what is known already -------------------------------------------------
 *
 * One node can send a record of which each change is a claim, each begins it,
 * and all are about the same few files.
 */

enum { FILES_MAX = 512 };

/* Whether an org ever kept a file. */
struct kept_file {
	uint8_t key[KEY_RECORD_BYTES];
	const char *org; /* of the set */
	enum keeper_says says;
};

/* Whether what a decision is about is an org's. */
struct owned_matter {
	uint8_t about[KEY_RECORD_BYTES];
	const struct matter_maker *maker;
	const char *org; /* of the set */
	enum keeper_says says;
};

/* What the beginnings say of an org that claims. */
struct held_against {
	const char *org; /* of the set; NULL: none from here on */
	bool is_wrong;
	enum keeper_says kept; /* as see_whether_kept() */
};

struct claims_known {
	struct record merged;
	bool is_merged;
	struct kept_file file[FILES_MAX];
	size_t file_count;
	struct owned_matter matter[FILES_MAX];
	size_t matter_count;
	struct held_against of[]; /* as many as there are changes, and one */
};

enum err
claims_open(struct claims *k, struct txn *t, const struct self *self,
    const struct record_set *set)
{
	enum err e = ERR_NOMEM;

	*k = (struct claims){.t = t, .self = self, .set = set};
	k->begun = calloc(set->count + 1, sizeof *k->begun);
	k->known = calloc(
	    1, sizeof *k->known + (set->count + 1) * sizeof *k->known->of);
	if (k->begun != NULL && k->known != NULL)
		e = begun_find(t, self->id, set->input, set->count, k->begun);
	if (e != ERR_OK)
		claims_close(k);
	return e;
}

void
claims_close(struct claims *k)
{
	if (k->known != NULL && k->known->is_merged)
		record_clear(&k->known->merged);
	free(k->known);
	free(k->begun);
}

/* --- whose a record is -----------------------------------------------------
 */

static enum keeper_says
read_ever_kept(const struct claims *k, const uint8_t key[KEY_RECORD_BYTES],
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

/* Whether an org ever kept this file, or owned this device, since late work of
 * the old site counts. */
static enum keeper_says
ever_kept_key(const struct claims *k, const uint8_t key[KEY_RECORD_BYTES],
    const char *org)
{
	struct claims_known *known = k->known;
	enum keeper_says says;
	size_t i;

	for (i = 0; i < known->file_count; i++)
		if (memcmp(known->file[i].key, key, KEY_RECORD_BYTES) == 0 &&
		    strcmp(known->file[i].org, org) == 0)
			return known->file[i].says;
	says = read_ever_kept(k, key, org);
	if (i < FILES_MAX) {
		memcpy(known->file[i].key, key, KEY_RECORD_BYTES);
		known->file[i].org = org;
		known->file[i].says = says;
		known->file_count++;
	}
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

static enum keeper_says
read_owner(const struct claims *k, struct matter *m, const char *org)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (matter_kept_record(k->t, m, key) == ERR_OK)
		return ever_kept_key(k, key, org);
	matter_find_owner(k->t, m);
	return keeper_is(k->t, m->owner, org);
}

/* Of a decision: whether what it is about is its author's, or once was. */
static enum keeper_says
owns_matter(const struct claims *k, const struct record *r, const char *org)
{
	struct claims_known *known = k->known;
	struct owned_matter *at = known->matter;
	uint8_t about[KEY_RECORD_BYTES];
	struct matter m = {0};
	enum keeper_says says;

	if (matter_is_groups(r->fields))
		return KEEPER_NO;
	matter_about(r->fields, &m.record);
	m.maker = matter_maker_by_name(rule_text(r->fields, "code"));
	key_record(txn_db(k->t), about, &m.record);
	for (; at < known->matter + known->matter_count; at++)
		if (at->maker == m.maker && strcmp(at->org, org) == 0 &&
		    memcmp(at->about, about, sizeof about) == 0)
			return at->says;
	says = read_owner(k, &m, org);
	if (known->matter_count < FILES_MAX) {
		*at = (struct owned_matter){
		    .maker = m.maker, .org = org, .says = says};
		memcpy(at->about, about, sizeof about);
		known->matter_count++;
	}
	return says;
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

/* By the graph of the set, which is built once. */
static bool
visit_seen(const struct claims *k, size_t i, bool is_after, const char *org,
    visit_view *visit, void *context)
{
	struct merge_input *seen = calloc(k->set->count, sizeof *seen);
	struct record view;
	bool go_on = true;
	size_t j, n = 0;

	for (j = 0; seen != NULL && j < k->set->count; j++)
		if (kin_had_seen(k->set, i, j) || (is_after && j == i))
			seen[n++] = k->set->input[j];
	if (n > 0 && record_merge(seen, n, &view) == ERR_OK) {
		go_on = visit(k, &view, org, context);
		record_clear(&view);
	}
	free(seen);
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

/* A copy of the record as it is now, but for its words. */
static enum err
copy_merged(const struct claims *k, struct record *out)
{
	struct claims_known *known = k->known;
	enum err e = ERR_OK;

	if (!known->is_merged)
		e = record_merge(k->set->input, k->set->count, &known->merged);
	if (e != ERR_OK)
		return e;
	known->is_merged = true;
	*out = known->merged;
	out->fields = json_copy(known->merged.fields);
	return out->fields == NULL ? ERR_NOMEM : ERR_OK;
}

static bool
visit_merged(const struct claims *k, size_t i, visit_view *visit, void *context)
{
	const struct change *c = &k->set->change[i];
	struct record view;
	bool go_on;

	if ((is_question(c) && !has_the_last_word(k, i, subjects)) ||
	    copy_merged(k, &view) != ERR_OK)
		return true;
	if (!is_question(c))
		keep_own_words(k, i, &view);
	go_on = visit(k, &view, c->org, context);
	record_clear(&view);
	return go_on;
}

/* The record as change i left it; where that says what the record is about,
 * also as its author found it and, so far as it still says so, as it is now:
 * two words side by side may make a third. */
static void
walk_views(const struct claims *k, size_t i, visit_view *visit, void *context)
{
	const struct change *c = &k->set->change[i];

	if (visit_seen(k, i, true, c->org, visit, context) && names(c) &&
	    visit_seen(k, i, false, c->org, visit, context))
		visit_merged(k, i, visit, context);
}

/* As others began it. */
static void
walk_beginnings(
    const struct claims *k, const char *org, visit_view *visit, void *context)
{
	size_t j;

	for (j = 0; j < k->set->count; j++)
		if (k->begun[j] != BEGUN_NOT &&
		    !visit_seen(k, j, true, org, visit, context))
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

/* Whether all that are named were kept; KEEPER_UNKNOWN: none is named. */
static bool
see_whether_kept(const struct claims *k, const struct record *view,
    const char *org, void *context)
{
	enum keeper_says *kept = context;

	if (rule_ref(view->fields, "resident_id") == NULL)
		return true;
	*kept = ever_kept_named(k, view, "resident_id", "resident_source",
	            org) == KEEPER_YES
	            ? KEEPER_YES
	            : KEEPER_NO;
	return *kept == KEEPER_YES;
}

/* What the beginnings say of all that one org claims. */
static const struct held_against *
find_held(const struct claims *k, const char *org)
{
	struct held_against *h = k->known->of;

	for (; h->org != NULL; h++)
		if (strcmp(h->org, org) == 0)
			return h;
	h->org = org;
	walk_beginnings(k, org, see_whether_wrong, &h->is_wrong);
	walk_beginnings(k, org, see_whether_kept, &h->kept);
	return h;
}

bool
claims_is_wrong(const struct claims *k, size_t i)
{
	bool is_wrong = false;

	if (!is_claim(k, i))
		return false;
	walk_views(k, i, see_whether_wrong, &is_wrong);
	return is_wrong || find_held(k, k->set->change[i].org)->is_wrong;
}

bool
claims_kept_resident(const struct claims *k, size_t i)
{
	enum keeper_says kept = KEEPER_UNKNOWN, begun;

	walk_views(k, i, see_whether_kept, &kept);
	if (kept == KEEPER_NO)
		return false;
	begun = find_held(k, k->set->change[i].org)->kept;
	return begun == KEEPER_UNKNOWN ? kept == KEEPER_YES
	                               : begun == KEEPER_YES;
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

	/* What a beginning names was noted when it came. */
	if (names(c) && (is_question(c) || is_link(c)) && c->parent_count > 0)
		walk_views(k, i, see_names, &e);
	return e;
}

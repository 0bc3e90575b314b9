/* crowded_whose: whose a record with many changes is. */

#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/crowded_whose.h"
#include "store/index.h"
#include "store/keeper.h"
#include "store/log.h"
#include "store/rules.h"
#include "store/scope.h"

/* A record at work. */
struct weighing {
	struct txn *t;
	const struct self *self;
	const struct record_set *set;
	uint8_t *begun; /* of its changes, enum begun */
	struct crowded_whose *out;
};

/* --- orgs ------------------------------------------------------------------
 */

/* Those it surely is of are added first: what is there stays. */
static void
add_org(struct crowded_whose *w, const char *ref, bool is_sure)
{
	struct crowded_org *o = &w->org[w->count];
	size_t i, size = ref == NULL ? 0 : strlen(ref);

	if (size == 0 || size > ORG_REF_BYTES_MAX)
		return; /* no certificate names it */
	for (i = 0; i < w->count; i++)
		if (strcmp(w->org[i].ref, ref) == 0)
			return;
	if (is_sure ? w->count == CROWDED_SURE_MAX
	            : w->shares == CROWDED_SHARES_MAX)
		return;
	memcpy(o->ref, ref, size + 1);
	o->is_sure = is_sure;
	o->changes = 0;
	w->count++;
	w->shares += !is_sure;
}

/* Whoever gave the ref began it, also before that change is here. */
static enum err
add_giver(struct weighing *g)
{
	const char *ref = g->set->change[0].record.ref;
	struct change_id id;
	struct life life;
	struct node node;
	size_t i;
	enum err e;

	if (ref[0] != '~' || !change_id_parse(ref + 1, &id))
		return ERR_OK;
	e = life_read(g->t, id.life, &life);
	if (e == ERR_OK)
		e = index_node_read(g->t, life.node, &node);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (i = 0; node.cert.role != ROLE_HUB && i < node.cert.org_count; i++)
		add_org(g->out, node.cert.orgs[i], true);
	return ERR_OK;
}

/* Whether a word about the keeper is known to be right; what its author had
 * seen may be missing, and he may have made that up. */
static bool
is_right(const struct weighing *g, const struct keeper *k, size_t i)
{
	if (g->begun[i] == BEGUN_SURELY)
		return true; /* he may give it to another */
	if (k->is_void[i] || k->is_doubted[i])
		return false;
	return keeper_is_group(g->t, g->self, &g->set->change[i]) ||
	       keeper_then(k, i) == KEEPER_YES;
}

static enum err
add_keepers(struct weighing *g)
{
	const char *field = keeper_field(g->set->change[0].record.kind);
	struct keeper k;
	size_t i;
	enum err e;

	if (field == NULL)
		return ERR_OK;
	e = keeper_open(&k, g->t, g->self, g->set, field);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < g->set->count; i++)
		if (is_right(g, &k, i))
			add_org(g->out,
			    rule_ref(g->set->change[i].fields, field), true);
	keeper_close(&k);
	return ERR_OK;
}

/* Whom a beginning asks. */
static void
add_asked(struct weighing *g, const struct change *c)
{
	const struct kind *k = kind_by_name(c->record.kind);
	const struct field *f;
	const char *ref;
	size_t i;

	for (f = k == NULL ? NULL : k->fields; f != NULL && f->number != 0; f++)
		for (i = 0; (f->flags & FIELD_AUDIENCE) != 0 &&
		            (ref = scope_ref(c->fields, f, i)) != NULL;
		     i++)
			add_org(g->out, ref, false);
}

static bool
is_listed(const struct crowded_whose *w, const char *ref)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (strcmp(w->org[i].ref, ref) == 0)
			return true;
	return false;
}

/* Where more say so than there are shares, nobody has one: it is the group's
 * to set them aside. */
static void
add_doubted(struct weighing *g)
{
	size_t i, before = g->out->count;
	bool all = true;

	for (i = 0; i < g->set->count; i++) {
		const char *org = g->set->change[i].org;

		if (g->begun[i] != BEGUN_DOUBTED ||
		    strlen(org) > ORG_REF_BYTES_MAX)
			continue;
		add_org(g->out, org, false);
		all = all && is_listed(g->out, org);
	}
	if (!all) {
		g->out->count = before;
		g->out->shares = 0;
		g->out->is_claimed = true;
	}
}

static enum err
weigh(struct weighing *g)
{
	size_t i;
	enum err e = begun_find(
	    g->t, g->self->id, g->set->input, g->set->count, g->begun);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < g->set->count; i++)
		if (g->begun[i] == BEGUN_SURELY)
			add_org(g->out, g->set->change[i].org, true);
	e = add_giver(g);
	if (e == ERR_OK)
		e = add_keepers(g);
	if (e != ERR_OK)
		return e;
	add_doubted(g);
	for (i = 0; i < g->set->count; i++)
		if (g->begun[i] == BEGUN_SURELY)
			add_asked(g, &g->set->change[i]);
	g->out->is_told = true;
	return ERR_OK;
}

enum err
crowded_whose_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct crowded_whose *out)
{
	struct weighing g = {.t = t, .out = out};
	struct record_set set;
	struct self self;
	enum err e = self_read(t, &self);

	memset(out, 0, sizeof *out);
	memcpy(out->key, key, KEY_RECORD_BYTES);
	out->is_known = true;
	if (e != ERR_OK)
		return e;
	memcpy(out->group, self.id, NODE_ID_BYTES);
	if (self.role == ROLE_HUB) {
		e = record_gather(t, key, KIN_MAX, &set);
		if (e == ERR_OK) {
			g.self = &self;
			g.set = &set;
			g.begun = calloc(set.count + 1, sizeof *g.begun);
			e = g.begun == NULL ? ERR_NOMEM : weigh(&g);
			free(g.begun);
			record_set_free(&set);
		} else if (e != ERR_NOMEM) {
			e = ERR_OK; /* emptied, or verify's to tell */
		}
	}
	self_wipe(&self);
	return e;
}

bool
crowded_whose_shows(const struct change *c)
{
	const char *field = keeper_field(c->record.kind);

	return c->parent_count == 0 ||
	       json_object_get(c->fields, MERGE_SET_ASIDE) != NULL ||
	       (field != NULL && json_object_get(c->fields, field) != NULL);
}

/* --- nodes -----------------------------------------------------------------
 */

size_t
crowded_whose_place(
    struct txn *t, const struct crowded_whose *w, const struct cert *node)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (org_within(t, node, w->org[i].ref))
			return i;
	return SIZE_MAX;
}

struct counting {
	struct txn *t;
	struct crowded_whose *w;
	size_t all;
	uint8_t life[LIFE_BYTES]; /* of the change before */
	bool is_sure;             /* its node's org, or it is the group's */
	size_t place;             /* of that org */
};

static enum err
look_up(struct counting *c)
{
	struct life life;
	struct node node;
	enum err e = life_read(c->t, c->life, &life);

	c->place = SIZE_MAX;
	c->is_sure =
	    e == ERR_OK && memcmp(life.node, c->w->group, NODE_ID_BYTES) == 0;
	if (e == ERR_OK && !c->is_sure)
		e = index_node_read(c->t, life.node, &node);
	if (e == ERR_OK && !c->is_sure)
		c->place = crowded_whose_place(c->t, c->w, &node.cert);
	if (c->place != SIZE_MAX && c->w->org[c->place].is_sure)
		c->is_sure = true;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Those of a life stand together. */
static enum err
count_one(void *context, const struct change_id *id)
{
	struct counting *c = context;
	enum err e = ERR_OK;

	if (c->all == 0 || memcmp(id->life, c->life, LIFE_BYTES) != 0) {
		memcpy(c->life, id->life, LIFE_BYTES);
		e = look_up(c);
	}
	if (e != ERR_OK)
		return e;
	c->w->unsure += !c->is_sure;
	if (c->place != SIZE_MAX)
		c->w->org[c->place].changes++;
	return ++c->all < KIN_MAX ? ERR_OK : ERR_END;
}

enum err
crowded_whose_count(struct txn *t, struct crowded_whose *w)
{
	struct counting c = {.t = t, .w = w};
	size_t i;
	enum err e;

	w->unsure = 0;
	for (i = 0; i < w->count; i++)
		w->org[i].changes = 0;
	e = record_walk(t, w->key, count_one, &c);
	w->is_counted = e == ERR_OK;
	return e;
}

/* op_status: how things stand: status, sites. */

#include <stdlib.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/enrol.h"
#include "store/index.h"
#include "store/question.h"
#include "store/receipt.h"
#include "store/withdraw.h"

/* --- status ------------------------------------------------------------ */

struct status {
	struct self self;
	/* Own changes: without the parent's receipt, with it, with the
	 * group's. */
	struct own_counts own;
	uint64_t at_group;
	struct withdrawal withdrawal;
	uint32_t list_epoch;
	bool has_parent;
	struct cert parent;
	char address[264];
	int64_t last_contact;
	uint64_t questions, refused, changes, drafts;
};

static enum err
latest_contact(void *context, const struct node *n)
{
	struct status *s = context;

	if (n->last_contact > s->last_contact)
		s->last_contact = n->last_contact;
	return ERR_OK;
}

static enum err
read_parent(struct txn *t, struct status *s)
{
	uint8_t id[NODE_ID_BYTES];
	struct node parent;
	enum err e;

	if (s->self.role == ROLE_HUB)
		return index_node_walk(t, latest_contact, s);
	e = enrol_parent(
	    t, &s->self, &s->parent, s->address, sizeof s->address);
	if (e != ERR_OK) /* nobody's child yet */
		return e == ERR_NOT_ENROLLED || e == ERR_NOT_FOUND ? ERR_OK : e;
	s->has_parent = true;
	node_id_of(id, s->parent.signing_key);
	e = index_node_read(t, id, &parent);
	if (e == ERR_OK)
		s->last_contact = parent.last_contact;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What somebody refused: lines of an import, changes of ours at the parent. */
static enum err
count_refused(struct txn *t, uint64_t *out)
{
	uint64_t lines = 0, returned = 0;
	enum err e = question_count_type(t, QUESTION_LINE, &lines);

	if (e == ERR_OK)
		e = question_count_type(t, QUESTION_RETURNED, &returned);
	*out = lines + returned;
	return e;
}

static enum err
status_read(struct txn *t, struct status *s)
{
	enum err e = read_parent(t, s);

	if (e == ERR_OK)
		e = withdraw_own_counts(t, &s->self, &s->own);
	if (e == ERR_OK)
		e = withdraw_of_self(t, &s->self, &s->withdrawal);
	if (e == ERR_OK)
		e = withdraw_epoch(t, &s->list_epoch);
	if (e == ERR_OK)
		e = receipts_group_count(t, &s->self, &s->at_group);
	/* Of what has no receipt yet it is not known whether it was taken. */
	if (e == ERR_OK && s->at_group > s->own.held)
		s->at_group = s->own.held;
	if (e == ERR_OK)
		e = question_count(t, &s->questions);
	if (e == ERR_OK)
		e = count_refused(t, &s->refused);
	if (e == ERR_OK)
		e = txn_count(t, TABLE_DRAFTS, &s->drafts);
	if (e == ERR_OK)
		e = txn_count(t, TABLE_RECORDS, &s->changes);
	return e;
}

static json_t *
status_who(const struct op *o, const struct status *s)
{
	const struct self *self = &s->self;
	char group[2 * GROUP_ID_BYTES + 1], node[2 * NODE_ID_BYTES + 1];
	bool has_org = self->chain_count > 0 && self->chain[0].org_count > 0;

	hex_encode(group, self->group, GROUP_ID_BYTES);
	hex_encode(node, self->id, NODE_ID_BYTES);
	return json_pack(
	    "{s:s, s:s, s:s, s:s?, s:o, s:s, s:b, s:s?, s:s?, s:s?, s:s}",
	    "role", op_role_name(self->role), "name", self->name, "node", node,
	    "org", has_org ? self->chain[0].orgs[0] : NULL, "orgs",
	    op_orgs(self), "source", self->source, "enrolled",
	    (int)self->is_enrolled, "group", self->is_enrolled ? group : NULL,
	    "parent", s->address[0] == '\0' ? NULL : s->address, "parent_name",
	    s->has_parent ? s->parent.name : NULL, "dir",
	    store_dir(o->api->store));
}

static json_t *
status_figures(const struct op *o, const struct status *s)
{
	static const char *const clocks[] = {"ok", "suspect", "confirmed"};
	unsigned clock = (unsigned)self_clock(&s->self, api_now());

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:b, "
	                 "s:b}",
	    "saved_here", (json_int_t)s->own.waiting, "at_parent",
	    (json_int_t)s->own.held, "at_group", (json_int_t)s->at_group,
	    "refused", (json_int_t)s->refused, "questions",
	    (json_int_t)s->questions, "changes", (json_int_t)s->changes,
	    "drafts", (json_int_t)s->drafts, "last_contact",
	    op_instant(s->last_contact), "clock", clocks[clock < 3 ? clock : 1],
	    "agent", (int)o->api->is_agent, "restored",
	    (int)store_was_restored(o->api->store));
}

static json_t *
status_withdrawal(const struct status *s)
{
	const struct withdrawal *w = &s->withdrawal;

	return json_pack("{s:b, s:o, s:I, s:I}", "withdrawn",
	    (int)w->is_withdrawn, "withdrawn_told_at", op_instant(w->told_at),
	    "kept_apart", (json_int_t)s->own.apart, "list_epoch",
	    (json_int_t)s->list_epoch);
}

/* The config's word goes before the remembered address. */
static void
prefer_config(const struct op *o, struct status *s)
{
	const char *parent = o->api->parent;

	if (parent != NULL && s->self.role != ROLE_HUB)
		snprintf(s->address, sizeof s->address, "%s", parent);
}

static enum err
status(struct op *o, struct status *s)
{
	json_t *figures, *withdrawal, *traffic = NULL;
	struct txn *t;
	enum err e = op_self(o, &s->self);

	if (e == ERR_OK)
		e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	traffic = json_object();
	e = status_read(t, s);
	if (e == ERR_OK)
		e = op_traffic(o, t, traffic);
	txn_abort(t);
	if (e != ERR_OK) {
		json_decref(traffic);
		return e;
	}
	prefer_config(o, s);
	o->summary = status_who(o, s);
	figures = status_figures(o, s);
	withdrawal = status_withdrawal(s);
	if (json_object_update(o->summary, figures) != 0 ||
	    json_object_update(o->summary, withdrawal) != 0 ||
	    json_object_update(o->summary, traffic) != 0)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = people_describe(o, o->summary);
	json_decref(traffic);
	json_decref(figures);
	json_decref(withdrawal);
	return e;
}

enum err
op_status(struct op *o)
{
	struct status *s = calloc(1, sizeof *s);
	enum err e;

	if (s == NULL)
		return ERR_NOMEM;
	e = status(o, s);
	self_wipe(&s->self);
	free(s);
	return e;
}

/* --- sites ------------------------------------------------------------- */

/* Rows are gathered in the transaction and told after it: a slow reader at
 * the other end must not hold the store's pages. */
struct rows {
	json_t *array;
	const struct self *self;
};

static enum err
gather_site(void *context, const struct node *n)
{
	struct rows *r = context;
	uint8_t id[NODE_ID_BYTES];
	char text[2 * NODE_ID_BYTES + 1];
	json_t *orgs = json_array();
	json_t *row;
	size_t i;

	node_id_of(id, n->cert.signing_key);
	hex_encode(text, id, sizeof id);
	for (i = 0; i < n->cert.org_count; i++)
		json_array_append_new(orgs, json_string(n->cert.orgs[i]));
	row = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:b}", "name",
	    n->cert.name, "node", text, "role", op_role_name(n->cert.role),
	    "orgs", orgs, "last_contact", op_instant(n->last_contact),
	    "changes_taken", (json_int_t)n->changes_taken, "clock_offset",
	    (json_int_t)n->clock_offset, "revoked", (int)n->is_revoked);
	if (row != NULL && n->is_revoked) {
		json_object_set_new(
		    row, "withdrawn_at", op_instant(n->revoked_at));
		json_object_set_new(row, "reason", json_string(n->reason));
		json_object_set_new(row, "kept_apart",
		    json_integer((json_int_t)n->apart_changes));
	}
	if (row != NULL && memcmp(id, r->self->id, sizeof id) == 0) {
		json_decref(row); /* this node is no site of its own */
		return ERR_OK;
	}
	return json_array_append_new(r->array, row) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
gather(struct op *o, struct rows *r)
{
	struct txn *t;
	enum err e;

	r->array = json_array();
	if (r->array == NULL)
		return ERR_NOMEM;
	e = db_begin(store_db(o->api->store), false, &t);
	if (e == ERR_OK) {
		e = index_node_walk(t, gather_site, r);
		txn_abort(t);
	}
	if (e == ERR_OK)
		e = op_emit_items(o, r->array);
	json_decref(r->array);
	return e;
}

enum err
op_sites(struct op *o)
{
	struct self self;
	struct rows r = {.self = &self};
	enum err e = op_self(o, &self);

	if (e == ERR_OK && self.role == ROLE_CLINIC)
		e = op_fail(o, ERR_NOT_ALLOWED,
		    N_("A clinic has no sites below it: ask the hub."));
	if (e == ERR_OK)
		e = gather(o, &r);
	self_wipe(&self);
	return e;
}

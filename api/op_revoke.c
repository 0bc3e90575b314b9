/* op_revoke: the hub withdraws a node, for good. */

#include <stdlib.h>
#include <string.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/text.h"
#include "store/withdraw.h"

struct revoke {
	const char *site;
	const char *reason;
	int64_t now;
	struct self self;
	json_t *candidates; /* all nodes that are called so */
	uint8_t id[NODE_ID_BYTES];
	struct node node; /* what became of it */
	uint32_t epoch;
};

static json_t *
describe(const struct node *n)
{
	uint8_t id[NODE_ID_BYTES];
	char text[2 * NODE_ID_BYTES + 1];
	json_t *orgs = json_array();
	size_t i;

	node_id_of(id, n->cert.signing_key);
	hex_encode(text, id, sizeof id);
	for (i = 0; i < n->cert.org_count; i++)
		json_array_append_new(orgs, json_string(n->cert.orgs[i]));
	return json_pack("{s:s, s:s, s:o}", "node", text, "name", n->cert.name,
	    "orgs", orgs);
}

/* --- which node -------------------------------------------------------- */

static enum err
look_at(void *context, const struct node *n)
{
	struct revoke *r = context;
	uint8_t id[NODE_ID_BYTES];
	char text[2 * NODE_ID_BYTES + 1];

	node_id_of(id, n->cert.signing_key);
	hex_encode(text, id, sizeof id);
	if (strcmp(text, r->site) != 0 && strcmp(n->cert.name, r->site) != 0)
		return ERR_OK;
	memcpy(r->id, id, sizeof id);
	return json_array_append_new(r->candidates, describe(n)) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

/* A name that several bear is no answer, even if all but one are withdrawn:
 * the same command given twice would hit another node the second time. */
static enum err
find_node(struct op *o, struct revoke *r)
{
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = index_node_walk(t, look_at, r);
	txn_abort(t);
	if (e != ERR_OK)
		return e;
	if (json_array_size(r->candidates) == 0)
		return op_fail_with(o, ERR_NOT_FOUND, API_USAGE,
		    N_("No node is called so: yizhan sites lists names and "
		       "ids."));
	if (json_array_size(r->candidates) == 1)
		return ERR_OK;
	o->summary = json_pack(
	    "{s:s, s:O}", "state", "ambiguous", "candidates", r->candidates);
	return op_fail(o, ERR_USAGE,
	    N_("Several nodes bear this name: give the id of the one that is "
	       "meant."));
}

/* --- withdrawing it ---------------------------------------------------- */

static enum err
take_reason(struct op *o, struct revoke *r)
{
	struct text_facts f;

	r->reason = op_text(o, "reason");
	if (r->reason == NULL || *r->reason == '\0')
		return op_fail(o, ERR_USAGE,
		    N_("Say why, for those who read it later: --reason "
		       "TEXT."));
	text_look(r->reason, strlen(r->reason), &f);
	if (strlen(r->reason) > NODE_REASON_BYTES_MAX || !f.is_utf8 ||
	    f.is_blank || f.has_break || f.has_control || f.has_bidi)
		return op_fail(o, ERR_USAGE,
		    N_("The reason is one line of at most 200 bytes."));
	return ERR_OK;
}

static enum err
prepare(struct op *o, struct revoke *r)
{
	enum err e = op_self(o, &r->self);

	if (e == ERR_OK && r->self.role != ROLE_HUB)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Only the hub can withdraw a node: run this on the "
		       "group's server."));
	r->site = op_text(o, "site");
	if (e == ERR_OK && (r->site == NULL || *r->site == '\0'))
		return op_fail(
		    o, ERR_USAGE, N_("Say which node: its name or its id."));
	if (e == ERR_OK)
		e = take_reason(o, r);
	return e == ERR_OK ? find_node(o, r) : e;
}

static enum err
revoke_run(void *context, struct txn *t)
{
	struct revoke *r = context;
	enum err e =
	    withdraw_node(t, &r->self, r->id, r->reason, r->now, &r->node);

	if (e == ERR_OK || e == ERR_EXISTS) {
		enum err look = withdraw_epoch(t, &r->epoch);

		if (look != ERR_OK)
			return look;
	}
	return e;
}

static enum err
summarise(struct op *o, const struct revoke *r, const char *state)
{
	o->summary = describe(&r->node);
	if (o->summary == NULL)
		return ERR_NOMEM;
	json_object_set_new(o->summary, "state", json_string(state));
	json_object_set_new(
	    o->summary, "withdrawn_at", op_instant(r->node.revoked_at));
	json_object_set_new(o->summary, "reason", json_string(r->node.reason));
	json_object_set_new(o->summary, "list_epoch", json_integer(r->epoch));
	return ERR_OK;
}

static enum err
revoke(struct op *o, struct revoke *r)
{
	enum err e = prepare(o, r);

	if (e != ERR_OK)
		return e;
	r->now = api_now();
	e = writer_do(o->api->writer, revoke_run, r);
	if (e == ERR_EXISTS) {
		e = summarise(o, r, "already");
		return e != ERR_OK ? e
		                   : op_fail(o, ERR_OK,
		                         N_("This node was withdrawn before; "
		                            "nothing was changed."));
	}
	if (e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("This is the hub itself: it cannot be withdrawn."));
	if (e == ERR_LIMIT)
		return op_fail(o, e,
		    N_("The list of withdrawn nodes is full: it holds 1,024."));
	if (e != ERR_OK)
		return e;
	if (o->api->withdrawn != NULL)
		o->api->withdrawn(o->api->context);
	return summarise(o, r, "withdrawn");
}

enum err
op_revoke(struct op *o)
{
	struct revoke *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->candidates = json_array();
	e = r->candidates == NULL ? ERR_NOMEM : revoke(o, r);
	json_decref(r->candidates);
	self_wipe(&r->self);
	free(r);
	return e;
}

/* op_estimate: what a session with the parent would send now. */

#include <stdlib.h>
#include <string.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/dictionaries.h"
#include "store/enrol.h"
#include "store/list.h"
#include "store/source.h"
#include "sync/estimate.h"

enum { SAMPLE_CHANGES = 20000 }; /* of a class; some seconds of packing */

/* Changes behind the parent's receipts, by class. */
static enum err
read_waiting(struct txn *t, const uint8_t parent[NODE_ID_BYTES],
    uint64_t waiting[CLASSES])
{
	struct list_id list = {.name = AUDIENCE_UP};
	struct audience up;
	struct cursor end, held;
	enum err e = audience_read(t, AUDIENCE_UP, &up);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	for (list.class = 0; e == ERR_OK && list.class < CLASSES;
	     list.class ++) {
		e = list_end(t, &up, list.class, &end);
		if (e == ERR_OK)
			e = cursor_read(t, parent, CURSOR_PEER, &list, &held);
		if (e == ERR_OK)
			waiting[list.class] =
			    held.epoch == end.epoch && held.place <= end.place
			        ? end.place - held.place
			        : end.place;
	}
	return e;
}

static enum err
find_waiting(const struct op *o, const struct self *self, struct cert *parent,
    uint64_t waiting[CLASSES])
{
	uint8_t id[NODE_ID_BYTES];
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = enrol_parent(t, self, parent, NULL, 0);
	if (e == ERR_OK) {
		node_id_of(id, parent->signing_key);
		e = read_waiting(t, id, waiting);
	}
	txn_abort(t);
	return e;
}

/* A session begins from the group's dictionary where there is one. */
static enum err
estimate(const struct op *o, const struct source *source,
    const uint8_t parent_key[KEY_BYTES], const uint64_t waiting[CLASSES],
    struct estimate *out)
{
	struct codebook *books = NULL;
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = codebook_new(&books);
	if (e == ERR_OK)
		e = dictionaries_load(t, books);
	txn_abort(t);
	if (e == ERR_OK)
		e = estimate_up(
		    source, parent_key, waiting, SAMPLE_CHANGES, books, out);
	codebook_free(books);
	return e;
}

static json_t *
estimate_json(const struct estimate *e)
{
	json_t *classes = json_array();
	bool is_extrapolated = false;
	size_t c;

	for (c = 0; c < CLASSES; c++) {
		json_array_append_new(classes,
		    json_pack("{s:i, s:I, s:I, s:b}", "class", (int)c,
		        "changes", (json_int_t)e->class[c].changes, "bytes",
		        (json_int_t)e->class[c].bytes, "extrapolated",
		        (int)e->class[c].is_extrapolated));
		is_extrapolated |= e->class[c].is_extrapolated;
	}
	return json_pack("{s:o, s:I, s:I, s:b}", "classes", classes, "session",
	    (json_int_t)e->session, "bytes", (json_int_t)e->total,
	    "extrapolated", (int)is_extrapolated);
}

enum err
op_estimate(struct op *o)
{
	struct source_context context = {
	    .db = store_db(o->api->store), .now = api_now()};
	struct source source = store_source(&context);
	uint64_t waiting[CLASSES] = {0};
	struct estimate told;
	struct cert parent;
	struct self self;
	enum err e = op_self(o, &self);

	if (e != ERR_OK)
		return e;
	if (self.role == ROLE_HUB)
		e = op_fail(o, ERR_NOT_ALLOWED,
		    N_("A hub has no parent: its sites come to it."));
	/* The list upwards is made on joining. */
	if (e == ERR_OK && !self.is_enrolled)
		e = ERR_NOT_ENROLLED;
	if (e == ERR_OK)
		e = find_waiting(o, &self, &parent, waiting);
	self_wipe(&self);
	if (e == ERR_OK)
		e = estimate(o, &source, parent.signing_key, waiting, &told);
	if (e == ERR_OK)
		o->summary = estimate_json(&told);
	return e;
}

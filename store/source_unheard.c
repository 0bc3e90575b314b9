/* source_unheard: what a session asks of the store after receipts were lost. */

#include "store/receipt.h"
#include "store/source.h"
#include "store/unheard.h"

enum err
source_stretch(void *context, const struct list_id *list,
    const struct cursor *after, const struct cursor *to, struct span *out)
{
	struct source_context *c = context;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = unheard_stretch(t, list, after, to, out);
	txn_abort(t);
	return e;
}

enum err
source_exceptions(void *context, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, const struct span *of, struct receipt *out)
{
	struct source_context *c = context;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = unheard_exceptions(t, peer, list, of, out);
	txn_abort(t);
	return e;
}

enum err
source_group_receipt(
    void *context, const uint8_t life[LIFE_BYTES], struct group_receipt *out)
{
	struct source_context *c = context;
	struct self self;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, &self);
	if (e == ERR_OK && self.role != ROLE_HUB)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = receipts_make_group(t, &self, life, out);
	txn_abort(t);
	self_wipe(&self);
	return e;
}

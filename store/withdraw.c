/* withdraw: taking a node out of the group, for good. */

#include <stdlib.h>
#include <string.h>

#include "store/receipt.h"
#include "store/withdraw.h"

#define LIST_NAME "withdrawn"
#define TOLD_AT   "withdrawn.told_at"
#define HELD      "withdrawn.held_before"

/* --- the list ---------------------------------------------------------- */

enum err
withdraw_list(struct txn *t, struct withdrawn *out)
{
	struct buffer value = {0};
	struct bytes body;
	enum err e = meta_get(t, LIST_NAME, &value);

	body.data = value.data;
	body.size = value.size;
	if (e == ERR_OK && withdrawn_consume(&body, out) != ERR_OK)
		e = ERR_CORRUPT;
	buffer_free(&value);
	return e;
}

static enum err
list_write(struct txn *t, const struct withdrawn *list)
{
	struct buffer value = {0};
	enum err e = withdrawn_create(list, &value);

	if (e == ERR_OK)
		e = meta_put(t, LIST_NAME, value.data, value.size);
	buffer_free(&value);
	return e;
}

/* An empty list where there is none. Freed by the caller. */
static enum err
list_load(struct txn *t, struct withdrawn **out)
{
	struct withdrawn *list = calloc(1, sizeof *list);
	enum err e = list == NULL ? ERR_NOMEM : withdraw_list(t, list);

	if (e != ERR_OK && e != ERR_NOT_FOUND) {
		free(list);
		return e;
	}
	*out = list;
	return ERR_OK;
}

enum err
withdraw_epoch(struct txn *t, uint32_t *out)
{
	struct withdrawn *list;
	enum err e = list_load(t, &list);

	if (e != ERR_OK)
		return e;
	*out = list->epoch;
	free(list);
	return ERR_OK;
}

/* --- withdrawing ------------------------------------------------------- */

/* A hub put back to an older backup must not give out an epoch a second time
 * with another content: so the hub's clock has a part in it. */
static uint32_t
next_epoch(uint32_t last, int64_t now)
{
	if (now > (int64_t)last && now <= (int64_t)UINT32_MAX)
		return (uint32_t)now;
	return last + 1;
}

static enum err
list_add(struct txn *t, const struct self *self,
    const uint8_t id[NODE_ID_BYTES], int64_t now)
{
	struct withdrawn *list;
	enum err e = list_load(t, &list);

	if (e != ERR_OK)
		return e;
	e = list->epoch == UINT32_MAX ? ERR_LIMIT : withdrawn_add(list, id);
	if (e == ERR_OK) {
		list->epoch = next_epoch(list->epoch, now);
		e = withdrawn_sign(list, self->group, self->signing_secret);
	}
	if (e == ERR_OK)
		e = list_write(t, list);
	free(list);
	return e;
}

enum err
withdraw_node(struct txn *t, const struct self *self,
    const uint8_t id[NODE_ID_BYTES], const char *reason, int64_t now,
    struct node *out)
{
	enum err e;

	if (self->role != ROLE_HUB || !self->is_enrolled ||
	    memcmp(id, self->id, NODE_ID_BYTES) == 0)
		return ERR_NOT_ALLOWED;
	if (strlen(reason) > NODE_REASON_BYTES_MAX)
		return ERR_LIMIT;
	e = index_node_read(t, id, out);
	if (e != ERR_OK)
		return e;
	if (out->is_revoked)
		return ERR_EXISTS;
	e = list_add(t, self, id, now);
	if (e != ERR_OK)
		return e;
	out->is_revoked = true;
	out->revoked_at = now;
	memcpy(out->reason, reason, strlen(reason) + 1);
	return index_node_write(t, out);
}

/* --- a peer's list ----------------------------------------------------- */

/* A hub that lost the memory of them: the list is its own word. */
static enum err
mark_nodes(struct txn *t, const struct withdrawn *list, int64_t now)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < list->count; i++) {
		struct node n;

		e = index_node_read(t, list->ids[i], &n);
		if (e == ERR_OK && !n.is_revoked) {
			n.is_revoked = true;
			n.revoked_at = now;
			e = index_node_write(t, &n);
		}
		if (e == ERR_NOT_FOUND)
			e = ERR_OK; /* joined after the backup was made */
	}
	return e;
}

static enum err
note_own(struct txn *t, const struct self *self, int64_t now)
{
	uint64_t waiting, held, told_at;
	enum err e = meta_get_number(t, TOLD_AT, &told_at);

	if (e != ERR_OK || told_at != 0)
		return e;
	e = receipts_parent_count(t, self, &waiting, &held);
	if (e == ERR_OK)
		e = meta_put_number(t, HELD, held);
	if (e == ERR_OK)
		e = meta_put_number(
		    t, TOLD_AT, now > 0 ? (uint64_t)now : UINT64_C(1));
	return e;
}

enum err
withdraw_take(struct txn *t, const struct self *self,
    const struct withdrawn *list, int64_t now)
{
	uint32_t epoch;
	enum err e;

	if (!self->is_enrolled || self->chain_count == 0)
		return ERR_NOT_ENROLLED;
	e = withdrawn_verify(
	    list, self->group, self->chain[self->chain_count - 1].signing_key);
	if (e == ERR_OK)
		e = withdraw_epoch(t, &epoch);
	if (e != ERR_OK || list->epoch <= epoch)
		return e;
	e = list_write(t, list);
	if (e == ERR_OK && self->role == ROLE_HUB)
		e = mark_nodes(t, list, now);
	else if (e == ERR_OK && withdrawn_has(list, self->id))
		e = note_own(t, self, now);
	return e;
}

enum err
withdraw_of_self(struct txn *t, const struct self *self, struct withdrawal *out)
{
	uint64_t told_at = 0;
	struct withdrawn *list;
	enum err e = list_load(t, &list);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	out->is_withdrawn = withdrawn_has(list, self->id);
	free(list);
	if (!out->is_withdrawn)
		return ERR_OK;
	e = meta_get_number(t, TOLD_AT, &told_at);
	out->told_at = (int64_t)told_at;
	return e == ERR_OK ? meta_get_number(t, HELD, &out->held_before) : e;
}

enum err
withdraw_own_counts(
    struct txn *t, const struct self *self, struct own_counts *out)
{
	struct withdrawal w;
	enum err e = receipts_parent_count(t, self, &out->waiting, &out->held);

	out->apart = 0;
	if (e == ERR_OK)
		e = withdraw_of_self(t, self, &w);
	if (e == ERR_OK && w.is_withdrawn && out->held > w.held_before) {
		out->apart = out->held - w.held_before;
		out->held = w.held_before;
	}
	return e;
}

/* --- what is held apart ------------------------------------------------ */

enum err
withdraw_count(struct node *n, uint64_t changes, uint64_t bytes)
{
	if (changes > WITHDRAW_CHANGES_MAX ||
	    n->apart_changes > WITHDRAW_CHANGES_MAX - changes ||
	    bytes > WITHDRAW_BYTES_MAX ||
	    n->apart_bytes > WITHDRAW_BYTES_MAX - bytes)
		return ERR_NOT_ALLOWED;
	n->apart_changes += changes;
	n->apart_bytes += bytes;
	return ERR_OK;
}

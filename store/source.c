/* source (store): provides sync/source.h's calls from a database. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/index.h"
#include "store/org_tree.h"
#include "store/paper.h"
#include "store/recover.h"
#include "store/source.h"
#include "store/team_feed.h"
#include "store/withdraw.h"

/* --- who --------------------------------------------------------------- */

static enum err
source_peer(void *context, const uint8_t key[KEY_BYTES], struct cert *out)
{
	struct source_context *c = context;
	struct node node;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = index_node_by_key(t, key, &node);
	if (e == ERR_OK)
		*out = node.cert;
	if (e == ERR_OK && node.is_revoked)
		e = ERR_NOT_ALLOWED;
	txn_abort(t);
	return e;
}

static enum err
source_withdrawn(void *context, struct withdrawn *out)
{
	struct source_context *c = context;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = withdraw_list(t, out);
	txn_abort(t);
	return e;
}

static enum err
add_life(struct txn *t, const uint8_t id[LIFE_BYTES], const uint8_t *nonce,
    struct hello *out)
{
	struct hello_life *life = &out->lives[out->life_count];
	uint64_t sum = 0;
	uint8_t class;
	enum err e = ERR_OK;

	if (out->life_count == HELLO_LIVES_MAX)
		return ERR_OK;
	memcpy(life->id, id, LIFE_BYTES);
	memcpy(life->nonce, nonce, LIFE_NONCE_BYTES);
	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		struct log_head head;

		e = log_head_read(t, id, class, &head);
		life->seq[class] = head.seq;
		sum += head.seq;
	}
	life->is_forked = recover_is_forked(t, id) ? 1 : 0;
	if (e == ERR_OK && sum > 0)
		out->life_count++;
	return e;
}

/* The heads of all lives of this node that are worth telling, the present one
 * before all. */
static enum err
hello_lives(struct txn *t, const struct self *self, struct hello *out)
{
	struct buffer value = {0};
	struct walk *w;
	struct bytes key;
	enum err e = add_life(t, self->life, self->life_nonce, out);

	if (e == ERR_OK)
		e = walk_open(t, TABLE_LIVES, NULL, 0, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		if (value.size < NODE_ID_BYTES + LIFE_NONCE_BYTES ||
		    memcmp(value.data, self->id, NODE_ID_BYTES) != 0 ||
		    memcmp(key.data, self->life, LIFE_BYTES) == 0)
			continue;
		e = add_life(t, key.data, value.data + NODE_ID_BYTES, out);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_wipe(&value);
	return e == ERR_END ? ERR_OK : e;
}

static enum err
source_hello(void *context, struct hello *out)
{
	struct source_context *c = context;
	struct self self;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	memset(out, 0, sizeof *out);
	e = self_read(t, &self);
	if (e == ERR_OK) {
		out->version_min = PROTOCOL_VERSION;
		out->version_max = PROTOCOL_VERSION;
		out->role = (uint8_t)self.role;
		out->now = c->now;
		out->clock = self_clock(&self, c->now) == CLOCK_OK ? 0 : 1;
		e = paper_left(t, &out->slips_left);
		if (e == ERR_OK)
			e = withdraw_epoch(t, &out->list_epoch);
	}
	if (e == ERR_OK)
		e = hello_lives(t, &self, out);
	self_wipe(&self);
	txn_abort(t);
	return e;
}

/* --- which lists ------------------------------------------------------- */

static enum err
add_name(struct list_names *out, const char *name, size_t size)
{
	if (out->count == LIST_NAMES_MAX)
		return ERR_LIMIT;
	memcpy(out->names[out->count], name, size);
	out->names[out->count++][size] = '\0';
	return ERR_OK;
}

/* org_within() of an org and, should it not be named itself, of what is above
 * it: only the latter is worth remembering. */
static bool
is_due_to(struct org_tree *tree, const struct cert *peer, const char *org)
{
	char at[REF_BYTES_MAX + 1], above[REF_BYTES_MAX + 1];
	const char *next = above;
	int depth;
	size_t i;

	snprintf(at, sizeof at, "%s", org);
	for (depth = 0; depth < 8; depth++) {
		for (i = 0; i < peer->org_count; i++)
			if (strcmp(peer->orgs[i], at) == 0)
				return true;
		if (depth > 0)
			next = org_tree_above(tree, at);
		else if (index_parent_org(tree->t, at, above, sizeof above) !=
		         ERR_OK)
			return false;
		if (next == NULL)
			return false;
		snprintf(at, sizeof at, "%s", next);
	}
	return false;
}

static bool
has_name(const struct list_names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return true;
	return false;
}

/* Lists that nothing stands on yet: what the node is about to send may bring
 * something, and then it need not wait for another session. */
static void
add_own_orgs(const struct cert *peer, struct list_names *out)
{
	size_t i;

	for (i = 0; i < peer->org_count; i++) {
		char name[LIST_NAME_BYTES_MAX + 1];
		int n = snprintf(
		    name, sizeof name, "%s%s", AUDIENCE_ORG, peer->orgs[i]);

		if (out->count < LIST_NAMES_MAX && !has_name(out, name))
			(void)add_name(out, name, (size_t)n);
	}
}

/* The feed down: the group's list and those of the orgs the node acts for. */
static enum err
feed_down(struct txn *t, const struct cert *peer, struct list_names *out)
{
	const size_t skip = strlen(AUDIENCE_ORG);
	struct org_tree tree = {.t = t};
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_AUDIENCES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		char name[LIST_NAME_BYTES_MAX + 1];
		bool is_due;

		if (key.size > LIST_NAME_BYTES_MAX)
			continue;
		memcpy(name, key.data, key.size);
		name[key.size] = '\0';
		is_due = strcmp(name, AUDIENCE_GROUP) == 0 ||
		         (strncmp(name, AUDIENCE_ORG, skip) == 0 &&
		             is_due_to(&tree, peer, name + skip));
		e = is_due ? add_name(out, name, key.size) : ERR_OK;
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	if (e == ERR_END)
		e = org_tree_state(&tree);
	org_tree_free(&tree);
	if (e == ERR_OK)
		add_own_orgs(peer, out);
	return e;
}

static enum err
source_lists(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct list_names *out)
{
	struct source_context *c = context;
	struct self self;
	struct node node;
	struct cert wide;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	out->count = 0;
	e = self_read(t, &self);
	if (e == ERR_OK && self.role == ROLE_CLINIC) {
		e = add_name(out, AUDIENCE_UP, strlen(AUDIENCE_UP));
	} else if (e == ERR_OK) {
		e = index_node_read(t, peer, &node);
		if (e == ERR_OK && !node.is_revoked)
			e = team_feed_widen(t, &node.cert, &wide);
		if (e == ERR_OK && !node.is_revoked)
			e = feed_down(t, &wide, out);
	}
	self_wipe(&self);
	txn_abort(t);
	return e;
}

/* --- cursors ----------------------------------------------------------- */

static enum err
read_cursors(struct source_context *c, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, struct cursor_set *out)
{
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = cursor_read_all(t, peer, side, out);
	txn_abort(t);
	return e;
}

static enum err
source_peer_cursors(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out)
{
	return read_cursors(context, peer, CURSOR_PEER, out);
}

static enum err
source_own_cursors(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out)
{
	return read_cursors(context, peer, CURSOR_OWN, out);
}

/* Whether the list, whose end is given, passed this very cursor. */
static enum err
lies_on(struct txn *t, const struct audience *a, uint8_t class,
    const struct cursor *end, const struct cursor *at, bool *out)
{
	struct list_entry entry;
	enum err e;

	*out = at->place == 0;
	if (at->place == 0 || at->place > end->place)
		return ERR_OK;
	e = list_entry_read(t, a, class, at->place, &entry);
	*out = e == ERR_OK && entry.running == at->running;
	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err
source_settle_list(struct txn *t, const struct list_id *list, struct cursor *at)
{
	struct audience a;
	struct cursor end;
	bool is_ours = false;
	enum err e = audience_read(t, list->name, &a);

	if (e == ERR_NOT_FOUND) { /* an empty list */
		memset(at, 0, sizeof *at);
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = list_end(t, &a, list->class, &end);
	if (e == ERR_OK && at->epoch == a.epoch)
		e = lies_on(t, &a, list->class, &end, at, &is_ours);
	if (e != ERR_OK || is_ours)
		return e;
	/* An epoch is drawn once. If the parent went another way within it,
	 * it saw this store's future: this is an older copy. */
	if (at->epoch == a.epoch && strcmp(list->name, AUDIENCE_UP) == 0)
		return ERR_FORK;
	at->epoch = a.epoch;
	at->place = 0;
	at->running = 0;
	return ERR_OK;
}

static enum err
source_settle(void *context, const struct list_id *list, struct cursor *at)
{
	struct source_context *c = context;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = source_settle_list(t, list, at);
	txn_abort(t);
	return e;
}

/* --- batches ----------------------------------------------------------- */

struct reading {
	struct txn *t;
	struct self self;
	const struct list_id *list;
	const uint8_t *peer_key;
	const struct hello *peer;
	struct batch *out;
	struct stored stored;
	uint8_t lives[HELLO_LIVES_MAX][LIFE_BYTES]; /* of the peer */
	size_t log_count;                           /* in the batch, upwards */
	uint8_t logs[8][LIFE_BYTES];
};

/* What the peer made itself and has, it need not be told. */
static bool
peer_has(const struct reading *r, const struct change_id *id)
{
	size_t i;

	for (i = 0; i < r->peer->life_count; i++)
		if (memcmp(r->lives[i], id->life, LIFE_BYTES) == 0)
			return id->seq <= r->peer->lives[i].seq[id->class];
	return false;
}

/* The salt goes along where a month begins; the receiver has earlier ones,
 * since it holds every earlier place of the log. */
static enum err
add_secret(struct reading *r, struct batch_change *c, uint16_t month)
{
	struct change_id before = c->id;
	struct stored s;
	enum err e = ERR_OK;

	c->has_secret = c->id.seq == 1;
	if (!c->has_secret) {
		before.seq--;
		stored_init(&s);
		e = stored_read(r->t, &before, &s);
		c->has_secret = e == ERR_OK && s.month != month;
		stored_free(&s);
	}
	c->month = month;
	if (e == ERR_OK && c->has_secret)
		e = log_secret_read(
		    r->t, &r->self, c->id.life, month, c->secret);
	return e;
}

static enum err
add_change(struct reading *r, const struct list_entry *entry)
{
	struct batch *b = r->out;
	struct batch_change *c = &b->changes[b->change_count];
	enum err e = stored_read(r->t, &entry->id, &r->stored);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	memset(c, 0, sizeof *c);
	c->id = entry->id;
	if (strcmp(r->list->name, AUDIENCE_UP) == 0)
		e = add_secret(r, c, r->stored.month);
	c->body_at = b->bytes.size;
	c->body_bytes = r->stored.body.size;
	put_bytes(&b->bytes, r->stored.body.data, r->stored.body.size);
	if (e == ERR_OK)
		e = buffer_state(&b->bytes);
	if (e == ERR_OK)
		b->change_count++;
	return e;
}

/* The chain at the log's end is stored, before it it is rebuilt. */
static enum err
chain_at(struct reading *r, const struct change_id *id, struct log_head *out)
{
	struct log_head head;
	enum err e = log_head_read(r->t, id->life, id->class, &head);

	if (e == ERR_OK && head.seq == id->seq) {
		*out = head;
		return ERR_OK;
	}
	return e == ERR_OK ? log_chain_at(r->t, &r->self, id, out) : e;
}

/* Signed heads for each log in the batch: chain up to its last change. Own
 * logs only. */
static enum err
add_heads(struct reading *r)
{
	struct batch *b = r->out;
	size_t i, j;
	enum err e = ERR_OK;

	for (i = b->change_count; e == ERR_OK && i-- > 0;) {
		const struct change_id *id = &b->changes[i].id;

		for (j = 0; j < b->head_count; j++)
			if (b->heads[j].class == id->class &&
			    memcmp(b->heads[j].life, id->life, LIFE_BYTES) == 0)
				break;
		if (j < b->head_count)
			continue;
		if (b->head_count == sizeof b->heads / sizeof b->heads[0])
			return ERR_LIMIT;
		e = chain_at(r, id, &b->heads[b->head_count]);
		if (e == ERR_OK)
			log_sign(
			    &b->heads[b->head_count++], r->self.signing_secret);
	}
	return e;
}

/* A receiver takes only so many logs in one batch: with this entry it would
 * be one more, so that the next batch begins here. */
static bool
is_log_too_many(struct reading *r, const struct list_entry *entry)
{
	enum { LOGS_MAX = sizeof r->out->heads / sizeof r->out->heads[0] };
	size_t i;

	if (strcmp(r->list->name, AUDIENCE_UP) != 0)
		return false;
	for (i = 0; i < r->log_count; i++)
		if (memcmp(r->logs[i], entry->id.life, LIFE_BYTES) == 0)
			return false;
	if (r->log_count == LOGS_MAX)
		return true;
	memcpy(r->logs[r->log_count++], entry->id.life, LIFE_BYTES);
	return false;
}

static enum err
fill_batch(struct reading *r, const struct audience *a,
    const struct cursor *after, size_t changes_max, size_t bytes_max)
{
	/* A cursor that only passes the peer's own changes, or withdrawn
	 * ones, is not worth a message until it saves us reading them again
	 * and again. */
	enum { SKIPS_MAX = 4096, SKIPS_WORTH_TELLING = 1000 };
	struct batch *b = r->out;
	size_t skipped = 0;
	enum err e = ERR_OK;

	b->list = *r->list;
	b->start = *after;
	/* Built anew while the session runs: places mean nothing any more. */
	if (after->epoch != a->epoch)
		memset(&b->start, 0, sizeof b->start);
	b->start.epoch = a->epoch;
	b->end = b->start;
	while (b->change_count < changes_max && b->bytes.size < bytes_max &&
	       skipped < SKIPS_MAX) {
		struct list_entry entry;

		e = list_entry_read(
		    r->t, a, r->list->class, b->end.place + 1, &entry);
		if (e != ERR_OK || is_log_too_many(r, &entry))
			break;
		if (entry.is_withdrawn || peer_has(r, &entry.id))
			skipped++;
		else
			e = add_change(r, &entry);
		if (e != ERR_OK)
			return e;
		b->end.place = entry.place;
		b->end.running = entry.running;
	}
	if (e == ERR_NOT_FOUND)
		e = b->change_count == 0 && skipped < SKIPS_WORTH_TELLING
		        ? ERR_END
		        : ERR_OK;
	if (e == ERR_OK && strcmp(r->list->name, AUDIENCE_UP) == 0)
		e = add_heads(r);
	return e;
}

static enum err
source_read(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	struct source_context *c = context;
	struct reading *r = calloc(1, sizeof *r);
	struct audience a;
	size_t i;
	enum err e = r == NULL ? ERR_NOMEM : ERR_OK;

	batch_clear(out);
	if (e == ERR_OK)
		e = db_begin(c->db, false, &r->t);
	if (e != ERR_OK) {
		free(r);
		return e;
	}
	r->list = list;
	r->peer_key = peer_key;
	r->peer = peer;
	r->out = out;
	for (i = 0; i < peer->life_count; i++)
		life_id_of(r->lives[i], peer_key, peer->lives[i].nonce);
	e = self_read(r->t, &r->self);
	if (e == ERR_OK)
		e = audience_read(r->t, list->name, &a);
	if (e == ERR_NOT_FOUND)
		e = ERR_END;
	if (e == ERR_OK)
		e = fill_batch(r, &a, after, changes_max, bytes_max);
	txn_abort(r->t);
	self_wipe(&r->self);
	stored_free(&r->stored);
	free(r);
	return e;
}

/* How many of them there are, and fit: read from the last one back. */
static enum err
count_history(struct txn *t, const struct change_id *last, size_t count,
    size_t bytes_max, size_t *got)
{
	struct change_id id = *last;
	struct stored s;
	size_t bytes = 0;
	enum err e = ERR_OK;

	stored_init(&s);
	for (*got = 0; e == ERR_OK && *got < count && id.seq > 0; id.seq--) {
		e = stored_read(t, &id, &s);
		bytes += s.body.size + 3; /* and its length */
		if (e == ERR_OK && bytes > bytes_max)
			break;
		if (e == ERR_OK)
			++*got;
	}
	stored_free(&s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
read_history(struct txn *t, const struct change_id *last, size_t count,
    struct buffer *out)
{
	struct change_id id = *last;
	struct stored s;
	enum err e = ERR_OK;

	stored_init(&s);
	for (id.seq -= count; e == ERR_OK && id.seq < last->seq;) {
		id.seq++;
		e = stored_read(t, &id, &s);
		if (e == ERR_OK)
			put_string(out, s.body.data, s.body.size);
	}
	stored_free(&s);
	return e == ERR_OK ? buffer_state(out) : e;
}

static enum err
source_history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *out, size_t *got)
{
	struct source_context *c = context;
	struct txn *t;
	enum err e = db_begin(c->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = count_history(t, last, count, bytes_max, got);
	if (e == ERR_OK)
		e = read_history(t, last, *got, out);
	txn_abort(t);
	return e;
}

static void
source_chosen(void *context, const struct batch *b)
{
	struct source_context *c = context;

	if (c->sent != NULL)
		traffic_note(c->sent, b);
}

struct source
store_source(struct source_context *context)
{
	struct source s = {
	    .context = context,
	    .peer = source_peer,
	    .withdrawn = source_withdrawn,
	    .hello = source_hello,
	    .lists = source_lists,
	    .peer_cursors = source_peer_cursors,
	    .own_cursors = source_own_cursors,
	    .settle = source_settle,
	    .read = source_read,
	    .history = source_history,
	    .stretch = source_stretch,
	    .exceptions = source_exceptions,
	    .group_receipt = source_group_receipt,
	    .chosen = source_chosen,
	};

	return s;
}

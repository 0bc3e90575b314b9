/* pair: a hub and a clinic of one group, and the clinic's list as batches. */

#ifndef YIZHAN_TESTS_UNIT_PAIR_H
#define YIZHAN_TESTS_UNIT_PAIR_H

#include <sodium.h>

#include "store/admit.h"
#include "store/index.h"
#include "store/question.h"
#include "tests/unit/scratch.h"

struct pair {
	char dirs[2][SCRATCH_PATH_BYTES];
	struct db *hub_db, *clinic_db;
	struct self hub, clinic;
	uint8_t root_secret[64];
	uint8_t root_key[KEY_BYTES];
};

static inline void
pair_must(enum err e)
{
	if (e != ERR_OK) {
		fprintf(stderr, "pair: %s\n", err_name(e));
		abort();
	}
}

static inline struct txn *
pair_begin(struct db *db, bool write)
{
	struct txn *t = NULL;

	pair_must(db_begin(db, write, &t));
	return t;
}

/* Certified by the root for one org ("*": all). */
static inline void
pair_enrol(struct pair *p, struct txn *t, struct self *s, const char *org)
{
	struct cert *c = &s->chain[0];

	s->is_enrolled = true;
	group_id_of(s->group, p->root_key);
	memcpy(s->root_key, p->root_key, KEY_BYTES);
	memset(s->fingerprint_secret, 0x33, sizeof s->fingerprint_secret);
	memset(c, 0, sizeof *c);
	memcpy(c->group, s->group, sizeof c->group);
	memcpy(c->issuer, s->group, sizeof c->issuer);
	c->number = 1;
	c->role = s->role;
	snprintf(c->name, sizeof c->name, "%s", s->name);
	memcpy(c->transport_key, s->transport.public, KEY_BYTES);
	memcpy(c->signing_key, s->signing_public, KEY_BYTES);
	c->org_count = 1;
	snprintf(c->orgs[0], sizeof c->orgs[0], "%s", org);
	pair_must(cert_sign(c, p->root_secret));
	s->chain_count = 1;
	pair_must(self_enrol(t, s));
}

/* The hub learns of a life that its node has proved. */
static inline void
pair_introduce(struct txn *t, const struct self *s)
{
	struct node n = {.cert = s->chain[0]};
	struct life life = {0};

	pair_must(index_node_write(t, &n));
	memcpy(life.id, s->life, LIFE_BYTES);
	memcpy(life.node, s->id, NODE_ID_BYTES);
	memcpy(life.nonce, s->life_nonce, LIFE_NONCE_BYTES);
	pair_must(life_write(t, &life));
}

static inline void
pair_make(struct pair *p)
{
	struct txn *t;

	memset(p, 0, sizeof *p);
	crypto_sign_ed25519_keypair(p->root_key, p->root_secret);
	scratch_make(p->dirs[0]);
	scratch_make(p->dirs[1]);
	p->hub_db = scratch_db(p->dirs[0]);
	p->clinic_db = scratch_db(p->dirs[1]);
	t = pair_begin(p->clinic_db, true);
	pair_must(self_create(t, ROLE_CLINIC, "clinic", 0, &p->clinic));
	pair_enrol(p, t, &p->clinic, "C01");
	pair_must(txn_commit(t));
	t = pair_begin(p->hub_db, true);
	pair_must(self_create(t, ROLE_HUB, "hub", 0, &p->hub));
	pair_enrol(p, t, &p->hub, "*");
	pair_introduce(t, &p->clinic);
	pair_must(txn_commit(t));
}

static inline void
pair_remove(struct pair *p)
{
	db_close(p->hub_db);
	db_close(p->clinic_db);
	scratch_remove(p->dirs[0]);
	scratch_remove(p->dirs[1]);
}

/* --- the clinic's list as batches --------------------------------------- */

static inline void
pair_log_start(
    struct log_head *h, const uint8_t life[LIFE_BYTES], uint8_t class)
{
	uint8_t key[LIFE_BYTES + 1];

	memset(h, 0, sizeof *h);
	memcpy(h->life, life, LIFE_BYTES);
	h->class = class;
	memcpy(key, life, LIFE_BYTES);
	key[LIFE_BYTES] = class;
	crypto_generichash(h->chain, HASH_BYTES, key, sizeof key, NULL, 0);
}

/* Chain of a log up to seq, computed anew from what is stored, and signed. */
static inline void
pair_head(struct txn *t, const struct self *s, const struct change_id *last,
    struct log_head *h)
{
	struct change_id id = *last;
	uint8_t secret[HASH_BYTES];
	struct stored stored;

	pair_log_start(h, last->life, last->class);
	stored_init(&stored);
	for (id.seq = 1; id.seq <= last->seq; id.seq++) {
		pair_must(stored_read(t, &id, &stored));
		pair_must(log_secret_read(t, s, id.life, stored.month, secret));
		log_extend(h, secret, &id, stored.body.data, stored.body.size);
	}
	stored_free(&stored);
	log_sign(h, s->signing_secret);
}

/* Up to `most` entries of "up" that follow `after`. False: none. */
static inline bool
pair_read(struct txn *t, const struct self *s, uint8_t class,
    const struct cursor *after, size_t most, struct batch *b)
{
	struct stored stored;
	struct audience a;
	struct list_entry entry = {0};
	uint16_t month = 0;

	batch_clear(b);
	snprintf(b->list.name, sizeof b->list.name, "%s", AUDIENCE_UP);
	b->list.class = class;
	b->start = *after;
	b->end = *after;
	if (audience_read(t, AUDIENCE_UP, &a) != ERR_OK)
		return false;
	b->end.epoch = a.epoch;
	stored_init(&stored);
	while (
	    b->change_count < most &&
	    list_entry_read(t, &a, class, b->end.place + 1, &entry) == ERR_OK) {
		struct batch_change *c = &b->changes[b->change_count];

		pair_must(stored_read(t, &entry.id, &stored));
		memset(c, 0, sizeof *c);
		c->id = entry.id;
		c->body_at = b->bytes.size;
		c->body_bytes = stored.body.size;
		put_bytes(&b->bytes, stored.body.data, stored.body.size);
		c->has_secret = b->change_count == 0 || stored.month != month;
		c->month = month = stored.month;
		if (c->has_secret)
			pair_must(log_secret_read(
			    t, s, entry.id.life, month, c->secret));
		b->change_count++;
		b->end.place = entry.place;
		b->end.running = entry.running;
	}
	stored_free(&stored);
	if (b->change_count == 0)
		return false;
	b->head_count = 1;
	pair_head(t, s, &b->changes[b->change_count - 1].id, &b->heads[0]);
	return true;
}

/* --- changes ------------------------------------------------------------ */

/* A change of a record of the clinic's own source, or of the group. */
static inline void
pair_change(struct change *c, const struct self *s, const char *kind,
    const char *ref, const char *org, json_t *fields)
{
	const struct kind *k = kind_by_name(kind);

	change_init(c);
	if (k == NULL || !k->by_group)
		snprintf(
		    c->record.source, sizeof c->record.source, "%s", s->source);
	snprintf(c->record.kind, sizeof c->record.kind, "%s", kind);
	if (ref == NULL)
		c->founds = true;
	else
		snprintf(c->record.ref, sizeof c->record.ref, "%s", ref);
	snprintf(c->by, sizeof c->by, "D1");
	snprintf(c->org, sizeof c->org, "%s", org);
	c->occurred_at = 1790000000;
	c->recorded_at = 1790000000;
	c->fields = fields;
}

#endif

/* enrol: groups, invites, joining. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/admit.h"
#include "store/enrol.h"
#include "store/index.h"
#include "store/key.h"
#include "store/list.h"
#include "store/log.h"
#include "store/paper.h"
#include "store/team_feed.h"

enum { WELCOME_ORGS_BYTES = 9000 }; /* the answer must fit one frame */

/* --- a new group ------------------------------------------------------- */

enum err
enrol_create_group(
    struct txn *t, struct self *self, int64_t now, uint8_t root_secret[64])
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	struct cert *c = &self->chain[0];
	enum err e;

	if (self->role != ROLE_HUB)
		return ERR_NOT_ALLOWED;
	db_random(txn_db(t), seed, sizeof seed);
	crypto_sign_ed25519_seed_keypair(self->root_key, root_secret, seed);
	sodium_memzero(seed, sizeof seed);
	group_id_of(self->group, self->root_key);
	db_random(txn_db(t), self->fingerprint_secret,
	    sizeof self->fingerprint_secret);

	memset(c, 0, sizeof *c);
	memcpy(c->group, self->group, sizeof c->group);
	memcpy(c->issuer, self->group, sizeof c->issuer);
	c->number = 1;
	c->role = ROLE_HUB;
	memcpy(c->name, self->name, sizeof c->name);
	memcpy(c->transport_key, self->transport.public, KEY_BYTES);
	memcpy(c->signing_key, self->signing_public, KEY_BYTES);
	e = cert_sign(c, root_secret);
	self->chain_count = 1;
	self->is_enrolled = true;
	if (e == ERR_OK)
		e = self_enrol(t, self);
	if (e == ERR_OK)
		e = self_trust_time(t, self, now);
	return e;
}

/* --- invites ----------------------------------------------------------- */

static void
invite_key(uint8_t key[2], uint16_t number)
{
	store_u16(key, number);
}

static enum err
invite_write(struct txn *t, const struct invite *i)
{
	uint8_t key[2];
	struct buffer value = {0};
	size_t n;
	enum err e;

	put_bytes(&value, i->secret, sizeof i->secret);
	put_text(&value, i->name);
	put_u64(&value, (uint64_t)i->expires_at);
	put_u8(&value, (uint8_t)i->tries);
	put_u8(&value, i->is_used ? 1 : 0);
	put_bytes(&value, i->used_by, sizeof i->used_by);
	put_varint(&value, i->org_count);
	for (n = 0; n < i->org_count; n++)
		put_text(&value, i->orgs[n]);
	invite_key(key, i->number);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_INVITES, key, sizeof key, value.data, value.size);
	buffer_wipe(&value);
	return e;
}

static enum err
invite_decode_row(const struct buffer *value, struct invite *out)
{
	struct reader r;
	uint64_t count;

	reader_init(&r, value->data, value->size);
	read_copy(&r, out->secret, sizeof out->secret);
	if (!read_text(&r, out->name, NODE_NAME_BYTES_MAX))
		return ERR_CORRUPT;
	out->expires_at = (int64_t)read_u64(&r);
	out->tries = read_u8(&r);
	out->is_used = read_u8(&r) != 0;
	read_copy(&r, out->used_by, sizeof out->used_by);
	count = read_varint(&r);
	if (r.failed || count > CERT_ORGS_MAX)
		return ERR_CORRUPT;
	for (out->org_count = 0; out->org_count < count; out->org_count++)
		if (!read_text(
		        &r, out->orgs[out->org_count], ORG_REF_BYTES_MAX))
			return ERR_CORRUPT;
	return ERR_OK;
}

static enum err
invite_read(struct txn *t, uint16_t number, struct invite *out)
{
	uint8_t key[2];
	struct buffer value = {0};
	enum err e;

	memset(out, 0, sizeof *out);
	out->number = number;
	invite_key(key, number);
	e = txn_get(t, TABLE_INVITES, key, sizeof key, &value);
	if (e == ERR_OK)
		e = invite_decode_row(&value, out);
	buffer_wipe(&value);
	return e;
}

static enum err
take_orgs(struct invite *out, const char *const *orgs, size_t count)
{
	size_t i;

	if (count == 0 || count > CERT_ORGS_MAX)
		return ERR_LIMIT;
	for (i = 0; i < count; i++) {
		const char *org =
		    strncmp(orgs[i], "ref:", 4) == 0 ? orgs[i] + 4 : orgs[i];

		if (org[0] == '\0' || strlen(org) > ORG_REF_BYTES_MAX)
			return ERR_LIMIT;
		memcpy(out->orgs[i], org, strlen(org) + 1);
	}
	out->org_count = count;
	return ERR_OK;
}

enum err
enrol_invite(struct txn *t, const struct self *self, const char *name,
    const char *const *orgs, size_t org_count, int64_t now, struct invite *out,
    char code[INVITE_TEXT_BYTES])
{
	struct invite_code c;
	uint64_t last;
	enum err e;

	memset(out, 0, sizeof *out);
	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_NOT_ALLOWED;
	if (strlen(name) > NODE_NAME_BYTES_MAX)
		return ERR_LIMIT;
	memcpy(out->name, name, strlen(name) + 1);
	e = take_orgs(out, orgs, org_count);
	if (e == ERR_OK)
		e = meta_get_number(t, "invites.last", &last);
	if (e == ERR_OK && last >= INVITE_NUMBER_MAX)
		e = ERR_FULL;
	if (e == ERR_OK)
		e = meta_put_number(t, "invites.last", last + 1);
	if (e != ERR_OK)
		return e;
	out->number = (uint16_t)(last + 1);
	out->tries = INVITE_TRIES;
	out->expires_at = now + INVITE_HOURS * 3600;
	db_random(txn_db(t), out->secret, sizeof out->secret);
	c.number = out->number;
	memcpy(c.secret, out->secret, sizeof c.secret);
	invite_root_hash(c.root_hash, self->root_key);
	invite_encode(&c, code);
	return invite_write(t, out);
}

enum err
enrol_try(struct txn *t, uint16_t number, int64_t now, struct invite *out)
{
	enum err e = invite_read(t, number, out);

	if (e != ERR_OK)
		return e;
	if (out->tries == 0 || now > out->expires_at)
		return ERR_REFUSED;
	/* Who used it may come again: its answer may have been cut off. */
	out->tries--;
	return invite_write(t, out);
}

/* --- accepting --------------------------------------------------------- */

static enum err
issue(struct txn *t, const struct self *self, const struct invite *invite,
    const uint8_t transport_key[KEY_BYTES], const struct join_request *request,
    struct cert *out)
{
	uint64_t last;
	enum err e = meta_get_number(t, "certs.last", &last);

	memset(out, 0, sizeof *out);
	if (e == ERR_OK)
		e = meta_put_number(t, "certs.last", last + 1);
	memcpy(out->group, self->group, sizeof out->group);
	memcpy(out->issuer, self->id, sizeof out->issuer);
	out->number = last + 1;
	out->role = ROLE_CLINIC;
	memcpy(out->name,
	    invite->name[0] != '\0' ? invite->name : request->name,
	    sizeof out->name);
	memcpy(out->transport_key, transport_key, KEY_BYTES);
	memcpy(out->signing_key, request->signing_key, KEY_BYTES);
	memcpy(out->orgs, invite->orgs, sizeof out->orgs);
	out->org_count = invite->org_count;
	return e == ERR_OK ? cert_sign(out, self->signing_secret) : e;
}

/* The org tree that the node may act for, so that it can judge an import
 * before its first sync. */
static enum err
add_tree(struct txn *t, const struct cert *cert, struct join_answer *a)
{
	uint8_t from[2], key_of[KEY_RECORD_BYTES] = {0};
	struct walk *w;
	struct bytes key;
	size_t bytes = 0;
	enum err e;

	store_u16(from, key_kind_number("org"));
	e = walk_open(t, TABLE_RECORDS, from, sizeof from, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == KEY_RECORD_CHANGE_BYTES &&
	       memcmp(key.data, from, sizeof from) == 0) {
		char parent[ORG_REF_BYTES_MAX + 1];
		struct record r;

		if (memcmp(key.data, key_of, sizeof key_of) == 0)
			continue; /* another change of the same org */
		memcpy(key_of, key.data, sizeof key_of);
		e = record_read(t, key_of, &r);
		if (e != ERR_OK)
			break;
		if (a->org_count < JOIN_ORGS_MAX &&
		    strlen(r.id.ref) <= ORG_REF_BYTES_MAX &&
		    bytes < WELCOME_ORGS_BYTES &&
		    org_within(t, cert, r.id.ref) &&
		    index_parent_org(t, r.id.ref, parent, sizeof parent) ==
		        ERR_OK) {
			memcpy(a->orgs[a->org_count].ref, r.id.ref,
			    strlen(r.id.ref) + 1);
			memcpy(a->orgs[a->org_count].parent, parent,
			    strlen(parent) + 1);
			bytes += strlen(r.id.ref) + strlen(parent) + 2;
			a->org_count++;
		}
		record_clear(&r);
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

static enum err
fill_answer(struct txn *t, const struct self *self, const struct cert *cert,
    int64_t now, struct join_answer *a)
{
	size_t i;
	enum err e;

	memset(a, 0, sizeof *a);
	memcpy(a->root_key, self->root_key, KEY_BYTES);
	a->chain[0] = *cert;
	for (i = 0; i < self->chain_count && i + 1 < CERT_CHAIN_MAX; i++)
		a->chain[i + 1] = self->chain[i];
	a->chain_count = i + 1;
	memcpy(a->fingerprint_secret, self->fingerprint_secret, HASH_BYTES);
	a->now = now;
	e = cert->org_count == 0
	        ? ERR_NOT_FOUND
	        : paper_allocate(t, cert->orgs[0], PAPER_GRANT, &a->slip_first);
	if (e == ERR_OK)
		a->slip_count = PAPER_GRANT;
	else if (e == ERR_FULL || e == ERR_NOT_FOUND)
		e = ERR_OK; /* it joins all the same, without numbers */
	return e == ERR_OK ? add_tree(t, cert, a) : e;
}

/* The same node once more: its answer was cut off. */
static enum err
accept_again(struct txn *t, const struct self *self,
    const struct invite *invite, const uint8_t transport_key[KEY_BYTES],
    const struct join_request *request, int64_t now, struct join_answer *answer)
{
	struct node node;
	enum err e;

	if (memcmp(invite->used_by, transport_key, KEY_BYTES) != 0)
		return ERR_REFUSED;
	e = index_node_by_key(t, transport_key, &node);
	if (e != ERR_OK)
		return e;
	if (node.is_revoked)
		return ERR_NOT_ALLOWED;
	if (memcmp(node.cert.signing_key, request->signing_key, KEY_BYTES) != 0)
		return ERR_REFUSED;
	return fill_answer(t, self, &node.cert, now, answer);
}

static bool
is_same_cert(const struct cert *a, const struct invite *invite)
{
	size_t i;

	if (a->org_count != invite->org_count ||
	    (invite->name[0] != '\0' && strcmp(a->name, invite->name) != 0))
		return false;
	for (i = 0; i < a->org_count; i++)
		if (strcmp(a->orgs[i], invite->orgs[i]) != 0)
			return false;
	return true;
}

/* Keys are known here by one name. Who shows those of another node, or one
 * of each, is refused: a certificate for them would take over that node's
 * place, or bring a withdrawn one back. The node itself may have lost its
 * answer and come with a new invite: while it was never heard of, whatever
 * that says counts; afterwards only what it says already. */
static enum err
check_keys(struct txn *t, const struct self *self, const struct invite *invite,
    const uint8_t transport_key[KEY_BYTES], const struct join_request *request,
    struct node *known)
{
	struct node by_key;
	uint8_t id[NODE_ID_BYTES];
	enum err e, key;

	node_id_of(id, request->signing_key);
	if (memcmp(id, self->id, sizeof id) == 0 ||
	    memcmp(transport_key, self->transport.public, KEY_BYTES) == 0 ||
	    memcmp(request->signing_key, self->root_key, KEY_BYTES) == 0)
		return ERR_REFUSED;
	e = index_node_read(t, id, known);
	key = index_node_by_key(t, transport_key, &by_key);
	if (e == ERR_NOT_FOUND && key == ERR_NOT_FOUND)
		return ERR_OK;
	if ((e == ERR_OK && known->is_revoked) ||
	    (key == ERR_OK && by_key.is_revoked))
		return ERR_NOT_ALLOWED;
	if (e == ERR_NOT_FOUND || key == ERR_NOT_FOUND)
		return ERR_REFUSED;
	if (e != ERR_OK || key != ERR_OK)
		return e != ERR_OK ? e : key;
	if (memcmp(known->cert.transport_key, transport_key, KEY_BYTES) != 0)
		return ERR_REFUSED;
	if (known->last_contact == 0)
		return ERR_OK;
	return is_same_cert(&known->cert, invite) ? ERR_EXISTS : ERR_REFUSED;
}

enum err
enrol_accept(struct txn *t, const struct self *self, uint16_t number,
    const uint8_t transport_key[KEY_BYTES], const struct join_request *request,
    int64_t now, struct join_answer *answer)
{
	struct invite invite;
	struct node node;
	enum err e = invite_read(t, number, &invite);

	if (e != ERR_OK)
		return e;
	if (request->role != ROLE_CLINIC)
		return ERR_REFUSED;
	if (invite.is_used)
		return accept_again(
		    t, self, &invite, transport_key, request, now, answer);
	memset(&node, 0, sizeof node);
	e = check_keys(t, self, &invite, transport_key, request, &node);
	if (e == ERR_OK) {
		e = issue(t, self, &invite, transport_key, request, &node.cert);
		if (e == ERR_OK)
			e = index_node_write(t, &node);
		if (e == ERR_OK)
			e = team_feed_certified(t, self, &node.cert);
	} else if (e == ERR_EXISTS) {
		e = ERR_OK; /* the certificate that it has */
	}
	invite.is_used = true;
	invite.tries = INVITE_TRIES; /* for repeats of the same node */
	memcpy(invite.used_by, transport_key, KEY_BYTES);
	if (e == ERR_OK)
		e = invite_write(t, &invite);
	if (e == ERR_OK)
		e = fill_answer(t, self, &node.cert, now, answer);
	return e;
}

/* --- joining ----------------------------------------------------------- */

static enum err
list_one(struct txn *t, const struct self *self, const struct change_id *id,
    struct stored *s)
{
	uint64_t fingerprint;
	struct change c;
	enum err e = stored_read(t, id, s);

	if (e != ERR_OK)
		return e;
	fingerprint = log_fingerprint(
	    self->fingerprint_secret, id, s->body.data, s->body.size);
	change_init(&c);
	c.id = *id;
	e = change_decode(&c, s->body.data, s->body.size);
	if (e == ERR_OK)
		e = list_change(t, self, &c, fingerprint);
	if (e == ERR_OK)
		e = stored_write(t, id, s->apart, s->month, fingerprint,
		    s->body.data, s->body.size);
	change_clear(&c);
	return e;
}

/* Everything gets its fingerprint and its place. */
enum err
enrol_list_all(struct txn *t, const struct self *self)
{
	struct change_id *ids = NULL;
	size_t count = 0, capacity = 0, i;
	struct stored s;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_CHANGES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	stored_init(&s);
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		if (count == capacity) {
			size_t more = capacity == 0 ? 1024 : capacity * 2;
			struct change_id *grown =
			    realloc(ids, more * sizeof *ids);

			if (grown == NULL) {
				e = ERR_NOMEM;
				break;
			}
			ids = grown;
			capacity = more;
		}
		key_change_read(&ids[count++], key.data);
	}
	walk_close(w);
	if (e == ERR_END)
		e = lists_drop(t);
	for (i = 0; e == ERR_OK && i < count; i++)
		e = list_one(t, self, &ids[i], &s);
	stored_free(&s);
	free(ids);
	return e;
}

static enum err
check_answer(const struct self *self, const struct join_answer *a)
{
	enum err e = cert_chain_verify(a->chain, a->chain_count, a->root_key);

	if (e != ERR_OK || a->chain_count < 2)
		return ERR_AUTH;
	if (memcmp(a->chain[0].transport_key, self->transport.public,
	        KEY_BYTES) != 0 ||
	    memcmp(a->chain[0].signing_key, self->signing_public, KEY_BYTES) !=
	        0)
		return ERR_AUTH;
	return ERR_OK;
}

static enum err
keep_tree(struct txn *t, const struct join_answer *a)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < a->org_count; i++)
		e = index_told_parent(t, a->orgs[i].ref, a->orgs[i].parent);
	return e;
}

enum err
enrol_joined(struct txn *t, struct self *self, const struct join_answer *answer,
    const char *address, int64_t now)
{
	struct node parent;
	enum err e = check_answer(self, answer);

	if (e != ERR_OK)
		return e;
	group_id_of(self->group, answer->root_key);
	memcpy(self->root_key, answer->root_key, KEY_BYTES);
	memcpy(
	    self->fingerprint_secret, answer->fingerprint_secret, HASH_BYTES);
	self->chain_count = answer->chain_count;
	memcpy(self->chain, answer->chain, sizeof self->chain);
	self->is_enrolled = true;
	e = self_enrol(t, self);
	memset(&parent, 0, sizeof parent);
	parent.cert = answer->chain[1];
	parent.last_contact = now;
	if (e == ERR_OK)
		e = index_node_write(t, &parent);
	if (e == ERR_OK)
		e = enrol_set_address(t, address);
	if (e == ERR_OK && answer->slip_count > 0)
		e = paper_grant(t, answer->slip_first, answer->slip_count);
	if (e == ERR_OK)
		e = keep_tree(t, answer);
	if (e == ERR_OK)
		e = self_trust_time(t, self, answer->now);
	if (e == ERR_OK)
		e = enrol_list_all(t, self);
	return e;
}

/* --- the parent -------------------------------------------------------- */

enum err
enrol_set_address(struct txn *t, const char *address)
{
	return meta_put(t, "parent.address", address, strlen(address));
}

enum err
enrol_parent(struct txn *t, const struct self *self, struct cert *out,
    char *address, size_t address_bytes)
{
	struct buffer value = {0};
	enum err e;

	if (!self->is_enrolled || self->chain_count < 2)
		return ERR_NOT_ENROLLED;
	*out = self->chain[1];
	if (address == NULL)
		return ERR_OK;
	address[0] = '\0';
	e = meta_get(t, "parent.address", &value);
	if (e == ERR_OK && value.size < address_bytes) {
		memcpy(address, value.data, value.size);
		address[value.size] = '\0';
	}
	buffer_free(&value);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

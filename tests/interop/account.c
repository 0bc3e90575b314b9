/* account: what happened in sessions, as the C side saw it, as JSON. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "store/list.h"
#include "store/log.h"
#include "sync/session_state.h"
#include "tests/interop/account.h"
#include "tests/interop/told.h"

static json_t *sessions; /* all */
static json_t *now_on;   /* the one under way; NULL: none is written down */
static struct session *initiator, *responder;
static bool is_put_back;
static uint64_t bytes_max;
static uint8_t fingerprint_secret[HASH_BYTES];
/* The message taken from a frame last, and where its body lies. */
static json_t *message;
static const uint8_t *body_at;

/* --- batches --------------------------------------------------------- */

static json_t *
change_json(const struct batch *b, const struct batch_change *c)
{
	const uint8_t *body = batch_body(b, c);
	json_t *o = told_id(&c->id);

	told_set_hex(o, "body", body, c->body_bytes);
	told_set(o, "says", told_body(&c->id, body, c->body_bytes));
	told_set_u64(o, "fingerprint",
	    log_fingerprint(fingerprint_secret, &c->id, body, c->body_bytes));
	if (c->has_secret) {
		told_set(o, "month", json_integer(c->month));
		told_set_hex(o, "salt", c->secret, HASH_BYTES);
	}
	return o;
}

static void
note_batch(struct session *s, const struct batch *b)
{
	json_t *o = json_object(), *changes = json_array();
	json_t *heads = json_array();
	size_t i;

	told_set(o, "way", json_string(s == responder ? "up" : "down"));
	told_set(o, "list", json_string(b->list.name));
	told_set(o, "class", json_integer(b->list.class));
	told_set(o, "start", told_cursor(NULL, &b->start));
	told_set(o, "end", told_cursor(NULL, &b->end));
	for (i = 0; i < b->change_count; i++)
		json_array_append_new(changes, change_json(b, &b->changes[i]));
	for (i = 0; i < b->head_count; i++) {
		json_t *h = json_object();

		told_set_hex(h, "life", b->heads[i].life, LIFE_BYTES);
		told_set_u64(h, "seq", b->heads[i].seq);
		told_set_hex(
		    h, "signature", b->heads[i].signature, SIGNATURE_BYTES);
		json_array_append_new(heads, h);
	}
	told_set(o, "changes", changes);
	told_set(o, "heads", heads);
	json_array_append_new(json_object_get(now_on, "batches"), o);
}

/* --- sessions ----------------------------------------------------------------
 */

static json_t *
place_json(struct site *s, struct site *peer)
{
	struct cursor_set *cursors = calloc(1, sizeof *cursors);
	struct txn *t = site_begin(peer, false);
	uint8_t id[NODE_ID_BYTES];
	struct self self;
	json_t *o = json_object();

	if (cursors == NULL || self_read(t, &self) != ERR_OK)
		abort();
	memcpy(id, self.id, sizeof id);
	txn_abort(t);
	t = site_begin(s, false);
	if (cursor_read_all(t, id, CURSOR_OWN, cursors) != ERR_OK)
		abort();
	told_set(o, "own", told_cursors(cursors));
	cursors->count = 0;
	if (cursor_read_all(t, id, CURSOR_PEER, cursors) != ERR_OK)
		abort();
	told_set(o, "peer", told_cursors(cursors));
	txn_abort(t);
	free(cursors);
	self_wipe(&self);
	return o;
}

void
account_next(const char *name, struct site *hub, struct site *clinic)
{
	struct txn *t = site_begin(hub, false);
	struct self self;

	if (sessions == NULL)
		sessions = json_array();
	now_on = json_object();
	json_array_append_new(sessions, now_on);
	told_set(now_on, "name", json_string(name));
	if (self_read(t, &self) != ERR_OK)
		abort();
	txn_abort(t);
	memcpy(fingerprint_secret, self.fingerprint_secret, HASH_BYTES);
	told_set_hex(
	    now_on, "fingerprint_secret", fingerprint_secret, HASH_BYTES);
	told_set_hex(now_on, "root_key", self.root_key, KEY_BYTES);
	told_set_hex(now_on, "hub_signing_key", self.signing_public, KEY_BYTES);
	told_set(now_on, "put_back", json_boolean(is_put_back));
	is_put_back = false;
	told_set(now_on, "pieces", json_array());
	told_set(now_on, "messages", json_array());
	told_set(now_on, "batches", json_array());
	if (clinic != NULL) {
		told_set(now_on, "hub", place_json(hub, clinic));
		told_set(now_on, "clinic", place_json(clinic, hub));
	}
	self_wipe(&self);
}

void
account_put_back(void)
{
	is_put_back = true;
}

void
account_end(void)
{
	now_on = NULL;
	initiator = responder = NULL;
	message = NULL;
}

void
account_stop(void)
{
	account_end();
}

void
account_bound(uint64_t bytes)
{
	bytes_max = bytes;
}

bool
account_write(const char *path)
{
	json_t *all = json_pack(
	    "{s:o, s:o}", "kinds", told_kinds(), "sessions", sessions);
	bool is_written = all != NULL && json_dump_file(all, path, 0) == 0;

	json_decref(all);
	sessions = NULL;
	return is_written;
}

static void
note_side(const struct session_options *o, const char *side)
{
	json_t *keys = json_object();

	told_set_hex(keys, "transport_secret", o->transport.secret, KEY_BYTES);
	told_set_hex(keys, "ephemeral_secret", o->ephemeral_secret, KEY_BYTES);
	if (o->purpose == SESSION_JOIN) {
		char code[INVITE_TEXT_BYTES];

		invite_encode(&o->invite, code);
		told_set(now_on, "code", json_string(code));
	}
	told_set(now_on, side, keys);
}

enum err __real_session_new(
    struct session **out, const struct session_options *o);
enum err __wrap_session_new(
    struct session **out, const struct session_options *o);

enum err
__wrap_session_new(struct session **out, const struct session_options *o)
{
	struct session_options *mine = malloc(sizeof *mine);
	bool answers = o->purpose == SESSION_ANSWER;
	enum err e;

	if (mine == NULL)
		abort();
	*mine = *o;
	if (o->purpose == SESSION_SYNC)
		mine->bytes_max = bytes_max;
	e = __real_session_new(out, mine);
	sodium_memzero(mine, sizeof *mine);
	free(mine);
	if (e != ERR_OK || now_on == NULL)
		return e;
	*(answers ? &responder : &initiator) = *out;
	note_side(o, answers ? "responder" : "initiator");
	return e;
}

enum err __real_session_receive(
    struct session *s, const void *in, size_t len, uint64_t now_ms);
enum err __wrap_session_receive(
    struct session *s, const void *in, size_t len, uint64_t now_ms);

enum err
__wrap_session_receive(
    struct session *s, const void *in, size_t len, uint64_t now_ms)
{
	if (now_on != NULL)
		json_array_append_new(json_object_get(now_on, "pieces"),
		    json_pack("[s, o]", s == responder ? "up" : "down",
		        told_hex(in, len)));
	return __real_session_receive(s, in, len, now_ms);
}

bool __real_session_next_event(struct session *s, struct session_event *ev);
bool __wrap_session_next_event(struct session *s, struct session_event *ev);

bool
__wrap_session_next_event(struct session *s, struct session_event *ev)
{
	bool is_one = __real_session_next_event(s, ev);

	if (is_one && now_on != NULL && ev->type == EVENT_BATCH)
		note_batch(s, ev->batch);
	return is_one;
}

/* --- messages
 * ------------------------------------------------------------------ */

enum err __real_message_next(struct reader *frame, struct message *out);
enum err __wrap_message_next(struct reader *frame, struct message *out);

/* The sender walks over its own messages too; those are not noted. */
enum err
__wrap_message_next(struct reader *frame, struct message *out)
{
	enum err e = __real_message_next(frame, out);
	bool is_up = responder != NULL && frame == &responder->frame;
	bool is_down = initiator != NULL && frame == &initiator->frame;

	if (e == ERR_OK && out->type == MESSAGE_JOIN)
		is_up = true;
	if (e != ERR_OK || now_on == NULL || !(is_up || is_down))
		return e;
	message = json_object();
	body_at = out->body.data;
	told_set(message, "way", json_string(is_up ? "up" : "down"));
	told_set(message, "type", json_integer((json_int_t)out->type));
	told_set_hex(message, "body", out->body.data, out->body.size);
	json_array_append_new(json_object_get(now_on, "messages"), message);
	return e;
}

/* Fields of the message noted last, if this is the body of it. */
static void
note_fields(enum err e, const uint8_t *body, json_t *fields)
{
	if (e == ERR_OK && message != NULL &&
	    (body == body_at || body == body_at + 1))
		told_set(message, "fields", fields);
	else
		json_decref(fields);
}

#define WRAP(name, type)                                                       \
	enum err __real_##name(const struct bytes *body, type *out);           \
	enum err __wrap_##name(const struct bytes *body, type *out);           \
	static json_t *name##_json(const type *v);                             \
	enum err __wrap_##name(const struct bytes *body, type *out)            \
	{                                                                      \
		enum err e = __real_##name(body, out);                         \
                                                                               \
		if (e == ERR_OK)                                               \
			note_fields(e, body->data, name##_json(out));          \
		return e;                                                      \
	}                                                                      \
	static json_t *name##_json(const type *v)

WRAP(hello_consume, struct hello)
{
	json_t *o = json_object(), *lives = json_array();
	json_t *dictionaries = json_array();
	size_t i;

	told_set(o, "version_min", json_integer(v->version_min));
	told_set(o, "version_max", json_integer(v->version_max));
	told_set(o, "role", json_integer(v->role));
	told_set(o, "now", json_integer(v->now));
	told_set(o, "clock", json_integer(v->clock));
	told_set(o, "list_epoch", json_integer(v->list_epoch));
	told_set(o, "cursors_digest", json_integer(v->cursors_digest));
	for (i = 0; i < v->dictionary_count; i++)
		json_array_append_new(
		    dictionaries, json_integer(v->dictionaries[i]));
	told_set(o, "dictionaries", dictionaries);
	told_set_u64(o, "slips_left", v->slips_left);
	told_set(o, "held_digest", json_integer(v->held_digest));
	for (i = 0; i < v->life_count; i++) {
		json_t *l = json_object();

		told_set_hex(l, "nonce", v->lives[i].nonce, LIFE_NONCE_BYTES);
		told_set(l, "seqs", told_seqs(v->lives[i].seq));
		told_set(l, "forked", json_integer(v->lives[i].is_forked));
		json_array_append_new(lives, l);
	}
	told_set(o, "lives", lives);
	told_set_u64(o, "down_bound", v->down_bound);
	return o;
}

WRAP(cursors_consume, struct cursor_set)
{
	return json_pack("{s:o}", "cursors", told_cursors(v));
}

WRAP(receipt_consume, struct receipt)
{
	json_t *o = told_cursor(&v->list, &v->cursor);
	json_t *exceptions = json_array();
	size_t i;

	for (i = 0; i < v->exception_count; i++) {
		json_t *x = told_id(&v->exceptions[i].id);

		told_set(x, "reason", json_integer(v->exceptions[i].reason));
		json_array_append_new(exceptions, x);
	}
	told_set(o, "exceptions", exceptions);
	return o;
}

WRAP(taken_consume, struct taken)
{
	return json_pack("{s:i, s:i}", "class", v->class, "count", v->count);
}

WRAP(unheard_consume, struct unheard)
{
	json_t *runs = json_array(), *o;
	size_t i;

	for (i = 0; i < v->run_count; i++)
		json_array_append_new(runs,
		    json_pack("{s:i, s:I, s:I}", "life", (int)v->runs[i].life,
		        "first", (json_int_t)v->runs[i].first, "count",
		        (json_int_t)v->runs[i].count));
	o = json_pack("{s:i, s:o}", "class", v->class, "runs", runs);
	told_set_u64(o, "running", v->running);
	return o;
}

WRAP(group_held_consume, struct group_held)
{
	json_t *o = json_object();

	told_set(o, "life", json_integer((json_int_t)v->life));
	told_set(o, "seqs", told_seqs(v->seq));
	told_set_hex(o, "signature", v->signature, SIGNATURE_BYTES);
	return o;
}

WRAP(group_receipt_consume, struct group_receipt)
{
	json_t *o = json_object(), *chains = json_array();
	unsigned i;

	told_set_hex(o, "life", v->life, LIFE_BYTES);
	told_set(o, "seqs", told_seqs(v->seq));
	for (i = 0; i < CLASSES; i++)
		json_array_append_new(
		    chains, told_hex(v->chain[i], HASH_BYTES));
	told_set(o, "chains", chains);
	told_set_hex(o, "signature", v->signature, SIGNATURE_BYTES);
	return o;
}

WRAP(withdrawn_consume, struct withdrawn)
{
	json_t *o = json_object(), *ids = json_array();
	size_t i;

	told_set(o, "epoch", json_integer(v->epoch));
	for (i = 0; i < v->count; i++)
		json_array_append_new(ids, told_hex(v->ids[i], NODE_ID_BYTES));
	told_set(o, "nodes", ids);
	told_set_hex(o, "signature", v->signature, SIGNATURE_BYTES);
	return o;
}

WRAP(reason_consume, enum reason)
{
	return json_pack("{s:i}", "reason", (int)*v);
}

WRAP(join_consume, struct join_request)
{
	json_t *o = json_object();

	told_set(o, "name", json_string(v->name));
	told_set(o, "role", json_integer(v->role));
	told_set_hex(o, "signing_key", v->signing_key, KEY_BYTES);
	told_set_hex(o, "proof", v->proof, SIGNATURE_BYTES);
	return o;
}

WRAP(welcome_consume, struct join_answer)
{
	json_t *o = json_object(), *orgs = json_array();
	size_t i;

	told_set_hex(o, "root_key", v->root_key, KEY_BYTES);
	told_set(o, "chain", told_chain(v->chain, v->chain_count));
	told_set_hex(
	    o, "fingerprint_secret", v->fingerprint_secret, HASH_BYTES);
	told_set(o, "now", json_integer(v->now));
	told_set_u64(o, "slip_first", v->slip_first);
	told_set_u64(o, "slip_count", v->slip_count);
	for (i = 0; i < v->org_count; i++)
		json_array_append_new(orgs,
		    json_pack("[s, s]", v->orgs[i].ref, v->orgs[i].parent));
	told_set(o, "orgs", orgs);
	return o;
}

enum err __real_grant_consume(
    const struct bytes *body, uint64_t *first, uint64_t *count);
enum err __wrap_grant_consume(
    const struct bytes *body, uint64_t *first, uint64_t *count);

enum err
__wrap_grant_consume(const struct bytes *body, uint64_t *first, uint64_t *count)
{
	enum err e = __real_grant_consume(body, first, count);

	if (e == ERR_OK)
		note_fields(e, body->data,
		    json_pack("{s:I, s:I}", "first", (json_int_t)*first,
		        "count", (json_int_t)*count));
	return e;
}

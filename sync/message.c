/* message: what travels inside sealed frames, as create/consume pairs. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/message.h"

const char *
reason_name(enum reason r)
{
	static const char *const names[] = {
	    [REASON_NONE] = "none",
	    [REASON_NOT_ENROLLED] = "not_enrolled",
	    [REASON_REVOKED] = "revoked",
	    [REASON_VERSION] = "version",
	    [REASON_FORMAT] = "format",
	    [REASON_LIMIT] = "limit",
	    [REASON_LOG] = "log",
	    [REASON_FORK] = "fork",
	    [REASON_STORAGE] = "storage",
	    [REASON_INVITE] = "invite",
	    [REASON_BUSY] = "busy",
	    [REASON_AHEAD] = "ahead",
	    [REASON_SHUTDOWN] = "shutdown",
	    [REASON_TIMEOUT] = "timeout",
	};

	if ((size_t)r >= sizeof names / sizeof names[0])
		return "unknown";
	return names[r];
}

enum err
message_next(struct reader *frame, struct message *out)
{
	uint8_t type;
	struct bytes body;

	if (reader_left(frame) == 0)
		return frame->failed ? ERR_FORMAT : ERR_END;
	type = read_u8(frame);
	body = read_string(frame);
	if (frame->failed)
		return ERR_FORMAT;
	out->type = (enum message_type)type;
	out->body = body;
	return ERR_OK;
}

void
message_put(
    struct buffer *out, enum message_type type, const void *body, size_t size)
{
	put_u8(out, (uint8_t)type);
	put_string(out, body, size);
}

/* A body is whole when nothing failed and nothing is left over. */
static enum err
whole(const struct reader *r)
{
	return r->failed || r->at != r->end ? ERR_FORMAT : ERR_OK;
}

/* --- cursors and receipts ---------------------------------------------- */

static void
put_place(
    struct buffer *out, const struct list_id *list, const struct cursor *c)
{
	put_text(out, list->name);
	put_u8(out, list->class);
	put_u32(out, c->epoch);
	put_varint(out, c->place);
	put_u64(out, c->running);
}

static void
take_place(struct reader *r, struct list_id *list, struct cursor *c)
{
	list->name[0] = '\0';
	read_text(r, list->name, LIST_NAME_BYTES_MAX);
	list->class = read_u8(r);
	c->epoch = read_u32(r);
	c->place = read_varint(r);
	c->running = read_u64(r);
	if (list->class >= CLASSES || list->name[0] == '\0')
		r->failed = true;
}

enum err
cursors_create(const struct cursor_set *set, struct buffer *out)
{
	size_t i;

	put_varint(out, set->count);
	for (i = 0; i < set->count; i++)
		put_place(out, &set->item[i].list, &set->item[i].cursor);
	return buffer_state(out);
}

enum err
cursors_consume(const struct bytes *body, struct cursor_set *out)
{
	struct list_id list;
	struct cursor cursor;
	struct reader r, again;
	uint64_t count;
	size_t i;

	reader_init(&r, body->data, body->size);
	count = read_varint(&r);
	if (r.failed)
		return ERR_FORMAT;
	if (count > LISTS_MAX)
		return ERR_LIMIT;
	/* Once to check all of it, once to keep it. */
	again = r;
	for (i = 0; !r.failed && i < count; i++)
		take_place(&r, &list, &cursor);
	if (whole(&r) != ERR_OK)
		return ERR_FORMAT;
	for (i = 0; i < count; i++)
		take_place(&again, &out->item[i].list, &out->item[i].cursor);
	out->count = (size_t)count;
	return ERR_OK;
}

static void
put_id(struct buffer *out, const struct change_id *id)
{
	put_bytes(out, id->life, LIFE_BYTES);
	put_u8(out, id->class);
	put_varint(out, id->seq);
}

static void
take_id(struct reader *r, struct change_id *id)
{
	read_copy(r, id->life, LIFE_BYTES);
	id->class = read_u8(r);
	id->seq = read_varint(r);
	if (id->class >= CLASSES || id->seq == 0)
		r->failed = true;
}

enum err
receipt_create(const struct receipt *receipt, struct buffer *out)
{
	size_t i;

	if (receipt->exception_count > EXCEPTIONS_MAX)
		return ERR_LIMIT;
	put_place(out, &receipt->list, &receipt->cursor);
	put_varint(out, receipt->exception_count);
	for (i = 0; i < receipt->exception_count; i++) {
		put_id(out, &receipt->exceptions[i].id);
		put_varint(out, receipt->exceptions[i].reason);
	}
	return buffer_state(out);
}

void
receipt_free(struct receipt *r)
{
	free(r->exceptions);
	memset(r, 0, sizeof *r);
}

static enum err
take_exceptions(struct reader *r, uint64_t count, struct receipt *out)
{
	size_t i;

	out->exceptions = calloc((size_t)count, sizeof *out->exceptions);
	if (out->exceptions == NULL)
		return ERR_NOMEM;
	for (i = 0; !r->failed && i < count; i++) {
		uint64_t reason;

		take_id(r, &out->exceptions[i].id);
		reason = read_varint(r);
		if (reason > UINT16_MAX)
			r->failed = true;
		out->exceptions[i].reason = (uint16_t)reason;
	}
	out->exception_count = (size_t)count;
	return ERR_OK;
}

enum err
receipt_consume(const struct bytes *body, struct receipt *out)
{
	struct receipt got;
	struct reader r;
	uint64_t count;
	enum err e = ERR_OK;

	memset(&got, 0, sizeof got);
	reader_init(&r, body->data, body->size);
	take_place(&r, &got.list, &got.cursor);
	count = read_varint(&r);
	if (r.failed)
		return ERR_FORMAT;
	if (count > EXCEPTIONS_MAX)
		return ERR_LIMIT;
	if (count > 0)
		e = take_exceptions(&r, count, &got);
	if (e == ERR_OK)
		e = whole(&r);
	if (e != ERR_OK) {
		receipt_free(&got);
		return e;
	}
	*out = got;
	return ERR_OK;
}

/* --- what was not heard ------------------------------------------------- */

enum err
unheard_create(const struct unheard *u, struct buffer *out)
{
	size_t i;

	put_u8(out, u->class);
	put_u64(out, u->running);
	put_varint(out, u->run_count);
	for (i = 0; i < u->run_count; i++) {
		put_varint(out, u->runs[i].life);
		put_varint(out, u->runs[i].first);
		put_varint(out, u->runs[i].count);
	}
	return buffer_state(out);
}

static void
take_run(struct reader *r, struct unheard *u, uint64_t *left)
{
	uint64_t life = read_varint(r), first = read_varint(r);
	uint64_t count = read_varint(r);

	if (life >= HELLO_LIVES_MAX || first == 0 || count == 0 ||
	    count > *left || first > UINT64_MAX - count)
		r->failed = true;
	*left -= r->failed ? 0 : count;
	u->runs[u->run_count].life = (size_t)life;
	u->runs[u->run_count].first = first;
	u->runs[u->run_count].count = count;
	u->run_count++;
}

enum err
unheard_consume(const struct bytes *body, struct unheard *out)
{
	uint64_t count, left = STRETCH_CHANGES_MAX;
	struct unheard u;
	struct reader r;

	memset(&u, 0, sizeof u);
	reader_init(&r, body->data, body->size);
	u.class = read_u8(&r);
	u.running = read_u64(&r);
	count = read_varint(&r);
	if (r.failed || u.class >= CLASSES || count == 0)
		return ERR_FORMAT;
	if (count > STRETCH_RUNS_MAX)
		return ERR_LIMIT;
	while (!r.failed && u.run_count < count)
		take_run(&r, &u, &left);
	if (whole(&r) != ERR_OK)
		return ERR_FORMAT;
	*out = u;
	return ERR_OK;
}

/* --- small ones -------------------------------------------------------- */

enum err
taken_create(const struct taken *t, struct buffer *out)
{
	if (t->class >= CLASSES || t->count == 0 || t->count > UNANSWERED_MAX)
		return ERR_LIMIT;
	put_u8(out, (uint8_t)(t->class | (t->count - 1) << 2));
	return buffer_state(out);
}

enum err
taken_consume(const struct bytes *body, struct taken *out)
{
	if (body->size != 1)
		return ERR_FORMAT;
	out->class = body->data[0] & 3;
	out->count = (uint8_t)((body->data[0] >> 2) + 1);
	return ERR_OK;
}

enum err
reason_create(enum reason reason, struct buffer *out)
{
	put_varint(out, (uint64_t)reason);
	return buffer_state(out);
}

enum err
reason_consume(const struct bytes *body, enum reason *out)
{
	struct reader r;
	uint64_t v;

	reader_init(&r, body->data, body->size);
	v = read_varint(&r);
	if (whole(&r) != ERR_OK || v > UINT16_MAX)
		return ERR_FORMAT;
	*out = (enum reason)v;
	return ERR_OK;
}

enum err
grant_create(uint64_t first, uint64_t count, struct buffer *out)
{
	put_varint(out, first);
	put_varint(out, count);
	return buffer_state(out);
}

enum err
grant_consume(const struct bytes *body, uint64_t *first, uint64_t *count)
{
	struct reader r;
	uint64_t a, b;

	reader_init(&r, body->data, body->size);
	a = read_varint(&r);
	b = read_varint(&r);
	if (whole(&r) != ERR_OK || a > UINT32_MAX || b > UINT32_MAX)
		return ERR_FORMAT;
	*first = a;
	*count = b;
	return ERR_OK;
}

/* --- joining ----------------------------------------------------------- */

enum err
join_create(const struct join_request *j, struct buffer *out)
{
	put_text(out, j->name);
	put_u8(out, j->role);
	put_bytes(out, j->signing_key, KEY_BYTES);
	put_bytes(out, j->proof, SIGNATURE_BYTES);
	return buffer_state(out);
}

enum err
join_consume(const struct bytes *body, struct join_request *out)
{
	struct join_request j;
	struct reader r;

	memset(&j, 0, sizeof j);
	reader_init(&r, body->data, body->size);
	read_text(&r, j.name, NODE_NAME_BYTES_MAX);
	j.role = read_u8(&r);
	read_copy(&r, j.signing_key, KEY_BYTES);
	read_copy(&r, j.proof, SIGNATURE_BYTES);
	if (whole(&r) != ERR_OK)
		return ERR_FORMAT;
	*out = j;
	return ERR_OK;
}

enum { PROOF_BYTES = 24 + KEY_BYTES + KEY_BYTES + GROUP_ID_BYTES };

static void
proof_message(const struct join_request *j,
    const uint8_t transport_key[KEY_BYTES], const uint8_t group[GROUP_ID_BYTES],
    uint8_t out[PROOF_BYTES])
{
	static const char label[24] = "yizhan join proof v1";
	uint8_t *at = out;

	memcpy(at, label, sizeof label);
	at += sizeof label;
	memcpy(at, j->signing_key, KEY_BYTES);
	at += KEY_BYTES;
	memcpy(at, transport_key, KEY_BYTES);
	at += KEY_BYTES;
	memcpy(at, group, GROUP_ID_BYTES);
}

void
join_prove(struct join_request *j, const uint8_t secret[64],
    const uint8_t transport_key[KEY_BYTES], const uint8_t group[GROUP_ID_BYTES])
{
	uint8_t message[PROOF_BYTES];

	proof_message(j, transport_key, group, message);
	crypto_sign_ed25519_detached(
	    j->proof, NULL, message, sizeof message, secret);
}

enum err
join_check(const struct join_request *j, const uint8_t transport_key[KEY_BYTES],
    const uint8_t group[GROUP_ID_BYTES])
{
	uint8_t message[PROOF_BYTES];

	proof_message(j, transport_key, group, message);
	return crypto_sign_ed25519_verify_detached(
	           j->proof, message, sizeof message, j->signing_key) == 0
	           ? ERR_OK
	           : ERR_AUTH;
}

static enum err
put_chain(struct buffer *out, const struct cert *chain, size_t count)
{
	struct buffer one = {0};
	size_t i;
	enum err e = ERR_OK;

	put_u8(out, (uint8_t)count);
	for (i = 0; e == ERR_OK && i < count; i++) {
		buffer_clear(&one);
		e = cert_encode(&chain[i], &one);
		put_string(out, one.data, one.size);
	}
	buffer_free(&one);
	return e == ERR_OK ? buffer_state(out) : e;
}

static enum err
take_chain(struct reader *r, struct cert chain[CERT_CHAIN_MAX], size_t *count)
{
	size_t n = read_u8(r), i;

	if (r->failed || n == 0 || n > CERT_CHAIN_MAX)
		return ERR_FORMAT;
	for (i = 0; i < n; i++) {
		struct bytes one = read_string(r);
		enum err e = r->failed
		                 ? ERR_FORMAT
		                 : cert_decode(&chain[i], one.data, one.size);

		if (e != ERR_OK)
			return e;
	}
	*count = n;
	return ERR_OK;
}

enum err
welcome_create(const struct join_answer *a, struct buffer *out)
{
	size_t i;
	enum err e;

	/* There is a secret in it: no copy is to stay where it grew. */
	if (!buffer_reserve(out, FRAME_PAYLOAD_MAX))
		return ERR_NOMEM;
	put_bytes(out, a->root_key, KEY_BYTES);
	e = put_chain(out, a->chain, a->chain_count);
	if (e != ERR_OK)
		return e;
	put_bytes(out, a->fingerprint_secret, HASH_BYTES);
	put_signed(out, a->now);
	put_varint(out, a->slip_first);
	put_varint(out, a->slip_count);
	put_varint(out, a->org_count);
	for (i = 0; i < a->org_count; i++) {
		put_text(out, a->orgs[i].ref);
		put_text(out, a->orgs[i].parent);
	}
	return buffer_state(out);
}

static enum err
take_answer(struct reader *r, struct join_answer *out)
{
	uint64_t count;
	size_t i;
	enum err e;

	read_copy(r, out->root_key, KEY_BYTES);
	e = take_chain(r, out->chain, &out->chain_count);
	if (e != ERR_OK)
		return e;
	read_copy(r, out->fingerprint_secret, HASH_BYTES);
	out->now = read_signed(r);
	out->slip_first = read_varint(r);
	out->slip_count = read_varint(r);
	count = read_varint(r);
	if (r->failed || count > JOIN_ORGS_MAX)
		return ERR_FORMAT;
	for (i = 0; i < count; i++) {
		read_text(r, out->orgs[i].ref, ORG_REF_BYTES_MAX);
		read_text(r, out->orgs[i].parent, ORG_REF_BYTES_MAX);
	}
	out->org_count = (size_t)count;
	return whole(r);
}

enum err
welcome_consume(const struct bytes *body, struct join_answer *out)
{
	struct join_answer *got = calloc(1, sizeof *got);
	struct reader r;
	enum err e;

	if (got == NULL)
		return ERR_NOMEM;
	reader_init(&r, body->data, body->size);
	e = take_answer(&r, got);
	if (e == ERR_OK)
		*out = *got;
	sodium_memzero(got, sizeof *got);
	free(got);
	return e;
}

enum err
chain_create(const uint8_t root_key[KEY_BYTES], const struct cert *chain,
    size_t count, struct buffer *out)
{
	put_bytes(out, root_key, KEY_BYTES);
	return put_chain(out, chain, count);
}

enum err
chain_consume(const void *data, size_t size, uint8_t root_key[KEY_BYTES],
    struct cert chain[CERT_CHAIN_MAX], size_t *count)
{
	struct cert got[CERT_CHAIN_MAX];
	uint8_t root[KEY_BYTES];
	struct reader r;
	size_t n;
	enum err e;

	reader_init(&r, data, size);
	read_copy(&r, root, KEY_BYTES);
	e = take_chain(&r, got, &n);
	if (e == ERR_OK)
		e = whole(&r);
	if (e != ERR_OK)
		return e;
	memcpy(root_key, root, KEY_BYTES);
	memcpy(chain, got, n * sizeof got[0]);
	*count = n;
	return ERR_OK;
}

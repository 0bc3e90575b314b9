/* protocol: the vectors printed in docs/protocol.md, checked both ways.
 *
 * The document is read at run time, so what it prints cannot drift from what
 * the code does. A vector is a fenced block that opens with "```vector NAME"
 * and holds lines KEY = VALUE; a value is hex, or text between double quotes,
 * and goes on in lines that begin with a blank. A key may stand several times.
 * A mismatch prints what the code makes, in the same form.
 */

#include "tests/vectors/vector.h"

/* --- integers ---------------------------------------------------------- */

static void
check_varint(struct vector *v)
{
	const struct value *bytes = get(v, "bytes");
	struct buffer out = {0};
	struct reader r;

	put_varint(&out, number(v, "value"));
	expect_buffer(v, "bytes", &out);
	reader_init(&r, bytes->data, bytes->size);
	expect_number(v, "value", read_varint(&r));
	assert_false(r.failed);
	assert_int_equal(reader_left(&r), 0);
}

static void
check_signed(struct vector *v)
{
	const struct value *bytes = get(v, "bytes");
	struct buffer out = {0};
	struct reader r;

	put_signed(&out, (int64_t)number(v, "value"));
	expect_buffer(v, "bytes", &out);
	reader_init(&r, bytes->data, bytes->size);
	expect_number(v, "value", (uint64_t)read_signed(&r));
	assert_false(r.failed);
}

static void
check_varint_refused(struct vector *v)
{
	const struct value *bytes = get(v, "bytes");
	struct reader r;

	reader_init(&r, bytes->data, bytes->size);
	(void)read_varint(&r);
	assert_true(r.failed);
}

/* --- names ------------------------------------------------------------- */

static void
check_node_id(struct vector *v)
{
	uint8_t key[KEY_BYTES], id[NODE_ID_BYTES];

	take(v, "signing_key", key, sizeof key);
	node_id_of(id, key);
	expect(v, "node", id, sizeof id);
}

static void
check_group_id(struct vector *v)
{
	uint8_t key[KEY_BYTES], id[GROUP_ID_BYTES];

	take(v, "root_key", key, sizeof key);
	group_id_of(id, key);
	expect(v, "group", id, sizeof id);
}

static void
check_life_id(struct vector *v)
{
	uint8_t key[KEY_BYTES], nonce[LIFE_NONCE_BYTES], life[LIFE_BYTES];

	take(v, "signing_key", key, sizeof key);
	take(v, "nonce", nonce, sizeof nonce);
	life_id_of(life, key, nonce);
	expect(v, "life", life, sizeof life);
}

static void
check_invite(struct vector *v)
{
	struct invite_code c = {.number = (uint16_t)number(v, "number")}, back;
	uint8_t root[KEY_BYTES], group[GROUP_ID_BYTES], psk[KEY_BYTES];
	char code[INVITE_TEXT_BYTES];

	take(v, "root_key", root, sizeof root);
	take(v, "secret", c.secret, sizeof c.secret);
	invite_root_hash(c.root_hash, root);
	invite_encode(&c, code);
	expect(v, "code", code, strlen(code));
	group_id_of(group, root);
	invite_psk(psk, &c, group);
	expect(v, "psk", psk, sizeof psk);

	text(v, "code", code, sizeof code);
	assert_int_equal(invite_decode(&back, code), ERR_OK);
	assert_int_equal(back.number, c.number);
	expect(v, "secret", back.secret, sizeof back.secret);
	assert_memory_equal(back.root_hash, c.root_hash, sizeof c.root_hash);
}

/* --- certificates and joining ------------------------------------------ */

static void
check_certificate(struct vector *v)
{
	const struct value *encoding = get(v, "encoding");
	uint8_t public[KEY_BYTES], secret[64];
	struct buffer out = {0};
	struct cert c = {0}, back;
	size_t i;

	signer(v, "signer_seed", public, secret);
	take(v, "group", c.group, sizeof c.group);
	take(v, "issuer", c.issuer, sizeof c.issuer);
	c.number = number(v, "number");
	c.role = (enum node_role)number(v, "role");
	text(v, "name", c.name, sizeof c.name);
	take(v, "transport_key", c.transport_key, sizeof c.transport_key);
	take(v, "signing_key", c.signing_key, sizeof c.signing_key);
	c.org_count = count_of(v, "org");
	assert_true(c.org_count <= CERT_ORGS_MAX);
	for (i = 0; i < c.org_count; i++)
		memcpy(c.orgs[i], find(v, "org", i)->data,
		    find(v, "org", i)->size);
	assert_int_equal(cert_sign(&c, secret), ERR_OK);
	assert_int_equal(cert_encode(&c, &out), ERR_OK);
	expect_buffer(v, "encoding", &out);
	if (v->mismatches > 0)
		return;

	assert_int_equal(
	    cert_decode(&back, encoding->data, encoding->size), ERR_OK);
	assert_int_equal(cert_verify(&back, public), ERR_OK);
	assert_memory_equal(back.signature, c.signature, sizeof c.signature);
	assert_string_equal(back.name, c.name);
	assert_int_equal(back.org_count, c.org_count);
}

/* A message of one type; its body as a view into the vector. */
static struct bytes
body_of(const struct vector *v, enum message_type type)
{
	const struct value *value = get(v, "message");
	struct message m;
	struct reader r;

	reader_init(&r, value->data, value->size);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, type);
	assert_int_equal(reader_left(&r), 0);
	return m.body;
}

static void
expect_message(struct vector *v, enum message_type type, struct buffer *body)
{
	struct buffer out = {0};

	assert_int_equal(buffer_state(body), ERR_OK);
	message_put(&out, type, body->data, body->size);
	buffer_free(body);
	expect_buffer(v, "message", &out);
}

static void
check_join(struct vector *v)
{
	uint8_t secret[64], transport[KEY_BYTES], group[GROUP_ID_BYTES];
	struct join_request j = {.role = (uint8_t)number(v, "role")}, back;
	struct buffer body = {0};
	struct bytes got;

	signer(v, "signing_seed", j.signing_key, secret);
	take(v, "transport_key", transport, sizeof transport);
	take(v, "group", group, sizeof group);
	text(v, "name", j.name, sizeof j.name);
	join_prove(&j, secret, transport, group);
	assert_int_equal(join_create(&j, &body), ERR_OK);
	expect_message(v, MESSAGE_JOIN, &body);
	if (v->mismatches > 0)
		return;

	got = body_of(v, MESSAGE_JOIN);
	assert_int_equal(join_consume(&got, &back), ERR_OK);
	assert_int_equal(join_check(&back, transport, group), ERR_OK);
	assert_string_equal(back.name, j.name);
}

/* The first bytes of a session: clinic to hub, hub to clinic. */
static struct session *
open_session(const struct vector *v, enum session_purpose purpose,
    const char *key, const char *ephemeral)
{
	struct session_options o = {.purpose = purpose};
	struct source_context unused = {0};
	struct noise_keypair hub;
	struct session *s;

	take(v, key, o.transport.secret, NOISE_KEY_BYTES);
	noise_keypair_derive(&o.transport);
	take(v, ephemeral, o.ephemeral_secret, KEY_BYTES);
	take(v, "group", o.group, sizeof o.group);
	take(v, "hub_transport_secret", hub.secret, sizeof hub.secret);
	noise_keypair_derive(&hub);
	memcpy(o.parent_key, hub.public, KEY_BYTES);
	o.chain_count = 1;
	o.source = store_source(&unused); /* not asked before message 3 */
	assert_int_equal(session_new(&s, &o), ERR_OK);
	return s;
}

static void
check_opening(struct vector *v)
{
	struct session *clinic = open_session(v, SESSION_SYNC,
	    "clinic_transport_secret", "clinic_ephemeral_secret");
	struct session *hub = open_session(
	    v, SESSION_ANSWER, "hub_transport_secret", "hub_ephemeral_secret");
	const struct value *request = get(v, "request");
	const uint8_t *out;
	size_t size = session_output(clinic, &out);

	expect(v, "request", out, size);
	assert_int_equal(
	    session_receive(hub, request->data, request->size, 0), ERR_OK);
	size = session_output(hub, &out);
	expect(v, "answer", out, size);
	session_free(clinic);
	session_free(hub);
}

/* --- messages ---------------------------------------------------------- */

static void
check_hello(struct vector *v)
{
	const struct value *life;
	struct buffer body = {0};
	struct hello h = {0}, back;
	struct bytes got;
	size_t i;

	h.version_min = (uint8_t)number(v, "version_min");
	h.version_max = (uint8_t)number(v, "version_max");
	h.role = (uint8_t)number(v, "role");
	h.now = (int64_t)number(v, "now");
	h.clock = (uint8_t)number(v, "clock");
	h.list_epoch = (uint32_t)number(v, "list_epoch");
	h.slips_left = number(v, "slips_left");
	h.cursors_digest = (uint32_t)number(v, "cursors_digest");
	while (find(v, "dictionary", h.dictionary_count) != NULL) {
		h.dictionaries[h.dictionary_count] =
		    (uint32_t)number_at(v, "dictionary", h.dictionary_count);
		h.dictionary_count++;
	}
	while ((life = find(v, "life_nonce", h.life_count)) != NULL) {
		struct hello_life *to = &h.lives[h.life_count];

		assert_int_equal(life->size, LIFE_NONCE_BYTES);
		memcpy(to->nonce, life->data, LIFE_NONCE_BYTES);
		for (i = 0; i < CLASSES; i++)
			to->seq[i] = number_at(
			    v, "life_seq", h.life_count * CLASSES + i);
		to->is_forked =
		    (uint8_t)number_at(v, "life_forked", h.life_count);
		h.life_count++;
	}
	h.held_digest = (uint32_t)number(v, "held_digest");
	h.down_bound = number(v, "down_bound");
	assert_int_equal(hello_create(&h, &body), ERR_OK);
	expect_message(v, MESSAGE_HELLO, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_HELLO);
	assert_int_equal(hello_consume(&got, &back), ERR_OK);
	assert_memory_equal(&back, &h, sizeof h);
}

static void
take_exceptions(const struct vector *v, struct receipt *r)
{
	const struct value *x;

	while ((x = find(v, "exception", r->exception_count)) != NULL) {
		struct exception *to = &r->exceptions[r->exception_count++];

		assert_int_equal(x->size, EXCEPTION_BYTES);
		key_change_read(&to->id, x->data);
		to->reason = load_u16(x->data + KEY_CHANGE_BYTES);
	}
}

static void
check_receipt(struct vector *v)
{
	struct exception exceptions[FIELDS_OF_VECTOR_MAX];
	struct receipt r = {.exceptions = exceptions}, back;
	struct buffer body = {0};
	struct bytes got;

	text(v, "list", r.list.name, sizeof r.list.name);
	r.list.class = (uint8_t)number(v, "class");
	r.cursor.epoch = (uint32_t)number(v, "epoch");
	r.cursor.place = number(v, "place");
	r.cursor.running = number(v, "running");
	take_exceptions(v, &r);
	assert_int_equal(receipt_create(&r, &body), ERR_OK);
	expect_message(v, MESSAGE_RECEIPT, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_RECEIPT);
	assert_int_equal(receipt_consume(&got, &back), ERR_OK);
	assert_string_equal(back.list.name, r.list.name);
	assert_int_equal(back.cursor.place, r.cursor.place);
	assert_int_equal(back.exception_count, r.exception_count);
	assert_int_equal(back.exceptions[0].reason, exceptions[0].reason);
	receipt_free(&back);
}

static void
check_group_receipt(struct vector *v)
{
	uint8_t public[KEY_BYTES], secret[64];
	struct group_receipt g = {0}, back;
	struct buffer body = {0};
	struct bytes got;
	size_t i;

	signer(v, "hub_seed", public, secret);
	take(v, "life", g.life, sizeof g.life);
	for (i = 0; i < CLASSES; i++) {
		g.seq[i] = number_at(v, "seq", i);
		assert_int_equal(find(v, "chain", i)->size, HASH_BYTES);
		memcpy(g.chain[i], find(v, "chain", i)->data, HASH_BYTES);
	}
	group_receipt_sign(&g, secret);
	assert_int_equal(group_receipt_create(&g, &body), ERR_OK);
	expect_message(v, MESSAGE_GROUP_RECEIPT, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_GROUP_RECEIPT);
	assert_int_equal(group_receipt_consume(&got, &back), ERR_OK);
	assert_int_equal(group_receipt_verify(&back, public), ERR_OK);
}

static void
check_taken(struct vector *v)
{
	struct taken t, back;
	struct buffer body = {0};
	struct bytes got;

	t.class = (uint8_t)number(v, "class");
	t.count = (uint8_t)number(v, "count");
	assert_int_equal(taken_create(&t, &body), ERR_OK);
	expect_message(v, MESSAGE_TAKEN, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_TAKEN);
	assert_int_equal(taken_consume(&got, &back), ERR_OK);
	assert_int_equal(back.class, t.class);
	assert_int_equal(back.count, t.count);
}

static void
check_unheard(struct vector *v)
{
	struct unheard u, back;
	struct buffer body = {0};
	struct bytes got;

	memset(&u, 0, sizeof u);
	u.class = (uint8_t)number(v, "class");
	u.running = number(v, "running");
	for (; find(v, "life", u.run_count) != NULL; u.run_count++) {
		assert_true(u.run_count < STRETCH_RUNS_MAX);
		u.runs[u.run_count].life =
		    (size_t)number_at(v, "life", u.run_count);
		u.runs[u.run_count].first = number_at(v, "first", u.run_count);
		u.runs[u.run_count].count = number_at(v, "count", u.run_count);
	}
	assert_int_equal(unheard_create(&u, &body), ERR_OK);
	expect_message(v, MESSAGE_UNHEARD, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_UNHEARD);
	assert_int_equal(unheard_consume(&got, &back), ERR_OK);
	assert_memory_equal(&back, &u, sizeof u);
}

/* The signature is that of the long form. */
static void
check_group_held(struct vector *v)
{
	uint8_t public[KEY_BYTES], secret[64];
	struct group_receipt g = {0};
	struct group_held h = {0}, back;
	struct buffer body = {0};
	struct bytes got;
	size_t i;

	signer(v, "hub_seed", public, secret);
	take(v, "life", g.life, sizeof g.life);
	h.life = (size_t)number(v, "place");
	for (i = 0; i < CLASSES; i++) {
		g.seq[i] = h.seq[i] = number_at(v, "seq", i);
		assert_int_equal(find(v, "chain", i)->size, HASH_BYTES);
		memcpy(g.chain[i], find(v, "chain", i)->data, HASH_BYTES);
	}
	group_receipt_sign(&g, secret);
	memcpy(h.signature, g.signature, sizeof h.signature);
	assert_int_equal(group_held_create(&h, &body), ERR_OK);
	expect_message(v, MESSAGE_GROUP_HELD, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_GROUP_HELD);
	assert_int_equal(group_held_consume(&got, &back), ERR_OK);
	assert_memory_equal(&back, &h, sizeof h);
}

static void
check_withdrawn(struct vector *v)
{
	uint8_t public[KEY_BYTES], secret[64], group[GROUP_ID_BYTES];
	static struct withdrawn w, back;
	struct buffer body = {0};
	struct bytes got;
	size_t i;

	signer(v, "hub_seed", public, secret);
	take(v, "group", group, sizeof group);
	memset(&w, 0, sizeof w);
	w.epoch = (uint32_t)number(v, "epoch");
	for (i = 0; i < count_of(v, "node"); i++) {
		assert_int_equal(find(v, "node", i)->size, NODE_ID_BYTES);
		assert_int_equal(
		    withdrawn_add(&w, find(v, "node", i)->data), ERR_OK);
	}
	assert_int_equal(withdrawn_sign(&w, group, secret), ERR_OK);
	assert_int_equal(withdrawn_create(&w, &body), ERR_OK);
	expect_message(v, MESSAGE_WITHDRAWN, &body);
	if (v->mismatches > 0)
		return;
	got = body_of(v, MESSAGE_WITHDRAWN);
	assert_int_equal(withdrawn_consume(&got, &back), ERR_OK);
	assert_memory_equal(&back, &w, sizeof w);
	assert_int_equal(withdrawn_verify(&back, group, public), ERR_OK);
}

/* --- batches and streams ----------------------------------------------- */

static void
take_change(const struct vector *v, struct batch *b)
{
	const struct value *id = find(v, "change_id", b->change_count);
	const struct value *salt = find(v, "salt", b->change_count);
	const struct value *body = find(v, "body", b->change_count);
	struct batch_change *c = &b->changes[b->change_count++];

	assert_non_null(salt);
	assert_non_null(body);
	memset(c, 0, sizeof *c);
	key_change_read(&c->id, id->data);
	c->has_secret = salt->size > 0;
	if (c->has_secret) {
		c->month = load_u16(salt->data);
		memcpy(c->secret, salt->data + 2, HASH_BYTES);
	}
	c->body_at = b->bytes.size;
	c->body_bytes = body->size;
	put_bytes(&b->bytes, body->data, body->size);
}

static void
take_batch(const struct vector *v, struct batch *b)
{
	const struct value *head;

	batch_init(b);
	text(v, "list", b->list.name, sizeof b->list.name);
	b->list.class = (uint8_t)number(v, "class");
	b->start.epoch = b->end.epoch = (uint32_t)number(v, "epoch");
	b->start.place = number(v, "start_place");
	b->start.running = number(v, "start_running");
	b->end.place = number(v, "end_place");
	b->end.running = number(v, "end_running");
	while (find(v, "change_id", b->change_count) != NULL)
		take_change(v, b);
	while ((head = find(v, "head", b->head_count)) != NULL) {
		struct log_head *h = &b->heads[b->head_count++];

		assert_int_equal(head->size, LIFE_BYTES + 8 + SIGNATURE_BYTES);
		memcpy(h->life, head->data, LIFE_BYTES);
		h->seq = load_u64(head->data + LIFE_BYTES);
		memcpy(
		    h->signature, head->data + LIFE_BYTES + 8, SIGNATURE_BYTES);
	}
}

static void
check_batch(struct vector *v)
{
	static struct batch b, back;
	const struct value *blob = get(v, "blob");
	struct buffer out = {0};
	size_t i;

	take_batch(v, &b);
	assert_int_equal(batch_encode(&b, &out), ERR_OK);
	expect_buffer(v, "blob", &out);
	batch_init(&back);
	back.list.class = b.list.class;
	if (v->mismatches == 0) {
		assert_int_equal(
		    batch_decode(blob->data, blob->size, &back), ERR_OK);
		assert_int_equal(back.change_count, b.change_count);
		for (i = 0; i < b.change_count; i++)
			assert_int_equal(change_id_compare(&back.changes[i].id,
			                     &b.changes[i].id),
			    0);
		assert_int_equal(back.bytes.size, b.bytes.size);
		assert_int_equal(back.head_count, b.head_count);
		/* What is decoded encodes to the same bytes. */
		assert_int_equal(batch_encode(&back, &out), ERR_OK);
		expect_buffer(v, "blob", &out);
	}
	batch_free(&b);
	batch_free(&back);
}

/* --- all of them ------------------------------------------------------- */

static const struct check {
	const char *name;
	void (*run)(struct vector *v);
} checks[] = {
    {"varint", check_varint},
    {"varint-refused", check_varint_refused},
    {"signed", check_signed},
    {"node-id", check_node_id},
    {"group-id", check_group_id},
    {"life-id", check_life_id},
    {"invite", check_invite},
    {"certificate", check_certificate},
    {"join", check_join},
    {"opening", check_opening},
    {"change", check_change},
    {"fingerprint", check_fingerprint},
    {"log", check_log},
    {"running-hash", check_running_hash},
    {"cursor-digest", check_cursor_digest},
    {"hello", check_hello},
    {"receipt", check_receipt},
    {"group-receipt", check_group_receipt},
    {"taken", check_taken},
    {"unheard", check_unheard},
    {"group-held", check_group_held},
    {"withdrawn", check_withdrawn},
    {"batch", check_batch},
    {"dictionary", check_dictionary},
    {"stream", check_stream},
    {"dense-batch", check_dense_batch},
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

static void
test_vectors_of_one_name_are_what_the_code_makes(void **state)
{
	static struct vector v;
	const struct check *check = *state;
	unsigned count = 0, mismatches = 0;
	FILE *file = open_document();

	while (read_vector(file, &v)) {
		if (strcmp(v.name, check->name) != 0)
			continue;
		check->run(&v);
		mismatches += v.mismatches;
		count++;
	}
	fclose(file);
	assert_int_equal(mismatches, 0);
	if (count == 0)
		fail_msg("docs/protocol.md has no vector %s", check->name);
}

static void
test_every_vector_has_a_check(void **state)
{
	static struct vector v;
	unsigned count = 0;
	FILE *file = open_document();
	size_t i;

	(void)state;
	while (read_vector(file, &v)) {
		for (i = 0; i < CHECKS; i++)
			if (strcmp(v.name, checks[i].name) == 0)
				break;
		if (i == CHECKS)
			fail_msg("nothing checks the vector %s", v.name);
		count++;
	}
	fclose(file);
	print_message("%u vectors\n", count);
	assert_true(count > 0);
}

int
main(void)
{
	struct CMUnitTest tests[CHECKS + 1] = {
	    cmocka_unit_test(test_every_vector_has_a_check)};
	size_t i;

	if (sodium_init() < 0)
		return 1;
	for (i = 0; i < CHECKS; i++)
		tests[i + 1] = (struct CMUnitTest){.name = checks[i].name,
		    .test_func =
		        test_vectors_of_one_name_are_what_the_code_makes,
		    .initial_state = (void *)(uintptr_t)&checks[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

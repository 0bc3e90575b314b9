/* protocol: the vectors printed in docs/protocol.md, checked both ways.
 *
 * The document is read at run time, so what it prints cannot drift from what
 * the code does. A vector is a fenced block that opens with "```vector NAME"
 * and holds lines KEY = VALUE; a value is hex, or text between double quotes,
 * and goes on in lines that begin with a blank. A key may stand several times.
 * A mismatch prints what the code makes, in the same form.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/key.h"
#include "store/list.h"
#include "store/log.h"
#include "store/source.h"
#include "sync/dictionary.h"
#include "sync/session.h"
#include "sync/stream.h"

enum {
	FIELDS_OF_VECTOR_MAX = 32,
	VALUE_BYTES_MAX = 2048,
	NAME_CHARS_MAX = 32,
	EXCEPTION_BYTES = KEY_CHANGE_BYTES + 2,
	PARENT_BYTES = KEY_CHANGE_BYTES + FINGERPRINT_LINK_BYTES,
	MAP_BYTES = 16 * 1024 * 1024,
};

struct value {
	char key[NAME_CHARS_MAX];
	uint8_t data[VALUE_BYTES_MAX];
	size_t size;
};

struct vector {
	char name[NAME_CHARS_MAX];
	size_t count;
	struct value values[FIELDS_OF_VECTOR_MAX];
	unsigned mismatches;
};

/* --- reading the document ---------------------------------------------- */

static FILE *
open_document(void)
{
	const char *root = getenv("YIZHAN_SOURCE_ROOT");
	char path[4096];
	FILE *file;

	if (root == NULL)
		fail_msg("YIZHAN_SOURCE_ROOT is not set");
	snprintf(path, sizeof path, "%s/docs/protocol.md", root);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	return file;
}

static void
add_hex(struct value *v, const char *hex)
{
	size_t got;
	const char *end;

	if (sodium_hex2bin(v->data + v->size, sizeof v->data - v->size, hex,
	        strlen(hex), " ", &got, &end) != 0 ||
	    *end != '\0')
		fail_msg("%s: not hex, or too long: %s", v->key, hex);
	v->size += got;
}

static void
add_text(struct value *v, const char *text)
{
	const char *end = strrchr(text, '"');
	size_t size = (size_t)(end - text);

	if (end == text || size - 1 > sizeof v->data)
		fail_msg("%s: text without its end: %s", v->key, text);
	memcpy(v->data, text + 1, size - 1);
	v->size = size - 1;
}

static void
add_line(struct vector *v, const char *line)
{
	struct value *value;
	const char *equals;

	if (line[0] == ' ') {
		assert_true(v->count > 0);
		add_hex(&v->values[v->count - 1], line);
		return;
	}
	assert_true(v->count < FIELDS_OF_VECTOR_MAX);
	value = &v->values[v->count++];
	equals = strstr(line, " = ");
	if (equals == NULL || equals - line >= NAME_CHARS_MAX)
		fail_msg("%s: not KEY = VALUE: %s", v->name, line);
	memset(value, 0, sizeof *value);
	memcpy(value->key, line, (size_t)(equals - line));
	if (equals[3] == '"')
		add_text(value, equals + 3);
	else
		add_hex(value, equals + 3);
}

/* The next vector of the document; false at its end. */
static bool
read_vector(FILE *file, struct vector *v)
{
	static const char fence[] = "```vector ";
	char line[VALUE_BYTES_MAX];
	bool is_inside = false;

	memset(v, 0, sizeof *v);
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, fence, sizeof fence - 1) == 0) {
			assert_false(is_inside);
			is_inside = true;
			snprintf(v->name, sizeof v->name, "%.31s",
			    line + sizeof fence - 1);
		} else if (is_inside && strcmp(line, "```") == 0) {
			return true;
		} else if (is_inside) {
			add_line(v, line);
		}
	}
	assert_false(ferror(file));
	assert_false(is_inside);
	return false;
}

/* --- taking a vector apart --------------------------------------------- */

/* The value of a key that stands several times; NULL: there are fewer. */
static const struct value *
find(const struct vector *v, const char *key, size_t index)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->values[i].key, key) == 0 && index-- == 0)
			return &v->values[i];
	return NULL;
}

static const struct value *
get(const struct vector *v, const char *key)
{
	const struct value *value = find(v, key, 0);

	if (value == NULL)
		fail_msg("%s: no %s", v->name, key);
	return value;
}

static size_t
count_of(const struct vector *v, const char *key)
{
	size_t count = 0;

	while (find(v, key, count) != NULL)
		count++;
	return count;
}

static void
take(const struct vector *v, const char *key, void *out, size_t size)
{
	const struct value *value = get(v, key);

	if (value->size != size)
		fail_msg("%s: %s has %zu bytes", v->name, key, value->size);
	memcpy(out, value->data, size);
}

/* Big endian, 1 to 8 bytes. */
static uint64_t
number_at(const struct vector *v, const char *key, size_t index)
{
	const struct value *value = find(v, key, index);
	uint64_t n = 0;
	size_t i;

	if (value == NULL || value->size == 0 || value->size > 8)
		fail_msg("%s: %s is no number", v->name, key);
	for (i = 0; i < value->size; i++)
		n = n << 8 | value->data[i];
	return n;
}

static uint64_t
number(const struct vector *v, const char *key)
{
	return number_at(v, key, 0);
}

static void
text(const struct vector *v, const char *key, char *out, size_t size)
{
	const struct value *value = get(v, key);

	assert_true(value->size < size);
	memcpy(out, value->data, value->size);
	out[value->size] = '\0';
}

static void
print_value(
    const struct vector *v, const char *key, const uint8_t *data, size_t size)
{
	size_t i;

	fprintf(stderr, "%s: the code makes\n%s =", v->name, key);
	for (i = 0; i < size; i++)
		fprintf(stderr, "%s%02x",
		    i % 32 == 0 ? (i == 0 ? " " : "\n  ") : "", data[i]);
	fprintf(stderr, "\n");
}

static void
expect(struct vector *v, const char *key, const void *data, size_t size)
{
	const struct value *value = get(v, key);

	if (value->size == size &&
	    (size == 0 || memcmp(value->data, data, size) == 0))
		return;
	print_value(v, key, data, size);
	v->mismatches++;
}

static void
expect_number(struct vector *v, const char *key, uint64_t n)
{
	uint8_t bytes[8];

	store_u64(bytes, n);
	expect(v, key, bytes, sizeof bytes);
}

static void
expect_buffer(struct vector *v, const char *key, struct buffer *b)
{
	assert_int_equal(buffer_state(b), ERR_OK);
	expect(v, key, b->data, b->size);
	buffer_free(b);
}

/* An Ed25519 key pair from the seed in the vector. */
static void
signer(const struct vector *v, const char *key, uint8_t public[KEY_BYTES],
    uint8_t secret[64])
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	take(v, key, seed, sizeof seed);
	crypto_sign_seed_keypair(public, secret, seed);
}

static void
take_id(const struct vector *v, struct change_id *out)
{
	uint8_t key[KEY_CHANGE_BYTES];

	take(v, "change_id", key, sizeof key);
	key_change_read(out, key);
}

/* --- a database for what only lives in one ----------------------------- */

struct scratch {
	char dir[64];
	struct db *db;
	struct txn *t;
};

static void
scratch_begin(struct scratch *s)
{
	static const uint8_t key[DB_DATA_KEY_BYTES] = {1};

	snprintf(s->dir, sizeof s->dir, "/tmp/yizhan-vectors-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(
	    db_open(&s->db, s->dir, MAP_BYTES, true, random_system()), ERR_OK);
	db_set_key(s->db, key);
	assert_int_equal(db_begin(s->db, true, &s->t), ERR_OK);
}

static void
scratch_end(struct scratch *s)
{
	static const char *const names[] = {
	    "data.mdb", "data.mdb-lock", "reserve"};
	char path[128];
	size_t i;

	txn_abort(s->t);
	db_close(s->db);
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->dir, names[i]);
		unlink(path);
	}
	rmdir(s->dir);
}

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

/* --- changes and logs -------------------------------------------------- */

static void
take_parents(const struct vector *v, struct change *c)
{
	const struct value *p;

	while ((p = find(v, "parent", c->parent_count)) != NULL) {
		struct parent *to = &c->parents[c->parent_count++];

		assert_int_equal(p->size, PARENT_BYTES);
		key_change_read(&to->id, p->data);
		memcpy(to->link, p->data + KEY_CHANGE_BYTES, sizeof to->link);
	}
}

static void
check_change(struct vector *v)
{
	const struct value *json = get(v, "fields"), *body = get(v, "body");
	struct buffer out = {0};
	struct change c, back;

	change_init(&c);
	take_id(v, &c.id);
	text(v, "kind", c.record.kind, sizeof c.record.kind);
	text(v, "source", c.record.source, sizeof c.record.source);
	text(v, "ref", c.record.ref, sizeof c.record.ref);
	text(v, "by", c.by, sizeof c.by);
	text(v, "org", c.org, sizeof c.org);
	c.founds = c.record.ref[0] == '~';
	c.managing = number(v, "managing") != 0;
	c.clock = (enum clock_state)number(v, "clock");
	c.occurred_at = (int64_t)number(v, "occurred_at");
	c.recorded_at = (int64_t)number(v, "recorded_at");
	take_parents(v, &c);
	c.fields = json_loadb((const char *)json->data, json->size, 0, NULL);
	assert_non_null(c.fields);
	assert_int_equal(change_encode(&c, &out), ERR_OK);
	expect_buffer(v, "body", &out);

	change_init(&back);
	back.id = c.id;
	if (v->mismatches == 0) {
		assert_int_equal(
		    change_decode(&back, body->data, body->size), ERR_OK);
		assert_string_equal(back.record.ref, c.record.ref);
		assert_int_equal(back.parent_count, c.parent_count);
		assert_true(json_equal(back.fields, c.fields));
	}
	change_clear(&back);
	change_clear(&c);
}

static void
check_fingerprint(struct vector *v)
{
	const struct value *body = get(v, "body");
	uint8_t secret[HASH_BYTES];
	struct change_id id;

	take(v, "secret", secret, sizeof secret);
	take_id(v, &id);
	expect_number(v, "fingerprint",
	    log_fingerprint(secret, &id, body->data, body->size));
}

/* Made here from the text of the document, apart from log_extend(). */
static void
expect_commitment(struct vector *v, const uint8_t salt[HASH_BYTES])
{
	const struct value *id = get(v, "change_id"), *body = get(v, "body");
	uint8_t scheme = 1, out[HASH_BYTES];
	crypto_generichash_state st;

	crypto_generichash_init(&st, salt, HASH_BYTES, sizeof out);
	crypto_generichash_update(&st, &scheme, 1);
	crypto_generichash_update(&st, id->data, id->size);
	crypto_generichash_update(&st, body->data, body->size);
	crypto_generichash_final(&st, out, sizeof out);
	expect(v, "commitment", out, sizeof out);
}

static void
check_log(struct vector *v)
{
	const struct value *body = get(v, "body");
	uint8_t salt[HASH_BYTES], public[KEY_BYTES], secret[64];
	struct scratch s;
	struct self self = {0};
	struct log_head head;
	struct change_id id;

	take_id(v, &id);
	signer(v, "signing_seed", public, secret);
	memcpy(self.life, id.life, LIFE_BYTES);
	take(v, "log_secret", self.log_secret, HASH_BYTES);
	scratch_begin(&s);
	assert_int_equal(log_head_read(s.t, id.life, id.class, &head), ERR_OK);
	expect(v, "start", head.chain, sizeof head.chain);
	assert_int_equal(
	    log_month((int64_t)number(v, "recorded_at")), number(v, "month"));
	assert_int_equal(log_secret_read(s.t, &self, id.life,
	                     (uint16_t)number(v, "month"), salt),
	    ERR_OK);
	scratch_end(&s);
	expect(v, "salt", salt, sizeof salt);
	expect_commitment(v, salt);
	log_extend(&head, salt, &id, body->data, body->size);
	expect(v, "chain", head.chain, sizeof head.chain);
	log_sign(&head, secret);
	expect(v, "signature", head.signature, sizeof head.signature);
	take(v, "signature", head.signature, sizeof head.signature);
	if (v->mismatches == 0)
		assert_int_equal(log_verify(&head, public), ERR_OK);
}

/* --- lists and cursors ------------------------------------------------- */

static void
check_running_hash(struct vector *v)
{
	const struct change_id id = {.seq = 1};
	struct audience a;
	struct cursor end;
	struct scratch s;
	size_t i;

	scratch_begin(&s);
	assert_int_equal(audience_ensure(s.t, AUDIENCE_UP, &a), ERR_OK);
	for (i = 0; i < count_of(v, "fingerprint"); i++) {
		assert_int_equal(
		    list_append(s.t, &a, &id, number_at(v, "fingerprint", i)),
		    ERR_OK);
		assert_int_equal(list_end(s.t, &a, id.class, &end), ERR_OK);
		assert_int_equal(end.place, i + 1);
	}
	scratch_end(&s);
	expect_number(v, "running", end.running);
}

static void
check_cursor_digest(struct vector *v)
{
	static struct cursor_set set;
	const struct value *list;

	set.count = 0;
	while ((list = find(v, "list", set.count)) != NULL) {
		struct list_id *id = &set.item[set.count].list;
		struct cursor *c = &set.item[set.count].cursor;

		assert_true(list->size <= LIST_NAME_BYTES_MAX);
		memset(id, 0, sizeof *id);
		memcpy(id->name, list->data, list->size);
		id->class = (uint8_t)number_at(v, "class", set.count);
		c->epoch = (uint32_t)number_at(v, "epoch", set.count);
		c->place = number_at(v, "place", set.count);
		c->running = number_at(v, "running", set.count);
		set.count++;
	}
	expect_number(v, "digest", cursor_set_digest(&set));
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

	h.version_min = (uint16_t)number(v, "version_min");
	h.version_max = (uint16_t)number(v, "version_max");
	h.role = (uint8_t)number(v, "role");
	h.now = (int64_t)number(v, "now");
	h.clock = (uint8_t)number(v, "clock");
	h.list_epoch = (uint32_t)number(v, "list_epoch");
	h.slips_left = number(v, "slips_left");
	h.cursors_digest = number(v, "cursors_digest");
	while ((life = find(v, "life_nonce", h.life_count)) != NULL) {
		struct hello_life *to = &h.lives[h.life_count];

		assert_int_equal(life->size, LIFE_NONCE_BYTES);
		memcpy(to->nonce, life->data, LIFE_NONCE_BYTES);
		for (i = 0; i < CLASSES; i++)
			to->seq[i] = number_at(
			    v, "life_seq", h.life_count * CLASSES + i);
		h.life_count++;
	}
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

static void
check_dictionary(struct vector *v)
{
	expect_number(v, "size", sync_dictionary_bytes);
	expect_number(v, "id", stream_dictionary_id());
}

/* Encoders may differ in their bytes, so only reading is held to them. */
static void
check_stream(struct vector *v)
{
	const struct value *blob = get(v, "blob"), *stream = get(v, "stream");
	static struct batch b, back;
	struct stream_reader *r;
	struct stream_writer *w;
	struct buffer out = {0};

	batch_init(&b);
	batch_init(&back);
	assert_int_equal(batch_decode(blob->data, blob->size, &b), ERR_OK);
	assert_int_equal(stream_reader_new(&r), ERR_OK);
	if (stream_reader_feed(r, stream->data, stream->size) != ERR_OK ||
	    stream_reader_next(r, 0, &back) != ERR_OK) {
		assert_int_equal(stream_writer_new(&w, 9), ERR_OK);
		assert_int_equal(stream_writer_add(w, &b), ERR_OK);
		assert_int_equal(
		    stream_writer_take(w, VALUE_BYTES_MAX, &out), ERR_OK);
		stream_writer_free(w);
		expect_buffer(v, "stream", &out);
	} else {
		assert_int_equal(batch_encode(&back, &out), ERR_OK);
		expect_buffer(v, "blob", &out);
		assert_int_equal(stream_reader_next(r, 0, &back), ERR_MORE);
	}
	stream_reader_free(r);
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
    {"batch", check_batch},
    {"dictionary", check_dictionary},
    {"stream", check_stream},
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

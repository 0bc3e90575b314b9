/* stored_vectors: checks of what is hashed and stored: changes, logs, lists. */

#include "tests/vectors/vector.h"

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

void
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

void
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

void
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

void
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

void
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

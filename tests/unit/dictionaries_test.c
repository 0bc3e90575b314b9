/* dictionaries: those the group handed out are loaded, the newest first; what
 * is none is left out.
 */

#include "store/author.h"
#include "store/dictionaries.h"
#include "tests/unit/test_store.h"

static void
make(const char *what, struct buffer *out)
{
	struct bytes listed = {(const uint8_t *)"abc", 3};
	struct bytes body = {(const uint8_t *)what, strlen(what)};

	buffer_clear(out);
	assert_int_equal(dictionary_make(&listed, &body, 1, out), ERR_OK);
}

/* As the hub writes one. */
static enum err
write_fields(struct test_store *s, json_t *fields)
{
	struct authored made;
	struct self self;
	struct txn *t = test_store_write(s);
	enum err e;

	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(
	    t, &self, "dictionary", "hub", "H01", fields, TEST_NOW, &made);
	self_wipe(&self);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
write_one(struct test_store *s, int64_t number, const struct buffer *d)
{
	assert_int_equal(write_fields(s, dictionaries_fields(number, d->data,
	                                     d->size, "2026-05-01")),
	    ERR_OK);
}

static size_t
load(struct test_store *s, uint32_t ids[CODEBOOK_MAX - 1])
{
	struct txn *t = test_store_read(s);
	struct codebook *c;
	size_t count;

	assert_int_equal(codebook_new(&c), ERR_OK);
	assert_int_equal(dictionaries_load(t, c), ERR_OK);
	/* Once more changes nothing. */
	assert_int_equal(dictionaries_load(t, c), ERR_OK);
	count = codebook_ids(c, ids);
	codebook_free(c);
	txn_abort(t);
	return count;
}

static void
hub_open(struct test_store *s)
{
	test_store_open(s, ROLE_HUB);
}

static void
test_dictionaries_load_the_newest_first(void **state)
{
	struct test_store s;
	struct buffer d = {0};
	uint32_t ids[CODEBOOK_MAX - 1], expected[12];
	char what[] = "body a", id[DICTIONARIES_ID_BYTES];
	struct txn *t;
	int64_t number, i;

	hub_open(&s);
	assert_int_equal(load(&s, ids), 0);
	/* Not in the order of their numbers. */
	for (i = 0; i < 12; i++) {
		int64_t n = i * 5 % 12;

		what[5] = (char)('a' + n);
		make(what, &d);
		expected[n] = dictionary_id(d.data, d.size);
		write_one(&s, n + 1, &d);
	}
	assert_int_equal(load(&s, ids), DICTIONARIES_LOADED_MAX);
	for (i = 0; i < DICTIONARIES_LOADED_MAX; i++)
		assert_int_equal(ids[i], expected[11 - i]);
	t = test_store_read(&s);
	assert_int_equal(dictionaries_last(t, &number, id), ERR_OK);
	assert_int_equal(number, 12);
	assert_int_equal(strtoul(id, NULL, 16), expected[11]);
	txn_abort(t);
	buffer_free(&d);
	test_store_close(&s);
}

static void
test_dictionaries_leave_out_what_is_none(void **state)
{
	struct test_store s;
	struct buffer d = {0};
	uint32_t ids[CODEBOOK_MAX - 1];

	hub_open(&s);
	put_bytes(&d, "no dictionary", 13);
	write_one(&s, 1, &d);
	write_one(&s, 3, &d);
	make("one", &d);
	write_one(&s, 2, &d);
	assert_int_equal(load(&s, ids), 1);
	assert_int_equal(ids[0], dictionary_id(d.data, d.size));
	buffer_free(&d);
	test_store_close(&s);
}

static void
test_dictionaries_are_refused_where_they_do_not_add_up(void **state)
{
	struct test_store s;
	struct buffer d = {0};
	json_t *fields;

	hub_open(&s);
	make("one", &d);
	fields = dictionaries_fields(1, d.data, d.size, "2026-05-01");
	json_object_set_new(fields, "id", json_string("01234567"));
	assert_int_equal(write_fields(&s, fields), ERR_REFUSED);
	fields = dictionaries_fields(1, d.data, d.size, "2026-05-01");
	json_object_set_new(fields, "data", json_string("no base64!"));
	assert_int_equal(write_fields(&s, fields), ERR_REFUSED);
	fields = dictionaries_fields(0, d.data, d.size, "2026-05-01");
	assert_int_equal(write_fields(&s, fields), ERR_REFUSED);
	buffer_free(&d);
	test_store_close(&s);
}

static void
test_dictionaries_fit_a_change(void **state)
{
	struct test_store s;
	struct buffer d = {0};
	size_t i;

	hub_open(&s);
	for (i = 0; i < DICTIONARIES_BYTES_MAX; i++)
		put_u8(&d, (uint8_t)(i * 7));
	write_one(&s, 1, &d);
	put_u8(&d, 0);
	assert_null(dictionaries_fields(1, d.data, d.size, "2026-05-01"));
	buffer_free(&d);
	test_store_close(&s);
}

static void
fill(struct buffer *d, size_t bytes)
{
	size_t i;

	buffer_clear(d);
	for (i = 0; i < bytes; i++)
		put_u8(d, (uint8_t)(i * 7 + (i >> 8)));
}

/* One of as many bytes as asked: characters that nothing is said with. */
static void
make_large(size_t bytes, struct buffer *out)
{
	struct buffer listed = {0};
	struct bytes body = {(const uint8_t *)"body", 4}, characters;
	uint32_t c;

	for (c = 0x3400; listed.size + 16 < bytes; c++) {
		put_u8(&listed, (uint8_t)(0xe0 | c >> 12));
		put_u8(&listed, (uint8_t)(0x80 | (c >> 6 & 63)));
		put_u8(&listed, (uint8_t)(0x80 | (c & 63)));
	}
	characters = (struct bytes){listed.data, listed.size};
	buffer_clear(out);
	assert_int_equal(dictionary_make(&characters, &body, 1, out), ERR_OK);
	buffer_free(&listed);
}

static void
write_part(
    struct test_store *s, int64_t number, const struct buffer *d, size_t part)
{
	assert_int_equal(write_fields(s, dictionaries_part(number, d->data,
	                                     d->size, part, "2026-05-01")),
	    ERR_OK);
}

static void
test_dictionaries_are_put_together_when_all_parts_are_here(void **state)
{
	struct test_store s;
	struct buffer old = {0}, d = {0};
	uint32_t ids[CODEBOOK_MAX - 1];
	size_t parts, i;

	hub_open(&s);
	make("old", &old);
	write_one(&s, 1, &old); /* in one record, as they were */
	make_large(2 * DICTIONARIES_PART_BYTES + 9, &d);
	parts = dictionaries_parts(d.size);
	assert_int_equal(parts, 3);
	/* In any order, and one of them twice. */
	write_part(&s, 2, &d, 3);
	write_part(&s, 2, &d, 1);
	write_part(&s, 2, &d, 1);
	for (i = 0; i < 2; i++) {
		assert_int_equal(load(&s, ids), 1);
		assert_int_equal(ids[0], dictionary_id(old.data, old.size));
		write_part(&s, 3, &d, 2); /* another one's */
	}
	write_part(&s, 2, &d, 2);
	assert_int_equal(load(&s, ids), 2);
	assert_int_equal(ids[0], dictionary_id(d.data, d.size));
	assert_int_equal(ids[1], dictionary_id(old.data, old.size));
	buffer_free(&d);
	buffer_free(&old);
	test_store_close(&s);
}

static json_t *
id_json(const struct buffer *d)
{
	char id[DICTIONARIES_ID_BYTES];

	dictionaries_id(d->data, d->size, id);
	return json_string(id);
}

/* Changes that the indexes name are gone. */
static void
spoil_changes(struct test_store *s)
{
	struct txn *t = test_store_write(s);
	struct walk *w;
	struct bytes key;
	uint8_t found[8][KEY_CHANGE_BYTES];
	size_t count = 0;

	assert_int_equal(walk_open(t, TABLE_CHANGES, NULL, 0, &w), ERR_OK);
	while (count < 8 && walk_next(w, &key, NULL) == ERR_OK)
		memcpy(found[count++], key.data, KEY_CHANGE_BYTES);
	walk_close(w);
	assert_true(count > 0);
	while (count-- > 0)
		assert_int_equal(txn_delete(t, TABLE_CHANGES, found[count],
		                     KEY_CHANGE_BYTES),
		    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* A hub opens sessions all day, and old dictionaries remain. */
static void
test_dictionaries_are_read_once(void **state)
{
	struct test_store s;
	struct buffer d = {0};
	struct codebook *c, *other;
	uint32_t ids[CODEBOOK_MAX - 1];
	struct txn *t;

	hub_open(&s);
	make("one", &d);
	write_one(&s, 1, &d);
	assert_int_equal(codebook_new(&c), ERR_OK);
	assert_int_equal(codebook_new(&other), ERR_OK);
	t = test_store_read(&s);
	assert_int_equal(dictionaries_load(t, c), ERR_OK);
	txn_abort(t);
	/* Whoever reads it now says so. */
	spoil_changes(&s);
	t = test_store_read(&s);
	assert_int_not_equal(dictionaries_load(t, other), ERR_OK);
	assert_int_equal(dictionaries_load(t, c), ERR_OK);
	txn_abort(t);
	assert_int_equal(codebook_ids(c, ids), 1);
	codebook_free(c);
	codebook_free(other);
	buffer_free(&d);
	test_store_close(&s);
}

static void
test_dictionaries_of_parts_that_do_not_add_up_are_none(void **state)
{
	struct test_store s;
	struct buffer d = {0}, other = {0};
	uint32_t ids[CODEBOOK_MAX - 1];
	json_t *fields;

	hub_open(&s);
	make_large(DICTIONARIES_PART_BYTES + 9, &d);
	fill(&other, d.size);
	write_part(&s, 1, &d, 1);
	fields = dictionaries_part(1, other.data, other.size, 2, "2026-05-01");
	json_object_set_new(fields, "id", id_json(&d));
	assert_int_equal(write_fields(&s, fields), ERR_OK);
	assert_int_equal(load(&s, ids), 0);
	/* A part of what number of parts has to be told. */
	fields = dictionaries_part(2, d.data, d.size, 2, "2026-05-01");
	json_object_del(fields, "of");
	assert_int_equal(write_fields(&s, fields), ERR_REFUSED);
	fields = dictionaries_part(2, d.data, d.size, 2, "2026-05-01");
	json_object_set_new(fields, "part", json_integer(3));
	assert_int_equal(write_fields(&s, fields), ERR_REFUSED);
	buffer_free(&d);
	buffer_free(&other);
	test_store_close(&s);
}

/* So that a window of half a minute, at 9,600 bit/s, carries several. */
static void
test_dictionaries_parts_are_small(void **state)
{
	struct buffer d = {0}, all = {0};
	size_t part, parts;

	(void)state;
	fill(&d, DICTIONARIES_BYTES_MAX);
	parts = dictionaries_parts(d.size);
	for (part = 1; part <= parts; part++) {
		json_t *fields =
		    dictionaries_part(1, d.data, d.size, part, "2026-05-01");
		char *text = json_dumps(fields, JSON_COMPACT);

		assert_true(strlen(text) < 6200);
		assert_int_equal(
		    dictionaries_decode(
		        json_string_value(json_object_get(fields, "data")),
		        &all),
		    ERR_OK);
		free(text);
		json_decref(fields);
	}
	assert_int_equal(all.size, d.size);
	assert_memory_equal(all.data, d.data, d.size);
	assert_int_equal(dictionaries_parts(1), 1);
	assert_int_equal(dictionaries_parts(DICTIONARIES_PART_BYTES), 1);
	put_u8(&d, 0);
	assert_null(dictionaries_part(1, d.data, d.size, 1, "2026-05-01"));
	buffer_free(&d);
	buffer_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dictionaries_load_the_newest_first),
	    cmocka_unit_test(test_dictionaries_leave_out_what_is_none),
	    cmocka_unit_test(
	        test_dictionaries_are_refused_where_they_do_not_add_up),
	    cmocka_unit_test(test_dictionaries_fit_a_change),
	    cmocka_unit_test(
	        test_dictionaries_are_put_together_when_all_parts_are_here),
	    cmocka_unit_test(
	        test_dictionaries_of_parts_that_do_not_add_up_are_none),
	    cmocka_unit_test(test_dictionaries_are_read_once),
	    cmocka_unit_test(test_dictionaries_parts_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* batch_vectors: vectors of batches as they travel: rows, dense ones, and the
 * dictionary they begin from. */

#include "tests/vectors/vector.h"

void
check_dictionary(struct vector *v)
{
	expect_number(v, "size", sync_dictionary_bytes);
	expect_number(
	    v, "id", dictionary_id(sync_dictionary, sync_dictionary_bytes));
}

/* Encoders may differ in their bytes, so only reading is held to them. */
void
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

/* Bodies before the batch's first, as the vector tells them: a source's
 * history(). */
static enum err
vector_history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *out, size_t *got)
{
	const struct vector *v = context;
	const struct value *body;

	(void)bytes_max;
	for (*got = 0; (body = find(v, "history_body", *got)) != NULL; ++*got)
		put_string(out, body->data, body->size);
	return *got == count && last->seq == count ? buffer_state(out)
	                                           : ERR_NOT_FOUND;
}

static struct cursor
expect_nothing(void *context, const struct list_id *list)
{
	(void)context;
	(void)list;
	return (struct cursor){0, 0, 0};
}

static void
pack_again(struct vector *v, struct codebook *books,
    const struct source *source, const struct known_lives *lives,
    const struct batch *b)
{
	struct change_id last = b->changes[0].id;
	struct buffer out = {0};
	struct packer *p;
	bool is_end;

	last.seq--;
	assert_int_equal(packer_new(&p), ERR_OK);
	assert_int_equal(
	    packer_start(p, books, 0, source, &last, last.seq), ERR_OK);
	assert_int_equal(packer_add(p, b, false, lives), ERR_OK);
	assert_int_equal(
	    packer_take(p, PACKED_BYTES_MAX, &out, &is_end), ERR_OK);
	assert_true(is_end);
	packer_free(p);
	expect_buffer(v, "packed", &out);
}

/* The first batch of a class in a session, and what it means in rows. Other
 * encoders may make other bytes of it; ours makes these. */
void
check_dense_batch(struct vector *v)
{
	const struct value *blob = get(v, "blob"), *packed = get(v, "packed");
	const struct value *life = get(v, "known_life");
	const struct source source = {.context = v, .history = vector_history};
	struct known_lives lives = {.count = 1};
	static struct batch b, back;
	struct unpack_context cx = {
	    .source = &source, .lives = &lives, .expected = expect_nothing};
	struct unpacker *u;
	struct buffer out = {0};

	memcpy(lives.id[0], life->data, LIFE_BYTES);
	assert_int_equal(codebook_new(&cx.books), ERR_OK);
	batch_init(&b);
	batch_init(&back);
	b.list.class = back.list.class = (uint8_t)number(v, "class");
	assert_int_equal(batch_decode(blob->data, blob->size, &b), ERR_OK);
	pack_again(v, cx.books, &source, &lives, &b);
	if (v->mismatches == 0) {
		assert_int_equal(unpacker_new(&u), ERR_OK);
		assert_int_equal(
		    unpacker_feed(u, packed->data, packed->size), ERR_OK);
		assert_int_equal(unpacker_take(u, &cx, &back), ERR_OK);
		assert_int_equal(batch_encode(&back, &out), ERR_OK);
		expect_buffer(v, "blob", &out);
		unpacker_free(u);
	}
	codebook_free(cx.books);
	batch_free(&b);
	batch_free(&back);
}

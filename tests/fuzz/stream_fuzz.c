/* stream: arbitrary bytes as a stream stay within bounds, and give the same
 * however they are cut; a batch that decodes encodes to one that decodes to
 * the same. The first byte chooses, and cuts. */

#include <stdlib.h>
#include <string.h>

#include "sync/stream.h"
#include "tests/fuzz/fuzz.h"

static struct batch batch, again;

static void
expect(bool truth)
{
	if (!truth)
		abort();
}

static void
expect_same(const struct batch *a, const struct batch *b)
{
	size_t i;

	expect(a->change_count == b->change_count);
	expect(a->head_count == b->head_count);
	expect(strcmp(a->list.name, b->list.name) == 0);
	expect(memcmp(&a->start, &b->start, sizeof a->start) == 0);
	expect(memcmp(&a->end, &b->end, sizeof a->end) == 0);
	for (i = 0; i < a->change_count; i++)
		expect(memcmp(&a->changes[i], &b->changes[i],
		           sizeof a->changes[i]) == 0);
	for (i = 0; i < a->head_count; i++)
		expect(memcmp(&a->heads[i], &b->heads[i], sizeof a->heads[i]) ==
		       0);
	expect(a->bytes.size == b->bytes.size);
	expect(a->bytes.size == 0 ||
	       memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0);
}

static void
check_batch(const uint8_t *data, size_t size)
{
	struct buffer bytes = {0};

	batch.list.class = again.list.class = 2;
	if (batch_decode(data, size, &batch) != ERR_OK) {
		expect(batch.change_count == 0 && batch.bytes.size == 0);
		return;
	}
	expect(batch_encode(&batch, &bytes) == ERR_OK);
	expect(batch_decode(bytes.data, bytes.size, &again) == ERR_OK);
	expect_same(&batch, &again);
	buffer_free(&bytes);
}

/* How many batches came out, and what ended it. */
static unsigned
read_stream(const uint8_t *data, size_t size, size_t step, enum err *e)
{
	struct stream_reader *r;
	unsigned came = 0;

	expect(stream_reader_new(&r) == ERR_OK);
	*e = ERR_MORE;
	while (size > 0 && *e == ERR_MORE) {
		size_t n = size < step ? size : step;

		*e = stream_reader_feed(r, data, n);
		data += n;
		size -= n;
		if (*e != ERR_OK)
			break;
		while ((*e = stream_reader_next(r, 1, &batch)) == ERR_OK)
			came++;
	}
	stream_reader_free(r);
	return came;
}

/* A compressor's own output, with what the input does to it. */
static void
check_packed(const uint8_t *data, size_t size)
{
	struct stream_writer *w;
	struct buffer packed = {0};
	enum err e;
	size_t i;

	batch_clear(&batch);
	memset(&batch, 0, sizeof(struct list_id));
	memcpy(batch.list.name, "up", 3);
	batch.start = (struct cursor){1, 0, 0};
	batch.end = (struct cursor){1, 1, 1};
	expect(stream_writer_new(&w, 1) == ERR_OK);
	expect(stream_writer_add(w, &batch) == ERR_OK);
	while (stream_writer_take(w, 4096, &packed) == ERR_OK)
		;
	expect(read_stream(packed.data, packed.size, 3, &e) == 1);
	for (i = 0; i + 1 < size && i < 64; i += 2)
		packed.data[data[i] % packed.size] ^= data[i + 1];
	(void)read_stream(packed.data, packed.size, 4096, &e);
	stream_writer_free(w);
	buffer_free(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum err whole, cut;

	if (size < 1)
		return 0;
	switch (data[0] % 4) {
	case 0:
		check_packed(data + 1, size - 1);
		break;
	case 1:
		/* Cut it has more messages, each with a bound of its own. */
		(void)read_stream(data + 1, size - 1, size, &whole);
		(void)read_stream(
		    data + 1, size - 1, 1 + (size_t)data[0] / 4, &cut);
		expect(whole == cut || whole == ERR_LIMIT ||
		       whole == ERR_FORMAT || cut == ERR_FORMAT);
		break;
	default:
		check_batch(data + 1, size - 1);
	}
	batch_free(&batch);
	batch_free(&again);
	return 0;
}

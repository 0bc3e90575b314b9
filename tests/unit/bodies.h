/* bodies: those that a dictionary holds; the shipped one has samples of every
 * kind.
 */

#ifndef YIZHAN_TESTS_UNIT_BODIES_H
#define YIZHAN_TESTS_UNIT_BODIES_H

#include <stdlib.h>

#include "sync/dictionary.h"

struct sample_bodies {
	struct buffer bytes;
	struct bytes *list;
	size_t count;
	size_t listed; /* characters */
};

/* Step for step as docs/protocol.md tells a dictionary's form. */
static inline void
sample_bodies_read_of(struct sample_bodies *all, const void *data, size_t size)
{
	struct alphabet *alphabet = malloc(sizeof *alphabet);
	struct dense *d = NULL;
	struct reader r;
	struct bytes listed;
	size_t i, at = 0, *sizes;
	uint32_t point;

	memset(all, 0, sizeof *all);
	reader_init(&r, data, size);
	assert_int_equal(read_u8(&r), 1);
	listed = read_string(&r);
	all->count = (size_t)read_varint(&r);
	assert_false(r.failed);
	while (alphabet_next(&listed, &at, &point))
		all->listed++;
	assert_non_null(alphabet);
	assert_int_equal(alphabet_fill(alphabet, &listed), ERR_OK);
	assert_int_equal(dense_new(&d, alphabet), ERR_OK);
	all->list = calloc(all->count + 1, sizeof *all->list);
	sizes = calloc(all->count + 1, sizeof *sizes);
	assert_non_null(all->list);
	assert_non_null(sizes);
	dense_open(d, r.at, reader_left(&r));
	for (i = 0; i < all->count; i++) {
		size_t begin = all->bytes.size;

		assert_int_equal(dense_take(d, 65536, &all->bytes), ERR_OK);
		sizes[i] = all->bytes.size - begin;
	}
	assert_int_equal(dense_close(d), ERR_OK);
	for (i = 0, at = 0; i < all->count; at += sizes[i++]) {
		all->list[i].data = all->bytes.data + at;
		all->list[i].size = sizes[i];
	}
	dense_free(d);
	free(alphabet);
	free(sizes);
}

/** Of the shipped dictionary. */
static inline void
sample_bodies_read(struct sample_bodies *all)
{
	sample_bodies_read_of(all, sync_dictionary, sync_dictionary_bytes);
}

static inline void
sample_bodies_free(struct sample_bodies *all)
{
	buffer_free(&all->bytes);
	free(all->list);
}

#endif

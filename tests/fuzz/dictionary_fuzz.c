/* dictionary: arbitrary bytes are taken as a dictionary or refused, and one
 * that is taken can be used; one that was made is taken whole and, altered,
 * ends within bounds. The first byte chooses.
 */

#include <string.h>

#include <sodium.h>

#include "sync/dictionary.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"

enum { EDITS_MAX = 16 };

static struct codebook *book;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0;
}

/* What was taken codes a body, and knows where that ends. */
static void
check_use(uint32_t id)
{
	struct dense *from, *to;
	struct buffer packed = {0}, back = {0};

	expect(codebook_dense(book, id, &from) == ERR_OK);
	expect(codebook_dense(book, id, &to) == ERR_OK);
	dense_begin(from, &packed);
	expect(dense_put(from, "some body", 9) == ERR_OK);
	expect(dense_end(from) == ERR_OK);
	dense_open(to, packed.data, packed.size);
	expect(dense_take(to, 9, &back) == ERR_OK);
	expect(back.size == 9 && memcmp(back.data, "some body", 9) == 0);
	expect(dense_close(to) == ERR_OK);
	buffer_free(&packed);
	buffer_free(&back);
	dense_free(from);
	dense_free(to);
}

static enum err
add(const uint8_t *data, size_t size)
{
	uint32_t ids[CODEBOOK_MAX - 1];
	enum err e;

	expect(codebook_new(&book) == ERR_OK);
	e = codebook_add(book, data, size);
	expect(e == ERR_OK || e == ERR_FORMAT || e == ERR_LIMIT);
	expect(codebook_ids(book, ids) == (e == ERR_OK));
	if (e == ERR_OK) {
		expect(ids[0] == dictionary_id(data, size));
		expect(codebook_add(book, data, size) == ERR_EXISTS);
		if (codebook_can(book, ids[0]))
			check_use(ids[0]);
		else
			e = ERR_NOT_FOUND;
		expect(codebook_ids(book, ids) == (e == ERR_OK));
	}
	codebook_free(book);
	return e;
}

/* A dictionary of what the input holds, then with its edits. */
static void
check_made(const uint8_t *data, size_t size)
{
	struct bytes listed = {(const uint8_t *)" 01咳嗽", 9};
	struct bytes bodies[2] = {{data, size / 2}, {data, size}};
	struct buffer made = {0};
	size_t i;

	if (size > 4096)
		return;
	expect(dictionary_make(&listed, bodies, 2, &made) == ERR_OK);
	expect(add(made.data, made.size) == ERR_OK);
	for (i = 0; i + 1 < size && i < EDITS_MAX; i += 2)
		made.data[data[i] % made.size] ^= data[i + 1];
	(void)add(made.data, made.size);
	buffer_free(&made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] % 4 == 0)
		check_made(data + 1, size - 1);
	else
		(void)add(data + 1, size - 1);
	return 0;
}

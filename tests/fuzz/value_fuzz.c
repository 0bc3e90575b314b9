/* value: fields that decode are encoded the same way again. The first byte
 * chooses the kind whose table is used; 0 and unknown ones: none.
 */

#include <stdlib.h>
#include <string.h>

#include "store/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A known field may come by name from an older version; it is encoded by its
 * number then, which is shorter. All else is the same bytes. */
static void
expect_same_or_shorter(
    const struct buffer *once, const uint8_t *data, size_t size)
{
	if (once->size > size)
		abort();
	if (once->size == size && memcmp(once->data, data, size) != 0)
		abort();
}

static void
check(const struct field *table, const uint8_t *data, size_t size)
{
	struct buffer once = {0}, twice = {0};
	json_t *fields = NULL, *back = NULL;

	if (fields_decode(table, data, size, &fields) != ERR_OK)
		return;
	if (fields_encode(table, fields, &once) != ERR_OK)
		abort();
	if (fields_decode(table, once.data, once.size, &back) != ERR_OK)
		abort();
	if (!value_equal(fields, back) || !json_equal(fields, back))
		abort();
	if (fields_encode(table, back, &twice) != ERR_OK)
		abort();
	if (once.size != twice.size ||
	    memcmp(once.data, twice.data, once.size) != 0)
		abort();
	expect_same_or_shorter(&once, data, size);
	if (table == NULL && once.size != size)
		abort();
	json_decref(fields);
	json_decref(back);
	buffer_free(&once);
	buffer_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kind *k;

	if (size < 1)
		return 0;
	k = kind_by_number(data[0]);
	check(k == NULL ? NULL : k->fields, data + 1, size - 1);
	return 0;
}

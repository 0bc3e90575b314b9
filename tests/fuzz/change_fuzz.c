/* change: a body that decodes is encoded the same way again, unless it names
 * by string what this version knows by number.
 */

#include <stdlib.h>
#include <string.h>

#include "store/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
begin(struct change *c)
{
	change_init(c);
	memset(c->id.life, 1, LIFE_BYTES);
	c->id.class = 2;
	c->id.seq = 9;
}

static void
expect_equal(const struct change *a, const struct change *b)
{
	if (strcmp(a->record.kind, b->record.kind) != 0 ||
	    strcmp(a->record.source, b->record.source) != 0 ||
	    strcmp(a->record.ref, b->record.ref) != 0 ||
	    strcmp(a->by, b->by) != 0 || strcmp(a->org, b->org) != 0 ||
	    a->founds != b->founds || a->managing != b->managing ||
	    a->clock != b->clock || a->occurred_at != b->occurred_at ||
	    a->recorded_at != b->recorded_at ||
	    a->parent_count != b->parent_count ||
	    !json_equal(a->fields, b->fields))
		abort();
}

/* A known name is longer than its number, so bytes that differ must shrink. */
static void
expect_same_or_shorter(
    const struct buffer *once, const uint8_t *data, size_t size)
{
	if (once->size > size)
		abort();
	if (once->size == size && memcmp(once->data, data, size) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer once = {0}, twice = {0};
	struct change c, back;

	begin(&c);
	begin(&back);
	if (change_decode(&c, data, size) != ERR_OK)
		return 0;
	if (change_encode(&c, &once) != ERR_OK)
		abort();
	expect_same_or_shorter(&once, data, size);
	if (change_decode(&back, once.data, once.size) != ERR_OK)
		abort();
	expect_equal(&c, &back);
	if (change_encode(&back, &twice) != ERR_OK)
		abort();
	if (once.size != twice.size ||
	    memcmp(once.data, twice.data, once.size) != 0)
		abort();
	change_clear(&c);
	change_clear(&back);
	buffer_free(&once);
	buffer_free(&twice);
	return 0;
}

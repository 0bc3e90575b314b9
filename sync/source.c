/* source: helpers for the words session and store share. */

#include <string.h>

#include <sodium.h>

#include "sync/source.h"

int
change_id_compare(const struct change_id *a, const struct change_id *b)
{
	int life = memcmp(a->life, b->life, LIFE_BYTES);

	if (life != 0)
		return life;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return 0;
}

void
batch_init(struct batch *b)
{
	memset(b, 0, sizeof *b);
}

void
batch_clear(struct batch *b)
{
	b->change_count = 0;
	b->head_count = 0;
	buffer_clear(&b->bytes);
}

void
batch_free(struct batch *b)
{
	buffer_wipe(&b->bytes);
	sodium_memzero(b->changes, sizeof b->changes);
	batch_clear(b);
}

const uint8_t *
batch_body(const struct batch *b, const struct batch_change *c)
{
	/* A peer may send changes without bodies, and nothing else. */
	static const uint8_t none[1];

	return c->body_bytes == 0 ? none : b->bytes.data + c->body_at;
}

uint64_t
cursor_set_digest(const struct cursor_set *set)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < set->count; i++) {
		uint8_t bytes[LIST_NAME_BYTES_MAX + 1 + 1 + 4 + 8 + 8] = {0};
		uint8_t hash[8];
		size_t n = strlen(set->item[i].list.name);

		if (set->item[i].cursor.epoch == 0)
			continue;
		memcpy(bytes, set->item[i].list.name, n);
		bytes[n + 1] = set->item[i].list.class;
		store_u32(bytes + n + 2, set->item[i].cursor.epoch);
		store_u64(bytes + n + 6, set->item[i].cursor.place);
		store_u64(bytes + n + 14, set->item[i].cursor.running);
		crypto_generichash(hash, sizeof hash, bytes, n + 22, NULL, 0);
		sum += load_u64(hash);
	}
	return sum;
}

uint32_t
cursor_set_short_digest(const struct cursor_set *set)
{
	return (uint32_t)(cursor_set_digest(set) & UINT32_MAX);
}

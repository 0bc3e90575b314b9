/* blinds: blind hashes that a writing transaction has made already. */

#include <string.h>

#include <sodium.h>

#include "store/memo.h"

/* FNV-1a; it only finds a place. */
static size_t
place_of(const char *label, const uint8_t *data, size_t size)
{
	uint32_t hash = 0x811c9dc5u ^ (uint32_t)(uintptr_t)label;
	size_t i;

	for (i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 0x01000193u;
	return (hash ^ hash >> 16) % BLINDS;
}

static void
make(struct txn *t, const char *label, const void *data, size_t size,
    size_t out_bytes, uint8_t out[DB_BLIND_BYTES])
{
	if (out_bytes == DB_BLIND_BYTES)
		db_blind(txn_db(t), label, data, size, out);
	else
		store_u64(out, db_blind_hash(txn_db(t), label, data, size));
}

static void
remembered(struct txn *t, const char *label, const void *data, size_t size,
    size_t out_bytes, uint8_t out[DB_BLIND_BYTES])
{
	struct memo *memo = size > BLINDS_DATA_MAX ? NULL : memo_of(t);
	struct blind *one;

	if (memo == NULL) {
		make(t, label, data, size, out_bytes, out);
		return;
	}
	one = &memo->blinds.of[place_of(label, data, size)];
	if (one->label != label || one->size != size ||
	    one->blind_bytes != out_bytes ||
	    memcmp(one->data, data, size) != 0) {
		make(t, label, data, size, out_bytes, one->blind);
		memcpy(one->data, data, size);
		one->size = (uint8_t)size;
		one->blind_bytes = (uint8_t)out_bytes;
		one->label = label;
	}
	memcpy(out, one->blind, out_bytes);
}

void
blind_in(struct txn *t, const char *label, const void *data, size_t size,
    uint8_t out[DB_BLIND_BYTES])
{
	remembered(t, label, data, size, DB_BLIND_BYTES, out);
}

uint64_t
blind_hash_in(struct txn *t, const char *label, const void *data, size_t size)
{
	uint8_t out[DB_BLIND_BYTES];

	remembered(t, label, data, size, 8, out);
	return load_u64(out);
}

void
blinds_wipe(struct blinds *b)
{
	sodium_memzero(b, sizeof *b);
}

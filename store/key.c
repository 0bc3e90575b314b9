/* key: how the keys of all tables are laid out. */

#include <string.h>

#include "store/blinds.h"
#include "store/key.h"
#include "store/value.h"

void
key_change(uint8_t out[KEY_CHANGE_BYTES], const struct change_id *id)
{
	memcpy(out, id->life, LIFE_BYTES);
	out[LIFE_BYTES] = id->class;
	store_u64(out + LIFE_BYTES + 1, id->seq);
}

void
key_change_read(struct change_id *out, const uint8_t key[KEY_CHANGE_BYTES])
{
	memcpy(out->life, key, LIFE_BYTES);
	out->class = key[LIFE_BYTES];
	out->seq = load_u64(key + LIFE_BYTES + 1);
}

void
key_ref_blind(struct txn *t, const char *label, const char *kind,
    const char *ref, uint8_t out[DB_BLIND_BYTES])
{
	uint8_t text[KIND_BYTES_MAX + 1 + REF_BYTES_MAX];
	size_t n = strnlen(kind, KIND_BYTES_MAX);
	size_t m = strnlen(ref, REF_BYTES_MAX);

	memcpy(text, kind, n);
	text[n] = 0;
	memcpy(text + n + 1, ref, m);
	blind_in(t, label, text, n + 1 + m, out);
}

uint16_t
key_kind_number(const char *kind)
{
	const struct kind *k = kind_by_name(kind);
	uint64_t number;

	if (k != NULL)
		return k->number;
	number = value_unknown_number(kind);
	return number == 0 ? KIND_NUMBER_NAMED : (uint16_t)number;
}

enum { TEXT_BYTES = SOURCE_BYTES_MAX + KIND_BYTES_MAX + REF_BYTES_MAX + 8 };

static const char record_label[] = "record";

/* What a record's key is the hash of; its number goes before the hash. */
static size_t
record_text(uint8_t text[TEXT_BYTES], uint8_t out[KEY_RECORD_BYTES],
    const char *source, const char *kind, const char *ref)
{
	uint16_t number = key_kind_number(kind);
	size_t n = 2, size;

	store_u16(text, number);
	size = strnlen(source, SOURCE_BYTES_MAX);
	memcpy(text + n, source, size);
	n += size;
	text[n++] = 0;
	if (number == KIND_NUMBER_NAMED) {
		size = strnlen(kind, KIND_BYTES_MAX);
		memcpy(text + n, kind, size);
		n += size;
	}
	text[n++] = 0;
	size = strnlen(ref, REF_BYTES_MAX);
	memcpy(text + n, ref, size);
	n += size;
	store_u16(out, number);
	return n;
}

void
key_record_of(const struct db *db, uint8_t out[KEY_RECORD_BYTES],
    const char *source, const char *kind, const char *ref)
{
	uint8_t text[TEXT_BYTES];
	size_t n = record_text(text, out, source, kind, ref);

	db_blind(db, record_label, text, n, out + 2);
}

void
key_record_named(struct txn *t, uint8_t out[KEY_RECORD_BYTES],
    const char *source, const char *kind, const char *ref)
{
	uint8_t text[TEXT_BYTES];
	size_t n = record_text(text, out, source, kind, ref);

	blind_in(t, record_label, text, n, out + 2);
}

void
key_record(const struct db *db, uint8_t out[KEY_RECORD_BYTES],
    const struct identity *record)
{
	key_record_of(db, out, record->source, record->kind, record->ref);
}

void
key_record_in(
    struct txn *t, uint8_t out[KEY_RECORD_BYTES], const struct identity *record)
{
	key_record_named(t, out, record->source, record->kind, record->ref);
}

void
key_log(
    uint8_t out[KEY_LOG_BYTES], const uint8_t life[LIFE_BYTES], uint8_t class)
{
	memcpy(out, life, LIFE_BYTES);
	out[LIFE_BYTES] = class;
}

void
key_secret(uint8_t out[KEY_SECRET_BYTES], const uint8_t life[LIFE_BYTES],
    uint16_t month)
{
	memcpy(out, life, LIFE_BYTES);
	store_u16(out + LIFE_BYTES, month);
}

void
key_list(uint8_t out[KEY_LIST_BYTES], uint32_t audience, uint8_t class,
    uint64_t place)
{
	store_u32(out, audience);
	out[4] = class;
	store_u64(out + 5, place);
}

/* paper: slip numbers from this node's own block. */

#include <stdio.h>
#include <string.h>

#include "store/codes.h"
#include "store/paper.h"
#include "store/record.h"

enum { RANGES_MAX = 64, RANGE_BYTES = 16 };

/* Numbers [next, end) that are not used yet. */
struct range {
	uint64_t next, end;
};

struct block {
	size_t count;
	struct range ranges[RANGES_MAX];
};

static bool
range_is_sound(const struct range *r)
{
	return r->next >= PAPER_FIRST && r->next < r->end &&
	       r->end <= PAPER_END;
}

static enum err
block_read(struct txn *t, struct block *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = meta_get(t, "slips", &value);

	out->count = 0;
	reader_init(&r, value.data, e == ERR_OK ? value.size : 0);
	while (e == ERR_OK && reader_left(&r) > 0) {
		struct range *one = &out->ranges[out->count];

		if (out->count == RANGES_MAX) {
			e = ERR_CORRUPT;
			break;
		}
		one->next = read_u64(&r);
		one->end = read_u64(&r);
		if (r.failed || !range_is_sound(one))
			e = ERR_CORRUPT;
		out->count++;
	}
	buffer_free(&value);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
block_write(struct txn *t, const struct block *b)
{
	uint8_t value[RANGES_MAX * RANGE_BYTES];
	size_t i;

	for (i = 0; i < b->count; i++) {
		store_u64(value + i * RANGE_BYTES, b->ranges[i].next);
		store_u64(value + i * RANGE_BYTES + 8, b->ranges[i].end);
	}
	return meta_put(t, "slips", value, b->count * RANGE_BYTES);
}

enum err
paper_left(struct txn *t, uint64_t *out)
{
	struct block b;
	size_t i;
	enum err e = block_read(t, &b);

	*out = 0;
	for (i = 0; e == ERR_OK && i < b.count; i++)
		*out += b.ranges[i].end - b.ranges[i].next;
	return e;
}

enum err
paper_grant(struct txn *t, uint64_t first, uint64_t count)
{
	struct range fresh = {first, first + count};
	struct block b;
	size_t i;
	enum err e;

	if (count > PAPER_END || first > PAPER_END || !range_is_sound(&fresh))
		return ERR_FORMAT;
	e = block_read(t, &b);
	for (i = 0; e == ERR_OK && i < b.count; i++)
		if (fresh.next < b.ranges[i].end &&
		    b.ranges[i].next < fresh.end)
			e = ERR_EXISTS;
	if (e == ERR_OK && b.count == RANGES_MAX)
		e = ERR_LIMIT;
	if (e != ERR_OK)
		return e;
	b.ranges[b.count++] = fresh;
	return block_write(t, &b);
}

enum err
paper_allocate(struct txn *t, const char *org, uint64_t count, uint64_t *first)
{
	char name[sizeof "slips:" + ORG_REF_BYTES_MAX];
	uint64_t next;
	enum err e;

	if (strlen(org) > ORG_REF_BYTES_MAX)
		return ERR_LIMIT;
	snprintf(name, sizeof name, "slips:%s", org);
	e = meta_get_number(t, name, &next);
	if (e != ERR_OK)
		return e;
	if (next < PAPER_FIRST)
		next = PAPER_FIRST;
	if (next > PAPER_END || count > PAPER_END - next)
		return ERR_FULL;
	*first = next;
	return meta_put_number(t, name, next + count);
}

/* --- drawing ----------------------------------------------------------- */

/* The org whose numbers this node was granted. Other nodes have blocks of
 * the same numbers from other orgs, so no other short code will do. */
static const char *
granting_org(const struct self *self)
{
	const struct cert *own = &self->chain[0];

	if (!self->is_enrolled || own->org_count == 0)
		return NULL;
	return own->orgs[0];
}

static enum err
read_short_code(
    struct txn *t, const char *org, char out[SHORT_CODE_CHARS_MAX + 1])
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *code;
	struct record r;
	enum err e;

	key_record_of(txn_db(t), key, "", "org", org);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	code = json_string_value(json_object_get(r.fields, "short_code"));
	if (code == NULL || strlen(code) > SHORT_CODE_CHARS_MAX ||
	    !short_code_is_valid(code))
		e = ERR_NOT_FOUND;
	else
		memcpy(out, code, strlen(code) + 1);
	record_clear(&r);
	return e;
}

enum err
paper_draw(struct txn *t, const struct self *self, const char *org, char letter,
    char *out, size_t out_bytes)
{
	char code[SHORT_CODE_CHARS_MAX + 1], slip[SLIP_BYTES];
	const char *granted = granting_org(self);
	struct block b;
	enum err e;

	(void)org;
	if (granted == NULL)
		return ERR_NOT_FOUND;
	e = block_read(t, &b);
	if (e == ERR_OK && b.count == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = read_short_code(t, granted, code);
	if (e != ERR_OK)
		return e;
	if (!slip_write(slip, code, letter, (unsigned)b.ranges[0].next))
		return ERR_NOT_FOUND;
	if (strlen(slip) >= out_bytes)
		return ERR_LIMIT;
	if (++b.ranges[0].next == b.ranges[0].end)
		memmove(
		    &b.ranges[0], &b.ranges[1], --b.count * sizeof b.ranges[0]);
	e = block_write(t, &b);
	if (e == ERR_OK)
		memcpy(out, slip, strlen(slip) + 1);
	return e;
}

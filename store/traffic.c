/* traffic: bytes that sessions moved, per day and kind of record. */

#include <stdio.h>
#include <string.h>

#include "store/kind.h"
#include "store/traffic.h"

enum {
	GROUP_ZONE_S = 8 * 3600, /* Asia/Shanghai, no summer time */
	DAY_S = 86400,
	ROW_KEY_BYTES = 4 + 2,
	ROW_LINK = 0xffff, /* key goes on with the class's name */
	DROPPED_AT_ONCE_MAX = 256,
};

uint64_t
traffic_sum(const uint64_t rows[TRAFFIC_ROWS])
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < TRAFFIC_ROWS; i++)
		sum += rows[i];
	return sum;
}

const char *
traffic_row_name(size_t row)
{
	const struct kind *k;

	if (row == TRAFFIC_SESSION)
		return "session";
	if (row == TRAFFIC_OTHER)
		return "other";
	k = kind_by_number((uint16_t)(row < TRAFFIC_OTHER ? row : row - 1));
	return k == NULL ? "other" : k->name;
}

static size_t
row_of_kind(uint16_t number)
{
	size_t row = number < TRAFFIC_OTHER ? number : (size_t)number + 1;

	return number == 0 || kind_by_number(number) == NULL ||
	               row >= TRAFFIC_ROWS
	           ? TRAFFIC_OTHER
	           : row;
}

/* --- counting ------------------------------------------------------------ */

void
traffic_note(struct traffic_side *s, const struct batch *b)
{
	size_t i;

	if (b->list.class >= CLASSES)
		return;
	for (i = 0; i < b->change_count; i++) {
		const struct batch_change *c = &b->changes[i];
		size_t row = row_of_kind(
		    change_kind_number(batch_body(b, c), c->body_bytes));

		s->fresh[b->list.class][row] += c->body_bytes;
	}
}

/* Some bytes by weight; what division leaves goes to the heaviest. */
static void
share(uint64_t bytes, const uint64_t weight[TRAFFIC_ROWS],
    uint64_t rows[TRAFFIC_ROWS])
{
	uint64_t sum = traffic_sum(weight), left = bytes;
	size_t i, heaviest = 0;

	for (i = 0; i < TRAFFIC_ROWS; i++) {
		uint64_t part = (uint64_t)((double)bytes *
		                           ((double)weight[i] / (double)sum));

		if (part > left)
			part = left;
		rows[i] += part;
		left -= part;
		if (weight[i] > weight[heaviest])
			heaviest = i;
	}
	rows[heaviest] += left;
}

/* The weights that hold for a class now; false: no change of it came yet. */
static bool
take_weights(struct traffic_side *s, size_t class)
{
	uint64_t *fresh = s->fresh[class], *last = s->last[class];
	size_t i;

	if (traffic_sum(fresh) == 0)
		return traffic_sum(last) > 0;
	for (i = 0; i < TRAFFIC_ROWS; i++) {
		last[i] = fresh[i];
		fresh[i] = 0;
	}
	return true;
}

void
traffic_count(struct traffic_side *s, uint64_t bytes,
    const uint64_t data[CLASSES], bool is_end, uint64_t rows[TRAFFIC_ROWS])
{
	uint64_t left = bytes - s->counted;
	size_t c;

	for (c = 0; c < CLASSES; c++) {
		uint64_t part = data[c] - s->data[c];

		/* What is in a frame and not yet on its way has not moved. */
		if (part > left)
			part = left;
		if (part == 0)
			continue;
		if (take_weights(s, c)) {
			share(part, s->last[c], rows);
			s->data[c] += part;
			s->counted += part;
			left -= part;
		}
	}
	if (!is_end)
		return;
	rows[TRAFFIC_SESSION] += left;
	s->counted += left;
}

/* --- what is kept -------------------------------------------------------- */

uint32_t
traffic_day(int64_t now)
{
	int64_t there = now + GROUP_ZONE_S;

	if (there < 0)
		return 0;
	return there / DAY_S > UINT32_MAX ? UINT32_MAX
	                                  : (uint32_t)(there / DAY_S);
}

enum err
traffic_day_print(uint32_t day, char out[11])
{
	char instant[26];
	enum err e =
	    instant_print((int64_t)day * DAY_S - GROUP_ZONE_S, instant);

	if (e == ERR_OK)
		snprintf(out, 11, "%.10s", instant);
	return e;
}

static size_t
row_key(uint8_t key[ROW_KEY_BYTES + TRAFFIC_CLASS_BYTES], uint32_t day,
    uint16_t row, const char *link_class)
{
	size_t size = link_class == NULL ? 0 : strlen(link_class);

	if (size >= TRAFFIC_CLASS_BYTES)
		size = TRAFFIC_CLASS_BYTES - 1;
	store_u32(key, day);
	store_u16(key + 4, row);
	if (size > 0)
		memcpy(key + ROW_KEY_BYTES, link_class, size);
	return ROW_KEY_BYTES + size;
}

/* ERR_NOT_FOUND: zeros. */
static enum err
row_read(struct txn *t, const uint8_t *key, size_t key_bytes, uint64_t *up,
    uint64_t *down)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = txn_get(t, TABLE_TRAFFIC, key, key_bytes, &value);

	*up = *down = 0;
	if (e == ERR_OK) {
		reader_init(&r, value.data, value.size);
		*up = read_varint(&r);
		*down = read_varint(&r);
		if (r.failed || reader_left(&r) != 0)
			e = ERR_CORRUPT;
	}
	buffer_free(&value);
	return e;
}

static enum err
row_add(struct txn *t, const uint8_t *key, size_t key_bytes, uint64_t up,
    uint64_t down)
{
	struct buffer value = {0};
	uint64_t had_up, had_down;
	enum err e = row_read(t, key, key_bytes, &had_up, &had_down);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	put_varint(&value, had_up + up);
	put_varint(&value, had_down + down);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_TRAFFIC, key, key_bytes, value.data, value.size);
	buffer_free(&value);
	return e;
}

/* ERR_END: no row is that old. */
static enum err
drop_first(struct txn *t, uint32_t before)
{
	uint8_t copy[DB_KEY_BYTES_MAX];
	struct walk *w;
	struct bytes key;
	size_t size = 0;
	enum err e = walk_open(t, TABLE_TRAFFIC, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	e = walk_next(w, &key, NULL);
	if (e == ERR_OK &&
	    (key.size < ROW_KEY_BYTES || load_u32(key.data) >= before))
		e = ERR_END;
	if (e == ERR_OK) {
		size = key.size;
		memcpy(copy, key.data, size);
	}
	walk_close(w);
	return e == ERR_OK ? txn_delete(t, TABLE_TRAFFIC, copy, size) : e;
}

static enum err
drop_old(struct txn *t, uint32_t day)
{
	size_t i;
	enum err e = ERR_OK;

	if (day < TRAFFIC_DAYS_KEPT)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < DROPPED_AT_ONCE_MAX; i++)
		e = drop_first(t, day - TRAFFIC_DAYS_KEPT);
	return e == ERR_END ? ERR_OK : e;
}

enum err
traffic_add(struct txn *t, uint32_t day, const char *link_class,
    const struct traffic *more)
{
	uint8_t key[ROW_KEY_BYTES + TRAFFIC_CLASS_BYTES];
	size_t size = row_key(key, day, TRAFFIC_SESSION, NULL);
	uint16_t row;
	enum err e = txn_has(t, TABLE_TRAFFIC, key, size);

	if (e == ERR_NOT_FOUND)
		e = drop_old(t, day);
	for (row = 0; e == ERR_OK && row < TRAFFIC_ROWS; row++) {
		if (more->up[row] == 0 && more->down[row] == 0)
			continue;
		size = row_key(key, day, row, NULL);
		e = row_add(t, key, size, more->up[row], more->down[row]);
	}
	if (e == ERR_OK && link_class != NULL) {
		size = row_key(key, day, ROW_LINK, link_class);
		e = row_add(t, key, size, traffic_sum(more->up),
		    traffic_sum(more->down));
	}
	return e;
}

enum err
traffic_read(struct txn *t, uint32_t day, struct traffic *out)
{
	uint8_t key[ROW_KEY_BYTES + TRAFFIC_CLASS_BYTES];
	uint16_t row;
	enum err e = ERR_OK;

	memset(out, 0, sizeof *out);
	for (row = 0; e == ERR_OK && row < TRAFFIC_ROWS; row++) {
		size_t size = row_key(key, day, row, NULL);

		e = row_read(t, key, size, &out->up[row], &out->down[row]);
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return e;
}

enum err
traffic_of_class(
    struct txn *t, uint32_t day, const char *link_class, uint64_t *out)
{
	uint8_t key[ROW_KEY_BYTES + TRAFFIC_CLASS_BYTES];
	size_t size = row_key(key, day, ROW_LINK, link_class);
	uint64_t up, down;
	enum err e = row_read(t, key, size, &up, &down);

	*out = up + down;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

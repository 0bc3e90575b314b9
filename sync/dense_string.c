/* dense_string: text and references, character by character. */

#include <assert.h>
#include <string.h>

#include "sync/dense_state.h"

enum {
	CHARS_BEFORE = 5,
	/* So far into a string its beginning foretells what follows; later
	 * only what stands close by does. */
	PREFIX_CHARS = 20,
	DIGITS_MIN = 3,
	DIGITS_MAX = 15,
	PATH_MODE = 0x30000,
	PATH_DELTA,
};

enum { MODE_PLAIN = 0, MODE_NUMBERED = 1 };

struct string {
	uint32_t path;
	uint32_t prefix;               /* of all characters so far */
	unsigned count;                /* characters so far */
	uint32_t before[CHARS_BEFORE]; /* the last one first */
};

/* --- characters -------------------------------------------------------- */

/* first: the byte before of the same character, plus one; 0: there is none. */
static unsigned
code_byte(struct dense *d, const struct string *s, enum model_kind kind,
    uint32_t first, unsigned byte)
{
	uint32_t order[CHARS_BEFORE + 1], whole;
	uint32_t context[MODEL_CONTEXTS];
	unsigned i;

	order[0] = first;
	for (i = 0; i < CHARS_BEFORE; i++)
		order[i + 1] = dense_hash(order[i], s->before[i]);
	whole = dense_hash(dense_hash(s->path, s->prefix), first);
	context[0] = dense_hash(s->path, first);
	context[1] = dense_hash(s->path, order[1]);
	context[2] = order[2];
	context[4] = order[3];
	if (s->count >= PREFIX_CHARS) {
		context[3] =
		    dense_hash(dense_hash(s->before[0], s->before[2]), first);
		context[5] =
		    dense_hash(dense_hash(s->before[1], s->before[2]), first);
		context[6] = order[5];
		context[7] = dense_hash(d->author, order[1]);
	} else {
		context[3] = whole;
		context[5] = dense_hash(whole, d->last);
		context[6] = dense_hash(whole, d->author);
		context[7] = dense_hash(whole, d->key ^ d->subject * 3);
	}
	return model_code(d->model, kind, context, 8, byte);
}

static void
pass(struct string *s, uint32_t point)
{
	memmove(
	    s->before + 1, s->before, (CHARS_BEFORE - 1) * sizeof s->before[0]);
	s->before[0] = point;
	s->prefix = dense_hash(s->prefix, point);
	s->count++;
}

static uint32_t
code_escaped(struct dense *d, uint32_t point)
{
	point = model_code_plain(d->model, 5, point >> 16) << 16 |
	        model_code_plain(d->model, 16, point & 0xffff);
	if (!alphabet_is_sound(point))
		d->fault = ERR_FORMAT;
	return point;
}

/* One character; 0 ends the string. */
static uint32_t
code_char(
    struct dense *d, struct string *s, enum model_kind kind, uint32_t point)
{
	const struct alphabet *a = &d->alphabet;
	unsigned rank = point < 0x10000 ? a->rank[point] : 0;
	unsigned first = rank < ALPHABET_SINGLE
	                     ? rank
	                     : ALPHABET_SINGLE + (rank - ALPHABET_SINGLE) / 256;

	if (rank == 0 && point != 0)
		first = ALPHABET_ESCAPE;
	first = code_byte(d, s, kind, 0, first);
	if (first == ALPHABET_ESCAPE) {
		point = code_escaped(d, point);
	} else if (first >= ALPHABET_SINGLE) {
		unsigned second = (rank - ALPHABET_SINGLE) & 255;

		second = code_byte(d, s, MODEL_TEXT_2, first + 1, second);
		rank =
		    ALPHABET_SINGLE + (first - ALPHABET_SINGLE) * 256 + second;
		if (rank >= a->count)
			d->fault = ERR_FORMAT;
		else
			point = a->point[rank];
	} else {
		point = first == 0 ? 0 : a->point[first];
	}
	pass(s, point);
	return point;
}

/* --- numbered references ----------------------------------------------- */

/* The last run of enough digits in it. */
static bool
find_digits(const struct bytes *text, size_t *begin, size_t *end)
{
	size_t i = text->size;

	while (i > 0) {
		while (i > 0 &&
		       (text->data[i - 1] < '0' || text->data[i - 1] > '9'))
			i--;
		*end = i;
		while (i > 0 && text->data[i - 1] >= '0' &&
		       text->data[i - 1] <= '9')
			i--;
		*begin = i;
		if (*end - i >= DIGITS_MIN && *end - i <= DIGITS_MAX)
			return true;
	}
	return false;
}

static uint64_t
read_digits(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value * 10 + (uint64_t)(*at++ - '0');
	return value;
}

static void
write_digits(uint8_t *at, size_t size, uint64_t value)
{
	for (; size-- > 0; value /= 10)
		at[size] = (uint8_t)('0' + value % 10);
}

static struct numbered *
find_numbered(struct dense *d, uint32_t path, uint32_t *key)
{
	*key = dense_hash(path, d->org);
	return &d->numbered[*key % DENSE_NUMBERED];
}

/* Where its beginning and the place of its digits are those of the reference
 * before, by how much they are further. *done: bytes of it that are in room
 * then, 0: it is written plainly. False: a fault. */
static bool
code_numbered(struct dense *d, struct string *s, const struct bytes *text,
    struct buffer *room, size_t *done)
{
	uint32_t key;
	const struct numbered *n = find_numbered(d, s->path, &key);
	struct bytes old = {(const uint8_t *)n->text, strlen(n->text)};
	size_t begin, end, first, last, i;
	uint64_t value, before;
	unsigned mode = MODE_PLAIN;

	*done = 0;
	if (n->key != key || !find_digits(&old, &begin, &end))
		return true;
	if (!dense_is_decoding(d) && text->size < DENSE_NUMBERED_MAX &&
	    find_digits(text, &first, &last) && first == begin && last == end &&
	    memcmp(text->data, old.data, begin) == 0)
		mode = MODE_NUMBERED;
	mode = dense_symbol(
	    d, MODEL_MODE, dense_hash(s->path, PATH_MODE), 0, 1, mode);
	if (mode == MODE_PLAIN)
		return true;
	before = read_digits(old.data + begin, end - begin);
	value = dense_is_decoding(d)
	            ? before
	            : read_digits(text->data + begin, end - begin);
	value =
	    before + (uint64_t)dense_signed(d, dense_hash(s->path, PATH_DELTA),
	                 0, (int64_t)(value - before));
	put_bytes(room, old.data, end);
	if (room->failed)
		return false;
	write_digits(room->data + begin, end - begin, value);
	for (i = 0; i < end; i++)
		pass(s, room->data[i]);
	s->prefix = 0; /* what follows does not depend on the number */
	*done = end;
	return true;
}

static void
note_numbered(struct dense *d, uint32_t path, const struct buffer *text)
{
	uint32_t key;
	struct numbered *n = find_numbered(d, path, &key);

	if (text->size >= DENSE_NUMBERED_MAX)
		return;
	n->key = key;
	memcpy(n->text, text->data == NULL ? (const uint8_t *)"" : text->data,
	    text->size);
	n->text[text->size] = '\0';
}

/* --- strings ----------------------------------------------------------- */

static void
note_string(struct dense *d, uint32_t path, const struct buffer *text)
{
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < text->size; i++)
		hash = dense_hash(hash, text->data[i]);
	d->before[path % DENSE_BEFORE] = hash;
	d->last2 = d->last;
	d->last = hash;
}

static bool
code_chars(struct dense *d, struct string *s, enum model_kind kind,
    const struct bytes *text, size_t at, struct buffer *room)
{
	uint32_t point;

	for (;;) {
		point = 0;
		if (!dense_is_decoding(d) && at < text->size) {
			bool is_valid = alphabet_next(text, &at, &point);

			assert(is_valid); /* as any regular body's text */
			(void)is_valid;
		}
		point = code_char(d, s, kind, point);
		if (d->fault != ERR_OK)
			return false;
		if (point == 0)
			return true;
		alphabet_put(room, point);
		if (room->failed || room->size > CHANGE_BYTES_MAX ||
		    (dense_is_decoding(d) && room->size > d->max))
			return false;
	}
}

bool
dense_string(struct dense *d, uint32_t path, enum model_kind kind,
    const struct bytes *text, struct buffer *room)
{
	struct string s = {.path = path};
	size_t done = 0;

	buffer_clear(room);
	if ((kind == MODEL_ID && !code_numbered(d, &s, text, room, &done)) ||
	    !code_chars(d, &s, kind, text, done, room)) {
		if (room->failed)
			d->fault = ERR_NOMEM;
		return false;
	}
	if (kind == MODEL_ID)
		note_numbered(d, path, room);
	note_string(d, path, room);
	return true;
}

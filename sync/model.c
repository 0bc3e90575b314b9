/* model: guesses each next bit and codes it by that guess. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/model_state.h"

/* --- numbers ----------------------------------------------------------- */

uint32_t
model_hash(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9e3779b1u ^ (b + 0x7f4a7c15u) * 0x85ebca6bu;

	h ^= h >> 16;
	h *= 0x2c1b3c6du;
	return h ^ h >> 14;
}

static void
make_tables(struct model *m)
{
	unsigned i, bit;
	int x;

	for (x = -STRETCH_MAX; x <= STRETCH_MAX; x++)
		m->squash[x + STRETCH_MAX] = (uint16_t)model_squash(x);
	x = -STRETCH_MAX;
	/* The inverse of model_squash(). */
	for (i = 0; i < 4096; i++) {
		while (x < STRETCH_MAX && model_squash(x) < i * 16 + 8)
			x++;
		m->stretch[i] = (int16_t)x;
	}
	for (i = 0; i <= STEPS_MAX; i++)
		m->reciprocal[i] = (uint16_t)(65536 / (i + 2));
	for (i = 0; i < 256; i++) {
		for (bit = 0; bit < 2; bit++) {
			unsigned n[2] = {i >> 4, i & 15};
			unsigned *same = &n[bit], *other = &n[1 - bit];

			if (*same < COUNT_MAX)
				++*same;
			/* What was long so counts little once it changes. */
			if (*other > 9)
				*other = 5;
			else if (*other > 5)
				*other = 4;
			else if (*other > 3)
				*other = 3;
			else if (*other == 3)
				*other = 2;
			m->history_next[bit][i] = (uint8_t)(n[0] << 4 | n[1]);
		}
	}
}

static settling
settling_from(unsigned p)
{
	return (settling)p << 16 | FIRST_STEPS;
}

static void
make_probabilities(struct model *m)
{
	unsigned k, i, s;

	for (k = 0; k < MODEL_KINDS; k++) {
		for (i = 0; i < MODEL_HISTORIES; i++)
			for (s = 0; s < 256; s++) {
				unsigned zeros = s >> 4, ones = s & 15;

				m->by_history[k][i][s] =
				    settling_from((ones * 2 + 1) * 65535 /
				                  ((zeros + ones) * 2 + 2));
			}
		for (i = 0; i < MODEL_RUNS; i++)
			for (s = 0; s < RUN_BUCKETS; s++)
				m->by_run[k][i][s][0] = m->by_run[k][i][s][1] =
				    settling_from(65535 - 65535 / (2 * s + 3));
		for (i = 0; i < 256; i++)
			for (s = 0; s < REFINED; s++)
				m->refined[k][i][s] =
				    (uint16_t)model_squash(((int)s - 16) * 128);
	}
	for (i = 0; i <= MATCH_MAX; i++)
		m->by_match[i] = settling_from(65535 - 65535 / (i + 2));
}

static void
make_weights(struct model *m)
{
	unsigned k, i, s;

	for (i = 0; i < BIAS; i++) {
		for (k = 0; k < MODEL_KINDS; k++)
			for (s = 0; s < CONFIDENCES; s++)
				m->weights[k][s][i] = WEIGHT_FIRST;
		for (k = 0; k < 4; k++)
			for (s = 0; s < 256; s++)
				m->weights_here[k][s][i] = WEIGHT_FIRST;
	}
}

enum err
model_new(struct model **out)
{
	struct model *m = calloc(1, sizeof *m);

	if (m == NULL)
		return ERR_NOMEM;
	make_tables(m);
	make_probabilities(m);
	make_weights(m);
	*out = m;
	return ERR_OK;
}

enum err
model_copy(struct model **out, const struct model *from)
{
	struct model *m = malloc(sizeof *m);

	if (m == NULL)
		return ERR_NOMEM;
	memcpy(m, from, sizeof *m);
	model_learn(m);
	*out = m;
	return ERR_OK;
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	sodium_memzero(m, sizeof *m);
	free(m);
}

/* --- the coder --------------------------------------------------------- */

void
model_learn(struct model *m)
{
	m->mode = LEARNING;
	m->out = NULL;
	m->in = NULL;
}

void
model_encode(struct model *m, struct buffer *out)
{
	m->mode = ENCODING;
	m->out = out;
	m->low = 0;
	m->high = UINT32_MAX;
}

/* The fewest bytes that lead into the interval whatever follows them; the
 * decoder reads zeros behind the end. */
void
model_finish(struct model *m)
{
	unsigned bytes = 1;
	uint32_t value = m->low;

	if (m->mode != ENCODING)
		return;
	for (; bytes < 4; bytes++) {
		uint32_t below = UINT32_MAX >> (8 * bytes);

		if (m->low > UINT32_MAX - below)
			continue;
		value = (m->low + below) & ~below;
		if (value <= m->high)
			break;
	}
	if (bytes == 4)
		value = m->low;
	while (bytes-- > 0) {
		put_u8(m->out, (uint8_t)(value >> 24));
		value <<= 8;
	}
	model_learn(m);
}

void
model_decode(struct model *m, const void *data, size_t size)
{
	int i;

	m->mode = DECODING;
	m->in = data;
	m->in_size = size;
	m->in_at = 0;
	m->low = 0;
	m->high = UINT32_MAX;
	m->code = 0;
	for (i = 0; i < 4; i++)
		m->code = m->code << 8 | model_next_byte(m);
}

enum err
model_decoded(const struct model *m)
{
	/* Four bytes are read ahead; of these one to four were written. */
	return m->in_at >= m->in_size && m->in_at <= m->in_size + 3
	           ? ERR_OK
	           : ERR_FORMAT;
}

bool
model_is_decoding(const struct model *m)
{
	return m->mode == DECODING;
}

unsigned
model_code_plain(struct model *m, unsigned bits, unsigned value)
{
	unsigned got = 0;

	while (bits-- > 0)
		got = got << 1 | model_code_bit(m, value >> bits & 1, 32768);
	return got;
}

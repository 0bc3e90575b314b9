/* model_guess: how the contexts of a symbol make the probability of its next
 * bit, and what they learn of the bit. */

#include <string.h>

#include "sync/model_state.h"

/* --- numbers ----------------------------------------------------------- */

/* Where a context's row or run lies: high bits; and its check: low bits. */
static uint32_t
spread(uint32_t x)
{
	x *= 0x9e3779b1u;
	x ^= x >> 15;
	x *= 0x2c1b3c6du;
	return x ^ x >> 13;
}

unsigned
model_squash(int x)
{
	static const uint16_t point[REFINED] = {22, 36, 60, 98, 162, 267, 439,
	    720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768,
	    40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816,
	    65097, 65269, 65374, 65438, 65476, 65500, 65514};
	unsigned at, rest;

	if (x > STRETCH_MAX)
		x = STRETCH_MAX;
	if (x < -STRETCH_MAX)
		x = -STRETCH_MAX;
	at = (unsigned)(x + STRETCH_MAX + 1) >> 7;
	rest = (unsigned)(x + STRETCH_MAX + 1) & 127;
	return (point[at] * (128 - rest) + point[at + 1] * rest) >> 7;
}

/* --- memory ------------------------------------------------------------ */

static unsigned
seen(const uint8_t *row)
{
	return (unsigned)(row[1] >> 4) + (row[1] & 15u);
}

/* A context's row, in one of two places; the less used one makes room. */
static uint8_t *
find_row(struct model *m, uint32_t hash)
{
	uint32_t at = hash >> (32 - ROW_BITS);
	uint8_t check = (uint8_t)(hash | 1);
	uint8_t *a = m->rows[at], *b = m->rows[at ^ 1];

	if (a[0] == check)
		return a;
	if (b[0] == check)
		return b;
	if (seen(b) < seen(a))
		a = b;
	memset(a, 0, ROW_BYTES);
	a[0] = check;
	return a;
}

static struct run *
find_run(struct model *m, uint32_t hash)
{
	uint32_t at = hash >> (32 - RUN_BITS);
	uint16_t check = (uint16_t)(hash | 1);
	struct run *a = &m->runs[at], *b = &m->runs[at ^ 1];

	if (a->check == check)
		return a;
	if (b->check == check)
		return b;
	if (b->count < a->count) {
		struct run *less = b;

		b = a;
		a = less;
	}
	if (b->count > RUN_KEPT)
		b->count--;
	*a = (struct run){.check = check};
	return a;
}

static unsigned
bucket(unsigned count)
{
	if (count < 12)
		return count;
	if (count < 16)
		return 12;
	if (count < 24)
		return 13;
	return count < 48 ? 14 : 15;
}

static void
move(const struct model *m, settling *p, bool was_one)
{
	unsigned steps = *p & 1023;
	int32_t value = (int32_t)(*p >> 10);
	int32_t aim = was_one ? (1 << 22) - 1 : 0;

	value += (int32_t)((int64_t)(aim - value) * m->reciprocal[steps] >> 16);
	if (steps < STEPS_MAX)
		steps++;
	*p = (settling)value << 10 | steps;
}

/* --- one bit ----------------------------------------------------------- */

static unsigned
confidence_of(const struct model *m, const struct step *s)
{
	if (s->kind > MODEL_ID)
		return s->guesses > 3 ? 2 : s->guesses > 1 ? 1 : 0;
	if (m->match_size == 0)
		return 0;
	return m->match_size < 8 ? 1 : m->match_size < 20 ? 2 : 3;
}

static void
add_guess(struct step *s, unsigned input, unsigned symbol, unsigned bits,
    settling *high, settling *low)
{
	s->guess[s->guesses].input = input;
	s->guess[s->guesses].symbol = 1u << bits | symbol;
	s->guess[s->guesses].belief[0] = high;
	s->guess[s->guesses].belief[1] = low;
	s->guesses++;
}

/* Where the rows of the next half of a symbol lie. What is fetched long before
 * it is looked at costs no wait. */
static void
expect_rows(
    struct model *m, struct step *s, const uint32_t context[MODEL_CONTEXTS])
{
	uint32_t more = s->is_low ? s->partial * 0x85ebca6bu : 0;
	unsigned i;

	for (i = 0; i < MODEL_HISTORIES; i++) {
		s->row_hash[i] = spread(context[i] + i + more);
		__builtin_prefetch(m->rows[s->row_hash[i] >> (32 - ROW_BITS)]);
	}
}

static void
find_rows(struct model *m, struct step *s)
{
	unsigned i;

	for (i = 0; i < MODEL_HISTORIES; i++)
		s->row[i] = find_row(m, s->row_hash[i]);
}

static void
begin(struct model *m, struct step *s, const uint32_t context[MODEL_CONTEXTS],
    unsigned bits)
{
	uint32_t hash[MODEL_RUNS];
	unsigned i;

	s->partial = 1;
	s->left = bits;
	s->is_low = false;
	s->guesses = 0;
	for (i = 0; i < MODEL_RUNS; i++) {
		hash[i] =
		    spread(context[MODEL_HISTORIES + i] + MODEL_HISTORIES + i);
		__builtin_prefetch(&m->runs[hash[i] >> (32 - RUN_BITS)]);
	}
	expect_rows(m, s, context);
	for (i = 0; i < MODEL_RUNS; i++) {
		settling *belief;

		s->run[i] = find_run(m, hash[i]);
		belief = m->by_run[s->kind][i][bucket(s->run[i]->count)];
		/* A smaller symbol's context may have met this one's. */
		if (s->run[i]->count > 0 && s->run[i]->symbol >> bits == 0)
			add_guess(s, MODEL_HISTORIES + i, s->run[i]->symbol,
			    bits, &belief[0], &belief[1]);
	}
	s->confidence = confidence_of(m, s);
	if (s->kind <= MODEL_ID && m->match_size > 0) {
		settling *belief = &m->by_match[m->match_size];

		add_guess(s, MATCH,
		    m->text[m->match_at & ((1 << HISTORY_BITS) - 1)], bits,
		    belief, belief);
	}
	find_rows(m, s);
}

static void
add_voice(const struct model *m, struct step *s, unsigned input,
    settling *belief, bool says_one)
{
	struct voice *v = &s->voice[s->voices++];
	int32_t value = m->stretch[*belief >> 20];

	v->belief = belief;
	v->says_one = says_one;
	s->value[input] = says_one ? value : -value;
}

/* What all offer for the next bit. */
static void
gather(struct model *m, struct step *s, unsigned node)
{
	unsigned i;

	s->voices = 0;
	memset(s->value, 0, sizeof s->value);
	s->value[BIAS] = BIAS_INPUT;
	for (i = 0; i < MODEL_HISTORIES; i++) {
		s->node[i] = &s->row[i][node];
		if (*s->node[i] != 0)
			add_voice(m, s, i,
			    &m->by_history[s->kind][i][*s->node[i]], true);
	}
	for (i = 0; i < s->guesses; i++)
		add_voice(m, s, s->guess[i].input,
		    s->guess[i].belief[s->is_low],
		    (s->guess[i].symbol >> (s->left - 1) & 1) != 0);
}

static int
within(int sum)
{
	return sum > STRETCH_MAX    ? STRETCH_MAX
	       : sum < -STRETCH_MAX ? -STRETCH_MAX
	                            : sum;
}

/* The probability that the next bit is a one, of 65,536. */
static unsigned
mix(struct model *m, struct step *s)
{
	unsigned at = s->partial & 255, p, refined, i;
	int sum = 0, sum_here = 0;

	s->weights = m->weights[s->kind][s->confidence];
	s->weights_here =
	    m->weights_here[s->kind < MODEL_FIELD ? s->kind : 3][at];
	for (i = 0; i < LANES; i++) {
		sum += s->value[i] * s->weights[i] >> 8;
		sum_here += s->value[i] * s->weights_here[i] >> 8;
	}
	s->s = within(sum >> 8);
	s->s_here = within(sum_here >> 8);
	sum = (s->s + s->s_here) >> 1;
	s->curve_at = (unsigned)(sum + STRETCH_MAX + 1) >> 7;
	s->curve_rest = (unsigned)(sum + STRETCH_MAX + 1) & 127;
	s->curve = &m->refined[s->kind][at][s->curve_at];
	refined = (s->curve[0] * (128 - s->curve_rest) +
	              s->curve[1] * s->curve_rest) >>
	          7;
	p = (m->squash[within(sum) + STRETCH_MAX] + refined) >> 1;
	return p < P_MIN ? P_MIN : p > 65536 - P_MIN ? 65536 - P_MIN : p;
}

/* An input that said nothing keeps its weight. */
static void
adjust(int32_t weights[LANES], const int32_t value[LANES], int32_t error)
{
	unsigned i;

	for (i = 0; i < LANES; i++) {
		int32_t w = weights[i] +
		            ((value[i] * error + (1 << (LEARN_SHIFT - 1))) >>
		                LEARN_SHIFT);

		w = w > WEIGHT_MAX ? WEIGHT_MAX : w;
		weights[i] = w < -WEIGHT_MAX ? -WEIGHT_MAX : w;
	}
}

static void
learn(struct model *m, struct step *s, unsigned bit)
{
	int32_t aim = (int32_t)(bit << 16);
	int32_t error = aim - (int32_t)m->squash[s->s + STRETCH_MAX];
	int32_t error_here = aim - (int32_t)m->squash[s->s_here + STRETCH_MAX];
	uint16_t *curve = &s->curve[s->curve_rest >= 64];
	unsigned i, kept = 0;

	*curve = (uint16_t)(*curve + (((bit == 1 ? 65535 : 0) - *curve) >> 6));
	adjust(s->weights, s->value, error);
	adjust(s->weights_here, s->value, error_here);
	for (i = 0; i < s->voices; i++)
		move(m, s->voice[i].belief, s->voice[i].says_one == (bit == 1));
	for (i = 0; i < MODEL_HISTORIES; i++)
		*s->node[i] = m->history_next[bit][*s->node[i]];
	for (i = 0; i < s->guesses; i++)
		if ((s->guess[i].symbol >> (s->left - 1) & 1) == bit)
			s->guess[kept++] = s->guess[i];
	s->guesses = kept;
}

static unsigned
guess(struct model *m, struct step *s, unsigned node)
{
	gather(m, s, node);
	return mix(m, s);
}

/* --- after a symbol ---------------------------------------------------- */

static void
note_runs(struct step *s, uint8_t symbol)
{
	unsigned i;

	for (i = 0; i < MODEL_RUNS; i++) {
		struct run *r = s->run[i];

		if (r->count > 0 && r->symbol == symbol) {
			if (r->count < RUN_MAX)
				r->count++;
		} else if (r->count > 2) {
			r->count = r->count >= 8 ? r->count / 4 : 1;
		} else {
			r->symbol = symbol;
			r->count = 1;
		}
	}
}

static uint8_t
text_back(const struct model *m, uint32_t end, uint32_t back)
{
	return m->text[(end - back) & ((1 << HISTORY_BITS) - 1)];
}

/* Where the last symbols stood before, and how far back both agree. */
static void
find_match(struct model *m, uint32_t place)
{
	unsigned size = 0;

	m->match_at = place;
	if (place == 0)
		return;
	while (size < MATCH_MAX && size < m->text_end &&
	       text_back(m, place, size + 1) ==
	           text_back(m, m->text_end, size + 1))
		size++;
	m->match_size = size < MATCH_MIN ? 0 : size;
}

static void
note_text(struct model *m, uint8_t symbol)
{
	uint32_t hash = 0, i;

	if (m->match_size > 0 && text_back(m, m->match_at, 0) == symbol) {
		if (m->match_size < MATCH_MAX)
			m->match_size++;
		m->match_at++;
	} else {
		m->match_size = 0;
	}
	m->text[m->text_end & ((1 << HISTORY_BITS) - 1)] = symbol;
	m->text_end++;
	for (i = 1; i <= MATCH_HASHED; i++) {
		hash = (hash + text_back(m, m->text_end, i) + 1) * 0x2c1b3c6du;
		hash ^= hash >> 15;
	}
	hash >>= 32 - HISTORY_BITS;
	if (m->match_size == 0)
		find_match(m, m->places[hash]);
	m->places[hash] = m->text_end;
}

unsigned
model_code(struct model *m, enum model_kind kind,
    const uint32_t context[MODEL_CONTEXTS], unsigned bits, unsigned symbol)
{
	struct step s;
	unsigned done;

	s.kind = kind;
	begin(m, &s, context, bits);
	for (done = 0; done < bits; done++, s.left--) {
		unsigned node, bit;

		node = done < 4 ? s.partial
		                : 1u << (done - 4) |
		                      (s.partial & ((1u << (done - 4)) - 1));
		bit = model_code_bit(
		    m, symbol >> (s.left - 1) & 1, guess(m, &s, node));
		s.partial = s.partial << 1 | bit;
		s.is_low = done >= 3;
		if (done == 3 && bits > 4)
			expect_rows(m, &s, context);
		learn(m, &s, bit);
		if (done == 3 && bits > 4)
			find_rows(m, &s);
	}
	symbol = s.partial & ((1u << bits) - 1);
	note_runs(&s, (uint8_t)symbol);
	if (kind <= MODEL_ID)
		note_text(m, (uint8_t)symbol);
	return symbol;
}

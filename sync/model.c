/* model: guesses each next bit and codes it by that guess. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/model.h"

enum {
	ROW_BITS = 17,     /* rows of histories: 2 MiB */
	RUN_BITS = 19,     /* runs: 2 MiB */
	HISTORY_BITS = 16, /* bytes of text a match may lie in */
	ROW_BYTES = 16,    /* a check, then the nodes 1 to 15 of four bits */

	MATCH = MODEL_CONTEXTS, /* inputs of the mixer after the contexts */
	BIAS,
	INPUTS,

	STRETCH_MAX = 2047, /* 8 in the natural logarithm of odds */
	BIAS_INPUT = 256,
	WEIGHT_ONE = 65536,
	WEIGHT_FIRST = WEIGHT_ONE / 4,
	WEIGHT_MAX = 8 * WEIGHT_ONE - 1,
	LEARN_SHIFT = 16,
	P_MIN = 24, /* of 65,536: no bit costs more than 11.4 */

	CONFIDENCES = 4, /* weights by how sure the match or the runs are */
	COUNT_MAX = 15,  /* of bits in a history */
	RUN_MAX = 255,
	RUN_KEPT = 4, /* above it a run that is passed over grows older */
	RUN_BUCKETS = 16,
	STEPS_MAX = 255, /* of a probability that settles */
	FIRST_STEPS = 4,
	MATCH_MIN = 4, /* symbols that must agree */
	MATCH_HASHED = 5,
	MATCH_MAX = 32,
	REFINED = 33, /* points of a refinement's curve */
};

/* A probability of a one in the high 22 bits, and in the low ten how often it
 * was right to move it: it moves less each time. */
typedef uint32_t settling;

struct run {
	uint16_t check; /* 0: empty */
	uint8_t symbol;
	uint8_t count; /* times in a row; 0: nothing seen yet */
};

enum mode { LEARNING, ENCODING, DECODING };

struct model {
	enum mode mode;
	/* The coder's interval, and the bytes it writes or reads. */
	uint32_t low, high, code;
	struct buffer *out;
	const uint8_t *in;
	size_t in_size, in_at;

	/* What was learned. */
	settling by_history[MODEL_KINDS][MODEL_HISTORIES][256];
	settling by_run[MODEL_KINDS][MODEL_RUNS][RUN_BUCKETS][2];
	settling by_match[MATCH_MAX + 1];
	int32_t weights[MODEL_KINDS][CONFIDENCES][INPUTS];
	int32_t weights_here[4][256][INPUTS];
	uint16_t refined[MODEL_KINDS][256][REFINED];
	uint8_t rows[1 << ROW_BITS][ROW_BYTES];
	struct run runs[1 << RUN_BITS];

	/* The text, and where what looked like its end stood last. */
	uint8_t text[1 << HISTORY_BITS];
	uint32_t text_end;
	uint32_t places[1 << HISTORY_BITS];
	uint32_t match_at;
	unsigned match_size;

	/* The same for all models. */
	int16_t stretch[4096];
	uint16_t reciprocal[STEPS_MAX + 1];
	uint8_t history_next[2][256];
};

/* What takes part in guessing one bit: those with nothing to say are left
 * out, which spares half of the work. */
struct voice {
	unsigned input;   /* which weight is its own */
	int32_t value;    /* what it says: the logarithm of odds, times 256 */
	settling *belief; /* where that comes from; NULL: the bias */
	bool says_one;    /* the bit whose odds the belief holds */
};

/* One symbol under way. */
struct step {
	enum model_kind kind;
	unsigned partial; /* a one, then the bits known so far */
	unsigned left;    /* bits still to come, this one included */
	bool is_low;      /* in the second half of a byte */
	uint8_t *row[MODEL_HISTORIES];
	uint8_t *node[MODEL_HISTORIES];
	struct run *run[MODEL_RUNS];
	/* Runs, and the match, whose symbol agrees with the bits so far. */
	unsigned guesses;
	struct {
		unsigned input;
		unsigned symbol; /* behind a one */
		settling *belief[2];
	} guess[MODEL_RUNS + 1];
	unsigned confidence;
	unsigned voices;
	struct voice voice[INPUTS];
	int32_t *weights, *weights_here;
	int s, s_here; /* what the two mixers say */
	uint16_t *curve;
	unsigned curve_at, curve_rest;
};

/* --- numbers ----------------------------------------------------------- */

uint32_t
model_hash(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9e3779b1u ^ (b + 0x7f4a7c15u) * 0x85ebca6bu;

	h ^= h >> 16;
	h *= 0x2c1b3c6du;
	return h ^ h >> 14;
}

/* Where a context's row or run lies: high bits; and its check: low bits. */
static uint32_t
spread(uint32_t x)
{
	x *= 0x9e3779b1u;
	x ^= x >> 15;
	x *= 0x2c1b3c6du;
	return x ^ x >> 13;
}

/* 65,536 / (1 + e^(-x/256)), from a line through each 128th value. */
static unsigned
squash(int x)
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

static void
make_tables(struct model *m)
{
	int x = -STRETCH_MAX;
	unsigned i, bit;

	/* The inverse of squash(). */
	for (i = 0; i < 4096; i++) {
		while (x < STRETCH_MAX && squash(x) < i * 16 + 8)
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
				    (uint16_t)squash(((int)s - 16) * 128);
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

static uint8_t
next_byte(struct model *m)
{
	size_t at = m->in_at++;

	return at < m->in_size ? m->in[at] : 0;
}

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
		m->code = m->code << 8 | next_byte(m);
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

/* p: that it is a one, of 65,536; 1 to 65,535. */
static unsigned
code_bit(struct model *m, unsigned bit, unsigned p)
{
	uint32_t middle;

	if (m->mode == LEARNING)
		return bit;
	middle = m->low + (uint32_t)(((uint64_t)(m->high - m->low) * p) >> 16);
	if (m->mode == DECODING)
		bit = m->code <= middle;
	if (bit == 1)
		m->high = middle;
	else
		m->low = middle + 1;
	while (((m->low ^ m->high) >> 24) == 0) {
		if (m->mode == DECODING)
			m->code = m->code << 8 | next_byte(m);
		else
			put_u8(m->out, (uint8_t)(m->high >> 24));
		m->low <<= 8;
		m->high = m->high << 8 | 255;
	}
	return bit;
}

unsigned
model_code_plain(struct model *m, unsigned bits, unsigned value)
{
	unsigned got = 0;

	while (bits-- > 0)
		got = got << 1 | code_bit(m, value >> bits & 1, 32768);
	return got;
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
		return s->guesses > 6   ? 3
		       : s->guesses > 3 ? 2
		       : s->guesses > 1 ? 1
		                        : 0;
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

static void
begin(struct model *m, struct step *s, const uint32_t context[MODEL_CONTEXTS],
    unsigned bits)
{
	uint32_t hash[MODEL_RUNS];
	unsigned i;

	s->guesses = 0;
	for (i = 0; i < MODEL_RUNS; i++) {
		hash[i] =
		    spread(context[MODEL_HISTORIES + i] + MODEL_HISTORIES + i);
		__builtin_prefetch(&m->runs[hash[i] >> (32 - RUN_BITS)]);
	}
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
	s->partial = 1;
	s->left = bits;
}

static void
find_rows(
    struct model *m, struct step *s, const uint32_t context[MODEL_CONTEXTS])
{
	uint32_t more = s->is_low ? s->partial * 0x85ebca6bu : 0;
	uint32_t hash[MODEL_HISTORIES];
	unsigned i;

	for (i = 0; i < MODEL_HISTORIES; i++) {
		hash[i] = spread(context[i] + i + more);
		__builtin_prefetch(m->rows[hash[i] >> (32 - ROW_BITS)]);
	}
	for (i = 0; i < MODEL_HISTORIES; i++)
		s->row[i] = find_row(m, hash[i]);
}

static void
add_voice(const struct model *m, struct step *s, unsigned input,
    settling *belief, bool says_one)
{
	struct voice *v = &s->voice[s->voices++];
	int32_t value = m->stretch[*belief >> 20];

	v->input = input;
	v->belief = belief;
	v->says_one = says_one;
	v->value = says_one ? value : -value;
}

/* What all offer for the next bit. */
static void
gather(struct model *m, struct step *s, unsigned node)
{
	unsigned i;

	s->voices = 0;
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
	s->voice[s->voices++] = (struct voice){BIAS, BIAS_INPUT, NULL, true};
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
	for (i = 0; i < s->voices; i++) {
		const struct voice *v = &s->voice[i];

		sum += v->value * s->weights[v->input] >> 8;
		sum_here += v->value * s->weights_here[v->input] >> 8;
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
	p = (squash(sum) + refined) >> 1;
	return p < P_MIN ? P_MIN : p > 65536 - P_MIN ? 65536 - P_MIN : p;
}

static void
adjust(int32_t *weight, int32_t value, int32_t error)
{
	int32_t w = *weight +
	            ((value * error + (1 << (LEARN_SHIFT - 1))) >> LEARN_SHIFT);

	*weight = w > WEIGHT_MAX    ? WEIGHT_MAX
	          : w < -WEIGHT_MAX ? -WEIGHT_MAX
	                            : w;
}

static void
learn(struct model *m, struct step *s, unsigned bit)
{
	int32_t aim = (int32_t)(bit << 16);
	int32_t error = aim - (int32_t)squash(s->s);
	int32_t error_here = aim - (int32_t)squash(s->s_here);
	uint16_t *curve = &s->curve[s->curve_rest >= 64];
	unsigned i, kept = 0;

	*curve = (uint16_t)(*curve + (((bit == 1 ? 65535 : 0) - *curve) >> 6));
	for (i = 0; i < s->voices; i++) {
		struct voice *v = &s->voice[i];

		adjust(&s->weights[v->input], v->value, error);
		adjust(&s->weights_here[v->input], v->value, error_here);
		if (v->belief != NULL)
			move(m, v->belief, v->says_one == (bit == 1));
	}
	for (i = 0; i < MODEL_HISTORIES; i++)
		*s->node[i] = m->history_next[bit][*s->node[i]];
	for (i = 0; i < s->guesses; i++)
		if ((s->guess[i].symbol >> (s->left - 1) & 1) == bit)
			s->guess[kept++] = s->guess[i];
	s->guesses = kept;
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

		s.is_low = done >= 4;
		if (done == 0 || done == 4)
			find_rows(m, &s, context);
		node = done < 4 ? s.partial
		                : 1u << (done - 4) |
		                      (s.partial & ((1u << (done - 4)) - 1));
		gather(m, &s, node);
		bit = code_bit(m, symbol >> (s.left - 1) & 1, mix(m, &s));
		learn(m, &s, bit);
		s.partial = s.partial << 1 | bit;
	}
	symbol = s.partial & ((1u << bits) - 1);
	note_runs(&s, (uint8_t)symbol);
	if (kind <= MODEL_ID)
		note_text(m, (uint8_t)symbol);
	return symbol;
}

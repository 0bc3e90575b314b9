/* model_state: what the model*.c files share; private to them. */

#ifndef YIZHAN_SYNC_MODEL_STATE_H
#define YIZHAN_SYNC_MODEL_STATE_H

#include "sync/model.h"

enum {
	ROW_BITS = 17,     /* rows of histories: 2 MiB */
	RUN_BITS = 19,     /* runs: 2 MiB */
	HISTORY_BITS = 16, /* bytes of text a match may lie in */
	ROW_BYTES = 16,    /* a check, then the nodes 1 to 15 of four bits */

	MATCH = MODEL_CONTEXTS, /* inputs of the mixer after the contexts */
	BIAS,
	INPUTS,
	LANES = 12, /* INPUTS, in whole vectors of four */

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
	int32_t weights[MODEL_KINDS][CONFIDENCES][LANES];
	int32_t weights_here[4][256][LANES];
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
	uint16_t squash[2 * STRETCH_MAX + 1]; /* from -STRETCH_MAX on */
	uint16_t reciprocal[STEPS_MAX + 1];
	uint8_t history_next[2][256];
};

/* Where what an input says comes from, so that it can learn. */
struct voice {
	settling *belief;
	bool says_one; /* the bit whose odds the belief holds */
};

/* One symbol under way. */
struct step {
	enum model_kind kind;
	unsigned partial; /* a one, then the bits known so far */
	unsigned left;    /* bits still to come, this one included */
	bool is_low;      /* in the second half of a byte */
	uint32_t row_hash[MODEL_HISTORIES];
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
	/* What each input says of the next bit, the logarithm of odds times
	 * 256; 0: nothing. */
	int32_t value[LANES];
	unsigned voices;
	struct voice voice[INPUTS];
	int32_t *weights, *weights_here;
	int s, s_here; /* what the two mixers say */
	uint16_t *curve;
	unsigned curve_at, curve_rest;
};

/** 65,536 / (1 + e^(-x/256)), from a line through each 128th value. */
unsigned model_squash(int x);
/* The coder's two innermost functions, here so that each bit's work is one
 * piece of code. */

static inline uint8_t
model_next_byte(struct model *m)
{
	size_t at = m->in_at++;

	return at < m->in_size ? m->in[at] : 0;
}

/* p: that it is a one, of 65,536; 1 to 65,535. */
static inline unsigned
model_code_bit(struct model *m, unsigned bit, unsigned p)
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
			m->code = m->code << 8 | model_next_byte(m);
		else
			put_u8(m->out, (uint8_t)(m->high >> 24));
		m->low <<= 8;
		m->high = m->high << 8 | 255;
	}
	return bit;
}

#endif

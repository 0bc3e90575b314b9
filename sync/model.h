/* model: guesses each next bit from what came before, and codes it by that
 * guess (docs/protocol.md, "Dense coding").
 *
 * A symbol of up to eight bits is coded bit by bit. Eight contexts, numbers
 * that its caller makes of what both ends know, each offer a probability:
 * three by counts of bits seen in them (histories), five by the last symbol
 * that followed them (runs). A match, the longest earlier text that ends like
 * the present one, offers one more. A mixer weighs them and learns; an
 * arithmetic coder turns the result into bytes.
 *
 * Both ends run the same integers over the same symbols, so their models stay
 * equal. One model is one direction of one class. The ideas are those of PAQ
 * (M. Mahoney, "Adaptive Weighing of Context Models for Lossless Data
 * Compression", 2005); the coder is the carryless range coder of the same.
 */

#ifndef YIZHAN_SYNC_MODEL_H
#define YIZHAN_SYNC_MODEL_H

#include "base/bytes.h"

enum {
	MODEL_HISTORIES = 3,
	MODEL_RUNS = 5,
	MODEL_CONTEXTS = MODEL_HISTORIES + MODEL_RUNS,
};

/* What is being coded: each kind has maps and weights of its own. */
enum model_kind {
	MODEL_TEXT,   /* first or only byte of a character of text */
	MODEL_TEXT_2, /* second byte of any character */
	MODEL_ID,     /* first or only byte of a character of a reference */
	MODEL_FIELD,  /* number of a field */
	MODEL_TAG,    /* type of a value */
	MODEL_SIZE,   /* how many bits a number has */
	MODEL_DIGITS, /* bits of a number */
	MODEL_MODE,   /* how a reference is written */
	MODEL_HEAD,   /* what stands before a change's fields */
	MODEL_KINDS,
};

struct model;

/** One that knows nothing. ERR_NOMEM. */
enum err model_new(struct model **out);
/** One that knows what `from` knows. ERR_NOMEM. */
enum err model_copy(struct model **out, const struct model *from);
/** Wipes what it learned. NULL is allowed. */
void model_free(struct model *m);

/** From here on symbols are only learned. */
void model_learn(struct model *m);
/** From here on they are coded into out, until model_finish(). */
void model_encode(struct model *m, struct buffer *out);
/** Write what the coder still holds back: one to four bytes. */
void model_finish(struct model *m);
/** From here on they are decoded from size bytes. */
void model_decode(struct model *m, const void *data, size_t size);
/** ERR_OK: the decoder has used just these bytes, as an encoder ends them.
 * ERR_FORMAT: fewer or more. */
enum err model_decoded(const struct model *m);
bool model_is_decoding(const struct model *m);

/**
 * Code one symbol of `bits` bits, 1 to 8. Gives the symbol back: when
 * decoding the argument is not looked at.
 */
unsigned model_code(struct model *m, enum model_kind kind,
    const uint32_t context[MODEL_CONTEXTS], unsigned bits, unsigned symbol);
/** Code 1 to 16 bits that nothing is known of. */
unsigned model_code_plain(struct model *m, unsigned bits, unsigned value);

/** A well-mixed hash of two numbers; contexts are made with it. */
uint32_t model_hash(uint32_t a, uint32_t b);

#endif

/* dense: the bodies of changes in as few bytes as can be had, for slow links
 * (docs/protocol.md, "Dense coding").
 *
 * A body is taken apart into numbers and characters, each coded by a model
 * (sync/model.h) that is told where it stands: in which field, of whose
 * change, after which value. What any body taught serves all later ones, so
 * two ends that learned the same bodies in the same order understand each
 * other. A dictionary (sync/dictionary.h) is bodies that both learned before.
 */

#ifndef YIZHAN_SYNC_DENSE_H
#define YIZHAN_SYNC_DENSE_H

#include "sync/alphabet.h"
#include "sync/model.h"

struct dense;

/** One that knows nothing yet but the alphabet, of which it keeps a copy.
 * ERR_NOMEM. */
enum err dense_new(struct dense **out, const struct alphabet *alphabet);
/** One that knows what `from` knows. ERR_NOMEM. */
enum err dense_copy(struct dense **out, const struct dense *from);
/** Wipes what it learned. NULL is allowed. */
void dense_free(struct dense *d);

/** Learn a body that the other end learns too. Anything may be learned. */
enum err dense_learn(struct dense *d, const void *body, size_t size);

/** Code into out, from here to dense_end(). */
void dense_begin(struct dense *d, struct buffer *out);
/** Code one body, of at most CHANGE_BYTES_MAX. ERR_NOMEM. */
enum err dense_put(struct dense *d, const void *body, size_t size);
/** A small fact about the next change; `what`, 0 to 15, keeps facts of
 * different sorts apart. */
void dense_put_number(struct dense *d, unsigned what, uint64_t value);
/** Bytes that nothing can foretell. */
void dense_put_bytes(struct dense *d, const void *data, size_t size);
/** Write what is held back. */
enum err dense_end(struct dense *d);

/** The way back: the same calls in the same order, over all the bytes. */
void dense_open(struct dense *d, const void *data, size_t size);
/** Append the next body to out. ERR_FORMAT: it would be no body, or larger
 * than max bytes; ERR_NOMEM. Either ends what was opened. */
enum err dense_take(struct dense *d, size_t max, struct buffer *out);
uint64_t dense_take_number(struct dense *d, unsigned what);
void dense_take_bytes(struct dense *d, void *out, size_t size);
/** ERR_FORMAT: these were not all the bytes, or too few. */
enum err dense_close(struct dense *d);

#endif

/* packed: batches of one class and direction in dense form, for slow links
 * (docs/protocol.md, "Dense batches").
 *
 * The other form is sync/stream.h, for links where a sender's time is worth
 * more than bytes. A packed batch is a header in plain bytes, then its
 * changes, densely coded. The first of a session names what both ends begin
 * from: a dictionary, and changes of a log that the receiver already holds.
 */

#ifndef YIZHAN_SYNC_PACKED_H
#define YIZHAN_SYNC_PACKED_H

#include "sync/dictionary.h"
#include "sync/source.h"

enum {
	PACKED_BYTES_MAX = 256 * 1024, /* of one batch, packed */
	/* Decoded bytes a packed one may promise: so many, which any change
	 * fits, and so many times its own. */
	PACKED_BODIES_FREE = 65536,
	PACKED_BODIES_RATIO = 600,
	PACKED_HISTORY_MAX = 1024,             /* changes learned before */
	PACKED_HISTORY_BYTES_MAX = 768 * 1024, /* of their bodies */
	PACKED_FRESH_MAX = 8, /* beginnings a receiver goes along with */
	/* Bytes that are decoded, or learned as history, for batches that are
	 * given to nobody, before a receiver loses the thread. */
	PACKED_VAIN_BYTES_MAX = 1024 * 1024,
};

/* What a coder begins from. */
struct packed_start {
	uint32_t dictionary; /* 0: the shipped one */
	/* Changes of one log to learn, up to and with `last`. */
	size_t history;
	struct change_id last;
};

struct packer;

/** ERR_NOMEM. */
enum err packer_new(struct packer **out);
/** Wipes. NULL is allowed. */
void packer_free(struct packer *p);
/** One that goes on as p would, with nothing under way; p learns what it is
 * yet to learn. ERR_NOMEM. */
enum err packer_copy(struct packer **out, struct packer *p);
/** Whether it has begun: if not, the next batch needs packer_start(). */
bool packer_has_begun(const struct packer *p);
/**
 * Begin anew: from a dictionary and `count` changes that end at `last`, as
 * source->history() tells them; fewer where there are not so many, or no
 * such call. ERR_NOT_FOUND: no such dictionary. ERR_NOMEM, or the store's.
 */
enum err packer_start(struct packer *p, struct codebook *books,
    uint32_t dictionary, const struct source *source,
    const struct change_id *last, size_t count);
/** Learn a few of those changes; packer_add() learns what is left. False:
 * there are no more, or *e is not ERR_OK. */
bool packer_learn(struct packer *p, enum err *e);
/** It has begun and was given no batch yet. */
bool packer_is_fresh(const struct packer *p);
/** Packed bytes that wait. */
size_t packer_made(const struct packer *p);
/** Whether it begins like that, and was given no batch yet. */
bool packer_is_ready(
    const struct packer *p, uint32_t dictionary, const struct change_id *last);
/** Whose lives need not be spelt out: those the initiator told in HELLO. */
struct known_lives {
	size_t count;
	uint8_t id[HELLO_LIVES_MAX][LIFE_BYTES];
};
/** Take a batch to pack (copied). follows: the receiver knows its start.
 * Nothing may be under way. ERR_NOMEM, ERR_LIMIT. */
enum err packer_add(struct packer *p, const struct batch *b, bool follows,
    const struct known_lives *lives);
bool packer_waits(const struct packer *p);
/** Code a few of its changes, until so many bytes are ready. false: they are,
 * or the batch is through, or *e is not ERR_OK. */
bool packer_prepare(struct packer *p, size_t wanted, enum err *e);
/** Append 1 to max packed bytes; *is_end: they are the batch's last.
 * ERR_END: nothing waits. ERR_NOMEM. */
enum err packer_take(
    struct packer *p, size_t max, struct buffer *out, bool *is_end);

struct unpacker;

/** ERR_NOMEM. */
enum err unpacker_new(struct unpacker **out);
void unpacker_free(struct unpacker *u);
/** ERR_LIMIT: more than a packed batch may have. ERR_NOMEM. */
enum err unpacker_feed(struct unpacker *u, const void *data, size_t size);
/** Part of a batch is here. */
bool unpacker_holds(const struct unpacker *u);
/** Learn a few of the changes that the batch of which there is a part begins
 * from; unpacker_take() learns what is left. False: there are no more. */
bool unpacker_learn(struct unpacker *u);
bool unpacker_is_learning(const struct unpacker *u);

/* What a batch may lean on. */
struct unpack_context {
	struct codebook *books;
	const struct source *source; /* its history() may be NULL */
	/** The initiator's, if it is the sender; a history is of one. */
	const struct known_lives *lives;
	bool is_held; /* decoded, and not given out: ERR_NOT_FOUND */
	/** Where the batch before of this list ended, or else where we stand
	 * in it: what a batch that follows begins at. */
	struct cursor (*expected)(void *context, const struct list_id *list);
	void *context;
};

/**
 * A part of a batch was fed: if its header is there and it begins anew, begin.
 * What goes wrong is told by unpacker_take().
 */
void unpacker_look(
    struct unpacker *u, const struct unpack_context *cx, uint8_t class);
/**
 * All of a batch was fed: take it apart. out->list.class is set before.
 * ERR_OK, ERR_FORMAT, ERR_LIMIT, ERR_NOMEM. ERR_NOT_FOUND: it leans on what is
 * not here, or does not begin where it says it follows, or nothing is given
 * out: only its list and its end are known, and no end (epoch 0) if it does
 * not begin anywhere.
 */
enum err unpacker_take(
    struct unpacker *u, const struct unpack_context *cx, struct batch *out);

#endif

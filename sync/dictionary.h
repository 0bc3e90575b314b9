/* dictionary: what both ends of a dense stream knew before it began
 * (docs/protocol.md, "Dictionaries").
 *
 * A dictionary is sample bodies, densely coded by a model that knows nothing:
 * who decodes it has learned it. One ships with the program and is part of
 * version 1 of the protocol; a group may hand out better ones.
 */

#ifndef YIZHAN_SYNC_DICTIONARY_H
#define YIZHAN_SYNC_DICTIONARY_H

#include "sync/dense.h"

enum {
	DICTIONARY_BYTES_MAX = 65536,
	/* Decoded. What it costs to learn it, once a program. */
	DICTIONARY_BODIES_BYTES_MAX = 512 * 1024,
	CODEBOOK_MAX = 9, /* the shipped one and eight of the group */
};

/** First four bytes of H8 of a dictionary, big endian. */
uint32_t dictionary_id(const void *data, size_t size);

/**
 * Make one of `count` bodies, each a string in `bodies`, and of the characters
 * listed (sync/alphabet.h). ERR_FORMAT: the characters; ERR_LIMIT: it would
 * be too large; ERR_NOMEM.
 */
enum err dictionary_make(const struct bytes *listed, const struct bytes *bodies,
    size_t count, struct buffer *out);

/* The dictionaries a program holds. Not to be used by two threads at once. */
struct codebook;

/** With the shipped one. ERR_NOMEM. */
enum err codebook_new(struct codebook **out);
void codebook_free(struct codebook *c);
/** Add one. Its bodies are looked at when it is first used: to learn it takes a
 * tenth of a second and 5 MB. ERR_EXISTS: it is there already. ERR_FORMAT,
 * ERR_LIMIT: it is none. ERR_FULL: no room; ERR_NOMEM. */
enum err codebook_add(struct codebook *c, const void *data, size_t size);
/** Give up those that are not among `ids`, besides the shipped one. A session
 * that still names one is answered as by who never held it. */
void codebook_keep(struct codebook *c, const uint32_t *ids, size_t count);
/** Ids of those besides the shipped one, the latest added first; without those
 * that were tried and could not be learned. */
size_t codebook_ids(const struct codebook *c, uint32_t ids[CODEBOOK_MAX - 1]);
/** The parent's hello told these. A child packs before it is in, and what the
 * parent lacks is refused, each time. */
void codebook_note_parents(
    struct codebook *c, const uint32_t *ids, size_t count);
/** By the hello of the session before the parent lacks it. */
bool codebook_is_lacked(struct codebook *c, uint32_t id);
/** A number of who fills it, which says from what it was filled; 0 at first. */
uint64_t codebook_mark(const struct codebook *c);
void codebook_set_mark(struct codebook *c, uint64_t mark);
/** It is there and learned; one that could not be learned never will be. */
bool codebook_can(struct codebook *c, uint32_t id);
/** A coder that has learned a dictionary; 0 is the shipped one. Learning is
 * done once. ERR_NOT_FOUND: it is not there, or cannot be learned. ERR_NOMEM.
 */
enum err codebook_dense(struct codebook *c, uint32_t id, struct dense **out);

/* Made from sync/dictionary.bin while building. */
extern const uint8_t sync_dictionary[];
extern const size_t sync_dictionary_bytes;

#endif

/* linked: entries of one person, told by links (kinds/link.c).
 *
 * The link of two entries has one identity wherever it is written, so that a
 * hub that links and a person who refuses at the same time meet in one record
 * and its states decide. Rows of the table `codes` lead from an entry to its
 * links; what they say is read from the links.
 */

#ifndef YIZHAN_STORE_LINKED_H
#define YIZHAN_STORE_LINKED_H

#include "store/record.h"

enum {
	LINKED_MAX = 16, /* entries of one person; more are not looked at */
	LINKS_MAX = 64, /* links of one entry, likewise; the group is told where
	                   there are more */
};

/* What was said about two entries. */
enum link_word {
	LINK_UNSAID = 0,
	LINK_PROPOSED,
	LINK_UNDONE, /* it was said, and taken back: a person decides */
	LINK_LINKED,
	LINK_REFUSED,
};

/** The identity of the link of two entries, whichever is named first. */
void linked_identity(
    const struct identity *a, const struct identity *b, struct identity *out);

/** Keys of the two entries that a link names. ERR_NOT_FOUND: it names none.
 * They need not be here. */
enum err linked_sides(struct txn *t, const struct record *link,
    uint8_t a[KEY_RECORD_BYTES], uint8_t b[KEY_RECORD_BYTES]);

/** Note that a link, or a contract, names a resident. Other kinds cost
 * nothing. */
enum err linked_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** At start: note the links of a store that did not tell those of which more
 * was said from those that are but proposed. */
enum err linked_prepare(struct txn *t);

/** What links say of two entries. One that says they are two counts more than
 * one that says they are one, and both more than an undoing. link: the record
 * that says so, if it is not LINK_UNSAID. */
enum err linked_word(struct txn *t, const uint8_t a[KEY_RECORD_BYTES],
    const uint8_t b[KEY_RECORD_BYTES], enum link_word *out,
    uint8_t link[KEY_RECORD_BYTES]);

/* All entries of a person, the one asked about first. */
struct linked {
	size_t count;
	uint8_t key[LINKED_MAX][KEY_RECORD_BYTES];
	uint8_t link[LINKED_MAX][KEY_RECORD_BYTES]; /* by which it came in */
	size_t from[LINKED_MAX]; /* the place of the entry it is linked to */
};

/** Walk the links that stand. They are found at the cost of these entries;
 * entries that are not here yet are among them. */
enum err linked_all(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct linked *out);

/** Whether this entry is the one by which its person is counted: of those here
 * that are linked, the one of the lowest source and ref. */
enum err linked_counts(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], bool *out);

/** Key of the entry that a record names as its resident: of the source that it
 * names beside it, else by index_resolve(). ERR_NOT_FOUND. */
enum err linked_resident(struct txn *t, const struct identity *record,
    const json_t *fields, uint8_t key[KEY_RECORD_BYTES]);

/** Keys of the links that name an entry, whatever they say, appended to out:
 * where more than most do, first those that the group's node said, as far as
 * that can be told here, then those of which more was said than that the two
 * may be one. */
enum err linked_links(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    size_t most, struct buffer *out);

/** Whether any link that came here was ever undone: most groups have none, and
 * then nothing that comes need be held against links. */
bool linked_ever_undone(struct txn *t);

/** Keys of the contracts that name an entry, appended to out. */
enum err linked_contracts(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    size_t most, struct buffer *out);

#endif

/* persons: what a merged change means for the people records are about:
 * entries that may be one (candidate.h), moves to another managing org
 * (moves.h), deaths that are doubted, records that belong to nobody knows whom.
 */

#ifndef YIZHAN_STORE_PERSONS_H
#define YIZHAN_STORE_PERSONS_H

#include "store/key.h"
#include "store/self.h"

/** Called by admit_merged(), after the lists: at a hub it may write. Changes
 * of records about nobody cost nothing. */
enum err persons_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** Say whose refs the new record's are, where its kind has fields for that
 * (kind.h, source_field) and the records named are here: as they are typed
 * (record_find()). Where several may be meant, it is refused. */
enum err persons_complete(struct txn *t, const struct self *self,
    const struct kind *k, json_t *fields, struct findings *out);

/** Whom a person's record is about: as it is typed (record_find()). In fields
 * the ref becomes bare, and source, which held that of the record as it would
 * be, the one in which the ref leads there at every node, however others call
 * theirs: a record has no field for it. Of a kind that has one, of one that
 * follows no resident, and of somebody who is not here yet nothing is changed.
 * ERR_REFUSED: several may be meant; ERR_NOMEM. */
enum err persons_source(struct txn *t, const struct self *self,
    const struct kind *k, json_t *fields, char source[SOURCE_BYTES_MAX + 1],
    struct findings *out);

/* A resident's entry before and after an amendment by hand. */
struct person_step {
	const struct kind *kind;
	const json_t *before; /* all fields */
	const json_t *given;  /* what is to change */
	const char *org;
	bool is_group; /* the group's node writes it */
};

/** Who was reported dead lives again only by the word of his managing org or
 * the group, and with a reason; no allergy is left out. */
void persons_check(const struct person_step *s, struct findings *out);

#endif

/* kin: which change of a record had seen which, for who looks at changes
 * themselves and not at what they add up to. Of record_gather()'s sets.
 */

#ifndef YIZHAN_STORE_KIN_H
#define YIZHAN_STORE_KIN_H

#include "store/record.h"

enum { KIN_MAX = 512 }; /* changes; of records with more nothing is said */

enum { KIN_FEW = 2 };

/* A record's first changes in the order of their ids. */
struct kin_few {
	size_t count; /* KIN_FEW + 1: there are more */
	struct change_id id[KIN_FEW];
};

/** Which changes a record has, without reading them. Several ask this of each
 * change that comes: a writing transaction remembers the last answer. */
enum err kin_few(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct kin_few *out);
/** A record's changes became more, or fewer: ask anew. */
void kin_forget(struct txn *t);
/** Whether a record has one change only; costs no reading of it. */
bool kin_is_alone(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);
/** Whether change i had seen change j, by parents that are here, as merging
 * sees it (graph.h); costs no more than a look. */
bool kin_had_seen(const struct record_set *set, size_t i, size_t j);
/** Whether neither had seen the other. */
bool kin_met(const struct record_set *set, size_t i, size_t j);
/** See to it that kin_is_aside() can tell. ERR_NOMEM. */
enum err kin_mark(struct record_set *set);
/** Whether the group set change i aside; kin_mark() first. */
bool kin_is_aside(const struct record_set *set, size_t i);
/** Whether change i sets the field and no other setter had seen it. */
bool kin_has_a_say(const struct record_set *set, size_t i, const char *field);

#endif

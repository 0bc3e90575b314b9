/* duplicates: the reminder of threefold duplication (三重复提醒).
 *
 * When an encounter is written here, or an examination is asked for, what the
 * same person was given and examined for before, under any of his linked
 * entries, is looked through from that day back: a drug whose days are not
 * over, an examination or a laboratory test whose result still counts. It is
 * told and blocks nothing; what the encounter's dup_checks speak of is told no
 * more. All of it is computed here from what is here, without a link.
 */

#ifndef YIZHAN_STORE_DUPLICATES_H
#define YIZHAN_STORE_DUPLICATES_H

#include "store/record.h"

/* Of one entry, most are looked at, the latest. */
enum { DUPLICATES_LOOKED_MAX = 512 };

/** Note under its resident a record that prescribes or reports, unless that
 * was long over when it was written down; of a request, the reports that name
 * it and leave it to it whose they are. */
enum err duplicates_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

/**
 * Add warnings about an encounter, or a request, of a source and a day with
 * these fields. day: NULL: not known, and nothing is said. own: the key of the
 * record itself, NULL where it is new. What cannot be read reminds of nothing.
 */
void duplicates_remind(struct txn *t, const struct self *self,
    const char *source, const char *day, const json_t *fields,
    const uint8_t *own, struct findings *out);

#endif

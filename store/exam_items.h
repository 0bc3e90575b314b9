/* exam_items: the group's recognition list, looked up by item code.
 *
 * The list is reference data (kind exam_item); what stands here can be built
 * anew from its records.
 */

#ifndef YIZHAN_STORE_EXAM_ITEMS_H
#define YIZHAN_STORE_EXAM_ITEMS_H

#include "store/key.h"

struct exam_item {
	int window_days; /* a result serves, its own day among them */
	bool is_lab;
};

/** Note an entry whose record just changed. */
enum err exam_items_note(
    struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES]);

/** The entry of an item on a day (YYYY-MM-DD). False: the list does not have
 * it then, or could not be read. */
bool exam_items_find(
    struct txn *t, const char *code, const char *day, struct exam_item *out);

#endif

/* memo: what a writing transaction has looked up already.
 *
 * A batch asks the same of every change: which org is above which, the number
 * of an audience, where its list ends, which changes its record has. Each
 * answer is a seek and a seal to open; they are kept for as long as the
 * transaction lives, which alone may change them.
 */

#ifndef YIZHAN_STORE_MEMO_H
#define YIZHAN_STORE_MEMO_H

#include "store/blinds.h"
#include "store/crowded_whose.h"
#include "store/decoded.h"
#include "store/kin.h"
#include "store/list.h"
#include "store/org_tree.h"

enum { MEMO_AUDIENCES = 64, MEMO_ENDS = 128, MEMO_SITES = 64 };

/* Each answer has one place that it may stand in; the next one overwrites. */
struct memo {
	struct org_tree tree;
	struct {
		char name[LIST_NAME_BYTES_MAX + 1]; /* "": none */
		struct audience audience;
	} audience[MEMO_AUDIENCES];
	struct {
		uint32_t number;
		char name[LIST_NAME_BYTES_MAX + 1];
	} name[MEMO_AUDIENCES];
	struct {
		bool is_known;
		uint32_t audience;
		uint8_t class;
		struct cursor end;
	} end[MEMO_ENDS];
	uint64_t at_site[MEMO_SITES]; /* of who works where on a day */
	struct {
		bool is_known;
		uint8_t key[KEY_RECORD_BYTES];
		struct kin_few few;
	} few; /* see kin_few() */
	struct crowded_whose whose;
	bool is_no_link_undone; /* see linked_ever_undone() */
	struct blinds blinds;
	struct decoded decoded;
};

/** Of this transaction, empty at first. NULL: no memory, or it only reads. */
struct memo *memo_of(struct txn *t);
/** The tree of orgs as the transaction knows it; own, empty, where there is no
 * memo. org_tree_free(own) in any case. */
struct org_tree *memo_tree(struct txn *t, struct org_tree *own);
/** Lists were dropped, or an org moved: ask anew. */
void memo_forget(struct txn *t);

bool memo_audience(const struct memo *m, const char *name, struct audience *a);
void memo_note_audience(
    struct memo *m, const char *name, const struct audience *a);
bool memo_end(const struct memo *m, const struct audience *a, uint8_t class,
    struct cursor *end);
void memo_note_end(struct memo *m, const struct audience *a, uint8_t class,
    const struct cursor *end);

bool memo_name(
    const struct memo *m, uint32_t number, char out[LIST_NAME_BYTES_MAX + 1]);
void memo_note_name(struct memo *m, uint32_t number, const char *name);

#endif

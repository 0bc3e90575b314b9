/* crowded_whose: whose a record with many changes is, and how much of it is
 * of others.
 *
 * Surely his it is who surely began it (begun.h), whose node gave its ref, and
 * of a file or a device who keeps it rightly (keeper.h). Who only may be its
 * org, since another says that he began it, or is asked by who surely did, has
 * a small share of his own. All others are strangers. Pure in the record's
 * changes, the certificates and the tree of orgs.
 */

#ifndef YIZHAN_STORE_CROWDED_WHOSE_H
#define YIZHAN_STORE_CROWDED_WHOSE_H

#include "store/begun.h"
#include "store/kin.h"
#include "store/self.h"

enum {
	CROWDED_SURE_MAX = 16, /* orgs */
	CROWDED_SHARES_MAX = BEGUN_ORGS_MAX,
	CROWDED_ORGS_MAX = CROWDED_SURE_MAX + CROWDED_SHARES_MAX,
};

struct crowded_org {
	char ref[ORG_REF_BYTES_MAX + 1];
	bool is_sure;
	size_t changes; /* of one with a share, as far as counted */
};

/* A writing transaction remembers the last one (memo.h). */
struct crowded_whose {
	bool is_known; /* of this record */
	bool is_told;  /* false: not to be told here, nobody is a stranger */
	bool is_counted;
	uint8_t key[KEY_RECORD_BYTES];
	uint8_t group[NODE_ID_BYTES]; /* the node that has its own room */
	size_t count; /* orgs; those it surely is of come first */
	struct crowded_org org[CROWDED_ORGS_MAX];
	size_t shares;   /* how many of them have a share only */
	bool is_claimed; /* more say that they began it than have shares */
	size_t unsure;   /* changes of all but those it surely is of */
};

/** Whose it is, read from its changes; nothing is counted. At a hub only, where
 * all of them are. ERR_IO, ERR_NOMEM. */
enum err crowded_whose_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct crowded_whose *out);
/** Count what is not of those it surely is of. ERR_CORRUPT, ERR_IO. */
enum err crowded_whose_count(struct txn *t, struct crowded_whose *w);
/** The place of the org that a node acts for; SIZE_MAX: a stranger's. */
size_t crowded_whose_place(
    struct txn *t, const struct crowded_whose *w, const struct cert *node);

/** Whether a change says that it is another's than was known: it begins it,
 * sets aside, or names a keeper. What a word about the keeper had seen may show
 * it as well. */
bool crowded_whose_shows(const struct change *c);

#endif

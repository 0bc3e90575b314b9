/* paper: slip numbers, SHORT-K-NNNNNN-C, from this node's own block.
 *
 * The group hands out blocks when a node joins and tops them up in sessions;
 * a number is used once and never again, also after a restore (a new life
 * drops what was left of the block). Blocks are counted per org, so numbers
 * are unique only together with the short code of the org they came from: the
 * first of the node's certificate.
 */

#ifndef YIZHAN_STORE_PAPER_H
#define YIZHAN_STORE_PAPER_H

#include "store/self.h"

enum {
	PAPER_FIRST = 500000, /* lower numbers are other software's */
	PAPER_END = 1000000,
	PAPER_GRANT = 5000, /* numbers handed out at a time */
	PAPER_LOW = 2500,   /* fewer left: the hub tops up */
};

/** Numbers left to this node. */
enum err paper_left(struct txn *t, uint64_t *out);
/** Add a block [first, first + count) handed out by the group. ERR_FORMAT: no
 * such numbers are handed out. ERR_EXISTS: some of them are still here.
 * ERR_LIMIT: too many blocks are left. */
enum err paper_grant(struct txn *t, uint64_t first, uint64_t count);
/** Hub: set a block aside for an org. ERR_FULL: the org's numbers are used
 * up. ERR_LIMIT: no certificate could name such an org. */
enum err paper_allocate(
    struct txn *t, const char *org, uint64_t count, uint64_t *first);
/** Draw one for a kind's letter. It bears the short code of the org the block
 * came from, whichever `org` the record is written for. ERR_NOT_FOUND: no
 * block, or the short code is not known here: the record goes without.
 * ERR_LIMIT: out is too small. */
enum err paper_draw(struct txn *t, const struct self *self, const char *org,
    char letter, char *out, size_t out_bytes);

#endif

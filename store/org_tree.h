/* org_tree: which org is above which, and of which level it is, as read within
 * one transaction.
 *
 * Many questions about orgs have the same orgs above them, and to read an
 * org's record is to merge it.
 */

#ifndef YIZHAN_STORE_ORG_TREE_H
#define YIZHAN_STORE_ORG_TREE_H

#include "store/db.h"

enum { ORG_DEPTH_MAX = 8, ORG_LEVEL_BYTES_MAX = 16 };

struct org_tree {
	struct txn *t;
	struct buffer above; /* org, 00, the one above or nothing, 00 */
	struct buffer level; /* org, 00, its level or nothing, 00 */
};

/** NULL: nothing is above it, as far as is known. Lives until the next call. */
const char *org_tree_above(struct org_tree *tree, const char *org);
/** Its level in words of its record. NULL: not known here. Lives until the next
 * call. */
const char *org_tree_level(struct org_tree *tree, const char *org);
/** Whether one org stands below another, not the same. */
bool org_tree_is_below(
    struct org_tree *tree, const char *org, const char *above);
/** Whether it stands below another, or is the same. */
bool org_tree_is_within(
    struct org_tree *tree, const char *org, const char *above);
/** ERR_NOMEM: its answers may have been wrong. */
enum err org_tree_state(const struct org_tree *tree);
void org_tree_free(struct org_tree *tree);

#endif

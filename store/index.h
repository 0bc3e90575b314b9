/* index: lookups that follow from changes: slip numbers, sites, drugs, orgs,
 * nodes; examined items and what may be duplicated by way of exam_items.h and
 * duplicates.h. Each can be built anew from the changes.
 */

#ifndef YIZHAN_STORE_INDEX_H
#define YIZHAN_STORE_INDEX_H

#include "store/record.h"

/** Note what a merged change says; record_key is of its record. */
enum err index_change(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

/** Which record a ref in a record of this source means: that of the same
 * source, else the only one of that ref whatever its source, at every node and
 * in any order of arrival. ERR_NOT_FOUND: none, or it may be one of several. */
enum err index_resolve(struct txn *t, const char *source, const char *kind,
    const char *ref, uint8_t record_key[KEY_RECORD_BYTES]);

/** The record of a kind that was first known under this ref, whatever its
 * source: whether there is any, and where a person types it. ERR_NOT_FOUND. */
enum err index_ref(struct txn *t, const char *kind, const char *ref,
    uint8_t record_key[KEY_RECORD_BYTES]);

/** That of a ref alone, as index_ref(), where only one record can be meant.
 * ERR_CLASH: another bears it too. ERR_NOT_FOUND. */
enum err index_only(struct txn *t, const char *kind, const char *ref,
    uint8_t record_key[KEY_RECORD_BYTES]);

/** Ref of the org above this one. ERR_NOT_FOUND: unknown, or the top. */
enum err index_parent_org(
    struct txn *t, const char *org, char *out, size_t out_bytes);

/** The org at the top of the tree above one: itself, where nothing above it is
 * known. */
void index_top_org(struct txn *t, const char *org, char *out, size_t out_bytes);

/** The level of an org as its record says, in a word of its kind.
 * ERR_NOT_FOUND: the record is not here, or says none. */
enum err index_org_level(
    struct txn *t, const char *org, char *out, size_t out_bytes);

/** Remember the org above as the group told it on joining; the org's own
 * record counts more as soon as it is here. */
enum err index_told_parent(struct txn *t, const char *org, const char *parent);

/** False only if a drug list is here and the code is not on it. */
bool index_drug_known(struct txn *t, const char *code);
/** False only if sites of this staff member are known and none is this org
 * on that day (YYYY-MM-DD). */
bool index_works_at(
    struct txn *t, const char *staff, const char *org, const char *day);

/* --- nodes this node knows --- */

enum { NODE_REASON_BYTES_MAX = 200 };

struct node {
	struct cert cert;
	bool is_revoked;        /* withdrawn, for good (withdraw.h) */
	int64_t last_contact;   /* group time of the last session; 0: none */
	int64_t clock_offset;   /* its clock minus ours then, seconds */
	uint64_t changes_taken; /* merged or kept apart, from it */
	int64_t revoked_at;     /* by the hub's clock; 0: never */
	char reason[NODE_REASON_BYTES_MAX + 1]; /* why; may be "" */
	uint64_t apart_changes; /* held apart since it was withdrawn */
	uint64_t apart_bytes;
};

enum err index_node_read(
    struct txn *t, const uint8_t id[NODE_ID_BYTES], struct node *out);
enum err index_node_write(struct txn *t, const struct node *n);
enum err index_node_by_key(
    struct txn *t, const uint8_t key[KEY_BYTES], struct node *out);
typedef enum err node_visit(void *context, const struct node *n);
enum err index_node_walk(struct txn *t, node_visit *visit, void *context);

#endif

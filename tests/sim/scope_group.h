/* scope_group: an invented group whose records go from org to org, and an
 * oracle that says which of its changes stand on which org's list.
 *
 * The oracle knows the rules kind by kind and nothing of the product's tables
 * or its ways: it computes everything anew from the changes that are here.
 */

#ifndef YIZHAN_TESTS_SIM_SCOPE_GROUP_H
#define YIZHAN_TESTS_SIM_SCOPE_GROUP_H

#include "store/change.h"
#include "store/db.h"

/* SCOPE_TOWNSHIPS, SCOPE_VILLAGES (of each): a larger group. */
#ifdef SCOPE_TOWNSHIPS
enum {
	SCOPE_ORGS = 2 + SCOPE_TOWNSHIPS * (1 + SCOPE_VILLAGES),
	SCOPE_RESIDENTS = 2 * SCOPE_ORGS,
	SCOPE_CHANGES_MOST = 60 * SCOPE_ORGS + 4000,
};
#else
enum {
	SCOPE_ORGS = 10,
	SCOPE_RESIDENTS = 100,
	SCOPE_CHANGES_MOST = 4000,
};
#endif

enum {
	SCOPE_GROUP = SCOPE_ORGS, /* as an author: the hub itself */
};

/* Two townships with villages below them, two without, a hospital, and one
 * that stands alone; in a larger group the townships are all alike. */
extern const char *scope_orgs_made[SCOPE_ORGS];
extern int scope_orgs_above[SCOPE_ORGS]; /* -1: nothing */

/** What the group says of one of them; the caller's. */
json_t *scope_org_fields(int org);

struct made {
	struct change c;
	uint64_t fingerprint;
	int author; /* number of an org, or SCOPE_GROUP */
	size_t record;
	bool is_here; /* at the hub */
};

struct named {
	struct identity id;
	size_t last;      /* its latest change */
	size_t from, end; /* its changes are between, in `made` */
	int org;          /* who made it */
};

extern struct made *made;
extern size_t made_count;
extern struct named *records;
extern size_t record_count;

/* Draws from a seed; the same gives the same group. */
extern uint64_t scope_seed;
size_t scope_draw(size_t below);
int scope_org_number(const char *ref);
/** The life of an author. */
void scope_life(int author, uint8_t life[LIFE_BYTES]);
/** Make an author's node and life known; `group` is the hub's node. */
void scope_introduce(
    struct txn *t, const uint8_t group[NODE_ID_BYTES], int author);
/** Whether a is b or stands below it. */
bool scope_is_within(int a, int b);

void scope_group_make(void);
void scope_group_clear(void);

/** Read what is here; then ask; then forget it. */
void scope_oracle_begin(void);
/** The lists on which a change stands: those of its acting org and of the
 * orgs in scope, without those whose nodes get it from one below. On those
 * that it may stand on it stays while it is in doubt whose the record is, if it
 * ever stood there. */
void scope_oracle_lists(
    const struct made *m, bool on[SCOPE_ORGS], bool may[SCOPE_ORGS]);
/** The orgs whose nodes are to hold it: it is meant for them or for one below
 * them. */
void scope_oracle_holders(
    const struct made *m, bool holds[SCOPE_ORGS], bool may[SCOPE_ORGS]);
void scope_oracle_end(void);

#endif

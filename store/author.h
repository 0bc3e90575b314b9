/* author: records made and amended here by a person (not by import). */

#ifndef YIZHAN_STORE_AUTHOR_H
#define YIZHAN_STORE_AUTHOR_H

#include "store/record.h"

struct authored {
	struct identity record;
	struct change_id id; /* all zero for a draft */
	bool is_new;         /* a change was written: fields differed */
	bool is_draft;
	char slip_no[40];                /* drawn for it; "" if none */
	char went_to[REF_BYTES_MAX + 1]; /* FINDING_REASSIGNED: into which */
	struct findings findings;
};

/**
 * Add a record of a kind from fields (without envelope). by and org are refs
 * without "ref:". org NULL or "": the node's first org. A slip number is drawn
 * where the kind has one and fields do not carry one; before joining there is
 * none to draw, and a draft draws its when it is signed. state "draft" keeps
 * it local, under a ref of its own ("~d...") that it keeps when it is signed.
 * fields are only read. ERR_REFUSED: see out->findings, nothing was written.
 * ERR_NOT_ALLOWED: reference data away from the hub, or another org's name.
 * ERR_LIMIT: larger than a change may be. After an error abandon t.
 */
enum err author_add(struct txn *t, const struct self *self, const char *kind,
    const char *by, const char *org, json_t *fields, int64_t now,
    struct authored *out);

/**
 * Amend a record: fields replace, null clears. Parents are all the heads
 * seen. A kind with state "amended" moves there unless fields say otherwise.
 * Of a draft the draft itself is replaced; leaving "draft" makes it a change.
 * Where versions stand side by side the amendment joins them, and what fields
 * say counts even if it is what is shown, but for a state that the group sets.
 * Fields that differ in nothing write nothing: out->id is the head then. At the
 * group's node org has to be said, but for reference data.
 * ERR_NOT_FOUND, ERR_REFUSED (findings), ERR_NOT_ALLOWED as above.
 */
enum err author_amend(struct txn *t, const struct self *self,
    const uint8_t record_key[KEY_RECORD_BYTES], const char *by, const char *org,
    json_t *fields, int64_t now, struct authored *out);

/* Whoever calls with one of these has judged what it leaves out. */
enum author_flag {
	AUTHOR_ENTITLED = 1, /* it may take the step: it is the owner's */
	AUTHOR_RESTORES = 2, /* an undoing: also back to where no step leads */
};

/** The same with flags. */
enum err author_add_as(struct txn *t, const struct self *self, unsigned flags,
    const char *kind, const char *by, const char *org, json_t *fields,
    int64_t now, struct authored *out);
enum err author_amend_as(struct txn *t, const struct self *self, unsigned flags,
    const uint8_t record_key[KEY_RECORD_BYTES], const char *by, const char *org,
    json_t *fields, int64_t now, struct authored *out);

#endif

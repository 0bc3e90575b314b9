/* device_state: what the records here say of one device: its hand-overs and
 * where that leaves it, its loans, what was decided about either.
 *
 * Found by the index `namings` (scope.h), which device_note.c also keeps at
 * nodes that keep no scopes. A record belongs to the device that its
 * device_id names: of its own source, or the only one of that ref.
 */

#ifndef YIZHAN_STORE_DEVICE_STATE_H
#define YIZHAN_STORE_DEVICE_STATE_H

#include "store/custody_chain.h"
#include "store/date.h"
#include "store/scope.h"

enum {
	DEVICE_NAMERS_MAX = 4096, /* of one kind and device that are read */
	DEVICE_NAME_BYTES_MAX = SOURCE_BYTES_MAX + 1 + REF_BYTES_MAX,
};

/* Of what more names the device than is read. Which of them were read would be
 * by chance, so none is: of its hand-overs nobody is sure then, none of the
 * decisions counts, and it may be lent. */
enum device_crowd {
	DEVICE_CROWD_CUSTODY = 1,
	DEVICE_CROWD_LOANS = 2,
	DEVICE_CROWD_DECISIONS = 4,
};

/* A loan and what its changes say of leave (准用). */
struct device_loan {
	uint8_t key[KEY_RECORD_BYTES];
	bool is_read; /* what follows is filled */
	bool is_gone; /* it is of another device, or cannot be read */
	struct record record;
	bool is_open;   /* handed over and not back */
	bool is_handed; /* by its state, or by a hand-over that names it */
	bool is_onward; /* lent by an org that does not own the device */
	bool
	    is_approved; /* by the owner or who approves for him, or standing */
	bool is_history; /* was old when it was written down */
};

struct device_state {
	struct record device;
	uint8_t key[KEY_RECORD_BYTES];
	const char *owner; /* NULL: none */
	json_t *word;      /* its fields as its owner's words leave those that
	                      are his alone to say (device_decided.h); NULL: it
	                      is not known whose they are */
	unsigned crowds;   /* a set of enum device_crowd */
	size_t custody_count;
	struct record *custody; /* of kind custody */
	bool *custody_is_history;
	char (*names)[DEVICE_NAME_BYTES_MAX + 1]; /* source "/" ref */
	struct custody_event *events; /* sorted; index leads into custody */
	struct custody_place place;
	size_t loan_count;
	struct device_loan *loans; /* by device_loan_at(), as they are needed */
	size_t decision_count;
	struct record *decisions; /* of kind question that stand decided */
};

/** ERR_NOT_FOUND: it is not here. device_state_free() after ERR_OK. */
enum err device_state_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct device_state *out);
void device_state_free(struct device_state *s);

/** Key of the device that a record of this source means by a ref.
 * ERR_NOT_FOUND: none is here, or there are two to choose from. */
enum err device_find(struct txn *t, const char *source, const char *ref,
    uint8_t key[KEY_RECORD_BYTES]);

/** Keys of the records of a kind that name the device by its ref, or did.
 * Decisions, which are of the hub's source, and what names the only device of
 * that ref may be of any source. ERR_LIMIT: there are more than `most`. */
enum err device_namers(struct txn *t, const struct record *device,
    const char *kind, enum naming_role role, size_t most, struct buffer *out);

/** Whether a record speaks of this device. */
bool device_is_of(
    struct txn *t, const struct record *device, const struct record *r);

/** Whether a person decided a matter of this kind about a record. */
bool device_is_decided(const struct device_state *s, const char *code,
    const struct identity *about);

/** Whether handing it over so is lending it on without leave: neither the
 * device allows it, nor did the owner (loan: that it is for, NULL: none), and
 * it goes to one that did not have it before this number. */
bool device_is_onward(const struct device_state *s,
    const struct device_loan *loan, const char *from, const char *to,
    int64_t number);

/** Whether what this org says of a loan approves it: the owner, or the centre
 * that the device names. */
bool device_may_approve(const struct device_state *s, const char *org);

/** The loan at an index below loan_count, read when it is first asked for.
 * *out NULL: there is none there. It lives as long as s. */
enum err device_loan_at(struct txn *t, struct device_state *s, size_t i,
    const struct device_loan **out);
/** The loan of this key, or that a hand-over of this source names in its
 * fields, likewise. */
enum err device_loan_by_key(struct txn *t, struct device_state *s,
    const uint8_t key[KEY_RECORD_BYTES], const struct device_loan **out);
enum err device_loan_of(struct txn *t, struct device_state *s,
    const char *source, const json_t *custody, const struct device_loan **out);

/* Why a device is not offered for loan; 0: it is. */
enum device_bar {
	DEVICE_DISPUTED = 1, /* nobody knows where it is */
	DEVICE_UNSAFE = 2,   /* or in repair */
	DEVICE_WITHDRAWN = 4,
	DEVICE_METROLOGY = 8, /* its metrology is due */
	DEVICE_LENT = 16,
	DEVICE_NOT_POOLED = 32, /* not for others */
	DEVICE_AWAITED = 64,    /* hand-overs that say where it is */
};

/** A set of enum device_bar. day "": metrology is not asked. */
enum err device_bars(
    struct txn *t, struct device_state *s, const char *day, unsigned *out);

/** Hours and cases of a device over the days from first to last, as far as
 * an org used it (NULL: anybody). */
struct device_usage {
	double hours;
	int64_t cases;
	size_t count; /* records */
};

typedef enum err device_usage_visit(
    void *context, const struct record *usage, double hours, int64_t cases);
/** Each record of usage between two days, in no order. */
enum err device_usage_walk(struct txn *t, const struct record *device,
    const char *first, const char *last, device_usage_visit *visit,
    void *context);
enum err device_usage_sum(struct txn *t, const struct record *device,
    const char *org, const char *first, const char *last,
    struct device_usage *out);

#endif

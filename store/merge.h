/* merge: a record as a pure function of the set of its changes.
 *
 * Nothing else goes in: no clock, no other record, no local setting, no order
 * of arrival. Every node that holds the same changes computes the same.
 */

#ifndef YIZHAN_STORE_MERGE_H
#define YIZHAN_STORE_MERGE_H

#include "store/change.h"

/* A field of no kind: the group's word that changes of this record, named by
 * their ids, do not count. They keep their place in the order of changes. That
 * nobody else writes it is seen to at every way in (admit_judge, vet_names). */
#define MERGE_SET_ASIDE "set_aside"
/* Likewise: changes of this record, named by their ids, count, but not as the
 * managing org's, which their authors were not. */
#define MERGE_UNMANAGED "unmanaged"

/** Whether a field is one of these two words. */
bool merge_is_word(const char *name);

struct merge_input {
	const struct change *change;
	uint64_t fingerprint; /* 0: not known */
};

/* The present version of a record. */
struct record {
	struct identity id;
	struct change_id head; /* the change that gave this version */
	char by[REF_BYTES_MAX + 1];
	char org[REF_BYTES_MAX + 1];
	int64_t at; /* the head's occurred_at */
	enum clock_state clock;
	json_t *fields; /* without cleared ones */
	size_t change_count;
	size_t head_count;   /* changes nobody had seen yet */
	size_t parent_count; /* of them, at most CHANGE_PARENTS_MAX ... */
	struct parent parents[CHANGE_PARENTS_MAX]; /* ... as parents of the
	                                              next change */
	bool is_conflicted; /* concurrent values met and one had to win */
};

void record_clear(struct record *r);

/**
 * Merge count >= 1 changes of one record, in any order; repeated ids count
 * once. ERR_NOMEM; otherwise ERR_OK and *out is filled (record_clear it).
 */
enum err record_merge(
    const struct merge_input *input, size_t count, struct record *out);

/** Merge as if the silent changes (of the same places) said nothing of the
 * named fields; names ends with NULL. ERR_NOMEM, ERR_LIMIT as above. */
enum err record_merge_without(const struct merge_input *input, size_t count,
    const char *const *names, const bool *is_silent, struct record *out);

enum { SIDES_MAX = 8 };

/* What met without one having seen the other; the one that is shown first. */
struct sides {
	size_t count; /* 0: nothing met */
	const struct change *side[SIDES_MAX];
};

/**
 * The setters of a field between which its rule had to choose, one of each
 * value; of fields that are united or ranked there are none, nor of those that
 * say why a change was made. Where a kind keeps branches, field "" gives their
 * heads, and single fields give nothing. They point into input. ERR_NOMEM.
 */
enum err record_sides(const struct merge_input *input, size_t count,
    const char *field, struct sides *out);

/* For who asks of one field after the other. */
struct sight;
/** count >= 1; input stays as it is until sight_close(). ERR_NOMEM. */
enum err sight_open(
    const struct merge_input *input, size_t count, struct sight **out);
/** As record_sides(). */
enum err sight_sides(
    const struct sight *s, const char *field, struct sides *out);
/** NULL is allowed. */
void sight_close(struct sight *s);

/**
 * Which changes say of a field what nobody who had seen it said otherwise
 * since; out[i] is of input[i]. What was repeated counts from the first time.
 * ERR_NOMEM.
 */
enum err record_stands(const struct merge_input *input, size_t count,
    const char *field, bool *out);

/**
 * The record as a change found it (is_after: as it left it). ERR_NOT_FOUND:
 * the change is not among them, or it found nothing. record_clear(out).
 */
enum err record_seen_by(const struct merge_input *input, size_t count,
    const struct change_id *id, bool is_after, struct record *out);

#endif

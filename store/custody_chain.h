/* custody_chain: where a device is, read off its hand-overs (交接).
 *
 * A pure function of the hand-overs that are known, of what was decided about
 * them, and of who owns the device: no clock, no order of arrival. A hand-over
 * is never refused for what it says; numbers order them, each one more than
 * the last its author knew. Two with one number are a fork: one of them did
 * not happen so, and until a person says which the place is disputed. What
 * loses stays and is called superseded.
 *
 * A number that is missing is awaited. Where a hand-over after such a gap is by
 * another than who had the device before it, as far as is known, it may have
 * come to him by what is awaited, or the number is wrong: nobody is sure where
 * the device is until the gap is filled, or a person says so.
 *
 * Giver and taker may each write down the same hand-over: two events with one
 * number, one giver and one taker are no fork.
 */

#ifndef YIZHAN_STORE_CUSTODY_CHAIN_H
#define YIZHAN_STORE_CUSTODY_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CUSTODY_NUMBER_MAX = 1000000 }; /* as in the kind's table */

enum custody_fate {
	CUSTODY_STANDS,
	CUSTODY_DISPUTED,   /* another bears its number, nothing is decided */
	CUSTODY_SUPERSEDED, /* it was decided for the other */
};

/* What was decided of a hand-over after a gap. */
enum custody_leave {
	CUSTODY_UNSAID,
	CUSTODY_AGREED,   /* it was so; what is awaited is on paper, or lost */
	CUSTODY_OBJECTED, /* it was not so: superseded */
};

/* One record of kind custody. Texts are the caller's and outlive the call. */
struct custody_event {
	const char *name; /* by which decisions call it */
	int64_t number;   /* custody_no */
	const char *from, *to;
	const char *org; /* who wrote it down */
	bool both_signed;
	uint64_t received; /* in the group's order of receipt; 0: not known */
	enum custody_leave leave;
	size_t index;           /* the caller's own */
	enum custody_fate fate; /* out */
	bool is_odd;            /* out: handed over by an org that, as far as
	                           the chain goes without a gap, did not have
	                           it */
	bool is_jump;           /* out: likewise, after a gap, and nothing is
	                           said of it */
};

/* What a person decided of a fork. */
struct custody_ruling {
	const char *winner;      /* name of an event */
	const char *const *seen; /* names of all that met, the winner's too */
	size_t seen_count;
};

struct custody_place {
	const char *custodian; /* who has it, or would if nothing were disputed;
	                          NULL: of two nobody knows */
	int64_t number;        /* of the last hand-over; 0: none */
	int64_t sure_number;   /* of the last before the first jump */
	uint64_t missing;      /* numbers before it that are awaited */
	bool is_unsure;        /* there is a jump */
	bool is_disputed;      /* some fork is not decided */
	size_t forks;          /* that are not */
};

/**
 * Sort the events by number, give each its fate, and say where the device is:
 * with its owner (NULL: not known) until it is handed over. A ruling counts
 * for a fork of which it has seen every hand-over; where several count they
 * must agree, else nothing is decided.
 */
void custody_chain(struct custody_event *events, size_t count,
    const struct custody_ruling *rulings, size_t ruling_count,
    const char *owner, struct custody_place *out);

/** Whether two events tell of the same hand-over. */
bool custody_is_same(
    const struct custody_event *a, const struct custody_event *b);

enum custody_ground {
	CUSTODY_NO_GROUND,
	CUSTODY_BOTH_SIGNED,    /* or each side wrote it down */
	CUSTODY_RECEIVED_LATER, /* by the group */
};

/**
 * Which of the events with one number is proposed: what both sides signed
 * before what one side says, else what the group received later. SIZE_MAX:
 * nothing speaks for either. The events are all of that number.
 */
size_t custody_proposal(const struct custody_event *events, size_t count,
    enum custody_ground *ground);

#endif

/* contest: what the group should say of one resident's contracts.
 *
 * A pure function of what others than the group's own machine said: which
 * teams signed him, who asked for an end, whether he died or moved, what a
 * person decided. What the machine said before does not count, so that any
 * order of arrival ends alike and nothing is ever said twice.
 *
 * All that is compared stands in the records: days that people wrote, whether
 * their clocks could be believed, ids. No clock of this computer is looked at.
 */

#ifndef YIZHAN_STORE_CONTEST_H
#define YIZHAN_STORE_CONTEST_H

#include "store/change.h"
#include "store/date.h"

/* Contracts of one resident that are looked at. */
enum { CONTEST_MOST = 64 };

/* What the group should say of a contract. */
enum contest_word {
	CONTEST_NOTHING,    /* it stands as it is: drafts, what is over */
	CONTEST_ACTIVE,     /* no other overlaps */
	CONTEST_CONTESTED,  /* another does, and a person decides */
	CONTEST_TERMINATED, /* asked for, or replaced by another (改签) */
	CONTEST_CLOSED,     /* he died or moved */
};

typedef char contest_day[DATE_CHARS + 1]; /* "": not told */

/* One contract. Days sort as text. */
struct contest_contract {
	/* --- what was said --- */
	struct change_id id; /* of the lowest of the changes that founded it */
	char source[SOURCE_BYTES_MAX + 1], ref[REF_BYTES_MAX + 1];
	char state[16]; /* by others than the machine; "" as a draft */
	char
	    org[ORG_REF_BYTES_MAX + 1]; /* whose team's it is, as far as the
	                                   group tells; in its name is spoken */
	bool is_begun_twice;            /* several say that it is theirs */
	contest_day signed_on, start_on, end_on;
	contest_day ending_on;   /* the day asked for, if an end was */
	char ending_reason[16];  /* and why; "" */
	contest_day active_on;   /* first said to be active, by anybody */
	contest_day moved_on;    /* he left the team's org */
	contest_day undone_on;   /* likewise, by a move that was taken back */
	bool is_resumed;         /* a person put it in force again since */
	bool ending_is_guessed;  /* of a clock that is wrong: no earlier than */
	bool moved_is_guessed;   /* likewise */
	bool undone_is_guessed;  /* likewise */
	bool is_asking;          /* closed, and not by the group */
	size_t renews, replaces; /* place in the set; SIZE_MAX: none here */
	bool clock_ok;           /* of who signed */
	bool is_managing;        /* the team is his managing org's */
	bool is_kept;            /* its org was rightly named his keeper, ever;
	                            or keeps for who was (keeper.h) */

	/* --- what follows --- */
	enum contest_word word;
	char end_reason[16];         /* of an end; "": as it is */
	contest_day ended_on;        /* likewise */
	bool end_is_guessed;         /* nobody knows that day */
	bool is_doubted;             /* a person says whether it is over */
	bool overlaps[CONTEST_MOST]; /* with which it is contested */
	size_t holder; /* which counts until it is decided; SIZE_MAX */
};

/* All of one resident and of those linked to him, sorted by id. */
struct contest {
	bool is_dead;
	contest_day died_on; /* said on */
	size_t count;
	struct contest_contract of[CONTEST_MOST];
};

/** Fill in what follows. */
void contest_decide(struct contest *set);

/** Which contract counts for him on a day (YYYY-MM-DD), as the group should
 * say: one at most, however many there are; SIZE_MAX: none. After
 * contest_decide(). */
size_t contest_counts(const struct contest *set, const char *day);

#endif

/* matter: what met and a person decides: versions of a record that had not
 * seen each other, two contracts of one resident, two hand-overs with one
 * number, two entries that may be one person.
 *
 * Each waits as a row of type QUESTION_MATTER (question.h). A maker per finding
 * code puts and drops it as changes are merged, in whatever order they come,
 * so that the rows follow from the records here and from nothing else. It also
 * says what there is to choose from, what is proposed, and what a choice means
 * as changes. All else is common: who may decide, the record of kind `question`
 * that says what was decided by whom and why, and how it is undone.
 */

#ifndef YIZHAN_STORE_MATTER_H
#define YIZHAN_STORE_MATTER_H

#include "store/author.h"
#include "store/question.h"

enum {
	MATTER_CHOICES_MAX = SIDES_MAX,
	MATTER_CHANGES_MAX = 512, /* a record with more is not compared */
};

struct matter_choice {
	char word[REF_BYTES_MAX + 1]; /* what a person types: a contract's ref,
	                                 a change's short id, "link" */
	json_t *shown; /* that version, for side by side; owned. Members as far
	                  as they are known: "by", "at", "org", "id" (of a
	                  change), "ref", "value" or "fields" */
};

struct matter {
	const struct question *question;
	const struct matter_maker *maker; /* of what it is about, also where it
	                                     is asked anew; NULL: none here */
	struct identity record;           /* it is about */
	char owner[REF_BYTES_MAX + 1]; /* the org whose matter it is beside the
	                                  group; "": the group's alone */
	size_t choice_count;
	struct matter_choice choice[MATTER_CHOICES_MAX];
	json_t *beyond; /* ids of what met as well and is no choice, since there
	                   were too many; owned; NULL: nothing */
	int proposal;   /* index; -1: none */
	const char *ground; /* N_() text: why it is proposed; NULL */
};

/* Who writes a decision, and what was written so far. */
struct matter_pen {
	struct txn *t;
	const struct self *self;
	const char *by, *org, *reason;
	int64_t now;
	bool restores;   /* it is an undoing */
	bool is_plain;   /* who decides has no more right than who amends */
	json_t *changes; /* ids written */
	struct authored made; /* the last one; findings of all */
};

struct matter_maker {
	enum finding_code code; /* of its rows, and by name of its decisions */
	uint8_t urgency;        /* class 0 .. 3, as of changes */
	bool group_only; /* only the group decides it; else also the owner */
	bool is_local;   /* of this store alone: whoever works here decides it,
	                    and nobody else hears of it */
	bool is_keepers; /* the resident's managing org, the device's owner
	                    decides it, though the record is one that is
	                    signed: what he did not allow */
	bool asks_again; /* an undone decision is asked anew, since the records
	                    do not show any more that something met */
	/** A change was merged into the record of this key: put or drop rows,
	 * write nothing else. Called for every change of the store: what does
	 * not concern it must cost nothing. NULL: rows are put elsewhere. */
	enum err (*note)(struct txn *t, const struct self *self,
	    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);
	/** Fill choices, proposal and ground from the records here; question,
	 * record and owner are filled. ERR_NOT_FOUND: it is settled. */
	enum err (*describe)(
	    struct txn *t, const struct self *self, struct matter *m);
	/** Write, with matter_amend() and matter_add(), what choice n means. */
	enum err (*decide)(
	    struct matter_pen *pen, const struct matter *m, size_t n);
	/** Bring back, by changes, what was before; decision is the record of
	 * kind question. NULL: fields that the decision set get the values it
	 * found, where nobody changed them since. */
	enum err (*undo)(struct matter_pen *pen, const struct record *decision);
};

/* One line each, in matter.c; ends with NULL. */
extern const struct matter_maker *const matter_makers[];

/* --- for makers ---------------------------------------------------------- */

/** The row about a record, and a field of it or "". at: when what met last
 * happened, by what the changes say. Then question_put() or matter_drop(). */
void matter_question(const struct identity *record, enum finding_code code,
    const char *field, int64_t at, struct question *out);
/** question_drop(), at no cost where no matter waits at all. */
enum err matter_drop(struct txn *t, const struct question *q);
/** Put the row about the record of this key and a field while the record, as it
 * is here, asks; else drop it. What cannot be read is verify's to tell. */
typedef bool matter_asks(const struct record *r);
enum err matter_ask_while(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    enum finding_code code, const char *field, matter_asks *asks);
/** Key of the record a row of QUESTION_MATTER or QUESTION_LOST is about. */
void matter_key(
    struct txn *t, const struct question *q, uint8_t out[KEY_RECORD_BYTES]);

/** The record it is about, as it is here; record_clear() it. As record_read().
 */
enum err matter_read(struct txn *t, const struct matter *m, struct record *out);

/** Add a choice; takes shown. ERR_LIMIT: there are MATTER_CHOICES_MAX;
 * ERR_NOMEM, also for shown NULL. */
enum err matter_add_choice(struct matter *m, const char *word, json_t *shown);
/** It met too, and has no room among the choices: whoever decides has seen it
 * all the same. ERR_NOMEM. */
enum err matter_add_beyond(struct matter *m, const char *id);
/** A version as shown: who, when, where, which change. NULL: no memory. */
json_t *matter_show_change(const struct change *c);
/** A change's short id, for people to type. */
void matter_change_word(const struct change_id *id, char out[48]);
/** "0123456789abcdef-2-17" and back; ERR_FORMAT. */
void matter_change_id(const struct change_id *id, char out[48]);
enum err matter_change_parse(const char *text, struct change_id *out);

/** What a record of kind question is about. */
void matter_about(const json_t *fields, struct identity *out);

/** author_amend() and author_add() in the pen's name; the reason goes into the
 * field of that name where the kind has one and fields do not hold it. An
 * undoing may take steps back that a state table does not allow. */
enum err matter_amend(struct matter_pen *pen,
    const uint8_t key[KEY_RECORD_BYTES], json_t *fields);
enum err matter_add(struct matter_pen *pen, const char *kind, json_t *fields);

/** A change that a maker wrote itself, by admit_own(). */
enum err matter_note_written(
    struct matter_pen *pen, const struct change_id *id);

/** Whether a row stands for the versions that a QUESTION_LOST is about. */
bool matter_has_met(struct txn *t, const struct question *lost);

/** What a choice between versions means: its value, or its whole content. */
enum err conflict_decide(
    struct matter_pen *pen, const struct matter *m, size_t n);

/* --- for all others ------------------------------------------------------ */

/** Called by admit_merged(). */
enum err matter_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** Whose rows of this code are; NULL: nothing of it can be decided. */
const struct matter_maker *matter_maker_of(enum finding_code code);

/** Whether a record of kind question says that it is of a code that only the
 * group decides. */
bool matter_is_groups(const json_t *fields);
/** Whether a change writes such a one: it says so itself, or the record does
 * that it changes. */
bool matter_is_groups_change(struct txn *t, const struct change *c);

/** Describe what a question is about. ERR_NOT_FOUND: it is settled, or
 * nothing of it can be decided. matter_clear() it after ERR_OK; q must outlive
 * it. */
enum err matter_describe(struct txn *t, const struct self *self,
    const struct question *q, struct matter *out);
void matter_clear(struct matter *m);

/** Whether this node may decide it. */
bool matter_is_ours(struct txn *t, const struct self *self,
    const struct matter_maker *maker, const struct matter *m);

struct matter_decision {
	uint64_t number;      /* of the question; for an undoing 0 */
	const char *choice;   /* word */
	const char *ref;      /* of an undoing: the record of kind question,
	                         or the number of the question here */
	const char *by, *org; /* org NULL or "": the owner, the group's top */
	const char *reason;   /* must say something */
	int64_t now;
	struct identity made;     /* out: the record of kind question */
	struct findings findings; /* out */
};

/**
 * Decide: the changes that the choice means, and the record of it, in the
 * caller's transaction. ERR_NOT_FOUND: no such question, or it is settled;
 * ERR_USAGE: it cannot be decided so (no such choice); ERR_NOT_ALLOWED: it is
 * not this node's; ERR_REFUSED: findings. After an error abandon t.
 */
enum err matter_decide(
    struct txn *t, const struct self *self, struct matter_decision *d);
/** Undo a decision. Errors as above; ERR_USAGE: it is none that stands. */
enum err matter_undo(
    struct txn *t, const struct self *self, struct matter_decision *d);

#endif

/* vet: what people and their software hand in is judged here, before it
 * becomes a change: names, depth, references, rights, and the kind's own
 * rules with the world around the record as this store knows it.
 *
 * One of these serves one transaction: it remembers answers.
 */

#ifndef YIZHAN_STORE_VET_H
#define YIZHAN_STORE_VET_H

#include "store/record.h"

enum {
	VET_ORGS = 16,
	VET_SEEN = 1024,
	VET_AUTHORS = 256,
	VET_DRUGS = 256,
	VET_DRUG_BYTES = 24,
};

/* What is known of one author at one org on one day, or in one team. */
struct vet_author {
	uint64_t hash; /* of staff, org and day, or staff and team; 0: empty */
	bool works;
};

struct vet {
	struct txn *t;
	const struct self *self;
	const char *source; /* where references lead; NULL: to any source */
	const char *form_source; /* of the record that a form makes or amends,
	                            once that is known; else NULL */
	char now[26];            /* "" when this clock cannot be believed */

	/* Answers that hold until the transaction ends or the group's own
	 * records change in it. */
	size_t org_count;
	struct {
		char org[ORG_REF_BYTES_MAX + 1];
		bool is_ours;
	} orgs[VET_ORGS];
	struct vet_author authors[VET_AUTHORS];
	char drugs[VET_DRUGS][VET_DRUG_BYTES];    /* codes on the list */
	uint8_t seen[VET_SEEN][KEY_RECORD_BYTES]; /* records that exist */
};

/* A record as it was handed in. Refs without "ref:". */
struct vet_line {
	const struct kind *kind;
	const json_t *fields; /* all of them, without the envelope */
	const char *at;       /* an instant; NULL: none */
	const char *by;
	const char *org;
	const char *old_state; /* NULL: none */
	bool is_first;
	const uint8_t *own; /* the record's key where it is here; or NULL */
	const json_t
	    *before;      /* what its author had seen of it; NULL: nothing */
	bool is_entitled; /* whose the step is has been judged */
};

void vet_begin(struct vet *v, struct txn *t, const struct self *self,
    const char *source, int64_t now);

/** Reference data was written in this transaction: ask again. */
void vet_forget(struct vet *v);

/** 1 to REF_CHARS_MAX characters, not blank, none of them a control. */
bool vet_ref_is_sound(const char *text, size_t size);

/** Refuse names of the form "#12", which stand for fields this version does
 * not know, and nesting deeper than a change may have. */
void vet_names(const json_t *fields, struct findings *out);

/** Whether records may be written here in this org's name: a hub may in any,
 * before joining everybody may. */
bool vet_org_is_ours(struct vet *v, const char *org);

/** Refs beginning with "~" are given by stores: a line that bears one can only
 * be of a record that was made in this one. That is of its source, as id and
 * key say, or of that of the resident it is about (persons.h); then they
 * become that record's. False: there is none. */
bool vet_find_given(
    struct vet *v, struct identity *id, uint8_t key[KEY_RECORD_BYTES]);

/** Source of a record of this kind, given the source of those who wrote it:
 * the group's own kinds have one source. */
const char *vet_source_of(const struct kind *k, const char *source);

/** The kind's whole check. */
void vet_record(
    struct vet *v, const struct vet_line *line, struct findings *out);

/** Whether an org writes about what it manages: residents, its devices, and
 * records about residents (whom this looks up under v->source). */
bool vet_is_managing(struct vet *v, const struct vet_line *line);

/** Urgency class of what changed in a record; on a first line, of the record.
 */
uint8_t vet_class(const struct vet_line *line, const json_t *changed);

#endif

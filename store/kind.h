/* kind: what a record of each kind may hold, as data.
 *
 * One file and one line in kinds.c per kind. Import, storage, merge, CLI
 * forms, export and documentation all read these tables; nothing about a
 * field is said anywhere else. Numbers are on disk and on the wire: they are
 * never changed and never used again.
 */

#ifndef YIZHAN_STORE_KIND_H
#define YIZHAN_STORE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "store/finding.h"

enum field_type {
	FIELD_TEXT,    /* free text, at most max_chars characters */
	FIELD_WORD,    /* a code or short name: no control characters */
	FIELD_ENUM,    /* one of `words` */
	FIELD_CHOICE,  /* an integer between min and max (coded answers) */
	FIELD_INT,     /* integer between min and max */
	FIELD_DECIMAL, /* number between min and max, 15 digits */
	FIELD_MONEY,   /* whole cents, never negative */
	FIELD_BOOL,
	FIELD_DATE,    /* YYYY-MM-DD, a day that exists */
	FIELD_INSTANT, /* YYYY-MM-DDThh:mm:ss+08:00 */
	FIELD_REF,     /* "ref:X" to a record of ref_kind */
	FIELD_REFS,    /* array of such */
	FIELD_WORDS,   /* array of texts */
	FIELD_ENUMS,   /* array of some of `words`, each once */
	FIELD_ROW,     /* one object of `row` */
	FIELD_ROWS,    /* array of such objects */
	FIELD_ICD10,   /* diagnosis code, e.g. J06.9 */
	FIELD_ID_NO,   /* number of an identity document */
	FIELD_USCC,    /* 18 characters with check character */
	FIELD_SLIP,    /* SHORT-K-NNNNNN-C with check character */
	FIELD_EHR_NO,  /* 17 digits */
};

/* How concurrent values meet. */
enum merge_rule {
	MERGE_FIELD,  /* managing org's value, then lower change id */
	MERGE_APPEND, /* arrays: the union, nothing lost */
	MERGE_STATE,  /* the state that stands highest in `states` */
	MERGE_RANK,   /* the word that stands last in `words`: dead wins */
};

/* Personal-data class of a field. */
enum data_class { DATA_P0, DATA_P1, DATA_P2 };

/* The four in the middle say who is to receive the record (store/scope.h). */
enum field_flag {
	FIELD_REQUIRED = 1,
	FIELD_AUDIENCE = 2, /* the orgs named here */
	FIELD_HOLDER = 4,   /* likewise, and the org named keeps the file: who
	                       names itself gets no more than a basic grant */
	FIELD_FOLLOWS = 8,  /* whoever receives the record named here */
	FIELD_GRANTS = 16,  /* this record's orgs receive the one named here */
	/* What a later change says of it goes at once (a new allergy), where
	 * the record as a whole may wait. */
	FIELD_AT_ONCE = 32,
	/* Where two values of it meet, one is shown and a person has to say
	 * which is right (an ID number). */
	FIELD_ASKED = 64,
	FIELD_TEAM = 128,  /* who is to receive it: the team named here */
	FIELD_GROUP = 256, /* the group's to set */
};

struct field {
	uint16_t number; /* 1 .. ; unique in its table */
	const char *name;
	enum field_type type;
	unsigned flags;
	enum merge_rule merge;
	enum data_class data;
	double min, max;          /* refused outside; both 0: no bound. Arrays:
	                             max items, 0: the default */
	double low, high;         /* warned outside; both 0: no bound */
	size_t max_chars;         /* 0: the type's default */
	const char *const *words; /* NULL-terminated, FIELD_ENUM(S) */
	const char *ref_kind;     /* FIELD_REF(S) */
	const char *source_field; /* names the source that the ref is of; NULL:
	                             the record's own */
	const struct field *row;  /* ends with number 0; FIELD_ROW(S) */
	/* MERGE_RANK: this word and those behind it are taken back only by a
	 * change made as the record's managing org; NULL: by anybody. */
	const char *guarded;
};

/* One state: who may bring a record into it and from where. */
struct state {
	const char *name;
	const char *from;   /* space-separated states that may precede it; "-"
	                       stands for none (the first version) */
	bool group_only;    /* steps into it are the group's; a first line may
	                       carry it only if history_ok */
	bool stays;         /* group_only, and no decision of the group's is
	                       undone by leaving it: who had seen it and says it
	                       again takes no step */
	bool managing_only; /* steps into it are the resident's managing org's
	                       or the group's */
	bool never_stored;  /* computed (expired) or not yet in use: a first
	                       line may carry it only if history_ok */
	bool history_ok;    /* a first line may carry it as history */
	bool by_slip;       /* a first line in it may hold no more than a slip
	                       number: another org wrote the rest */
	const char *reason; /* the field that has to say why; NULL */
};

/* What a check may ask about the world around the line. References are
 * handed over without their "ref:". */
struct check_context {
	const char *at;  /* the line's instant; NULL when it has none that is
	                    well formed: rules about dates are left out */
	const char *now; /* the importer's trusted time; NULL: not known */
	const char *by;  /* the author, for works_at; NULL: do not ask */
	const char *org; /* the acting org, likewise */
	const char *old_state; /* of the same source's last line; NULL */
	bool is_first;         /* no earlier line for this ref */
	bool was_by_slip;      /* what is amended has all but its number
	                          elsewhere (state.by_slip) */
	bool acts_for_group;   /* the importer is the hub */
	/** Is there such a record here? NULL: nothing is known. */
	bool (*exists)(void *world, const char *kind, const char *ref);
	/** May this staff member act at this org on that day, as far as
	 * reference data here says? True also when nothing is known. */
	bool (*works_at)(
	    void *world, const char *staff, const char *org, const char *day);
	/** Is there a drug of this code? True when no list is held. */
	bool (*drug_known)(void *world, const char *code);
	/** May this device be lent on that day: not unsafe, withdrawn or past
	 * its metrology? True also when nothing is known. */
	bool (*device_usable)(void *world, const char *device, const char *day);
	/** Is this staff member in the team? True also when nothing is known
	 * of the team. */
	bool (*in_team)(void *world, const char *staff, const char *team);
	/** Is this the resident's managing org? False when nothing is known
	 * of the resident. source: whose ref it is; NULL: not told. */
	bool (*manages)(void *world, const char *source, const char *resident,
	    const char *org);
	/** Days that a result of this item serves on that day; 0: the group
	 * lists none. */
	int (*window_days)(void *world, const char *item, const char *day);
	/** The day a report was signed; false when it is not here. */
	bool (*report_signed)(void *world, const char *report, char day[11]);
	/** The last day of a contract; false when it is not here. */
	bool (*contract_ends)(void *world, const char *contract, char day[11]);
	void *world;
};

/* How far a record's orgs receive what it names with FIELD_GRANTS. */
enum grant_rule {
	GRANT_FULL,
	GRANT_BASIC,     /* name, allergies and plans only */
	GRANT_BY_OTHERS, /* basic until another than the grantee says so */
	GRANT_BY_GROUP,  /* basic until the group says so */
};

/* Who is to receive records of a kind, besides what the flags of its fields
 * say. Lists of states are separated by spaces. */
struct kind_scope {
	bool by_founder;       /* the orgs that made its first changes */
	bool up_only;          /* the group: not even its acting org's list */
	const char *about[3];  /* three fields, a kind, a ref and its source:
	                          whoever receives that record; NULLs: none */
	bool is_care;          /* who writes it has to do with the resident */
	bool has_carers;       /* who has, below its keeper, receives the basic
	                          part of it (carers.h) */
	bool is_followed;      /* a field with FIELD_FOLLOWS may name it */
	bool is_granted;       /* a field with FIELD_GRANTS may name it */
	const char *basic;     /* states in which a basic grant covers it; "*":
	                          any; NULL: none */
	enum grant_rule grant; /* what it grants to its orgs ... */
	const char *grants_in; /* ... and in which states; NULL: any */
	const char *full_in;   /* GRANT_BY_GROUP: states of which the group has
	                          to have said one ... */
	const char *held_by;   /* ... and a field of the group's; while it says
	                          one of ... */
	const char *held_in;   /* ... these, no more than a basic grant */
};

struct kind {
	uint16_t number; /* 1 .. ; also the dependency order of export */
	const char *name;
	bool by_group;       /* reference data: written by the group only */
	bool for_acting_org; /* of those: for the acting org, not for all */
	bool org_is_field;   /* its org_id says whose it is (a team's contract),
	                        not where its author sat */
	uint8_t urgency;     /* class 0 .. 3 unless `classify` says otherwise */
	char slip_letter;    /* of FIELD_SLIP; 0: none */
	const struct field *fields; /* ends with number 0 */
	const struct state *states; /* lowest precedence first, ends with a
	                               NULL name; NULL: stateless */
	/** Rules across fields. May be NULL. */
	void (*check)(const json_t *fields, const struct check_context *cx,
	    struct findings *out);
	/** Urgency from content. May be NULL. */
	uint8_t (*classify)(const json_t *fields);
	/* Versions that had not seen each other stay side by side, one shown
	 * and never mixed, until a person joins them by a change that has
	 * seen both: signed clinical content, hand-overs. */
	bool keeps_branches;
	bool is_final; /* never changed once it is written */
	/** The state to show on a day (YYYY-MM-DD), where one of those that
	 * are computed holds; else NULL. May be NULL. */
	const char *(*view)(const json_t *fields, const char *day);
	const char *unsaid; /* the state of one that tells none; NULL: none */
	struct kind_scope scope;
};

/** NULL when the name is unknown. Names are case-sensitive. */
const struct kind *kind_by_name(const char *name);
const struct kind *kind_by_number(uint16_t number);
/** All kinds, in dependency order (NULL-terminated). */
const struct kind *const *kind_all(void);

const struct field *field_by_name(const struct field *table, const char *name);
const struct field *field_by_number(const struct field *table, uint16_t number);

/** Whether a word is in a list separated by spaces. */
bool state_is_in(const char *list, const char *state);
/** Position of a state in the table; -1: unknown. Higher wins a merge. */
int state_rank(const struct kind *k, const char *state);
/**
 * Whether a record may go from one state (NULL: none yet) to another.
 *
 * Steps may be jumped over, since others write them: issued to in_care is
 * fine though the arrival was never seen here. Staying in a state is fine
 * too: the content changed. Who may take the step is not asked.
 */
bool state_follows(const struct kind *k, const char *from, const char *to);

/** What the content of a table field may be at most. */
enum {
	FIELDS_MAX = 64,        /* of one table */
	TEXT_CHARS_MAX = 20000, /* FIELD_TEXT by default */
	WORD_CHARS_MAX = 200,   /* FIELD_WORD by default */
	REF_CHARS_MAX = 200,    /* after "ref:" */
	ITEMS_MAX = 500,        /* of an array by default */
};

/**
 * Check one record's whole content (all fields but the envelope's: kind,
 * ref, by, at and org_id, for team, contract and practice_site too) against
 * its table and rules. Adds refusals and warnings to out; a record with any
 * refusal must not enter the store. Reads nothing but its arguments.
 *
 * A draft may lack fields; what it holds must be right. Where cx->at is far
 * ahead of cx->now or before all records, a warning says so and the record is
 * taken: no date is refused because of this computer's clock.
 */
void kind_check(const struct kind *k, const json_t *fields,
    const struct check_context *cx, struct findings *out);

/**
 * Bring content that passed kind_check() into the form the store keeps: x in
 * an ID number becomes X, 128.0 in a field of whole numbers becomes 128, so
 * that json_integer_value() is safe. Nothing else is touched. ERR_NOMEM
 * leaves the fields as they were, or some of them done.
 */
enum err kind_normalise(const struct kind *k, json_t *fields);

/**
 * Only the shape of some fields (a change from a peer): known fields have
 * their type, dates and instants are well formed, null means cleared. Words,
 * limits and references are not looked at: a newer version may know more.
 * ERR_FORMAT names the first field of another shape in *field, which points
 * into the table; ERR_OK leaves it alone.
 */
enum err kind_check_shape(
    const struct kind *k, const json_t *fields, const char **field);

#endif

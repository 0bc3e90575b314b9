/* finding: what is wrong, or odd, about a record, and how to mend it.
 *
 * A finding never holds a value of the record: values are patients' data.
 */

#ifndef YIZHAN_STORE_FINDING_H
#define YIZHAN_STORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

/* Numbers are stored with refused records: append only. */
enum finding_code {
	FINDING_NONE = 0,
	/* the line */
	FINDING_BOM = 1,
	FINDING_CR = 2,
	FINDING_BLANK = 3,
	FINDING_NOT_UTF8 = 4,
	FINDING_NOT_JSON = 5,
	FINDING_NOT_OBJECT = 6,
	FINDING_TOO_LARGE = 7,
	FINDING_TOO_DEEP = 8,
	FINDING_DUPLICATE_KEY = 9,
	FINDING_CONTROL_CHARACTER = 10,   /* warned: escaped in text */
	FINDING_BIDI_CHARACTER = 11,      /* warned */
	FINDING_INVISIBLE_CHARACTER = 12, /* warned */
	FINDING_GB18030 = 13,
	FINDING_UTF16 = 14,
	/* the envelope */
	FINDING_KIND_UNKNOWN = 20,
	FINDING_MISSING = 21,
	FINDING_UNKNOWN_FIELD = 22, /* warned */
	FINDING_NULL = 23,
	FINDING_REF_BAD = 24,
	FINDING_NOT_YOUR_ORG = 25,
	FINDING_GROUP_ONLY_KIND = 26,
	FINDING_GROUP_ONLY_STATE = 27,
	FINDING_NOT_AT_SITE = 28, /* warned: author has no practice site */
	/* types */
	FINDING_TYPE = 40,
	FINDING_NOT_INTEGER = 41,
	FINDING_EMPTY = 42,
	FINDING_TOO_LONG = 43,
	FINDING_TOO_MANY = 44,
	FINDING_ENUM = 45,
	FINDING_DATE = 46,
	FINDING_INSTANT = 47,
	FINDING_REFERENCE = 48,
	FINDING_AWAITED = 49, /* warned: reference not here yet */
	FINDING_BELOW = 50,
	FINDING_ABOVE = 51,
	FINDING_UNLIKELY = 52, /* warned */
	FINDING_TWICE = 53,
	/* codes */
	FINDING_ID_LENGTH = 60,
	FINDING_ID_CHECK = 61,
	FINDING_ID_DATE = 62,
	FINDING_ID_LOWER_X = 63,     /* warned */
	FINDING_ID_OTHER_BIRTH = 64, /* warned */
	FINDING_ID_OTHER_SEX = 65,   /* warned */
	FINDING_ID_OR_REASON = 66,
	FINDING_USCC = 67,
	FINDING_SLIP = 68,
	FINDING_EHR_NO = 69,
	FINDING_ICD10 = 70,
	FINDING_DRUG_UNKNOWN = 71, /* warned */
	FINDING_SLIP_LETTER = 72,
	FINDING_CODE = 73, /* not the form such a code has */
	/* rules */
	FINDING_STATE_UNKNOWN = 80,
	FINDING_STATE_STEP = 81,
	FINDING_PRESSURE_ORDER = 82,
	FINDING_PRESSURE_PAIR = 83,
	FINDING_ONSET_AFTER_VISIT = 84,
	FINDING_NOBODY = 85,
	FINDING_GUARDIAN = 86,
	FINDING_BIRTH_FUTURE = 87,
	FINDING_BASIC_PACKAGE = 88,
	FINDING_END_BEFORE_START = 89,
	FINDING_START_BEFORE_SIGNING = 90,
	FINDING_TERM = 91,
	FINDING_SAME_ORG = 92,
	FINDING_CLOCK = 93, /* warned: instant far from this node's time */
	FINDING_SIGNATURE = 94,
	FINDING_UNUSABLE_DEVICE = 95,
	FINDING_REASON = 96,      /* warned: nobody says why */
	FINDING_STILL_DRAFT = 97, /* a signed record cannot be a draft again */
	FINDING_IMPORT_LOST = 98, /* an import lost against an amendment */
	FINDING_SAME_RECORD = 99,
	FINDING_NEVER_CHANGED = 100,
	FINDING_MANAGING_ONLY_STATE = 101,
	FINDING_URGENT_REFERRAL = 102, /* warned */
	FINDING_DUPLICATE_DRUG = 103,  /* warned, as the next two */
	FINDING_DUPLICATE_EXAM = 104,
	FINDING_DUPLICATE_LAB = 105,
	FINDING_WINDOW_OVER = 106, /* warned */
	FINDING_NOT_MEMBER = 107,  /* warned: signed by none of the team */
	/* what is due: questions, never about a line */
	FINDING_UNACKNOWLEDGED = 108,
	FINDING_FOLLOWUP_DUE = 109,
	/* from peers */
	FINDING_MANY_CHANGES = 275, /* of one record: held apart, refused */
	FINDING_BODY = 110,         /* a change we cannot read */
	FINDING_ORG_OUTSIDE = 111,  /* org outside the certificate */
	FINDING_CLASH = 112,        /* same id, other content */
	FINDING_SHAPE = 113,        /* a known field of a wrong type */
	FINDING_BY_PARENT = 114,    /* the parent did not take our change */
	FINDING_WITHDRAWN = 115,    /* its author was withdrawn before */
	/* what is due, once its time is over */
	FINDING_FOLLOWUP_MISSED = 130,
	/* what met: questions, never about a line (matter.h) */
	FINDING_CONFLICT = 140, /* a field: one value is shown, others kept */
	FINDING_DIFFER = 141,   /* the same of a field that a person must set */
	FINDING_BRANCHES = 142, /* whole versions side by side */
	FINDING_ASKED = 143,    /* an open record of kind question */
	FINDING_UNENTITLED = 144, /* written as the managing org, by another */
	FINDING_CONTESTED = 150,  /* two contracts of one resident */
	/* devices: questions (device_note.h), the last two about a line */
	FINDING_CUSTODY_FORK = 160,    /* two hand-overs with one number */
	FINDING_NOT_CUSTODIAN = 161,   /* by an org that did not have it */
	FINDING_ONWARD_LENDING = 162,  /* lent on without the owner's leave */
	FINDING_LOAN_UNAPPROVED = 163, /* handed over without approval */
	FINDING_DEVICE_LOST = 164,
	FINDING_DEVICE_DAMAGED = 165,
	FINDING_PLACE_DISPUTED = 166,
	FINDING_OWNER_CLEARS = 167, /* unsafe until the owner says so */
	FINDING_CUSTODY_JUMP = 276, /* warned, asked: numbers are awaited */
	/* people */
	FINDING_TWO_PLACES = 180,     /* asked: at two orgs within minutes */
	FINDING_READ_NOT_NOTED = 181, /* warned: the disk is full */
	/* residents: questions, never about a line */
	FINDING_CANDIDATE = 170,
	FINDING_LINKED = 171, /* told: the hub linked two entries */
	FINDING_WHOSE = 172,
	FINDING_MOVE_ASKED = 173,
	FINDING_LATE_EDIT = 174, /* told */
	FINDING_DEATH_DOUBTED = 175,
	FINDING_MOVED_FILE = 176, /* refused: reassign */
	/* contracts: the first two are questions, the others warnings */
	FINDING_END_DOUBTED = 200, /* the move that ended it was a mistake */
	FINDING_HOUSEHOLD = 201,   /* one household, two teams */
	FINDING_RENEWED_EARLY = 202,
	FINDING_CHANGED_EARLY = 203,
	FINDING_HOUSEHOLD_CROWDED = 280, /* told: it is no household */
	FINDING_FILE_OPENED = 281,       /* told: of another org's resident */
	FINDING_MANY_OPENED = 282,       /* asked: more than a day's */
	/* devices again: a question */
	FINDING_UNSAFE_CLEARED = 210, /* by another than the owner */
	FINDING_OWNER_APPROVES = 296, /* warned: another says approved */
	FINDING_DEVICE_CROWDED = 305, /* told: more names it than is read */
	/* whose word it is */
	FINDING_OPEN_VERSIONS = 230,    /* refused: reassign */
	FINDING_GROUPS_NAME = 231,      /* by the name of the group's machine */
	FINDING_GROUP_ONLY_FIELD = 232, /* a field that the group sets */
	FINDING_OTHERS_CONTRACT = 233,  /* warned, asked: ended or changed by
	                                   another org */
	FINDING_DAY_UNKNOWN = 234,      /* asked: by a clock that is wrong */
	FINDING_ROW_GONE = 235,         /* refused: an allergy was left out */
	FINDING_OTHERS_RECORD = 236,    /* warned, asked: amended by another */
	/* which record is meant */
	FINDING_AMBIGUOUS = 250,
	/* who began it */
	FINDING_OTHERS_REF = 260,  /* under a name that another store gave */
	FINDING_BEGUN_TWICE = 261, /* asked: by two organisations */
	/* told: a bound of who receives a record was met */
	FINDING_SCOPE_CROWDED = 262,
	FINDING_SCOPE_LONG = 263,
	FINDING_LINKS_CROWDED = 292, /* told: more links than are looked at */
	FINDING_NAMED = 264,         /* refused: whom it names stays */
	/* refused on forms: a file goes over by a move */
	FINDING_KEEPERS_FIELD = 265,
	FINDING_OWNERS_FIELD = 289,
	FINDING_FILED_ELSEWHERE = 266, /* refused: undoing */
	FINDING_REASSIGNED = 306,    /* refused: it is a stub; see reassign.h */
	FINDING_FUTURE = 307,        /* warned: happened, on a day to come */
	FINDING_NOT_PROMISED = 308,  /* warned: a service of a contract */
	FINDING_OTHERS_REPORT = 309, /* warned: another resident's */
	FINDING_CALLED_SO = 270,     /* the same of what a person typed */
};

struct finding {
	enum finding_code code;
	bool refused; /* else a warning */
	/* Path, e.g. "rx[0].days"; "" for the line; where the line could not be
	 * taken apart "column N" or "byte N", from 1. */
	char field[96];
};

enum { FINDINGS_MAX = 32 };

/* On the stack. After FINDINGS_MAX the rest is only counted. The same finding
 * about the same field counts once. */
struct findings {
	size_t count;
	size_t refusals;
	size_t warnings;
	struct finding list[FINDINGS_MAX];
};

void findings_init(struct findings *f);
void findings_refuse(
    struct findings *f, enum finding_code code, const char *field);
void findings_warn(
    struct findings *f, enum finding_code code, const char *field);

/** The constant's name in lower case without prefix, e.g. "id_check". */
const char *finding_name(enum finding_code code);
/** What is wrong, in English for gettext; never NULL. */
const char *finding_reason(enum finding_code code);
/** What to do about it, likewise. */
const char *finding_mend(enum finding_code code);

#endif

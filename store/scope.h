/* scope: which orgs are to receive a record, at the hub.
 *
 * A pure function of the records that the hub holds, so that any order of
 * arrival leads to the same lists. What a kind has to say about it stands in
 * its table (kind.h): the orgs it names, the record it follows, the record
 * that its orgs are granted. A change goes to its acting org for ever, and
 * besides to the orgs in the scope of its record, for as long as they are.
 *
 *   own      the orgs a record names, the holder of a resident's file
 *   granted  those of the records that name it with FIELD_GRANTS
 *   followed those in the scope of what it names with FIELD_FOLLOWS
 *
 * Three tables make the cost that of the records concerned (docs/store.md):
 * `scopes` keeps the scope of what others follow, `namings` leads from a ref
 * to what names it, `standing` from a change to its places on lists.
 */

#ifndef YIZHAN_STORE_SCOPE_H
#define YIZHAN_STORE_SCOPE_H

#include "store/org_tree.h"
#include "store/record.h"

enum {
	/* Of one record. Its own orgs come first, then those granted in full;
	 * with more only orgs that the group knows have a place. */
	SCOPE_ORGS_MAX = 64,
	/* A record with more changes goes to its orgs as they were, if others
	 * follow it, else to the acting orgs only. */
	SCOPE_CHANGES_MAX = 512,
	SCOPE_NAMERS_MAX = 65536, /* that grant one record something */
};

/* What a grant covers: all, or what a stranger needs at once: the resident's
 * own record, contracts and plans. */
enum scope_level { SCOPE_NONE = 0, SCOPE_BASIC = 1, SCOPE_FULL = 2 };

/* Beside a level: while it is in doubt whose a record is, who may be its org is
 * given nothing new by that, and nothing that it was given is taken back. */
enum { SCOPE_KEEPS = 4, SCOPE_LEVELS = 3 };
/* Likewise: one of the record's own orgs, which others never crowd out. */
enum { SCOPE_OWN = 8 };

/** The same, but no more than basic. */
static inline uint8_t
scope_level_basic(uint8_t level)
{
	return (level & SCOPE_LEVELS) > SCOPE_BASIC
	           ? (uint8_t)(SCOPE_BASIC | (level & SCOPE_KEEPS))
	           : level;
}

struct scope_org {
	char ref[ORG_REF_BYTES_MAX + 1];
	uint8_t level; /* enum scope_level, SCOPE_KEEPS, SCOPE_OWN */
};

/* Sorted by ref, each once. */
struct scope_orgs {
	size_t count;
	bool is_crowded; /* there were more */
	struct scope_org org[SCOPE_ORGS_MAX];
};

/** The higher level counts, and SCOPE_KEEPS and SCOPE_OWN stay. An org that no
 * certificate could name is left out; of too many the record's own stay, then
 * those of the highest level, then those of the lowest refs. */
void scope_orgs_add(struct scope_orgs *o, const char *ref, uint8_t level);
void scope_orgs_add_all(struct scope_orgs *o, const struct scope_orgs *more);
enum scope_level scope_orgs_level(const struct scope_orgs *o, const char *ref);
/** Whether both have the same orgs on or above a level, and the same that keep
 * what they had; levels count too. */
bool scope_orgs_equal(
    const struct scope_orgs *a, const struct scope_orgs *b, uint8_t least);
/** Whether each of a stands in b, no lower. */
bool scope_orgs_within(const struct scope_orgs *a, const struct scope_orgs *b);
enum err scope_orgs_encode(const struct scope_orgs *o, struct buffer *out);
enum err scope_orgs_decode(struct reader *r, struct scope_orgs *out);

static inline void
scope_orgs_clear(struct scope_orgs *o)
{
	o->count = 0;
	o->is_crowded = false;
}

/* --- bounds (scope_bounds.c) --- */

/** Whether the group knows an org, or it is a team. */
bool scope_knows_org(struct txn *t, const char *ref);
/** A bound of a record's scope was met: the group is told, once. */
enum err scope_tell_bound(struct txn *t, const struct self *self,
    const struct identity *id, enum finding_code code);
/** An org came that may be due what it was crowded out of: ERR_OK and true. */
enum err scope_was_crowded(struct txn *t, bool *out);

/* A record at work: its changes and what they add up to. */
struct scoped {
	struct txn *t;
	const struct self *self;
	const struct kind *kind;
	uint8_t key[KEY_RECORD_BYTES];
	size_t count;
	const struct merge_input *input; /* of its changes */
	struct record merged;
	struct record_set set; /* what input points into, if it was read */
};

/**
 * Read a record. ERR_NOT_FOUND: it is not here, has no scope (of a kind that
 * is the group's, or unknown), or nothing can be said about it: too many
 * changes, or one that cannot be read. scoped_free() after ERR_OK.
 */
enum err scoped_read(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], struct scoped *out);
/** The same of a record whose only change this is, without reading it. c must
 * outlive *out. */
enum err scoped_first(struct txn *t, const struct self *self,
    const struct change *c, uint64_t fingerprint,
    const uint8_t key[KEY_RECORD_BYTES], struct scoped *out);
void scoped_free(struct scoped *s);

/** The level from which on an org receives the record itself. */
enum scope_level scoped_needs(const struct scoped *s);
/** Its orgs as they are granted what one of its fields names; NULL: what all
 * of them name, at least. */
enum err scoped_grants(
    const struct scoped *s, const struct field *field, struct scope_orgs *out);
/** Its orgs as they are granted what it names. *is_one: all of it alike. */
enum err scope_granted(
    const struct scoped *s, struct scope_orgs *out, bool *is_one);
/**
 * Compare with what it granted without the change that has just come.
 * *only_more: the same orgs to the same records, and others at most: nothing
 * has to be taken back, and what else was granted need not be read.
 */
enum err scope_granted_before(const struct scoped *s,
    const struct change_id *fresh, const struct scope_orgs *granted,
    bool *only_more, bool *is_same);
/** The whole scope: own, granted, followed; of a resident also that of the
 * entries linked to it. */
enum err scoped_orgs(const struct scoped *s, struct scope_orgs *out);
/** The same of a record that nothing names. */
enum err scoped_orgs_unnamed(const struct scoped *s, struct scope_orgs *out);
/** Add its own and granted orgs only. */
enum err scoped_direct(const struct scoped *s, struct scope_orgs *out);
/** Add those of the entries linked to it (scope_linked.c). */
enum err scoped_linked(const struct scoped *s, struct scope_orgs *out);
/** Keys of all entries whose scope a link may change, appended to keys. fresh:
 * a change of it that has just come, and may have changed whom it names; NULL:
 * none. */
enum err scope_link_entries(const struct scoped *link,
    const struct change_id *fresh, struct buffer *keys);

/** Whom a change of it has to be told besides: from whom it takes the file, and
 * who cared for him there. */
enum err scoped_told(
    const struct scoped *s, const struct change *c, struct scope_orgs *out);

/** One ref of a reference field; NULL: no more. */
const char *scope_ref(const json_t *fields, const struct field *f, size_t i);
/** The record that one is about by fields of its own, if its kind has such
 * (kind_scope.about); source: as told, or NULL. */
bool scope_about(const struct kind *k, const json_t *fields, const char **kind,
    const char **ref, const char **source);
/** The source that a ref in a field is of: what the record says of it, else the
 * record's own. */
const char *scope_source(
    const json_t *fields, const struct field *f, const char *own);
/** Which record a ref in a record of this source means, if it is here and
 * there is but one that it can mean. ERR_NOT_FOUND. */
enum err scope_resolve(struct txn *t, const char *source, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES]);
/** The same at any node, also one that keeps no scopes: of residents and
 * devices. */
enum err scope_find(struct txn *t, const char *source, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES]);
/** A change of a node that keeps no scopes: what scope_find() asks. */
enum err scope_hold_ref(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);
/** Whether it is the only record here of its kind and ref. */
bool scope_is_only(struct txn *t, const struct identity *id);

/* --- tables --- */

/** Of what others follow: ERR_NOT_FOUND: not here yet. */
enum err scope_row_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct scope_orgs *out);
enum err scope_row_write(struct txn *t, const struct identity *id,
    const uint8_t key[KEY_RECORD_BYTES], const struct scope_orgs *o);

/* Rows of `namings`, in the order in which grants are filled up. */
enum naming_role {
	NAMING_GRANTS = 0,  /* it may grant its orgs what it names */
	NAMING_PLANS = 1,   /* it follows, also on a basic grant */
	NAMING_REST = 2,    /* it follows */
	NAMING_HOLDERS = 3, /* what bears that ref itself */
	NAMING_CARERS = 4,  /* no record: an org that wrote of it (carers.h) */
};

/** Note that a record names what its change's fields say, and, of what others
 * follow, that it bears its ref. */
enum err naming_note(struct txn *t, const struct kind *k,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);
enum err naming_hold(struct txn *t, const struct identity *id,
    const uint8_t key[KEY_RECORD_BYTES]);
/** Whether anything names it, or bears its ref. */
bool naming_any(struct txn *t, const struct identity *id);
/** Whether any record names this ref, beside those that bear it. */
bool naming_is_named(struct txn *t, const struct identity *id);
/** Record keys, one after the other, appended to out; of one source (or of
 * any: NULL), at most `most`. */
enum err naming_walk(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, size_t most, struct buffer *out);

/** Those of one kind only, at their cost, however many others name it. */
enum err naming_walk_kind(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, const char *namer,
    struct buffer *out);
/** Likewise, at most so many; which, where there are more, is by chance. */
enum err naming_walk_most(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, const char *namer, size_t most,
    struct buffer *out);

/* --- what follows for the lists (scope_spread.c) --- */

/** A change was admitted: let it, and what else that concerns, stand on the
 * right lists. Its acting org's is not looked at. */
enum err scope_admitted(struct txn *t, const struct self *self,
    const struct change *c, uint64_t fingerprint);
/** Look again at a record whose scope depends on more than changed in it. */
enum err scope_settle(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES]);
/** Look again at the records that name this one, and at what they grant. */
enum err scope_settle_naming(
    struct txn *t, const struct self *self, const char *kind, const char *ref);
/** Look at every record again. Costs as much as the store holds. */
enum err scope_settle_all(struct txn *t, const struct self *self);
/** After a change of an org: if it moved in the tree, lists may be due to
 * others, and scope_prepare() will look. */
enum err scope_org_changed(struct txn *t, const struct change *c);
/** At the start of a hub: all, if an org moved since or the store was made
 * before there were scopes. */
enum err scope_prepare(struct txn *t, const struct self *self);

#endif

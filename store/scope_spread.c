/* scope_spread: what a record's scope means for the lists.
 *
 * A record whose scope may have changed is settled: its scope is computed
 * anew; if it is another, the record's changes go to the lists where they now
 * belong and leave the others, and so does what follows the record, plans
 * before the rest. Nothing is compared with how things came to be, so that
 * every order of arrival ends alike.
 */

#include <stdio.h>
#include <string.h>

#include "store/carers.h"
#include "store/emptying.h"
#include "store/kin.h"
#include "store/linked.h"
#include "store/list.h"
#include "store/memo.h"
#include "store/scope.h"

/* A record follows one that follows another: reports, requests, residents. */
enum { DEPTH_MAX = 6 };

struct spread {
	struct txn *t;
	const struct self *self;
	struct org_tree *tree;
	struct org_tree own; /* where there is no memory for a shared one */
	struct emptying_notes left; /* what went off lists */
	unsigned depth;
	bool is_sweep; /* look at every change, whatever seems the same */
	bool is_among_linked; /* all entries of a person are being settled */
};

static void
spread_begin(struct spread *sp, struct txn *t, const struct self *self)
{
	memset(sp, 0, sizeof *sp);
	sp->t = t;
	sp->self = self;
	sp->own.t = t;
	sp->tree = memo_tree(t, &sp->own);
}

/* at: of what caused it all. */
static enum err
spread_end(struct spread *sp, int64_t at, enum err e)
{
	if (e == ERR_OK)
		e = emptying_write(sp->t, sp->self, &sp->left, at);
	emptying_free(&sp->left);
	org_tree_free(&sp->own);
	return e;
}

/* --- the lists of one record ------------------------------------------- */

/* Whether who receives the org's list receives that of one below it, on which
 * the change stands as well. */
static bool
is_covered(struct spread *sp, const struct scope_orgs *o, uint8_t needs,
    const char *acting, const char *org)
{
	size_t i;

	if (org_tree_is_below(sp->tree, acting, org))
		return true;
	for (i = 0; i < o->count; i++)
		if ((o->org[i].level & SCOPE_LEVELS) >= needs &&
		    strcmp(o->org[i].ref, org) != 0 &&
		    org_tree_is_below(sp->tree, o->org[i].ref, org))
			return true;
	return false;
}

static void
name_list(char out[LIST_NAME_BYTES_MAX + 1], const char *org)
{
	snprintf(out, LIST_NAME_BYTES_MAX + 1, "%s%s", AUDIENCE_ORG, org);
}

static enum err
share_one(struct spread *sp, const struct scoped *s,
    const struct merge_input *input, const struct scope_orgs *o, bool is_first)
{
	char names[SCOPE_ORGS_MAX][LIST_NAME_BYTES_MAX + 1];
	char kept[SCOPE_ORGS_MAX][LIST_NAME_BYTES_MAX + 1];
	const struct change *c = input->change;
	uint8_t needs = (uint8_t)scoped_needs(s);
	struct scope_orgs due = *o;
	size_t count = 0, kept_count = 0, i;
	enum err e;

	e = scoped_told(s, c, &due);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < due.count; i++) {
		const char *org = due.org[i].ref;

		if (strcmp(org, c->org) == 0)
			continue;
		if ((due.org[i].level & SCOPE_LEVELS) < needs) {
			if ((due.org[i].level & SCOPE_KEEPS) != 0)
				name_list(kept[kept_count++], org);
			continue;
		}
		if (!is_covered(sp, &due, needs, c->org, org))
			name_list(names[count++], org);
	}
	e = org_tree_state(sp->tree);
	if (e == ERR_OK && kept_count > 0)
		e = list_keep(sp->t, &c->id,
		    (const char(*)[LIST_NAME_BYTES_MAX + 1]) kept, kept_count,
		    names, &count);
	if (e != ERR_OK || (is_first && count == 0))
		return e;
	return list_share(
	    sp->t, &c->id, input->fingerprint, names, count, &sp->left);
}

/* Whose audience also depends on what it follows. */
static bool
tells(const struct scoped *s, const struct change *c)
{
	const struct field *f;

	for (f = s->kind->fields; f->number != 0; f++)
		if ((f->flags & FIELD_HOLDER) != 0 &&
		    json_object_get(c->fields, f->name) != NULL)
			return true;
	return false;
}

/* fresh: only this change and what it may complete; NULL: all. */
static enum err
share(struct spread *sp, const struct scoped *s, const struct scope_orgs *o,
    const struct change_id *fresh)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < s->count; i++)
		if (fresh == NULL ||
		    change_id_compare(&s->input[i].change->id, fresh) == 0 ||
		    tells(s, s->input[i].change))
			e = share_one(sp, s, &s->input[i], o,
			    s->count == 1 && fresh != NULL);
	return e;
}

/* --- settling ---------------------------------------------------------- */

static enum err settle(struct spread *sp, const uint8_t key[KEY_RECORD_BYTES]);

static enum err
settle_all(struct spread *sp, const struct buffer *keys)
{
	size_t at;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES)
		e = settle(sp, keys->data + at);
	return e;
}

/* What names the ref, from one source or any; without those that need a full
 * grant where none changed. */
static enum err
settle_namers(struct spread *sp, const struct identity *id, const char *source,
    enum naming_role last)
{
	struct buffer keys = {0};
	int role;
	enum err e = ERR_OK;

	for (role = NAMING_GRANTS; e == ERR_OK && role <= (int)last; role++)
		e = naming_walk(sp->t, id->kind, id->ref,
		    (enum naming_role)role, source, SIZE_MAX, &keys);
	if (e == ERR_OK)
		e = settle_all(sp, &keys);
	buffer_free(&keys);
	return e;
}

/* The entries of the same person have the same scope; and links tell whose
 * entries they name, which the index of names does not know. */
static enum err
settle_linked(struct spread *sp, const struct scoped *s)
{
	struct buffer links = {0};
	struct linked all = {.count = 0};
	size_t i;
	enum err e = ERR_OK;

	if (strcmp(s->kind->name, "resident") != 0)
		return ERR_OK;
	if (!sp->is_among_linked) {
		sp->is_among_linked = true;
		e = linked_all(sp->t, s->key, &all);
		for (i = 1; e == ERR_OK && i < all.count; i++)
			e = settle(sp, all.key[i]);
		sp->is_among_linked = false;
	}
	if (e == ERR_OK)
		e = linked_links(sp->t, s->key, LINKS_MAX, &links);
	if (e == ERR_OK)
		e = settle_all(sp, &links);
	buffer_free(&links);
	return e;
}

/* What a link makes one, or two again. */
static enum err
settle_link(
    struct spread *sp, const struct scoped *s, const struct change_id *fresh)
{
	struct buffer keys = {0};
	enum err e = ERR_OK;

	if (strcmp(s->kind->name, "link") != 0)
		return ERR_OK;
	e = scope_link_entries(s, fresh, &keys);
	if (e == ERR_OK)
		e = settle_all(sp, &keys);
	buffer_free(&keys);
	return e;
}

/* The row is another now: tell the record's own changes and what follows. */
static enum err
followed_changed(struct spread *sp, const struct scoped *s,
    const struct scope_orgs *before, const struct scope_orgs *now)
{
	const struct identity *id = &s->merged.id;
	enum err e = scope_row_write(sp->t, id, s->key, now);

	if (e == ERR_OK)
		e = share(sp, s, now, NULL);
	if (e == ERR_OK)
		e = settle_linked(sp, s);
	if (e != ERR_OK)
		return e;
	return settle_namers(sp, id,
	    scope_is_only(sp->t, id) ? NULL : id->source,
	    scope_orgs_equal(before, now, SCOPE_FULL) ? NAMING_PLANS
	                                              : NAMING_REST);
}

/* A scope that others follow. */
static enum err
settle_followed(struct spread *sp, const struct scoped *s,
    const struct scope_orgs *now, const struct change_id *fresh)
{
	const char *basic = s->kind->scope.basic;
	struct scope_orgs before;
	bool by_state = basic != NULL && strcmp(basic, "*") != 0;
	enum err e = scope_row_read(sp->t, s->key, &before);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!scope_orgs_equal(&before, now, SCOPE_BASIC))
		return followed_changed(sp, s, &before, now);
	return share(sp, s, now, !by_state && !sp->is_sweep ? fresh : NULL);
}

static const struct change_id no_change;

/* fresh: the change that was just admitted; no_change: none. */
static enum err
settle_scoped(
    struct spread *sp, const struct scoped *s, const struct change_id *fresh)
{
	struct scope_orgs now;
	enum err e = scoped_orgs(s, &now);

	if (e != ERR_OK)
		return e;
	if (s->kind->scope.is_followed)
		return settle_followed(sp, s, &now, fresh);
	return share(sp, s, &now, s->count == 1 ? fresh : NULL);
}

static enum err
settle(struct spread *sp, const uint8_t key[KEY_RECORD_BYTES])
{
	struct scoped s;
	enum err e;

	if (sp->depth == DEPTH_MAX)
		return ERR_OK;
	e = scoped_read(sp->t, sp->self, key, &s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	sp->depth++;
	e = settle_scoped(
	    sp, &s, s.kind->scope.is_followed ? &no_change : NULL);
	sp->depth--;
	scoped_free(&s);
	return e;
}

/* --- a change arrives -------------------------------------------------- */

static enum err
add_once(struct buffer *keys, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t at;

	for (at = 0; at < keys->size; at += KEY_RECORD_BYTES)
		if (memcmp(keys->data + at, key, KEY_RECORD_BYTES) == 0)
			return ERR_OK;
	put_bytes(keys, key, KEY_RECORD_BYTES);
	return buffer_state(keys);
}

static enum err
add_targets(struct spread *sp, const struct scoped *s, const json_t *fields,
    struct buffer *keys)
{
	const struct field *f;
	const char *ref;
	size_t i;
	enum err e = ERR_OK;

	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++) {
		if ((f->flags & FIELD_GRANTS) == 0)
			continue;
		for (i = 0;
		     e == ERR_OK && (ref = scope_ref(fields, f, i)) != NULL;
		     i++) {
			uint8_t key[KEY_RECORD_BYTES];

			e = scope_resolve(
			    sp->t, s->merged.id.source, f->ref_kind, ref, key);
			if (e == ERR_OK)
				e = add_once(keys, key);
			else if (e == ERR_NOT_FOUND)
				e = ERR_OK; /* awaited */
		}
	}
	return e;
}

/* What it grants to its orgs; and what any of its changes ever granted, since
 * what it no longer names has to be taken back. */
static enum err
granted_targets(
    struct spread *sp, const struct scoped *s, bool ever, struct buffer *keys)
{
	size_t i;
	enum err e = add_targets(sp, s, s->merged.fields, keys);

	for (i = 0; ever && e == ERR_OK && i < s->count; i++)
		e = add_targets(sp, s, s->input[i].change->fields, keys);
	return e;
}

/* What a record grants anew comes on top of what was granted so far, which
 * need not be read again; often it is nothing new: a contract with the org that
 * keeps the file, the next hand-over in a chain. */
static enum err
settle_added(struct spread *sp, const struct scope_orgs *granted,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct scope_orgs held, now;
	struct scoped target;
	enum err e = scope_row_read(sp->t, key, &held);

	if (e == ERR_NOT_FOUND) /* nothing follows it, so it has no row */
		return settle(sp, key);
	if (e != ERR_OK || scope_orgs_within(granted, &held))
		return e;
	now = held;
	scope_orgs_add_all(&now, granted);
	if (now.count == SCOPE_ORGS_MAX)
		return settle(sp, key);
	e = scoped_read(sp->t, sp->self, key, &target);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	sp->depth++;
	e = followed_changed(sp, &target, &held, &now);
	sp->depth--;
	scoped_free(&target);
	return e;
}

static bool
may_grant(const struct kind *k)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & FIELD_GRANTS) != 0)
			return true;
	return false;
}

static enum err
settle_granted(
    struct spread *sp, const struct scoped *s, const struct change_id *fresh)
{
	struct buffer keys = {0};
	struct scope_orgs granted;
	bool only_more = s->count == 1 && !sp->is_sweep, is_same = false;
	bool is_one;
	size_t at;
	enum err e;

	if (!may_grant(s->kind))
		return ERR_OK;
	e = scope_granted(s, &granted, &is_one);
	if (e == ERR_OK && s->count > 1 && fresh != NULL && is_one)
		e = scope_granted_before(
		    s, fresh, &granted, &only_more, &is_same);
	if (e == ERR_OK && !is_same)
		e = granted_targets(sp, s, !only_more, &keys);
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = only_more ? settle_added(sp, &granted, keys.data + at)
		              : settle(sp, keys.data + at);
	buffer_free(&keys);
	return e;
}

/* It bears a ref that one other record bore alone until now: what named that
 * without being of its source means neither any more. */
static enum err
settle_doubles(struct spread *sp, const struct identity *id)
{
	struct buffer keys = {0};
	enum err e = naming_walk(
	    sp->t, id->kind, id->ref, NAMING_HOLDERS, NULL, 3, &keys);

	if (e == ERR_OK && keys.size == 2 * (size_t)KEY_RECORD_BYTES) {
		e = settle_all(sp, &keys);
		if (e == ERR_OK)
			e = settle_namers(sp, id, NULL, NAMING_REST);
	}
	buffer_free(&keys);
	return e;
}

/* From now on refs lead here. */
static enum err
found(struct spread *sp, const struct scoped *s, bool *is_new)
{
	const struct scope_orgs nobody = {.count = 0};
	enum err e;

	*is_new = s->kind->scope.is_followed &&
	          txn_has(sp->t, TABLE_SCOPES, s->key, sizeof s->key) ==
	              ERR_NOT_FOUND;
	if (!*is_new)
		return ERR_OK;
	e = naming_hold(sp->t, &s->merged.id, s->key);
	return e == ERR_OK
	           ? scope_row_write(sp->t, &s->merged.id, s->key, &nobody)
	           : e;
}

/* Nothing names it yet and nothing else bears its ref, as it is with nearly
 * all that comes: there is nobody to ask and nobody to tell. */
static enum err
arrive_alone(
    struct spread *sp, const struct scoped *s, const struct change_id *fresh)
{
	struct scope_orgs now;
	enum err e = scoped_orgs_unnamed(s, &now);

	if (e == ERR_OK)
		e = naming_hold(sp->t, &s->merged.id, s->key);
	if (e == ERR_OK)
		e = scope_row_write(sp->t, &s->merged.id, s->key, &now);
	if (e == ERR_OK)
		e = share(sp, s, &now, fresh);
	return e == ERR_OK ? settle_granted(sp, s, fresh) : e;
}

static enum err
arrive(struct spread *sp, const struct scoped *s, const struct change_id *fresh)
{
	bool is_new;
	enum err e;

	if (s->kind->scope.is_followed && s->count == 1 && fresh != NULL &&
	    !naming_any(sp->t, &s->merged.id))
		return arrive_alone(sp, s, fresh);
	e = found(sp, s, &is_new);
	if (e == ERR_OK)
		e = settle_scoped(sp, s, fresh);
	if (e == ERR_OK && is_new)
		e = settle_doubles(sp, &s->merged.id);
	if (e == ERR_OK)
		e = settle_link(sp, s, fresh);
	return e == ERR_OK ? settle_granted(sp, s, fresh) : e;
}

static enum err
settle_cared_for(struct spread *sp, const struct scoped *s,
    const struct field *f, const char *ref, const char *org)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct scope_orgs held;
	enum err e =
	    scope_resolve(sp->t, s->merged.id.source, f->ref_kind, ref, key);

	if (e == ERR_OK)
		e = scope_row_read(sp->t, key, &held);
	if (e == ERR_OK && scope_orgs_level(&held, org) == SCOPE_NONE)
		e = settle(sp, key);
	return e == ERR_NOT_FOUND ? ERR_OK : e; /* awaited */
}

/* Who wrote of a resident for the first time receives what goes with that, and
 * what he was told before that. */
static enum err
settle_carer(struct spread *sp, const struct scoped *s, const struct change *c)
{
	const struct field *f;
	const char *ref;
	bool is_new;
	size_t i;
	enum err e = carers_note(sp->t, s->kind, c, &is_new);

	if (e != ERR_OK || !is_new)
		return e;
	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++) {
		if ((f->flags & FIELD_FOLLOWS) == 0)
			continue;
		for (i = 0;
		     e == ERR_OK && (ref = scope_ref(c->fields, f, i)) != NULL;
		     i++)
			e = settle_cared_for(sp, s, f, ref, c->org);
	}
	return e;
}

/* Of a record with too many changes to say more, to whom it went so far. */
static enum err
share_beyond(struct txn *t, const struct self *self, const struct change *c,
    uint64_t fingerprint, const uint8_t key[KEY_RECORD_BYTES])
{
	struct scope_orgs o;
	struct spread sp;
	struct scoped s;
	size_t count;
	enum err e = record_changes(t, key, SCOPE_CHANGES_MAX + 1, &count);

	if (e != ERR_OK || count <= SCOPE_CHANGES_MAX)
		return e;
	e = scope_tell_bound(t, self, &c->record, FINDING_SCOPE_LONG);
	if (e == ERR_OK)
		e = scope_row_read(t, key, &o);
	if (e == ERR_OK)
		e = scoped_first(t, self, c, fingerprint, key, &s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	spread_begin(&sp, t, self);
	e = share_one(&sp, &s, &s.input[0], &o, false);
	scoped_free(&s);
	return spread_end(&sp, c->recorded_at, e);
}

enum err
scope_admitted(struct txn *t, const struct self *self, const struct change *c,
    uint64_t fingerprint)
{
	const struct kind *k = kind_by_name(c->record.kind);
	struct spread sp;
	uint8_t key[KEY_RECORD_BYTES];
	struct scoped s;
	enum err e;

	if (k == NULL || k->by_group)
		return ERR_OK;
	key_record_in(t, key, &c->record);
	e = naming_note(t, k, c, key);
	if (e != ERR_OK)
		return e;
	if (kin_is_alone(t, key))
		e = scoped_first(t, self, c, fingerprint, key, &s);
	else
		e = scoped_read(t, self, key, &s);
	if (e == ERR_NOT_FOUND)
		return share_beyond(t, self, c, fingerprint, key);
	if (e != ERR_OK)
		return e;
	spread_begin(&sp, t, self);
	e = arrive(&sp, &s, &c->id);
	if (e == ERR_OK)
		e = settle_carer(&sp, &s, c);
	scoped_free(&s);
	return spread_end(&sp, c->recorded_at, e);
}

/* --- everything -------------------------------------------------------- */

static enum err
sweep_one(struct spread *sp, const uint8_t key[KEY_RECORD_BYTES])
{
	struct scoped s;
	size_t i;
	enum err e = scoped_read(sp->t, sp->self, key, &s);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (i = 0; e == ERR_OK && i < s.count; i++)
		e = naming_note(sp->t, s.kind, s.input[i].change, s.key);
	if (e == ERR_OK)
		e = arrive(sp, &s, NULL);
	for (i = 0; e == ERR_OK && i < s.count; i++)
		e = settle_carer(sp, &s, s.input[i].change);
	scoped_free(&s);
	return e;
}

static enum err
look_again(struct spread *sp, const uint8_t key[KEY_RECORD_BYTES])
{
	struct scoped s;
	enum err e = scoped_read(sp->t, sp->self, key, &s);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = arrive(sp, &s, NULL);
	scoped_free(&s);
	return e;
}

enum err
scope_settle(
    struct txn *t, const struct self *self, const uint8_t key[KEY_RECORD_BYTES])
{
	struct spread sp;
	enum err e;

	spread_begin(&sp, t, self);
	e = look_again(&sp, key);
	return spread_end(&sp, self->trusted_at, e);
}

enum err
scope_settle_naming(
    struct txn *t, const struct self *self, const char *kind, const char *ref)
{
	struct spread sp;
	struct buffer keys = {0};
	size_t at;
	int role;
	enum err e = ERR_OK;

	spread_begin(&sp, t, self);
	for (role = NAMING_GRANTS; e == ERR_OK && role <= NAMING_REST; role++)
		e = naming_walk(t, kind, ref, (enum naming_role)role, NULL,
		    SIZE_MAX, &keys);
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = look_again(&sp, keys.data + at);
	buffer_free(&keys);
	return spread_end(&sp, self->trusted_at, e);
}

/* Kinds that are followed have lower numbers than those that follow them. */
enum err
scope_settle_all(struct txn *t, const struct self *self)
{
	struct spread sp;
	uint8_t last[KEY_RECORD_BYTES] = {0};
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_RECORDS, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	spread_begin(&sp, t, self);
	sp.is_sweep = true;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		if (key.size != KEY_RECORD_CHANGE_BYTES ||
		    memcmp(key.data, last, sizeof last) == 0)
			continue;
		memcpy(last, key.data, sizeof last);
		e = sweep_one(&sp, last);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return spread_end(&sp, self->trusted_at, e == ERR_END ? ERR_OK : e);
}

/* feed_left: a node's feed loses a whole list (feed_left.h).
 *
 * Which orgs went to stand elsewhere is kept in `meta` under "feed.moved" until
 * the lists are settled; at a node the lists that were lost stand there under
 * "feed.lost:" and the org, until a session has brought all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/emptying.h"
#include "store/feed_left.h"
#include "store/index.h"
#include "store/org_tree.h"
#include "store/rules.h"
#include "store/scope.h"
#include "store/team_feed.h"

enum { NAMES_MAX = 256, CHANGES_MAX = 512, MOVED_BYTES_MAX = 65536 };

static const char moved_key[] = "feed.moved", lost_key[] = "feed.lost:";

/* --- hub: what a list holds is not for them any more --------------------- */

/* From whom a list is taken: who is fed that way, and how it is called. */
struct loser {
	struct txn *t;
	struct emptying_notes *notes;
	char from[LIST_NAME_BYTES_MAX + 1];
	struct cert feed; /* what is left of it */
	char names[NAMES_MAX + 1][LIST_NAME_BYTES_MAX + 1];
};

static bool
is_fed(struct loser *l, const char *list)
{
	const size_t skip = strlen(AUDIENCE_ORG);

	return strncmp(list, AUDIENCE_ORG, skip) == 0 &&
	       org_within(l->t, &l->feed, list + skip);
}

/* Not of what it has by another list as well. Whatever becomes of the change
 * later, they hear it as those do whose list it left. What left this list has
 * to be told too: that was said on this list, and there they may not have read
 * it before they lost it. */
static enum err
lose_change(struct loser *l, const char *list, const struct list_entry *entry)
{
	const struct change_id *id = &entry->id;
	bool is_named = entry->is_withdrawn;
	size_t count, i;
	enum err e = list_standing(l->t, id, l->names, NAMES_MAX, &count);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < count; i++) {
		if (is_fed(l, l->names[i]))
			return ERR_OK;
		is_named = is_named || strcmp(l->names[i], list) == 0;
	}
	if (!is_named) /* its acting org's own */
		snprintf(l->names[count++], sizeof l->names[0], "%s", list);
	e = list_note_left(l->t, id, l->from);
	return e == ERR_OK
	           ? emptying_add(l->notes, l->from, NULL, id, l->names, count)
	           : e;
}

static enum err
lose_list(struct loser *l, const char *org)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct list_entry entry;
	struct audience a;
	uint8_t class;
	enum err e;

	snprintf(name, sizeof name, "%s%s", AUDIENCE_ORG, org);
	if (is_fed(l, name))
		return ERR_OK;
	e = audience_read(l->t, name, &a);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		uint64_t place = 1;

		while ((e = list_entry_read(l->t, &a, class, place, &entry)) ==
		       ERR_OK) {
			place++;
			e = lose_change(l, name, &entry);
			if (e != ERR_OK)
				return e;
		}
		e = e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	return e == ERR_OK ? emptying_add(l->notes, l->from, org, NULL, NULL, 0)
	                   : e;
}

/* The orgs at and below one that have a list, each with its NUL. */
static enum err
lists_within(struct txn *t, const char *org, struct buffer *out)
{
	const size_t skip = strlen(AUDIENCE_ORG);
	struct cert one = {.org_count = 1};
	struct bytes key;
	struct walk *w;
	enum err e = walk_open(t, TABLE_AUDIENCES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	snprintf(one.orgs[0], sizeof one.orgs[0], "%s", org);
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		char name[LIST_NAME_BYTES_MAX + 1];

		if (key.size > LIST_NAME_BYTES_MAX)
			continue;
		memcpy(name, key.data, key.size);
		name[key.size] = '\0';
		if (strncmp(name, AUDIENCE_ORG, skip) == 0 &&
		    org_within(t, &one, name + skip))
			put_bytes(out, name + skip, key.size - skip + 1);
	}
	walk_close(w);
	return e == ERR_END ? buffer_state(out) : e;
}

/* Who is fed by `fed` (an org, or a team) has lost org and what is below. */
static enum err
lose_org(struct txn *t, struct emptying_notes *notes, const char *fed,
    const char *org)
{
	struct loser *l = calloc(1, sizeof *l);
	struct cert cert = {.org_count = 1};
	struct buffer orgs = {0};
	size_t at;
	enum err e = l == NULL ? ERR_NOMEM : lists_within(t, org, &orgs);

	if (e == ERR_OK) {
		l->t = t;
		l->notes = notes;
		snprintf(l->from, sizeof l->from, "%s%s", AUDIENCE_ORG, fed);
		snprintf(cert.orgs[0], sizeof cert.orgs[0], "%s", fed);
		e = team_feed_widen(t, &cert, &l->feed);
	}
	for (at = 0; e == ERR_OK && at < orgs.size;) {
		const char *one = (const char *)orgs.data + at;

		e = lose_list(l, one);
		at += strlen(one) + 1;
	}
	buffer_free(&orgs);
	free(l);
	return e;
}

/* --- hub: a team gives a village up --------------------------------------- */

static bool
names_org(const json_t *fields, const struct field *f, const char *org)
{
	const char *ref;
	size_t i;

	for (i = 0; (ref = scope_ref(fields, f, i)) != NULL; i++)
		if (strcmp(ref, org) == 0)
			return true;
	return false;
}

static enum err
compare_villages(struct txn *t, struct emptying_notes *notes, const char *team,
    const struct record *before, const struct record *now)
{
	const struct field *f =
	    field_by_name(kind_by_name("team")->fields, "villages");
	char fed[ORG_REF_BYTES_MAX + 1];
	const size_t room = sizeof fed - sizeof TEAM_PREFIX;
	const char *ref;
	size_t i;
	enum err e = ERR_OK;

	if (strlen(team) > room) /* no feed has such a name */
		return ERR_OK;
	snprintf(fed, sizeof fed, "%s%.*s", TEAM_PREFIX, (int)room, team);
	for (i = 0;
	     e == ERR_OK && (ref = scope_ref(before->fields, f, i)) != NULL;
	     i++)
		if (!names_org(now->fields, f, ref))
			e = lose_org(t, notes, fed, ref);
	return e;
}

static enum err
note_team(struct txn *t, struct emptying_notes *notes, const struct change *c)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record before, now;
	struct record_set set;
	enum err e;

	if (json_object_get(c->fields, "villages") == NULL ||
	    !team_feed_is_kept(t, c->record.ref))
		return ERR_OK;
	key_record(txn_db(t), key, &c->record);
	e = record_gather(t, key, CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
	e = record_seen_by(set.input, set.count, &c->id, false, &before);
	if (e == ERR_OK) {
		e = record_merge(set.input, set.count, &now);
		if (e == ERR_OK) {
			e = compare_villages(
			    t, notes, c->record.ref, &before, &now);
			record_clear(&now);
		}
		record_clear(&before);
	} else if (e == ERR_NOT_FOUND) {
		e = ERR_OK;
	}
	record_set_free(&set);
	return e;
}

/* --- hub: an org goes to stand elsewhere ---------------------------------- */

/* Its former place is kept until the lists fit the new one. */
static enum err
note_org(struct txn *t, const struct change *c)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct buffer waits = {0};
	struct record before;
	struct record_set set;
	const char *parent;
	enum err e;

	if (json_object_get(c->fields, "parent_org_id") == NULL)
		return ERR_OK;
	key_record(txn_db(t), key, &c->record);
	e = record_gather(t, key, CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_NOMEM || e == ERR_IO ? e : ERR_OK;
	e = record_seen_by(set.input, set.count, &c->id, false, &before);
	record_set_free(&set);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	parent = rule_ref(before.fields, "parent_org_id");
	if (parent != NULL && strlen(parent) <= ORG_REF_BYTES_MAX &&
	    strlen(c->record.ref) <= ORG_REF_BYTES_MAX) {
		e = meta_get(t, moved_key, &waits);
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
		put_text(&waits, parent);
		put_text(&waits, c->record.ref);
		if (e == ERR_OK)
			e = buffer_state(&waits);
		if (e == ERR_OK && waits.size <= MOVED_BYTES_MAX)
			e = meta_put(t, moved_key, waits.data, waits.size);
	}
	buffer_free(&waits);
	record_clear(&before);
	return e;
}

enum err
feed_left_note(struct txn *t, const struct self *self, const struct change *c)
{
	struct emptying_notes notes = {.count = 0};
	enum err e;

	if (self->role != ROLE_HUB || c->parent_count == 0)
		return ERR_OK;
	if (strcmp(c->record.kind, "org") == 0)
		return note_org(t, c);
	if (strcmp(c->record.kind, "team") != 0)
		return ERR_OK;
	e = note_team(t, &notes, c);
	if (e == ERR_OK)
		e = emptying_write(t, self, &notes, c->recorded_at);
	emptying_free(&notes);
	return e;
}

struct fed_by {
	const char *org;
	bool any;
};

static enum err
look_for(void *context, const struct node *n)
{
	struct fed_by *f = context;
	size_t i;

	for (i = 0; !n->is_revoked && i < n->cert.org_count; i++)
		f->any = f->any || strcmp(n->cert.orgs[i], f->org) == 0;
	return ERR_OK;
}

/* Who was above it there and is not above it here. */
static enum err
lose_moved(struct txn *t, struct emptying_notes *notes, const char *parent,
    const char *org)
{
	char at[REF_BYTES_MAX + 1];
	int depth;
	enum err e = ERR_OK;

	snprintf(at, sizeof at, "%s", parent);
	for (depth = 0; e == ERR_OK && depth < ORG_DEPTH_MAX; depth++) {
		struct fed_by f = {.org = at};
		struct cert above = {.org_count = 1};
		size_t size = strlen(at);

		if (size > ORG_REF_BYTES_MAX)
			break;
		memcpy(above.orgs[0], at, size + 1);
		if (org_within(t, &above, org))
			break; /* and so is everybody from here on */
		e = index_node_walk(t, look_for, &f);
		if (e == ERR_OK && f.any)
			e = lose_org(t, notes, at, org);
		if (e == ERR_OK &&
		    index_parent_org(t, at, at, sizeof at) != ERR_OK)
			break;
	}
	return e;
}

enum err
feed_left_settle(struct txn *t, const struct self *self)
{
	struct emptying_notes notes = {.count = 0};
	char parent[ORG_REF_BYTES_MAX + 1], org[ORG_REF_BYTES_MAX + 1];
	struct buffer waits = {0};
	struct reader r;
	enum err e = meta_get(t, moved_key, &waits);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	reader_init(&r, waits.data, waits.size);
	while (e == ERR_OK && reader_left(&r) > 0) {
		if (!read_text(&r, parent, ORG_REF_BYTES_MAX) ||
		    !read_text(&r, org, ORG_REF_BYTES_MAX))
			e = ERR_CORRUPT;
		else
			e = lose_moved(t, &notes, parent, org);
	}
	if (e == ERR_OK)
		e = emptying_write(t, self, &notes, self->trusted_at);
	if (e == ERR_OK)
		e = meta_put(t, moved_key, "", 0);
	emptying_free(&notes);
	buffer_free(&waits);
	return e;
}

/* --- a node ----------------------------------------------------------------
 */

enum err
feed_left_heard(struct txn *t, const char *org, uint64_t number)
{
	char name[sizeof lost_key + ORG_REF_BYTES_MAX];

	if (strlen(org) > ORG_REF_BYTES_MAX)
		return ERR_OK;
	snprintf(name, sizeof name, "%s%s", lost_key, org);
	return meta_put_number(t, name, number);
}

/* The first that waits; ERR_NOT_FOUND. */
static enum err
next_lost(struct txn *t, char name[DB_KEY_BYTES_MAX + 1])
{
	const size_t size = strlen(lost_key);
	struct bytes key;
	struct walk *w;
	enum err e = walk_open(t, TABLE_META, lost_key, size, &w);

	if (e != ERR_OK)
		return e;
	e = walk_next(w, &key, NULL);
	if (e == ERR_END ||
	    (e == ERR_OK &&
	        (key.size <= size || memcmp(key.data, lost_key, size) != 0)))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		memcpy(name, key.data, key.size);
		name[key.size] = '\0';
	}
	walk_close(w);
	return e;
}

bool
feed_left_waits(struct txn *t)
{
	char name[DB_KEY_BYTES_MAX + 1];

	return next_lost(t, name) == ERR_OK;
}

enum err
feed_left_apply(struct txn *t, const struct self *self, const struct cert *feed)
{
	char name[DB_KEY_BYTES_MAX + 1];
	uint8_t parent[NODE_ID_BYTES];
	struct list_id list = {.class = 0};
	enum err e;

	if (self->chain_count < 2)
		return ERR_OK;
	node_id_of(parent, self->chain[1].signing_key);
	while ((e = next_lost(t, name)) == ERR_OK) {
		const char *org = name + strlen(lost_key);

		snprintf(
		    list.name, sizeof list.name, "%s%.64s", AUDIENCE_ORG, org);
		for (list.class = 0; e == ERR_OK && list.class < CLASSES &&
		                     !org_within(t, feed, org);
		     list.class ++)
			e = cursor_forget(t, parent, CURSOR_OWN, &list);
		if (e == ERR_OK)
			e = txn_delete(t, TABLE_META, name, strlen(name));
		if (e != ERR_OK)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

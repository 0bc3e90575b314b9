/* moves: a resident goes over to another managing org. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/decided.h"
#include "store/kin.h"
#include "store/late.h"
#include "store/linked.h"
#include "store/matter.h"
#include "store/moves.h"
#include "store/rules.h"
#include "store/scope.h"

enum { CLASS_SOON = 1 };

static const char holder[] = "managing_org_id";

/* --- the group's decision ---------------------------------------------- */

/* to_org NULL: to nobody, as it was before. */
static enum err
write_holder(struct txn *t, const struct self *self, const struct change *c,
    const struct record *resident, const char *to_org)
{
	struct change next;
	enum err e;

	change_init(&next);
	next.record = resident->id;
	next.parent_count = resident->parent_count;
	memcpy(next.parents, resident->parents, sizeof next.parents);
	memcpy(next.by, c->by, sizeof next.by);
	memcpy(next.org, c->org, sizeof next.org);
	next.managing = true;
	next.clock = c->clock;
	next.occurred_at = c->occurred_at;
	next.recorded_at = c->recorded_at;
	next.fields = json_pack("{s:o}", holder,
	    to_org == NULL ? json_null() : json_sprintf("ref:%s", to_org));
	e = next.fields == NULL ? ERR_NOMEM
	                        : admit_own(t, self, &next, CLASS_SOON);
	change_clear(&next);
	return e;
}

/* Only with the word itself, never when it comes back to a hub that was
 * restored: what it wrote then comes back too. */
static bool
says_now(const struct self *self, const struct change *c, const char *state)
{
	return self->role == ROLE_HUB && rule_state_is(c->fields, state) &&
	       memcmp(c->id.life, self->life, LIFE_BYTES) == 0;
}

static enum err
give_file(struct txn *t, const struct self *self, const struct change *c,
    const struct record *move)
{
	const char *to = rule_ref(move->fields, "to_org"), *has;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e = linked_resident(t, &move->id, move->fields, key);

	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_NOT_FOUND : e;
	has = rule_ref(r.fields, holder);
	if (to != NULL && (has == NULL || strcmp(has, to) != 0))
		e = write_holder(t, self, c, &r, to);
	record_clear(&r);
	return e;
}

/* --- taking it back ---------------------------------------------------- */

/* Whether a change of a resident is the one that gave the file away by this
 * word on the move: it was written with it. */
static bool
is_by(const struct change *c, const struct change *word, const char *to)
{
	const char *org = rule_ref(c->fields, holder);

	return c->managing && org != NULL && strcmp(org, to) == 0 &&
	       strcmp(c->by, word->by) == 0 && strcmp(c->org, word->org) == 0 &&
	       c->occurred_at == word->occurred_at &&
	       c->recorded_at == word->recorded_at;
}

/* Mark what was given by a move that is undone, if it is this resident's. */
static enum err
mark_given(struct txn *t, const uint8_t move[KEY_RECORD_BYTES],
    const uint8_t resident[KEY_RECORD_BYTES], const struct record_set *file,
    bool is_void[KIN_MAX])
{
	uint8_t who[KEY_RECORD_BYTES];
	struct record_set words;
	const char *to;
	struct record m;
	size_t i, w;
	enum err e = record_gather(t, move, KIN_MAX, &words);

	if (e != ERR_OK)
		return e;
	e = record_merge(words.input, words.count, &m);
	if (e != ERR_OK) {
		record_set_free(&words);
		return e;
	}
	to = rule_ref(m.fields, "to_org");
	if (rule_state_is(m.fields, "undone") && to != NULL &&
	    linked_resident(t, &m.id, m.fields, who) == ERR_OK &&
	    memcmp(who, resident, sizeof who) == 0)
		for (w = 0; w < words.count; w++)
			for (i = 0; rule_state_is(
			                words.change[w].fields, "confirmed") &&
			            i < file->count;
			     i++)
				is_void[i] =
				    is_void[i] || is_by(&file->change[i],
				                      &words.change[w], to);
	record_clear(&m);
	record_set_free(&words);
	return ERR_OK;
}

static enum err
mark_all(struct txn *t, const uint8_t resident[KEY_RECORD_BYTES],
    const struct record_set *file, bool is_void[KIN_MAX])
{
	struct buffer keys = {0};
	size_t at;
	enum err e = naming_walk_kind(t, "resident", file->change[0].record.ref,
	    NAMING_REST, NULL, "move", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		e = mark_given(t, keys.data + at, resident, file, is_void);
		if (e == ERR_CORRUPT || e == ERR_LIMIT || e == ERR_NOT_FOUND)
			e = ERR_OK; /* verify's to tell */
	}
	buffer_free(&keys);
	return e;
}

/* Who keeps the file if no such move ever was. */
static enum err
give_back(struct txn *t, const struct self *self, const struct change *c,
    const struct record_set *file, const bool is_void[KIN_MAX])
{
	static const char *const names[] = {holder, NULL};
	const char *to, *has;
	struct record without, now;
	enum err e = record_merge_without(
	    file->input, file->count, names, is_void, &without);

	if (e != ERR_OK)
		return e;
	e = record_merge(file->input, file->count, &now);
	if (e == ERR_OK) {
		to = rule_ref(without.fields, holder);
		has = rule_ref(now.fields, holder);
		if (strcmp(to == NULL ? "" : to, has == NULL ? "" : has) != 0)
			e = write_holder(t, self, c, &now, to);
		record_clear(&now);
	}
	record_clear(&without);
	return e;
}

/* It was a mistake. A file that went on from there stays where it is. */
static enum err
take_back(struct txn *t, const struct self *self, const struct change *c,
    const struct record *move)
{
	bool is_void[KIN_MAX] = {false};
	uint8_t resident[KEY_RECORD_BYTES];
	struct record_set file;
	enum err e = linked_resident(t, &move->id, move->fields, resident);

	if (e == ERR_OK)
		e = record_gather(t, resident, KIN_MAX, &file);
	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_NOT_FOUND : e;
	e = mark_all(t, resident, &file, is_void);
	if (e == ERR_OK)
		e = give_back(t, self, c, &file, is_void);
	record_set_free(&file);
	return e;
}

/* --- both ---------------------------------------------------------------- */

/* Asked at the hub, whose matter it is. */
static enum err
ask_for(struct txn *t, const struct self *self, const struct record *move)
{
	struct question q;

	if (self->role != ROLE_HUB)
		return ERR_OK;
	matter_question(&move->id, FINDING_MOVE_ASKED, "", move->at, &q);
	return rule_state_is(move->fields, "requested") ? question_put(t, &q)
	                                                : matter_drop(t, &q);
}

static enum err
note_move(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct record move;
	enum err e = record_read(t, key, &move);

	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	e = ask_for(t, self, &move);
	if (e == ERR_OK && says_now(self, c, "confirmed"))
		e = give_file(t, self, c, &move);
	if (e == ERR_OK && says_now(self, c, "undone"))
		e = take_back(t, self, c, &move);
	record_clear(&move);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- late edits -------------------------------------------------------- */

static enum err
tell_late(struct txn *t, const struct record_set *set)
{
	bool is_late[KIN_MAX];
	size_t i;
	enum err e = late_find(t, set, is_late);

	for (i = 0; e == ERR_OK && i < set->count; i++)
		/* What lay between may come last, and show that there was
		 * nothing to tell. */
		e = decided_ask(t, &set->change[i], FINDING_LATE_EDIT,
		    set->change[i].recorded_at, is_late[i]);
	return e;
}

/* Most files were never given away: a change that says nothing of it can only
 * be late where another did, which its own parents need not show. */
static enum err
note_resident(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set set;
	bool any = false;
	size_t i;
	enum err e;

	if (kin_is_alone(t, key))
		return ERR_OK;
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	for (i = 0; !any && i < set.count; i++)
		any = late_gives_away(&set.change[i]);
	e = any ? tell_late(t, &set) : ERR_OK;
	record_set_free(&set);
	return e;
}

static enum err
name_seen(struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES])
{
	const char *kind = rule_text(d->about, "about_kind");

	return kind != NULL && strcmp(kind, "resident") == 0
	           ? decided_change_name(t, d, out)
	           : ERR_NOT_FOUND;
}

/* Who has the file now has seen it: that ends it everywhere, also where it is
 * told later. Where that is undone it is told again. */
static enum err
look_at_seen(struct txn *t, const struct self *self, const struct decided *d)
{
	uint8_t file[KEY_RECORD_BYTES];
	struct identity about;
	enum err e;

	(void)self;
	matter_about(d->about, &about);
	key_record(txn_db(t), file, &about);
	e = note_resident(t, file);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static const struct decided_way seen = {
    .name = name_seen, .look = look_at_seen};

enum err
moves_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	if (strcmp(c->record.kind, "move") == 0)
		return note_move(t, self, c, key);
	if (strcmp(c->record.kind, "question") == 0)
		return decided_each(t, self, c, key, FINDING_LATE_EDIT, &seen);
	if (strcmp(c->record.kind, "resident") == 0)
		return note_resident(t, key);
	return ERR_OK;
}

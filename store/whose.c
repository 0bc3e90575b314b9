/* whose: what was written while two entries were linked. */

#include <stdio.h>
#include <string.h>

#include "store/decided.h"
#include "store/kin.h"
#include "store/linked.h"
#include "store/matter.h"
#include "store/reassign.h"
#include "store/rules.h"
#include "store/scope.h"
#include "store/whose.h"

/* When a link stood, by what its authors say; it only decides whether to ask.
 */
struct standing {
	int64_t from, to;
	bool was_undone; /* somebody said so, whatever became of that */
	bool is_over;    /* it was linked, and is undone */
};

static bool
says(const struct change *c, const char *state)
{
	return rule_state_is(c->fields, state);
}

static enum err
read_standing(struct txn *t, const uint8_t link[KEY_RECORD_BYTES],
    struct standing *out, struct record *r)
{
	struct record_set set;
	bool was_linked = false;
	size_t i;
	enum err e = record_gather(t, link, KIN_MAX, &set);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < set.count; i++) {
		const struct change *c = &set.change[i];

		if (says(c, "linked") &&
		    (!was_linked || c->occurred_at < out->from)) {
			out->from = c->occurred_at;
			was_linked = true;
		}
		if (!says(c, "undone"))
			continue;
		out->was_undone = true;
		if (c->occurred_at > out->to)
			out->to = c->occurred_at;
	}
	e = record_merge(set.input, set.count, r);
	out->is_over =
	    e == ERR_OK && was_linked && rule_state_is(r->fields, "undone");
	record_set_free(&set);
	return e;
}

/* --- asking ------------------------------------------------------------ */

/* Facts about a resident: those that can be filed elsewhere. */
static bool
is_fact(const char *kind)
{
	return reassign_knows(kind_by_name(kind));
}

/* The link as record_find() reads it: two programs may call two links the
 * same. The group's own have no source. */
static bool
link_word(const struct identity *link, char *out, size_t out_bytes)
{
	int n = snprintf(out, out_bytes, "%s%s%s", link->ref,
	    link->source[0] == '\0' ? "" : "@", link->source);

	return n > 0 && (size_t)n < out_bytes;
}

/* The name of what was decided: whose this record is after that link. Of what
 * stays where it is nothing but the decision tells. */
static enum err
blind_decided(struct txn *t, const struct identity *fact, const char *link,
    uint8_t out[DB_BLIND_BYTES])
{
	struct buffer text = {0};
	enum err e;

	put_text(&text, fact->source);
	put_text(&text, fact->kind);
	put_text(&text, fact->ref);
	put_text(&text, link);
	e = buffer_state(&text);
	if (e == ERR_OK)
		db_blind(txn_db(t), "whose-decided", text.data, text.size, out);
	buffer_wipe(&text);
	return e;
}

/* It was written while the link stood, and is filed where it was written. */
static bool
may_be_anothers(const struct record *fact, const struct standing *stood)
{
	if (json_object_get(fact->fields, "reassigned_to") != NULL ||
	    json_object_get(fact->fields, "reassigned_from") != NULL)
		return false;
	return fact->clock == CLOCK_SUSPECT ||
	       (fact->at >= stood->from && fact->at <= stood->to);
}

/* One record held against one link. stood: it is of one of the link's entries,
 * and the link is over; NULL: one of these is not so. */
static enum err
judge(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct standing *stood, const struct identity *link)
{
	char word[sizeof((struct question *)0)->field];
	uint8_t name[DB_BLIND_BYTES];
	struct question q;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	if (is_fact(r.id.kind) && link_word(link, word, sizeof word)) {
		matter_question(&r.id, FINDING_WHOSE, word, r.at, &q);
		e = blind_decided(t, &r.id, word, name);
		if (e == ERR_OK)
			e = stood != NULL && may_be_anothers(&r, stood) &&
			            !decided_is(t, name, &r.id)
			        ? question_put(t, &q)
			        : matter_drop(t, &q);
	}
	record_clear(&r);
	return e;
}

/* Whether a record is about one of these entries, and not another program's of
 * its ref. */
static bool
is_of_side(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    uint8_t side[2][KEY_RECORD_BYTES])
{
	uint8_t named[KEY_RECORD_BYTES];
	struct record r;
	bool is_of = false;

	if (record_read(t, key, &r) != ERR_OK)
		return false; /* verify's to tell */
	is_of = linked_resident(t, &r.id, r.fields, named) == ERR_OK &&
	        (memcmp(named, side[0], sizeof named) == 0 ||
	            memcmp(named, side[1], sizeof named) == 0);
	record_clear(&r);
	return is_of;
}

/* Keys of what names a resident's ref, of whichever source. */
static enum err
namers_of(struct txn *t, const char *ref, struct buffer *out)
{
	static const enum naming_role roles[] = {
	    NAMING_GRANTS, NAMING_PLANS, NAMING_REST};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < sizeof roles / sizeof *roles; i++)
		e = naming_walk(
		    t, "resident", ref, roles[i], NULL, SCOPE_NAMERS_MAX, out);
	return e;
}

/* Of a link that nobody ever said to be undone nothing was asked. */
static enum err
hold_against(struct txn *t, const struct buffer *facts,
    const struct standing *stood, const struct record *link)
{
	uint8_t side[2][KEY_RECORD_BYTES];
	size_t at;
	enum err e;

	if (!stood->was_undone)
		return ERR_OK;
	e = linked_sides(t, link, side[0], side[1]);
	for (at = 0; e == ERR_OK && at < facts->size; at += KEY_RECORD_BYTES) {
		const uint8_t *fact = facts->data + at;
		bool is_over = stood->is_over && is_of_side(t, fact, side);

		e = judge(t, fact, is_over ? stood : NULL, &link->id);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
hold_against_links(
    struct txn *t, const struct buffer *facts, const struct buffer *links)
{
	size_t at;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < links->size; at += KEY_RECORD_BYTES) {
		struct standing stood;
		struct record link;

		if (read_standing(t, links->data + at, &stood, &link) != ERR_OK)
			continue; /* verify's to tell */
		e = hold_against(t, facts, &stood, &link);
		record_clear(&link);
	}
	return e;
}

/* --- what came ----------------------------------------------------------- */

static enum err
note_link(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer facts = {0};
	struct standing stood;
	struct record link;
	const char *ref, *other;
	enum err e = read_standing(t, key, &stood, &link);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_OK : e;
	ref = rule_ref(link.fields, "resident_id");
	other = rule_ref(link.fields, "other_id");
	if (stood.was_undone && ref != NULL && other != NULL) {
		e = namers_of(t, ref, &facts);
		if (e == ERR_OK && strcmp(ref, other) != 0)
			e = namers_of(t, other, &facts);
		if (e == ERR_OK)
			e = hold_against(t, &facts, &stood, &link);
	}
	buffer_free(&facts);
	record_clear(&link);
	return e;
}

/* It came late, when the link was undone already; or what was decided of it is
 * not any more. */
static enum err
note_fact(struct txn *t, const struct identity *fact, const json_t *fields,
    const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t entry[KEY_RECORD_BYTES];
	struct buffer links = {0}, facts = {0};
	enum err e = linked_resident(t, fact, fields, entry);

	if (e == ERR_OK)
		e = linked_links(t, entry, LINKS_MAX, &links);
	if (e == ERR_OK && links.size > 0) {
		put_bytes(&facts, key, KEY_RECORD_BYTES);
		e = buffer_state(&facts);
	}
	if (e == ERR_OK)
		e = hold_against_links(t, &facts, &links);
	buffer_free(&links);
	buffer_free(&facts);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What named it before it came; where it is the second of its ref, what meant
 * the first means that no more, or nobody. */
static enum err
note_resident(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer bearers = {0}, links = {0}, facts = {0};
	size_t at;
	enum err e;

	if (!naming_is_named(t, &c->record)) /* as most that are new */
		return ERR_OK;
	e = naming_walk(t, "resident", c->record.ref, NAMING_HOLDERS, NULL,
	    SCOPE_NAMERS_MAX, &bearers);
	if (e == ERR_OK)
		e = linked_links(t, key, LINKS_MAX, &links);
	for (at = 0; e == ERR_OK && at < bearers.size; at += KEY_RECORD_BYTES)
		if (memcmp(bearers.data + at, key, KEY_RECORD_BYTES) != 0)
			e = linked_links(
			    t, bearers.data + at, LINKS_MAX, &links);
	if (e == ERR_OK && links.size > 0)
		e = namers_of(t, c->record.ref, &facts);
	if (e == ERR_OK)
		e = hold_against_links(t, &facts, &links);
	buffer_free(&bearers);
	buffer_free(&links);
	buffer_free(&facts);
	return e;
}

enum err
whose_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	if (self->role != ROLE_HUB)
		return ERR_OK;
	if (!says(c, "undone") && !linked_ever_undone(t))
		return ERR_OK;
	if (strcmp(c->record.kind, "link") == 0)
		return note_link(t, key);
	if (strcmp(c->record.kind, "resident") == 0)
		return kin_is_alone(t, key) ? note_resident(t, c, key) : ERR_OK;
	return c->parent_count == 0 && is_fact(c->record.kind)
	           ? note_fact(t, &c->record, c->fields, key)
	           : ERR_OK;
}

/* --- what was decided ---------------------------------------------------- */

static enum err
judge_again(struct txn *t, const struct identity *fact)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	key_record(txn_db(t), key, fact);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	e = note_fact(t, &r.id, r.fields, key);
	record_clear(&r);
	return e;
}

static enum err
note_one_decision(struct txn *t, const struct self *self,
    const struct decided *d, const uint8_t question[KEY_RECORD_BYTES])
{
	const char *link = rule_text(d->about, "about_field");
	uint8_t name[DB_BLIND_BYTES];
	struct identity fact;
	struct question q;
	enum err e;

	(void)self;
	matter_about(d->about, &fact);
	if (link == NULL || !is_fact(fact.kind))
		return ERR_OK;
	e = blind_decided(t, &fact, link, name);
	if (e == ERR_OK)
		e = decided_note(t, name, question, d->stands);
	if (e != ERR_OK || !d->stands)
		return e == ERR_OK ? judge_again(t, &fact) : e;
	matter_question(&fact, FINDING_WHOSE, link, 0, &q);
	return matter_drop(t, &q);
}

enum err
whose_note_decision(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	return self->role == ROLE_HUB ? decided_each(t, self, c, key,
	                                    FINDING_WHOSE, note_one_decision)
	                              : ERR_OK;
}

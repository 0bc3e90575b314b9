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

/* Whom one record was about, as far as that is looked at. */
enum { ENTRIES_MAX = 16 };

/* A link, and when it stood by what its authors say; that only decides whether
 * to ask. */
struct standing {
	int64_t from, to;
	bool was_undone; /* somebody said so, whatever became of that */
	bool is_over;    /* it was linked, and is undone */
	struct record link;
	uint8_t side[2][KEY_RECORD_BYTES];
};

static bool
says(const struct change *c, const char *state)
{
	return rule_state_is(c->fields, state);
}

/* What cannot be read is verify's to tell, and what is emptied says nothing. */
static enum err
unless_unread(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_LIMIT || e == ERR_NOT_FOUND ? ERR_OK
	                                                                : e;
}

static bool
read_times(const struct record_set *set, struct standing *out)
{
	bool was_linked = false;
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct change *c = &set->change[i];

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
	return was_linked;
}

/* ERR_NOT_FOUND also where it names nobody. record_clear(&out->link). */
static enum err
read_standing(
    struct txn *t, const uint8_t link[KEY_RECORD_BYTES], struct standing *out)
{
	struct record_set set;
	bool was_linked;
	enum err e = record_gather(t, link, KIN_MAX, &set);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	was_linked = read_times(&set, out);
	e = record_merge(set.input, set.count, &out->link);
	record_set_free(&set);
	if (e != ERR_OK)
		return e;
	out->is_over = was_linked && rule_state_is(out->link.fields, "undone");
	e = linked_sides(t, &out->link, out->side[0], out->side[1]);
	if (e != ERR_OK)
		record_clear(&out->link);
	return e;
}

/* --- facts --------------------------------------------------------------- */

/* What is about a resident and can be filed elsewhere. */
struct fact {
	struct record_set set;
	struct record now;
};

static bool
is_fact(const char *kind)
{
	return reassign_knows(kind_by_name(kind));
}

static void
fact_clear(struct fact *f)
{
	record_clear(&f->now);
	record_set_free(&f->set);
}

/* ERR_NOT_FOUND also where it is none. */
static enum err
fact_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct fact *out)
{
	const struct kind *k = kind_by_number(load_u16(key));
	enum err e = reassign_knows(k)
	                 ? record_gather(t, key, KIN_MAX, &out->set)
	                 : ERR_NOT_FOUND;

	if (e != ERR_OK)
		return e;
	e = kin_mark(&out->set);
	if (e == ERR_OK)
		e = record_merge(out->set.input, out->set.count, &out->now);
	if (e != ERR_OK)
		record_set_free(&out->set);
	return e;
}

/* The group's word on other changes says nothing of a resident. */
static bool
is_word(const struct change *c)
{
	return json_object_get(c->fields, MERGE_SET_ASIDE) != NULL ||
	       json_object_get(c->fields, MERGE_UNMANAGED) != NULL;
}

/* Some of it was written while the link stood, whatever was amended before or
 * since, and it is filed where it was written. */
static bool
may_be_anothers(const struct fact *f, const struct standing *stood)
{
	size_t i;

	if (json_object_get(f->now.fields, "reassigned_to") != NULL ||
	    json_object_get(f->now.fields, "reassigned_from") != NULL)
		return false;
	for (i = 0; i < f->set.count; i++) {
		const struct change *c = &f->set.change[i];

		if (is_word(c) || kin_is_aside(&f->set, i))
			continue;
		if (c->clock == CLOCK_SUSPECT ||
		    (c->occurred_at >= stood->from &&
		        c->occurred_at <= stood->to))
			return true;
	}
	return false;
}

/* Whether it is about one of these entries, and not another program's of its
 * ref. */
static bool
is_of_side(struct txn *t, const struct fact *f,
    const uint8_t side[2][KEY_RECORD_BYTES])
{
	uint8_t named[KEY_RECORD_BYTES];

	return linked_resident(t, &f->now.id, f->now.fields, named) == ERR_OK &&
	       (memcmp(named, side[0], sizeof named) == 0 ||
	           memcmp(named, side[1], sizeof named) == 0);
}

/* --- asking ------------------------------------------------------------ */

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

/* One record held against one link. Of a link that nobody ever said to be
 * undone nothing was asked. */
static enum err
judge(struct txn *t, const struct fact *f, const struct standing *stood)
{
	char word[sizeof((struct question *)0)->field];
	uint8_t name[DB_BLIND_BYTES];
	struct question q;
	enum err e;

	if (!stood->was_undone ||
	    !link_word(&stood->link.id, word, sizeof word))
		return ERR_OK;
	matter_question(&f->now.id, FINDING_WHOSE, word, f->now.at, &q);
	e = blind_decided(t, &f->now.id, word, name);
	if (e != ERR_OK)
		return e;
	return stood->is_over && is_of_side(t, f, stood->side) &&
	               may_be_anothers(f, stood) &&
	               !decided_is(t, name, &f->now.id)
	           ? question_put(t, &q)
	           : matter_drop(t, &q);
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

/* Records of these keys, as far as they are facts. */
static enum err
hold_against(
    struct txn *t, const struct buffer *keys, const struct standing *stood)
{
	size_t at;
	enum err e = ERR_OK;

	if (!stood->was_undone)
		return ERR_OK;
	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES) {
		struct fact f;

		e = fact_read(t, keys->data + at, &f);
		if (e != ERR_OK) {
			e = unless_unread(e);
			continue;
		}
		e = judge(t, &f, stood);
		fact_clear(&f);
	}
	return e;
}

/* --- what came ----------------------------------------------------------- */

static enum err
note_link(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer facts = {0};
	struct standing stood;
	const char *ref, *other;
	enum err e = read_standing(t, key, &stood);

	if (e != ERR_OK)
		return unless_unread(e);
	ref = rule_ref(stood.link.fields, "resident_id");
	other = rule_ref(stood.link.fields, "other_id");
	if (stood.was_undone && ref != NULL && other != NULL) {
		e = namers_of(t, ref, &facts);
		if (e == ERR_OK && strcmp(ref, other) != 0)
			e = namers_of(t, other, &facts);
		if (e == ERR_OK)
			e = hold_against(t, &facts, &stood);
	}
	buffer_free(&facts);
	record_clear(&stood.link);
	return e;
}

/* Links of the entry that a record names, which are not among them yet. */
static enum err
add_links(struct txn *t, const struct identity *fact, const json_t *fields,
    struct buffer *entries, struct buffer *links)
{
	uint8_t entry[KEY_RECORD_BYTES];
	size_t at;
	enum err e = linked_resident(t, fact, fields, entry);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (at = 0; at < entries->size; at += KEY_RECORD_BYTES)
		if (memcmp(entries->data + at, entry, sizeof entry) == 0)
			return ERR_OK;
	put_bytes(entries, entry, sizeof entry);
	e = buffer_state(entries);
	return e == ERR_OK ? linked_links(t, entry, LINKS_MAX, links) : e;
}

/* It may be filed with another now: links of whom it is about, and of whom it
 * was about once, are all looked at. */
static enum err
links_of(struct txn *t, const struct fact *f, struct buffer *out)
{
	struct buffer entries = {0};
	size_t i;
	enum err e = add_links(t, &f->now.id, f->now.fields, &entries, out);

	for (i = 0; e == ERR_OK && i < f->set.count &&
	            entries.size < (size_t)ENTRIES_MAX * KEY_RECORD_BYTES;
	     i++)
		e = add_links(
		    t, &f->now.id, f->set.change[i].fields, &entries, out);
	buffer_free(&entries);
	return e;
}

/* One record held against all links that concern it. */
static enum err
judge_fact(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer links = {0};
	struct fact f;
	size_t at;
	enum err e = fact_read(t, key, &f);

	if (e != ERR_OK)
		return unless_unread(e);
	e = links_of(t, &f, &links);
	for (at = 0; e == ERR_OK && at < links.size; at += KEY_RECORD_BYTES) {
		struct standing stood;

		e = read_standing(t, links.data + at, &stood);
		if (e != ERR_OK) {
			e = unless_unread(e);
			continue;
		}
		e = judge(t, &f, &stood);
		record_clear(&stood.link);
	}
	buffer_free(&links);
	fact_clear(&f);
	return e;
}

/* Most facts have one change, about somebody without links. */
static enum err
note_fact(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer entries = {0}, links = {0};
	bool concerns_none = false;
	enum err e = ERR_OK;

	if (kin_is_alone(t, key)) {
		e = add_links(t, &c->record, c->fields, &entries, &links);
		concerns_none = links.size == 0;
	}
	buffer_free(&entries);
	buffer_free(&links);
	return e == ERR_OK && !concerns_none ? judge_fact(t, key) : e;
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
	for (at = 0; e == ERR_OK && at < links.size; at += KEY_RECORD_BYTES) {
		struct standing stood;

		e = read_standing(t, links.data + at, &stood);
		if (e != ERR_OK) {
			e = unless_unread(e);
			continue;
		}
		e = hold_against(t, &facts, &stood);
		record_clear(&stood.link);
	}
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
	return is_fact(c->record.kind) ? note_fact(t, c, key) : ERR_OK;
}

/* --- what was decided ---------------------------------------------------- */

static enum err
name_decided(
    struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES])
{
	const char *link = rule_text(d->about, "about_field");
	struct identity fact;

	matter_about(d->about, &fact);
	return link != NULL && is_fact(fact.kind)
	           ? blind_decided(t, &fact, link, out)
	           : ERR_NOT_FOUND;
}

static enum err
look_at_decided(struct txn *t, const struct self *self, const struct decided *d)
{
	const char *link = rule_text(d->about, "about_field");
	uint8_t key[KEY_RECORD_BYTES];
	struct identity fact;
	struct question q;

	(void)self;
	matter_about(d->about, &fact);
	key_record(txn_db(t), key, &fact);
	if (!d->stands)
		return judge_fact(t, key);
	matter_question(&fact, FINDING_WHOSE, link, 0, &q);
	return matter_drop(t, &q);
}

static const struct decided_way decisions = {
    .name = name_decided, .look = look_at_decided};

enum err
whose_note_decision(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	return self->role == ROLE_HUB
	           ? decided_each(t, self, c, key, FINDING_WHOSE, &decisions)
	           : ERR_OK;
}

/* --- a hub that held decisions before they had rows ------------------------
 */

static const char looked[] = "whose.looked";

/* 1: rows of codes say what is decided, and all changes of a record count. */
enum { LOOKED_AT_ALL = 1 };

static enum err
prepare_decisions(struct txn *t, const struct self *self)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = record_keys(t, "question", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = unless_unread(decided_of(
		    t, self, keys.data + at, FINDING_WHOSE, &decisions));
	buffer_free(&keys);
	return e;
}

/* Their rows of codes are there: linked_prepare() came first. */
static enum err
prepare_links(struct txn *t)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = record_keys(t, "link", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = unless_unread(note_link(t, keys.data + at));
	buffer_free(&keys);
	return e;
}

enum err
whose_prepare(struct txn *t, const struct self *self)
{
	uint64_t was_looked;
	enum err e = meta_get_number(t, looked, &was_looked);

	if (e != ERR_OK || self->role != ROLE_HUB ||
	    was_looked >= LOOKED_AT_ALL)
		return e;
	/* What is decided first: then nothing of it is asked meanwhile. */
	e = prepare_decisions(t, self);
	if (e == ERR_OK)
		e = prepare_links(t);
	return e == ERR_OK ? meta_put_number(t, looked, LOOKED_AT_ALL) : e;
}

/* whose: what was written while two entries were linked. */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
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
	bool is_over; /* it was linked, and is undone */
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
		if (says(c, "undone") && c->occurred_at > out->to)
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

/* Whether this decision says whose the record is after that link. */
static bool
decides(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct record *fact, const char *link)
{
	const char *code, *field;
	struct identity about;
	struct record r;
	bool is;

	if (record_read(t, key, &r) != ERR_OK)
		return false;
	code = rule_text(r.fields, "code");
	field = rule_text(r.fields, "about_field");
	matter_about(r.fields, &about);
	is = rule_state_is(r.fields, "decided") && code != NULL &&
	     strcmp(code, finding_name(FINDING_WHOSE)) == 0 && field != NULL &&
	     strcmp(field, link) == 0 &&
	     strcmp(about.source, fact->id.source) == 0 &&
	     strcmp(about.kind, fact->id.kind) == 0 &&
	     strcmp(about.ref, fact->id.ref) == 0;
	record_clear(&r);
	return is;
}

/* Of what stays where it is nothing but the decision tells. */
static enum err
is_decided(
    struct txn *t, const struct record *fact, const char *link, bool *out)
{
	const char *ref = rule_ref(fact->fields, "resident_id");
	struct buffer keys = {0};
	size_t at;
	enum err e = ERR_OK;

	*out = false;
	if (ref != NULL)
		e = naming_walk_kind(
		    t, "resident", ref, NAMING_REST, NULL, "question", &keys);
	for (at = 0; e == ERR_OK && !*out && at < keys.size;
	     at += KEY_RECORD_BYTES)
		*out = decides(t, keys.data + at, fact, link);
	buffer_free(&keys);
	return e;
}

static enum err
ask(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct standing *stood, const struct identity *link)
{
	char word[sizeof((struct question *)0)->field];
	struct question q;
	bool decided;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	if (is_fact(r.id.kind) && link_word(link, word, sizeof word) &&
	    json_object_get(r.fields, "reassigned_to") == NULL &&
	    json_object_get(r.fields, "reassigned_from") == NULL &&
	    (r.clock == CLOCK_SUSPECT ||
	        (r.at >= stood->from && r.at <= stood->to))) {
		matter_question(&r.id, FINDING_WHOSE, word, r.at, &q);
		e = is_decided(t, &r, word, &decided);
		if (e == ERR_OK && !decided)
			e = question_put(t, &q);
	}
	record_clear(&r);
	return e;
}

/* Whether a record is about this entry, and not another program's of its ref.
 */
static bool
is_of_entry(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t entry[KEY_RECORD_BYTES])
{
	uint8_t named[KEY_RECORD_BYTES];
	struct record r;
	bool is_of = false;

	if (record_read(t, key, &r) != ERR_OK)
		return false; /* verify's to tell */
	is_of = linked_resident(t, &r.id, r.fields, named) == ERR_OK &&
	        memcmp(named, entry, sizeof named) == 0;
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

static enum err
ask_of_entry(struct txn *t, const char *ref,
    const uint8_t entry[KEY_RECORD_BYTES], const struct standing *stood,
    const struct identity *link)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = namers_of(t, ref, &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		if (is_of_entry(t, keys.data + at, entry))
			e = ask(t, keys.data + at, stood, link);
	buffer_free(&keys);
	return e;
}

static enum err
note_link(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record link;
	struct standing stood;
	uint8_t side[2][KEY_RECORD_BYTES];
	enum err e = read_standing(t, key, &stood, &link);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_OK : e;
	if (stood.is_over)
		e = linked_sides(t, &link, side[0], side[1]);
	if (stood.is_over && e == ERR_OK)
		e = ask_of_entry(t, rule_ref(link.fields, "resident_id"),
		    side[0], &stood, &link.id);
	if (stood.is_over && e == ERR_OK)
		e = ask_of_entry(t, rule_ref(link.fields, "other_id"), side[1],
		    &stood, &link.id);
	record_clear(&link);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* It came late: the link is undone already. */
static enum err
note_fact(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t entry[KEY_RECORD_BYTES];
	struct buffer links = {0};
	size_t at;
	enum err e = linked_resident(t, &c->record, c->fields, entry);

	if (e == ERR_OK)
		e = linked_links(t, entry, LINKS_MAX, &links);
	for (at = 0; e == ERR_OK && at < links.size; at += KEY_RECORD_BYTES) {
		struct record link;
		struct standing stood;

		if (read_standing(t, links.data + at, &stood, &link) != ERR_OK)
			continue;
		if (stood.is_over)
			e = ask(t, key, &stood, &link.id);
		record_clear(&link);
	}
	buffer_free(&links);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* It means another entry since this one came. */
static enum err
ask_no_more(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct identity *link)
{
	char word[sizeof((struct question *)0)->field];
	struct question q;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	if (is_fact(r.id.kind) && link_word(link, word, sizeof word)) {
		matter_question(&r.id, FINDING_WHOSE, word, r.at, &q);
		e = matter_drop(t, &q);
	}
	record_clear(&r);
	return e;
}

/* All that names a ref, held against one link of one entry that bears it. */
static enum err
hold_against(struct txn *t, const struct buffer *facts,
    const uint8_t entry[KEY_RECORD_BYTES], const uint8_t key[KEY_RECORD_BYTES])
{
	struct standing stood;
	struct record link;
	size_t at;
	enum err e = ERR_OK;

	if (read_standing(t, key, &stood, &link) != ERR_OK)
		return ERR_OK; /* verify's to tell */
	for (at = 0; stood.is_over && e == ERR_OK && at < facts->size;
	     at += KEY_RECORD_BYTES)
		e = is_of_entry(t, facts->data + at, entry)
		        ? ask(t, facts->data + at, &stood, &link.id)
		        : ask_no_more(t, facts->data + at, &link.id);
	record_clear(&link);
	return e;
}

static enum err
hold_against_links(struct txn *t, const char *ref,
    const uint8_t entry[KEY_RECORD_BYTES], struct buffer *facts)
{
	struct buffer links = {0};
	size_t at;
	enum err e = linked_links(t, entry, LINKS_MAX, &links);

	if (e == ERR_OK && links.size > 0 && facts->size == 0)
		e = namers_of(t, ref, facts);
	for (at = 0; e == ERR_OK && at < links.size; at += KEY_RECORD_BYTES)
		e = hold_against(t, facts, entry, links.data + at);
	buffer_free(&links);
	return e;
}

/* What named it before it came; where it is the second of its ref, what meant
 * the first means that no more, or nobody. */
static enum err
note_resident(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer bearers = {0}, facts = {0};
	size_t at;
	enum err e;

	if (!naming_is_named(t, &c->record)) /* as most that are new */
		return ERR_OK;
	e = naming_walk(t, "resident", c->record.ref, NAMING_HOLDERS, NULL,
	    SCOPE_NAMERS_MAX, &bearers);
	if (e == ERR_OK)
		e = hold_against_links(t, c->record.ref, key, &facts);
	for (at = 0; e == ERR_OK && at < bearers.size; at += KEY_RECORD_BYTES)
		if (memcmp(bearers.data + at, key, KEY_RECORD_BYTES) != 0)
			e = hold_against_links(
			    t, c->record.ref, bearers.data + at, &facts);
	buffer_free(&bearers);
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
	           ? note_fact(t, c, key)
	           : ERR_OK;
}

/* --- deciding ---------------------------------------------------------- */

static enum err
add_entry(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct matter *m)
{
	char word[REF_BYTES_MAX + 1];
	struct record r;
	json_t *shown;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e;
	snprintf(word, sizeof word, "%s", r.id.ref);
	/* Two programs may call them the same. */
	if (m->choice_count > 0 && strcmp(m->choice[0].word, word) == 0)
		snprintf(word, sizeof word, "%.700s@%s", r.id.ref, r.id.source);
	shown = json_pack("{s:s, s:{s:s*, s:s*}}", "org", r.org, "fields",
	    "name", rule_text(r.fields, "name"), "birth_date",
	    rule_text(r.fields, "birth_date"));
	e = matter_add_choice(m, word, shown);
	record_clear(&r);
	return e;
}

static enum err
read_sides(struct txn *t, const struct self *self, const struct question *q,
    uint8_t side[2][KEY_RECORD_BYTES])
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record link;
	enum err e = record_find(t, self, "link", q->field, key);

	if (e == ERR_OK)
		e = record_read(t, key, &link);
	if (e == ERR_CLASH) /* asked before the source was told */
		return ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	e = linked_sides(t, &link, side[0], side[1]);
	record_clear(&link);
	return e;
}

static enum err
resident_now(struct txn *t, const struct question *q,
    uint8_t fact[KEY_RECORD_BYTES], uint8_t entry[KEY_RECORD_BYTES])
{
	struct record r;
	enum err e;

	matter_key(t, q, fact);
	e = record_read(t, fact, &r);
	if (e != ERR_OK)
		return e;
	e = linked_resident(t, &r.id, r.fields, entry);
	record_clear(&r);
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t side[2][KEY_RECORD_BYTES];
	uint8_t fact[KEY_RECORD_BYTES], entry[KEY_RECORD_BYTES];
	size_t i;
	enum err e = read_sides(t, self, m->question, side);

	if (e == ERR_OK)
		e = resident_now(t, m->question, fact, entry);
	for (i = 0; e == ERR_OK && i < 2; i++) {
		e = add_entry(t, side[i], m);
		if (memcmp(side[i], entry, sizeof entry) == 0)
			m->proposal = (int)i;
	}
	m->ground = N_("it is filed there");
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t side[2][KEY_RECORD_BYTES];
	uint8_t fact[KEY_RECORD_BYTES], entry[KEY_RECORD_BYTES];
	struct authored made;
	struct record r;
	enum err e = read_sides(pen->t, pen->self, m->question, side);

	if (e == ERR_OK)
		e = resident_now(pen->t, m->question, fact, entry);
	if (e != ERR_OK || memcmp(side[n], entry, sizeof entry) == 0)
		return e;
	e = record_read(pen->t, side[n], &r);
	if (e == ERR_OK) {
		struct reassigning how = {.to = r.id.ref,
		    .to_key = side[n],
		    .by = pen->by,
		    .reason = pen->reason,
		    .now = pen->now};

		e = reassign(pen->t, pen->self, fact, &how, &made);
		if (e == ERR_REFUSED)
			pen->made.findings = made.findings;
		record_clear(&r);
	}
	return e;
}

/* What was filed elsewhere is filed back, which is a decision of its own. Else
 * it is asked again. */
static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	const char *link = rule_text(decision->fields, "about_field");
	uint8_t key[KEY_RECORD_BYTES];
	struct identity about;
	struct question q;
	struct record r;
	bool is_moved;
	enum err e;

	matter_about(decision->fields, &about);
	key_record(txn_db(pen->t), key, &about);
	e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	is_moved = json_object_get(r.fields, "reassigned_to") != NULL;
	matter_question(
	    &about, FINDING_WHOSE, link == NULL ? "" : link, r.at, &q);
	record_clear(&r);
	if (!is_moved)
		return question_put(pen->t, &q);
	findings_refuse(
	    &pen->made.findings, FINDING_FILED_ELSEWHERE, "resident_id");
	return ERR_REFUSED;
}

const struct matter_maker matter_whose = {
    .code = FINDING_WHOSE,
    .urgency = 1,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};

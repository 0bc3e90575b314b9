/* candidate: entries that may be one person: finding them, asking, linking. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/candidate.h"
#include "store/index.h"
#include "store/kin.h"
#include "store/names.h"
#include "store/rules.h"
#include "store/vet.h"

enum { ROW_BYTES = DB_BLIND_BYTES + KEY_RECORD_BYTES };

/* An entry at work. */
struct entry {
	struct txn *t;
	const struct self *self;
	uint8_t key[KEY_RECORD_BYTES];
	const struct record *record;
	int64_t now;
};

/* --- rows -------------------------------------------------------------- */

static enum err
put_row(struct txn *t, const uint8_t under[DB_BLIND_BYTES],
    const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[ROW_BYTES];

	memcpy(row, under, DB_BLIND_BYTES);
	memcpy(row + DB_BLIND_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_CODES, row, sizeof row, "", 0);
}

/* Each entry once, without the one that asks. */
static void
add_once(const struct entry *mine, const uint8_t *key, struct buffer *out)
{
	size_t at;

	if (memcmp(key, mine->key, KEY_RECORD_BYTES) == 0 ||
	    load_u16(key) != key_kind_number("resident"))
		return;
	for (at = 0; at < out->size; at += KEY_RECORD_BYTES)
		if (memcmp(out->data + at, key, KEY_RECORD_BYTES) == 0)
			return;
	put_bytes(out, key, KEY_RECORD_BYTES);
}

static enum err
add_rows(const struct entry *mine, const uint8_t under[DB_BLIND_BYTES],
    struct buffer *out)
{
	struct walk *w;
	struct bytes key;
	size_t most = CANDIDATES_MAX;
	enum err e = walk_open(mine->t, TABLE_CODES, under, DB_BLIND_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (most-- > 0 && (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == ROW_BYTES &&
	       memcmp(key.data, under, DB_BLIND_BYTES) == 0)
		add_once(mine, key.data + DB_BLIND_BYTES, out);
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* False: the entry tells no number. */
static bool
under_number(struct txn *t, const json_t *fields, uint8_t out[DB_BLIND_BYTES])
{
	const char *type = rule_text(fields, "id_type");
	const char *number = rule_text(fields, "id_no");
	char text[512];
	int n;

	if (type == NULL || number == NULL)
		return false;
	n = snprintf(text, sizeof text, "%s %s", type, number);
	if (n < 0 || (size_t)n >= sizeof text)
		return false;
	db_blind(txn_db(t), "same-number", text, (size_t)n, out);
	return true;
}

static bool
under_name(struct txn *t, const json_t *fields, uint8_t out[DB_BLIND_BYTES])
{
	const char *name = rule_text(fields, "name");
	const char *birth = rule_day(fields, "birth_date");
	struct buffer text = {0};
	bool is_told = name != NULL && birth != NULL &&
	               name_fold(name, &text) == ERR_OK && text.size > 0;

	put_text(&text, birth == NULL ? "" : birth);
	is_told = is_told && buffer_state(&text) == ERR_OK;
	if (is_told)
		db_blind(txn_db(t), "same-name", text.data, text.size, out);
	buffer_wipe(&text);
	return is_told;
}

/* Who was a candidate once is looked at again, whatever has changed. */
static void
under_pairs(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    uint8_t out[DB_BLIND_BYTES])
{
	db_blind(txn_db(t), "asked-of", key, KEY_RECORD_BYTES, out);
}

/* Note where this entry is found, and find the others that are there. Rows of
 * what it said before stay: what they lead to is compared anew each time. */
static enum err
find_others(const struct entry *mine, struct buffer *out)
{
	uint8_t under[DB_BLIND_BYTES];
	const json_t *fields = mine->record->fields;
	enum err e = ERR_OK;

	if (under_number(mine->t, fields, under)) {
		e = add_rows(mine, under, out);
		if (e == ERR_OK)
			e = put_row(mine->t, under, mine->key);
	}
	if (e == ERR_OK && under_name(mine->t, fields, under)) {
		e = add_rows(mine, under, out);
		if (e == ERR_OK)
			e = put_row(mine->t, under, mine->key);
	}
	under_pairs(mine->t, mine->key, under);
	return e == ERR_OK ? add_rows(mine, under, out) : e;
}

/* --- asking ------------------------------------------------------------ */

static bool
is_lower(const struct identity *a, const struct identity *b)
{
	int c = strcmp(a->source, b->source);

	return c != 0 ? c < 0 : strcmp(a->ref, b->ref) < 0;
}

/* People read which entry it is; a ref that is too long is told by its key. */
static void
name_other(struct question *q, const struct identity *id,
    const uint8_t key[KEY_RECORD_BYTES])
{
	int n =
	    snprintf(q->field, sizeof q->field, "%s@%s", id->ref, id->source);

	if (n >= 0 && (size_t)n < sizeof q->field)
		return;
	q->field[0] = '#';
	hex_encode(q->field + 1, key, KEY_RECORD_BYTES);
}

enum err
candidate_other(
    struct txn *t, const struct question *q, uint8_t key[KEY_RECORD_BYTES])
{
	const char *at = strrchr(q->field, '@');
	char ref[sizeof q->field];

	if (q->field[0] == '#' &&
	    hex_decode(key, KEY_RECORD_BYTES, q->field + 1) == ERR_OK)
		return ERR_OK;
	if (at == NULL)
		return ERR_CORRUPT;
	snprintf(ref, sizeof ref, "%.*s", (int)(at - q->field), q->field);
	key_record_of(txn_db(t), key, at + 1, "resident", ref);
	return ERR_OK;
}

static void
pair_question(const struct entry *a, const struct entry *b, struct question *q)
{
	const struct entry *low =
	    is_lower(&a->record->id, &b->record->id) ? a : b;
	const struct entry *high = low == a ? b : a;

	memset(q, 0, sizeof *q);
	q->type = QUESTION_MATTER;
	q->code = FINDING_CANDIDATE;
	q->at = a->record->at > b->record->at ? a->record->at : b->record->at;
	snprintf(q->origin, sizeof q->origin, "%s", low->record->id.source);
	snprintf(q->kind, sizeof q->kind, "resident");
	snprintf(q->ref, sizeof q->ref, "%s", low->record->id.ref);
	name_other(q, &high->record->id, high->key);
}

static enum err
ask(const struct entry *a, const struct entry *b)
{
	uint8_t under[DB_BLIND_BYTES];
	struct question q;
	enum err e;

	pair_question(a, b, &q);
	e = question_put(a->t, &q);
	under_pairs(a->t, a->key, under);
	if (e == ERR_OK)
		e = put_row(a->t, under, b->key);
	under_pairs(a->t, b->key, under);
	return e == ERR_OK ? put_row(a->t, under, a->key) : e;
}

static enum err
ask_no_more(const struct entry *a, const struct entry *b)
{
	struct question q;

	pair_question(a, b, &q);
	return question_drop(a->t, &q);
}

/* --- linking ----------------------------------------------------------- */

static void
begin_change(const struct link_writing *w, struct change *c)
{
	change_init(c);
	snprintf(c->by, sizeof c->by, "%s", w->by);
	snprintf(c->org, sizeof c->org, "%s", w->org);
	c->managing = w->managing;
	c->occurred_at = w->now;
	c->recorded_at = w->now;
}

static json_t *
new_link(const struct record *a, const struct record *b,
    const struct link_writing *w)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s, s:o}", "state",
	    w->state, "resident_id", json_sprintf("ref:%s", a->id.ref),
	    "other_id", json_sprintf("ref:%s", b->id.ref), "resident_source",
	    a->id.source, "other_source", b->id.source, "basis",
	    w->basis == NULL ? "by_hand" : w->basis, "evidence",
	    likeness_evidence(a->fields, b->fields));
}

/* The link to write into, or an identity for a new one: no step leads back
 * from an undoing, so that what comes after it is another link. */
static enum err
open_link(struct txn *t, const struct record *a, const struct record *b,
    const char *state, struct change *c)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	linked_identity(&a->id, &b->id, &c->record);
	key_record(txn_db(t), key, &c->record);
	e = record_read(t, key, &r);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	if (state_follows(
	        kind_by_name("link"), rule_text(r.fields, "state"), state)) {
		c->parent_count = r.parent_count;
		memcpy(c->parents, r.parents, sizeof c->parents);
	} else {
		c->record.ref[0] = '\0';
		c->founds = true;
	}
	record_clear(&r);
	return ERR_OK;
}

/* Where another link says it, that one is taken. */
static enum err
open_said(struct txn *t, const struct record *a, const struct record *b,
    const char *state, struct change *c)
{
	uint8_t keys[2][KEY_RECORD_BYTES], link[KEY_RECORD_BYTES];
	enum link_word word;
	struct record r;
	bool fits;
	enum err e;

	key_record(txn_db(t), keys[0], &a->id);
	key_record(txn_db(t), keys[1], &b->id);
	e = linked_word(t, keys[0], keys[1], &word, link);
	if (e != ERR_OK || word == LINK_UNSAID)
		return e == ERR_OK ? open_link(t, a, b, state, c) : e;
	e = record_read(t, link, &r);
	if (e != ERR_OK)
		return e;
	fits = state_follows(
	    kind_by_name("link"), rule_text(r.fields, "state"), state);
	if (fits) {
		c->record = r.id;
		c->parent_count = r.parent_count;
		memcpy(c->parents, r.parents, sizeof c->parents);
	}
	record_clear(&r);
	return fits ? ERR_OK : open_link(t, a, b, state, c);
}

enum err
candidate_write_link(struct txn *t, const struct self *self,
    const struct record *a, const struct record *b, struct link_writing *w)
{
	struct change c;
	enum err e;

	begin_change(w, &c);
	c.clock = self_clock(self, w->now);
	e = open_said(t, a, b, w->state, &c);
	if (e != ERR_OK)
		return e;
	c.fields = c.parent_count == 0 ? new_link(a, b, w)
	                               : json_pack("{s:s}", "state", w->state);
	if (c.fields != NULL && w->reason != NULL &&
	    json_object_set_new(c.fields, "reason", json_string(w->reason)) !=
	        0) {
		json_decref(c.fields);
		c.fields = NULL;
	}
	e = c.fields == NULL ? ERR_NOMEM : admit_own(t, self, &c, 1);
	w->id = c.id;
	change_clear(&c);
	return e;
}

/* The group's own: what stands above the orgs. */
static void
top_org(struct txn *t, const char *org, char out[REF_BYTES_MAX + 1])
{
	int depth;

	snprintf(out, REF_BYTES_MAX + 1, "%s", org);
	for (depth = 0; depth < 8; depth++)
		if (index_parent_org(t, out, out, REF_BYTES_MAX + 1) != ERR_OK)
			break;
}

/* The hub says so in the group's name, and nobody has to. */
static enum err
link_by_number(const struct entry *a, const struct entry *b)
{
	char org[REF_BYTES_MAX + 1];
	struct link_writing w = {.state = "linked",
	    .basis = "same_number",
	    .by = "hub",
	    .org = org,
	    .now = a->now};

	top_org(a->t, a->record->org, org);
	return is_lower(&a->record->id, &b->record->id)
	           ? candidate_write_link(
	                 a->t, a->self, a->record, b->record, &w)
	           : candidate_write_link(
	                 a->t, a->self, b->record, a->record, &w);
}

/* --- a pair ------------------------------------------------------------ */

static enum err
judge(const struct entry *a, const struct entry *b)
{
	enum likeness like = likeness_of(a->record->fields, b->record->fields);
	uint8_t link[KEY_RECORD_BYTES];
	enum link_word word = LINK_UNSAID;
	bool is_sure;
	enum err e = ERR_OK;

	if (like != LIKE_NOT)
		e = linked_word(a->t, a->key, b->key, &word, link);
	if (e != ERR_OK)
		return e;
	/* What was taken back once is a person's to say again. */
	is_sure = like == LIKE_SAME_NUMBER && a->self->is_enrolled &&
	          (word == LINK_UNSAID || word == LINK_PROPOSED);
	if (like == LIKE_NOT || is_sure || word == LINK_LINKED ||
	    word == LINK_REFUSED)
		e = ask_no_more(a, b);
	else
		e = ask(a, b);
	if (e == ERR_OK && is_sure && a->self->role == ROLE_HUB)
		e = link_by_number(a, b);
	return e;
}

static enum err
judge_with(const struct entry *mine, const uint8_t key[KEY_RECORD_BYTES])
{
	struct entry other = *mine;
	struct record r;
	enum err e = record_read(mine->t, key, &r);

	/* A row that was altered is no candidate. */
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	memcpy(other.key, key, sizeof other.key);
	other.record = &r;
	e = judge(mine, &other);
	record_clear(&r);
	return e;
}

/* --- a change was merged ----------------------------------------------- */

static bool
matters(const struct change *c)
{
	static const char *const names[] = {"name", "id_type", "id_no", "sex",
	    "birth_date", "birth_precision", "phone", "address", "household_no",
	    "ehr_no"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_get(c->fields, names[i]) != NULL)
			return true;
	return false;
}

static enum err
note_resident(const struct entry *mine)
{
	struct buffer others = {0};
	size_t at;
	enum err e = find_others(mine, &others);

	for (at = 0; e == ERR_OK && at < others.size; at += KEY_RECORD_BYTES)
		e = judge_with(mine, others.data + at);
	buffer_free(&others);
	return e;
}

/* What nobody decided is announced, for as long as it stands. */
static enum err
tell_linked(struct txn *t, const struct record *link)
{
	const char *basis = rule_text(link->fields, "basis");
	struct question q = {
	    .type = QUESTION_WARNING, .code = FINDING_LINKED, .at = link->at};

	if (basis == NULL || strcmp(basis, "same_number") != 0)
		return ERR_OK;
	snprintf(q.origin, sizeof q.origin, "%s", link->id.source);
	snprintf(q.kind, sizeof q.kind, "link");
	snprintf(q.ref, sizeof q.ref, "%s", link->id.ref);
	return rule_state_is(link->fields, "linked") ? question_put(t, &q)
	                                             : question_drop(t, &q);
}

/* A link was said or taken back: its two entries are looked at again. */
static enum err
note_link(struct entry *mine, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t other[KEY_RECORD_BYTES];
	struct record link, r;
	enum err e = record_read(mine->t, key, &link);

	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	e = tell_linked(mine->t, &link);
	if (e == ERR_OK)
		e = linked_sides(mine->t, &link, mine->key, other);
	record_clear(&link);
	if (e == ERR_OK)
		e = record_read(mine->t, mine->key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	mine->record = &r;
	e = judge_with(mine, other);
	record_clear(&r);
	return e;
}

/* An entry's first change is the entry: most come so, and to read a record is
 * to decode and merge what was just written. */
static bool
first_version(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], struct record *out)
{
	if (c->parent_count > 0 || !kin_is_alone(t, key))
		return false;
	memset(out, 0, sizeof *out);
	out->id = c->record;
	out->at = c->occurred_at;
	memcpy(out->org, c->org, sizeof out->org);
	out->fields = json_incref(c->fields);
	return true;
}

enum err
candidate_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct entry mine = {.t = t, .self = self, .now = c->recorded_at};
	struct record r;
	enum err e;

	if (strcmp(c->record.kind, "link") == 0)
		return note_link(&mine, key);
	if (strcmp(c->record.kind, "resident") != 0 || !matters(c))
		return ERR_OK;
	e = first_version(t, c, key, &r) ? ERR_OK : record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	memcpy(mine.key, key, sizeof mine.key);
	mine.record = &r;
	e = note_resident(&mine);
	record_clear(&r);
	return e;
}

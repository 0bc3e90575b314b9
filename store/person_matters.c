/* person_matters: what a person decides about residents: whether two entries
 * are one, whether a resident moves, whether he is dead, and that he was told
 * of a late edit. The rows are put by candidate.c, moves.c and deaths.c.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/candidate.h"
#include "store/index.h"
#include "store/kin.h"
#include "store/matter_pen.h"
#include "store/rules.h"

static const char *
holder_of(const struct record *r)
{
	const char *org = rule_ref(r->fields, "managing_org_id");

	return org == NULL ? r->org : org;
}

static enum err
add_choice(struct matter *m, const char *word, const char *org, json_t *fields)
{
	json_t *shown = json_pack("{s:s, s:o*}", "org", org, "fields", fields);

	return matter_add_choice(m, word, shown);
}

/* --- two entries ------------------------------------------------------- */

/* What a person compares of an entry. */
static const char *const compared[] = {"name", "sex", "birth_date", "id_no",
    "phone", "address", "household_no", "ehr_no", NULL};

static json_t *
entry_shown(const struct record *r)
{
	json_t *fields = json_object();
	size_t i;

	for (i = 0; fields != NULL && compared[i] != NULL; i++) {
		json_t *v = json_object_get(r->fields, compared[i]);

		if (v != NULL && json_object_set(fields, compared[i], v) != 0)
			break;
	}
	return json_pack("{s:s, s:s, s:o}", "ref", r->id.ref, "org",
	    holder_of(r), "fields", fields);
}

/* Both entries, and of what both tell whether it agrees. */
static json_t *
both(const struct record *a, const struct record *b)
{
	json_t *rows = likeness_evidence(a->fields, b->fields), *row;
	json_t *agrees = json_object();
	json_t *out = json_pack("{s:s, s:[o, o]}", "org", holder_of(a),
	    "entries", entry_shown(a), entry_shown(b));
	size_t i;
	int bad = out == NULL || agrees == NULL ? -1 : 0;

	json_array_foreach(rows, i, row)
	{
		if (bad == 0)
			bad = json_object_set(agrees, rule_text(row, "field"),
			    json_object_get(row, "agrees"));
	}
	json_decref(rows);
	if (bad == 0)
		bad = json_object_set(out, "agrees", agrees);
	json_decref(agrees);
	if (bad == 0)
		return out;
	json_decref(out);
	return NULL;
}

static enum err
read_pair(struct txn *t, const struct question *q, struct record *a,
    struct record *b, enum link_word *word)
{
	uint8_t low[KEY_RECORD_BYTES], high[KEY_RECORD_BYTES];
	uint8_t link[KEY_RECORD_BYTES];
	enum err e = candidate_other(t, q, high);

	matter_key(t, q, low);
	if (e == ERR_OK)
		e = linked_word(t, low, high, word, link);
	if (e == ERR_OK)
		e = record_read(t, low, a);
	if (e != ERR_OK)
		return e;
	e = record_read(t, high, b);
	if (e != ERR_OK)
		record_clear(a);
	return e;
}

/* An org decides about two of its own; of another's file the group. */
static enum err
describe_pair(struct txn *t, const struct self *self, struct matter *m)
{
	struct record a, b;
	enum link_word word;
	bool is_one;
	enum err e = read_pair(t, m->question, &a, &b, &word);

	(void)self;
	if (e != ERR_OK)
		return e;
	if (likeness_of(a.fields, b.fields) == LIKE_NOT ||
	    word == LINK_LINKED || word == LINK_REFUSED)
		e = ERR_NOT_FOUND;
	if (strcmp(holder_of(&a), holder_of(&b)) != 0)
		m->owner[0] = '\0';
	if (e == ERR_OK)
		e = matter_add_choice(m, "link", both(&a, &b));
	if (e == ERR_OK)
		e = add_choice(m, "refuse", holder_of(&b), NULL);
	m->ground = likeness_ground(a.fields, b.fields, &is_one);
	m->proposal = word == LINK_UNDONE ? -1 : is_one ? 0 : 1;
	record_clear(&a);
	record_clear(&b);
	return e;
}

static enum err
note_change(struct matter_pen *pen, const struct change_id *id)
{
	char text[48];

	matter_change_id(id, text);
	return json_array_append_new(pen->changes, json_string(text)) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

static enum err
decide_pair(struct matter_pen *pen, const struct matter *m, size_t n)
{
	struct link_writing w = {.state = n == 0 ? "linked" : "refused",
	    .by = pen->by,
	    .org = pen->org,
	    .reason = pen->reason,
	    .managing = true,
	    .now = pen->now};
	struct record a, b;
	enum link_word word;
	enum err e = read_pair(pen->t, m->question, &a, &b, &word);

	if (e != ERR_OK)
		return e;
	if (rule_text(a.fields, "id_no") == NULL ||
	    rule_text(b.fields, "id_no") == NULL)
		w.basis = "no_number";
	e = candidate_write_link(pen->t, pen->self, &a, &b, &w);
	if (e == ERR_OK)
		e = note_change(pen, &w.id);
	record_clear(&a);
	record_clear(&b);
	return e;
}

static enum err
record_of(struct txn *t, const char *text, struct identity *out)
{
	struct change_id id;
	struct stored s;
	struct change c;
	enum err e = matter_change_parse(text, &id);

	if (e != ERR_OK)
		return e;
	stored_init(&s);
	change_init(&c);
	c.id = id;
	e = stored_read(t, &id, &s);
	if (e == ERR_OK)
		e = change_decode(&c, s.body.data, s.body.size);
	*out = c.record;
	change_clear(&c);
	stored_free(&s);
	return e;
}

/* The link of the change that said so. */
static enum err
link_of(
    struct txn *t, const struct record *decision, uint8_t key[KEY_RECORD_BYTES])
{
	struct identity link = {0};
	json_t *made;
	size_t i;
	enum err e = matter_made(t, decision, &made);

	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && strcmp(link.kind, "link") != 0 &&
	            i < json_array_size(made);
	     i++)
		e = record_of(
		    t, json_string_value(json_array_get(made, i)), &link);
	json_decref(made);
	if (e != ERR_OK)
		return e;
	key_record(txn_db(t), key, &link);
	return strcmp(link.kind, "link") == 0 ? ERR_OK : ERR_NOT_FOUND;
}

static enum err
undo_pair(struct matter_pen *pen, const struct record *decision)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_pack("{s:s}", "state", "undone");
	enum err e =
	    fields == NULL ? ERR_NOMEM : link_of(pen->t, decision, key);

	if (e == ERR_OK)
		e = matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

const struct matter_maker matter_candidate = {
    .code = FINDING_CANDIDATE,
    .urgency = 1,
    .describe = describe_pair,
    .decide = decide_pair,
    .undo = undo_pair,
};

/* --- a move ------------------------------------------------------------ */

static enum err
describe_move(struct txn *t, const struct self *self, struct matter *m)
{
	static const char *const names[] = {"resident_id", "from_org", "to_org",
	    "from_village", "to_village", "moved_on", "reason"};
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_object();
	struct record r;
	size_t i;
	enum err e;

	(void)self;
	matter_key(t, m->question, key);
	e = record_read(t, key, &r);
	if (e != ERR_OK) {
		json_decref(fields);
		return e;
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_get(r.fields, names[i]) != NULL)
			json_object_set(fields, names[i],
			    json_object_get(r.fields, names[i]));
	if (!rule_state_is(r.fields, "requested"))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = add_choice(m, "confirm", rule_ref(r.fields, "to_org"),
		    json_incref(fields));
	if (e == ERR_OK)
		e = add_choice(m, "refuse",
		    rule_ref(r.fields, "from_org") == NULL
		        ? r.org
		        : rule_ref(r.fields, "from_org"),
		    NULL);
	m->proposal = 0;
	m->ground = N_("a site asked for it");
	json_decref(fields);
	record_clear(&r);
	return e;
}

static enum err
amend_with(struct matter_pen *pen, const struct matter *m, const char *name,
    const char *value)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_pack("{s:s}", name, value);
	enum err e;

	key_record(txn_db(pen->t), key, &m->record);
	e = fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

static enum err
decide_move(struct matter_pen *pen, const struct matter *m, size_t n)
{
	return amend_with(pen, m, "state", n == 0 ? "confirmed" : "refused");
}

/* A confirmation was a mistake: the file goes back, and what is to become of
 * contracts that it ended is asked. A refusal: it is asked for as before. */
static enum err
undo_move(struct matter_pen *pen, const struct record *decision)
{
	const char *chosen = rule_text(decision->fields, "decision");
	bool was_refused = chosen != NULL && strcmp(chosen, "refuse") == 0;
	struct identity about;
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields =
	    json_pack("{s:s}", "state", was_refused ? "requested" : "undone");
	struct record r;
	enum err e;

	matter_about(decision->fields, &about);
	key_record(txn_db(pen->t), key, &about);
	e = fields == NULL ? ERR_NOMEM : record_read(pen->t, key, &r);
	if (e == ERR_OK) {
		if (rule_state_is(
		        r.fields, was_refused ? "refused" : "confirmed"))
			e = matter_amend(pen, key, fields);
		record_clear(&r);
	}
	json_decref(fields);
	return e;
}

const struct matter_maker matter_move = {
    .code = FINDING_MOVE_ASKED,
    .urgency = 1,
    .group_only = true,
    .describe = describe_move,
    .decide = decide_move,
    .undo = undo_move,
};

/* --- a late edit ------------------------------------------------------- */

/* The org that has the file now, or the group, says that it was seen; the
 * former one hears of that. */
static enum err
describe_late(struct txn *t, const struct self *self, struct matter *m)
{
	struct change_id id;
	struct stored s;
	struct change c;
	json_t *shown = NULL;
	enum err e = matter_change_parse(m->question->field, &id);

	(void)self;
	if (e != ERR_OK)
		return ERR_NOT_FOUND;
	stored_init(&s);
	change_init(&c);
	c.id = id;
	e = stored_read(t, &id, &s);
	if (e == ERR_OK)
		e = change_decode(&c, s.body.data, s.body.size);
	if (e == ERR_OK)
		shown = matter_show_change(&c);
	if (shown != NULL)
		json_object_set(shown, "fields", c.fields);
	if (e == ERR_OK)
		e = matter_add_choice(m, "seen", shown);
	m->proposal = 0;
	m->ground = N_("the change is kept, whatever you decide");
	change_clear(&c);
	stored_free(&s);
	return e;
}

static enum err
decide_late(struct matter_pen *pen, const struct matter *m, size_t n)
{
	(void)pen;
	(void)m;
	(void)n;
	return ERR_OK;
}

const struct matter_maker matter_late_edit = {
    .code = FINDING_LATE_EDIT,
    .urgency = 2,
    .describe = describe_late,
    .decide = decide_late,
};

/* --- dead or alive ----------------------------------------------------- */

static enum err
add_status(struct matter *m, const struct record_set *set, size_t i)
{
	const struct change *c = &set->change[i];
	const char *word = rule_text(c->fields, "status");
	json_t *shown;
	size_t n;

	for (n = 0; n < m->choice_count; n++)
		if (strcmp(m->choice[n].word, word) == 0)
			return ERR_OK;
	shown = matter_show_change(c);
	if (shown != NULL)
		json_object_set_new(shown, "value", json_string(word));
	return matter_add_choice(m, word, shown);
}

static enum err
describe_death(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	bool stands[KIN_MAX];
	struct record_set set;
	size_t i;
	enum err e;

	(void)self;
	key_record(txn_db(t), key, &m->record);
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e;
	e = record_stands(set.input, set.count, "status", stands);
	for (i = 0; e == ERR_OK && i < set.count; i++)
		if (stands[i] &&
		    rule_text(set.change[i].fields, "status") != NULL)
			e = add_status(m, &set, i);
	if (e == ERR_OK && m->choice_count < 2)
		e = ERR_NOT_FOUND;
	for (i = 0; i < m->choice_count; i++)
		if (strcmp(m->choice[i].word, "dead") == 0)
			m->proposal = (int)i;
	m->ground = N_("a death that was reported is shown until somebody "
	               "takes it back");
	record_set_free(&set);
	return e;
}

static enum err
decide_death(struct matter_pen *pen, const struct matter *m, size_t n)
{
	return amend_with(pen, m, "status", m->choice[n].word);
}

const struct matter_maker matter_death = {
    .code = FINDING_DEATH_DOUBTED,
    .urgency = 0,
    .asks_again = true,
    .describe = describe_death,
    .decide = decide_death,
};

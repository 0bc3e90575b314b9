/* entitled: whether who wrote as the managing org was it. The claim is part of
 * the change and decides between concurrent values, so it counts at once; the
 * group looks at it. A claim about a file or a device follows from the record's
 * own changes: where they are all here and say no, the hub takes it back by a
 * change of the record (MERGE_UNMANAGED), without a person, and what was
 * written counts as anybody's. What was a step of the managing org's, or about
 * something else, a person sets aside. Until that arrives the claim stands.
 * Who kept a file is keeper.c's to say: who took it himself did not.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/group_word.h"
#include "store/keeper.h"
#include "store/kin.h"
#include "store/matter_pen.h"
#include "store/rules.h"
#include "store/scope.h"

/* --- judging ------------------------------------------------------------- */

/* Of what is about a resident: whether the org ever kept the file, since late
 * work of the old site counts. */
static enum keeper_says
ever_kept(struct txn *t, const struct self *self, const char *source,
    const char *resident, const char *org)
{
	enum keeper_says says = KEEPER_UNKNOWN;
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct keeper k;

	if (resident == NULL ||
	    scope_resolve(t, source, "resident", resident, key) != ERR_OK ||
	    record_gather(t, key, MATTER_CHANGES_MAX, &set) != ERR_OK)
		return KEEPER_UNKNOWN;
	if (keeper_open(&k, t, self, &set, keeper_field("resident")) ==
	    ERR_OK) {
		says = keeper_ever(&k, org);
		keeper_close(&k);
	}
	record_set_free(&set);
	return says;
}

/* Of one whose ref a record names; its source is told beside it or its own. */
static enum keeper_says
ever_kept_named(struct txn *t, const struct self *self, const struct record *r,
    const char *name, const char *source_name, const char *org)
{
	const char *source = rule_text(r->fields, source_name);

	return ever_kept(t, self, source == NULL ? r->id.source : source,
	    rule_ref(r->fields, name), org);
}

/* Of a link: both entries, or one of them opens a stranger's file. */
static enum keeper_says
kept_both(struct txn *t, const struct self *self, const struct record *r,
    const char *org)
{
	enum keeper_says one =
	    ever_kept_named(t, self, r, "resident_id", "resident_source", org);
	enum keeper_says other =
	    ever_kept_named(t, self, r, "other_id", "other_source", org);

	if (one == KEEPER_NO || other == KEEPER_NO)
		return KEEPER_NO;
	return one == KEEPER_YES ? other : one;
}

/* Of a decision: whether what it is about is its author's. */
static enum keeper_says
owns_matter(struct txn *t, const struct record *r, const char *org)
{
	struct matter m = {0};

	if (matter_is_groups(r->fields))
		return KEEPER_NO;
	matter_about(r->fields, &m.record);
	matter_find_owner(t, &m);
	return keeper_is(t, m.owner, org);
}

static enum keeper_says
is_entitled(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	enum keeper_says answer;
	struct record r;

	if (record_read(t, key, &r) != ERR_OK)
		return KEEPER_UNKNOWN;
	if (strcmp(c->record.kind, "question") == 0)
		answer = owns_matter(t, &r, c->org);
	else if (strcmp(c->record.kind, "link") == 0)
		answer = kept_both(t, self, &r, c->org);
	else
		answer = ever_kept_named(
		    t, self, &r, "resident_id", "resident_source", c->org);
	record_clear(&r);
	return answer;
}

static bool
takes_owners_step(const struct change *c)
{
	const struct kind *k = kind_by_name(c->record.kind);
	const char *name = rule_text(c->fields, "state");
	int rank = k == NULL || k->states == NULL || name == NULL
	               ? -1
	               : state_rank(k, name);

	return rank >= 0 && k->states[rank].managing_only;
}

static enum err
ask_about(struct txn *t, const struct change *c, enum finding_code code)
{
	struct question q;
	char id[48];

	matter_change_id(&c->id, id);
	matter_question(&c->record, code, id, c->occurred_at, &q);
	return question_put(t, &q);
}

/* --- claims about a file or a device ---------------------------------------
 */

static bool
is_taken_back(const struct record_set *set, const char *id)
{
	size_t i, j;

	for (i = 0; i < set->count; i++) {
		const json_t *ids =
		    json_object_get(set->change[i].fields, MERGE_UNMANAGED);

		for (j = 0; j < json_array_size(ids); j++) {
			const char *one =
			    json_string_value(json_array_get(ids, j));

			if (one != NULL && strcmp(one, id) == 0)
				return true;
		}
	}
	return false;
}

/* It has seen only the change it speaks of, so that what met goes on to; it
 * stands where that stood, and says nothing else. */
static enum err
take_back(struct txn *t, const struct self *self, const struct record_set *set,
    const struct change *claim)
{
	struct stored s;
	struct change c;
	uint8_t link[8];
	char id[48];
	enum err e = ERR_OK;

	matter_change_id(&claim->id, id);
	if (is_taken_back(set, id))
		return ERR_OK;
	stored_init(&s);
	change_init(&c);
	e = stored_read(t, &claim->id, &s);
	if (e == ERR_OK) {
		store_u64(link, s.fingerprint);
		c.record = claim->record;
		c.parent_count = 1;
		c.parents[0].id = claim->id;
		memcpy(c.parents[0].link, link, FINGERPRINT_LINK_BYTES);
		snprintf(c.by, sizeof c.by, "%s", CONTEST_AUTHOR);
		snprintf(c.org, sizeof c.org, "%s", claim->org);
		c.clock = claim->clock;
		c.occurred_at = claim->occurred_at;
		c.recorded_at = claim->recorded_at;
		c.fields = json_pack("{s:[s]}", MERGE_UNMANAGED, id);
		e = c.fields == NULL ? ERR_NOMEM : admit_own(t, self, &c, 1);
	}
	change_clear(&c);
	stored_free(&s);
	/* What no change can hold stays unsaid and stops nothing. */
	return e == ERR_LIMIT || e == ERR_FORMAT ? ERR_OK : e;
}

/* Who takes a file or a step that is not his is asked about besides, whether
 * or not he says that he is the managing org. */
static enum err
judge_claim(
    struct txn *t, const struct self *self, const struct keeper *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	bool takes_step = takes_owners_step(c);
	bool names = json_object_get(c->fields, k->field) != NULL;
	enum err e = ERR_OK;

	if ((!c->managing && !takes_step && !names) ||
	    keeper_is_group(t, self, c) || keeper_then(k, i) != KEEPER_NO)
		return ERR_OK;
	if (c->managing)
		e = take_back(t, self, k->set, c);
	if (e == ERR_OK && (takes_step || keeper_takes(k, i)))
		e = ask_about(t, c, FINDING_UNENTITLED);
	return e;
}

/* The change that came may be what another had seen. */
static enum err
judge_from(struct txn *t, const struct self *self, const struct keeper *k,
    const struct change *c)
{
	size_t i, at;
	enum err e = ERR_OK;

	for (at = 0; at < k->set->count; at++)
		if (change_id_compare(&k->set->change[at].id, &c->id) == 0)
			break;
	for (i = 0; e == ERR_OK && at < k->set->count && i < k->set->count; i++)
		if (i == at || kin_had_seen(k->set, i, at))
			e = judge_claim(t, self, k, i);
	return e;
}

static enum err
note_file(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], const char *name)
{
	struct record_set set;
	struct keeper k;
	enum err e;

	if (!c->managing && !takes_owners_step(c) && kin_is_alone(t, key))
		return ERR_OK;
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	e = keeper_open(&k, t, self, &set, name);
	if (e == ERR_OK) {
		e = judge_from(t, self, &k, c);
		keeper_close(&k);
	}
	record_set_free(&set);
	return e;
}

/* --- of contracts --------------------------------------------------------- */

/* A step that ends it; also one that only what was brought along may say. */
static bool
ends_contract(const struct change *c)
{
	const char *state = rule_text(c->fields, "state");

	if (state == NULL)
		return false;
	return state_is_in("ending closed", state) ||
	       (c->parent_count == 0 &&
	           group_word_is_state(
	               kind_by_name(c->record.kind), c->fields));
}

/* Of the org that began the contract, or that ever kept the resident's file.
 * While nobody else's beginning is here, it is its author's. */
static bool
is_theirs(struct txn *t, const struct self *self, const struct record_set *set,
    const struct change *c)
{
	const char *resident = NULL;
	bool others = false;
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct change *one = &set->change[i];

		if (resident == NULL)
			resident = rule_ref(one->fields, "resident_id");
		if (one == c || one->parent_count > 0)
			continue;
		if (keeper_is(t, one->org, c->org) == KEEPER_YES)
			return true;
		others = true;
	}
	return !others || ever_kept(t, self, c->record.source, resident,
	                      c->org) == KEEPER_YES;
}

/* With another beginning a step that came before it may be another's. */
static enum err
note_contract(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	bool begins = c->parent_count == 0 && !c->founds;
	struct record_set set;
	size_t i;
	enum err e;

	if (!begins && (!ends_contract(c) || keeper_is_group(t, self, c)))
		return ERR_OK;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK) /* stops nothing; verify tells */
		return e == ERR_NOMEM ? e : ERR_OK;
	for (i = 0; e == ERR_OK && i < set.count; i++) {
		const struct change *one = &set.change[i];

		if ((begins || change_id_compare(&one->id, &c->id) == 0) &&
		    ends_contract(one) && !keeper_is_group(t, self, one) &&
		    !is_theirs(t, self, &set, one))
			e = ask_about(t, one, FINDING_OTHERS_CONTRACT);
	}
	record_set_free(&set);
	return e;
}

/* --- of signed records ---------------------------------------------------- */

static bool
is_signed_kind(const char *name)
{
	const struct kind *k = kind_by_name(name);

	return k != NULL && k->states != NULL && state_rank(k, "amended") >= 0;
}

/* What one signed only he amends or takes back, or who is above his org. */
static enum err
note_signed(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	bool others = false, own = false;
	struct record_set set;
	size_t i;
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	for (i = 0; i < set.count; i++) {
		const struct change *one = &set.change[i];

		if (one->parent_count > 0)
			continue;
		if (keeper_is_above(t, c->org, one->org))
			own = true;
		else
			others = true;
	}
	record_set_free(&set);
	return others && !own ? ask_about(t, c, FINDING_OTHERS_RECORD) : ERR_OK;
}

/* At the hub, as the change comes in: what is known then decides. */
static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const char *name = keeper_field(c->record.kind);

	if (self->role != ROLE_HUB)
		return ERR_OK;
	if (name != NULL)
		return note_file(t, self, c, key, name);
	if ((c->managing || takes_owners_step(c)) &&
	    !keeper_is_group(t, self, c) &&
	    is_entitled(t, self, c, key) == KEEPER_NO)
		return ask_about(t, c, FINDING_UNENTITLED);
	if (strcmp(c->record.kind, "contract") == 0)
		return note_contract(t, self, c, key);
	return c->parent_count > 0 && is_signed_kind(c->record.kind) &&
	               !keeper_is_group(t, self, c)
	           ? note_signed(t, c, key)
	           : ERR_OK;
}

/* --- deciding ------------------------------------------------------------ */

static const char *
ground_of(enum finding_code code)
{
	switch (code) {
	case FINDING_OTHERS_CONTRACT:
		return N_("its author is neither of the contract's "
		          "organisation nor of the managing one");
	case FINDING_OTHERS_RECORD:
		return N_("its author is not of the organisation that signed "
		          "the record, nor above it");
	default:
		return N_("its author was not the managing organisation");
	}
}

/* What the change set, and what it found there. */
static enum err
show_both(
    const struct record_set *set, const struct change *c, struct matter *m)
{
	json_t *kept = matter_show_change(c), *without = json_object();
	json_t *found = json_object(), *v;
	struct record before = {0};
	const char *name;
	enum err e =
	    record_seen_by(set->input, set->count, &c->id, false, &before);

	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	json_object_foreach(c->fields, name, v)
	{
		json_t *old = json_object_get(before.fields, name);

		json_object_set(found, name, old == NULL ? json_null() : old);
	}
	record_clear(&before);
	json_object_set_new(without, "fields", found);
	json_object_set(kept, "fields", c->fields);
	m->proposal = 0;
	m->ground = ground_of(m->question->code);
	if (e != ERR_OK) {
		json_decref(without);
		json_decref(kept);
		return e;
	}
	e = matter_add_choice(m, "set-aside", without);
	if (e == ERR_OK)
		return matter_add_choice(m, "keep", kept);
	json_decref(kept);
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct change_id id;
	size_t i;
	enum err e = matter_change_parse(m->question->field, &id);

	(void)self;
	if (e != ERR_OK)
		return ERR_NOT_FOUND;
	matter_key(t, m->question, key);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	e = ERR_NOT_FOUND;
	for (i = 0; i < set.count; i++)
		if (change_id_compare(&set.change[i].id, &id) == 0)
			e = show_both(&set, &set.change[i], m);
	record_set_free(&set);
	return e;
}

/* A change that has seen only the one it speaks of: what met goes on to. */
static enum err
write_word(struct matter_pen *pen, const struct identity *record,
    const struct change_id *seen, json_t *ids)
{
	struct stored s;
	struct change c;
	uint8_t link[8];
	enum err e;

	stored_init(&s);
	change_init(&c);
	e = stored_read(pen->t, seen, &s);
	if (e == ERR_OK) {
		store_u64(link, s.fingerprint);
		c.record = *record;
		c.parent_count = 1;
		c.parents[0].id = *seen;
		memcpy(c.parents[0].link, link, FINGERPRINT_LINK_BYTES);
		snprintf(c.by, sizeof c.by, "%s", pen->by);
		snprintf(c.org, sizeof c.org, "%s", pen->org);
		c.clock = self_clock(pen->self, pen->now);
		c.occurred_at = c.recorded_at = pen->now;
		c.fields = json_pack("{s:o, s:s}", MERGE_SET_ASIDE,
		    json_incref(ids), "reason", pen->reason);
		e = c.fields == NULL ? ERR_NOMEM
		                     : admit_own(pen->t, pen->self, &c, 1);
	}
	if (e == ERR_OK)
		e = matter_note_written(pen, &c.id);
	change_clear(&c);
	stored_free(&s);
	return e;
}

/* The file is who took it's from here on: the group says so itself, or his
 * next word would be none of the managing org's. Nothing where it went on. */
static enum err
confirm(struct matter_pen *pen, const struct record *r, const json_t *keeper,
    const char *name)
{
	struct change c;
	enum err e;

	if (!json_equal(json_object_get(r->fields, name), keeper))
		return ERR_OK;
	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", pen->by);
	snprintf(c.org, sizeof c.org, "%s", pen->org);
	c.managing = true;
	c.clock = self_clock(pen->self, pen->now);
	c.occurred_at = c.recorded_at = pen->now;
	c.fields = json_pack("{s:O}", name, keeper);
	e = c.fields == NULL ? ERR_NOMEM : admit_own(pen->t, pen->self, &c, 1);
	if (e == ERR_OK)
		e = matter_note_written(pen, &c.id);
	change_clear(&c);
	return e;
}

/* A change as it is stored; change_clear() it in any case. */
static enum err
read_change(struct txn *t, const struct change_id *id, struct change *c)
{
	struct stored s;
	enum err e;

	stored_init(&s);
	change_init(c);
	c->id = *id;
	e = stored_read(t, id, &s);
	if (e == ERR_OK)
		e = change_decode(c, s.body.data, s.body.size);
	stored_free(&s);
	return e;
}

static enum err
let_stand(
    struct matter_pen *pen, const struct matter *m, const struct change_id *id)
{
	const char *name = keeper_field(m->record.kind);
	uint8_t key[KEY_RECORD_BYTES];
	const json_t *keeper;
	struct record r;
	struct change c;
	enum err e;

	if (name == NULL)
		return ERR_OK;
	e = read_change(pen->t, id, &c);
	keeper = json_object_get(c.fields, name);
	if (e == ERR_OK && json_is_string(keeper)) {
		key_record(txn_db(pen->t), key, &m->record);
		e = record_read(pen->t, key, &r);
		if (e == ERR_OK) {
			e = confirm(pen, &r, keeper, name);
			record_clear(&r);
		}
	}
	change_clear(&c);
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	const char *text = m->question->field;
	struct change_id id;
	json_t *ids;
	enum err e = matter_change_parse(text, &id);

	if (e != ERR_OK)
		return e;
	if (strcmp(m->choice[n].word, "set-aside") != 0)
		return let_stand(pen, m, &id);
	ids = json_pack("[s]", text);
	e = ids == NULL ? ERR_NOMEM : write_word(pen, &m->record, &id, ids);
	json_decref(ids);
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

/* One of the decision's changes: by one that has seen it a word is taken back,
 * and what is no word is set aside in its turn. */
static enum err
undo_one(
    struct matter_pen *pen, const struct identity *record, const char *text)
{
	struct change_id id;
	struct change c;
	json_t *ids;
	enum err e = text == NULL ? ERR_FORMAT : matter_change_parse(text, &id);

	if (e != ERR_OK)
		return e;
	e = read_change(pen->t, &id, &c);
	ids = e == ERR_OK && json_object_get(c.fields, MERGE_SET_ASIDE) == NULL
	          ? json_pack("[s]", text)
	          : json_null();
	if (e == ERR_OK)
		e = ids == NULL ? ERR_NOMEM : write_word(pen, record, &id, ids);
	json_decref(ids);
	change_clear(&c);
	return e;
}

static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	const json_t *changes = json_object_get(decision->fields, "changes");
	struct identity record;
	size_t i;
	enum err e = ERR_OK;

	matter_about(decision->fields, &record);
	for (i = 0; e == ERR_OK && i < json_array_size(changes); i++)
		e = undo_one(pen, &record,
		    json_string_value(json_array_get(changes, i)));
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

const struct matter_maker matter_entitled = {
    .code = FINDING_UNENTITLED,
    .urgency = 1,
    .group_only = true,
    .note = note,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};

/* The same of a contract that another org ended. */
const struct matter_maker matter_others_contract = {
    .code = FINDING_OTHERS_CONTRACT,
    .urgency = 1,
    .group_only = true,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};

/* The same of a signed record that another org changed. */
const struct matter_maker matter_others_record = {
    .code = FINDING_OTHERS_RECORD,
    .urgency = 1,
    .group_only = true,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};

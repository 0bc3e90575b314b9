/* entitled_matter: what the group decides about a change by who was not
 * entitled to it: set it aside, or let it stand.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/entitled.h"
#include "store/keeper.h"
#include "store/matter_pen.h"

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

/* Of a file that two say they began nobody knows who is right. */
static enum err
propose_nothing_in_doubt(struct txn *t, const struct self *self,
    const struct record_set *set, size_t i, struct matter *m)
{
	const char *name = keeper_field(m->record.kind);
	struct keeper k;
	enum err e;

	if (name == NULL || m->question->code != FINDING_UNENTITLED)
		return ERR_OK;
	e = keeper_open(&k, t, self, set, name);
	if (e != ERR_OK)
		return e;
	if (keeper_in_doubt(&k, i)) {
		m->proposal = -1;
		m->ground = NULL;
	}
	keeper_close(&k);
	return ERR_OK;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct change_id id;
	size_t i;
	enum err e = matter_change_parse(m->question->field, &id);

	if (e != ERR_OK)
		return ERR_NOT_FOUND;
	matter_key(t, m->question, key);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < set.count; i++)
		if (change_id_compare(&set.change[i].id, &id) == 0)
			break;
	e = i == set.count ? ERR_NOT_FOUND : show_both(&set, &set.change[i], m);
	if (e == ERR_OK)
		e = propose_nothing_in_doubt(t, self, &set, i, m);
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

/* What the change said of it that the record says still: nothing where it went
 * on. */
static enum err
add_standing(const struct change *c, const struct record *r, const char *name,
    json_t *out)
{
	json_t *said = json_object_get(c->fields, name);
	const json_t *is = json_object_get(r->fields, name);

	if (said == NULL ||
	    (is == NULL ? !json_is_null(said) : !json_equal(is, said)))
		return ERR_OK;
	return json_object_set(out, name, said) == 0 ? ERR_OK : ERR_NOMEM;
}

/* What is let stand the group says itself: the file is who took it's from here
 * on, or his next word would be none of the managing org's; what only its owner
 * may say of a device counts, also where nobody knows who the group is. */
static enum err
confirm(struct matter_pen *pen, const struct matter *m, const struct record *r,
    json_t *fields)
{
	struct change c;
	enum err e;

	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", pen->by);
	if (*keeper_own_fields(r->id.kind) != NULL)
		matter_acting_org(pen->t, pen->self, m, pen->org, c.org);
	else
		snprintf(c.org, sizeof c.org, "%s", pen->org);
	c.managing = true;
	c.clock = self_clock(pen->self, pen->now);
	c.occurred_at = c.recorded_at = pen->now;
	c.fields = json_incref(fields);
	e = admit_own(pen->t, pen->self, &c, 1);
	if (e == ERR_OK)
		e = matter_note_written(pen, &c.id);
	change_clear(&c);
	return e;
}

static enum err
confirm_standing(struct matter_pen *pen, const struct matter *m,
    const struct record *r, const struct change *c)
{
	const char *keeper = keeper_field(c->record.kind);
	const char *const *name = keeper_own_fields(c->record.kind);
	json_t *fields = json_object();
	enum err e = fields == NULL ? ERR_NOMEM : ERR_OK;

	/* That nobody keeps it the group does not say. */
	if (e == ERR_OK && json_is_string(json_object_get(c->fields, keeper)))
		e = add_standing(c, r, keeper, fields);
	for (; e == ERR_OK && *name != NULL; name++)
		e = add_standing(c, r, *name, fields);
	if (e == ERR_OK && json_object_size(fields) > 0)
		e = confirm(pen, m, r, fields);
	json_decref(fields);
	return e;
}

static enum err
let_stand(
    struct matter_pen *pen, const struct matter *m, const struct change_id *id)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct change c;
	enum err e;

	if (keeper_field(m->record.kind) == NULL)
		return ERR_OK;
	e = entitled_read(pen->t, id, &c);
	if (e == ERR_OK) {
		key_record(txn_db(pen->t), key, &m->record);
		e = record_read(pen->t, key, &r);
	}
	if (e == ERR_OK) {
		e = confirm_standing(pen, m, &r, &c);
		record_clear(&r);
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
	e = entitled_read(pen->t, &id, &c);
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
    .note = entitled_note,
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

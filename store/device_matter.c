/* device_matter: what a person decides about devices (device_note.h puts the
 * rows): which of two hand-overs with one number happened; whether the owner
 * agrees to a lending on, or to a loan that nobody approved; what becomes of a
 * device that was lost or broken.
 *
 * The decision's record is all there is of it but in the last case, where the
 * device's condition is amended: what is said of a hand-over is read off the
 * decisions (custody_chain.h), so that undoing one brings back the dispute.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/device_note.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"

/* A version as people see it beside the others. */
static json_t *
show_record(const struct record *r, const char *id)
{
	char at[26];

	if (instant_print(r->at, at) != ERR_OK)
		at[0] = '\0';
	return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:O}", "ref", r->id.ref,
	    "by", r->by, "at", at, "org", r->org, "id", id, "fields",
	    r->fields);
}

/* --- forks -----------------------------------------------------------------
 */

static const char *
ground_text(enum custody_ground ground)
{
	switch (ground) {
	case CUSTODY_BOTH_SIGNED:
		return N_("both sides signed it");
	case CUSTODY_RECEIVED_LATER:
		return N_("the group received it later");
	case CUSTODY_NO_GROUND:
		break;
	}
	return NULL;
}

/* Who wrote it down first by name stands for all that tell of it. */
static bool
is_first_of_its_kind(const struct custody_event *fork, size_t i)
{
	return i == 0 || !custody_is_same(&fork[i - 1], &fork[i]);
}

/* What is proposed has a place among the choices, however many there are. */
static bool
has_room(const struct matter *m, bool is_best, bool best_is_due)
{
	size_t room = MATTER_CHOICES_MAX - m->choice_count;

	return room > 1 || (room == 1 && (is_best || !best_is_due));
}

static enum err
fill_fork(const struct device_state *s, const struct custody_event *fork,
    size_t count, struct matter *m)
{
	enum custody_ground ground;
	size_t best = custody_proposal(fork, count, &ground), i;
	bool best_is_due = best != SIZE_MAX;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < count; i++) {
		const struct record *r = &s->custody[fork[i].index];
		bool is_best =
		    best != SIZE_MAX && custody_is_same(&fork[best], &fork[i]);

		if (!is_first_of_its_kind(fork, i))
			continue;
		if (!has_room(m, is_best, best_is_due)) {
			e = matter_add_beyond(m, fork[i].name);
			continue;
		}
		best_is_due = best_is_due && !is_best;
		if (is_best)
			m->proposal = (int)m->choice_count;
		e = matter_add_choice(
		    m, r->id.ref, show_record(r, fork[i].name));
	}
	m->ground = m->proposal < 0 ? NULL : ground_text(ground);
	return e;
}

static enum err
describe_fork(struct txn *t, const struct self *self, struct matter *m)
{
	int64_t number = device_fork_number(m->question->field);
	uint8_t key[KEY_RECORD_BYTES];
	struct device_state s;
	size_t first, count = 0;
	enum err e;

	(void)self;
	key_record(txn_db(t), key, &m->record);
	e = device_state_read(t, key, &s);
	if (e != ERR_OK)
		return e;
	for (first = 0; first < s.custody_count; first++)
		if (s.events[first].number == number)
			break;
	while (first + count < s.custody_count &&
	       s.events[first + count].number == number)
		count++;
	e = count > 0 && s.events[first].fate == CUSTODY_DISPUTED
	        ? fill_fork(&s, &s.events[first], count, m)
	        : ERR_NOT_FOUND;
	device_state_free(&s);
	return e;
}

static enum err
decide_nothing_more(struct matter_pen *pen, const struct matter *m, size_t n)
{
	(void)pen;
	(void)m;
	(void)n;
	return ERR_OK;
}

const struct matter_maker matter_fork = {
    .code = FINDING_CUSTODY_FORK,
    .urgency = URGENCY_SOON,
    .group_only = true,
    .note = device_note,
    .describe = describe_fork,
    .decide = decide_nothing_more,
};

/* --- what the owner is to look at ------------------------------------------
 */

/* The device that the record a matter is about speaks of. */
static enum err
state_about(struct txn *t, const struct matter *m, struct record *about,
    struct device_state *s)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *ref;
	enum err e;

	key_record(txn_db(t), key, &m->record);
	e = record_read(t, key, about);
	if (e != ERR_OK)
		return e;
	ref = rule_ref(about->fields, "device_id");
	e = ref == NULL ? ERR_NOT_FOUND
	                : device_find(t, about->id.source, ref, key);
	if (e == ERR_OK)
		e = device_state_read(t, key, s);
	if (e != ERR_OK)
		record_clear(about);
	return e;
}

/* What the record is to be looked at for now. */
static enum err
code_about(struct txn *t, struct device_state *s,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code *out)
{
	const struct device_loan *loan;
	uint8_t one[KEY_RECORD_BYTES];
	size_t i;
	enum err e;

	*out = FINDING_NONE;
	for (i = 0; i < s->custody_count; i++) {
		key_record(txn_db(t), one, &s->custody[s->events[i].index].id);
		if (memcmp(one, key, sizeof one) == 0)
			return device_custody_code(t, s, &s->events[i], out);
	}
	e = device_loan_by_key(t, s, key, &loan);
	if (loan != NULL)
		*out = device_loan_code(s, loan);
	return e;
}

static enum err
describe_by(struct txn *t, struct matter *m, const char *const *words,
    const char *proposal)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum finding_code code;
	struct device_state s;
	struct record about;
	size_t i;
	enum err e = state_about(t, m, &about, &s);

	if (e != ERR_OK)
		return e;
	key_record(txn_db(t), key, &m->record);
	e = code_about(t, &s, key, &code);
	if (e == ERR_OK &&
	    (code != m->question->code ||
	        device_is_decided(&s, finding_name(code), &about.id)))
		e = ERR_NOT_FOUND;
	for (i = 0; e == ERR_OK && words[i] != NULL; i++) {
		if (proposal != NULL && strcmp(words[i], proposal) == 0)
			m->proposal = (int)i;
		e = matter_add_choice(m, words[i], show_record(&about, NULL));
	}
	record_clear(&about);
	device_state_free(&s);
	return e;
}

static enum err
describe_leave(struct txn *t, const struct self *self, struct matter *m)
{
	static const char *const words[] = {"agree", "object", NULL};

	(void)self;
	return describe_by(t, m, words, NULL);
}

const struct matter_maker matter_onward = {
    .code = FINDING_ONWARD_LENDING,
    .urgency = URGENCY_SOON,
    .is_keepers = true,
    .describe = describe_leave,
    .decide = decide_nothing_more,
};
const struct matter_maker matter_not_custodian = {
    .code = FINDING_NOT_CUSTODIAN,
    .urgency = URGENCY_SOON,
    .is_keepers = true,
    .describe = describe_leave,
    .decide = decide_nothing_more,
};
const struct matter_maker matter_jump = {
    .code = FINDING_CUSTODY_JUMP,
    .urgency = URGENCY_DAILY,
    .is_keepers = true,
    .describe = describe_leave,
    .decide = decide_nothing_more,
};
const struct matter_maker matter_unapproved = {
    .code = FINDING_LOAN_UNAPPROVED,
    .urgency = URGENCY_SOON,
    .describe = describe_leave,
    .decide = decide_nothing_more,
};

/* --- lost and damaged ------------------------------------------------------
 */

/* Words of a device's condition, and one that leaves it as it is. */
static const char as_it_is[] = "leave";

static enum err
describe_lost(struct txn *t, const struct self *self, struct matter *m)
{
	static const char *const words[] = {"withdrawn", as_it_is, NULL};

	(void)self;
	m->ground = N_("nobody can lend what is not there");
	return describe_by(t, m, words, "withdrawn");
}

static enum err
describe_damaged(struct txn *t, const struct self *self, struct matter *m)
{
	static const char *const words[] = {
	    "minor", "in_repair", "unsafe", "withdrawn", as_it_is, NULL};

	(void)self;
	m->ground = N_("nobody uses it until it was looked at");
	return describe_by(t, m, words, "unsafe");
}

static enum err
decide_condition(struct matter_pen *pen, const struct matter *m, size_t n)
{
	const char *word = m->choice[n].word;
	uint8_t key[KEY_RECORD_BYTES];
	struct device_state s;
	struct record about;
	json_t *fields;
	enum err e;

	if (strcmp(word, as_it_is) == 0)
		return ERR_OK;
	e = state_about(pen->t, m, &about, &s);
	if (e != ERR_OK)
		return e;
	memcpy(key, s.key, sizeof key);
	record_clear(&about);
	device_state_free(&s);
	fields = json_pack("{s:s}", "condition", word);
	e = fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

const struct matter_maker matter_device_lost = {
    .code = FINDING_DEVICE_LOST,
    .urgency = URGENCY_SOON,
    .describe = describe_lost,
    .decide = decide_condition,
};
const struct matter_maker matter_device_damaged = {
    .code = FINDING_DEVICE_DAMAGED,
    .urgency = URGENCY_SOON,
    .describe = describe_damaged,
    .decide = decide_condition,
};

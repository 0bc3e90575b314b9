/* device_vet: what who writes about devices is told. */

#include <stdio.h>
#include <string.h>

#include "store/device_state.h"
#include "store/device_vet.h"
#include "store/rules.h"

/* The state of the device that a record of this source names. */
static enum err
state_of(struct txn *t, const char *source, const json_t *fields,
    struct device_state *s)
{
	const char *ref = rule_ref(fields, "device_id");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e =
	    ref == NULL ? ERR_NOT_FOUND : device_find(t, source, ref, key);

	return e == ERR_OK ? device_state_read(t, key, s) : e;
}

/* --- filling in ------------------------------------------------------------
 */

static enum err
fill(json_t *fields, const char *name, json_t *value)
{
	if (json_object_get(fields, name) != NULL) {
		json_decref(value);
		return ERR_OK;
	}
	return json_object_set_new(fields, name, value) == 0 ? ERR_OK
	                                                     : ERR_NOMEM;
}

static enum err
fill_org(json_t *fields, const char *name, const char *org)
{
	return org == NULL ? ERR_OK
	                   : fill(fields, name, json_sprintf("ref:%s", org));
}

static bool
is_standing(const struct device_state *s, const json_t *fields)
{
	const json_t *orgs = json_object_get(s->word, "standing_orgs");
	const char *borrower = rule_text(fields, "borrower");
	size_t i;

	for (i = 0; borrower != NULL && i < json_array_size(orgs); i++)
		if (json_is_string(json_array_get(orgs, i)) &&
		    strcmp(json_string_value(json_array_get(orgs, i)),
		        borrower) == 0)
			return true;
	return false;
}

enum err
device_fill(struct txn *t, const struct self *self, const struct kind *k,
    json_t *fields)
{
	bool is_custody = strcmp(k->name, "custody") == 0;
	struct device_state s;
	enum err e;

	if (!is_custody && strcmp(k->name, "loan") != 0)
		return ERR_OK;
	e = state_of(t, self->source, fields, &s);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	if (is_custody) {
		/* After a jump its number may be wrong: the next follows what
		 * is sure, or a last number would end all hand-overs. */
		if ((s.crowds & DEVICE_CROWD_CUSTODY) == 0)
			e = fill(fields, "custody_no",
			    json_integer((json_int_t)s.place.sure_number + 1));
		if (e == ERR_OK && !s.place.is_disputed && !s.place.is_unsure)
			e = fill_org(fields, "from", s.place.custodian);
	} else {
		if (!s.place.is_disputed && !s.place.is_unsure)
			e = fill_org(fields, "lender", s.place.custodian);
		if (e == ERR_OK)
			e = fill(fields, "approval",
			    json_string(
			        is_standing(&s, fields) ? "standing" : "each"));
	}
	device_state_free(&s);
	return e;
}

/* --- judging ---------------------------------------------------------------
 */

static bool
is_same_state(const struct vet_line *line, const char *state)
{
	return line->old_state != NULL && strcmp(line->old_state, state) == 0;
}

/* A new step into this state. */
static bool
comes_to(const struct vet_line *line, const char *state)
{
	return rule_state_is(line->fields, state) &&
	       !is_same_state(line, state);
}

static void
vet_loan(struct txn *t, struct device_state *s, const struct vet_line *line,
    struct findings *out)
{
	const struct device_loan *loan = NULL;

	/* What cannot be read now is told when it is written. */
	if (line->own != NULL)
		(void)device_loan_by_key(t, s, line->own, &loan);
	if (s->place.is_disputed && comes_to(line, "approved"))
		findings_refuse(out, FINDING_PLACE_DISPUTED, "device_id");
	if (s->place.is_disputed && comes_to(line, "requested"))
		findings_warn(out, FINDING_PLACE_DISPUTED, "device_id");
	if (comes_to(line, "approved") && s->owner != NULL &&
	    !device_may_approve(s, line->org) && !is_standing(s, line->fields))
		findings_warn(out, FINDING_OWNER_APPROVES, "state");
	if (comes_to(line, "handed_over") &&
	    (loan == NULL || !loan->is_approved))
		findings_warn(out, FINDING_LOAN_UNAPPROVED, "state");
}

static void
vet_custody(struct txn *t, struct device_state *s, const char *source,
    const struct vet_line *line, struct findings *out)
{
	const struct device_loan *loan;
	const char *from = rule_ref(line->fields, "from");
	const char *to = rule_ref(line->fields, "to");
	int64_t number =
	    json_integer_value(json_object_get(line->fields, "custody_no"));

	if (!line->is_first || from == NULL || to == NULL)
		return;
	if (s->place.is_disputed)
		findings_warn(out, FINDING_PLACE_DISPUTED, "device_id");
	else if (number > s->place.number && s->place.custodian != NULL &&
	         strcmp(from, s->place.custodian) != 0)
		findings_warn(out, FINDING_NOT_CUSTODIAN, "from");
	if (number > s->place.sure_number + 1 || s->place.is_unsure)
		findings_warn(out, FINDING_CUSTODY_JUMP, "custody_no");
	else if (number <= s->place.number)
		findings_warn(out, FINDING_CUSTODY_FORK, "custody_no");
	if (device_loan_of(t, s, source, line->fields, &loan) == ERR_OK &&
	    device_is_onward(s, loan, from, to, number))
		findings_warn(out, FINDING_ONWARD_LENDING, "to");
}

/* Who finds a device unsafe may say so; that it is fit again is the owner's to
 * say. */
static void
vet_device(struct txn *t, const struct self *self, const struct vet_line *line,
    struct findings *out)
{
	const char *owner, *now = rule_text(line->fields, "condition");
	struct record r;

	if (line->own == NULL || self->role == ROLE_HUB ||
	    record_read(t, line->own, &r) != ERR_OK)
		return;
	owner = rule_ref(r.fields, "owner_org_id");
	if (rule_text(r.fields, "condition") != NULL &&
	    strcmp(rule_text(r.fields, "condition"), "unsafe") == 0 &&
	    (now == NULL || (strcmp(now, "unsafe") != 0 &&
	                        strcmp(now, "withdrawn") != 0)) &&
	    owner != NULL && strcmp(owner, line->org) != 0)
		findings_refuse(out, FINDING_OWNER_CLEARS, "condition");
	record_clear(&r);
}

/* A record that is amended means what its own program's words mean. */
static void
source_of(struct txn *t, const struct self *self, const struct vet_line *line,
    char out[SOURCE_BYTES_MAX + 1])
{
	struct record r;

	snprintf(out, SOURCE_BYTES_MAX + 1, "%s", self->source);
	if (line->own == NULL || record_read(t, line->own, &r) != ERR_OK)
		return;
	snprintf(out, SOURCE_BYTES_MAX + 1, "%s", r.id.source);
	record_clear(&r);
}

void
device_vet(struct txn *t, const struct self *self, const struct vet_line *line,
    bool is_person, struct findings *out)
{
	const char *kind = line->kind->name;
	bool is_loan = strcmp(kind, "loan") == 0;
	char source[SOURCE_BYTES_MAX + 1];
	struct device_state s;

	if (strcmp(kind, "device") == 0) {
		vet_device(t, self, line, out);
		return;
	}
	if (!is_person || (!is_loan && strcmp(kind, "custody") != 0))
		return;
	source_of(t, self, line, source);
	if (state_of(t, source, line->fields, &s) != ERR_OK)
		return;
	if (is_loan)
		vet_loan(t, &s, line, out);
	else
		vet_custody(t, &s, source, line, out);
	device_state_free(&s);
}

bool
device_approves(struct txn *t, const struct record *loan, const char *name,
    const json_t *value, const char *org)
{
	const struct device_loan *known = NULL;
	const char *text = json_string_value(value);
	uint8_t key[KEY_RECORD_BYTES];
	struct device_state s;
	bool approves;

	if (strcmp(loan->id.kind, "loan") != 0 ||
	    (strcmp(name, "approved_by") != 0 &&
	        (strcmp(name, "state") != 0 || text == NULL ||
	            strcmp(text, "approved") != 0)) ||
	    state_of(t, loan->id.source, loan->fields, &s) != ERR_OK)
		return false;
	key_record(txn_db(t), key, &loan->id);
	approves = device_may_approve(&s, org) &&
	           device_loan_by_key(t, &s, key, &known) == ERR_OK &&
	           known != NULL && !known->is_approved;
	device_state_free(&s);
	return approves;
}

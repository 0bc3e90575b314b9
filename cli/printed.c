/* printed: a resident's own record on paper, and who looked at it.
 *
 * Plain text, aligned in cells, in the language of who prints. Headings are
 * words of the field; what people wrote stays as they wrote it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

/* A field as paper shows it. An array of objects is told by `of`, the members
 * shown of each; NULL: plain values. */
struct line {
	const char *field, *title;
	const char *of[6];
};

struct part {
	const char *kind, *title;
	const char *time; /* the field that stands in the heading */
	const struct line *lines;
};

static const struct line resident_lines[] = {
    {"name", N_("Name"), {NULL}},
    {"sex", N_("Sex"), {NULL}},
    {"birth_date", N_("Born on"), {NULL}},
    {"id_no", N_("Number of the identity document"), {NULL}},
    {"ehr_no", N_("Health record number"), {NULL}},
    {"phone", N_("Phone"), {NULL}},
    {"address", N_("Address"), {NULL}},
    {"household_no", N_("Household"), {NULL}},
    {"insurance_type", N_("Insurance"), {NULL}},
    {"managing_org_id", N_("Managing organisation"), {NULL}},
    {"status", N_("Status"), {NULL}},
    {"allergies", N_("Allergies"),
        {"substance", "reaction", "status", "reason"}},
    {"conditions", N_("Long-term conditions"), {"name", "code", "since"}},
    {NULL, NULL, {NULL}},
};
static const struct line contract_lines[] = {
    {"slip_no", N_("Slip number"), {NULL}},
    {"state", N_("State"), {NULL}},
    {"team_id", N_("Team"), {NULL}},
    {"start_on", N_("Starts on"), {NULL}},
    {"end_on", N_("Ends on"), {NULL}},
    {"ended_on", N_("Ended on"), {NULL}},
    {"packages", N_("Packages"), {"name", "code"}},
    {NULL, NULL, {NULL}},
};
static const struct line service_lines[] = {
    {"item", N_("Item"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line encounter_lines[] = {
    {"slip_no", N_("Slip number"), {NULL}},
    {"type", N_("Kind of visit"), {NULL}},
    {"subjective", N_("Subjective"), {NULL}},
    {"objective", N_("Objective"), {NULL}},
    {"diagnoses", N_("Diagnoses"), {"name", "code"}},
    {"plan", N_("Plan"), {NULL}},
    {"rx", N_("Prescriptions"),
        {"name", "dose", "unit", "route", "freq", "days"}},
    {NULL, NULL, {NULL}},
};
static const struct line request_lines[] = {
    {"state", N_("State"), {NULL}},
    {"to_org", N_("Sent to"), {NULL}},
    {"modality", N_("Examination"), {NULL}},
    {"item_code", N_("Item"), {NULL}},
    {"body_part", N_("Body part"), {NULL}},
    {"clinical_info", N_("Clinical information"), {NULL}},
    {"reason", N_("Reason"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line recognition_lines[] = {
    {"item_code", N_("Item"), {NULL}},
    {"decision", N_("Earlier result"), {NULL}},
    {"reason", N_("Reason"), {NULL}},
    {"note", N_("Note"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line consult_lines[] = {
    {"state", N_("State"), {NULL}},
    {"from_org", N_("Asked by"), {NULL}},
    {"to_org", N_("Asked of"), {NULL}},
    {"question", N_("What is asked"), {NULL}},
    {"summary", N_("Summary"), {NULL}},
    {"answer", N_("Answer"), {NULL}},
    {"answered_at", N_("Answered at"), {NULL}},
    {"reason", N_("Reason"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line report_lines[] = {
    {"findings", N_("Findings"), {NULL}},
    {"conclusion", N_("Conclusion"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line followup_lines[] = {
    {"programme", N_("Programme"), {NULL}},
    {"state", N_("State"), {NULL}},
    {"sbp", N_("Systolic pressure"), {NULL}},
    {"dbp", N_("Diastolic pressure"), {NULL}},
    {"fasting_glucose", N_("Fasting glucose"), {NULL}},
    {"symptoms", N_("Symptoms"), {NULL}},
    {"next_on", N_("Next on"), {NULL}},
    {NULL, NULL, {NULL}},
};
static const struct line referral_lines[] = {
    {"slip_no", N_("Slip number"), {NULL}},
    {"state", N_("State"), {NULL}},
    {"from_org", N_("Referred from"), {NULL}},
    {"to_org", N_("Referred to"), {NULL}},
    {"reason", N_("Reason"), {NULL}},
    {"impression", N_("Impression"), {NULL}},
    {"findings", N_("Findings"), {NULL}},
    {"final_dx", N_("Final diagnosis"), {NULL}},
    {"plan", N_("Plan"), {NULL}},
    {"rehab_advice", N_("Advice for rehabilitation"), {NULL}},
    {NULL, NULL, {NULL}},
};

static const struct part parts[] = {
    {"resident", N_("Resident"), NULL, resident_lines},
    {"contract", N_("Contracts"), "signed_on", contract_lines},
    {"contract_service", N_("Services under contract"), "done_on",
        service_lines},
    {"encounter", N_("Encounters"), "visit_at", encounter_lines},
    {"exam_request", N_("Examinations asked for"), "at", request_lines},
    {"exam_report", N_("Examination reports"), "signed_at", report_lines},
    {"recognition", N_("Earlier results used or repeated"), "at",
        recognition_lines},
    {"consult", N_("Consultations"), "at", consult_lines},
    {"followup", N_("Follow-ups"), "on", followup_lines},
    {"referral", N_("Referrals"), "issued_at", referral_lines},
};

enum { PARTS = sizeof parts / sizeof parts[0], CELL_BYTES = 4096 };

const char *
printed_label(const char *kind, const char *field)
{
	const struct line *line;
	size_t i;

	for (i = 0; i < PARTS; i++) {
		if (strcmp(parts[i].kind, kind) != 0)
			continue;
		for (line = parts[i].lines; line->field != NULL; line++)
			if (strcmp(line->field, field) == 0)
				return strcmp(_(line->title), line->title) == 0
				           ? field
				           : _(line->title);
	}
	return field;
}

struct print {
	struct columns *columns;
	const struct part *part; /* whose heading stands last */
};

/* --- values ------------------------------------------------------------ */

static void
put_value(const json_t *value, char *out, size_t out_bytes)
{
	const char *text = json_string_value(value);
	char *json = NULL;

	if (text == NULL)
		json = json_dumps(
		    value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (text != NULL && strncmp(text, "ref:", 4) == 0)
		text += 4;
	snprintf(out, out_bytes, "%s",
	    text != NULL   ? text
	    : json != NULL ? json
	                   : "");
	free(json);
}

/* What holds is not said to hold. */
static bool
is_plain(const char *name, const json_t *member)
{
	const char *text = json_string_value(member);

	return strcmp(name, "status") == 0 && text != NULL &&
	       strcmp(text, "active") == 0;
}

static void
put_members(
    const json_t *row, const struct line *l, char *out, size_t out_bytes)
{
	char value[CELL_BYTES];
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < 6 && l->of[i] != NULL; i++) {
		const json_t *member = json_object_get(row, l->of[i]);
		int n;

		if (member == NULL || is_plain(l->of[i], member))
			continue;
		put_value(member, value, sizeof value);
		n = snprintf(out + used, out_bytes - used, "%s%s",
		    used == 0 ? "" : "  ", value);
		if (n < 0 || (size_t)n >= out_bytes - used)
			return;
		used += (size_t)n;
	}
}

static const char *
word_of(const char *field, const char *value)
{
	static const struct {
		const char *field, *value, *text;
	} words[] = {
	    {"status", "living", N_("living")},
	    {"status", "moved_away", N_("moved away")},
	    {"status", "dead", N_("dead")},
	    {"sex", "0", N_("unknown")},
	    {"sex", "1", N_("male")},
	    {"sex", "2", N_("female")},
	    {"sex", "9", N_("not stated")},
	    {"state", "draft", N_("draft")},
	    {"state", "signed", N_("signed, to be confirmed")},
	    {"state", "active", N_("active")},
	    {"state", "contested", N_("contested")},
	    {"state", "refused", N_("refused by the group")},
	    {"state", "ending", N_("ending")},
	    {"state", "terminated", N_("terminated")},
	    {"state", "closed", N_("closed")},
	    {"state", "planned", N_("planned")},
	    {"state", "done", N_("done")},
	    {"state", "missed", N_("missed")},
	    {"state", "issued", N_("issued")},
	    {"state", "accepted", N_("accepted")},
	    {"state", "declined", N_("declined")},
	    {"state", "arrived", N_("arrived")},
	    {"state", "arrived_home", N_("arrived home")},
	    {"state", "in_care", N_("in care")},
	    {"state", "sent_back", N_("sent back")},
	    {"state", "followed_up", N_("followed up")},
	    {"state", "cancelled", N_("cancelled")},
	    {"state", "sent", N_("sent")},
	    {"state", "received", N_("received")},
	    {"state", "rejected", N_("rejected")},
	    {"state", "reported", N_("reported")},
	    {"state", "requested", N_("requested")},
	    {"state", "answered", N_("answered")},
	    {"modality", "imaging", N_("imaging")},
	    {"modality", "ecg", N_("ECG")},
	    {"modality", "lab", N_("laboratory")},
	    {"modality", "pathology", N_("pathology")},
	    {"modality", "ultrasound", N_("ultrasound")},
	    {"decision", "recognised", N_("recognised")},
	    {"decision", "repeated", N_("repeated")},
	    {"type", "outpatient", N_("out-patient")},
	    {"type", "emergency", N_("emergency")},
	    {"type", "home_visit", N_("home visit")},
	    {"type", "outreach", N_("outreach")},
	    {"type", "studio", N_("studio")},
	    {"type", "inpatient", N_("in-patient")},
	    {"type", "phone", N_("by phone")},
	    {"programme", "hypertension", N_("hypertension")},
	    {"programme", "diabetes", N_("diabetes")},
	    {"programme", "after_referral", N_("after a referral")},
	    {"programme", "postnatal", N_("postnatal")},
	    {"programme", "elderly", N_("the elderly")},
	    {"programme", "other", N_("other")},
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].field, field) == 0 &&
		    strcmp(words[i].value, value) == 0)
			return _(words[i].text);
	return value;
}

static void
add(struct columns *c, const char *title, const char *value)
{
	char *shown = text_shown(value);
	const char *cells[] = {title, shown == NULL ? "" : shown};

	(void)columns_add(c, cells);
	free(shown);
}

/* names: what refs in its fields are called. */
static void
add_line(struct columns *c, const struct line *l, const json_t *value,
    const json_t *names)
{
	const char *name = text_of(names, l->field);
	char cell[CELL_BYTES], named[CELL_BYTES];
	const json_t *item;
	size_t i;

	if (!json_is_array(value)) {
		put_value(value, cell, sizeof cell);
		if (*name != '\0') {
			snprintf(named, sizeof named, "%s  %.200s", name, cell);
			add(c, _(l->title), named);
			return;
		}
		add(c, _(l->title), word_of(l->field, cell));
		return;
	}
	json_array_foreach(value, i, item)
	{
		if (json_is_object(item))
			put_members(item, l, cell, sizeof cell);
		else
			put_value(item, cell, sizeof cell);
		add(c, i == 0 ? _(l->title) : "", cell);
	}
}

/* --- records ----------------------------------------------------------- */

static const struct part *
part_of(const json_t *record)
{
	const char *kind = text_of(record, "kind");
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (strcmp(parts[i].kind, kind) == 0)
			return &parts[i];
	return NULL;
}

/* Who wrote it, where: names where they are known here. */
static void
add_author(struct columns *c, const json_t *item)
{
	const json_t *record = json_object_get(item, "record");
	const char *by = text_of(item, "by_name");
	const char *org = text_of(item, "org_name");
	char cell[CELL_BYTES];

	if (*by == '\0')
		by = text_of(record, "by");
	if (strcmp(by, "ref:~group") == 0)
		by = _("the group");
	if (*org == '\0')
		org = text_of(record, "org_id");
	snprintf(cell, sizeof cell, "%s  %s",
	    strncmp(by, "ref:", 4) == 0 ? by + 4 : by,
	    strncmp(org, "ref:", 4) == 0 ? org + 4 : org);
	add(c, _("Written by"), cell);
}

static enum err
print_record(void *context, const json_t *item)
{
	struct print *p = context;
	const json_t *record = json_object_get(item, "record");
	const struct part *part = part_of(record);
	const struct line *l;

	if (part == NULL)
		return ERR_OK;
	if (part != p->part)
		printf("%s%s\n", p->part == NULL ? "" : "\n", _(part->title));
	else if (part->time == NULL)
		putchar('\n'); /* another entry of the same person */
	p->part = part;
	if (part->time != NULL)
		printf("\n%s\n", text_of(record, part->time));
	p->columns = columns_new(stdout, 2, NULL);
	if (p->columns == NULL)
		return ERR_NOMEM;
	for (l = part->lines; l->field != NULL; l++) {
		const json_t *value = json_object_get(record, l->field);

		if (value != NULL)
			add_line(p->columns, l, value,
			    json_object_get(item, "names"));
	}
	add_author(p->columns, item);
	return columns_end(p->columns);
}

static enum err
print_item(void *context, const json_t *item)
{
	(void)context;
	return output_json(item);
}

int
show_printed(struct call *c)
{
	struct print print = {0};
	struct door_reader r = {
	    .item = c->json ? print_item : print_record, .context = &print};
	struct door_request q = {
	    .request = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "op",
	        "printed", "ref", c->operands[1], "by", call_option(c, "by"),
	        "ground", call_option(c, "ground"), "note",
	        call_option(c, "note"), "to", call_option(c, "to"))};
	int exit_code = door_run(c, &q, &r);

	if (exit_code == API_DONE && !c->json) {
		printf(_("\nPrinted %s at %s."), text_of(r.summary, "at"),
		    text_of(r.summary, "node"));
		printf(" %s\n",
		    json_is_true(json_object_get(r.summary, "is_hub"))
		        ? _("It holds what the group's server holds.")
		        : _("It holds what this computer holds; the group may "
		            "hold more."));
	}
	json_decref(r.summary);
	return exit_code;
}

/* --- who looked -------------------------------------------------------- */

static const char *
ground_word(const char *word)
{
	static const struct {
		const char *word, *text;
	} words[] = {
	    {"treatment", N_("treatment")},
	    {"contract", N_("contract service")},
	    {"referral", N_("referral")},
	    {"complaint", N_("complaint")},
	    {"audit", N_("audit")},
	    {"other", N_("other")},
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, word) == 0)
			return _(words[i].text);
	return word;
}

/* What was given of it, and to whom. */
static char *
given_words(const json_t *item)
{
	static const struct {
		const char *word, *text;
	} words[] = {
	    {"shown", N_("shown to")},
	    {"printed", N_("printed for")},
	    {"file", N_("as a file to")},
	    {"resident", N_("the resident")},
	    {"guardian", N_("the guardian")},
	    {"relative", N_("a relative")},
	    {"authority", N_("an authority")},
	    {"other", N_("somebody else")},
	};
	const char *form = text_of(item, "form");
	const char *receiver = text_of(item, "receiver");
	char *text;
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, form) == 0)
			form = _(words[i].text);
		if (strcmp(words[i].word, receiver) == 0)
			receiver = _(words[i].text);
	}
	/* TRANSLATORS: "printed for", "the resident". */
	return asprintf(&text, _("%s %s"), form, receiver) < 0 ? NULL : text;
}

/* A name that was only said stands beside what the system knows. */
static void
put_who(const json_t *item, char *out, size_t out_bytes)
{
	const char *staff = text_of(item, "staff");
	const char *name = text_of(item, "staff_name");
	const char *user = text_of(item, "system_user");
	bool is_named = *name != '\0' || *staff != '~';
	size_t used;

	snprintf(out, out_bytes, "%s",
	    !is_named       ? ""
	    : *name == '\0' ? staff
	                    : name);
	used = strlen(out);
	if (*user == '\0')
		return;
	used += (size_t)snprintf(
	    out + used, out_bytes - used, "%s", is_named ? " " : "");
	snprintf(out + used, out_bytes - used,
	    _("(not signed in; user %s of the computer)"), user);
}

static enum err
list_reading(void *context, const json_t *item)
{
	struct columns *columns = context;
	const char *org = text_of(item, "org_name");
	char who[CELL_BYTES];
	bool is_given = json_object_get(item, "form") != NULL;
	char *given = is_given ? given_words(item) : NULL;
	const char *cells[] = {text_of(item, "at"), who,
	    *org == '\0' ? text_of(item, "org") : org,
	    is_given ? given : ground_word(text_of(item, "ground")),
	    text_of(item, "note")};
	enum err e = ERR_NOMEM;

	put_who(item, who, sizeof who);
	if (!is_given || given != NULL)
		e = columns_add(columns, cells);
	free(given);
	return e;
}

/* What may be missing is said: an empty list must not read as "nobody". */
static void
say_what_is_missing(const json_t *summary)
{
	if (json_is_true(json_object_get(summary, "is_hub")))
		say(_("readings at sites are here as far as they were handed "
		      "over; the site heard of least recently: %s"),
		    text_of(summary, "told_until"));
	else
		say("%s", _("these are the readings at this computer; those at "
		            "other sites the group's server lists"));
	if (number_of(summary, "bulk") > 0)
		say(_("besides, lists and exports of many records: %lld"),
		    number_of(summary, "bulk"));
}

int
show_who_looked(struct call *c)
{
	const char *titles[] = {
	    _("at"), _("who"), _("org"), _("ground"), _("note")};
	struct door_reader r = {.item = print_item};
	struct door_request q = {
	    .request = json_pack("{s:s, s:s, s:s*, s:s*, "
	                         "s:s*}",
	        "op", "who_looked", "ref", c->operands[1], "by",
	        call_option(c, "by"), "ground", call_option(c, "ground"),
	        "note", call_option(c, "note"))};
	struct columns *columns = NULL;
	int exit_code;

	if (!c->json) {
		columns = columns_new(stdout, 5, titles);
		r.item = list_reading;
		r.context = columns;
	}
	exit_code =
	    columns == NULL && !c->json ? API_FAILED : door_run(c, &q, &r);
	(void)columns_end(columns);
	if (exit_code == API_DONE)
		say_what_is_missing(r.summary);
	json_decref(r.summary);
	return exit_code;
}

/* check: a record's content against its kind's table.
 *
 * One walk over the fields a record holds looks each up in the table and
 * judges its value by type; what the table requires and the walk did not meet
 * is missing. Then the kind's own rules across fields have their say. The
 * path of a field is a chain on the stack and becomes text only when there is
 * something to report, which is why a sound record costs no printing.
 */

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/codes.h"
#include "store/date.h"
#include "store/kind.h"
#include "store/rules.h"
#include "store/text.h"

/* Whole numbers stay exact in a double and in every reader's JSON. */
static const double integer_max = 999999999999999.0;

enum { NOT_AN_ITEM = -1 };

/* Where a value stands: rx, then [0], then days. */
struct path {
	const struct path *up;
	const char *name; /* NULL: an item of a list */
	long index;
};

struct check {
	const struct kind *kind;
	const struct check_context *cx;
	struct findings *out;
	bool may_lack; /* a draft, or all but the slip number is elsewhere */
};

static void check_fields(const struct check *c, const struct field *table,
    const json_t *fields, const struct path *up);

/* Findings */

/* Names come from files and could be anything, a patient's name too. */
static const char *
safe_name(const char *name)
{
	enum { NAME_MAX_SHOWN = 40 };
	size_t n = 0;

	for (; name[n] != '\0'; n++) {
		bool is_letter = (name[n] >= 'a' && name[n] <= 'z') ||
		                 (name[n] >= 'A' && name[n] <= 'Z') ||
		                 name[n] == '_';
		bool is_digit = name[n] >= '0' && name[n] <= '9';

		if (!is_letter && (!is_digit || n == 0))
			return "?";
	}
	return n == 0 || n > NAME_MAX_SHOWN ? "?" : name;
}

static size_t
print_path(const struct path *p, char *out, size_t size)
{
	size_t used = p->up == NULL ? 0 : print_path(p->up, out, size);
	int n;

	if (used >= size)
		return used;
	if (p->name == NULL)
		n = snprintf(out + used, size - used, "[%ld]", p->index);
	else
		n = snprintf(out + used, size - used, "%s%s",
		    used == 0 ? "" : ".", safe_name(p->name));
	return n < 0 ? used : used + (size_t)n;
}

static void
refuse(const struct check *c, enum finding_code code, const struct path *at)
{
	char path[sizeof c->out->list[0].field];

	print_path(at, path, sizeof path);
	findings_refuse(c->out, code, path);
}

static void
warn(const struct check *c, enum finding_code code, const struct path *at)
{
	char path[sizeof c->out->list[0].field];

	print_path(at, path, sizeof path);
	findings_warn(c->out, code, path);
}

/* Numbers */

static bool
is_whole(const json_t *value)
{
	double real;

	if (json_is_integer(value))
		return true;
	if (!json_is_real(value))
		return false;
	real = json_real_value(value);
	return fabs(real) <= integer_max && trunc(real) == real;
}

static bool
is_bounded(double low, double high)
{
	return low < high || low > high;
}

static void
check_bounds(const struct check *c, const struct field *f, double value,
    const struct path *at)
{
	bool is_money = f->type == FIELD_MONEY;
	double min = is_money ? 0 : -integer_max;
	double max = integer_max;

	if (is_bounded(f->min, f->max)) {
		min = f->min;
		max = f->max;
	}
	if (value < min)
		refuse(c, FINDING_BELOW, at);
	else if (value > max)
		refuse(c, FINDING_ABOVE, at);
	else if (is_bounded(f->low, f->high) &&
	         (value < f->low || value > f->high))
		warn(c, FINDING_UNLIKELY, at);
}

static void
check_number(const struct check *c, const struct field *f, const json_t *value,
    const struct path *at)
{
	if (!json_is_number(value))
		refuse(c, FINDING_TYPE, at);
	else if (f->type != FIELD_DECIMAL && !is_whole(value))
		refuse(c, FINDING_NOT_INTEGER, at);
	else
		check_bounds(c, f, json_number_value(value), at);
}

/* Text */

/* What holds for every text, whoever made it. */
static bool
check_characters(const struct check *c, const char *text, size_t size,
    struct text_facts *facts, const struct path *at)
{
	text_look(text, size, facts);
	if (!facts->is_utf8) {
		refuse(c, FINDING_NOT_UTF8, at);
		return false;
	}
	if (facts->has_bidi)
		warn(c, FINDING_BIDI_CHARACTER, at);
	if (facts->has_invisible)
		warn(c, FINDING_INVISIBLE_CHARACTER, at);
	return true;
}

static void
check_length(const struct check *c, const struct field *f,
    const struct text_facts *facts, const struct path *at)
{
	size_t max = f->type == FIELD_WORD ? WORD_CHARS_MAX : TEXT_CHARS_MAX;

	if (f->max_chars != 0)
		max = f->max_chars;
	if (facts->chars > max)
		refuse(c, FINDING_TOO_LONG, at);
	/* Clinics' programs export "" for what is not known. */
	if (facts->is_blank && (f->flags & FIELD_REQUIRED) != 0 && !c->may_lack)
		refuse(c, FINDING_EMPTY, at);
	else if (facts->is_blank && f->type == FIELD_WORD)
		warn(c, FINDING_EMPTY, at);
}

static void
check_text(const struct check *c, const struct field *f, const char *text,
    size_t size, const struct path *at)
{
	struct text_facts facts;

	if (!check_characters(c, text, size, &facts, at))
		return;
	if (f->type == FIELD_WORD && (facts.has_control || facts.has_break))
		refuse(c, FINDING_CONTROL_CHARACTER, at);
	else if (facts.has_control)
		warn(c, FINDING_CONTROL_CHARACTER, at);
	check_length(c, f, &facts, at);
}

static bool
is_word_of(const struct field *f, const char *text)
{
	for (const char *const *w = f->words; *w != NULL; w++) {
		if (strcmp(*w, text) == 0)
			return true;
	}
	return false;
}

static void
check_reference(const struct check *c, const struct field *f, const char *text,
    size_t size, const struct path *at)
{
	enum { PREFIX = sizeof "ref:" - 1 };
	const struct check_context *cx = c->cx;
	struct text_facts facts;

	if (size <= PREFIX || strncmp(text, "ref:", PREFIX) != 0) {
		refuse(c, FINDING_REFERENCE, at);
		return;
	}
	text_look(text + PREFIX, size - PREFIX, &facts);
	if (!facts.is_utf8 || facts.is_blank || facts.has_control ||
	    facts.has_break || facts.chars > REF_CHARS_MAX) {
		refuse(c, FINDING_REFERENCE, at);
		return;
	}
	if (cx->exists != NULL &&
	    !cx->exists(cx->world, f->ref_kind, text + PREFIX))
		warn(c, FINDING_AWAITED, at);
}

static void
check_slip(const struct check *c, const char *text, const struct path *at)
{
	char letter;

	if (!slip_is_valid(text, &letter))
		refuse(c, FINDING_SLIP, at);
	else if (letter != c->kind->slip_letter)
		refuse(c, FINDING_SLIP_LETTER, at);
}

/* A code that is right or wrong as a whole. */
static void
check_code(const struct check *c, bool is_right, enum finding_code code,
    const struct path *at)
{
	if (!is_right)
		refuse(c, code, at);
}

static void
check_string(const struct check *c, const struct field *f, const json_t *value,
    const struct path *at)
{
	const char *text = json_string_value(value);
	size_t size = json_string_length(value);

	if (text == NULL) {
		refuse(c, FINDING_TYPE, at);
		return;
	}
	if (memchr(text, '\0', size) != NULL) {
		refuse(c, FINDING_CONTROL_CHARACTER, at);
		return;
	}
	switch (f->type) {
	case FIELD_ENUM:
		check_code(c, is_word_of(f, text), FINDING_ENUM, at);
		break;
	case FIELD_DATE:
		check_code(c, date_is_valid(text), FINDING_DATE, at);
		break;
	case FIELD_INSTANT:
		check_code(c, instant_is_valid(text), FINDING_INSTANT, at);
		break;
	case FIELD_ICD10:
		check_code(c, icd10_is_valid(text), FINDING_ICD10, at);
		break;
	case FIELD_USCC:
		check_code(c, uscc_is_valid(text), FINDING_USCC, at);
		break;
	case FIELD_EHR_NO:
		check_code(c, ehr_no_is_valid(text), FINDING_EHR_NO, at);
		break;
	case FIELD_SLIP:
		check_slip(c, text, at);
		break;
	case FIELD_REF:
		check_reference(c, f, text, size, at);
		break;
	default:
		/* What kind of number FIELD_ID_NO holds is another field's
		 * matter, so the kind's own rules judge it further. */
		check_text(c, f, text, size, at);
		break;
	}
}

/* Lists and rows */

/* The type one item of a list has. */
static struct field
item_of(const struct field *list)
{
	struct field item = *list;

	item.flags = 0;
	item.min = item.max = 0;
	switch (list->type) {
	case FIELD_REFS:
		item.type = FIELD_REF;
		break;
	case FIELD_ENUMS:
		item.type = FIELD_ENUM;
		break;
	case FIELD_ROWS:
		item.type = FIELD_ROW;
		break;
	default:
		assert(list->type == FIELD_WORDS);
		item.type = FIELD_TEXT;
		break;
	}
	return item;
}

static bool
stands_before(const json_t *list, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (json_equal(
		        json_array_get(list, i), json_array_get(list, index)))
			return true;
	}
	return false;
}

static void check_value(const struct check *c, const struct field *f,
    const json_t *value, const struct path *at);

static void
check_list(const struct check *c, const struct field *f, const json_t *value,
    const struct path *at)
{
	size_t max = f->max > 0 ? (size_t)f->max : ITEMS_MAX;
	struct field item = item_of(f);
	size_t count = json_array_size(value);

	if (!json_is_array(value)) {
		refuse(c, FINDING_TYPE, at);
		return;
	}
	if (count == 0 && (f->flags & FIELD_REQUIRED) != 0 && !c->may_lack)
		refuse(c, FINDING_EMPTY, at);
	if (count > max) {
		refuse(c, FINDING_TOO_MANY, at);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct path here = {.up = at, .index = (long)i};

		check_value(c, &item, json_array_get(value, i), &here);
		if (f->type == FIELD_ENUMS && stands_before(value, i))
			refuse(c, FINDING_TWICE, &here);
	}
}

static void
check_row(const struct check *c, const struct field *f, const json_t *value,
    const struct path *at)
{
	if (!json_is_object(value))
		refuse(c, FINDING_TYPE, at);
	else
		check_fields(c, f->row, value, at);
}

static void
check_value(const struct check *c, const struct field *f, const json_t *value,
    const struct path *at)
{
	if (json_is_null(value)) {
		refuse(c, FINDING_NULL, at);
		return;
	}
	switch (f->type) {
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_DECIMAL:
	case FIELD_MONEY:
		check_number(c, f, value, at);
		break;
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			refuse(c, FINDING_TYPE, at);
		break;
	case FIELD_ROW:
		check_row(c, f, value, at);
		break;
	case FIELD_REFS:
	case FIELD_WORDS:
	case FIELD_ENUMS:
	case FIELD_ROWS:
		check_list(c, f, value, at);
		break;
	default:
		check_string(c, f, value, at);
		break;
	}
}

/* Records list their fields in much the same order as tables do, so each
 * search begins where the last one ended. */
static const struct field *
field_after(
    const struct field *table, const struct field *from, const char *name)
{
	for (const struct field *f = from; f->number != 0; f++) {
		if (f->name[0] == name[0] && strcmp(f->name, name) == 0)
			return f;
	}
	for (const struct field *f = table; f != from; f++) {
		if (f->name[0] == name[0] && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static void
check_fields(const struct check *c, const struct field *table,
    const json_t *fields, const struct path *up)
{
	/* Iterating changes nothing; jansson's iterators know no const. */
	json_t *walked = (json_t *)fields;
	const struct field *next = table;
	bool has[FIELDS_MAX] = {false};
	const char *name;
	json_t *value;

	json_object_foreach(walked, name, value)
	{
		const struct field *f = field_after(table, next, name);
		struct path here = {up, name, NOT_AN_ITEM};

		if (f == NULL) {
			if (json_is_null(value))
				refuse(c, FINDING_NULL, &here);
			else
				warn(c, FINDING_UNKNOWN_FIELD, &here);
			continue;
		}
		assert(f - table < FIELDS_MAX);
		has[f - table] = true;
		next = f + 1;
		check_value(c, f, value, &here);
	}
	if (c->may_lack)
		return;
	for (const struct field *f = table; f->number != 0; f++) {
		struct path here = {up, f->name, NOT_AN_ITEM};

		if ((f->flags & FIELD_REQUIRED) != 0 && !has[f - table])
			refuse(c, FINDING_MISSING, &here);
	}
}

/* States */

static const struct state *
state_of(const struct kind *k, const char *name)
{
	int rank = name == NULL ? -1 : state_rank(k, name);

	return rank < 0 ? NULL : &k->states[rank];
}

static bool
manages_named(const json_t *fields, const struct check_context *cx,
    const char *name, const char *source_name)
{
	const char *resident = rule_ref(fields, name);

	return resident != NULL && cx->org != NULL &&
	       cx->manages(cx->world, rule_text(fields, source_name), resident,
	           cx->org);
}

/* Whether the acting org manages the resident that a record is about, or, of a
 * link, both. A record about nobody is the group's. */
static bool
is_managing(const json_t *fields, const struct check_context *cx)
{
	if (cx->manages == NULL)
		return true;
	return manages_named(fields, cx, "resident_id", "resident_source") &&
	       (json_object_get(fields, "other_id") == NULL ||
	           manages_named(fields, cx, "other_id", "other_source"));
}

/* NONE, or whose word it is to bring a record into this state. */
static enum finding_code
judge_right(const struct state *to, const json_t *fields,
    const struct check_context *cx)
{
	if (cx->acts_for_group)
		return FINDING_NONE;
	if (to->group_only)
		return FINDING_GROUP_ONLY_STATE;
	if (to->managing_only && !is_managing(fields, cx))
		return FINDING_MANAGING_ONLY_STATE;
	return FINDING_NONE;
}

/* NONE, or why a record's first line here may not carry the state. */
static enum finding_code
judge_first(const struct kind *k, const struct state *to, const json_t *fields,
    const struct check_context *cx)
{
	enum finding_code wrong =
	    to->history_ok ? FINDING_NONE : judge_right(to, fields, cx);

	if (wrong != FINDING_NONE)
		return wrong;
	return state_follows(k, NULL, to->name) ? FINDING_NONE
	                                        : FINDING_STATE_STEP;
}

/* NONE, or why the state may not come after the last line's. */
static enum finding_code
judge_step(const struct kind *k, const struct state *to, const json_t *fields,
    const struct check_context *cx)
{
	enum finding_code wrong;

	if (cx->old_state != NULL && strcmp(cx->old_state, to->name) == 0)
		return FINDING_NONE;
	if (to->never_stored)
		return FINDING_STATE_STEP;
	wrong = judge_right(to, fields, cx);
	if (wrong != FINDING_NONE)
		return wrong;
	/* Not this source's first line, yet its state is not known: then
	 * there is nothing to hold the step against. */
	if (cx->old_state == NULL || state_follows(k, cx->old_state, to->name))
		return FINDING_NONE;
	return strcmp(to->name, "draft") == 0 ? FINDING_STILL_DRAFT
	                                      : FINDING_STATE_STEP;
}

/* The record's state; NULL when it has none that the kind knows. */
static const struct state *
check_state(const struct kind *k, const json_t *fields,
    const struct check_context *cx, struct findings *out)
{
	const char *name = json_string_value(json_object_get(fields, "state"));
	const struct state *to;
	enum finding_code wrong;

	if (k->states == NULL || name == NULL)
		return NULL;
	to = state_of(k, name);
	if (to == NULL) {
		findings_refuse(out, FINDING_STATE_UNKNOWN, "state");
		return NULL;
	}
	wrong = cx->is_first ? judge_first(k, to, fields, cx)
	                     : judge_step(k, to, fields, cx);
	if (wrong != FINDING_NONE)
		findings_refuse(out, wrong, "state");
	return to;
}

static bool
may_lack_fields(
    const struct state *s, const json_t *fields, const struct check_context *cx)
{
	if (s == NULL)
		return false;
	if (strcmp(s->name, "draft") == 0)
		return true;
	return (cx->is_first ? s->by_slip : cx->was_by_slip) &&
	       json_object_get(fields, "slip_no") != NULL;
}

/* The line as a whole */

static void
check_author(
    const struct kind *k, const struct check_context *cx, struct findings *out)
{
	const char *today = rule_today(cx);
	char day[DATE_CHARS + 1];

	/* The group's own reference data is entered for any org. */
	if (cx->acts_for_group || k->org_is_field || cx->works_at == NULL ||
	    cx->by == NULL || cx->org == NULL || today == NULL)
		return;
	snprintf(day, sizeof day, "%.10s", today);
	if (!cx->works_at(cx->world, cx->by, cx->org, day))
		findings_warn(out, FINDING_NOT_AT_SITE, "by");
}

void
kind_check(const struct kind *k, const json_t *fields,
    const struct check_context *cx, struct findings *out)
{
	struct check c = {.kind = k, .cx = cx, .out = out};
	const struct state *state;

	if (!json_is_object(fields)) {
		findings_refuse(out, FINDING_NOT_OBJECT, "");
		return;
	}
	if (k->by_group && !cx->acts_for_group)
		findings_refuse(out, FINDING_GROUP_ONLY_KIND, "kind");
	if (k->is_final && !cx->is_first)
		findings_refuse(out, FINDING_NEVER_CHANGED, "");
	if (rule_clock_is_far(cx))
		findings_warn(out, FINDING_CLOCK, "at");
	check_author(k, cx, out);

	state = check_state(k, fields, cx, out);
	c.may_lack = may_lack_fields(state, fields, cx);
	check_fields(&c, k->fields, fields, NULL);
	if (state != NULL && state->reason != NULL &&
	    json_object_get(fields, state->reason) == NULL)
		findings_warn(out, FINDING_REASON, state->reason);
	if (k->check != NULL)
		k->check(fields, cx, out);
}

/* device_view: what the records here make of a device now. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/device_decided.h"
#include "store/device_view.h"
#include "store/rules.h"

/* --- directions ------------------------------------------------------------
 */

/* 0: not known; hospitals stand above townships and villages. */
static int
height_of(struct txn *t, const char *org)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *level;
	struct record r;
	int height = 0;

	if (org == NULL)
		return 0;
	key_record_of(txn_db(t), key, "", "org", org);
	if (record_read(t, key, &r) != ERR_OK)
		return 0;
	level = rule_text(r.fields, "level");
	if (level != NULL)
		height = strcmp(level, "township") == 0 ||
		                 strcmp(level, "village") == 0
		             ? 1
		             : 2;
	record_clear(&r);
	return height;
}

const char *
device_direction(struct txn *t, const char *lender, const char *borrower)
{
	int from = height_of(t, lender), to = height_of(t, borrower);

	if (from == 0 || to == 0)
		return NULL;
	if (from == to)
		return "horizontal";
	return from > to ? "vertical_down" : "vertical_up";
}

/* --- dates -----------------------------------------------------------------
 */

bool
device_is_overdue(const json_t *device, const json_t *loan, const char *instant)
{
	const char *due = rule_day(loan, "planned_to");
	const char *class = rule_text(device, "class");
	bool by_hours = class != NULL && strcmp(class, "vehicle") == 0;

	if (*instant == '\0' || due == NULL ||
	    !(rule_state_is(loan, "received") ||
	        rule_state_is(loan, "returning")))
		return false;
	return by_hours ? strcmp(instant, due) > 0
	                : strncmp(instant, due, DATE_CHARS) > 0;
}

void
device_month(
    const char *instant, char first[DATE_CHARS + 1], char last[DATE_CHARS + 1])
{
	static const char *const ends[] = {"31", "30", "29", "28"};
	size_t i;

	first[0] = last[0] = '\0';
	if (*instant == '\0')
		return;
	snprintf(first, DATE_CHARS + 1, "%.8s01", instant);
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(last, DATE_CHARS + 1, "%.8s%s", instant, ends[i]);
		if (date_is_valid(last))
			return;
	}
}

/* --- parts of a view ---------------------------------------------------------
 */

static const char *
fate_word(enum custody_fate fate)
{
	switch (fate) {
	case CUSTODY_DISPUTED:
		return "disputed";
	case CUSTODY_SUPERSEDED:
		return "superseded";
	case CUSTODY_STANDS:
		break;
	}
	return "stands";
}

static json_t *
chain_rows(const struct device_state *s)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows != NULL && i < s->custody_count; i++) {
		const struct custody_event *e = &s->events[i];

		json_array_append_new(
		    rows, json_pack("{s:I, s:s, s:s, s:s, s:b, s:s}",
		              "custody_no", (json_int_t)e->number, "ref",
		              s->custody[e->index].id.ref, "from", e->from,
		              "to", e->to, "both_signed", (int)e->both_signed,
		              "fate", fate_word(e->fate)));
	}
	return rows;
}

static json_t *
loan_row(struct txn *t, const struct device_state *s,
    const struct device_loan *l, const char *instant)
{
	const json_t *f = l->record.fields;
	const char *lender = rule_ref(f, "lender");
	const char *borrower = rule_ref(f, "borrower");

	return json_pack(
	    "{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:b, s:b, s:b, s:b}",
	    "ref", l->record.id.ref, "slip_no", rule_text(f, "slip_no"),
	    "state", rule_text(f, "state"), "lender", lender, "borrower",
	    borrower, "direction", device_direction(t, lender, borrower), "due",
	    rule_text(f, "planned_to"), "approved", (int)l->is_approved,
	    "onward", (int)l->is_onward, "overdue",
	    (int)device_is_overdue(s->device.fields, f, instant),
	    "metrology_expired",
	    (int)(rule_state_is(f, "received") && *instant != '\0' &&
	          device_metrology_is_over(
	              s->device.fields, s->word, instant)));
}

static enum err
loan_rows(
    struct txn *t, struct device_state *s, const char *instant, json_t *view)
{
	json_t *rows = json_array();
	const struct device_loan *l;
	size_t i;
	enum err e = rows == NULL ? ERR_NOMEM : ERR_OK;

	for (i = 0; e == ERR_OK && i < s->loan_count; i++) {
		e = device_loan_at(t, s, i, &l);
		if (l != NULL && l->is_open &&
		    json_array_append_new(rows, loan_row(t, s, l, instant)) !=
		        0)
			e = ERR_NOMEM;
	}
	if (e != ERR_OK) {
		json_decref(rows);
		return e;
	}
	return json_object_set_new(view, "loans", rows) == 0 ? ERR_OK
	                                                     : ERR_NOMEM;
}

static json_t *
bar_words(unsigned bars)
{
	static const struct {
		unsigned bar;
		const char *word;
	} words[] = {
	    {DEVICE_DISPUTED, "disputed"},
	    {DEVICE_UNSAFE, "unsafe"},
	    {DEVICE_WITHDRAWN, "withdrawn"},
	    {DEVICE_METROLOGY, "metrology_expired"},
	    {DEVICE_LENT, "lent"},
	    {DEVICE_NOT_POOLED, "not_pooled"},
	    {DEVICE_AWAITED, "awaited"},
	};
	json_t *all = json_array();
	size_t i;

	for (i = 0; all != NULL && i < sizeof words / sizeof words[0]; i++)
		if ((bars & words[i].bar) != 0)
			json_array_append_new(all, json_string(words[i].word));
	return all;
}

/* --- hours -----------------------------------------------------------------
 */

/* Per acting org: hours, cases. Two decimals, half away from zero. */
static double
rounded(double value)
{
	return round(value * 100) / 100;
}

static enum err
add_usage(
    void *context, const struct record *usage, double hours, int64_t cases)
{
	json_t *rows = context, *row = NULL;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *org =
		    json_string_value(json_object_get(row, "org"));

		if (strcmp(org, usage->org) == 0)
			break;
	}
	if (i == json_array_size(rows)) {
		row = json_pack("{s:s, s:f, s:I}", "org", usage->org, "hours",
		    0.0, "cases", (json_int_t)0);
		if (row == NULL || json_array_append_new(rows, row) != 0)
			return ERR_NOMEM;
	}
	hours += json_number_value(json_object_get(row, "hours"));
	cases += json_integer_value(json_object_get(row, "cases"));
	return json_object_set_new(row, "hours", json_real(rounded(hours))) !=
	                   0 ||
	               json_object_set_new(
	                   row, "cases", json_integer((json_int_t)cases)) != 0
	           ? ERR_NOMEM
	           : ERR_OK;
}

static int
by_org(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;

	return strcmp(json_string_value(json_object_get(x, "org")),
	    json_string_value(json_object_get(y, "org")));
}

static json_t *
sorted(json_t *rows)
{
	size_t i, count = json_array_size(rows);
	json_t **row = calloc(count + 1, sizeof *row), *out = json_array();

	for (i = 0; row != NULL && i < count; i++)
		row[i] = json_array_get(rows, i);
	if (row != NULL)
		qsort(row, count, sizeof *row, by_org);
	for (i = 0; row != NULL && out != NULL && i < count; i++)
		json_array_append(out, row[i]);
	free(row);
	return out;
}

/* How much of the hours that a device is rated for was used this month. */
static enum err
add_hours(struct txn *t, const struct record *device, const char *instant,
    json_t *view)
{
	const json_t *rated =
	    json_object_get(device->fields, "rated_hours_year");
	char first[DATE_CHARS + 1], last[DATE_CHARS + 1], month[8];
	json_t *rows = json_array(), *row;
	double hours = 0, most;
	size_t i;
	int bad = 0;
	enum err e = rows == NULL ? ERR_NOMEM : ERR_OK;

	device_month(instant, first, last);
	if (e == ERR_OK && *first != '\0')
		e = device_usage_walk(t, device, first, last, add_usage, rows);
	if (e != ERR_OK || *first == '\0') {
		json_decref(rows);
		return e;
	}
	json_array_foreach(rows, i, row) hours +=
	    json_number_value(json_object_get(row, "hours"));
	snprintf(month, sizeof month, "%.7s", first);
	bad |= json_object_set_new(view, "month", json_string(month));
	bad |= json_object_set_new(view, "hours", json_real(rounded(hours)));
	bad |= json_object_set_new(view, "usage", sorted(rows));
	if (rated != NULL) {
		most = json_number_value(rated) *
		       (date_days(last) - date_days(first) + 1) / 365;
		bad |= json_object_set_new(
		    view, "rated_hours", json_real(rounded(most)));
		if (most > 0)
			bad |= json_object_set_new(view, "share",
			    json_real(rounded(100 * hours / most)));
	}
	json_decref(rows);
	return bad != 0 ? ERR_NOMEM : ERR_OK;
}

/* --- whole views -----------------------------------------------------------
 */

static enum err
view_device(
    struct txn *t, struct device_state *s, const char *instant, json_t **out)
{
	char day[DATE_CHARS + 1];
	unsigned bars;
	enum err e;

	snprintf(day, sizeof day, "%.10s", instant);
	e = device_bars(t, s, day, &bars);
	if (e != ERR_OK)
		return e;
	*out = json_pack("{s:s?, s:b, s:b, s:I, s:I, s:b, s:o, s:o, s:s*}",
	    "custodian",
	    s->place.is_disputed || s->place.is_unsure ? NULL
	                                               : s->place.custodian,
	    "disputed", (int)s->place.is_disputed, "unsure",
	    (int)s->place.is_unsure, "custody_no", (json_int_t)s->place.number,
	    "awaited", (json_int_t)s->place.missing, "offered",
	    (int)(bars == 0), "bars", bar_words(bars), "chain", chain_rows(s),
	    "metrology_due", rule_day(s->device.fields, "metrology_due"));
	e = *out == NULL ? ERR_NOMEM : loan_rows(t, s, instant, *out);
	return e == ERR_OK ? add_hours(t, &s->device, instant, *out) : e;
}

/* A loan, or a hand-over, of this key. */
static enum err
view_part(struct txn *t, struct device_state *s,
    const uint8_t key[KEY_RECORD_BYTES], const char *instant, json_t **out)
{
	const struct device_loan *loan;
	uint8_t one[KEY_RECORD_BYTES];
	size_t i;
	enum err e = device_loan_by_key(t, s, key, &loan);

	if (e == ERR_OK && loan != NULL) {
		*out = loan_row(t, s, loan, instant);
		return *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	for (i = 0; e == ERR_OK && i < s->custody_count; i++) {
		key_record(txn_db(t), one, &s->custody[s->events[i].index].id);
		if (memcmp(one, key, sizeof one) != 0)
			continue;
		*out = json_pack("{s:s}", "fate", fate_word(s->events[i].fate));
		return *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	return e;
}

static enum err
device_of(struct txn *t, const struct record *r,
    const uint8_t key[KEY_RECORD_BYTES], uint8_t device[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(r->fields, "device_id");

	if (strcmp(r->id.kind, "device") == 0) {
		memcpy(device, key, KEY_RECORD_BYTES);
		return ERR_OK;
	}
	if (ref == NULL || (strcmp(r->id.kind, "loan") != 0 &&
	                       strcmp(r->id.kind, "custody") != 0))
		return ERR_NOT_FOUND;
	return device_find(t, r->id.source, ref, device);
}

enum err
device_view(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const char *instant, json_t **out)
{
	uint8_t device[KEY_RECORD_BYTES];
	struct device_state s;
	struct record r;
	enum err e = record_read(t, key, &r);

	*out = NULL;
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e; /* a draft */
	e = device_of(t, &r, key, device);
	if (e == ERR_OK)
		e = device_state_read(t, device, &s);
	if (e == ERR_OK) {
		e = memcmp(device, key, sizeof device) == 0
		        ? view_device(t, &s, instant, out)
		        : view_part(t, &s, key, instant, out);
		device_state_free(&s);
	}
	record_clear(&r);
	if (e != ERR_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

const char *
device_view_state(const json_t *view)
{
	const char *fate = json_string_value(json_object_get(view, "fate"));

	if (fate != NULL)
		return strcmp(fate, "stands") == 0 ? NULL : fate;
	if (json_is_true(json_object_get(view, "metrology_expired")))
		return "metrology_expired";
	return json_is_true(json_object_get(view, "overdue")) ? "overdue"
	                                                      : NULL;
}

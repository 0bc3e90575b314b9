/* status: status, sites, verify. */

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

enum {
	TRAFFIC_BYTES = 1024,
	ORGS_BYTES = 32 * 72
}; /* as many as a certificate holds */

static bool
is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* References with blanks between them. */
static void
join_refs(const json_t *array, char *out, size_t out_bytes)
{
	const json_t *item;
	size_t i, used = 0;

	out[0] = '\0';
	json_array_foreach(array, i, item)
	{
		int n = snprintf(out + used, out_bytes - used, "%s%s",
		    i == 0 ? "" : " ", json_string_value(item));

		if (n < 0 || (size_t)n >= out_bytes - used)
			break;
		used += (size_t)n;
	}
}

/* --- status ------------------------------------------------------------ */

static void
row(struct columns *c, const char *title, const char *value)
{
	const char *cells[] = {title, value};

	(void)columns_add(c, cells);
}

static void
row_number(struct columns *c, const char *title, long long value)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", value);
	row(c, title, text);
}

static const char *
or_none(const char *text)
{
	return *text == '\0' ? "-" : text;
}

static const char *
clock_text(const json_t *s)
{
	const char *clock = text_of(s, "clock");

	if (strcmp(clock, "suspect") == 0)
		return _("suspect: set this computer's date");
	return strcmp(clock, "confirmed") == 0 ? _("confirmed") : _("ok");
}

static void
print_who(struct columns *c, const json_t *s)
{
	char orgs[ORGS_BYTES];

	join_refs(json_object_get(s, "orgs"), orgs, sizeof orgs);
	row(c, _("role"), role_text(text_of(s, "role")));
	row(c, _("name"), text_of(s, "name"));
	row(c, _("may act for"), or_none(orgs));
	row(c, _("source"), text_of(s, "source"));
	row(c, _("group"),
	    is_true(s, "enrolled") ? text_of(s, "group")
	                           : _("none: yizhan join CODE"));
	row(c, _("parent"), or_none(text_of(s, "parent")));
	row(c, _("last contact"), or_none(text_of(s, "last_contact")));
	row(c, _("clock"), clock_text(s));
	if (is_true(s, "withdrawn"))
		row(c, _("withdrawn"),
		    or_none(text_of(s, "withdrawn_told_at")));
	row(c, _("agent"), is_true(s, "agent") ? _("running") : _("none"));
}

/* "12345 bytes", and what budgets leave. */
static void
row_traffic(struct columns *c, const json_t *s)
{
	const json_t *traffic = json_object_get(s, "traffic");
	const json_t *today = json_object_get(traffic, "today"), *b;
	char text[TRAFFIC_BYTES];
	size_t i;
	int used;

	if (today == NULL) /* an older agent */
		return;
	used = snprintf(text, sizeof text, _("%lld bytes"),
	    number_of(today, "up") + number_of(today, "down"));
	json_array_foreach(json_object_get(traffic, "budgets"), i, b)
	{
		if (used < 0 || used >= (int)sizeof text)
			break;
		used += snprintf(text + used, sizeof text - (size_t)used,
		    _("; %s: %lld of %lld left"), text_of(b, "class"),
		    number_of(b, "left"), number_of(b, "bytes"));
	}
	row(c, _("traffic today"), text);
}

static void
print_status(const json_t *s)
{
	struct columns *c = columns_new(stdout, 2, NULL);

	if (c == NULL)
		return;
	print_who(c, s);
	row_number(c, _("saved here only"), number_of(s, "saved_here"));
	row_number(c, _("at the parent"), number_of(s, "at_parent"));
	row_number(c, _("at the group"), number_of(s, "at_group"));
	if (is_true(s, "withdrawn"))
		row_number(
		    c, _("kept apart there"), number_of(s, "kept_apart"));
	row_number(c, _("refused"), number_of(s, "refused"));
	row_number(c, _("questions"), number_of(s, "questions"));
	row_number(c, _("changes held"), number_of(s, "changes"));
	row_number(c, _("drafts"), number_of(s, "drafts"));
	row_traffic(c, s);
	(void)columns_end(c);
	if (is_true(s, "withdrawn"))
		say("%s",
		    _("this node was withdrawn by the group; ask the group's "
		      "administrator. What is saved here stays here"));
	if (is_true(s, "restored"))
		say("%s",
		    _("this store was an older copy; it goes on under new "
		      "numbers"));
}

int
verb_status(struct call *c)
{
	struct door_request q = {.request = json_pack("{s:s}", "op", "status")};
	struct door_reader r = {0};
	int exit_code = door_run(c, &q, &r);

	if (exit_code == API_DONE && !c->json)
		print_status(r.summary);
	return door_end(c, &r, exit_code);
}

/* --- sites ------------------------------------------------------------- */

static enum err
print_item(void *context, const json_t *item)
{
	(void)context;
	return output_json(item);
}

/* Since when, and how much is held apart; "" of a node in good standing. */
static void
withdrawn_text(const json_t *site, char *out, size_t out_bytes)
{
	*out = '\0';
	if (is_true(site, "revoked"))
		snprintf(out, out_bytes, "%s %s", _("withdrawn"),
		    text_of(site, "withdrawn_at"));
}

static enum err
print_site(void *context, const json_t *site)
{
	char orgs[ORGS_BYTES], taken[24], offset[24], withdrawn[96];
	const char *cells[] = {text_of(site, "name"), orgs,
	    or_none(text_of(site, "last_contact")), taken, offset, withdrawn,
	    text_of(site, "node")};

	withdrawn_text(site, withdrawn, sizeof withdrawn);
	join_refs(json_object_get(site, "orgs"), orgs, sizeof orgs);
	snprintf(taken, sizeof taken, "%lld", number_of(site, "changes_taken"));
	snprintf(
	    offset, sizeof offset, "%+lld", number_of(site, "clock_offset"));
	return columns_add(context, cells);
}

int
verb_sites(struct call *c)
{
	const char *titles[] = {_("name"), _("orgs"), _("last contact"),
	    _("changes"), _("clock, s"), "", _("node")};
	struct door_request q = {0};
	struct door_reader r = {.item = print_item};
	struct columns *columns = NULL;
	int exit_code;

	if (!c->json) {
		columns = columns_new(stdout, 7, titles);
		if (columns == NULL)
			return API_FAILED;
		r.item = print_site;
		r.context = columns;
	}
	q.request = json_pack("{s:s}", "op", "sites");
	exit_code = door_run(c, &q, &r);
	(void)columns_end(columns);
	json_decref(r.summary);
	return exit_code;
}

/* --- verify ------------------------------------------------------------ */

static enum err
say_bad(void *context, const json_t *notice)
{
	static const struct {
		const char *name, *text;
	} whats[] = {
	    {"value", N_("stored values do not open")},
	    {"record", N_("a record cannot be read")},
	    {"draft", N_("a draft cannot be read")},
	    {"log", N_("a log of this node does not add up")},
	};
	const char *what = text_of(notice, "what");
	const char *kind = text_of(notice, "kind");
	size_t i;

	(void)context;
	for (i = 0; i < sizeof whats / sizeof whats[0]; i++)
		if (strcmp(what, whats[i].name) == 0)
			what = _(whats[i].text);
	if (*kind == '\0')
		say_plain("%s (%s)", what, text_of(notice, "error"));
	else
		say_plain("%s: %s (%s)", what, kind, text_of(notice, "error"));
	return ERR_OK;
}

static void
show_progress(void *context, const json_t *progress)
{
	(void)context;
	say_progress(_("%lld records"), number_of(progress, "records"));
}

static void
print_verified(const json_t *s)
{
	struct columns *c = columns_new(stdout, 2, NULL);

	if (c == NULL)
		return;
	row_number(c, _("values"), number_of(s, "values"));
	row_number(c, _("records"), number_of(s, "records"));
	row_number(c, _("drafts"), number_of(s, "drafts"));
	row_number(c, _("own changes"), number_of(s, "changes"));
	row_number(c, _("bad"),
	    number_of(s, "bad_values") + number_of(s, "bad_records") +
	        number_of(s, "bad_drafts") + number_of(s, "bad_logs"));
	(void)columns_end(c);
}

int
verb_verify(struct call *c)
{
	struct door_request q = {.request = json_pack("{s:s}", "op", "verify")};
	struct door_reader r = {.notice = say_bad, .progress = show_progress};
	int exit_code = door_run(c, &q, &r);

	if (!c->json && json_object_get(r.summary, "values") != NULL)
		print_verified(r.summary);
	return door_end(c, &r, exit_code);
}

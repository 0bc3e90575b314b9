/* questions: what needs a person, and what he decides. */

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

enum { NAMED_BYTES = 1200 };

static const char *
or_none(const char *text)
{
	return *text == '\0' ? "-" : text;
}

static enum err
print_item(void *context, const json_t *item)
{
	(void)context;
	return output_json(item);
}

static const char *
type_text(const char *type)
{
	static const struct {
		const char *name, *text;
	} types[] = {
	    {"line", N_("an import line was refused")},
	    {"warning", N_("an import line is odd")},
	    {"change", N_("another node's change is kept apart")},
	    {"returned", N_("the parent did not take a change")},
	    {"lost", N_("an import lost against an amendment")},
	    {"due", N_("something waits to be done")},
	    {"matter", N_("something waits to be decided")},
	};
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(type, types[i].name) == 0)
			return _(types[i].text);
	return type;
}

/* A warning is of an import's line, or of what was written otherwise. */
static const char *
type_of(const json_t *q)
{
	const char *type = text_of(q, "type");

	if (strcmp(text_of(q, "code"), "linked") == 0)
		return _("entries were linked");
	if (strcmp(text_of(q, "code"), "file_opened") == 0)
		return _("a file was opened");
	if (strcmp(type, "warning") == 0 && number_of(q, "line") == 0)
		return _("a record is odd");
	return type_text(type);
}

/* Texts from elsewhere, one after the other where there are any. */
static bool
print_part(FILE *f, const char *before, const char *title, const char *text)
{
	char *shown = *text == '\0' ? NULL : text_shown(text);

	if (shown != NULL)
		fprintf(f, "%s%s %s", before, title, shown);
	free(shown);
	return shown != NULL;
}

/* Both entries that a question compares; NULL: it compares none. */
static const json_t *
entries_of(const json_t *q)
{
	return json_object_get(
	    json_array_get(json_object_get(q, "choices"), 0), "entries");
}

/* What else tells questions of one record apart, a change or another entry,
 * says nothing to a person. */
static const char *
field_of(const json_t *q)
{
	const char *field = text_of(q, "field");

	return strpbrk(field, "@~-") == NULL ? field : "";
}

/* A question about a record is told as that record. */
static const char *
kind_of(const json_t *q)
{
	return text_of(
	    q, json_object_get(q, "about_ref") != NULL ? "about_kind" : "kind");
}

/* What is decided about has the name that people read; what is to be mended in
 * a file or a form, that which stands there. */
static const char *
field_shown(const json_t *q)
{
	const char *field = field_of(q);

	return json_object_get(q, "choices") == NULL
	           ? field
	           : printed_label(kind_of(q), field);
}

/* "甲镇卫生院 C01": a name where it is known, and its ref. */
static void
named(const json_t *o, const char *ref, const char *name, char *out,
    size_t out_bytes)
{
	const char *text = text_of(o, name), *id = text_of(o, ref);
	bool says_more = *text != '\0' && strcmp(text, id) != 0;

	snprintf(out, out_bytes, "%s%s%s", says_more ? text : "",
	    says_more ? " " : "", id);
}

static void
print_where(FILE *f, const json_t *q)
{
	/* One about two entries is told by these, in columns. */
	bool has_entries = entries_of(q) != NULL;
	bool is_about = json_object_get(q, "about_ref") != NULL;
	const char *ref = is_about ? "about_ref" : "ref";
	bool any = print_part(f, "    ", _("kind"), kind_of(q));
	char place[DOOR_PLACE_BYTES];

	if (!has_entries)
		any |= print_part(
		    f, any ? "  " : "    ", _("ref"), text_of(q, ref));
	door_place(place, sizeof place, field_shown(q));
	if (*place != '\0')
		any |= fprintf(f, "%s%s", any ? "  " : "    ", place) > 0;
	any |=
	    print_part(f, any ? "  " : "    ", _("node"), text_of(q, "node"));
	if (json_object_get(q, "changes") != NULL) {
		fprintf(f, _("    %lld changes"), number_of(q, "changes"));
		any = true;
	}
	if (any)
		fprintf(f, "\n");
}

static void
print_lines(FILE *f, const json_t *q)
{
	long long line = number_of(q, "line");
	const char *reason = text_of(q, "reason"), *mend = text_of(q, "mend");
	char org[NAMED_BYTES];

	fprintf(f, "%lld  %s  %s", number_of(q, "number"),
	    or_none(text_of(q, "at")), type_of(q));
	named(q, "org", "org_name", org, sizeof org);
	print_part(
	    f, "  ", _("from"), *org == '\0' ? text_of(q, "origin") : org);
	if (line > 0)
		fprintf(f, _("  line %lld"), line);
	fprintf(f, "\n");
	print_where(f, q);
	fprintf(f, "    %s %s\n", *reason == '\0' ? "" : _(reason),
	    *mend == '\0' ? "" : _(mend));
}

/* --- side by side -------------------------------------------------------- */

/* A value as a cell: texts as they are, all else as JSON; free() it. */
static char *
value_text(const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return strdup("-");
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* A row: what is told of each choice, under one title. */
static void
add_row(struct columns *c, const char *title, const json_t *const *values,
    size_t count)
{
	const char *cells[COLUMNS_MAX] = {NULL};
	char *text[COLUMNS_MAX] = {NULL}, indented[160];
	size_t i;

	snprintf(indented, sizeof indented, "    %s", title);
	cells[0] = indented;
	for (i = 0; i < count; i++) {
		text[i] = value_text(values[i]);
		cells[i + 1] = text[i];
	}
	(void)columns_add(c, cells);
	for (i = 0; i < count; i++)
		free(text[i]);
}

static size_t
gather_values(const json_t *choices, const char *member, const char *name,
    const json_t *values[COLUMNS_MAX])
{
	const json_t *one;
	size_t i;

	json_array_foreach(choices, i, one)
	{
		const json_t *v = json_object_get(one, member);

		if (i + 1 == COLUMNS_MAX)
			break;
		values[i] = name == NULL ? v : json_object_get(v, name);
	}
	return i;
}

static void
add_member(struct columns *c, const json_t *choices, const char *member,
    const char *title)
{
	const json_t *values[COLUMNS_MAX] = {NULL};
	size_t count = gather_values(choices, member, NULL, values), i;

	for (i = 0; i < count; i++)
		if (values[i] != NULL)
			break;
	if (i < count)
		add_row(c, title, values, count);
}

static bool
all_equal(const json_t *const *values, size_t count)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (values[i] != values[0] && !json_equal(values[i], values[0]))
			return false;
	return true;
}

/* Of whole versions only what differs. */
static void
add_fields(struct columns *c, const char *kind, const json_t *choices)
{
	json_t *names = json_object(), *v;
	const json_t *one;
	const char *name;
	size_t i;

	json_array_foreach(choices, i, one)(void)
	    json_object_update_missing(names, json_object_get(one, "fields"));
	json_object_foreach(names, name, v)
	{
		const json_t *values[COLUMNS_MAX] = {NULL};
		size_t count = gather_values(choices, "fields", name, values);

		if (!all_equal(values, count))
			add_row(c, printed_label(kind, name), values, count);
	}
	json_decref(names);
}

/* A ref and the name that goes with it, of each choice or entry. */
static void
add_named(struct columns *c, const json_t *list, const char *ref,
    const char *name, const char *title)
{
	const json_t *values[COLUMNS_MAX] = {NULL};
	char text[NAMED_BYTES];
	const json_t *one;
	size_t i, any = 0;

	json_array_foreach(list, i, one)
	{
		if (i + 1 == COLUMNS_MAX)
			break;
		named(one, ref, name, text, sizeof text);
		if (*text != '\0') {
			values[i] = json_string(text);
			any++;
		}
	}
	if (any > 0)
		add_row(c, title, values, i);
	while (i-- > 0)
		json_decref((json_t *)(uintptr_t)values[i]);
}

/* A field of both, and whether it agrees where both tell it. */
static void
add_compared(struct columns *c, const json_t *entries, const json_t *agrees,
    const char *name)
{
	const json_t *a = json_object_get(json_array_get(entries, 0), "fields");
	const json_t *b = json_object_get(json_array_get(entries, 1), "fields");
	const json_t *says = json_object_get(agrees, name);
	json_t *word = json_string(says == NULL         ? ""
	                           : json_is_true(says) ? _("agrees")
	                                                : _("differs"));
	const json_t *values[] = {
	    json_object_get(a, name), json_object_get(b, name), word};

	if (values[0] != NULL || values[1] != NULL)
		add_row(c, printed_label("resident", name), values, 3);
	json_decref(word);
}

/* One entry a column, and beside them whether they agree. */
static void
print_entries(const json_t *choice, const json_t *entries)
{
	static const char *const names[] = {"name", "sex", "birth_date",
	    "id_no", "phone", "address", "household_no", "ehr_no"};
	const json_t *agrees = json_object_get(choice, "agrees");
	struct columns *c = columns_new(stdout, 4, NULL);
	size_t i;

	if (c == NULL)
		return;
	add_member(c, entries, "ref", _("entry"));
	add_named(c, entries, "org", "org_name", _("org"));
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		add_compared(c, entries, agrees, names[i]);
	(void)columns_end(c);
	output_lines(_("    choices: link (they are one person), refuse (they "
	               "are two)\n"),
	    6);
}

/* One version a column. */
static void
print_versions(const json_t *q, const json_t *choices)
{
	struct columns *c =
	    columns_new(stdout, json_array_size(choices) + 1, NULL);
	const char *field = text_of(q, "field");
	const char *kind = kind_of(q);

	if (c == NULL)
		return;
	add_member(c, choices, "choice", _("choice"));
	add_named(c, choices, "by", "by_name", _("by"));
	add_named(c, choices, "org", "org_name", _("org"));
	add_member(c, choices, "at", _("at"));
	add_member(c, choices, "state", _("state"));
	add_member(c, choices, "note", _("note"));
	add_member(c, choices, "value",
	    *field == '\0' ? _("value") : printed_label(kind, field));
	add_fields(c, kind, choices);
	(void)columns_end(c);
}

/* Taken; what is too wide for the terminal goes on below. */
static void
print_row(char *line)
{
	enum { INDENT = 6 };

	if (line != NULL)
		output_lines(line, INDENT);
	free(line);
}

static void
print_proposal(const char *shown, const char *ground)
{
	char *line = NULL;
	int n = *ground == '\0'
	            ? asprintf(&line, _("    proposed: %s\n"), shown)
	            : asprintf(&line, _("    proposed: %s, since %s\n"), shown,
	                  _(ground));

	print_row(n < 0 ? NULL : line);
}

static void
print_how(const json_t *q, const char *shown)
{
	char *line = NULL;
	int n;

	if (json_is_true(json_object_get(q, "decidable")))
		n = asprintf(&line,
		    _("    to decide: yizhan decide %lld %s --reason TEXT%s\n"),
		    number_of(q, "number"),
		    shown == NULL || *shown == '\0' ? _("CHOICE") : shown,
		    *text_of(q, "decides_as") == '\0' ? " --by REF" : "");
	else
		n = asprintf(&line, "    %s\n",
		    json_is_true(json_object_get(q, "group_only"))
		        ? _("only the group decides")
		        : _("the managing organisation or the group decides"));
	print_row(n < 0 ? NULL : line);
}

static void
print_choices(const json_t *q)
{
	const json_t *choices = json_object_get(q, "choices");
	const char *proposal = text_of(q, "proposal");
	const char *ground = text_of(q, "ground");
	char *shown = text_shown(proposal);

	if (entries_of(q) != NULL)
		print_entries(json_array_get(choices, 0), entries_of(q));
	else if (json_array_size(choices) > 0 &&
	         json_array_size(choices) < COLUMNS_MAX)
		print_versions(q, choices);
	if (number_of(q, "beyond") > 0)
		printf(_("    %lld more are not shown here\n"),
		    number_of(q, "beyond"));
	if (shown != NULL && *shown != '\0')
		print_proposal(shown, ground);
	print_how(q, shown);
	free(shown);
}

/* --- a question ---------------------------------------------------------- */

/* What does not fit into a line goes on below, a little to the right. */
static enum err
print_question(void *context, const json_t *q)
{
	enum { INDENT = 6 };
	char *text = NULL, *rest, *line;
	size_t bytes, cells = terminal_cells(stdout);
	FILE *f = open_memstream(&text, &bytes);

	(void)context;
	if (f == NULL)
		return ERR_NOMEM;
	print_lines(f, q);
	if (fclose(f) != 0) {
		free(text);
		return ERR_NOMEM;
	}
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		text_wrap(stdout, line, 0, INDENT, cells);
		putchar('\n');
	}
	free(text);
	if (json_object_get(q, "choices") != NULL)
		print_choices(q);
	return ferror(stdout) ? ERR_CLOSED : ERR_OK;
}

int
verb_questions(struct call *c)
{
	struct door_request q = {
	    .request = json_pack("{s:s, s:b}", "op", "questions", "warnings",
	        (int)call_has(c, "warnings"))};
	struct door_reader r = {.item = c->json ? print_item : print_question};
	int exit_code = door_run(c, &q, &r);

	if (!c->json && number_of(r.summary, "linked") > 0)
		say(_("pairs of entries linked because number, name and birth "
		      "date are the same: %lld (yizhan questions --warnings "
		      "lists them)"),
		    number_of(r.summary, "linked"));
	if (!c->json && number_of(r.summary, "opened") > 0)
		say(_("files of other organisations that contracts of teams "
		      "opened in the last 30 days: %lld (yizhan questions "
		      "--warnings lists them)"),
		    number_of(r.summary, "opened"));
	json_decref(r.summary);
	return exit_code;
}

/* --- deciding ------------------------------------------------------------ */

static bool
said_why(const struct call *c)
{
	bool acts = c->operand_count > 1 || call_has(c, "undo");

	if (!acts || call_option(c, "reason") != NULL)
		return true;
	say("%s", _("say why, for those who read it later: --reason TEXT"));
	return false;
}

int
verb_decide(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {.item = c->json ? print_item : print_question};
	int exit_code;

	if (call_has(c, "undo") && c->operand_count > 1) {
		say("%s", _("who undoes a decision makes no choice"));
		return door_refuse(c);
	}
	if (!said_why(c))
		return door_refuse(c);
	q.request = json_pack("{s:s, s:s, s:b, s:s*, s:s*, s:s*, s:s*}", "op",
	    "decide", "id", c->operands[0], "undo", (int)call_has(c, "undo"),
	    "choice", c->operand_count > 1 ? c->operands[1] : NULL, "reason",
	    call_option(c, "reason"), "by", call_option(c, "by"), "org",
	    call_option(c, "org"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_DONE && !c->json)
		printf("%s\n", text_of(r.summary, "question"));
	return door_end(c, &r, exit_code);
}

/* write: add and amend: forms, flags, or a JSON object on stdin. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/form.h"
#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

/* A record being put together. */
struct draft {
	struct call *call;
	const char *kind_name;
	const struct kind *kind;
	json_t *fields;
	char *by; /* asked for; NULL: not */
};

enum { ASK_TRIES = 3, NAMES_MAX = 80 };

/* --- names ------------------------------------------------------------- */

static bool
unknown_kind(const char *typed)
{
	const char *names[NAMES_MAX + 1], *nearest;
	size_t i;

	for (i = 0; i < NAMES_MAX && form_kind_name(i) != NULL; i++)
		names[i] = form_kind_name(i);
	names[i] = NULL;
	nearest = call_nearest(typed, names);
	if (nearest != NULL)
		say(_("there is no kind \"%s\"; did you mean \"%s\"?"), typed,
		    nearest);
	else
		say(_("there is no kind \"%s\"; see yizhan help add"), typed);
	return false;
}

static bool
unknown_field(const struct draft *d, const char *typed)
{
	const char *names[NAMES_MAX + 1], *nearest;
	struct form_field f;
	size_t i;

	for (i = 0; i < NAMES_MAX - 2 && form_field(d->kind, i, &f); i++)
		names[i] = f.name;
	names[i++] = "by";
	names[i++] = "org";
	names[i] = NULL;
	nearest = call_nearest(typed, names);
	if (nearest != NULL)
		say(_("%s has no field \"%s\"; did you mean --%s?"),
		    d->kind_name, typed, nearest);
	else
		say(_("%s has no field \"%s\"; see yizhan help add %s"),
		    d->kind_name, typed, d->kind_name);
	return false;
}

/* --- what was given ---------------------------------------------------- */

/* The parser's own text is not shown: it quotes what stands there. */
static bool
read_object(struct draft *d)
{
	json_error_t fault;

	d->fields = json_loadf(stdin, JSON_REJECT_DUPLICATES, &fault);
	if (d->fields == NULL) {
		say(_("standard input, line %d, column %d: this is not one "
		      "JSON object"),
		    fault.line, fault.column);
		return false;
	}
	if (json_is_object(d->fields))
		return true;
	say("%s", _("standard input holds no JSON object"));
	return false;
}

static bool
take_field(struct draft *d, const char *name, const char *text)
{
	struct form_field f;
	json_t *value;

	if (!form_field_find(d->kind, name, &f))
		return unknown_field(d, name);
	value = form_value(d->kind, f.name, text);
	if (value == NULL) {
		say("%s", _("what was given is not UTF-8 text"));
		return false;
	}
	return json_object_set_new(d->fields, f.name, value) == 0;
}

static bool
take_fields(struct draft *d)
{
	const struct call *c = d->call;
	size_t i;

	for (i = 0; i < c->option_count; i++)
		if (c->options[i].is_field &&
		    !take_field(d, c->options[i].name, c->options[i].value))
			return false;
	return true;
}

/* --- forms ------------------------------------------------------------- */

static void
say_choices(const struct draft *d, const char *name)
{
	const char *word;
	size_t i;

	for (i = 0; (word = form_word(d->kind, name, i)) != NULL; i++)
		fprintf(stderr, "%s%s", i == 0 ? " [" : " ", word);
	if (i > 0)
		fputc(']', stderr);
}

/* A line without its LF; NULL: the end. */
static char *
read_answer(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);

	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}

/* What stays empty the store asks for in its own words. */
static char *
ask(const struct draft *d, const char *name, const char *type)
{
	char *answer = NULL;
	size_t tries;

	for (tries = 0; tries < ASK_TRIES; tries++) {
		fprintf(stderr, "%s (%s)", name, type);
		say_choices(d, name);
		fputs(": ", stderr);
		fflush(stderr);
		answer = read_answer();
		if (answer == NULL || *answer != '\0')
			return answer;
		free(answer);
	}
	return NULL;
}

static bool
ask_field(struct draft *d, const struct form_field *f)
{
	char *answer;
	bool is_good;

	if (!f->is_required || json_object_get(d->fields, f->name) != NULL)
		return true;
	answer = ask(d, f->name, _(f->type));
	is_good = answer == NULL || take_field(d, f->name, answer);
	free(answer);
	return is_good;
}

static bool
ask_missing(struct draft *d)
{
	struct form_field f;
	size_t i;

	if (call_option(d->call, "by") == NULL &&
	    json_object_get(d->fields, "by") == NULL &&
	    !people_is_signed_in(d->call))
		d->by = ask(d, "by", _("your staff record"));
	for (i = 0; form_field(d->kind, i, &f); i++)
		if (!ask_field(d, &f))
			return false;
	return true;
}

static bool
may_ask(const struct draft *d, bool reads_stdin)
{
	return !reads_stdin && !d->call->no_input && !d->call->json &&
	       isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* --- add and amend ----------------------------------------------------- */

static bool
fill(struct draft *d, bool reads_stdin, bool is_new)
{
	d->kind = form_kind(d->kind_name);
	if (d->kind == NULL)
		return unknown_kind(d->kind_name);
	if (reads_stdin) {
		if (!read_object(d))
			return false;
	} else {
		d->fields = json_object();
	}
	if (d->fields == NULL || !take_fields(d))
		return false;
	return !is_new || !may_ask(d, reads_stdin) || ask_missing(d);
}

static void
print_made(const struct call *c, const json_t *summary)
{
	const char *ref = json_string_value(json_object_get(summary, "ref"));
	const char *slip =
	    json_string_value(json_object_get(summary, "slip_no"));

	if (json_object_get(summary, "org") != NULL)
		say(_("written by %s for %s"), text_of(summary, "by"),
		    text_of(summary, "org"));
	if (c->json || ref == NULL)
		return;
	if (slip != NULL)
		printf("%s %s\n", ref, slip);
	else
		printf("%s\n", ref);
}

/* Which org it is for is no field but a flag. */
static enum err
made_notice(void *context, const json_t *notice)
{
	(void)context;
	if (strcmp(text_of(notice, "code"), "missing") == 0 &&
	    strcmp(text_of(notice, "field"), "org_id") == 0)
		say("%s", _("say for which org: --org REF"));
	else
		door_say_finding(notice);
	return ERR_OK;
}

static int
send(struct draft *d, const char *ref)
{
	const char *by = call_option(d->call, "by");
	struct door_request q = {0};
	struct door_reader r = {.notice = made_notice};
	int exit_code;

	q.request = json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:O}", "op",
	    ref == NULL ? "add" : "amend", "kind", d->kind_name, "ref", ref,
	    "by", by == NULL ? d->by : by, "org", call_option(d->call, "org"),
	    "reassign", call_option(d->call, "reassign"), "fields", d->fields);
	exit_code = door_run(d->call, &q, &r);
	if (exit_code == API_DONE)
		print_made(d->call, r.summary);
	return door_end(d->call, &r, exit_code);
}

static int
write_record(struct call *c, const char *ref, const char *last)
{
	struct draft d = {.call = c, .kind_name = c->operands[0]};
	bool reads_stdin = last != NULL;
	bool is_sound = false;
	int exit_code;

	if (last != NULL && strcmp(last, "-") != 0)
		say(_("\"%s\" is one word too many; see yizhan help %s"), last,
		    c->verb->name);
	else
		is_sound = fill(&d, reads_stdin, ref == NULL);
	exit_code = is_sound ? send(&d, ref) : door_refuse(c);
	json_decref(d.fields);
	free(d.by);
	return exit_code;
}

int
verb_add(struct call *c)
{
	return write_record(
	    c, NULL, c->operand_count > 1 ? c->operands[1] : NULL);
}

int
verb_amend(struct call *c)
{
	if (c->operand_count < 3 && c->option_count == 0) {
		say("%s", _("say what is to change: --FIELD VALUE, or -"));
		return door_refuse(c);
	}
	return write_record(
	    c, c->operands[1], c->operand_count > 2 ? c->operands[2] : NULL);
}

/* --- help -------------------------------------------------------------- */

/* Choices between bars. */
static void
join_words(const struct kind *k, const char *name, char *out, size_t out_bytes)
{
	const char *word;
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; (word = form_word(k, name, i)) != NULL; i++) {
		int n = snprintf(out + used, out_bytes - used, "%s%s",
		    i == 0 ? "" : "|", word);

		if (n < 0 || (size_t)n >= out_bytes - used)
			return;
		used += (size_t)n;
	}
}

bool
write_fields(const char *kind_name)
{
	const char *titles[] = {_("field"), _("must"), _("type"), _("words")};
	const struct kind *k = form_kind(kind_name);
	struct columns *columns;
	struct form_field f;
	char words[4096];
	size_t i;

	if (k == NULL)
		return unknown_kind(kind_name);
	columns = columns_new(stdout, 4, titles);
	if (columns != NULL)
		columns_wrap(columns);
	for (i = 0; columns != NULL && form_field(k, i, &f); i++) {
		const char *cells[] = {
		    f.name, f.is_required ? "*" : "", _(f.type), words};

		join_words(k, f.name, words, sizeof words);
		(void)columns_add(columns, cells);
	}
	(void)columns_end(columns);
	return true;
}

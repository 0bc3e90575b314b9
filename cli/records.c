/* records: import, export, show, list. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/form.h"
#include "api/outcome.h"
#include "base/i18n.h"
#include "cli/contract.h"
#include "cli/device.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

/* --- import ------------------------------------------------------------ */

enum { AWAITED_TOLD_MAX = 5 };

struct import_talk {
	long long warned_line, warned_lines; /* told */
	long long awaited; /* references to what is not here yet */
};

/* Where the lines come from. */
struct import_file {
	const struct call *call;
	const char *path;
	int fd;
	bool is_inside; /* a line; else at the beginning of one */
	bool was_cut;   /* by a signal, before the end */
	bool gave_up;   /* then, on the rest of a line */
};

static enum err
import_notice(void *context, const json_t *notice)
{
	struct import_talk *talk = context;
	long long line = number_of(notice, "line");

	if (!json_is_true(json_object_get(notice, "refused")) &&
	    line != talk->warned_line) {
		talk->warned_line = line;
		talk->warned_lines++;
	}
	/* A first import is full of them, and most mend themselves. */
	if (strcmp(text_of(notice, "code"), "awaited") == 0 &&
	    ++talk->awaited > AWAITED_TOLD_MAX)
		return ERR_OK;
	door_say_finding(notice);
	return ERR_OK;
}

static void
say_awaited(const struct import_talk *talk)
{
	if (talk->awaited > AWAITED_TOLD_MAX)
		say(_("%lld more references are to records that are not here "
		      "yet"),
		    talk->awaited - AWAITED_TOLD_MAX);
}

static void
import_progress(void *context, const json_t *progress)
{
	(void)context;
	say_progress(_("%lld lines, %.1f MB"), number_of(progress, "lines"),
	    (double)number_of(progress, "bytes") / 1e6);
}

enum { READ_WAIT_MS = 200 };

static bool
poll_now(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

static bool
file_is_ready(void *context, unsigned wait_ms)
{
	const struct import_file *f = context;
	struct pollfd p = {.fd = f->fd, .events = POLLIN};

	/* An error, and that it is to end, shows when it is read. */
	return poll(&p, 1, (int)wait_ms) != 0 || *f->call->is_stopped;
}

/* What is read after a signal: the rest of a line under way. Where that does
 * not come at once, the line is given up. */
static long
read_rest(struct import_file *f, char *out, size_t size)
{
	const char *end;
	ssize_t n;

	f->was_cut = true;
	if (!f->is_inside)
		return 0;
	f->is_inside = false;
	n = poll_now(f->fd) ? read(f->fd, out, size) : -1;
	if (n == 0)
		return 0;
	end = n > 0 ? memchr(out, '\n', (size_t)n) : NULL;
	f->gave_up = end == NULL;
	return end == NULL ? -1 : (long)(end - out) + 1;
}

static long
read_file(void *context, void *out, size_t size)
{
	struct import_file *f = context;
	ssize_t n = -1;

	do {
		while (!file_is_ready(f, READ_WAIT_MS))
			;
		if (*f->call->is_stopped)
			return read_rest(f, out, size);
		n = read(f->fd, out, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n > 0)
		f->is_inside = ((const char *)out)[n - 1] != '\n';
	if (n < 0)
		say(_("%s cannot be read: %s"), f->path,
		    _(outcome_fault(errno)));
	return (long)n;
}

static void
print_counts(const json_t *s)
{
	static const struct {
		const char *name, *title;
	} rows[] = {
	    {"new", N_("new")},
	    {"updated", N_("updated")},
	    {"unchanged", N_("unchanged")},
	    {"refused", N_("refused")},
	    {"warned", N_("with warnings")},
	};
	struct columns *columns = columns_new(stdout, 2, NULL);
	size_t i;

	for (i = 0; columns != NULL && i < sizeof rows / sizeof rows[0]; i++) {
		char number[24];
		const char *cells[] = {_(rows[i].title), number};

		snprintf(
		    number, sizeof number, "%lld", number_of(s, rows[i].name));
		(void)columns_add(columns, cells);
	}
	(void)columns_end(columns);
}

/* Every import ends with its counts, also one that took nothing. */
static int
import_end(struct call *c, struct door_reader *r, int exit_code)
{
	if (json_object_get(r->summary, "new") == NULL) {
		json_decref(r->summary);
		r->summary = json_pack("{s:i, s:i, s:i, s:i, s:i}", "new", 0,
		    "updated", 0, "unchanged", 0, "refused", 0, "warned", 0);
	}
	return door_end(c, r, exit_code);
}

static long long
lines_taken(const json_t *s)
{
	return number_of(s, "new") + number_of(s, "updated") +
	       number_of(s, "unchanged") + number_of(s, "refused");
}

/* What was taken is durable whatever ended it. */
static int
import_stopped(const struct door_reader *r, int exit_code)
{
	say(_("stopped: %lld lines were taken and are saved; import the same "
	      "file again for the rest"),
	    lines_taken(r->summary));
	return exit_code == API_DONE ? API_PARTLY : exit_code;
}

static int
import_from(struct call *c, const char *path, int fd)
{
	struct import_file file = {.call = c, .path = path, .fd = fd};
	struct import_talk talk = {0};
	struct api_input input = {
	    .read = read_file, .is_ready = file_is_ready, .context = &file};
	struct door_request q = {.input = &input};
	struct door_reader r = {.notice = import_notice,
	    .progress = import_progress,
	    .context = &talk};
	int exit_code;

	c->catch_stop();
	q.request = json_pack(
	    "{s:s, s:s*}", "op", "import", "source", call_option(c, "source"));
	exit_code = door_run(c, &q, &r);
	say_awaited(&talk);
	if (number_of(r.summary, "warned") > talk.warned_lines)
		say(_("lines with warnings: %lld; yizhan questions --warnings "
		      "lists them"),
		    number_of(r.summary, "warned"));
	if (file.gave_up && exit_code == API_FAILED)
		exit_code = API_DONE; /* but for that line */
	if (file.was_cut)
		exit_code = import_stopped(&r, exit_code);
	if (!c->json && json_object_get(r.summary, "new") != NULL)
		print_counts(r.summary);
	return import_end(c, &r, exit_code);
}

int
verb_import(struct call *c)
{
	const char *path = c->operands[0];
	struct door_reader nothing = {0};
	int fd, exit_code;

	if (strcmp(path, "-") == 0)
		return import_from(c, _("standard input"), STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		say(_("%s cannot be opened: %s"), path,
		    _(outcome_fault(errno)));
		return import_end(c, &nothing, API_FAILED);
	}
	exit_code = import_from(c, path, fd);
	close(fd);
	return exit_code;
}

/* --- export ------------------------------------------------------------ */

static enum err
print_record(void *context, const json_t *record)
{
	(void)context;
	return output_json(record);
}

/* The rows follow in the file's stead where one is named. */
static bool
send_stdout_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool done = fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0;

	if (!done)
		say(_("%s cannot be written: %s"), path,
		    _(outcome_fault(errno)));
	if (fd >= 0)
		close(fd);
	return done;
}

/* A misspelt kind is not worth opening the store for; one that only a newer
 * version knows may be held here. */
static void
hint_at_kind(const char *typed)
{
	const char *names[64], *nearest;
	size_t i;

	for (i = 0; i < 63 && form_kind_name(i) != NULL; i++)
		names[i] = form_kind_name(i);
	names[i] = NULL;
	nearest = call_nearest(typed, names);
	if (nearest != NULL && form_kind(typed) == NULL)
		say(_("did you mean \"%s\"?"), nearest);
}

int
verb_export(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {.record = print_record};
	const char *kind = call_option(c, "kind");
	int exit_code;

	if (c->operand_count > 0 && !send_stdout_to(c->operands[0]))
		return API_FAILED;
	q.request = json_pack("{s:s, s:s*, s:s*}", "op", "export", "kind", kind,
	    "ground", call_option(c, "ground"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_USAGE && kind != NULL)
		hint_at_kind(kind);
	json_decref(r.summary);
	return exit_code;
}

/* --- list -------------------------------------------------------------- */

struct listing {
	struct columns *columns;
	const struct door_reader *reader;
	bool has_names; /* namesakes are told apart by their birth dates */
	bool is_ending; /* until when counts, not when it was written */
};

static const char *
state_shown(const struct listing *l, const json_t *record)
{
	if (l->reader->today != NULL)
		return l->reader->today;
	if (json_is_true(json_object_get(record, "emptied")))
		return _("emptied");
	return contract_dispute(record) != NULL ? contract_dispute(record)
	                                        : text_of(record, "state");
}

static enum err
list_record(void *context, const json_t *record)
{
	const struct listing *l = context;
	const char *state = state_shown(l, record);
	const char *org = text_of(record, "org_id");
	const char *by_slip[] = {text_of(record, "ref"),
	    text_of(record, "slip_no"), state, text_of(record, "at"), org};
	const char *by_name[] = {text_of(record, "ref"),
	    text_of(record, "name"), text_of(record, "birth_date"),
	    text_of(record, "at"), org};
	const char **cells = l->has_names ? by_name : by_slip;

	if (l->is_ending)
		cells[3] = text_of(record, "end_on");
	if (strncmp(org, "ref:", 4) == 0)
		cells[4] += 4;
	return columns_add(l->columns, cells);
}

int
verb_list(struct call *c)
{
	const char *titles[] = {
	    _("ref"), _("slip number"), _("state"), _("at"), _("org")};
	struct door_request q = {0};
	struct door_reader r = {.record = print_record};
	struct listing listing = {.reader = &r,
	    .has_names = call_option(c, "name") != NULL,
	    .is_ending = call_has(c, "ending")};
	long limit;
	int exit_code;

	if (!call_number(c, "limit", &limit))
		return API_USAGE;
	if (listing.has_names) {
		titles[1] = _("name");
		titles[2] = _("birth date");
	}
	if (listing.is_ending)
		titles[3] = _("until");
	if (!c->json) {
		listing.columns = columns_new(stdout, 5, titles);
		if (listing.columns == NULL)
			return API_FAILED;
		r.record = list_record;
		r.context = &listing;
	}
	q.request =
	    json_pack("{s:s, s:s, s:I, s:s*, s:s*, s:b}", "op", "list", "kind",
	        c->operands[0], "limit", (json_int_t)(limit < 0 ? 0 : limit),
	        "ground", call_option(c, "ground"), "name",
	        call_option(c, "name"), "ending", (int)listing.is_ending);
	exit_code = limit == 0 ? API_DONE : door_run(c, &q, &r);
	if (limit == 0)
		json_decref(q.request);
	if (exit_code == API_USAGE)
		hint_at_kind(c->operands[0]);
	(void)columns_end(listing.columns);
	json_decref(r.summary);
	return exit_code;
}

/* --- show -------------------------------------------------------------- */

/* What a person reads of a value: text as it is, the rest as JSON. */
static char *
value_text(const json_t *value)
{
	char *json, *shown;

	if (json_is_string(value))
		return text_shown(json_string_value(value));
	json = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	shown = json == NULL ? NULL : text_shown(json);
	free(json);
	return shown;
}

static enum err
show_field(struct columns *columns, const char *name, const json_t *value)
{
	char *text = value_text(value);
	const char *cells[] = {name, text};
	enum err e = text == NULL ? ERR_NOMEM : columns_add(columns, cells);

	free(text);
	return e;
}

static enum err show_value(
    struct columns *columns, const char *name, const json_t *value);

/* What entries linked to a resident's hold, after where it is from. */
static enum err
show_linked(struct columns *columns, const json_t *entries)
{
	const json_t *entry;
	enum err e = ERR_OK;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		const char *org = text_of(entry, "org_id"), *name;
		const char *cells[2] = {_("linked entry"), NULL};
		json_t *from = json_sprintf("%s (%s)", text_of(entry, "ref"),
		    strncmp(org, "ref:", 4) == 0 ? org + 4 : org);
		json_t *value;

		cells[1] = json_string_value(from);
		e = cells[1] == NULL ? ERR_NOMEM : columns_add(columns, cells);
		json_decref(from);
		json_object_foreach((json_t *)(uintptr_t)entry, name, value)
		{
			char label[64];

			snprintf(label, sizeof label, "  %s", name);
			if (e == ERR_OK && strcmp(name, "ref") != 0 &&
			    strcmp(name, "org_id") != 0)
				e = show_value(columns, label, value);
		}
	}
	return e;
}

/* Rows of an array, each on a line of its own. */
static enum err
show_value(struct columns *columns, const char *name, const json_t *value)
{
	const json_t *item;
	enum err e = ERR_OK;
	size_t i;

	if (strcmp(name, "linked") == 0)
		return show_linked(columns, value);
	if (!json_is_array(value))
		return show_field(columns, name, value);
	json_array_foreach(value, i, item)
	{
		e = show_field(columns, i == 0 ? name : "", item);
		if (e != ERR_OK)
			break;
	}
	return e;
}

static enum err
show_today(struct columns *columns, const struct door_reader *reader)
{
	const char *cells[] = {_("today"), reader->today};

	return reader->today == NULL ? ERR_OK : columns_add(columns, cells);
}

static enum err
show_record(void *context, const json_t *record)
{
	struct columns *columns = columns_new(stdout, 2, NULL);
	const json_t *now = ((const struct door_reader *)context)->now;
	const char *name;
	json_t *value;
	enum err e = columns == NULL ? ERR_NOMEM : ERR_OK;

	if (e != ERR_OK)
		return e;
	json_object_foreach((json_t *)(uintptr_t)record, name, value)
	{
		e = show_value(columns, name, value);
		if (e != ERR_OK)
			break;
	}
	if (e == ERR_OK)
		e = show_today(columns, context);
	if (e == ERR_OK)
		e = contract_show(columns, record, now);
	if (e == ERR_OK && json_object_get(now, "plan") == NULL)
		e = show_now(columns, now);
	if (e != ERR_OK) {
		(void)columns_end(columns);
		return e;
	}
	return columns_end(columns);
}

/* For programs, which by default read the record and nothing else. */
static enum err
print_now(void *context, const json_t *record)
{
	const struct door_reader *r = context;

	(void)record;
	return r->now == NULL ? ERR_OK : output_json(r->now);
}

int
verb_show(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {.record = c->json ? print_record : show_record};
	bool is_resident = strcmp(c->operands[0], "resident") == 0;
	int exit_code;

	if (is_resident && call_has(c, "printed"))
		return show_printed(c);
	if (is_resident && call_has(c, "who-looked"))
		return show_who_looked(c);
	if (call_has(c, "printed") || call_has(c, "who-looked")) {
		say("%s", _("only a resident's record can be shown that way"));
		return API_USAGE;
	}
	r.context = &r;
	if (c->json && call_has(c, "now"))
		r.record = print_now;
	q.request = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*}", "op", "show",
	    "kind", c->operands[0], "ref", c->operands[1], "ground",
	    call_option(c, "ground"), "note", call_option(c, "note"), "by",
	    call_option(c, "by"));
	if (form_kind(c->operands[0]) == NULL)
		hint_at_kind(c->operands[0]);
	exit_code = door_run(c, &q, &r);
	json_decref(r.summary);
	return exit_code;
}

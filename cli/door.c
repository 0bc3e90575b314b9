/* door: runs a request through the agent where one runs, else on the store. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/client.h"
#include "api/config.h"
#include "api/direct.h"
#include "api/outcome.h"
#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"

enum {
	WAIT_MS = 5000, /* for an agent that starts, or another command */
	TRY_MS = 200,   /* for the store, before the agent is asked again */
	HOLDER_BYTES = 160,
	MAP_MIB_MAX = 16 * 1024 * 1024,
};

/* One request on its way. */
struct passage {
	const struct call *call;
	const struct door_request *request;
	struct door_reader *reader;
	char dir[PATH_MAX];
	bool is_output_gone;
	int exit_code;
};

/* --- lines of the answer ----------------------------------------------- */

/* Empty msgids would give the catalogue's header. */
static const char *
translated(const char *text)
{
	return *text == '\0' ? "" : _(text);
}

void
door_place(char *out, size_t out_bytes, const char *field)
{
	char *shown = text_shown(field);
	const char *place = shown == NULL ? "" : shown;

	out[0] = '\0';
	if (strncmp(place, "column ", 7) == 0)
		snprintf(out, out_bytes, _("column %s"), place + 7);
	else if (strncmp(place, "byte ", 5) == 0)
		snprintf(out, out_bytes, _("byte %s"), place + 5);
	else if (*place != '\0')
		snprintf(out, out_bytes, _("field %s"), place);
	free(shown);
}

void
door_say_finding(const json_t *notice)
{
	json_int_t line = json_integer_value(json_object_get(notice, "line"));
	bool is_refused = json_is_true(json_object_get(notice, "refused"));
	const char *reason = translated(text_of(notice, "reason"));
	const char *mend = translated(text_of(notice, "mend"));
	const char *went_to = text_of(notice, "went_to");
	char number[64] = "", place[DOOR_PLACE_BYTES];

	if (line > 0)
		snprintf(
		    number, sizeof number, _("line %lld: "), (long long)line);
	door_place(place, sizeof place, text_of(notice, "field"));
	say_plain("%s%s%s%s%s %s%s%s", number, place,
	    *place == '\0' ? "" : _(": "), is_refused ? "" : _("warning: "),
	    reason, mend, *went_to == '\0' ? "" : " ", went_to);
}

static void
take_done(struct passage *p, const json_t *done)
{
	json_t *summary = json_object_get(done, "summary");
	const char *message = translated(text_of(done, "message"));

	p->exit_code = (int)json_integer_value(json_object_get(done, "exit"));
	p->reader->summary = json_incref(summary);
	if (summary == NULL && p->exit_code != API_DONE)
		p->reader->summary =
		    json_pack("{s:i, s:s, s:s}", "exit", p->exit_code, "error",
		        text_of(done, "error"), "message", message);
	if (*message == '\0' || p->is_output_gone)
		return;
	/* Which disk, nobody can tell from the message alone. */
	if (strcmp(text_of(done, "error"), err_name(ERR_FULL)) == 0)
		say("%s: %s", p->dir, message);
	else
		say("%s", message);
}

static enum err
take_line(void *context, const json_t *line)
{
	struct passage *p = context;
	struct door_reader *r = p->reader;
	const json_t *value;
	enum err e = ERR_OK;

	if ((value = json_object_get(line, "record")) != NULL) {
		r->today = json_string_value(json_object_get(line, "today"));
		r->now = json_object_get(line, "now");
		if (r->record != NULL)
			e = r->record(r->context, value);
		r->today = NULL;
		r->now = NULL;
	} else if ((value = json_object_get(line, "item")) != NULL) {
		if (r->item != NULL)
			e = r->item(r->context, value);
	} else if ((value = json_object_get(line, "notice")) != NULL) {
		if (r->notice != NULL)
			e = r->notice(r->context, value);
		else
			door_say_finding(value);
	} else if ((value = json_object_get(line, "progress")) != NULL) {
		if (r->progress != NULL)
			r->progress(r->context, value);
	} else if ((value = json_object_get(line, "done")) != NULL) {
		take_done(p, value);
	}
	if (e != ERR_OK)
		p->is_output_gone = true;
	return e;
}

/* --- the two doors ----------------------------------------------------- */

static int
fail(struct passage *p, enum err e, const char *message)
{
	say("%s", message);
	p->reader->summary = json_pack("{s:i, s:s, s:s}", "exit",
	    (int)outcome_exit(e), "error", err_name(e), "message", message);
	return (int)outcome_exit(e);
}

/* The same of the directory. */
static int
fail_at(struct passage *p, enum err e, const char *message)
{
	char text[PATH_MAX + 512];

	snprintf(text, sizeof text, "%s: %s", p->dir, message);
	return fail(p, e, text);
}

static int
ask_agent(struct passage *p, struct client *client)
{
	struct api_sink sink = {take_line, p};
	enum err e = client_run(client, p->request->request, p->request->input,
	    &sink, &p->exit_code);

	if (e == ERR_OK)
		return p->exit_code;
	if (p->is_output_gone)
		return API_FAILED;
	if (e == ERR_CLOSED)
		return fail(p, e,
		    _("The agent went away before it had answered: look at "
		      "yizhan status for what was done."));
	return fail(p, e, _(outcome_message(e)));
}

static int
ask_store(struct passage *p, struct direct *direct)
{
	struct api_sink sink = {take_line, p};
	int exit_code = api_run(
	    direct_api(direct), p->request->request, p->request->input, &sink);

	return p->is_output_gone ? API_FAILED : exit_code;
}

/* Tests run with a small map; the store's own is large and sparse. */
static size_t
map_bytes(void)
{
	const char *text = getenv("YIZHAN_MAP_MIB");
	long mib = text == NULL ? 0 : strtol(text, NULL, 10);

	if (mib <= 0 || mib > MAP_MIB_MAX)
		return 0;
	return (size_t)mib * 1024 * 1024;
}

static enum err
open_store(struct passage *p, unsigned wait_ms, struct direct **out,
    char *complaint, size_t complaint_bytes)
{
	char holder[64];
	struct direct_options o = {.dir = p->dir,
	    .create = p->request->create,
	    .holder = holder,
	    .wait_ms = wait_ms,
	    .map_bytes = map_bytes()};

	snprintf(holder, sizeof holder, "yizhan %s", p->call->verb->name);
	return direct_open(out, &o, complaint, complaint_bytes);
}

static bool
has_database(const char *dir)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/data.mdb", dir);
	return access(path, F_OK) == 0;
}

static int
store_is_held(struct passage *p)
{
	char holder[HOLDER_BYTES], message[2 * HOLDER_BYTES];
	char *shown;

	direct_holder(p->dir, holder, sizeof holder);
	shown = text_shown(holder);
	snprintf(message, sizeof message,
	    _("Another program has the store open: %s. Try again later."),
	    shown == NULL || *shown == '\0' ? "?" : shown);
	free(shown);
	return fail(p, ERR_BUSY, message);
}

/* The first part of a directory's path that cannot be made, and why; 0: all
 * of it is there. */
static int
why_no_directory(const char *dir, char part[PATH_MAX])
{
	struct stat st;
	size_t i;

	for (i = 1; i < PATH_MAX; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(part, dir, i);
		part[i] = '\0';
		if (stat(part, &st) == 0 && !S_ISDIR(st.st_mode))
			return ENOTDIR;
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return errno;
		if (dir[i] == '\0')
			break;
	}
	return 0;
}

static int
directory_is_refused(struct passage *p, const char *part, int why)
{
	char message[PATH_MAX + 256];
	enum err e = why == EACCES || why == EPERM || why == EROFS
	                 ? ERR_NOT_ALLOWED
	                 : ERR_IO;

	snprintf(message, sizeof message,
	    _("The directory %s cannot be made: %s."), part,
	    _(outcome_fault(why)));
	return fail(p, e, message);
}

/* What an error of opening means, which is not what it means later. */
static int
store_is_shut(struct passage *p, enum err e, const char *complaint)
{
	char part[PATH_MAX];
	const char *key = outcome_machine_key(p->dir, e);
	int why = 0;

	if (e == ERR_BUSY)
		return store_is_held(p);
	if (*complaint != '\0')
		return fail(p, e, complaint);
	if (key != NULL)
		return fail(p, ERR_AUTH, _(key));
	if (p->request->create)
		why = why_no_directory(p->dir, part);
	if (why != 0)
		return directory_is_refused(p, part, why);
	switch (e) {
	case ERR_NOT_FOUND:
		/* Who has no store has joined no group either. */
		return fail(p, ERR_NOT_ENROLLED,
		    _("There is no store here yet: yizhan init, or yizhan "
		      "join CODE."));
	case ERR_CORRUPT:
		return fail(p, e,
		    _("The store is damaged: its file is shorter than it "
		      "says, or does not open. Restore a backup."));
	case ERR_NOT_ALLOWED:
		return fail_at(p, e, _(outcome_directory(p->dir)));
	case ERR_FULL:
	case ERR_IO:
		return fail_at(p, e, _(outcome_message(e)));
	default:
		return fail(p, e, _(outcome_message(e)));
	}
}

/* An agent that starts holds the store before it answers, so both are tried
 * in turn until the time is up. */
static int
find_door(struct passage *p)
{
	char complaint[CONFIG_COMPLAINT_BYTES] = "";
	uint64_t end_ms = api_now_ms() + WAIT_MS;
	struct client *client;
	struct direct *direct;
	int exit_code;
	enum err e;

	for (;;) {
		e = client_connect(&client, p->dir);
		if (e == ERR_OK) {
			exit_code = ask_agent(p, client);
			client_close(client);
			return exit_code;
		}
		if (e != ERR_NOT_FOUND)
			return e == ERR_NOT_ALLOWED
			           ? fail(p, e,
			                 _("This user may not speak to the "
			                   "agent."))
			           : fail(p, e, _(outcome_message(e)));
		e = open_store(p, TRY_MS, &direct, complaint, sizeof complaint);
		if (e == ERR_OK) {
			exit_code = ask_store(p, direct);
			direct_close(direct);
			return exit_code;
		}
		if (e != ERR_BUSY || api_now_ms() >= end_ms)
			return store_is_shut(p, e, complaint);
	}
}

int
door_run(const struct call *c, const struct door_request *q,
    struct door_reader *reader)
{
	struct passage p = {.call = c, .request = q, .reader = reader};
	int exit_code;

	reader->summary = NULL;
	if (q->request == NULL) {
		say("%s", _("what was given is not UTF-8 text"));
		return API_USAGE;
	}
	exit_code =
	    call_dir(c, p.dir, sizeof p.dir) ? find_door(&p) : API_USAGE;
	json_decref(q->request);
	return exit_code;
}

int
door_end(const struct call *c, struct door_reader *reader, int exit_code)
{
	if (reader->summary == NULL && exit_code != API_DONE)
		reader->summary = json_pack("{s:i}", "exit", exit_code);
	if (c->json && reader->summary != NULL)
		(void)output_json(reader->summary); /* output_end() asks */
	json_decref(reader->summary);
	reader->summary = NULL;
	return exit_code;
}

int
door_refuse(const struct call *c)
{
	struct door_reader nothing = {0};

	return door_end(c, &nothing, API_USAGE);
}

bool
door_has_store(const struct call *c)
{
	char dir[PATH_MAX];

	return call_dir(c, dir, sizeof dir) && has_database(dir);
}

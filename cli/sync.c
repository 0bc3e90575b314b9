/* sync: a session with the parent, now. */

#include <string.h>

#include "api/config.h"
#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

/* What was last told of how far it is; NULL: nothing. */
struct sync_talk {
	json_t *last;
};

static void
show_progress(void *context, const json_t *p)
{
	struct sync_talk *talk = context;

	json_decref(talk->last);
	talk->last = json_deep_copy(p);
	say_progress(_("sent %lld changes (%lld bytes), received %lld (%lld "
	               "bytes)"),
	    number_of(p, "changes_sent"), number_of(p, "bytes_sent"),
	    number_of(p, "changes_received"), number_of(p, "bytes_received"));
}

static void
print_sync(const json_t *s)
{
	const char *state = json_string_value(json_object_get(s, "state"));

	/* Without a session there is nothing to count. */
	if (state == NULL || number_of(s, "round_trips") == 0)
		return;
	printf(_("sent %lld changes (%lld bytes), received %lld (%lld bytes), "
	         "%lld round trips, %.1f s\n"),
	    number_of(s, "changes_sent"), number_of(s, "bytes_sent"),
	    number_of(s, "changes_received"), number_of(s, "bytes_received"),
	    number_of(s, "round_trips"),
	    json_number_value(json_object_get(s, "seconds")));
}

/* Of a withdrawn node: what the group has not. */
static void
say_not_taken(const json_t *s)
{
	if (json_object_get(s, "kept_apart") != NULL)
		say(_("%lld changes are saved here only, %lld are kept apart "
		      "by the group"),
		    number_of(s, "saved_here"), number_of(s, "kept_apart"));
}

/* What the bytes allowed had no room for. */
static void
say_too_large(const json_t *s)
{
	const json_t *large = json_object_get(s, "too_large");
	const char *kind = json_string_value(json_object_get(large, "kind"));
	const char *ref = json_string_value(json_object_get(large, "ref"));

	if (large == NULL)
		return;
	if (kind != NULL && ref != NULL)
		say(_("%s %s was not sent: allow a session at least %lld "
		      "bytes"),
		    kind, ref, number_of(large, "bytes"));
	else
		say(_("a record of the parent's did not come: allow a session "
		      "at least %lld bytes"),
		    number_of(large, "bytes"));
}

/* Where nobody counted to the end, what is known. */
static void
fill_summary(struct door_reader *r, const json_t *last)
{
	bool has_moved = number_of(last, "bytes_sent") > 0 ||
	                 number_of(last, "bytes_received") > 0;

	if (json_object_get(r->summary, "state") != NULL)
		return;
	json_decref(r->summary);
	r->summary = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f}",
	    "state", has_moved ? "partial" : "failed", "bytes_sent",
	    (json_int_t)number_of(last, "bytes_sent"), "bytes_received",
	    (json_int_t)number_of(last, "bytes_received"), "round_trips",
	    (json_int_t)0, "changes_sent",
	    (json_int_t)number_of(last, "changes_sent"), "refused",
	    (json_int_t)0, "changes_received",
	    (json_int_t)number_of(last, "changes_received"), "seconds", 0.0);
}

static int
sync_end(struct call *c, struct door_reader *r, struct sync_talk *talk,
    int exit_code)
{
	fill_summary(r, talk->last);
	json_decref(talk->last);
	return door_end(c, r, exit_code);
}

/* --- before a session ---------------------------------------------------- */

static void
print_estimate(const json_t *s)
{
	const char *titles[] = {
	    _("urgency class"), _("changes"), _("bytes"), ""};
	struct columns *columns = columns_new(stdout, 4, titles);
	const json_t *row;
	size_t i;

	if (columns == NULL)
		return;
	json_array_foreach(json_object_get(s, "classes"), i, row)
	{
		char class[24], changes[24], bytes[24];
		const char *cells[] = {class, changes, bytes,
		    json_is_true(json_object_get(row, "extrapolated"))
		        ? _("extrapolated from a sample")
		        : ""};

		snprintf(class, sizeof class, "%lld", number_of(row, "class"));
		snprintf(
		    changes, sizeof changes, "%lld", number_of(row, "changes"));
		snprintf(bytes, sizeof bytes, "%lld", number_of(row, "bytes"));
		(void)columns_add(columns, cells);
	}
	(void)columns_end(columns);
	printf(_("the session itself: %lld bytes\n"), number_of(s, "session"));
	printf(_("to be sent in all: %lld bytes\n"), number_of(s, "bytes"));
}

static int
run_estimate(struct call *c)
{
	struct door_request q = {
	    .request = json_pack("{s:s}", "op", "estimate")};
	struct door_reader r = {0};
	int exit_code = door_run(c, &q, &r);

	if (exit_code == API_DONE && !c->json)
		print_estimate(r.summary);
	return door_end(c, &r, exit_code);
}

/* --- a session ----------------------------------------------------------- */

/* -1: not given. False: no such number; that was said. */
static bool
read_bound(const struct call *c, json_int_t *out)
{
	const char *text = call_option(c, "max-bytes");
	uint64_t bytes;

	*out = -1;
	if (text == NULL)
		return true;
	if (!config_bytes(text, &bytes)) {
		say(_("--max-bytes wants a number of bytes, such as 500k or "
		      "2M"));
		return false;
	}
	*out = (json_int_t)bytes;
	return true;
}

int
verb_sync(struct call *c)
{
	struct sync_talk talk = {0};
	struct door_request q = {0};
	struct door_reader r = {.progress = show_progress, .context = &talk};
	json_int_t bound;
	long timeout_s;
	int exit_code;

	if (call_has(c, "estimate"))
		return run_estimate(c);
	if (!call_number(c, "timeout", &timeout_s) || !read_bound(c, &bound))
		return sync_end(c, &r, &talk, API_USAGE);
	q.request = json_pack(
	    "{s:s, s:b}", "op", "sync", "wait", (int)call_has(c, "wait"));
	if (timeout_s >= 0)
		json_object_set_new(
		    q.request, "timeout", json_integer(timeout_s));
	if (bound >= 0)
		json_object_set_new(
		    q.request, "max_bytes", json_integer(bound));
	exit_code = door_run(c, &q, &r);
	if (!c->json)
		print_sync(r.summary);
	say_not_taken(r.summary);
	say_too_large(r.summary);
	return sync_end(c, &r, &talk, exit_code);
}

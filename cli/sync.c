/* sync: a session with the parent, now. */

#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

static void
show_progress(void *context, const json_t *p)
{
	(void)context;
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

int
verb_sync(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {.progress = show_progress};
	long timeout_s;
	int exit_code;

	if (!call_number(c, "timeout", &timeout_s))
		return API_USAGE;
	q.request = json_pack(
	    "{s:s, s:b}", "op", "sync", "wait", (int)call_has(c, "wait"));
	if (timeout_s >= 0)
		json_object_set_new(
		    q.request, "timeout", json_integer(timeout_s));
	exit_code = door_run(c, &q, &r);
	if (!c->json)
		print_sync(r.summary);
	return door_end(c, &r, exit_code);
}

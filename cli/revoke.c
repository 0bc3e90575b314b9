/* revoke: hub revoke. */

#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

static void
print_row(struct columns *columns, const char *title, const char *value)
{
	const char *cells[] = {title, value};

	if (*value != '\0')
		(void)columns_add(columns, cells);
}

static void
print_revoked(const json_t *s)
{
	const json_t *orgs = json_object_get(s, "orgs"), *org;
	struct columns *columns = columns_new(stdout, 2, NULL);
	size_t i;

	if (columns == NULL)
		return;
	print_row(columns, _("name"), text_of(s, "name"));
	print_row(columns, _("node"), text_of(s, "node"));
	json_array_foreach(orgs, i, org) print_row(
	    columns, i == 0 ? _("may act for") : "", json_string_value(org));
	print_row(columns, _("withdrawn"), text_of(s, "withdrawn_at"));
	print_row(columns, _("reason"), text_of(s, "reason"));
	(void)columns_end(columns);
}

/* Which nodes bear the name. */
static void
say_candidates(const json_t *s)
{
	const json_t *list = json_object_get(s, "candidates"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const json_t *org =
		    json_array_get(json_object_get(one, "orgs"), 0);

		say_plain("%s  %s  %s", text_of(one, "node"),
		    text_of(one, "name"),
		    org == NULL ? "" : json_string_value(org));
	}
}

int
verb_revoke(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {0};
	int exit_code;

	if (call_option(c, "reason") == NULL) {
		say("%s", _("say why, for those who read it later: --reason "
		            "TEXT"));
		return door_refuse(c);
	}
	q.request = json_pack("{s:s, s:s, s:s}", "op", "revoke", "site",
	    c->operands[0], "reason", call_option(c, "reason"));
	exit_code = door_run(c, &q, &r);
	say_candidates(r.summary);
	if (exit_code == API_DONE && !c->json)
		print_revoked(r.summary);
	return door_end(c, &r, exit_code);
}

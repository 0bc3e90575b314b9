/* train: hub train-dictionary. */

#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

static void
print_number(struct columns *columns, const char *title, long long n)
{
	char text[24];
	const char *cells[] = {title, text};

	snprintf(text, sizeof text, "%lld", n);
	(void)columns_add(columns, cells);
}

/* Bytes of the records held out, and how many per cent fewer they become. */
static void
print_trained(const json_t *s)
{
	struct columns *columns = columns_new(stdout, 2, NULL);
	long long before = number_of(s, "bytes_before");
	long long after = number_of(s, "bytes_after");

	if (columns == NULL)
		return;
	print_number(columns, _("records read"), number_of(s, "records"));
	print_number(columns, _("common parts"), number_of(s, "parts"));
	print_number(columns, _("dictionary bytes"), number_of(s, "bytes"));
	print_number(
	    columns, _("records measured on"), number_of(s, "measured"));
	print_number(columns, _("bytes they take now"), before);
	print_number(columns, _("bytes with it"), after);
	if (before > 0)
		print_number(columns, _("per cent saved"),
		    (before - after) * 100 / before);
	(void)columns_end(columns);
}

int
verb_train(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {0};
	int exit_code;

	q.request = json_pack("{s:s, s:b, s:s*, s:s*}", "op",
	    "train_dictionary", "dry_run", call_has(c, "dry-run"), "by",
	    call_option(c, "by"), "org", call_option(c, "org"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_DONE && !c->json)
		print_trained(r.summary);
	if (exit_code == API_DONE &&
	    strcmp(text_of(r.summary, "state"), "made") == 0)
		say(_("Dictionary %lld goes out to all nodes; those that hold "
		      "it use it from their next session on."),
		    number_of(r.summary, "number"));
	return door_end(c, &r, exit_code);
}

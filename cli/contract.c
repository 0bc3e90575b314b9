/* contract: what people are told of a contract besides its record. */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/contract.h"

static bool
is_contested(const json_t *record)
{
	return strcmp(text_of(record, "kind"), "contract") == 0 &&
	       strcmp(text_of(record, "state"), "contested") == 0;
}

/* Its own ref is what holder_id names behind "ref:"; holder_source is told
 * where that is another program's. */
static bool
counts(const json_t *record)
{
	const char *holder = text_of(record, "holder_id");

	return text_of(record, "holder_source")[0] == '\0' &&
	       strncmp(holder, "ref:", 4) == 0 &&
	       strcmp(holder + 4, text_of(record, "ref")) == 0;
}

const char *
contract_dispute(const json_t *record)
{
	if (!is_contested(record))
		return NULL;
	return counts(record) ? _("contested, counts until decided")
	                      : _("contested, does not count now");
}

static enum err
show_dispute(struct columns *c, const json_t *record)
{
	const char *cells[] = {_("dispute"), NULL};

	if (!is_contested(record))
		return ERR_OK;
	cells[1] =
	    counts(record)
	        ? _("Another team signed this resident too. Until a person of "
	            "the group decides, this contract counts.")
	        : _("Another team signed this resident too. Until a person of "
	            "the group decides, the other contract counts.");
	return columns_add(c, cells);
}

static enum err
show_item(struct columns *c, const char *title, const json_t *item)
{
	char text[256];
	const char *cells[] = {title, text};
	const char *last = text_of(item, "last_on");

	if (last[0] == '\0')
		snprintf(text, sizeof text, _("%s: %lld of %lld"),
		    text_of(item, "item"), number_of(item, "done"),
		    number_of(item, "planned"));
	else
		snprintf(text, sizeof text, _("%s: %lld of %lld, last on %s"),
		    text_of(item, "item"), number_of(item, "done"),
		    number_of(item, "planned"), last);
	return columns_add(c, cells);
}

static enum err
show_plan(struct columns *c, const json_t *plan)
{
	const json_t *items = json_object_get(plan, "items");
	const char *from = text_of(plan, "from_on");
	const char *cells[] = {_("packages changed from"), from};
	enum err e = from[0] == '\0' ? ERR_OK : columns_add(c, cells);
	size_t i;

	for (i = 0; e == ERR_OK && i < json_array_size(items); i++)
		e = show_item(c, i == 0 ? _("done of the plan") : "",
		    json_array_get(items, i));
	return e;
}

static enum err
show_due(struct columns *c, const char *due)
{
	const char *cells[] = {_("reminder"), NULL};

	if (strcmp(due, "ends_soon") == 0)
		cells[1] = _("It ends soon, and no other contract follows.");
	else if (strcmp(due, "not_renewed") == 0)
		cells[1] = _("It is over, and no other contract follows.");
	return cells[1] == NULL ? ERR_OK : columns_add(c, cells);
}

static enum err
show_household(struct columns *c, const json_t *record)
{
	const json_t *with = json_object_get(record, "household_with");
	const char *cells[] = {_("household"), NULL};

	if (strcmp(text_of(record, "kind"), "contract") != 0 ||
	    json_array_size(with) == 0)
		return ERR_OK;
	cells[1] = _("Members of this household have contracts with different "
	             "teams.");
	return columns_add(c, cells);
}

static enum err
show_access(struct columns *c, const json_t *record)
{
	const char *access = text_of(record, "file_access");
	const char *cells[] = {_("file"), NULL};

	if (strcmp(text_of(record, "kind"), "contract") != 0)
		return ERR_OK;
	if (strcmp(access, "asked") == 0)
		cells[1] = _("The team has name, allergies and plans until a "
		             "person of the group decides.");
	else if (strcmp(access, "basic") == 0)
		cells[1] = _("A person of the group decided that the team has "
		             "name, allergies and plans.");
	return cells[1] == NULL ? ERR_OK : columns_add(c, cells);
}

enum err
contract_show(struct columns *c, const json_t *record, const json_t *now)
{
	enum err e = show_dispute(c, record);

	if (e == ERR_OK)
		e = show_access(c, record);
	if (e == ERR_OK)
		e = show_household(c, record);
	if (e == ERR_OK)
		e = show_due(c, text_of(now, "due"));
	return e == ERR_OK ? show_plan(c, json_object_get(now, "plan")) : e;
}

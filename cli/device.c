/* device: the lines below a device, a loan or a hand-over that say how it
 * stands now: where, who has it, what is lent, what is due.
 */

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/device.h"

static enum err
row(struct columns *c, const char *title, const char *text)
{
	const char *cells[] = {title, text};

	return columns_add(c, cells);
}

/* Takes text; "" writes nothing. */
static enum err
row_taken(struct columns *c, const char *title, char *text)
{
	enum err e = text == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK && *text != '\0')
		e = row(c, title, text);
	free(text);
	return e;
}

/* Words between ", ", safe to show. NULL: no memory. */
static char *
joined(const char *const *words, size_t count)
{
	char *text = NULL, *shown;
	size_t bytes, i;
	FILE *f = open_memstream(&text, &bytes);

	for (i = 0; f != NULL && i < count; i++)
		fprintf(f, "%s%s", i == 0 ? "" : ", ", words[i]);
	if (f == NULL || fclose(f) != 0) {
		free(text);
		return NULL;
	}
	shown = text_shown(text);
	free(text);
	return shown;
}

static const char *
word_text(const char *word)
{
	static const struct {
		const char *word, *text;
	} words[] = {
	    {"disputed", N_("place disputed")},
	    {"unsafe", N_("unsafe or in repair")},
	    {"withdrawn", N_("withdrawn from use")},
	    {"metrology_expired", N_("metrology expired")},
	    {"lent", N_("on loan")},
	    {"not_pooled", N_("not in the pool")},
	    {"awaited", N_("hand-overs awaited")},
	    {"superseded", N_("superseded")},
	    {"stands", N_("stands")},
	    {"vertical_down", N_("vertical, down")},
	    {"vertical_up", N_("vertical, up")},
	    {"horizontal", N_("horizontal")},
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i].word) == 0)
			return _(words[i].text);
	return word;
}

static bool
is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* --- loans -----------------------------------------------------------------
 */

static char *
loan_text(const json_t *loan)
{
	const char *due = text_of(loan, "due"), *words[10];
	size_t n = 0;

	words[n++] = text_of(loan, "slip_no");
	if (*words[0] == '\0')
		words[0] = text_of(loan, "ref");
	words[n++] = text_of(loan, "state");
	if (*text_of(loan, "borrower") != '\0')
		words[n++] = text_of(loan, "borrower");
	if (*text_of(loan, "direction") != '\0')
		words[n++] = word_text(text_of(loan, "direction"));
	if (*due != '\0')
		words[n++] = due;
	if (is_true(loan, "onward"))
		words[n++] = _("lent on");
	if (!is_true(loan, "approved"))
		words[n++] = _("not approved");
	if (is_true(loan, "overdue"))
		words[n++] = _("overdue");
	if (is_true(loan, "metrology_expired"))
		words[n++] = _("metrology expired");
	return joined(words, n);
}

static enum err
show_loan(struct columns *c, const json_t *now)
{
	return row_taken(c, _("the loan"), loan_text(now));
}

/* --- devices ---------------------------------------------------------------
 */

static enum err
show_place(struct columns *c, const json_t *now)
{
	const char *custodian = text_of(now, "custodian");
	char number[64];
	enum err e;

	if (is_true(now, "disputed"))
		e = row(c, _("where it is"), _("place disputed"));
	else if (is_true(now, "unsure"))
		e = row(
		    c, _("where it is"), _("not sure: hand-overs are awaited"));
	else
		e = row_taken(c, _("where it is"),
		    joined(&custodian, *custodian == '\0' ? 0 : 1));
	if (e == ERR_OK && number_of(now, "awaited") > 0) {
		snprintf(number, sizeof number, _("%lld awaited"),
		    number_of(now, "awaited"));
		e = row(c, _("hand-overs"), number);
	}
	return e;
}

static char *
link_text(const json_t *link)
{
	char number[32];
	const char *words[5];
	size_t n = 0;

	snprintf(number, sizeof number, _("no. %lld"),
	    number_of(link, "custody_no"));
	words[n++] = number;
	words[n++] = text_of(link, "from");
	words[n++] = text_of(link, "to");
	words[n++] =
	    is_true(link, "both_signed") ? _("both signed") : _("one side");
	if (strcmp(text_of(link, "fate"), "stands") != 0)
		words[n++] = word_text(text_of(link, "fate"));
	return joined(words, n);
}

static char *
bars_text(const json_t *bars)
{
	const char *words[8];
	size_t i, n = json_array_size(bars);

	for (i = 0; i < n && i < 8; i++)
		words[i] =
		    word_text(json_string_value(json_array_get(bars, i)));
	return joined(words, i);
}

static char *
usage_text(const json_t *usage)
{
	char text[80];
	const char *words[2] = {text_of(usage, "org"), text};

	snprintf(text, sizeof text, _("%.2f hours, %lld cases"),
	    json_number_value(json_object_get(usage, "hours")),
	    number_of(usage, "cases"));
	return joined(words, 2);
}

static enum err
show_hours(struct columns *c, const json_t *now)
{
	const json_t *usage = json_object_get(now, "usage"), *one;
	char text[128];
	size_t i;
	enum err e;

	if (json_object_get(now, "hours") == NULL)
		return ERR_OK;
	if (json_object_get(now, "share") != NULL)
		snprintf(text, sizeof text, _("%.2f of %.2f rated, %.2f %%"),
		    json_number_value(json_object_get(now, "hours")),
		    json_number_value(json_object_get(now, "rated_hours")),
		    json_number_value(json_object_get(now, "share")));
	else
		snprintf(text, sizeof text, "%.2f",
		    json_number_value(json_object_get(now, "hours")));
	e = row(c, _("hours this month"), text);
	json_array_foreach(usage, i, one)
	{
		if (e == ERR_OK)
			e = row_taken(
			    c, i == 0 ? _("used by") : "", usage_text(one));
	}
	return e;
}

static enum err
show_device(struct columns *c, const json_t *now)
{
	const json_t *chain = json_object_get(now, "chain"), *one;
	const json_t *loans = json_object_get(now, "loans");
	size_t i;
	enum err e = show_place(c, now);

	json_array_foreach(chain, i, one)
	{
		if (e == ERR_OK)
			e = row_taken(
			    c, i == 0 ? _("hand-overs") : "", link_text(one));
	}
	if (e == ERR_OK)
		e = is_true(now, "offered")
		        ? row(c, _("offered for loan"), _("yes"))
		        : row_taken(c, _("not offered"),
		              bars_text(json_object_get(now, "bars")));
	json_array_foreach(loans, i, one)
	{
		if (e == ERR_OK)
			e = row_taken(
			    c, i == 0 ? _("open loans") : "", loan_text(one));
	}
	return e == ERR_OK ? show_hours(c, now) : e;
}

enum err
show_now(struct columns *c, const json_t *now)
{
	const char *fate = text_of(now, "fate");

	if (now == NULL)
		return ERR_OK;
	if (*fate != '\0')
		return row(c, _("this hand-over"), word_text(fate));
	return json_object_get(now, "chain") == NULL ? show_loan(c, now)
	                                             : show_device(c, now);
}

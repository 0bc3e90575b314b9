/* call: one command line, taken apart. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/config.h"
#include "base/i18n.h"
#include "cli/call.h"
#include "cli/output.h"

enum { NAME_BYTES_MAX = 64, NEAREST_NAMES_MAX = 64 };

/* --- misspelt names ---------------------------------------------------- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, drop or change to come from one name to the other. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES_MAX + 1];
	size_t i, j, size = strlen(b);

	if (size > NAME_BYTES_MAX)
		return NAME_BYTES_MAX;
	for (j = 0; j <= size; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= size; j++) {
			size_t above = row[j];

			row[j] = least(corner + (a[i - 1] != b[j - 1]),
			    least(above, row[j - 1]) + 1);
			corner = above;
		}
	}
	return row[size];
}

const char *
call_nearest(const char *typed, const char *const *names)
{
	size_t best = strlen(typed) / 3 + 2;
	const char *nearest = NULL;
	size_t i;

	for (i = 0; names[i] != NULL; i++) {
		size_t d = distance(typed, names[i]);

		if (d < best) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}

/* "hub" for "hub invite", "stat" for "status". */
static const char *
beginning_with(const char *typed, const char *const *names)
{
	size_t i, size = strlen(typed);

	for (i = 0; size >= 3 && names[i] != NULL; i++)
		if (strncmp(names[i], typed, size) == 0)
			return names[i];
	return NULL;
}

static bool
unknown_verb(const struct call *c, const char *typed)
{
	const char *names[NEAREST_NAMES_MAX + 1];
	const char *nearest;
	size_t i;

	for (i = 0; c->verbs[i].name != NULL && i < NEAREST_NAMES_MAX; i++)
		names[i] = c->verbs[i].name;
	names[i] = NULL;
	nearest = beginning_with(typed, names);
	if (nearest == NULL)
		nearest = call_nearest(typed, names);
	if (nearest != NULL)
		say(_("there is no command \"%s\"; did you mean \"%s\"?"),
		    typed, nearest);
	else
		say(_("there is no command \"%s\"; see yizhan help"), typed);
	return false;
}

static bool
unknown_flag(const struct call *c, const char *typed)
{
	static const char *const global[] = {
	    "dir", "json", "no-input", "help", "version", NULL};
	char own[NEAREST_NAMES_MAX][NAME_BYTES_MAX + 1];
	const char *names[2 * NEAREST_NAMES_MAX];
	const char *nearest;
	size_t i, n = 0;

	for (i = 0; c->verb != NULL && c->verb->flags[i] != NULL &&
	            i < NEAREST_NAMES_MAX;
	     i++) {
		snprintf(own[i], sizeof own[i], "%.*s",
		    (int)strcspn(c->verb->flags[i], "="), c->verb->flags[i]);
		names[n++] = own[i];
	}
	for (i = 0; global[i] != NULL; i++)
		names[n++] = global[i];
	names[n] = NULL;
	nearest = call_nearest(typed, names);
	if (nearest != NULL)
		say(_("there is no flag --%s; did you mean --%s?"), typed,
		    nearest);
	else
		say(_("there is no flag --%s; see yizhan help %s"), typed,
		    c->verb == NULL ? "" : c->verb->name);
	return false;
}

/* --- taking apart ------------------------------------------------------ */

/* The words that are left. */
struct words {
	int count;
	char **word;
};

static const char *
next_word(struct words *w)
{
	if (w->count == 0)
		return NULL;
	w->count--;
	return *w->word++;
}

static bool
take_value(
    struct words *w, const char *name, const char *equals, const char **out)
{
	*out = equals != NULL ? equals + 1 : next_word(w);
	if (*out == NULL)
		say(_("--%s wants a value"), name);
	return *out != NULL;
}

static bool
no_value(const char *name, const char *equals)
{
	if (equals != NULL)
		say(_("--%s takes no value"), name);
	return equals == NULL;
}

/* *was_global tells whether the flag is one of those all verbs have. */
static bool
take_global(struct call *c, struct words *w, const char *name,
    const char *equals, bool *was_global)
{
	const struct {
		const char *name;
		bool *set;
	} flags[] = {{"json", &c->json}, {"no-input", &c->no_input},
	    {"help", &c->help}, {"version", &c->version}};
	size_t i;

	*was_global = true;
	if (strcmp(name, "dir") == 0)
		return take_value(w, name, equals, &c->dir);
	for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(name, flags[i].name) == 0) {
			*flags[i].set = true;
			return no_value(name, equals);
		}
	*was_global = false;
	return true;
}

static bool
take_own(struct call *c, struct words *w, const char *name, const char *equals)
{
	struct call_option *o = &c->options[c->option_count];
	size_t i, size = strlen(name);

	o->name = name;
	o->value = NULL;
	o->is_field = false;
	for (i = 0; c->verb->flags[i] != NULL; i++) {
		const char *flag = c->verb->flags[i];
		bool has_value = flag[strlen(flag) - 1] == '=';

		if (strncmp(flag, name, size) != 0 ||
		    strlen(flag) != size + (has_value ? 1 : 0))
			continue;
		c->option_count++;
		return has_value ? take_value(w, name, equals, &o->value)
		                 : no_value(name, equals);
	}
	if (!c->verb->takes_fields)
		return unknown_flag(c, name);
	o->is_field = true;
	c->option_count++;
	return take_value(w, name, equals, &o->value);
}

/* word begins with "--"; what stands behind "=" is cut off in place. */
static bool
take_flag(struct call *c, struct words *w, char *word)
{
	char *name = word + 2;
	char *equals = strchr(name, '=');
	bool was_global;

	if (equals != NULL)
		*equals = '\0';
	if (!take_global(c, w, name, equals, &was_global))
		return false;
	if (was_global)
		return true;
	if (c->verb == NULL)
		return unknown_flag(c, name);
	return take_own(c, w, name, equals);
}

/* A verb of two words takes the second one from the line. */
static bool
take_verb(struct call *c, struct words *w, const char *first)
{
	size_t i, size = strlen(first);

	for (i = 0; c->verbs[i].name != NULL; i++) {
		const char *name = c->verbs[i].name;

		if (strcmp(name, first) == 0) {
			c->verb = &c->verbs[i];
			return true;
		}
		if (strncmp(name, first, size) == 0 && name[size] == ' ' &&
		    w->count > 0 && strcmp(*w->word, name + size + 1) == 0) {
			next_word(w);
			c->verb = &c->verbs[i];
			return true;
		}
	}
	return unknown_verb(c, first);
}

static bool
take_words(struct call *c, struct words *w)
{
	bool only_operands = false;
	char *word;

	while (w->count > 0) {
		w->count--;
		word = *w->word++;
		if (!only_operands && strcmp(word, "--") == 0) {
			only_operands = true;
		} else if (!only_operands && strcmp(word, "-h") == 0) {
			c->help = true;
		} else if (!only_operands && strncmp(word, "--", 2) == 0) {
			if (!take_flag(c, w, word))
				return false;
		} else if (!only_operands && word[0] == '-' &&
		           word[1] != '\0') {
			return unknown_flag(c, word + 1);
		} else if (c->verb == NULL) {
			if (!take_verb(c, w, word))
				return false;
		} else {
			c->operands[c->operand_count++] = word;
		}
	}
	return true;
}

static bool
check_operands(const struct call *c)
{
	if (c->verb == NULL || c->help || c->version)
		return true;
	if (c->operand_count < c->verb->operands_min)
		say(_("something is missing; see yizhan help %s"),
		    c->verb->name);
	else if (c->operand_count > c->verb->operands_max)
		say(_("\"%s\" is one word too many; see yizhan help %s"),
		    c->operands[c->verb->operands_max], c->verb->name);
	else
		return true;
	return false;
}

bool
call_parse(struct call *c, const struct verb *verbs, int argc, char **argv)
{
	struct words w = {argc > 0 ? argc - 1 : 0, argv + 1};
	size_t room = (size_t)w.count + 1;

	memset(c, 0, sizeof *c);
	c->verbs = verbs;
	c->operands = calloc(room, sizeof *c->operands);
	c->options = calloc(room, sizeof *c->options);
	if (c->operands == NULL || c->options == NULL) {
		say("%s", _("There is not enough memory."));
		return false;
	}
	return take_words(c, &w) && check_operands(c);
}

void
call_free(struct call *c)
{
	free(c->operands);
	free(c->options);
	c->operands = NULL;
	c->options = NULL;
}

/* --- what was given ---------------------------------------------------- */

const char *
call_option(const struct call *c, const char *name)
{
	size_t i = c->option_count;

	while (i-- > 0)
		if (!c->options[i].is_field &&
		    strcmp(c->options[i].name, name) == 0)
			return c->options[i].value;
	return NULL;
}

bool
call_has(const struct call *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->option_count; i++)
		if (!c->options[i].is_field &&
		    strcmp(c->options[i].name, name) == 0)
			return true;
	return false;
}

bool
call_number(const struct call *c, const char *name, long *out)
{
	const char *text = call_option(c, name);
	char *end;

	*out = -1;
	if (text == NULL)
		return true;
	if (text[0] >= '0' && text[0] <= '9' && strlen(text) < 10) {
		*out = strtol(text, &end, 10);
		if (*end == '\0')
			return true;
	}
	say(_("--%s wants a whole number"), name);
	return false;
}

/* --- the state directory ----------------------------------------------- */

static bool
put_dir(char *out, size_t out_bytes, const char *base, const char *rest)
{
	int n = snprintf(out, out_bytes, "%s%s", base, rest);

	if (n >= 0 && (size_t)n < out_bytes)
		return true;
	say("%s", _("the path of the directory is too long"));
	return false;
}

bool
call_dir(const struct call *c, char *out, size_t out_bytes)
{
	const char *given = c->dir != NULL ? c->dir : getenv("YIZHAN_DIR");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (given != NULL && *given != '\0')
		return put_dir(out, out_bytes, given, "");
	if (geteuid() == 0 || access(CONFIG_DIR, R_OK | X_OK) == 0)
		return put_dir(out, out_bytes, CONFIG_DIR, "");
	if (state != NULL && *state == '/')
		return put_dir(out, out_bytes, state, "/yizhan");
	if (home != NULL && *home == '/')
		return put_dir(out, out_bytes, home, "/.local/state/yizhan");
	say("%s", _("say where the store is: --dir DIR"));
	return false;
}

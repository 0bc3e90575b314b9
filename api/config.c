/* config: the INI file that the agent and the command line both read. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "api/config.h"
#include "base/i18n.h"

enum { HOST_BYTES_MAX = 255 }; /* as agent/address.h has it */

/* What JSON and doubles still tell exactly. */
#define CONFIG_BYTES_MAX (UINT64_C(1) << 53)

/* A file on its way through libinih, which tells no line numbers to the
 * handler: they are counted where lines are read. */
struct parse {
	FILE *file;
	struct config *config;
	int line;        /* being read */
	int faulty_line; /* 0: none yet */
	char what[256];  /* is wrong with it */
};

static bool
port_is_valid(const char *text)
{
	char *end;
	long port;

	if (text[0] < '0' || text[0] > '9')
		return false;
	port = strtol(text, &end, 10);
	/* 0: any free port, for tests; the agent says which. */
	return *end == '\0' && end - text <= 5 && port <= 65535;
}

/* HOST:PORT or [V6]:PORT; whether there is such a host, the link finds out. */
static bool
address_is_valid(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t size;

	if (colon == NULL || colon == text || !port_is_valid(colon + 1))
		return false;
	size = (size_t)(colon - text);
	if (text[0] == '[') {
		if (size < 3 || colon[-1] != ']')
			return false;
		text++;
		size -= 2;
	} else if (memchr(text, ':', size) != NULL) {
		return false;
	}
	return size <= HOST_BYTES_MAX && strcspn(text, " \t[]") >= size;
}

static bool
set_text(char *out, size_t out_bytes, const char *value)
{
	size_t size = strlen(value);

	if (size == 0 || size >= out_bytes)
		return false;
	memcpy(out, value, size + 1);
	return true;
}

static bool
set_interval(struct config *c, const char *value)
{
	char *end;
	long seconds = strtol(value, &end, 10);

	if (end == value || *end != '\0' || seconds < CONFIG_INTERVAL_S_MIN ||
	    seconds > CONFIG_INTERVAL_S_MAX)
		return false;
	c->interval_s = (unsigned)seconds;
	return true;
}

bool
config_bytes(const char *text, uint64_t *out)
{
	uint64_t n = 0, unit = 1;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	if (*text == 'k' || *text == 'M')
		unit = *text++ == 'k' ? 1000 : 1000000;
	if (*text != '\0' || __builtin_mul_overflow(n, unit, &n) ||
	    n > CONFIG_BYTES_MAX)
		return false;
	*out = n;
	return true;
}

/* Lower case, digits, "-" and "_": it is a key in files and in JSON. */
static bool
class_is_sound(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size < CONFIG_CLASS_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

static bool
set_budget(struct config *c, const char *name, const char *value)
{
	uint64_t bytes;

	if (!class_is_sound(name) || !config_bytes(value, &bytes) ||
	    c->budget_count == CONFIG_BUDGETS_MAX)
		return false;
	(void)set_text(
	    c->budgets[c->budget_count].link_class, CONFIG_CLASS_BYTES, name);
	c->budgets[c->budget_count++].bytes = bytes;
	return true;
}

static bool
set_link(struct config *c, const char *pattern, const char *value, int line)
{
	size_t star = strcspn(pattern, "*");

	if (!class_is_sound(value) || c->link_count == CONFIG_LINKS_MAX ||
	    (pattern[star] == '*' && pattern[star + 1] != '\0') ||
	    !set_text(
	        c->links[c->link_count].pattern, CONFIG_LINK_BYTES, pattern) ||
	    !set_text(
	        c->links[c->link_count].link_class, CONFIG_CLASS_BYTES, value))
		return false;
	c->links[c->link_count++].line = line;
	return true;
}

/* A misspelt class would have no budget, and nobody would notice. 0: each is
 * there; else the line of the first that is not. */
static int
line_of_lost_class(const struct config *c)
{
	size_t i, j;

	for (i = 0; i < c->link_count; i++) {
		for (j = 0; j < c->budget_count; j++)
			if (strcmp(c->links[i].link_class,
			        c->budgets[j].link_class) == 0)
				break;
		if (j == c->budget_count)
			return c->links[i].line;
	}
	return 0;
}

/* Only the first fault is told: it is mended first, and often explains the
 * others. */
static bool
is_first_fault(struct parse *p)
{
	if (p->faulty_line != 0)
		return false;
	p->faulty_line = p->line;
	return true;
}

static bool
takes_address(const char *section, const char *name)
{
	return strcmp(section, "agent") == 0 &&
	       (strcmp(name, "listen") == 0 || strcmp(name, "parent") == 0);
}

static int
handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	struct config *c = p->config;
	bool is_agent = strcmp(section, "agent") == 0;
	bool is_good;

	if (is_agent && strcmp(name, "listen") == 0)
		is_good = address_is_valid(value) &&
		          set_text(c->listen, sizeof c->listen, value);
	else if (is_agent && strcmp(name, "parent") == 0)
		is_good = address_is_valid(value) &&
		          set_text(c->parent, sizeof c->parent, value);
	else if (is_agent && strcmp(name, "interval") == 0)
		is_good = set_interval(c, value);
	else if (is_agent && strcmp(name, "dir") == 0)
		is_good = set_text(c->dir, sizeof c->dir, value);
	else if (strcmp(section, "import") == 0 && strcmp(name, "source") == 0)
		is_good =
		    set_text(c->import_source, sizeof c->import_source, value);
	else if (strcmp(section, "budget") == 0)
		is_good = set_budget(c, name, value);
	else if (strcmp(section, "links") == 0)
		is_good = set_link(c, name, value, p->line);
	else {
		if (is_first_fault(p))
			snprintf(p->what, sizeof p->what,
			    _("there is no [%s] %s"), section, name);
		return 0;
	}
	if (!is_good && is_first_fault(p))
		snprintf(p->what, sizeof p->what,
		    takes_address(section, name)
		        ? _("[%s] %s is written HOST:PORT")
		        : _("[%s] %s cannot have this value"),
		    section, name);
	return is_good;
}

static char *
next_line(char *out, int size, void *stream)
{
	struct parse *p = stream;

	if (fgets(out, size, p->file) == NULL)
		return NULL;
	p->line++;
	if (strchr(out, '\n') == NULL && !feof(p->file)) {
		int c;

		if (is_first_fault(p))
			snprintf(p->what, sizeof p->what, "%s",
			    _("the line is too long"));
		while ((c = getc(p->file)) != EOF && c != '\n')
			;
	}
	return out;
}

void
config_defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	c->interval_s = CONFIG_INTERVAL_S;
}

static enum err
config_parse(FILE *file, const char *path, struct config *c, char *complaint,
    size_t complaint_bytes)
{
	struct parse p = {.file = file, .config = c};
	int line = ini_parse_stream(next_line, &p, handle, &p);
	const char *what = p.what;
	int lost = line_of_lost_class(c);

	if (ferror(file))
		return ERR_IO;
	if (line == 0 && p.faulty_line == 0 && lost > 0) {
		snprintf(complaint, complaint_bytes, _("%s, line %d: %s"), path,
		    lost, _("its class has no line in [budget]"));
		return ERR_FORMAT;
	}
	if (line <= 0 && p.faulty_line == 0)
		return line < 0 ? ERR_NOMEM : ERR_OK;
	/* Where the parser stumbled first, our handler was not asked. */
	if (p.faulty_line == 0 || (line > 0 && line < p.faulty_line))
		what = _("neither [SECTION] nor KEY = VALUE");
	else
		line = p.faulty_line;
	snprintf(
	    complaint, complaint_bytes, _("%s, line %d: %s"), path, line, what);
	return ERR_FORMAT;
}

enum err
config_read(
    const char *path, struct config *c, char *complaint, size_t complaint_bytes)
{
	FILE *file;
	enum err e;

	config_defaults(c);
	complaint[0] = '\0';
	file = fopen(path, "re");
	if (file == NULL) {
		if (errno == ENOENT || errno == ENOTDIR)
			return ERR_NOT_FOUND;
		return errno == EACCES ? ERR_NOT_ALLOWED : ERR_IO;
	}
	e = config_parse(file, path, c, complaint, complaint_bytes);
	fclose(file);
	return e;
}

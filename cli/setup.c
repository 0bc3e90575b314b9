/* setup: init, hub invite, join. */

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <qrencode.h>

#include "api/config.h"
#include "api/form.h"
#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/verbs.h"

static void
print_row(struct columns *columns, const char *title, const char *value)
{
	const char *cells[] = {title, value};

	if (value != NULL && *value != '\0')
		(void)columns_add(columns, cells);
}

/* --- init -------------------------------------------------------------- */

static bool
role_is_offered(const char *role)
{
	static const char *const roles[] = {"clinic", "relay", "hub", NULL};
	const char *nearest;

	if (role == NULL || strcmp(role, "clinic") == 0 ||
	    strcmp(role, "hub") == 0)
		return true;
	nearest = call_nearest(role, roles);
	if (nearest != NULL && strcmp(role, "relay") == 0)
		say("%s", _("the role relay is not available yet"));
	else if (nearest != NULL)
		say(_("there is no role \"%s\"; did you mean \"%s\"?"), role,
		    nearest);
	else
		say(_("there is no role \"%s\"; it is clinic or hub"), role);
	return false;
}

static void
print_store(const json_t *summary)
{
	struct columns *columns = columns_new(stdout, 2, NULL);

	if (columns == NULL)
		return;
	print_row(columns, _("role"), role_text(text_of(summary, "role")));
	print_row(columns, _("directory"), text_of(summary, "dir"));
	print_row(columns, _("name"), text_of(summary, "name"));
	print_row(columns, _("source"), text_of(summary, "source"));
	print_row(columns, _("node"), text_of(summary, "node"));
	print_row(columns, _("group"), text_of(summary, "group"));
	(void)columns_end(columns);
}

/* Whoever holds the root's secret is the group. */
static void
warn_of_root_key(const json_t *summary)
{
	const char *path = text_of(summary, "root_key_file");

	if (*path == '\0')
		return;
	say(_("IMPORTANT: the group's root key is in %s. Move it to a USB "
	      "stick now, keep that stick offline in a safe, and make a "
	      "second one. Who has it can take over the group; without it "
	      "no hub can ever be replaced."),
	    path);
}

int
verb_init(struct call *c)
{
	const char *role = call_option(c, "role");
	struct door_request q = {.create = true};
	struct door_reader r = {0};
	int exit_code;

	if (!role_is_offered(role))
		return door_refuse(c);
	q.request = json_pack("{s:s, s:s*, s:s*}", "op", "init", "role", role,
	    "name", call_option(c, "name"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_DONE) {
		if (!c->json)
			print_store(r.summary);
		warn_of_root_key(r.summary);
	}
	return door_end(c, &r, exit_code);
}

/* --- hub invite -------------------------------------------------------- */

static const char *
cell(const QRcode *qr, int x, int y)
{
	bool upper = false, lower = false;

	if (x >= 0 && x < qr->width) {
		if (y >= 0 && y < qr->width)
			upper = (qr->data[y * qr->width + x] & 1) != 0;
		if (y + 1 >= 0 && y + 1 < qr->width)
			lower = (qr->data[(y + 1) * qr->width + x] & 1) != 0;
	}
	/* What is light is drawn: terminals are dark. */
	if (upper)
		return lower ? " " : "\u2584";
	return lower ? "\u2580" : "\u2588";
}

/* Two rows of the code to a line of half blocks, four cells of margin. */
static void
draw_qr(const char *text)
{
	bool has_colour = output_has_colour(stderr);
	QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	int x, y;

	if (qr == NULL) {
		say("%s", _("the code could not be drawn"));
		return;
	}
	for (y = -4; y < qr->width + 4; y += 2) {
		fputs(has_colour ? "\033[97;40m" : "", stderr);
		for (x = -4; x < qr->width + 4; x++)
			fputs(cell(qr, x, y), stderr);
		fputs(has_colour ? "\033[0m\n" : "\n", stderr);
	}
	QRcode_free(qr);
}

/* Orgs stand behind --org, the first of them at once, more after it or each
 * behind an --org of its own. */
static json_t *
orgs_of(const struct call *c)
{
	json_t *orgs = json_array();
	size_t i;
	bool failed = orgs == NULL;

	for (i = 0; i < c->option_count; i++)
		if (strcmp(c->options[i].name, "org") == 0)
			failed |= json_array_append_new(orgs,
			              json_string(c->options[i].value)) != 0;
	for (i = 0; i < c->operand_count; i++)
		failed |= json_array_append_new(
		              orgs, json_string(c->operands[i])) != 0;
	if (!failed)
		return orgs;
	json_decref(orgs);
	return NULL;
}

int
verb_invite(struct call *c)
{
	struct door_request q = {0};
	struct door_reader r = {0};
	const char *code;
	int exit_code;

	if (!call_has(c, "org")) {
		say("%s", _("say for which orgs: --org REF"));
		return door_refuse(c);
	}
	q.request = json_pack("{s:s, s:o, s:s*}", "op", "invite", "orgs",
	    orgs_of(c), "name", call_option(c, "name"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_DONE) {
		code = text_of(r.summary, "code");
		if (!c->json)
			printf("%s\n", code);
		say(_("The code is good for one node, until %s."),
		    text_of(r.summary, "expires_at"));
		if (call_has(c, "qr"))
			draw_qr(code);
	}
	return door_end(c, &r, exit_code);
}

/* --- join -------------------------------------------------------------- */

static void
print_joined(const json_t *summary)
{
	const json_t *orgs = json_object_get(summary, "orgs"), *org;
	struct columns *columns = columns_new(stdout, 2, NULL);
	size_t i;

	if (columns == NULL)
		return;
	print_row(columns, _("node"), text_of(summary, "name"));
	json_array_foreach(orgs, i, org) print_row(
	    columns, i == 0 ? _("may act for") : "", json_string_value(org));
	print_row(columns, _("hub"), text_of(summary, "hub"));
	print_row(columns, _("address"), text_of(summary, "parent"));
	print_row(columns, _("group"), text_of(summary, "group"));
	(void)columns_end(columns);
}

/* Where there is no store, nobody but a configuration knows the hub. */
static bool
hub_is_configured(const struct call *c)
{
	char complaint[CONFIG_COMPLAINT_BYTES], dir[PATH_MAX];
	char path[PATH_MAX + 16];
	struct config config;
	enum err e;

	if (!call_dir(c, dir, sizeof dir))
		return false;
	snprintf(path, sizeof path, "%s/yizhan.conf", dir);
	e = config_read(path, &config, complaint, sizeof complaint);
	if (e == ERR_NOT_FOUND)
		e = config_read(
		    CONFIG_PATH, &config, complaint, sizeof complaint);
	/* What is wrong with it the door says. */
	return e == ERR_FORMAT || config.parent[0] != '\0';
}

int
verb_join(struct call *c)
{
	struct door_request q = {.create = true};
	struct door_reader r = {0};
	int exit_code;

	/* Asked before a store is made for nothing. */
	if (!form_code_is_valid(c->operands[0])) {
		say("%s",
		    _("the code is mistyped: compare it with the one that "
		      "was given out"));
		return door_refuse(c);
	}
	if (call_option(c, "hub") == NULL && !door_has_store(c) &&
	    !hub_is_configured(c)) {
		say("%s", _("say where the hub is: --hub HOST:PORT"));
		return door_refuse(c);
	}
	q.request = json_pack("{s:s, s:s, s:s*}", "op", "join", "code",
	    c->operands[0], "hub", call_option(c, "hub"));
	exit_code = door_run(c, &q, &r);
	if (exit_code == API_DONE && !c->json)
		print_joined(r.summary);
	return door_end(c, &r, exit_code);
}

/* people: sign-in, sign-out, whoami, act-for, staff. */

#include <string.h>

#include "base/i18n.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/secret.h"
#include "cli/verbs.h"

enum { NAMED_BYTES = 1024, ROLES_BYTES = 256 };

/* "S0001 王芳": a ref and the name that goes with it. */
static void
named(const json_t *s, const char *ref, const char *name, char *out,
    size_t out_bytes)
{
	const char *text = text_of(s, name);

	snprintf(out, out_bytes, "%s%s%s", text_of(s, ref),
	    *text == '\0' ? "" : " ", text);
}

static const char *
role_word(const char *word)
{
	static const struct {
		const char *word, *text;
	} words[] = {
	    {"doctor", N_("doctor")},
	    {"clinic_admin", N_("clinic administrator")},
	    {"group_admin", N_("group administrator")},
	    {"auditor", N_("auditor")},
	};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].word, word) == 0)
			return _(words[i].text);
	return word;
}

static void
join_roles(const json_t *roles, char *out, size_t out_bytes)
{
	const json_t *role;
	size_t i, used = 0;

	snprintf(out, out_bytes, "-");
	json_array_foreach(roles, i, role)
	{
		int n = snprintf(out + used, out_bytes - used, "%s%s",
		    i == 0 ? "" : _(", "), role_word(json_string_value(role)));

		if (n < 0 || (size_t)n >= out_bytes - used)
			return;
		used += (size_t)n;
	}
}

void
people_rows(const json_t *s, struct columns *c)
{
	char who[NAMED_BYTES], org[NAMED_BYTES], roles[ROLES_BYTES];
	const char *rows[][2] = {
	    {_("signed in"), who}, {_("roles"), roles}, {_("acting for"), org}};
	size_t i;

	if (*text_of(s, "signed_in") == '\0')
		return;
	named(s, "signed_in", "signed_in_name", who, sizeof who);
	named(s, "acting_org", "acting_org_name", org, sizeof org);
	join_roles(json_object_get(s, "roles"), roles, sizeof roles);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		(void)columns_add(c, rows[i]);
}

/* Who is signed in; "" for nobody. */
static void
signed_in(const struct call *c, char *out, size_t out_bytes)
{
	struct door_request q = {.request = json_pack("{s:s}", "op", "status")};
	struct door_reader r = {0};
	bool is_known = door_run(c, &q, &r) == API_DONE;

	snprintf(out, out_bytes, "%s",
	    is_known ? text_of(r.summary, "signed_in") : "");
	json_decref(r.summary);
}

bool
people_is_signed_in(const struct call *c)
{
	char who[NAMED_BYTES];

	signed_in(c, who, sizeof who);
	return who[0] != '\0';
}

static void
print_person(const json_t *summary)
{
	struct columns *c = columns_new(stdout, 2, NULL);

	if (c == NULL)
		return;
	people_rows(summary, c);
	(void)columns_end(c);
}

/* --- one person -------------------------------------------------------- */

/* An operation that takes a secret. */
static int
run_with_secret(struct call *c, const char *operation, enum secret_kind kind,
    struct door_reader *r)
{
	struct secret secret;
	struct api_input input;
	struct door_request q = {0};
	int exit_code;

	/* Nor is it said again, as other words too many are. */
	if (c->operand_count > 1) {
		say("%s",
		    _("a PIN is never given on the command line, where other "
		      "users see it: set another one if that was it"));
		return door_refuse(c);
	}
	if (!secret_read(c, kind, &secret)) {
		secret_wipe(&secret);
		return door_refuse(c);
	}
	input = secret_input(&secret);
	q.input = &input;
	q.request = json_pack("{s:s, s:s, s:b}", "op", operation, "staff",
	    c->operands[0], "as_owner", (int)call_has(c, "as-owner"));
	exit_code = door_run(c, &q, r);
	secret_wipe(&secret);
	return exit_code;
}

static void
say_tries_left(const json_t *summary)
{
	if (json_object_get(summary, "tries_left") != NULL &&
	    number_of(summary, "tries_left") > 0)
		say(_("tries left: %lld"), number_of(summary, "tries_left"));
}

int
verb_sign_in(struct call *c)
{
	struct door_reader r = {0};
	int exit_code = run_with_secret(c, "sign_in", SECRET_PRESENT, &r);

	say_tries_left(r.summary);
	if (exit_code == API_DONE && !c->json)
		print_person(r.summary);
	return door_end(c, &r, exit_code);
}

static int
run_plain(struct call *c, json_t *request)
{
	struct door_request q = {.request = request};
	struct door_reader r = {0};
	int exit_code = door_run(c, &q, &r);

	if (exit_code == API_DONE && !c->json)
		print_person(r.summary);
	return door_end(c, &r, exit_code);
}

int
verb_sign_out(struct call *c)
{
	return run_plain(c, json_pack("{s:s}", "op", "sign_out"));
}

int
verb_whoami(struct call *c)
{
	return run_plain(c, json_pack("{s:s}", "op", "whoami"));
}

int
verb_act_for(struct call *c)
{
	return run_plain(
	    c, json_pack("{s:s, s:s}", "op", "act_for", "org", c->operands[0]));
}

/* --- administering ----------------------------------------------------- */

/* Whose own PIN it is gives the present one too. */
static enum secret_kind
kind_of_pin(const struct call *c)
{
	const char *staff = c->operands[0];
	char who[NAMED_BYTES];

	if (call_has(c, "as-owner"))
		return SECRET_NEW;
	signed_in(c, who, sizeof who);
	if (strncmp(staff, "ref:", 4) == 0)
		staff += 4;
	return strcmp(who, staff) == 0 ? SECRET_CHANGE : SECRET_NEW;
}

int
verb_staff_pin(struct call *c)
{
	struct door_reader r = {0};
	int exit_code = run_with_secret(c, "staff_pin", kind_of_pin(c), &r);

	say_tries_left(r.summary);
	if (exit_code == API_DONE)
		say("%s", _("The PIN is set."));
	return door_end(c, &r, exit_code);
}

int
verb_staff_unlock(struct call *c)
{
	return run_plain(
	    c, json_pack("{s:s, s:s, s:b}", "op", "staff_unlock", "staff",
	           c->operands[0], "as_owner", (int)call_has(c, "as-owner")));
}

int
verb_staff_require(struct call *c)
{
	const char *word = c->operands[0];
	bool is_on = strcmp(word, "on") == 0;

	if (!is_on && strcmp(word, "off") != 0) {
		say(_("\"%s\" is neither on nor off"), word);
		return door_refuse(c);
	}
	return run_plain(
	    c, json_pack("{s:s, s:b, s:b}", "op", "staff_require", "required",
	           (int)is_on, "as_owner", (int)call_has(c, "as-owner")));
}

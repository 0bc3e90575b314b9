/* people: who asks, and whether he may. */

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/index.h"
#include "store/pin.h"

/* --- time -------------------------------------------------------------- */

enum { BOOT_TEXT_BYTES = 36 };

static enum err
read_boot(uint8_t out[SIGNIN_BOOT_BYTES])
{
	char text[BOOT_TEXT_BYTES + 1] = "", digits[BOOT_TEXT_BYTES + 1];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	size_t i, n = 0;
	ssize_t got;

	if (fd < 0)
		return ERR_IO;
	got = read(fd, text, BOOT_TEXT_BYTES);
	close(fd);
	for (i = 0; got > 0 && i < (size_t)got; i++)
		if (text[i] != '-')
			digits[n++] = text[i];
	digits[n] = '\0';
	return hex_decode(out, SIGNIN_BOOT_BYTES, digits) == ERR_OK ? ERR_OK
	                                                            : ERR_IO;
}

/* Where the service may not look into /proc/sys, a sign-in ends with the
 * agent: through whom all commands go while it runs. */
static enum err
agents_start(const struct api *a, uint8_t out[SIGNIN_BOOT_BYTES])
{
	static const uint8_t none[SIGNIN_BOOT_BYTES];

	static_assert(sizeof a->start_id == SIGNIN_BOOT_BYTES, "the same");
	if (!a->is_agent || memcmp(a->start_id, none, sizeof none) == 0)
		return ERR_IO;
	memcpy(out, a->start_id, SIGNIN_BOOT_BYTES);
	return ERR_OK;
}

enum err
people_now(const struct op *o, struct signin_time *out)
{
	struct timespec now;
	enum err e;

	if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
		return ERR_IO;
	out->ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	e = read_boot(out->boot);
	return e == ERR_IO ? agents_start(o->api, out->boot) : e;
}

/* --- the group's records ----------------------------------------------- */

static enum err
read_of_group(
    struct txn *t, const char *kind, const char *ref, struct record *out)
{
	uint8_t key[KEY_RECORD_BYTES];

	key_record_of(txn_db(t), key, "", kind, ref);
	return record_read(t, key, out);
}

enum err
people_staff_read(struct txn *t, const char *staff, struct people_staff *out)
{
	const char *status, *home;
	struct record r;
	enum err e = read_of_group(t, "staff", staff, &r);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	status = json_string_value(json_object_get(r.fields, "status"));
	home = op_bare_ref(
	    json_string_value(json_object_get(r.fields, "home_org_id")));
	out->roles = roles_of(r.fields);
	out->is_active = status == NULL || strcmp(status, "active") == 0;
	if (home != NULL)
		snprintf(out->home_org, sizeof out->home_org, "%s", home);
	record_clear(&r);
	return ERR_OK;
}

void
people_name(struct txn *t, const char *kind, const char *ref, char *out,
    size_t out_bytes)
{
	const char *name;
	struct record r;

	out[0] = '\0';
	if (ref[0] == '\0' || read_of_group(t, kind, ref, &r) != ERR_OK)
		return;
	name = json_string_value(json_object_get(r.fields, "name"));
	if (name != NULL)
		snprintf(out, out_bytes, "%s", name);
	record_clear(&r);
}

enum err
people_top_org(struct txn *t, char out[REF_BYTES_MAX + 1])
{
	enum { ABOVE_MAX = 8 };
	char above[REF_BYTES_MAX + 1];
	uint8_t from[sizeof(uint16_t)];
	struct record r;
	struct bytes key;
	struct walk *w;
	int depth;
	enum err e;

	store_u16(from, key_kind_number("org"));
	e = walk_open(t, TABLE_RECORDS, from, sizeof from, &w);
	if (e != ERR_OK)
		return e;
	e = walk_next(w, &key, NULL);
	if (e == ERR_OK)
		e = key.size < KEY_RECORD_BYTES ||
		            memcmp(key.data, from, sizeof from) != 0
		        ? ERR_END
		        : record_read(t, key.data, &r);
	walk_close(w);
	if (e != ERR_OK)
		return e == ERR_END || e == ERR_CORRUPT ? ERR_NOT_FOUND : e;
	snprintf(out, REF_BYTES_MAX + 1, "%s", r.id.ref);
	record_clear(&r);
	for (depth = 0; depth < ABOVE_MAX; depth++) {
		if (index_parent_org(t, out, above, sizeof above) != ERR_OK)
			break;
		snprintf(out, REF_BYTES_MAX + 1, "%s", above);
	}
	return ERR_OK;
}

/* --- the gate ---------------------------------------------------------- */

bool
people_is_owner(const struct op *o)
{
	struct stat st;

	return o->uid == 0 || (stat(store_dir(o->api->store), &st) == 0 &&
	                          st.st_uid == o->uid);
}

/* What the gate reads, and the use it may have to write down. */
struct entry {
	struct op *op;
	struct signin signin;
	bool is_required, has_ended;
};

static enum err
find_person(struct entry *x, struct txn *t)
{
	struct who *who = &x->op->who;
	struct people_staff staff;
	enum err e = signin_read(t, x->op->uid, &who->now, &x->signin);

	x->has_ended = e == ERR_TIMEOUT;
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_TIMEOUT ? ERR_OK : e;
	e = people_staff_read(t, x->signin.staff, &staff);
	/* Whoever left since is signed in no more. */
	if (e != ERR_OK || !staff.is_active)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	who->is_signed_in = true;
	who->roles = staff.roles;
	snprintf(who->staff, sizeof who->staff, "%s", x->signin.staff);
	snprintf(who->org, sizeof who->org, "%s", x->signin.org);
	return ERR_OK;
}

static enum err
read_entry(struct entry *x)
{
	struct txn *t;
	uint64_t pins = 0;
	enum err e = db_begin(store_db(x->op->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = pin_count(t, &pins);
	/* Most stores end here: nobody has a PIN, so nothing is asked. */
	x->op->who.has_pins = pins > 0;
	if (e == ERR_OK && pins > 0)
		e = signin_is_required(t, &x->is_required);
	if (e == ERR_OK && pins > 0)
		e = people_now(x->op, &x->op->who.now);
	if (e == ERR_OK && pins > 0)
		e = find_person(x, t);
	txn_abort(t);
	return e;
}

enum err
people_read_again(const struct op *o, struct txn *t, struct signin *out)
{
	const struct signin_time *now = &o->who.now;
	enum err e = signin_read(t, o->uid, now, out);

	/* Another command of the same person was used a moment later. */
	if (e == ERR_TIMEOUT && out->used.ms > now->ms &&
	    memcmp(out->used.boot, now->boot, sizeof now->boot) == 0)
		e = ERR_OK;
	if (e == ERR_OK && strcmp(out->staff, o->who.staff) != 0)
		e = ERR_NOT_FOUND;
	return e == ERR_TIMEOUT ? ERR_NOT_FOUND : e;
}

/* Of the sign-in that was found, if it is still there: who signed out, or
 * another who signed in, while this command was on its way counts more. */
static enum err
touch(void *context, struct txn *t)
{
	const struct entry *x = context;
	struct signin s;
	enum err e = people_read_again(x->op, t, &s);

	if (e != ERR_OK || s.used.ms != x->signin.used.ms)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	s.used = x->op->who.now;
	return signin_write(t, x->op->uid, &s);
}

static enum err
judge(struct entry *x, unsigned roles)
{
	struct op *o = x->op;

	if ((roles & ROLE_ANYONE) != 0 ||
	    (o->who.is_signed_in && (o->who.roles & roles) != 0))
		return ERR_OK;
	if (o->who.is_signed_in)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Your role does not allow this: yizhan whoami shows "
		       "it. Ask an administrator of the clinic or the group "
		       "to do it."));
	if (!x->is_required ||
	    ((roles & ROLE_OWNER) != 0 && people_is_owner(o)))
		return ERR_OK;
	if (x->has_ended)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("You were signed out after 15 minutes without use, or "
		       "by a restart of the computer: yizhan sign-in STAFF."));
	return op_fail(
	    o, ERR_NOT_ALLOWED, N_("Sign in first: yizhan sign-in STAFF."));
}

enum err
people_gate(struct op *o, const char *operation)
{
	struct entry x = {.op = o};
	unsigned roles = roles_for(operation);
	enum err e = read_entry(&x);

	if (e == ERR_OK) {
		o->who.is_required = x.is_required;
		e = judge(&x, roles);
	}
	/* A program that asks for the status is nobody who works here. A disk
	 * too full to write the use down ends the sign-in earlier. */
	if (e == ERR_OK && o->who.is_signed_in && (roles & ROLE_ANYONE) == 0 &&
	    signin_is_stale(&x.signin, &o->who.now))
		(void)writer_do(o->api->writer, touch, &x);
	return e;
}

/* --- writing ----------------------------------------------------------- */

enum err
people_author(
    struct op *o, const struct kind *k, const char **by, const char **org)
{
	const struct who *who = &o->who;

	if (!who->is_signed_in)
		return ERR_OK;
	if (*by == NULL || **by == '\0')
		*by = who->staff;
	if (strcmp(*by, who->staff) != 0 && (who->roles & ROLES_ADMIN) == 0)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("To write in another person's name takes an "
		       "administrator of the clinic: leave --by out."));
	if (k != NULL && k->by_group && (who->roles & ROLE_GROUP_ADMIN) == 0)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Reference data takes an administrator of the "
		       "group."));
	if ((*org == NULL || **org == '\0') && who->org[0] != '\0')
		*org = who->org;
	return ERR_OK;
}

/* --- describing -------------------------------------------------------- */

enum { NAME_BYTES = 64 * 4 };

enum err
people_describe(struct op *o, json_t *object)
{
	const struct who *who = &o->who;
	char name[NAME_BYTES], org[NAME_BYTES];
	struct txn *t;
	json_t *more;
	enum err e;

	json_object_set_new(
	    object, "sign_in_required", json_boolean(who->is_required));
	if (!who->is_signed_in)
		return ERR_OK;
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	people_name(t, "staff", who->staff, name, sizeof name);
	people_name(t, "org", who->org, org, sizeof org);
	txn_abort(t);
	more = json_pack("{s:s, s:s, s:o, s:s, s:s}", "signed_in", who->staff,
	    "signed_in_name", name, "roles", roles_named(who->roles),
	    "acting_org", who->org, "acting_org_name", org);
	if (more == NULL || json_object_update(object, more) != 0)
		e = ERR_NOMEM;
	json_decref(more);
	return e;
}

/* op_people: sign-in, sign-out, whoami, act-for; PINs and who sets them. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "api/people.h"
#include "api/pin_right.h"
#include "base/i18n.h"
#include "store/admit.h"
#include "store/index.h"
#include "store/pin.h"
#include "store/vet.h"

enum {
	LOOK_WAIT_MS = 10000, /* for others' PINs to be looked at */
	LOOK_STEP_MS = 20,
};

/* A sign-in, or a PIN being set, on its way. */
struct person {
	struct op *op;
	const char *staff;
	struct people_staff record;
	struct pin pin;
	struct signin signin;
	char secret[2 * (PIN_BYTES_MAX + 3)]; /* as given, ends of line too */
	size_t secret_size;
	/* Where one changes his own there are two lines; views of secret. */
	const char *now, *new;
	size_t now_size, new_size;
};

/* --- the secret -------------------------------------------------------- */

static size_t
without_line_end(const char *text, size_t size)
{
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	return size;
}

/* It comes as input and never in the request, of which copies are made. */
static enum err
read_secret(struct person *p)
{
	struct api_input *in = p->op->input;
	long n = 0;

	while (in != NULL && p->secret_size < sizeof p->secret) {
		n = in->read(in->context, p->secret + p->secret_size,
		    sizeof p->secret - p->secret_size);
		if (n <= 0)
			break;
		p->secret_size += (size_t)n;
	}
	if (in == NULL || n < 0)
		return ERR_USAGE;
	p->secret_size = without_line_end(p->secret, p->secret_size);
	return p->secret_size == 0
	           ? op_fail(p->op, ERR_USAGE, N_("No PIN was given."))
	           : ERR_OK;
}

/* The present PIN stands in a line before the new one. */
static enum err
split_secret(struct person *p)
{
	const char *end = memchr(p->secret, '\n', p->secret_size);
	size_t first = end == NULL ? 0 : (size_t)(end - p->secret) + 1;

	if (end == NULL)
		return op_fail(p->op, ERR_USAGE,
		    N_("Who changes his own PIN gives the present one first: "
		       "two lines, the present PIN and the new one."));
	p->now = p->secret;
	p->now_size = without_line_end(p->secret, first);
	p->new = p->secret + first;
	p->new_size = p->secret_size - first;
	return ERR_OK;
}

static enum err
begin_look(struct op *o)
{
	const struct timespec step = {.tv_nsec = LOOK_STEP_MS * 1000000L};
	unsigned waited;

	for (waited = 0; waited < LOOK_WAIT_MS; waited += LOOK_STEP_MS) {
		if (!atomic_exchange(&o->api->is_pin_looked_at, true))
			return ERR_OK;
		nanosleep(&step, NULL);
	}
	return op_fail(
	    o, ERR_BUSY, N_("Others are signing in just now: try again."));
}

static void
end_look(struct op *o)
{
	atomic_store(&o->api->is_pin_looked_at, false);
}

/* --- whose ------------------------------------------------------------- */

static enum err
person_begin(struct person *p, struct op *o)
{
	struct txn *t;
	struct self self;
	enum err e = op_self(o, &self);

	self_wipe(&self);
	memset(p, 0, sizeof *p);
	p->op = o;
	p->staff = op_ref(o, "staff");
	if (e != ERR_OK)
		return e;
	if (p->staff == NULL || strlen(p->staff) > REF_BYTES_MAX)
		return ERR_USAGE;
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	e = people_staff_read(t, p->staff, &p->record);
	txn_abort(t);
	if (e == ERR_NOT_FOUND)
		return op_fail(o, e,
		    N_("There is no such staff record here. It comes with the "
		       "group's reference data: yizhan sync."));
	return e;
}

static void
person_end(struct person *p)
{
	sodium_memzero(p, sizeof *p);
}

static enum err
summarise(struct op *o)
{
	o->summary = json_object();
	return o->summary == NULL ? ERR_NOMEM : people_describe(o, o->summary);
}

/* --- signing in -------------------------------------------------------- */

static enum err
count_try(void *context, struct txn *t)
{
	struct person *p = context;

	return pin_try(t, p->staff, &p->pin);
}

/* Where he works if this node acts for that org, else the node's first. */
static void
choose_org(struct person *p, struct txn *t, const struct self *self)
{
	const struct cert *own = &self->chain[0];
	bool is_ours = !self->is_enrolled || self->role == ROLE_HUB ||
	               org_within(t, own, p->record.home_org);

	if (p->record.home_org[0] != '\0' && is_ours)
		snprintf(p->signin.org, sizeof p->signin.org, "%s",
		    p->record.home_org);
	else if (self->chain_count > 0 && own->org_count > 0)
		snprintf(
		    p->signin.org, sizeof p->signin.org, "%s", own->orgs[0]);
}

static enum err
write_signin(void *context, struct txn *t)
{
	struct person *p = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK) {
		p->signin.org[0] = '\0';
		choose_org(p, t, &self);
		e = pin_right(t, p->staff);
	}
	if (e == ERR_OK)
		e = signin_write(t, p->op->uid, &p->signin);
	if (e == ERR_OK)
		e = looked_forget(t, p->op->uid);
	self_wipe(&self);
	return e;
}

static enum err
tell_wrong(struct person *p)
{
	struct op *o = p->op;
	json_int_t left = PIN_TRIES_MAX - (json_int_t)p->pin.wrong;

	o->summary = json_pack("{s:i, s:s, s:I}", "exit", (int)API_NOT_ALLOWED,
	    "error", "pin_wrong", "tries_left", left);
	return op_fail_with(o, ERR_AUTH, API_NOT_ALLOWED,
	    left > 0 ? N_("The PIN is wrong.")
	             : N_("The PIN is wrong. After ten wrong tries it is "
	                  "locked: an administrator unlocks it with yizhan "
	                  "staff unlock STAFF."));
}

static enum err
try_pin(struct person *p, const char *secret, size_t size)
{
	struct op *o = p->op;
	enum err e = writer_do(o->api->writer, count_try, p);

	if (e == ERR_NOT_FOUND)
		return op_fail_with(o, e, API_NOT_ALLOWED,
		    N_("No PIN is set here for this person: yizhan staff pin "
		       "STAFF."));
	if (e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("Locked after ten wrong tries: an administrator "
		       "unlocks it with yizhan staff unlock STAFF."));
	if (e != ERR_OK)
		return e;
	e = pin_matches(&p->pin, secret, size);
	return e == ERR_AUTH ? tell_wrong(p) : e;
}

static enum err
sign_in(struct person *p)
{
	struct op *o = p->op;
	enum err e = read_secret(p);

	if (e == ERR_OK && !p->record.is_active)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("This person works for the group no more, as its "
		       "records say."));
	if (e == ERR_OK)
		e = people_now(o, &p->signin.used);
	if (e == ERR_OK)
		e = begin_look(o);
	if (e != ERR_OK)
		return e;
	e = try_pin(p, p->secret, p->secret_size);
	end_look(o);
	snprintf(p->signin.staff, sizeof p->signin.staff, "%s", p->staff);
	if (e == ERR_OK)
		e = writer_do(o->api->writer, write_signin, p);
	if (e != ERR_OK)
		return e;
	o->who.is_signed_in = true;
	o->who.roles = p->record.roles;
	snprintf(o->who.staff, sizeof o->who.staff, "%s", p->signin.staff);
	snprintf(o->who.org, sizeof o->who.org, "%s", p->signin.org);
	return summarise(o);
}

enum err
op_sign_in(struct op *o)
{
	struct person p;
	enum err e = person_begin(&p, o);

	if (e == ERR_OK)
		e = sign_in(&p);
	person_end(&p);
	return e;
}

static enum err
end_signin(void *context, struct txn *t)
{
	const struct op *o = context;
	enum err e = signin_end(t, o->uid);

	return e == ERR_OK ? looked_forget(t, o->uid) : e;
}

enum err
op_sign_out(struct op *o)
{
	return writer_do(o->api->writer, end_signin, o);
}

enum err
op_whoami(struct op *o)
{
	enum err e = summarise(o);

	if (e == ERR_OK && !o->who.is_signed_in)
		return op_fail_with(o, e, API_DONE,
		    o->who.is_required
		        ? N_("Nobody is signed in: yizhan sign-in STAFF.")
		        : N_("Nobody is signed in; this store does not require "
		             "it."));
	return e;
}

/* --- acting org -------------------------------------------------------- */

struct acting {
	struct op *op;
	const char *org;
	bool works_there;
};

static enum err
write_acting(void *context, struct txn *t)
{
	struct acting *a = context;
	const struct who *who = &a->op->who;
	struct signin s;
	char day[DATE_CHARS + 1];
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK && self.is_enrolled && self.role != ROLE_HUB &&
	    !org_within(t, &self.chain[0], a->org))
		e = ERR_NOT_ALLOWED;
	if (e == ERR_OK)
		e = people_read_again(a->op, t, &s);
	if (e == ERR_OK) {
		op_today(&self, day);
		a->works_there = day[0] == '\0' ||
		                 index_works_at(t, who->staff, a->org, day);
		snprintf(s.org, sizeof s.org, "%s", a->org);
		if (s.used.ms < who->now.ms)
			s.used = who->now;
		e = signin_write(t, a->op->uid, &s);
	}
	self_wipe(&self);
	return e;
}

enum err
op_act_for(struct op *o)
{
	struct acting a = {.op = o, .org = op_ref(o, "org")};
	enum err e;

	if (!o->who.is_signed_in)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Sign in first: yizhan sign-in STAFF."));
	if (a.org == NULL || !vet_ref_is_sound(a.org, strlen(a.org)))
		return ERR_USAGE;
	e = writer_do(o->api->writer, write_acting, &a);
	if (e == ERR_NOT_FOUND)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Sign in first: yizhan sign-in STAFF."));
	if (e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("This computer may not act for that organisation: "
		       "yizhan status shows for which it may."));
	if (e == ERR_OK && !a.works_there)
		e = op_emit(
		    o, "notice", op_finding(FINDING_NOT_AT_SITE, false, "org"));
	if (e != ERR_OK)
		return e;
	snprintf(o->who.org, sizeof o->who.org, "%s", a.org);
	return summarise(o);
}

/* --- PINs -------------------------------------------------------------- */

static enum err
write_pin(void *context, struct txn *t)
{
	struct person *p = context;
	enum pin_right right = PIN_IS_ANOTHERS;
	enum err e = pin_right_find(p->op, t, p->staff, &right);

	if (e == ERR_OK && right != PIN_ALLOWED)
		e = ERR_NOT_ALLOWED;
	return e == ERR_OK ? pin_write(t, p->staff, &p->pin) : e;
}

static enum err
check_right(struct person *p)
{
	struct op *o = p->op;
	enum pin_right right;
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = pin_right_find(o, t, p->staff, &right);
	txn_abort(t);
	if (e != ERR_OK || right == PIN_ALLOWED)
		return e;
	return op_fail(o, ERR_NOT_ALLOWED,
	    right == PIN_OF_ADMIN
	        ? N_("The first PIN of an administrator is set by another "
	             "administrator who is signed in, or by the store's "
	             "owner, --as-owner.")
	        : N_("This person has a PIN: only he himself, signed in, or "
	             "an administrator may set another. Who lost it and has "
	             "no administrator: the store's owner, --as-owner."));
}

/* An unlocked screen is not enough to take over whose sign-in it shows. */
static enum err
check_present(struct person *p)
{
	struct op *o = p->op;
	enum err e;

	p->new = p->secret;
	p->new_size = p->secret_size;
	if (!pin_is_own(o, p->staff) || op_flag(o, "as_owner"))
		return ERR_OK;
	e = split_secret(p);
	if (e == ERR_OK && !pin_is_fit(p->new, p->new_size))
		return ERR_OK; /* is said next, and is no guess */
	if (e == ERR_OK)
		e = begin_look(o);
	if (e != ERR_OK)
		return e;
	e = try_pin(p, p->now, p->now_size);
	end_look(o);
	return e;
}

static enum err
make_pin(struct person *p)
{
	struct op *o = p->op;
	enum err e = begin_look(o);

	if (e != ERR_OK)
		return e;
	e = pin_make(
	    store_db(o->api->store), p->new, p->new_size, PIN_COST, &p->pin);
	end_look(o);
	p->pin.set_at = api_now();
	if (o->who.is_signed_in)
		snprintf(
		    p->pin.set_by, sizeof p->pin.set_by, "%s", o->who.staff);
	return e;
}

/* By the time of now: a sign-in may have ended while this one was typed. */
static enum err
keep_pin(struct person *p)
{
	struct op *o = p->op;
	enum err e = ERR_OK;

	if (o->who.is_signed_in)
		e = people_now(o, &o->who.now);
	if (e == ERR_OK)
		e = writer_do(o->api->writer, write_pin, p);
	if (e != ERR_NOT_ALLOWED)
		return e;
	return op_fail(o, e,
	    N_("While this PIN was typed a sign-in ended, or another was set: "
	       "nothing was changed. Begin again."));
}

static enum err
set_pin(struct person *p)
{
	struct op *o = p->op;
	enum err e = check_right(p);

	if (e == ERR_OK)
		e = read_secret(p);
	if (e == ERR_OK)
		e = check_present(p);
	if (e == ERR_OK && !pin_is_fit(p->new, p->new_size))
		return op_fail(o, ERR_USAGE,
		    N_("A PIN has 6 characters at least, a passphrase at most "
		       "128 bytes."));
	if (e == ERR_OK)
		e = make_pin(p);
	return e == ERR_OK ? keep_pin(p) : e;
}

enum err
op_staff_pin(struct op *o)
{
	struct person p;
	enum err e = person_begin(&p, o);

	if (e == ERR_OK)
		e = set_pin(&p);
	person_end(&p);
	return e;
}

static enum err
unlock(void *context, struct txn *t)
{
	const struct person *p = context;

	return pin_right(t, p->staff);
}

enum err
op_staff_unlock(struct op *o)
{
	struct person p;
	enum err e = person_begin(&p, o);

	if (e == ERR_OK && !pin_administers(o, p.record.roles))
		e = op_fail(o, ERR_NOT_ALLOWED,
		    N_("Only an administrator who is signed in unlocks a PIN, "
		       "or the store's owner, --as-owner."));
	if (e == ERR_OK)
		e = writer_do(o->api->writer, unlock, &p);
	person_end(&p);
	return e == ERR_NOT_FOUND && o->message == NULL
	           ? op_fail(o, e, N_("No PIN is set here for this person."))
	           : e;
}

/* --- whether one has to sign in ---------------------------------------- */

static enum err
write_required(void *context, struct txn *t)
{
	const struct op *o = context;
	uint64_t pins;
	enum err e = pin_count(t, &pins);

	if (e == ERR_OK && pins == 0)
		e = ERR_NOT_FOUND;
	return e == ERR_OK ? signin_require(t, op_flag(o, "required")) : e;
}

enum err
op_staff_require(struct op *o)
{
	bool is_owner = op_flag(o, "as_owner") && people_is_owner(o);
	bool is_admin =
	    o->who.is_signed_in && (o->who.roles & ROLES_ADMIN) != 0;
	enum err e;

	if (!is_owner && !is_admin)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("Only an administrator who is signed in decides this, "
		       "or the store's owner, --as-owner."));
	e = writer_do(o->api->writer, write_required, o);
	if (e == ERR_NOT_FOUND)
		return op_fail(o, e,
		    N_("Nobody has a PIN here yet: first yizhan staff pin "
		       "STAFF for an administrator."));
	o->who.is_required = op_flag(o, "required");
	return e == ERR_OK ? summarise(o) : e;
}

/* pin_right: who may set whose PIN. */

#include <string.h>

#include "api/pin_right.h"
#include "store/pin.h"

bool
pin_administers(const struct op *o, unsigned roles)
{
	if (op_flag(o, "as_owner"))
		return people_is_owner(o);
	if (!o->who.is_signed_in || (o->who.roles & ROLES_ADMIN) == 0)
		return false;
	return (o->who.roles & ROLE_GROUP_ADMIN) != 0 ||
	       (roles & ROLE_GROUP_ADMIN) == 0;
}

bool
pin_is_own(const struct op *o, const char *staff)
{
	return o->who.is_signed_in && strcmp(o->who.staff, staff) == 0;
}

/* Whether the sign-in that let this command in is still one, and of whom. */
static enum err
look_again(struct op *o, struct txn *t)
{
	struct people_staff asker;
	struct signin s;
	enum err e;

	if (!o->who.is_signed_in)
		return ERR_OK;
	e = people_read_again(o, t, &s);
	if (e == ERR_OK)
		e = people_staff_read(t, o->who.staff, &asker);
	o->who.is_signed_in = e == ERR_OK && asker.is_active;
	o->who.roles = o->who.is_signed_in ? asker.roles : 0;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The first time, where nobody has to sign in yet, anybody; but nobody makes
 * himself an administrator where people have PINs. */
static enum err
may_begin(struct txn *t, const char *staff, unsigned roles, enum pin_right *out)
{
	struct pin before;
	bool is_required = false;
	uint64_t pins = 0;
	enum err e = pin_read(t, staff, &before);

	pin_wipe(&before);
	*out = PIN_IS_ANOTHERS;
	if (e == ERR_OK)
		return ERR_OK;
	e = e == ERR_NOT_FOUND ? signin_is_required(t, &is_required) : e;
	if (e == ERR_OK)
		e = pin_count(t, &pins);
	if (e == ERR_OK && !(is_required && pins > 0))
		*out = pins == 0 || (roles & ROLES_ADMIN) == 0 ? PIN_ALLOWED
		                                               : PIN_OF_ADMIN;
	return e;
}

enum err
pin_right_find(
    struct op *o, struct txn *t, const char *staff, enum pin_right *out)
{
	struct people_staff record;
	enum err e = people_staff_read(t, staff, &record);

	if (e == ERR_OK)
		e = look_again(o, t);
	if (e != ERR_OK)
		return e;
	*out = PIN_ALLOWED;
	if (pin_administers(o, record.roles) || pin_is_own(o, staff))
		return ERR_OK;
	if (!op_flag(o, "as_owner"))
		return may_begin(t, staff, record.roles, out);
	*out = PIN_IS_ANOTHERS;
	return ERR_OK;
}

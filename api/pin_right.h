/* pin_right: who may set whose PIN; inside api/ only. */

#ifndef YIZHAN_API_PIN_RIGHT_H
#define YIZHAN_API_PIN_RIGHT_H

#include "api/people.h"

enum pin_right {
	PIN_ALLOWED,
	PIN_IS_ANOTHERS, /* he has one, or everybody has to sign in */
	PIN_OF_ADMIN,    /* the first of an administrator, where others have
	                    one */
};

/** Whether the one who asks may set a PIN, or unlock it, of who has these
 * roles: an administrator, but not one of a clinic for one of the group; the
 * store's owner, who says so. */
bool pin_administers(const struct op *o, unsigned roles);
/** Whether it is his own. */
bool pin_is_own(const struct op *o, const char *staff);

/**
 * What this transaction says of it, whatever was true when the command came:
 * a PIN is typed at leisure, and may come through a client that waits for
 * days. So it is asked before the PIN is read, lest one be typed in vain, and
 * again where it is written, with o->who.now of that moment. ERR_NOT_FOUND:
 * there is no such staff record any more.
 */
enum err pin_right_find(
    struct op *o, struct txn *t, const char *staff, enum pin_right *out);

#endif

/* people: who asks, whether he may, and that he read; inside api/ only.
 *
 * api_run() has each request pass people_gate() first. Where nobody signed in
 * and the store does not require it, everything is as it was without this.
 */

#ifndef YIZHAN_API_PEOPLE_H
#define YIZHAN_API_PEOPLE_H

#include "api/op.h"
#include "api/role.h"
#include "store/looked.h"

/** This moment; ERR_IO: the system does not tell. */
enum err people_now(const struct op *o, struct signin_time *out);

/** Find out who asks (o->who) and whether he may run the operation.
 * ERR_NOT_ALLOWED, with message and exit: he may not. */
enum err people_gate(struct op *o, const char *operation);

/** The sign-in that let this command in, in a transaction that writes it.
 * ERR_NOT_FOUND: it has ended meanwhile, or is another's. */
enum err people_read_again(
    const struct op *o, struct txn *t, struct signin *out);

/** Whether the user of the system who asks is the store's owner, or root. */
bool people_is_owner(const struct op *o);

/** The staff record: its roles, the home org (NULL: not wanted) and whether he
 * works. ERR_NOT_FOUND: no such record here. */
struct people_staff {
	unsigned roles;
	bool is_active;
	char home_org[REF_BYTES_MAX + 1];
};
enum err people_staff_read(
    struct txn *t, const char *staff, struct people_staff *out);
/** Name of a record of the group's, "" where it is not here. */
void people_name(struct txn *t, const char *kind, const char *ref, char *out,
    size_t out_bytes);

/** An org that no other is above: where the group's own node works, and nobody
 * says more. ERR_NOT_FOUND: no org's record is here. */
enum err people_top_org(struct txn *t, char out[REF_BYTES_MAX + 1]);

/** In whose name and for which org something is written: who is signed in,
 * and the acting org, where nothing else is said. ERR_NOT_ALLOWED, with its
 * message: in another's name, or reference data. */
enum err people_author(
    struct op *o, const struct kind *k, const char **by, const char **org);

/** Who reads: signed in, or where that is not required, named by `by`. NULL:
 * nobody said. */
const char *people_reader(const struct op *o);
/**
 * Note durably that these residents' record is read, before it is shown. What
 * is one reading with an earlier one is not noted again. Where people have
 * PINs, who did not sign in is told by the user of the system; where nobody
 * has, and nobody is named, it does nothing. On a full disk it says so to the
 * reader and lets him read.
 */
enum err people_note_reading(struct op *o, const struct looked_whom *whom);
/** The same for an operation that shows records of a kind (NULL: all) of
 * nobody in particular. */
enum err people_note_many(struct op *o, const char *verb, const char *kind);

/** Who is signed in, as members of object; nothing where nobody is. */
enum err people_describe(struct op *o, json_t *object);

#endif

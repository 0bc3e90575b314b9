/* role: what people may do at a store where they sign in, as a table.
 *
 * What a person may do follows from the staff record, which only the group
 * writes: its `roles`, or where it names none, the post in `role`. Nothing of
 * this replaces the certificates: what a node may write in whose name the
 * store judges (store/vet.h), and every other node again.
 */

#ifndef YIZHAN_API_ROLE_H
#define YIZHAN_API_ROLE_H

#include <stdbool.h>

#include <jansson.h>

enum role {
	ROLE_DOCTOR = 1,       /* who sees patients and records */
	ROLE_CLINIC_ADMIN = 2, /* runs a site: PINs, corrections for others */
	ROLE_GROUP_ADMIN = 4,  /* the group's: reference data, nodes, decisions
	                        */
	ROLE_AUDITOR = 8,      /* reads, and what was read; writes nothing */
	/* Two that are nobody's post. */
	ROLE_OWNER = 16,  /* the user of the system whose store it is, without
	                     signing in: what runs at night */
	ROLE_ANYONE = 32, /* without signing in: shows nobody's record */

	ROLES_ADMIN = ROLE_CLINIC_ADMIN | ROLE_GROUP_ADMIN,
	ROLES_STAFF = ROLES_ADMIN | ROLE_DOCTOR | ROLE_AUDITOR,
	ROLES_WRITING = ROLES_ADMIN | ROLE_DOCTOR,
};

/** The roles of a staff record's fields, or 0. */
unsigned roles_of(const json_t *staff);
/** Who may run an operation. One that the table does not name is for
 * administrators. */
unsigned roles_for(const char *operation);
/** Whether the table names an operation. */
bool role_is_listed(const char *operation);
/** The words of the record for these roles, as an array; NULL: no memory. */
json_t *roles_named(unsigned roles);

#endif

/* scope_oracle: what its two files share. Only they include this.
 *
 * scope_oracle.c has what is granted and followed, scope_oracle_word.c who
 * began a record, whom it names and whose word opens a file.
 */

#ifndef YIZHAN_TESTS_SIM_SCOPE_ORACLE_H
#define YIZHAN_TESTS_SIM_SCOPE_ORACLE_H

#include "store/merge.h"
#include "tests/sim/scope_group.h"

/* KEEPS: it is in doubt whose the record is: what stands on its list may stay,
 * and nothing comes. */
enum { BASIC = 1, FULL = 2, LEVEL = 3, KEEPS = 4 };

typedef uint8_t levels[SCOPE_ORGS];

/* Per record: what it says, of those that are here. */
extern struct record *versions;

/** A field of a record as it is here; "": nothing. */
const char *said(size_t r, const char *field);
bool is_kind(size_t r, const char *kind);
/** Of the changes here; skip: leaves out what this says in a field; NULL:
 * nothing. */
bool merge(size_t r, const bool *skip, const char *field, struct record *out);
void raise_to(levels l, const char *org, uint8_t level);

/** Those of its fields and who began it. */
void all_named(size_t r, levels l);
/** Of a resident's file. */
void holders(size_t r, levels l);
/** Whether the group brought it into a state, of whom the field names now. */
bool group_wrote(size_t r, const char *state, const char *field);
/** Whether another than the org wrote, likewise, knowing of both sides. */
bool another_wrote(size_t r, int org, const char *field);
/** Whether the group said that the entries of a link are one. */
bool group_linked(size_t q);

#endif

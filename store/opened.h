/* opened: files that teams open by contracts of their own, at the hub.
 *
 * A contract that nothing speaks against is in force, and gives its team the
 * resident's whole file, also where another org keeps that. So that nobody
 * reads a county's files by signing everybody, each such grant is listed, and
 * of what one computer signed only so many open a file in a day: further
 * contracts are in force too, but say in `file_access` that a person of the
 * group is asked first. Until then they give name, allergies and plans
 * (decisions/0042).
 */

#ifndef YIZHAN_STORE_OPENED_H
#define YIZHAN_STORE_OPENED_H

#include "store/contest_set.h"

/* A contract's field and its words. */
#define OPENED_FIELD "file_access"
#define OPENED_ASKED                                                           \
	"asked"              /* by the machine: basic until a person decides   \
	                      */
#define OPENED_BASIC "basic" /* a person has decided: no more than that */
#define OPENED_FULL  "full"  /* likewise: the whole file */

/* Files of other orgs that contracts of one computer open in a day of the
 * group's time. A township signs some 20 residents a working day, nearly all
 * of them its own. */
enum { OPENED_A_DAY = 30 };

/** Judge the contract in place i of a set, and put into fields what is to be
 * said of it. What opens a file is listed and counted once; where is_old, it
 * was open before that was counted. */
enum err opened_judge(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i, int64_t now, bool is_old,
    json_t *fields);

#endif

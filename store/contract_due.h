/* contract_due: contracts that have to be renewed, or should have been.
 *
 * A view, as expiry is: what a day makes of the records here.
 */

#ifndef YIZHAN_STORE_CONTRACT_DUE_H
#define YIZHAN_STORE_CONTRACT_DUE_H

#include "store/record.h"

/* Days before a contract's last one from which on it is told, and after it
 * until it is history: a renewal counts as one within 60 days. */
enum { CONTRACT_DUE_DAYS = 60 };

enum contract_due {
	CONTRACT_NOT_DUE,
	CONTRACT_ENDS_SOON,   /* and no other of the resident follows */
	CONTRACT_NOT_RENEWED, /* it is over, likewise */
};

/** What a day (YYYY-MM-DD) makes of a contract. Costs nothing where its last
 * day is far, else the records of its resident's contracts. */
enum err contract_due(struct txn *t, const struct record *contract,
    const char *day, enum contract_due *out);

/** "ends_soon", "not_renewed"; NULL: not due. */
const char *contract_due_word(enum contract_due due);

#endif

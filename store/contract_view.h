/* contract_view: what a contract promises on a day, and what of it was done
 * (履约): computed from the services and package changes that are here.
 */

#ifndef YIZHAN_STORE_CONTRACT_VIEW_H
#define YIZHAN_STORE_CONTRACT_VIEW_H

#include "store/record.h"

/**
 * The plan of a contract on a day ("": the first one), as
 * {"from_on": day or null, "packages": [...],
 *  "items": [{"item", "planned", "done", "last_on" or null}, ...]}.
 *
 * Items in the order of the packages, then what was done beyond them. All that
 * was ever done counts, whoever did it and whatever became of the contract.
 * ERR_NOMEM, or that of a broken store; a service that cannot be read is left
 * out.
 */
enum err contract_plan(struct txn *t, const struct record *contract,
    const char *day, json_t **out);

#endif

/* contract: what people are told of a contract besides its record: whether it
 * counts while it is contested, and what of its plan was done.
 */

#ifndef YIZHAN_CLI_CONTRACT_H
#define YIZHAN_CLI_CONTRACT_H

#include "cli/output.h"

/** In words for a list, of a contract that is contested; NULL: it is not, or
 * the record is no contract. */
const char *contract_dispute(const json_t *record);

/** Add rows of two cells below a contract; now is the answer's `now`, or
 * NULL. Nothing for other records. */
enum err contract_show(
    struct columns *c, const json_t *record, const json_t *now);

#endif

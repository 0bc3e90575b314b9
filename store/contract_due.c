/* contract_due: contracts that have to be renewed, or should have been. */

#include <string.h>

#include "store/contract_due.h"
#include "store/date.h"
#include "store/linked.h"
#include "store/rules.h"

enum { CONTRACTS_MOST = 64 };

static bool
is_in_force(const json_t *fields)
{
	return rule_state_is(fields, "signed") ||
	       rule_state_is(fields, "active") ||
	       rule_state_is(fields, "contested") ||
	       rule_state_is(fields, "expired");
}

/* It runs on when the other is over, soon enough to be its successor. */
static bool
follows(const json_t *next, const char *last)
{
	const char *start = rule_day(next, "start_on");
	const char *end = rule_day(next, "end_on");

	return is_in_force(next) && start != NULL && end != NULL &&
	       date_days(end) > date_days(last) &&
	       date_days(start) - date_days(last) <= CONTRACT_DUE_DAYS;
}

static enum err
find_among(struct txn *t, const uint8_t entry[KEY_RECORD_BYTES],
    const char *last, bool *found)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = linked_contracts(t, entry, CONTRACTS_MOST, &keys);

	for (at = 0; e == ERR_OK && !*found && at < keys.size;
	     at += KEY_RECORD_BYTES) {
		struct record r;

		e = record_read(t, keys.data + at, &r);
		if (e == ERR_OK) {
			*found = follows(r.fields, last);
			record_clear(&r);
		} else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
			e = ERR_OK; /* verify's to tell */
		}
	}
	buffer_free(&keys);
	return e;
}

/* Of the resident, by whatever entry; one that is awaited may have contracts.
 */
static enum err
has_successor(
    struct txn *t, const struct record *contract, const char *last, bool *found)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct linked all;
	size_t i;
	enum err e = ERR_OK;

	*found = false;
	if (rule_ref(contract->fields, "resident_id") == NULL)
		return ERR_OK;
	e = linked_resident(t, &contract->id, contract->fields, key);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = linked_all(t, key, &all);
	for (i = 0; e == ERR_OK && !*found && i < all.count; i++)
		e = find_among(t, all.key[i], last, found);
	return e;
}

enum err
contract_due(struct txn *t, const struct record *contract, const char *day,
    enum contract_due *out)
{
	const char *last = rule_day(contract->fields, "end_on");
	int32_t left;
	bool found;
	enum err e;

	*out = CONTRACT_NOT_DUE;
	if (last == NULL || *day == '\0' || !is_in_force(contract->fields))
		return ERR_OK;
	left = date_days(last) - date_days(day);
	if (left > CONTRACT_DUE_DAYS || left < -CONTRACT_DUE_DAYS)
		return ERR_OK;
	e = has_successor(t, contract, last, &found);
	if (e == ERR_OK && !found)
		*out = left < 0 ? CONTRACT_NOT_RENEWED : CONTRACT_ENDS_SOON;
	return e;
}

const char *
contract_due_word(enum contract_due due)
{
	switch (due) {
	case CONTRACT_ENDS_SOON:
		return "ends_soon";
	case CONTRACT_NOT_RENEWED:
		return "not_renewed";
	case CONTRACT_NOT_DUE:
		break;
	}
	return NULL;
}

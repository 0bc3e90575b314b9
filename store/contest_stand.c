/* contest_stand: contracts that came active and that the group lets stand. */

#include <string.h>

#include "store/contest_stand.h"
#include "store/rules.h"
#include "store/scope.h"

/* Rows of `meta`: this and a contract's key; empty. */
static const char stands_prefix[] = "contest.stands:";

enum {
	PREFIX_BYTES = sizeof stands_prefix - 1,
	ROW_BYTES = PREFIX_BYTES + KEY_RECORD_BYTES,
};

static void
row_key(const uint8_t contract[KEY_RECORD_BYTES], uint8_t row[ROW_BYTES])
{
	memcpy(row, stands_prefix, PREFIX_BYTES);
	memcpy(row + PREFIX_BYTES, contract, KEY_RECORD_BYTES);
}

bool
contest_stands(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[ROW_BYTES];

	row_key(key, row);
	return txn_has(t, TABLE_META, row, sizeof row) == ERR_OK;
}

/* Whether it is in force by what was said of it, without a word of the
 * group's. */
static bool
is_active_unsaid(const struct contest_set *s, size_t i)
{
	return s->contest.of[i].word == CONTEST_ACTIVE &&
	       !s->record[i].is_groups && !s->record[i].is_renamed &&
	       rule_state_is(s->record[i].present.fields, "active");
}

enum err
contest_stand(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i)
{
	const uint8_t *key = s->record[i].key;
	bool is_active = is_active_unsaid(s, i);
	/* Where the team is the managing org's, the file is its own anyway. */
	bool is_due = is_active && !s->contest.of[i].is_managing;
	uint8_t row[ROW_BYTES];
	enum err e;

	/* While it is in doubt whose it is it grants nothing new, and no less
	 * for whose it may be. What is over stands for nobody. */
	if ((s->contest.of[i].is_begun_twice && is_active) ||
	    is_due == contest_stands(t, key))
		return ERR_OK;
	row_key(key, row);
	e = is_due ? txn_put(t, TABLE_META, row, sizeof row, "", 0)
	           : txn_delete(t, TABLE_META, row, sizeof row);
	return e == ERR_OK ? scope_settle(t, self, key) : e;
}

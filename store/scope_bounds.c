/* scope_bounds: what is done where a bound of scopes is met. Nothing ends in an
 * error: who is due by the record itself stays, and the group is told.
 */

#include <stdio.h>
#include <string.h>

#include "store/question.h"
#include "store/scope.h"
#include "store/team_feed.h"

static const char crowded[] = "scopes.crowded";

bool
scope_knows_org(struct txn *t, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (strncmp(ref, TEAM_PREFIX, sizeof TEAM_PREFIX - 1) == 0)
		return true;
	key_record_of(txn_db(t), key, "", "org", ref);
	return record_exists(t, key);
}

enum err
scope_tell_bound(struct txn *t, const struct self *self,
    const struct identity *id, enum finding_code code)
{
	struct question q = {
	    .type = QUESTION_WARNING, .code = code, .at = self->trusted_at};
	enum err e = ERR_OK;

	snprintf(q.origin, sizeof q.origin, "%.64s", id->source);
	snprintf(q.kind, sizeof q.kind, "%s", id->kind);
	snprintf(q.ref, sizeof q.ref, "%s", id->ref);
	if (code == FINDING_SCOPE_CROWDED)
		e = meta_put_number(t, crowded, 1);
	return e == ERR_OK ? question_put(t, &q) : e;
}

enum err
scope_was_crowded(struct txn *t, bool *out)
{
	uint64_t is;
	enum err e = meta_get_number(t, crowded, &is);

	*out = e == ERR_OK && is != 0;
	return e;
}

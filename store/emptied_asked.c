/* emptied_asked: what waited about a record that was emptied here (emptying.h)
 * is nothing to decide here any more. Where the record is filled in again its
 * notes put the rows again (notes.h).
 */

#include "store/candidate.h"
#include "store/emptying.h"
#include "store/index.h"
#include "store/question.h"

static bool
is_emptied_ref(struct txn *t, const char *kind, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES];

	return index_resolve(t, "", kind, ref, key) == ERR_OK &&
	       emptying_is_emptied(t, key);
}

/* Rows of other types tell of lines and changes, which are this node's own. */
static bool
is_gone(void *context, const struct question *q)
{
	struct txn *t = context;
	uint8_t key[KEY_RECORD_BYTES];

	if (q->type != QUESTION_DUE && q->type != QUESTION_MATTER)
		return false;
	/* Of two visits; the other's ref stands where the source would. */
	if (q->code == FINDING_TWO_PLACES)
		return is_emptied_ref(t, q->kind, q->ref) ||
		       is_emptied_ref(t, q->kind, q->origin);
	if (q->code == FINDING_CANDIDATE &&
	    candidate_other(t, q, key) == ERR_OK && emptying_is_emptied(t, key))
		return true;
	key_record_of(txn_db(t), key, q->origin, q->kind, q->ref);
	return emptying_is_emptied(t, key);
}

enum err
emptying_drop_questions(struct txn *t)
{
	return question_drop_if(t, is_gone, t);
}

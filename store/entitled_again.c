/* entitled_again: what comes later and shows whether a word was its author's.
 *
 * A link, a decision or the end of a contract may reach the hub before the
 * resident it is about, or before what makes somebody his keeper. So where
 * either comes, all that names him is judged once more: what was right is not
 * asked about any more, and what was wrong is.
 */

#include <string.h>

#include "store/entitled.h"
#include "store/scope.h"

/* Records of other sources mean it only while it is the only one of its ref;
 * when a second one comes, those that meant the first mean nobody. */
static const char *
named_by(struct txn *t, const struct identity *id)
{
	enum { FEW = 2 };
	struct buffer keys = {0};
	enum err e = naming_walk(
	    t, id->kind, id->ref, NAMING_HOLDERS, NULL, FEW + 1, &keys);
	bool are_few = e == ERR_OK && keys.size <= FEW * KEY_RECORD_BYTES;

	buffer_free(&keys);
	return are_few ? NULL : id->source;
}

enum err
entitled_look_again(
    struct txn *t, const struct self *self, const struct identity *id)
{
	static const enum naming_role roles[] = {
	    NAMING_GRANTS, NAMING_PLANS, NAMING_REST};
	const char *source;
	struct buffer keys = {0};
	size_t i, at;
	enum err e = ERR_OK;

	if (!naming_is_named(t, id)) /* as most that are new */
		return ERR_OK;
	source = named_by(t, id);
	for (i = 0; e == ERR_OK && i < sizeof roles / sizeof *roles; i++)
		e = naming_walk(
		    t, id->kind, id->ref, roles[i], source, SIZE_MAX, &keys);
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = entitled_judge_record(t, self, keys.data + at);
	buffer_free(&keys);
	return e;
}

enum err
entitled_look_at_questions(
    struct txn *t, const struct self *self, const struct identity *id)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = naming_walk_kind(
	    t, id->kind, id->ref, NAMING_REST, id->source, "question", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = entitled_judge_record(t, self, keys.data + at);
	buffer_free(&keys);
	return e;
}

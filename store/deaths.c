/* deaths: a resident is reported dead by one and alive by another. */

#include <string.h>

#include "store/deaths.h"
#include "store/kin.h"
#include "store/matter.h"
#include "store/rules.h"

/* Entries are made as living and mostly say so in their first change, which
 * whoever reports a death has seen. */
static bool
is_doubted(const struct record_set *set)
{
	bool is_dead = false, is_other = false;
	size_t i;

	for (i = 0; i < set->count; i++) {
		const char *status = rule_text(set->change[i].fields, "status");

		if (status == NULL || !kin_has_a_say(set, i, "status"))
			continue;
		if (strcmp(status, "dead") == 0)
			is_dead = true;
		else
			is_other = true;
	}
	return is_dead && is_other;
}

enum err
deaths_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set set;
	struct question q;
	enum err e;

	if (strcmp(c->record.kind, "resident") != 0 ||
	    json_object_get(c->fields, "status") == NULL ||
	    kin_is_alone(t, key))
		return ERR_OK;
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	matter_question(
	    &c->record, FINDING_DEATH_DOUBTED, "status", c->occurred_at, &q);
	e = is_doubted(&set) ? question_put(t, &q) : matter_drop(t, &q);
	record_set_free(&set);
	return e;
}

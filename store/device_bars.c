/* device_bars: what follows from where a device is: whether it is lent on, and
 * whether it is offered.
 */

#include <string.h>

#include "store/device_decided.h"
#include "store/device_state.h"
#include "store/rules.h"

/* Back to one who had it before is no lending on. */
static bool
had_it(const struct device_state *s, const char *org, int64_t number)
{
	size_t i;

	for (i = 0; i < s->custody_count && s->events[i].number < number; i++)
		if (s->events[i].fate != CUSTODY_SUPERSEDED &&
		    strcmp(s->events[i].to, org) == 0)
			return true;
	return false;
}

bool
device_is_onward(const struct device_state *s, const struct device_loan *loan,
    const char *from, const char *to, int64_t number)
{
	if (s->owner == NULL || strcmp(from, s->owner) == 0 ||
	    strcmp(to, s->owner) == 0 ||
	    json_is_true(json_object_get(s->word, "onward_allowed")))
		return false;
	if (loan != NULL && loan->is_approved)
		return false;
	return !had_it(s, to, number);
}

enum err
device_bars(
    struct txn *t, struct device_state *s, const char *day, unsigned *out)
{
	const json_t *f = s->device.fields;
	const char *condition = rule_text(f, "condition");
	size_t i;
	enum err e = ERR_OK;

	*out = s->place.is_disputed ? DEVICE_DISPUTED : 0;
	if (s->place.is_unsure)
		*out |= DEVICE_AWAITED;
	if (condition != NULL && state_is_in("unsafe in_repair", condition))
		*out |= DEVICE_UNSAFE;
	if (condition != NULL && strcmp(condition, "withdrawn") == 0)
		*out |= DEVICE_WITHDRAWN;
	if (*day != '\0' && device_metrology_is_over(f, s->word, day))
		*out |= DEVICE_METROLOGY;
	for (i = 0; e == ERR_OK && i < s->loan_count; i++) {
		const struct device_loan *l;

		e = device_loan_at(t, s, i, &l);
		if (l != NULL && l->is_open)
			*out |= DEVICE_LENT;
	}
	if ((s->crowds & DEVICE_CROWD_LOANS) != 0)
		*out |= DEVICE_LENT;
	if (json_is_false(json_object_get(f, "pool")))
		*out |= DEVICE_NOT_POOLED;
	return e;
}

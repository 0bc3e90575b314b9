/* kinds: the table of record kinds, and looking things up in it. */

#include "store/kinds/kinds.h"

#include <assert.h>
#include <string.h>

/* In order of their numbers, which is dependency order. */
static const struct kind *const kinds[] = {
    &kind_org,
    &kind_staff,
    &kind_practice_site,
    &kind_team,
    &kind_drug,
    &kind_resident,
    &kind_device,
    &kind_contract,
    &kind_encounter,
    &kind_followup,
    &kind_contract_service,
    &kind_loan,
    &kind_custody,
    &kind_usage,
    &kind_referral,
    &kind_exam_request,
    &kind_exam_report,
    &kind_dictionary,
    &kind_move,
    &kind_link,
    &kind_question,
    &kind_audit,
    &kind_recognition,
    &kind_consult,
    &kind_exam_item,
    &kind_sterile_batch,
    &kind_dispatch,
    &kind_studio,
    &kind_outreach,
    &kind_disclosure,
    &kind_contract_change,
    &kind_emptying,
    NULL,
};

const struct kind *const *
kind_all(void)
{
	return kinds;
}

const struct kind *
kind_by_name(const char *name)
{
	for (const struct kind *const *k = kinds; *k != NULL; k++) {
		if (strcmp((*k)->name, name) == 0)
			return *k;
	}
	return NULL;
}

const struct kind *
kind_by_number(uint16_t number)
{
	for (const struct kind *const *k = kinds; *k != NULL; k++) {
		if ((*k)->number == number)
			return *k;
	}
	return NULL;
}

const struct field *
field_by_name(const struct field *table, const char *name)
{
	for (const struct field *f = table; f->number != 0; f++) {
		/* The first letter tells most names apart without a call. */
		if (f->name[0] == name[0] && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

const struct field *
field_by_number(const struct field *table, uint16_t number)
{
	/* 0 ends tables and is no field's number. */
	for (const struct field *f = table; f->number != 0; f++) {
		if (f->number == number)
			return f;
	}
	return NULL;
}

int
state_rank(const struct kind *k, const char *state)
{
	if (k->states == NULL)
		return -1;
	for (int i = 0; k->states[i].name != NULL; i++) {
		if (strcmp(k->states[i].name, state) == 0)
			return i;
	}
	return -1;
}

bool
state_is_in(const char *list, const char *state)
{
	size_t size = strlen(state);

	while (*list != '\0') {
		size_t n = strcspn(list, " ");

		if (n == size && memcmp(list, state, n) == 0)
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

/* Whether one of the states in the set of ranks may precede s. */
static bool
follows_any(const struct kind *k, const struct state *s, uint32_t set)
{
	for (int i = 0; k->states[i].name != NULL; i++) {
		if ((set >> i & 1) != 0 &&
		    state_is_in(s->from, k->states[i].name))
			return true;
	}
	return false;
}

/* All that can be reached from a state, itself included. Computed states are
 * views on a date and no step leads through them. */
static uint32_t
reach(const struct kind *k, int from)
{
	uint32_t set = UINT32_C(1) << from;
	uint32_t before;

	do {
		before = set;
		for (int i = 0; k->states[i].name != NULL; i++) {
			assert(i < 32);
			if (!k->states[i].never_stored &&
			    follows_any(k, &k->states[i], set))
				set |= UINT32_C(1) << i;
		}
	} while (set != before);
	return set;
}

bool
state_follows(const struct kind *k, const char *from, const char *to)
{
	int after = state_rank(k, to);
	int before;

	if (after < 0)
		return false;
	if (from == NULL)
		return k->states[after].history_ok ||
		       state_is_in(k->states[after].from, "-");
	before = state_rank(k, from);
	if (before < 0)
		return false;
	return (reach(k, before) >> after & 1) != 0;
}

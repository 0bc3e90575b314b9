/* deaths: a resident is reported dead by one and alive by another. */

#include <string.h>

#include "store/deaths.h"
#include "store/kin.h"
#include "store/matter.h"
#include "store/rules.h"

static bool
is_dead(const char *status)
{
	return status != NULL && strcmp(status, "dead") == 0;
}

/* What those say that nobody who had seen them gainsaid. */
struct said {
	bool is_dead, is_other;
	int64_t at; /* of the last of them */
};

/* Entries are made as living and mostly say so in their first change, which
 * whoever reports a death has seen. */
static enum err
read_said(const struct record_set *set, struct said *out)
{
	bool stands[KIN_MAX];
	size_t i;
	enum err e = record_stands(set->input, set->count, "status", stands);

	memset(out, 0, sizeof *out);
	for (i = 0; e == ERR_OK && i < set->count; i++) {
		const struct change *c = &set->change[i];
		const char *status = rule_text(c->fields, "status");

		if (status == NULL || !stands[i])
			continue;
		if (is_dead(status))
			out->is_dead = true;
		else
			out->is_other = true;
		if (c->occurred_at > out->at)
			out->at = c->occurred_at;
	}
	return e;
}

static enum err
note_set(struct txn *t, const struct record_set *set)
{
	struct question q;
	struct said said;
	enum err e = read_said(set, &said);

	if (e != ERR_OK)
		return e;
	matter_question(&set->change[0].record, FINDING_DEATH_DOUBTED, "status",
	    said.at, &q);
	return said.is_dead && said.is_other ? question_put(t, &q)
	                                     : matter_drop(t, &q);
}

static bool
any_says_dead(const struct record_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (is_dead(rule_text(set->change[i].fields, "status")))
			return true;
	return false;
}

/* Also who clears it. */
static bool
says_other(const struct change *c)
{
	return json_object_get(c->fields, "status") != NULL &&
	       !is_dead(rule_text(c->fields, "status"));
}

bool
deaths_speaks_after(const struct record_set *set, size_t i)
{
	const struct change *c = &set->change[i];

	return c->parent_count > 0 && strcmp(c->record.kind, "resident") == 0 &&
	       says_other(c) && any_says_dead(set);
}

static bool
is_aside(const struct graph *g, size_t i)
{
	return g->aside != NULL && g->aside[i];
}

/* Whether somebody between the two took the report back already. */
static bool
was_taken_back(
    const struct record_set *set, const struct graph *g, size_t dead, size_t i)
{
	size_t j;

	for (j = 0; j < set->count; j++)
		if (says_other(&set->change[j]) && !is_aside(g, j) &&
		    is_before(g, dead, j) && is_before(g, j, i))
			return true;
	return false;
}

bool
deaths_takes_back(const struct record_set *set, const struct graph *g, size_t i)
{
	size_t j;

	if (!deaths_speaks_after(set, i))
		return false;
	for (j = 0; j < set->count; j++)
		if (is_dead(rule_text(set->change[j].fields, "status")) &&
		    !is_aside(g, j) && is_before(g, j, i) &&
		    !was_taken_back(set, g, j, i))
			return true;
	return false;
}

/* A change that says nothing of it may be what lay between two that do, or
 * take one of them back. */
enum err
deaths_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set set;
	enum err e;

	if (strcmp(c->record.kind, "resident") != 0 || kin_is_alone(t, key))
		return ERR_OK;
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	e = any_says_dead(&set) ? note_set(t, &set) : ERR_OK;
	record_set_free(&set);
	return e;
}

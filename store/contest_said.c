/* contest_said: what others than the machine said of a record, and when. */

#include <stdlib.h>
#include <string.h>

#include "store/contest_said.h"
#include "store/contest_settle.h"
#include "store/contract_word.h"
#include "store/rules.h"

enum { AHEAD_SECONDS_MAX = 24 * 60 * 60 };

const char *const contest_words[] = {"state", "end_reason", "ended_on",
    "contested_with", "contested_sources", "holder_id", "holder_source",
    "end_is_guessed", NULL};

bool
contest_is_machines(const struct change *c)
{
	return strcmp(c->by, CONTEST_AUTHOR) == 0;
}

bool
contest_is_believable(const struct change *c)
{
	return c->clock != CLOCK_SUSPECT &&
	       c->occurred_at <= c->recorded_at + AHEAD_SECONDS_MAX;
}

/* --- without the machine -------------------------------------------------- */

void
contest_said_free(struct contest_said *s)
{
	while (s->count > 0)
		json_decref(s->copy[--s->count].fields);
	free(s->copy);
	free(s->input);
	free(s->stands);
}

static void
drop(struct change *c, const char *const *names)
{
	for (; *names != NULL; names++)
		json_object_del(c->fields, *names);
}

static enum err
said_add(struct contest_said *s, const struct merge_input *one, bool is_others)
{
	struct change *c = &s->copy[s->count];

	*c = *one->change;
	c->fields = json_copy(c->fields);
	if (c->fields == NULL)
		return ERR_NOMEM;
	if (contest_is_machines(c)) {
		drop(c, contest_words);
		json_object_del(c->fields, "household_with");
		json_object_del(c->fields, "household_sources");
	}
	if (is_others)
		drop(c, contract_terms);
	if (is_others && contract_word_unsettles(c->fields))
		json_object_del(c->fields, "state");
	s->input[s->count].change = c;
	s->input[s->count++].fingerprint = one->fingerprint;
	return ERR_OK;
}

enum err
contest_said_read(const struct record_set *changes, const bool *is_others,
    struct contest_said *out)
{
	size_t i, count = changes->count;
	enum err e = ERR_OK;

	*out = (struct contest_said){.copy = calloc(count, sizeof *out->copy),
	    .input = calloc(count, sizeof *out->input),
	    .stands = calloc(count, sizeof *out->stands)};
	if (out->copy == NULL || out->input == NULL || out->stands == NULL)
		e = ERR_NOMEM;
	for (i = 0; e == ERR_OK && i < count; i++)
		e = said_add(out, &changes->input[i], is_others[i]);
	if (e == ERR_OK)
		e = record_stands(out->input, count, "state", out->stands);
	if (e != ERR_OK)
		contest_said_free(out);
	return e;
}

/* --- when --------------------------------------------------------------- */

void
contest_day_of(int64_t seconds, contest_day out)
{
	char at[26];

	out[0] = '\0';
	if (instant_print(seconds, at) == ERR_OK)
		snprintf(out, sizeof(contest_day), "%.10s", at);
}

static enum err
note_said(const struct merge_input *input, size_t count, size_t i,
    struct contest_said_on *out)
{
	const struct change *c = input[i].change;
	struct record before;
	enum err e;

	if (contest_is_believable(c)) {
		if (c->occurred_at < out->first)
			out->first = c->occurred_at;
		return ERR_OK;
	}
	out->is_guessed = true;
	e = record_seen_by(input, count, &c->id, false, &before);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (before.clock != CLOCK_SUSPECT && before.at > out->seen)
		out->seen = before.at;
	record_clear(&before);
	return ERR_OK;
}

bool
contest_day_said(const struct contest_said_on *said, contest_day on)
{
	bool is_guessed = said->is_guessed && said->first == INT64_MAX;

	on[0] = '\0';
	if (!is_guessed)
		contest_day_of(said->first, on);
	else if (said->seen != INT64_MIN)
		contest_day_of(said->seen, on);
	return is_guessed;
}

enum err
contest_find_said(const struct merge_input *input, size_t count,
    const bool *stands, const char *field, const char *word,
    struct contest_said_on *out)
{
	size_t i;
	enum err e = ERR_OK;

	*out = (struct contest_said_on){.first = INT64_MAX, .seen = INT64_MIN};
	for (i = 0; e == ERR_OK && i < count; i++) {
		const char *said = rule_text(input[i].change->fields, field);

		if (stands[i] && said != NULL && strcmp(said, word) == 0)
			e = note_said(input, count, i, out);
	}
	return e;
}

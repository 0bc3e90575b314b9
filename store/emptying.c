/* emptying: the hub's notes of what left lists (emptying.h). */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/emptying.h"

/* In one record: words, each a change or a run of one log; changes. */
enum { WORDS_MAX = 200, CHANGES_MAX = 10000, RUN_MIN = 3 };

/* Of the numbers up to what the field may hold (kinds/emptying.c). */
enum { NUMBERS_A_SECOND = 100 };
static const int64_t now_max = INT64_C(5000000000); /* in the year 2128 */
static const json_int_t number_max = INT64_C(900000000000);

static const char last_number[] = "emptying.last";

struct emptying_note {
	char from[LIST_NAME_BYTES_MAX + 1];
	char lost[ORG_REF_BYTES_MAX + 1]; /* "": no list as a whole */
	bool has_id;
	struct change_id id;
	size_t added; /* how many were noted before it in this step */
	char *still;  /* names, each with its NUL, and another */
	size_t still_bytes;
};

static enum err
notes_grow(struct emptying_notes *n)
{
	size_t capacity = n->capacity == 0 ? 32 : n->capacity * 2;
	struct emptying_note *more;

	if (n->count < n->capacity)
		return ERR_OK;
	more = realloc(n->note, capacity * sizeof *more);
	if (more == NULL)
		return ERR_NOMEM;
	n->note = more;
	n->capacity = capacity;
	return ERR_OK;
}

enum err
emptying_add(struct emptying_notes *n, const char *from, const char *lost,
    const struct change_id *id, const char names[][LIST_NAME_BYTES_MAX + 1],
    size_t count)
{
	struct emptying_note *note;
	size_t i, at = 0;
	enum err e = notes_grow(n);

	if (e != ERR_OK)
		return e;
	note = &n->note[n->count];
	memset(note, 0, sizeof *note);
	snprintf(note->from, sizeof note->from, "%s", from);
	snprintf(note->lost, sizeof note->lost, "%s", lost == NULL ? "" : lost);
	note->has_id = id != NULL;
	note->added = n->count;
	if (id != NULL)
		note->id = *id;
	for (i = 0; i < count; i++)
		note->still_bytes += strlen(names[i]) + 1;
	note->still = malloc(note->still_bytes + 1);
	if (note->still == NULL)
		return ERR_NOMEM;
	for (i = 0; i < count; i++) {
		size_t size = strlen(names[i]) + 1;

		memcpy(note->still + at, names[i], size);
		at += size;
	}
	note->still[at] = '\0';
	n->count++;
	return ERR_OK;
}

static int
compare_lists(const struct emptying_note *a, const struct emptying_note *b)
{
	int c = strcmp(a->from, b->from);

	return c != 0 ? c : strcmp(a->lost, b->lost);
}

/* --- one word on each change ---------------------------------------------- */

/* By org and lost list, then by id. */
static int
compare_words(const struct emptying_note *a, const struct emptying_note *b)
{
	int c = compare_lists(a, b);

	if (c == 0)
		c = (int)a->has_id - (int)b->has_id;
	return c != 0 ? c : change_id_compare(&a->id, &b->id);
}

static int
compare_added(const void *a, const void *b)
{
	const struct emptying_note *x = a, *y = b;
	int c = compare_words(x, y);

	if (c != 0)
		return c;
	return x->added < y->added ? -1 : x->added > y->added;
}

/* What moved more than once in a step stands where it went last; the numbers
 * would tell another order. */
static void
keep_last(struct emptying_notes *n)
{
	size_t i, kept = 0;

	qsort(n->note, n->count, sizeof *n->note, compare_added);
	for (i = 0; i < n->count; i++)
		if (i + 1 == n->count ||
		    compare_words(&n->note[i], &n->note[i + 1]) != 0)
			n->note[kept++] = n->note[i];
		else
			free(n->note[i].still);
	n->count = kept;
}

/* --- writing -------------------------------------------------------------- */

/* By org and lost list, then by who still has it, then by id. */
static int
compare_groups(const struct emptying_note *a, const struct emptying_note *b)
{
	int c = compare_lists(a, b);

	if (c != 0)
		return c;
	if (a->still_bytes != b->still_bytes)
		return a->still_bytes < b->still_bytes ? -1 : 1;
	return memcmp(a->still, b->still, a->still_bytes);
}

static int
compare_notes(const void *a, const void *b)
{
	const struct emptying_note *x = a, *y = b;
	int c = compare_groups(x, y);

	return c != 0 ? c : change_id_compare(&x->id, &y->id);
}

static json_t *
still_of(const struct emptying_note *note)
{
	const size_t skip = strlen(AUDIENCE_ORG);
	json_t *list = json_array();
	const char *name;

	for (name = note->still; list != NULL && *name != '\0';
	     name += strlen(name) + 1)
		if (strncmp(name, AUDIENCE_ORG, skip) == 0 &&
		    json_array_append_new(
		        list, json_sprintf("ref:%s", name + skip)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* How many stand behind each other in one log. */
static size_t
run_of(const struct emptying_note *note, size_t count)
{
	size_t n = 1;

	while (n < count && note[n].has_id &&
	       note[n].id.class == note[0].id.class &&
	       note[n].id.seq == note[0].id.seq + n &&
	       memcmp(note[n].id.life, note[0].id.life, LIFE_BYTES) == 0)
		n++;
	return n;
}

/* The first of them in words, as many as fit; *count: in, out. */
static json_t *
ids_of(const struct emptying_note *note, size_t *count)
{
	json_t *list = json_array();
	size_t i = 0, n;

	if (*count > CHANGES_MAX)
		*count = CHANGES_MAX;
	for (; list != NULL && i < *count && json_array_size(list) < WORDS_MAX;
	     i += n) {
		char first[REF_BYTES_MAX + 1];
		json_t *word;

		n = 1;
		if (!note[i].has_id)
			continue;
		change_founded_ref(&note[i].id, first, sizeof first);
		n = run_of(&note[i], *count - i);
		if (n < RUN_MIN)
			n = 1;
		word = n == 1 ? json_string(first)
		              : json_sprintf("%s-%" PRIu64, first,
		                    note[i].id.seq + n - 1);
		if (json_array_append_new(list, word) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	*count = i;
	return list;
}

static enum err
write_group(struct txn *t, const struct self *self,
    const struct emptying_note *note, size_t *count, int64_t at)
{
	const char *org = note->from + strlen(AUDIENCE_ORG);
	struct change c;
	uint64_t number;
	enum err e = meta_get_number(t, last_number, &number);

	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.founds = true;
	c.occurred_at = c.recorded_at = at;
	c.fields = json_pack("{s:o, s:I, s:o, s:o}", "from_org",
	    json_sprintf("ref:%s", org), "number", (json_int_t)(number + 1),
	    "changes", ids_of(note, count), "still", still_of(note));
	if (e == ERR_OK && c.fields == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK && note->lost[0] != '\0' &&
	    json_object_set_new(
	        c.fields, "lost", json_sprintf("ref:%s", note->lost)) != 0)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = meta_put_number(t, last_number, number + 1);
	if (e == ERR_OK)
		e = admit_own(t, self, &c, EMPTYING_CLASS);
	change_clear(&c);
	return e;
}

static enum err
raise_number(struct txn *t, uint64_t least)
{
	uint64_t number;
	enum err e = meta_get_number(t, last_number, &number);

	return e == ERR_OK && number < least
	           ? meta_put_number(t, last_number, least)
	           : e;
}

/* The clock alone decides nothing: it only makes the numbers leap ahead, by
 * more a second than anybody writes. One that is far off is left aside, since
 * there are only so many numbers. */
enum err
emptying_prepare(struct txn *t, int64_t now)
{
	return now > 0 && now < now_max
	           ? raise_number(t, (uint64_t)now * NUMBERS_A_SECOND)
	           : ERR_OK;
}

enum err
emptying_came_back(struct txn *t, const struct change *c)
{
	json_int_t number =
	    json_integer_value(json_object_get(c->fields, "number"));

	return number > 0 && number < number_max
	           ? raise_number(t, (uint64_t)number)
	           : ERR_OK;
}

enum err
emptying_write(struct txn *t, const struct self *self, struct emptying_notes *n,
    int64_t at)
{
	size_t i = 0, j, count;
	enum err e = ERR_OK;

	if (n->count == 0)
		return ERR_OK;
	keep_last(n);
	qsort(n->note, n->count, sizeof *n->note, compare_notes);
	for (; e == ERR_OK && i < n->count; i += count) {
		for (j = i + 1; j < n->count; j++)
			if (compare_groups(&n->note[i], &n->note[j]) != 0)
				break;
		count = j - i;
		e = write_group(t, self, &n->note[i], &count, at);
	}
	emptying_free(n);
	return e;
}

void
emptying_free(struct emptying_notes *n)
{
	while (n->count > 0)
		free(n->note[--n->count].still);
	free(n->note);
	memset(n, 0, sizeof *n);
}

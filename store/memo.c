/* memo: what a writing transaction has looked up already. */

#include <string.h>

#include "store/memo.h"

static void
release(void *memory)
{
	struct memo *m = memory;

	org_tree_free(&m->tree);
	blinds_wipe(&m->blinds);
	decoded_clear(&m->decoded);
}

struct memo *
memo_of(struct txn *t)
{
	struct memo *m = txn_memory(t, sizeof *m, release);

	if (m != NULL)
		m->tree.t = t;
	return m;
}

struct org_tree *
memo_tree(struct txn *t, struct org_tree *own)
{
	struct memo *memo = memo_of(t);

	return memo == NULL ? own : &memo->tree;
}

void
memo_forget(struct txn *t)
{
	struct memo *m = memo_of(t);

	if (m == NULL)
		return;
	org_tree_free(&m->tree);
	decoded_clear(&m->decoded);
	memset(m, 0, sizeof *m);
	m->tree.t = t;
}

/* The last characters tell one org from another. */
static size_t
place_of(const char *name)
{
	size_t h = 0;

	while (*name != '\0')
		h = h * 31 + (uint8_t)*name++;
	return h % MEMO_AUDIENCES;
}

bool
memo_audience(const struct memo *m, const char *name, struct audience *a)
{
	size_t i = place_of(name);

	if (m == NULL || strcmp(m->audience[i].name, name) != 0)
		return false;
	*a = m->audience[i].audience;
	return true;
}

void
memo_note_audience(struct memo *m, const char *name, const struct audience *a)
{
	size_t i = place_of(name), size = strlen(name);

	if (m == NULL || size >= sizeof m->audience[i].name)
		return;
	memcpy(m->audience[i].name, name, size + 1);
	m->audience[i].audience = *a;
}

static size_t
end_place(const struct audience *a, uint8_t class)
{
	return (a->number * (size_t)CLASSES + class) % MEMO_ENDS;
}

bool
memo_end(const struct memo *m, const struct audience *a, uint8_t class,
    struct cursor *end)
{
	size_t i = end_place(a, class);

	if (m == NULL || !m->end[i].is_known ||
	    m->end[i].audience != a->number || m->end[i].class != class)
		return false;
	*end = m->end[i].end;
	return true;
}

void
memo_note_end(struct memo *m, const struct audience *a, uint8_t class,
    const struct cursor *end)
{
	size_t i = end_place(a, class);

	if (m == NULL)
		return;
	m->end[i].is_known = true;
	m->end[i].audience = a->number;
	m->end[i].class = class;
	m->end[i].end = *end;
}

bool
memo_name(
    const struct memo *m, uint32_t number, char out[LIST_NAME_BYTES_MAX + 1])
{
	size_t i = number % MEMO_AUDIENCES;

	if (m == NULL || m->name[i].name[0] == '\0' ||
	    m->name[i].number != number)
		return false;
	memcpy(out, m->name[i].name, sizeof m->name[i].name);
	return true;
}

void
memo_note_name(struct memo *m, uint32_t number, const char *name)
{
	size_t i = number % MEMO_AUDIENCES, size = strlen(name);

	if (m == NULL || size >= sizeof m->name[i].name)
		return;
	m->name[i].number = number;
	memcpy(m->name[i].name, name, size + 1);
}

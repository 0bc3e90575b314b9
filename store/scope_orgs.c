/* scope_orgs: a small sorted set of orgs, each with how far it is granted. */

#include <string.h>

#include "store/scope.h"

/* Where ref stands or belongs. */
static size_t
place_of(const struct scope_orgs *o, const char *ref, bool *found)
{
	size_t i;
	int c = -1;

	for (i = 0; i < o->count; i++) {
		c = strcmp(ref, o->org[i].ref);
		if (c <= 0)
			break;
	}
	*found = i < o->count && c == 0;
	return i;
}

static uint8_t
higher(uint8_t a, uint8_t b)
{
	uint8_t level = (a & SCOPE_LEVELS) > (b & SCOPE_LEVELS) ? a : b;

	return (uint8_t)((level & SCOPE_LEVELS) |
	                 ((a | b) & (SCOPE_KEEPS | SCOPE_OWN)));
}

static int
rank_of(uint8_t level)
{
	return ((level & SCOPE_OWN) != 0 ? 8 : 0) + 2 * (level & SCOPE_LEVELS) +
	       ((level & SCOPE_KEEPS) != 0);
}

/* Which of those in it is the first to go. */
static size_t
last_of(const struct scope_orgs *o)
{
	size_t i, last = 0;

	for (i = 1; i < o->count; i++)
		if (rank_of(o->org[i].level) <= rank_of(o->org[last].level))
			last = i;
	return last;
}

/* False: the one that comes is the first to go itself. */
static bool
make_room(struct scope_orgs *o, const char *ref, uint8_t level)
{
	size_t last = last_of(o);
	int than = rank_of(o->org[last].level) - rank_of(level);

	o->is_crowded = true;
	if (than > 0 || (than == 0 && strcmp(ref, o->org[last].ref) > 0))
		return false;
	o->count--;
	memmove(&o->org[last], &o->org[last + 1],
	    (o->count - last) * sizeof o->org[0]);
	return true;
}

void
scope_orgs_add(struct scope_orgs *o, const char *ref, uint8_t level)
{
	bool found;
	size_t i, size = strlen(ref);

	if (size == 0 || size > ORG_REF_BYTES_MAX || level == SCOPE_NONE)
		return;
	i = place_of(o, ref, &found);
	if (found) {
		o->org[i].level = higher(o->org[i].level, level);
		return;
	}
	if (o->count == SCOPE_ORGS_MAX) {
		if (!make_room(o, ref, level))
			return;
		i = place_of(o, ref, &found);
	}
	memmove(&o->org[i + 1], &o->org[i], (o->count - i) * sizeof o->org[0]);
	memset(&o->org[i], 0, sizeof o->org[i]);
	memcpy(o->org[i].ref, ref, size);
	o->org[i].level = level;
	o->count++;
}

void
scope_orgs_add_all(struct scope_orgs *o, const struct scope_orgs *more)
{
	size_t i;

	for (i = 0; i < more->count; i++)
		scope_orgs_add(o, more->org[i].ref, more->org[i].level);
	o->is_crowded = o->is_crowded || more->is_crowded;
}

enum scope_level
scope_orgs_level(const struct scope_orgs *o, const char *ref)
{
	bool found;
	size_t i = place_of(o, ref, &found);

	return found ? (enum scope_level)(o->org[i].level & SCOPE_LEVELS)
	             : SCOPE_NONE;
}

static size_t
next_from(const struct scope_orgs *o, size_t i, uint8_t least)
{
	while (i < o->count && (o->org[i].level & SCOPE_KEEPS) == 0 &&
	       o->org[i].level < least)
		i++;
	return i;
}

bool
scope_orgs_equal(
    const struct scope_orgs *a, const struct scope_orgs *b, uint8_t least)
{
	size_t i = next_from(a, 0, least), j = next_from(b, 0, least);

	while (i < a->count && j < b->count) {
		if (a->org[i].level != b->org[j].level ||
		    strcmp(a->org[i].ref, b->org[j].ref) != 0)
			return false;
		i = next_from(a, i + 1, least);
		j = next_from(b, j + 1, least);
	}
	return i == a->count && j == b->count;
}

bool
scope_orgs_within(const struct scope_orgs *a, const struct scope_orgs *b)
{
	size_t i, at;
	bool found;

	for (i = 0; i < a->count; i++) {
		at = place_of(b, a->org[i].ref, &found);
		if (!found || higher(b->org[at].level, a->org[i].level) !=
		                  b->org[at].level)
			return false;
	}
	return true;
}

enum err
scope_orgs_encode(const struct scope_orgs *o, struct buffer *out)
{
	size_t i;

	put_varint(out, o->count);
	for (i = 0; i < o->count; i++) {
		put_text(out, o->org[i].ref);
		put_u8(out, o->org[i].level);
	}
	return buffer_state(out);
}

enum err
scope_orgs_decode(struct reader *r, struct scope_orgs *out)
{
	uint64_t count = read_varint(r);

	out->count = 0;
	out->is_crowded = false;
	if (r->failed || count > SCOPE_ORGS_MAX)
		return ERR_CORRUPT;
	for (; out->count < count; out->count++) {
		struct scope_org *o = &out->org[out->count];

		if (!read_text(r, o->ref, ORG_REF_BYTES_MAX))
			return ERR_CORRUPT;
		o->level = read_u8(r);
	}
	return r->failed ? ERR_CORRUPT : ERR_OK;
}

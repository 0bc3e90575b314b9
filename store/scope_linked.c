/* scope_linked: entries of one person are received by whom either is.
 *
 * Each entry's scope is the union of what its own records say of each of them;
 * nothing is taken from a scope that has links in it already, so that undoing
 * a link leaves nothing behind. A link that no change of the group's node says
 * grants no more than a stranger needs: who links himself to somebody's file
 * must not get it by that.
 */

#include <stdlib.h>
#include <string.h>

#include "store/linked.h"
#include "store/scope_word.h"

/* Whether the group said that they are one. */
static enum err
is_groups(
    const struct scoped *s, const uint8_t link[KEY_RECORD_BYTES], bool *out)
{
	struct scoped l;
	enum err e = scoped_read(s->t, s->self, link, &l);

	*out = false;
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = scope_word_links(&l, out);
	scoped_free(&l);
	return e;
}

static enum err
add_entry(const struct scoped *s, const uint8_t key[KEY_RECORD_BYTES],
    bool in_full, struct scope_orgs *out)
{
	struct scope_orgs more = {.count = 0};
	struct scoped other;
	size_t i;
	enum err e = scoped_read(s->t, s->self, key, &other);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e; /* awaited */
	e = scoped_direct(&other, &more);
	for (i = 0; !in_full && i < more.count; i++)
		more.org[i].level = scope_level_basic(more.org[i].level);
	scope_orgs_add_all(out, &more);
	scoped_free(&other);
	return e;
}

enum err
scoped_linked(const struct scoped *s, struct scope_orgs *out)
{
	bool in_full[LINKED_MAX] = {true};
	struct linked all;
	size_t i;
	enum err e;

	if (strcmp(s->kind->name, "resident") != 0)
		return ERR_OK;
	e = linked_all(s->t, s->key, &all);
	for (i = 1; e == ERR_OK && i < all.count; i++) {
		e = is_groups(s, all.link[i], &in_full[i]);
		in_full[i] = in_full[i] && in_full[all.from[i]];
		if (e == ERR_OK)
			e = add_entry(s, all.key[i], in_full[i], out);
	}
	return e;
}

/* Of both sides apart, since they may have been one person until now. */
static enum err
add_sides(struct txn *t, const struct record *link, struct buffer *keys)
{
	struct linked all;
	uint8_t side[2][KEY_RECORD_BYTES];
	size_t i;
	enum err e = linked_sides(t, link, side[0], side[1]);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (i = 0; e == ERR_OK && i < 2; i++) {
		e = linked_all(t, side[i], &all);
		put_bytes(keys, all.key, all.count * sizeof all.key[0]);
	}
	return e == ERR_OK ? buffer_state(keys) : e;
}

/* Whom it named until this change came. */
static enum err
add_sides_before(const struct scoped *link, const struct change_id *fresh,
    struct buffer *keys)
{
	struct merge_input *input = calloc(link->count, sizeof *input);
	struct record before;
	size_t i, count = 0;
	enum err e = ERR_OK;

	if (input == NULL)
		return ERR_NOMEM;
	for (i = 0; i < link->count; i++)
		if (change_id_compare(&link->input[i].change->id, fresh) != 0)
			input[count++] = link->input[i];
	if (count > 0) {
		e = record_merge(input, count, &before);
		if (e == ERR_OK) {
			e = add_sides(link->t, &before, keys);
			record_clear(&before);
		}
	}
	free(input);
	return e;
}

enum err
scope_link_entries(const struct scoped *link, const struct change_id *fresh,
    struct buffer *keys)
{
	enum err e = add_sides(link->t, &link->merged, keys);

	return e == ERR_OK && fresh != NULL && link->count > 1
	           ? add_sides_before(link, fresh, keys)
	           : e;
}

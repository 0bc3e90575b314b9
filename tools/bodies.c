/* bodies: the changes of a store as the tools here read them. */

#include <stdlib.h>

#include "store/record.h"
#include "store/store.h"
#include "tools/bodies.h"

/* 19:00 at +08:00, when a clinic's software exports its day. */
enum { DAY = 86400, EVENING = 11 * 3600 };

static enum err
grow(struct bodies *all)
{
	size_t more = all->capacity == 0 ? 4096 : all->capacity * 2;
	struct body *list;

	if (all->count < all->capacity)
		return ERR_OK;
	list = realloc(all->list, more * sizeof *list);
	if (list == NULL)
		return ERR_NOMEM;
	all->list = list;
	all->capacity = more;
	return ERR_OK;
}

static enum err
add(struct bodies *all, const struct change_id *id, const struct bytes *body,
    bool evening)
{
	struct body *b;
	struct change c;
	enum err e = grow(all);

	if (e != ERR_OK)
		return e;
	b = &all->list[all->count];
	change_init(&c);
	c.id = *id;
	e = change_decode(&c, body->data, body->size);
	if (e != ERR_OK)
		return e;
	if (evening)
		c.recorded_at = c.occurred_at - c.occurred_at % DAY + EVENING;
	b->id = *id;
	b->kind = kind_by_name(c.record.kind)->number;
	b->occurred_at = c.occurred_at;
	b->at = all->bytes.size;
	e = change_encode(&c, &all->bytes);
	b->size = all->bytes.size - b->at;
	all->count++;
	change_clear(&c);
	return e;
}

static enum err
collect(struct txn *t, bool evening, struct bodies *all)
{
	struct stored s;
	struct walk *w = NULL;
	struct bytes key;
	enum err e;

	stored_init(&s);
	e = walk_open(t, TABLE_CHANGES, NULL, 0, &w);
	while (e == ERR_OK && (e = walk_next(w, &key, NULL)) == ERR_OK) {
		struct change_id id;

		key_change_read(&id, key.data);
		e = stored_read(t, &id, &s);
		if (e == ERR_OK && s.apart == 0)
			e = add(all, &id, &s.body, evening);
	}
	walk_close(w);
	stored_free(&s);
	return e == ERR_END ? ERR_OK : e;
}

enum err
bodies_read(const char *dir, bool evening, struct bodies *out)
{
	struct store_options o = {
	    .dir = dir, .holder = "tools", .random = random_system()};
	struct store *store;
	struct txn *t;
	enum err e = store_open(&store, &o);

	if (e != ERR_OK)
		return e;
	e = db_begin(store_db(store), false, &t);
	if (e == ERR_OK) {
		e = collect(t, evening, out);
		txn_abort(t);
	}
	store_close(store);
	return e;
}

void
bodies_free(struct bodies *b)
{
	buffer_wipe(&b->bytes);
	free(b->list);
}

struct bytes
bodies_at(const struct bodies *b, size_t i)
{
	struct bytes body = {b->bytes.data + b->list[i].at, b->list[i].size};

	return body;
}

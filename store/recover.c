/* recover: an older copy of a store finds its way back into its group. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/decoded.h"
#include "store/enrol.h"
#include "store/kin.h"
#include "store/recover.h"
#include "store/slip.h"

/* Names in TABLE_META, each followed by a change's key. */
enum { LABEL_BYTES = 6 };
static const char label_clash[LABEL_BYTES + 1] = "clash:"; /* to be moved */
static const char label_moved[LABEL_BYTES + 1] = "moved:"; /* to which id */
static const char label_fork[LABEL_BYTES + 1] = "forks:";

enum { MARK_BYTES = LABEL_BYTES + KEY_CHANGE_BYTES };

static void
mark_key(uint8_t key[MARK_BYTES], const char *label, const struct change_id *id)
{
	memcpy(key, label, LABEL_BYTES);
	key_change(key + LABEL_BYTES, id);
}

static enum err
mark_put(struct txn *t, const char *label, const struct change_id *id,
    const void *value, size_t size)
{
	uint8_t key[MARK_BYTES];

	mark_key(key, label, id);
	return txn_put(t, TABLE_META, key, sizeof key, value, size);
}

static bool
mark_is_set(struct txn *t, const char *label, const struct change_id *id)
{
	uint8_t key[MARK_BYTES];

	mark_key(key, label, id);
	return txn_has(t, TABLE_META, key, sizeof key) == ERR_OK;
}

/* --- the parent of a copy ------------------------------------------------ */

enum err
recover_mark_fork(struct txn *t, const uint8_t life[LIFE_BYTES])
{
	struct change_id id = {.seq = 0};

	memcpy(id.life, life, LIFE_BYTES);
	return mark_put(t, label_fork, &id, "", 0);
}

bool
recover_is_forked(struct txn *t, const uint8_t life[LIFE_BYTES])
{
	struct change_id id = {.seq = 0};

	memcpy(id.life, life, LIFE_BYTES);
	return mark_is_set(t, label_fork, &id);
}

enum err
recover_compare(
    struct txn *t, const uint8_t life[LIFE_BYTES], const uint64_t told[CLASSES])
{
	struct log_head head;
	uint8_t class;
	enum err e = ERR_OK;

	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		e = log_head_read(t, life, class, &head);
		if (e == ERR_OK && told[class] < head.seq)
			return recover_mark_fork(t, life);
	}
	return e;
}

/* --- the copy: one new life ---------------------------------------------- */

/* Whether a number was ever given out in the present life. */
static enum err
life_is_used(struct txn *t, const struct self *self, bool *out)
{
	struct log_head head;
	uint8_t class;
	enum err e = ERR_OK;

	*out = false;
	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		e = log_head_read(t, self->life, class, &head);
		if (head.seq > 0)
			*out = true;
	}
	return e;
}

/* Drawn when the marker showed this copy, and not heard of by the group: no
 * other history of it exists. */
static bool
life_is_fresh(struct txn *t, const struct self *self)
{
	struct buffer drawn = {0};
	bool is_drawn = meta_get(t, "drawn", &drawn) == ERR_OK &&
	                drawn.size == LIFE_BYTES &&
	                memcmp(drawn.data, self->life, LIFE_BYTES) == 0;

	buffer_free(&drawn);
	return is_drawn && txn_has(t, TABLE_RECEIPTS, self->life, LIFE_BYTES) ==
	                       ERR_NOT_FOUND;
}

static enum err
begin_life(struct txn *t, struct self *self, int64_t now)
{
	enum err e = self_new_life(t, self, now);

	/* Paper numbers may be used up too. */
	return e == ERR_OK ? meta_put(t, "slips", "", 0) : e;
}

/* The parent's lists are read from their beginning: it left out what our
 * hello told as ours, which was not always so. */
static enum err
forget_places(struct txn *t, const struct self *self)
{
	static const struct cursor nowhere;
	struct cursor_set *set = calloc(1, sizeof *set);
	uint8_t id[NODE_ID_BYTES];
	struct cert parent;
	size_t i;
	enum err e = set == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK)
		e = enrol_parent(t, self, &parent, NULL, 0);
	if (e == ERR_OK) {
		node_id_of(id, parent.signing_key);
		e = cursor_read_all(t, id, CURSOR_OWN, set);
	}
	for (i = 0; e == ERR_OK && i < set->count; i++)
		e = cursor_write(
		    t, id, CURSOR_OWN, &set->item[i].list, &nowhere);
	free(set);
	return e;
}

enum err
recover_begin(struct txn *t, struct self *self, int64_t now)
{
	bool is_used;
	enum err e = life_is_used(t, self, &is_used);

	/* The parent must know before it takes the next change of that life:
	 * the clash may come in a later batch than what builds on it. */
	if (e == ERR_OK && is_used && !life_is_fresh(t, self))
		e = recover_mark_fork(t, self->life);
	if (e == ERR_OK && is_used)
		e = begin_life(t, self, now);
	if (e == ERR_OK)
		e = enrol_list_all(t, self);
	if (e == ERR_OK)
		e = forget_places(t, self);
	if (e == ERR_OK)
		e = meta_put_number(t, "recovered_at", (uint64_t)now);
	return e;
}

/* --- the copy: what clashes ---------------------------------------------- */

static bool
is_own_clash(struct txn *t, const struct exception *x)
{
	struct life life;

	return x->reason == FINDING_CLASH &&
	       life_read(t, x->id.life, &life) == ERR_OK && life.has_log_secret;
}

/* Only what stands in our log: the parent's own change may lie there by now.
 */
static enum err
note_one(struct txn *t, const struct change_id *id)
{
	struct log_head head;
	enum err e = log_head_read(t, id->life, id->class, &head);

	if (e != ERR_OK || id->seq > head.seq ||
	    mark_is_set(t, label_moved, id))
		return e;
	return mark_put(t, label_clash, id, "", 0);
}

enum err
recover_note(struct txn *t, const struct self *self, struct receipt *r)
{
	size_t i, kept = 0;
	enum err e = ERR_OK;

	if (self->role == ROLE_HUB)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < r->exception_count; i++) {
		if (is_own_clash(t, &r->exceptions[i]))
			e = note_one(t, &r->exceptions[i].id);
		else
			r->exceptions[kept++] = r->exceptions[i];
	}
	if (e == ERR_OK)
		r->exception_count = kept;
	return e;
}

/* --- the copy: writing again --------------------------------------------- */

struct move {
	struct change_id old, fresh;
	bool is_done;
};

/* In the order of old ids. */
struct moves {
	size_t count, capacity;
	struct move *list;
};

static enum err
moves_add(struct moves *m, const struct change_id *old)
{
	if (m->count == m->capacity) {
		size_t capacity = m->capacity == 0 ? 64 : 2 * m->capacity;
		struct move *grown = realloc(m->list, capacity * sizeof *grown);

		if (grown == NULL)
			return ERR_NOMEM;
		m->list = grown;
		m->capacity = capacity;
	}
	memset(&m->list[m->count], 0, sizeof m->list[0]);
	m->list[m->count++].old = *old;
	return ERR_OK;
}

static enum err
moves_read(struct txn *t, struct moves *m)
{
	struct change_id old;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_META, label_clash, LABEL_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == MARK_BYTES &&
	       memcmp(key.data, label_clash, LABEL_BYTES) == 0) {
		key_change_read(&old, key.data + LABEL_BYTES);
		e = moves_add(m, &old);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

bool
recover_is_due(struct txn *t)
{
	struct walk *w;
	struct bytes key;
	bool is_due;

	if (walk_open(t, TABLE_META, label_clash, LABEL_BYTES, &w) != ERR_OK)
		return false;
	is_due = walk_next(w, &key, NULL) == ERR_OK && key.size == MARK_BYTES &&
	         memcmp(key.data, label_clash, LABEL_BYTES) == 0;
	walk_close(w);
	return is_due;
}

static int
by_old(const void *key, const void *element)
{
	return change_id_compare(key, &((const struct move *)element)->old);
}

static struct move *
moves_find(const struct moves *m, const struct change_id *id)
{
	if (m->count == 0)
		return NULL;
	return bsearch(id, m->list, m->count, sizeof m->list[0], by_old);
}

/* The move of the change a record is named after; NULL: it stays. */
static struct move *
moves_find_ref(const struct moves *m, const char *ref)
{
	char hex[2 * LIFE_BYTES + 1], again[REF_BYTES_MAX + 1];
	struct change_id id;
	unsigned class;
	uint64_t seq;

	if (sscanf(ref, "~%16[0-9a-f]-%u-%" SCNu64, hex, &class, &seq) != 3 ||
	    class >= CLASSES || hex_decode(id.life, LIFE_BYTES, hex) != ERR_OK)
		return NULL;
	id.class = (uint8_t) class;
	id.seq = seq;
	change_founded_ref(&id, again, sizeof again);
	return strcmp(ref, again) == 0 ? moves_find(m, &id) : NULL;
}

/* --- one change in the words of the new life --- */

/* Each returns false when it names a change that must be moved before. */

static bool
map_parents(struct txn *t, const struct moves *m, struct change *c)
{
	struct stored s;
	size_t i;
	bool is_ready = true;

	stored_init(&s);
	for (i = 0; i < c->parent_count; i++) {
		struct parent *p = &c->parents[i];
		const struct move *to = moves_find(m, &p->id);
		uint8_t fingerprint[8];

		if (to != NULL) {
			is_ready = is_ready && to->is_done;
			p->id = to->fresh;
		} else if (memcmp(p->id.life, c->id.life, LIFE_BYTES) == 0 &&
		           stored_read(t, &p->id, &s) == ERR_OK) {
			/* In another life from now on: it needs a link. */
			store_u64(fingerprint, s.fingerprint);
			memcpy(p->link, fingerprint, sizeof p->link);
		}
	}
	stored_free(&s);
	return is_ready;
}

static bool map_value(const struct moves *m, json_t *v);

/* A new string for a reference to a record that moved; NULL: as it is. */
static json_t *
mapped(const struct moves *m, const json_t *v, bool *is_ready)
{
	const char *text = json_string_value(v);
	char ref[REF_BYTES_MAX + 1];
	const struct move *to;

	if (text == NULL || strncmp(text, "ref:", 4) != 0)
		return NULL;
	to = moves_find_ref(m, text + 4);
	if (to == NULL)
		return NULL;
	*is_ready = *is_ready && to->is_done;
	change_founded_ref(&to->fresh, ref, sizeof ref);
	return json_sprintf("ref:%s", ref);
}

static bool
map_object(const struct moves *m, json_t *object)
{
	const char *name;
	json_t *v, *fresh;
	bool is_ready = true;

	json_object_foreach(object, name, v)
	{
		fresh = mapped(m, v, &is_ready);
		if (fresh != NULL)
			(void)json_object_set_new(object, name, fresh);
		else if (!map_value(m, v))
			is_ready = false;
	}
	return is_ready;
}

static bool
map_value(const struct moves *m, json_t *v)
{
	json_t *item, *fresh;
	bool is_ready = true;
	size_t i;

	if (json_is_object(v))
		return map_object(m, v);
	if (!json_is_array(v))
		return true;
	json_array_foreach(v, i, item)
	{
		fresh = mapped(m, item, &is_ready);
		if (fresh != NULL)
			(void)json_array_set_new(v, i, fresh);
		else if (!map_value(m, item))
			is_ready = false;
	}
	return is_ready;
}

static bool
map_change(struct txn *t, const struct moves *m, struct change *c)
{
	const struct move *to = moves_find_ref(m, c->record.ref);
	bool is_ready = map_parents(t, m, c);

	if (to != NULL && !c->founds) {
		is_ready = is_ready && to->is_done;
		change_founded_ref(
		    &to->fresh, c->record.ref, sizeof c->record.ref);
	}
	return map_value(m, c->fields) && is_ready;
}

/* --- moving it --- */

/* Its slip number leads to the record under its new name from now on. */
static enum err
free_slip(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	const char *slip =
	    json_string_value(json_object_get(c->fields, "slip_no"));

	return slip == NULL ? ERR_OK : slip_free(t, slip, record_key);
}

static enum err
drop_old(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	enum err e;

	memcpy(key, record_key, KEY_RECORD_BYTES);
	key_change(key + KEY_RECORD_BYTES, &c->id);
	kin_forget(t);
	decoded_forget(t, &c->id);
	e = txn_delete(t, TABLE_RECORDS, key, sizeof key);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = txn_delete(
		    t, TABLE_CHANGES, key + KEY_RECORD_BYTES, KEY_CHANGE_BYTES);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = free_slip(t, c, record_key);
	return e;
}

/* Write it again; ERR_MORE: another one must be moved before. */
static enum err
move_change(struct txn *t, const struct self *self, const struct moves *m,
    struct move *to, struct change *c)
{
	uint8_t record_key[KEY_RECORD_BYTES], fresh[KEY_CHANGE_BYTES];
	uint8_t clash[MARK_BYTES];
	enum err e;

	key_record(txn_db(t), record_key, &c->record);
	if (!map_change(t, m, c))
		return ERR_MORE;
	e = drop_old(t, c, record_key);
	if (e == ERR_OK)
		e = admit_again(t, self, c, to->old.class);
	if (e != ERR_OK)
		return e;
	to->fresh = c->id;
	to->is_done = true;
	key_change(fresh, &to->fresh);
	e = mark_put(t, label_moved, &to->old, fresh, sizeof fresh);
	mark_key(clash, label_clash, &to->old);
	return e == ERR_OK ? txn_delete(t, TABLE_META, clash, sizeof clash) : e;
}

static enum err
move_one(struct txn *t, const struct self *self, const struct moves *m,
    struct move *to)
{
	struct stored s;
	struct change c;
	enum err e;

	stored_init(&s);
	change_init(&c);
	c.id = to->old;
	e = stored_read(t, &to->old, &s);
	if (e == ERR_OK)
		e = change_decode(&c, s.body.data, s.body.size);
	if (e == ERR_OK)
		e = move_change(t, self, m, to, &c);
	else if (e == ERR_NOT_FOUND || e == ERR_FORMAT)
		e = ERR_CORRUPT;
	change_clear(&c);
	stored_free(&s);
	return e;
}

/* What others build on goes first; a change never builds on a later one, so
 * each round moves some. */
static enum err
move_all(struct txn *t, const struct self *self, struct moves *m)
{
	size_t i, done = 0, before;

	do {
		before = done;
		for (i = 0; i < m->count; i++) {
			enum err e;

			if (m->list[i].is_done)
				continue;
			e = move_one(t, self, m, &m->list[i]);
			if (e == ERR_OK)
				done++;
			else if (e != ERR_MORE)
				return e;
		}
	} while (done < m->count && done > before);
	return done == m->count ? ERR_OK : ERR_CORRUPT;
}

/* An old log ends before its first clash. */
static enum err
cut_logs(struct txn *t, const struct self *self, const struct moves *m)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < m->count; i++) {
		struct change_id last = m->list[i].old;
		struct log_head head;

		if (i > 0 && m->list[i - 1].old.class == last.class &&
		    memcmp(m->list[i - 1].old.life, last.life, LIFE_BYTES) == 0)
			continue;
		last.seq--;
		e = log_chain_at(t, self, &last, &head);
		if (e == ERR_OK)
			e = log_head_write(t, &head);
	}
	return e;
}

/* The next line of an import follows the change where it stands now. */
static enum err
remap_imports(struct txn *t, const struct moves *m)
{
	struct buffer rows = {0}, value = {0};
	struct change_id last;
	struct reader r;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_IMPORTS, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		const struct move *to;

		if (value.size < KEY_CHANGE_BYTES)
			continue;
		key_change_read(&last, value.data);
		to = moves_find(m, &last);
		if (to == NULL)
			continue;
		key_change(value.data, &to->fresh);
		put_string(&rows, key.data, key.size);
		put_string(&rows, value.data, value.size);
	}
	walk_close(w);
	e = e == ERR_END ? buffer_state(&rows) : e;
	reader_init(&r, rows.data, rows.size);
	while (e == ERR_OK && reader_left(&r) > 0) {
		struct bytes k = read_string(&r), v = read_string(&r);

		e = txn_put(t, TABLE_IMPORTS, k.data, k.size, v.data, v.size);
	}
	buffer_free(&value);
	buffer_free(&rows);
	return e;
}

enum err
recover_finish(struct txn *t, struct self *self, int64_t now)
{
	struct moves m = {0};
	bool is_used = false;
	size_t i;
	enum err e = moves_read(t, &m);

	for (i = 0; i < m.count; i++)
		if (memcmp(m.list[i].old.life, self->life, LIFE_BYTES) == 0)
			is_used = true;
	if (e == ERR_OK && is_used)
		e = begin_life(t, self, now);
	if (e == ERR_OK && m.count > 0) {
		e = cut_logs(t, self, &m);
		if (e == ERR_OK)
			e = move_all(t, self, &m);
		if (e == ERR_OK)
			e = remap_imports(t, &m);
		if (e == ERR_OK)
			e = enrol_list_all(t, self);
		if (e == ERR_OK)
			e = forget_places(t, self);
	}
	free(m.list);
	return e;
}

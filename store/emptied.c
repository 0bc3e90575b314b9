/* emptied: what a node gives up when the group says so (emptying.h).
 *
 * Rows of `emptied`, told apart by the length of their key: a change id, with
 * the newest word on it that waits (number u64, then enum fate, then the orgs
 * it is still for); a record's key, with its kind and ref: it has emptied
 * changes. For whom the word speaks is judged when it is acted on, by the org
 * tree and the teams that are here then.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/emptying.h"
#include "store/feed_left.h"
#include "store/mentioned.h"
#include "store/receipt.h"
#include "store/rules.h"
#include "store/team_feed.h"

enum { WORD_BYTES = 9, UNSENT_MAX = 4096, RUN_MAX = 10000 };

enum fate { GIVE_UP = 0, KEEP = 1, AS_SAID = 2 };

/* --- the word comes ------------------------------------------------------ */

/* Of a run the last one's number comes behind the first id. */
static bool
ids_parse(const char *text, struct change_id *out, uint64_t *last)
{
	char life[2 * LIFE_BYTES + 1], first[REF_BYTES_MAX + 1],
	    run[REF_BYTES_MAX + 1];
	unsigned class;
	int got = sscanf(text, "~%16[0-9a-f]-%u-%" SCNu64 "-%" SCNu64, life,
	    &class, &out->seq, last);

	if (got < 3 || class >= CLASSES ||
	    hex_decode(out->life, LIFE_BYTES, life) != ERR_OK)
		return false;
	out->class = (uint8_t) class;
	change_founded_ref(out, first, sizeof first);
	if (got == 3) {
		*last = out->seq;
		return strcmp(text, first) == 0;
	}
	snprintf(run, sizeof run, "%.700s-%" PRIu64, first, *last);
	return *last > out->seq && *last - out->seq < RUN_MAX &&
	       strcmp(text, run) == 0;
}

static enum err
note_one(struct txn *t, const struct change_id *id, uint64_t number,
    const struct buffer *word)
{
	uint8_t key[KEY_CHANGE_BYTES];
	struct buffer known = {0};
	enum err e;

	key_change(key, id);
	e = txn_get(t, TABLE_EMPTIED, key, sizeof key, &known);
	if (e == ERR_OK && known.size >= WORD_BYTES &&
	    load_u64(known.data) >= number) {
		buffer_free(&known);
		return ERR_OK;
	}
	buffer_free(&known);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	return txn_put(
	    t, TABLE_EMPTIED, key, sizeof key, word->data, word->size);
}

/* Whether a run's word on it is kept: it is here, or an earlier word waits for
 * it, which would else be the last one heard. */
static bool
is_of_use(struct txn *t, const struct change_id *id)
{
	uint8_t key[KEY_CHANGE_BYTES];

	key_change(key, id);
	return txn_has(t, TABLE_CHANGES, key, sizeof key) == ERR_OK ||
	       txn_has(t, TABLE_EMPTIED, key, sizeof key) == ERR_OK;
}

/* A run passes by what is not here: most of it may be this node's own. */
static enum err
note_run(
    struct txn *t, const char *text, uint64_t number, const struct buffer *word)
{
	struct change_id id;
	uint64_t last;
	bool is_one;
	enum err e = ERR_OK;

	if (text == NULL || !ids_parse(text, &id, &last))
		return ERR_OK;
	is_one = id.seq == last;
	for (; e == ERR_OK && id.seq <= last; id.seq++)
		if (is_one || is_of_use(t, &id))
			e = note_one(t, &id, number, word);
	return e;
}

static enum err
make_word(uint64_t number, const json_t *still, struct buffer *out)
{
	uint8_t head[WORD_BYTES];
	size_t i;

	store_u64(head, number);
	head[8] = AS_SAID;
	put_bytes(out, head, sizeof head);
	for (i = 0; i < json_array_size(still); i++) {
		const char *org = json_string_value(json_array_get(still, i));

		if (org != NULL && strncmp(org, "ref:", 4) == 0 &&
		    strlen(org + 4) <= ORG_REF_BYTES_MAX)
			put_text(out, org + 4);
	}
	return buffer_state(out);
}

enum err
emptying_note_change(
    struct txn *t, const struct self *self, const struct change *c)
{
	const json_t *ids;
	struct buffer word = {0};
	const char *lost;
	uint64_t number;
	size_t i;
	enum err e;

	if (strcmp(c->record.kind, "emptying") != 0)
		return ERR_OK;
	if (self->role == ROLE_HUB)
		return emptying_came_back(t, c);
	ids = json_object_get(c->fields, "changes");
	lost = rule_ref(c->fields, "lost");
	number =
	    (uint64_t)json_integer_value(json_object_get(c->fields, "number"));
	e = make_word(number, json_object_get(c->fields, "still"), &word);
	for (i = 0; e == ERR_OK && i < json_array_size(ids); i++)
		e = note_run(t, json_string_value(json_array_get(ids, i)),
		    number, &word);
	if (e == ERR_OK && lost != NULL)
		e = feed_left_heard(t, lost, number);
	buffer_free(&word);
	return e;
}

enum err
emptying_came_again(struct txn *t, const struct change_id *id)
{
	uint8_t key[KEY_CHANGE_BYTES];
	struct buffer word = {0};
	enum err e;

	key_change(key, id);
	e = txn_get(t, TABLE_EMPTIED, key, sizeof key, &word);
	if (e == ERR_OK && word.size >= WORD_BYTES) {
		word.data[8] = KEEP;
		e = txn_put(
		    t, TABLE_EMPTIED, key, sizeof key, word.data, word.size);
	}
	buffer_free(&word);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- what has not been sent ---------------------------------------------- */

/* Blind hashes of what unsent changes are, and of what they name. */
struct unsent {
	struct txn *t;
	const struct self *self;
	struct cert wide; /* whose lists this node is fed from */
	struct buffer hashes;
	size_t count;
	bool is_too_much;
};

static uint64_t
hash_of(struct txn *t, const char *kind, const char *ref)
{
	char text[KIND_BYTES_MAX + 1 + REF_BYTES_MAX + 1];
	int n = snprintf(text, sizeof text, "%s %s", kind, ref);

	return db_blind_hash(txn_db(t), "unsent", text, (size_t)n);
}

static bool
note_unsent(void *context, const char *kind, const char *ref)
{
	struct unsent *u = context;

	put_u64(&u->hashes, hash_of(u->t, kind, ref));
	return false;
}

static bool
is_unsent(void *context, const char *kind, const char *ref)
{
	const struct unsent *u = context;
	uint64_t hash = hash_of(u->t, kind, ref);
	struct reader r;

	reader_init(&r, u->hashes.data, u->hashes.size);
	while (reader_left(&r) >= 8)
		if (read_u64(&r) == hash)
			return true;
	return false;
}

static enum err
decode(const struct change_id *id, const struct stored *s, struct change *out)
{
	change_init(out);
	out->id = *id;
	return change_decode(out, s->body.data, s->body.size);
}

static enum err
gather_log(struct unsent *u, const struct change_id *last, uint64_t held)
{
	struct change_id id = *last;
	struct stored s;
	enum err e = ERR_OK;

	stored_init(&s);
	for (id.seq = held + 1; e == ERR_OK && id.seq <= last->seq; id.seq++) {
		struct change c;

		if (++u->count > UNSENT_MAX) {
			u->is_too_much = true;
			break;
		}
		e = stored_read(u->t, &id, &s);
		if (e == ERR_OK)
			e = decode(&id, &s, &c);
		if (e != ERR_OK)
			break;
		(void)mentioned_each(u->t, &c, note_unsent, u);
		change_clear(&c);
	}
	stored_free(&s);
	return e;
}

static enum err
gather_life(struct unsent *u, const uint8_t life[LIFE_BYTES])
{
	uint64_t held[CLASSES] = {0};
	struct change_id last;
	enum err e = receipts_group_held(u->t, life, held);

	memcpy(last.life, life, LIFE_BYTES);
	for (last.class = 0; e == ERR_OK && last.class < CLASSES;
	     last.class ++) {
		struct log_head head;

		e = log_head_read(u->t, life, last.class, &head);
		last.seq = head.seq;
		if (e == ERR_OK)
			e = gather_log(u, &last, held[last.class]);
	}
	return e;
}

static enum err
gather_unsent(struct unsent *u)
{
	struct bytes key;
	struct walk *w;
	enum err e = walk_open(u->t, TABLE_LIVES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		struct life life;

		if (key.size != LIFE_BYTES ||
		    life_read(u->t, key.data, &life) != ERR_OK ||
		    memcmp(life.node, u->self->id, NODE_ID_BYTES) != 0)
			continue;
		e = gather_life(u, life.id);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? buffer_state(&u->hashes) : e;
}

/* --- emptying ------------------------------------------------------------ */

bool
emptying_is_due(struct txn *t)
{
	struct walk *w;
	struct bytes key;
	bool is_due = feed_left_waits(t);

	if (is_due || walk_open(t, TABLE_EMPTIED, NULL, 0, &w) != ERR_OK)
		return is_due;
	while (!is_due && walk_next(w, &key, NULL) == ERR_OK)
		is_due = key.size == KEY_CHANGE_BYTES;
	walk_close(w);
	return is_due;
}

static enum err
mark_record(struct txn *t, const struct change *c)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct buffer value = {0};
	enum err e;

	key_record(txn_db(t), key, &c->record);
	put_text(&value, c->record.kind);
	put_text(&value, c->record.ref);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_EMPTIED, key, sizeof key, value.data, value.size);
	buffer_wipe(&value);
	return e;
}

/* *done: nothing more is to be said of it. */
static enum err
empty_one(struct unsent *u, const struct change_id *id, bool *done)
{
	struct change c;
	struct stored s;
	struct life life;
	enum err e;

	*done = true;
	stored_init(&s);
	e = stored_read(u->t, id, &s);
	if (e == ERR_NOT_FOUND || (e == ERR_OK && s.apart != 0) ||
	    (e == ERR_OK && s.body.size == 0) ||
	    (life_read(u->t, id->life, &life) == ERR_OK &&
	        memcmp(life.node, u->self->id, NODE_ID_BYTES) == 0)) {
		stored_free(&s);
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	if (e == ERR_OK)
		e = decode(id, &s, &c);
	if (e == ERR_OK) {
		if (org_within(u->t, &u->wide, c.org)) {
			*done = true; /* it stands on a list of this site */
		} else if (mentioned_each(u->t, &c, is_unsent, u)) {
			*done = false;
		} else {
			e = mark_record(u->t, &c);
			if (e == ERR_OK)
				e = stored_write(u->t, id, 0, s.month,
				    s.fingerprint, NULL, 0);
		}
		change_clear(&c);
	}
	stored_free(&s);
	if (e == ERR_NOMEM || e == ERR_IO || e == ERR_FULL)
		return e;
	if (e != ERR_OK) /* it cannot be read: it is shown nowhere */
		*done = false;
	return ERR_OK;
}

/* The words that wait, at most so many: their keys, and how they read. */
static enum err
gather_words(struct txn *t, struct buffer *out)
{
	struct buffer value = {0};
	struct bytes key;
	struct walk *w;
	size_t count = 0;
	enum err e = walk_open(t, TABLE_EMPTIED, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while (count < EMPTYING_AT_ONCE &&
	       (e = walk_next(w, &key, &value)) == ERR_OK) {
		if (key.size != KEY_CHANGE_BYTES || value.size < WORD_BYTES)
			continue;
		put_bytes(out, key.data, KEY_CHANGE_BYTES);
		put_string(out, value.data + 8, value.size - 8);
		count++;
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* Whether a list that this node is fed from still has it. */
static bool
is_kept(struct unsent *u, struct bytes said)
{
	char org[ORG_REF_BYTES_MAX + 1];
	struct reader r;
	uint8_t fate;

	reader_init(&r, said.data, said.size);
	fate = read_u8(&r);
	while (fate == AS_SAID && read_text(&r, org, ORG_REF_BYTES_MAX))
		if (org_within(u->t, &u->wide, org))
			return true;
	return fate == KEEP;
}

/* Where not all is here, what a list still has may be one that this node is
 * about to lose: such a word waits on. */
static enum err
apply_words(
    struct unsent *u, const struct buffer *words, enum emptying_heard heard)
{
	struct reader r;
	enum err e = ERR_OK;

	reader_init(&r, words->data, words->size);
	while (e == ERR_OK && reader_left(&r) > 0) {
		uint8_t key[KEY_CHANGE_BYTES];
		struct change_id id;
		struct bytes said;
		bool done = true;

		read_copy(&r, key, sizeof key);
		said = read_string(&r);
		if (r.failed)
			return ERR_CORRUPT;
		key_change_read(&id, key);
		if (!is_kept(u, said))
			e = empty_one(u, &id, &done);
		else
			done = heard == HEARD_ALL || said.data[0] == KEEP;
		if (e == ERR_OK && done)
			e = txn_delete(u->t, TABLE_EMPTIED, key, sizeof key);
	}
	return e;
}

enum err
emptying_apply(
    struct txn *t, const struct self *self, enum emptying_heard heard)
{
	struct unsent u = {.t = t, .self = self};
	struct buffer words = {0};
	enum err e;

	if (heard == HEARD_PART)
		return ERR_OK;
	e = gather_words(t, &words);
	if (e == ERR_OK)
		e = team_feed_widen(t, &self->chain[0], &u.wide);
	if (e == ERR_OK && words.size > 0)
		e = gather_unsent(&u);
	if (e == ERR_OK && !u.is_too_much)
		e = apply_words(&u, &words, heard);
	if (e == ERR_OK && words.size > 0)
		e = emptying_drop_questions(t);
	if (e == ERR_OK && heard == HEARD_ALL)
		e = feed_left_apply(t, self, &u.wide);
	buffer_free(&words);
	buffer_free(&u.hashes);
	return e;
}

/* --- what is emptied ----------------------------------------------------- */

bool
emptying_is_emptied(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	return txn_has(t, TABLE_EMPTIED, key, KEY_RECORD_BYTES) == ERR_OK;
}

enum err
emptying_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct identity *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = txn_get(t, TABLE_EMPTIED, key, KEY_RECORD_BYTES, &value);

	memset(out, 0, sizeof *out);
	if (e == ERR_OK) {
		reader_init(&r, value.data, value.size);
		if (!read_text(&r, out->kind, KIND_BYTES_MAX) ||
		    !read_text(&r, out->ref, REF_BYTES_MAX))
			e = ERR_CORRUPT;
	}
	buffer_wipe(&value);
	return e;
}

json_t *
emptying_to_json(const struct identity *id)
{
	return json_pack(
	    "{s:s, s:s, s:b}", "kind", id->kind, "ref", id->ref, "emptied", 1);
}

struct filling {
	struct txn *t;
	struct stored stored;
	bool is_whole;
};

static enum err
look_for_body(void *context, const struct change_id *id)
{
	struct filling *f = context;
	enum err e = stored_read(f->t, id, &f->stored);

	if (e != ERR_OK)
		return e;
	f->is_whole = f->stored.body.size > 0;
	return f->is_whole ? ERR_OK : ERR_END;
}

/* Whether no change of a record lacks its body any more. */
static enum err
is_whole(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], bool *out)
{
	struct filling f = {.t = t, .is_whole = true};
	enum err e;

	stored_init(&f.stored);
	e = record_walk(t, key, look_for_body, &f);
	stored_free(&f.stored);
	*out = f.is_whole;
	return e;
}

enum err
emptying_fill(struct txn *t, const struct change_id *id,
    const struct stored *was, const void *body, size_t body_bytes,
    uint8_t key[KEY_RECORD_BYTES])
{
	struct stored s = {.value = {0}};
	struct change c;
	bool whole = false;
	enum err e;

	s.body.data = body;
	s.body.size = body_bytes;
	e = decode(id, &s, &c);
	if (e != ERR_OK)
		return e;
	key_record(txn_db(t), key, &c.record);
	change_clear(&c);
	e = stored_write(
	    t, id, 0, was->month, was->fingerprint, body, body_bytes);
	if (e == ERR_OK)
		e = is_whole(t, key, &whole);
	if (e == ERR_OK && whole)
		e = txn_delete(t, TABLE_EMPTIED, key, KEY_RECORD_BYTES);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

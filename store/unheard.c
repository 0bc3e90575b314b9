/* unheard: what a child asks of its parent after receipts were lost. */

#include <stdlib.h>
#include <string.h>

#include "store/finding.h"
#include "store/key.h"
#include "store/list.h"
#include "store/record.h"
#include "store/unheard.h"

/* --- the child ----------------------------------------------------------- */

/* The run goes on, or another one begins. */
static enum err
add_to_stretch(struct span *s, const struct change_id *id)
{
	struct span_run *last =
	    s->run_count == 0 ? NULL : &s->runs[s->run_count - 1];

	if (last != NULL && memcmp(last->life, id->life, LIFE_BYTES) == 0 &&
	    id->seq == last->first + last->count) {
		last->count++;
		return ERR_OK;
	}
	if (s->run_count == STRETCH_RUNS_MAX)
		return ERR_LIMIT;
	last = &s->runs[s->run_count++];
	memcpy(last->life, id->life, LIFE_BYTES);
	last->first = id->seq;
	last->count = 1;
	return ERR_OK;
}

enum err
unheard_stretch(struct txn *t, const struct list_id *list,
    const struct cursor *after, const struct cursor *to, struct span *out)
{
	struct list_entry entry;
	struct audience a;
	uint64_t place;
	enum err e = audience_read(t, list->name, &a);

	memset(out, 0, sizeof *out);
	out->class = list->class;
	out->running = after->running;
	if (e == ERR_OK && (after->epoch != a.epoch || to->epoch != a.epoch))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK && (to->place <= after->place ||
	                       to->place - after->place > STRETCH_CHANGES_MAX))
		e = ERR_LIMIT;
	for (place = after->place; e == ERR_OK && place < to->place; place++) {
		e = list_entry_read(t, &a, list->class, place + 1, &entry);
		if (e == ERR_OK)
			e = add_to_stretch(out, &entry.id);
	}
	return e;
}

/* --- the parent: clashes --------------------------------------------------
 */

/* A clash stands among the questions under its content; by its id it stands
 * here, since the one who asks has nothing else. The last one counts: it is
 * what came with the batches whose receipts can be lost. */
static const char label[] = "other:"; /* in TABLE_META, and a change's key */

enum {
	LABEL_BYTES = sizeof label - 1,
	MARK_BYTES = LABEL_BYTES + KEY_CHANGE_BYTES,
};

static void
mark_key(uint8_t key[MARK_BYTES], const struct change_id *id)
{
	memcpy(key, label, LABEL_BYTES);
	key_change(key + LABEL_BYTES, id);
}

enum err
unheard_note_clash(
    struct txn *t, const struct change_id *id, uint64_t fingerprint)
{
	uint8_t key[MARK_BYTES], value[8];

	mark_key(key, id);
	store_u64(value, fingerprint);
	return txn_put(t, TABLE_META, key, sizeof key, value, sizeof value);
}

/* ERR_NOT_FOUND: none ever came. */
static enum err
clash_read(struct txn *t, const struct change_id *id, uint64_t *fingerprint)
{
	struct buffer value = {0};
	uint8_t key[MARK_BYTES];
	enum err e;

	mark_key(key, id);
	e = txn_get(t, TABLE_META, key, sizeof key, &value);
	if (e == ERR_OK && value.size != 8)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		*fingerprint = load_u64(value.data);
	buffer_free(&value);
	return e;
}

/* --- the parent: exceptions ----------------------------------------------
 */

/* Of bodies, which are opened to see what is with them: as much as the batches
 * hold that may be without an answer. */
enum { STRETCH_BYTES_MAX = 4 * 1024 * 1024 };

/* The stretch as it would be with what is held under its ids, and as it would
 * be with what clashed in its place: the hash that the list's sender told with
 * its batch says which of the two came. A store that was copied may have sent
 * both, each in its turn. */
struct account {
	struct txn *t;
	struct stored stored;
	uint64_t bytes;         /* read so far */
	uint64_t held, clashed; /* running hashes */
	bool has_all;           /* held holds */
	struct receipt *out;    /* clashes among the exceptions */
};

static enum err
add_exception(
    struct account *a, const struct change_id *id, enum finding_code code)
{
	struct receipt *r = a->out;

	if (r->exception_count == EXCEPTIONS_MAX)
		return ERR_NOT_FOUND;
	r->exceptions[r->exception_count].id = *id;
	r->exceptions[r->exception_count++].reason = (uint16_t)code;
	return ERR_OK;
}

static enum err
account_of(struct account *a, const struct change_id *id)
{
	uint64_t clash = 0;
	enum err is_held = stored_read(a->t, id, &a->stored);
	enum err is_clash = clash_read(a->t, id, &clash);

	if (is_held != ERR_OK && is_held != ERR_NOT_FOUND)
		return is_held;
	if (is_clash != ERR_OK && is_clash != ERR_NOT_FOUND)
		return is_clash;
	if (is_held != ERR_OK && is_clash != ERR_OK)
		return ERR_NOT_FOUND;
	a->has_all = a->has_all && is_held == ERR_OK;
	if (is_held == ERR_OK) {
		a->bytes += a->stored.body.size;
		a->held = list_running(a->held, a->stored.fingerprint);
	}
	if (is_clash == ERR_OK) {
		a->clashed = list_running(a->clashed, clash);
		return add_exception(a, id, FINDING_CLASH);
	}
	a->clashed = list_running(a->clashed, a->stored.fingerprint);
	return a->stored.apart == 0
	           ? ERR_OK
	           : add_exception(a, id, (enum finding_code)a->stored.apart);
}

static enum err
account_run(struct account *a, const struct span_run *run, uint8_t class)
{
	struct change_id id = {.class = class};
	enum err e = ERR_OK;

	memcpy(id.life, run->life, LIFE_BYTES);
	for (id.seq = run->first;
	     e == ERR_OK && id.seq - run->first < run->count; id.seq++) {
		e = account_of(a, &id);
		if (a->bytes > STRETCH_BYTES_MAX)
			return ERR_NOT_FOUND;
	}
	return e;
}

/* What was held all along, though others came under some of the ids. */
static enum err
without_clashes(struct account *a)
{
	struct receipt *r = a->out;
	size_t i, kept = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < r->exception_count; i++) {
		struct exception x = r->exceptions[i];

		if (x.reason == FINDING_CLASH) {
			e = stored_read(a->t, &x.id, &a->stored);
			x.reason = a->stored.apart;
		}
		if (e == ERR_OK && x.reason != 0)
			r->exceptions[kept++] = x;
	}
	r->exception_count = kept;
	return e;
}

static enum err
judge(struct account *a)
{
	uint64_t running = a->out->cursor.running;

	if (a->clashed == running)
		return ERR_OK;
	if (a->has_all && a->held == running)
		return without_clashes(a);
	return ERR_NOT_FOUND;
}

enum err
unheard_exceptions(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, const struct span *of, struct receipt *out)
{
	struct account a = {.t = t,
	    .held = of->running,
	    .clashed = of->running,
	    .has_all = true,
	    .out = out};
	size_t i;
	enum err e = cursor_read(t, peer, CURSOR_OWN, list, &out->cursor);

	out->list = *list;
	out->exception_count = 0;
	out->exceptions = calloc(EXCEPTIONS_MAX, sizeof *out->exceptions);
	if (out->exceptions == NULL)
		return ERR_NOMEM;
	stored_init(&a.stored);
	for (i = 0; e == ERR_OK && i < of->run_count; i++)
		e = account_run(&a, &of->runs[i], of->class);
	if (e == ERR_OK)
		e = judge(&a);
	stored_free(&a.stored);
	if (e != ERR_OK) {
		free(out->exceptions);
		out->exceptions = NULL;
		out->exception_count = 0;
	}
	return e;
}

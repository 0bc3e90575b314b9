/* world: a hub and clinics in one process, joined by a link that cuts. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/question.h"
#include "store/receipt.h"
#include "tests/sim/world.h"

#define MUST(call)                                                             \
	do {                                                                   \
		enum err must_e = (call);                                      \
		if (must_e != ERR_OK) {                                        \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
			    #call, err_name(must_e));                          \
			abort();                                               \
		}                                                              \
	} while (0)

/* splitmix64, so that a seed alone tells the whole story. */
uint64_t
world_draw(struct world *w, uint64_t below)
{
	uint64_t z = (w->seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % below;
}

static void
fill(void *context, void *out, size_t size)
{
	uint8_t *at = out;

	while (size-- > 0)
		*at++ = (uint8_t)world_draw(context, 256);
}

static void
site_open(struct world *w, struct site *s, bool create)
{
	struct store_options o = {.dir = s->dir,
	    .map_bytes = 256u * 1024 * 1024,
	    .create = create,
	    .holder = "simulation",
	    .random = {fill, w}};

	MUST(store_open(&s->store, &o));
}

struct txn *
site_begin(struct site *s, bool write)
{
	struct txn *t;

	MUST(db_begin(store_db(s->store), write, &t));
	return t;
}

void
site_make(
    struct world *w, struct site *s, enum node_role role, const char *name)
{
	uint8_t root[64];
	struct self self;
	struct txn *t;

	memset(s, 0, sizeof *s);
	s->letter = name[0];
	/* Several simulations may run side by side in one directory. */
	snprintf(s->dir, sizeof s->dir, "sim-%s-XXXXXX", name);
	if (mkdtemp(s->dir) == NULL)
		abort();
	site_open(w, s, true);
	t = site_begin(s, true);
	MUST(self_create(t, role, name, w->now, &self));
	if (role == ROLE_HUB)
		MUST(enrol_create_group(t, &self, w->now, root));
	MUST(txn_commit(t));
	self_wipe(&self);
}

void
site_close(struct site *s)
{
	static const char *const files[] = {"data.mdb", "data.mdb-lock",
	    "machine.key", "marker", "owner.lock", "reserve"};
	char path[256];
	size_t i;

	store_close(s->store);
	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->dir, files[i]);
		(void)remove(path);
	}
	(void)remove(s->dir);
}

void
site_reopen(struct world *w, struct site *s)
{
	store_close(s->store);
	site_open(w, s, false);
	MUST(store_begin_life(s->store, w->now));
}

/* --- copies --- */

static void
read_whole(const struct site *s, const char *name, struct buffer *out)
{
	uint8_t piece[65536];
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	f = fopen(path, "rb");
	if (f == NULL)
		abort();
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		put_bytes(out, piece, n);
	fclose(f);
	MUST(buffer_state(out));
}

static void
write_whole(const struct site *s, const char *name, const struct buffer *in)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(in->data, 1, in->size, f) != in->size ||
	    fclose(f) != 0)
		abort();
}

void
site_save(struct world *w, struct site *s, struct site_copy *out)
{
	memset(out, 0, sizeof *out);
	store_close(s->store);
	read_whole(s, "data.mdb", &out->data);
	read_whole(s, "marker", &out->marker);
	out->made = s->made;
	site_open(w, s, false);
}

void
site_restore(struct world *w, struct site *s, const struct site_copy *copy)
{
	store_close(s->store);
	write_whole(s, "data.mdb", &copy->data);
	write_whole(s, "marker", &copy->marker);
	s->made = copy->made;
	site_open(w, s, false);
}

void
site_copy_free(struct site_copy *copy)
{
	buffer_free(&copy->data);
	buffer_free(&copy->marker);
}

/* --- the link ---------------------------------------------------------- */

static int64_t
clock_of(void *context)
{
	return ((struct world *)context)->now;
}

/* Learning the dictionary takes longer than a small session. */
static struct codebook *
shared_books(void)
{
	static struct codebook *books;

	if (books == NULL)
		MUST(codebook_new(&books));
	return books;
}

struct exchange *
world_exchange(struct world *w, struct site *s, enum session_purpose purpose,
    const char *code)
{
	struct exchange_options o = {.db = store_db(s->store),
	    .purpose = purpose,
	    .invite = code,
	    .address = "hub.example:7270",
	    .now_ms = w->now_ms,
	    .clock = clock_of,
	    .clock_context = w,
	    .books = shared_books(),
	    .wants_rows = w->asks_for_rows};
	struct exchange *x;

	MUST(exchange_new(&x, &o));
	return x;
}

void
site_do(struct site *s, struct exchange *x, struct writer_job *job)
{
	struct txn *t = site_begin(s, true);
	enum err e = job->run(job->context, t);

	if (e == ERR_OK)
		e = txn_commit(t);
	else
		txn_abort(t);
	exchange_job_done(x, e);
}

static void
run_jobs(struct site *s, struct exchange *x)
{
	struct writer_job *job;

	while ((job = exchange_next_job(x)) != NULL)
		site_do(s, x, job);
}

/* Move some bytes from one session to the other; how many. */
static size_t
carry(struct world *w, struct exchange *from, struct exchange *to, size_t limit)
{
	struct session *a = exchange_session(from);
	struct session *b = exchange_session(to);
	const uint8_t *out;
	size_t n = session_output(a, &out);

	if (n == 0 || !(session_wants_input(b) || session_is_over(b)))
		return 0;
	if (w->piece > 0)
		n = n < w->piece ? n : w->piece;
	else if (n > 1 && world_draw(w, 4) == 0)
		n = 1 + (size_t)world_draw(w, n);
	if (n > limit)
		n = limit;
	if (n == 0)
		return 0;
	(void)session_receive(b, out, n, w->now_ms);
	session_sent(a, n, w->now_ms);
	return n;
}

void
world_run(struct world *w, struct site *initiator, struct site *answerer,
    enum session_purpose purpose, const char *code, size_t cut_after)
{
	struct exchange *x = world_exchange(w, initiator, purpose, code);
	struct exchange *y = world_exchange(w, answerer, SESSION_ANSWER, NULL);
	size_t left = cut_after;

	for (;;) {
		size_t moved;

		w->now_ms += 10;
		run_jobs(initiator, x);
		run_jobs(answerer, y);
		moved = carry(w, x, y, left);
		left -= moved;
		run_jobs(answerer, y);
		if (left > 0) {
			size_t back = carry(w, y, x, left);

			moved += back;
			left -= back;
		}
		if (moved == 0 || left == 0)
			break;
	}
	session_closed(exchange_session(x));
	session_closed(exchange_session(y));
	run_jobs(initiator, x);
	run_jobs(answerer, y);
	w->result = exchange_result(x);
	w->reason = exchange_reason(x);
	w->up = session_stats(exchange_session(x));
	w->down = session_stats(exchange_session(y));
	exchange_free(x);
	exchange_free(y);
}

void
world_join(
    struct world *w, struct site *hub, struct site *clinic, const char *org)
{
	char code[INVITE_TEXT_BYTES];
	struct invite invite;
	struct self self;
	struct txn *t = site_begin(hub, true);

	MUST(self_read(t, &self));
	MUST(enrol_invite(t, &self, "", &org, 1, w->now, &invite, code));
	MUST(txn_commit(t));
	world_run(w, clinic, hub, SESSION_JOIN, code, SIZE_MAX);
	MUST(w->result);
}

/* --- records ----------------------------------------------------------- */

/* Takes the fields. */
static void
author_in(struct world *w, struct txn *t, struct change *c, json_t *fields,
    uint8_t class)
{
	struct self self;

	MUST(self_read(t, &self));
	snprintf(c->by, sizeof c->by, "S0001");
	c->occurred_at = w->now;
	c->recorded_at = w->now;
	c->fields = fields;
	MUST(admit_own(t, &self, c, class));
	self_wipe(&self);
	change_clear(c);
	w->now += 60;
}

static void
author(struct world *w, struct site *s, struct change *c, json_t *fields)
{
	struct txn *t = site_begin(s, true);

	author_in(w, t, c, fields, kind_by_name(c->record.kind)->urgency);
	MUST(txn_commit(t));
}

void
world_make_resident(struct world *w, struct site *s, const char *org)
{
	struct change c;
	char name[64], born[16];

	change_init(&c);
	/* Nobody is somebody else: that would be a question. */
	snprintf(born, sizeof born, "19%02u-%02u-%02u", s->made % 100,
	    s->made / 100 % 12 + 1, s->made / 1200 % 28 + 1);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	snprintf(c.record.ref, sizeof c.record.ref, "%s-R%u", org, s->made++);
	snprintf(c.org, sizeof c.org, "%s", org);
	snprintf(name, sizeof name, "居民%llu",
	    (unsigned long long)world_draw(w, 1000000));
	author(w, s, &c,
	    json_pack("{s:s, s:s, s:s, s:s}", "name", name, "sex", "1",
	        "birth_date", born, "status", "living"));
}

static json_t *
draw_note(struct world *w, size_t bytes)
{
	char *note = malloc(bytes + 1);
	json_t *fields;
	size_t i;

	if (note == NULL)
		abort();
	for (i = 0; i < bytes; i++)
		note[i] = (char)('!' + world_draw(w, 94));
	note[bytes] = '\0';
	fields = json_pack("{s:s}", "x_note", note);
	free(note);
	return fields;
}

void
world_make_notes(struct world *w, struct site *s, const char *org,
    uint8_t class, size_t note_bytes, unsigned count)
{
	struct txn *t = site_begin(s, true);
	struct change c;

	while (count-- > 0) {
		change_init(&c);
		snprintf(c.record.source, sizeof c.record.source, "his");
		snprintf(c.record.kind, sizeof c.record.kind, "resident");
		snprintf(c.record.ref, sizeof c.record.ref, "%s-%c%u", org,
		    s->letter, s->made++);
		snprintf(c.org, sizeof c.org, "%s", org);
		author_in(w, t, &c, draw_note(w, note_bytes), class);
	}
	MUST(txn_commit(t));
}

void
world_amend_resident(
    struct world *w, struct site *s, const char *org, unsigned which)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct change c;
	char ref[64], phone[16];
	struct txn *t = site_begin(s, false);

	snprintf(ref, sizeof ref, "%s-R%u", org, which);
	key_record_of(txn_db(t), key, "his", "resident", ref);
	MUST(record_read(t, key, &r));
	txn_abort(t);
	change_init(&c);
	c.record = r.id;
	c.parent_count = r.parent_count;
	memcpy(c.parents, r.parents, sizeof c.parents);
	record_clear(&r);
	snprintf(c.org, sizeof c.org, "%s", org);
	snprintf(phone, sizeof phone, "12%09llu",
	    (unsigned long long)world_draw(w, 1000000000));
	author(w, s, &c, json_pack("{s:s}", "phone", phone));
}

void
world_make_org(
    struct world *w, struct site *hub, const char *ref, const char *parent)
{
	struct change c;
	json_t *fields = json_pack("{s:s, s:s}", "name", ref, "level",
	    parent == NULL ? "county" : "village");

	if (parent != NULL)
		json_object_set_new(
		    fields, "parent_org_id", json_sprintf("ref:%s", parent));
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "org");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.org, sizeof c.org, "H01");
	author(w, hub, &c, fields);
}

/* --- looking ----------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
site_text(struct site *s, const char *kind)
{
	uint8_t prefix[2], last[KEY_RECORD_BYTES] = {0};
	struct txn *t = site_begin(s, false);
	struct buffer all = {0};
	char **lines = NULL;
	size_t count = 0, i;
	struct walk *w;
	struct bytes key;

	store_u16(prefix, key_kind_number(kind));
	MUST(walk_open(t, TABLE_RECORDS, prefix, sizeof prefix, &w));
	while (walk_next(w, &key, NULL) == ERR_OK &&
	       memcmp(key.data, prefix, sizeof prefix) == 0) {
		struct record r;
		json_t *o;

		if (memcmp(key.data, last, sizeof last) == 0)
			continue;
		memcpy(last, key.data, sizeof last);
		MUST(record_read(t, last, &r));
		o = record_to_json(&r);
		lines = realloc(lines, (count + 1) * sizeof *lines);
		lines[count++] = json_dumps(o, JSON_SORT_KEYS);
		json_decref(o);
		record_clear(&r);
	}
	walk_close(w);
	txn_abort(t);
	if (count > 0)
		qsort(lines, count, sizeof *lines, by_text);
	for (i = 0; i < count; i++) {
		put_bytes(&all, lines[i], strlen(lines[i]));
		put_u8(&all, '\n');
		free(lines[i]);
	}
	free(lines);
	put_u8(&all, 0);
	return (char *)all.data;
}

uint64_t
site_waiting(struct site *s)
{
	struct txn *t = site_begin(s, false);
	uint64_t waiting, held;
	struct self self;

	MUST(self_read(t, &self));
	MUST(receipts_parent_count(t, &self, &waiting, &held));
	txn_abort(t);
	return waiting;
}

uint64_t
site_at_group(struct site *s)
{
	struct txn *t = site_begin(s, false);
	struct self self;
	uint64_t held;

	MUST(self_read(t, &self));
	MUST(receipts_group_count(t, &self, &held));
	txn_abort(t);
	return held;
}

uint64_t
site_changes(struct site *s)
{
	struct txn *t = site_begin(s, false);
	uint64_t n;

	MUST(txn_count(t, TABLE_CHANGES, &n));
	txn_abort(t);
	return n;
}

uint64_t
site_questions(struct site *s)
{
	struct txn *t = site_begin(s, false);
	uint64_t n;

	MUST(question_count(t, &n));
	txn_abort(t);
	return n;
}

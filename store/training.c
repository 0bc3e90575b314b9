/* training: a dictionary made of what the group's records have in common. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/export.h"
#include "store/training_state.h"

enum { POINTS = 0x10000, TRIES = 6, BATCH = 60 };

/* --- characters -------------------------------------------------------- */

/* Marks that are listed whether or not anything uses them. */
static const char marks[] = "，。；：（）、";

struct weighed {
	uint32_t count, point;
};

static int
by_count(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->point < y->point ? -1 : x->point > y->point;
}

/* Bytes that begin no valid character are numbers between texts: stepped
 * over. A few count as a letter, which changes nothing much. */
static void
weigh(const struct bytes *body, struct weighed *all)
{
	size_t at = 0;

	while (at < body->size) {
		size_t next = at;
		uint32_t point;

		if (alphabet_next(body, &next, &point) && point >= ' ' &&
		    point < POINTS && point != 0x7f) {
			all[point].count++;
			at = next;
		} else {
			at++;
		}
	}
}

enum err
training_characters(
    const struct bytes *bodies, size_t count, struct buffer *out)
{
	struct weighed *all = calloc(POINTS, sizeof *all);
	struct bytes always = {(const uint8_t *)marks, sizeof marks - 1};
	uint32_t point;
	size_t i;

	if (all == NULL)
		return ERR_NOMEM;
	for (i = 0; i < POINTS; i++)
		all[i].point = (uint32_t)i;
	for (i = 0; i < count; i++)
		weigh(&bodies[i], all);
	for (point = ' '; point < 0x7f; point++)
		all[point].count++;
	for (i = 0; alphabet_next(&always, &i, &point);)
		all[point].count++;
	qsort(all, POINTS, sizeof *all, by_count);
	for (i = 0; i < ALPHABET_LISTED_MAX && all[i].count > 0; i++)
		alphabet_put(out, all[i].point);
	free(all);
	return buffer_state(out);
}

/* --- reading ----------------------------------------------------------- */

struct training {
	struct db *db;
	struct census *census;
	struct trained *out;
	struct body_list held; /* out, to be measured on */
	training_stop *stop;
	void *context;
	uint64_t turn;
};

static bool
is_stopped(struct training *x)
{
	return x->stop != NULL && x->stop(x->context);
}

static enum err
on_names(void *context, const char *source, const json_t *record)
{
	struct training *x = context;
	const char *kind = json_string_value(json_object_get(record, "kind"));
	const char *ref = json_string_value(json_object_get(record, "ref"));

	(void)source;
	if (is_stopped(x))
		return ERR_CLOSED;
	if (kind != NULL && ref != NULL && strcmp(kind, "org") == 0 &&
	    x->out->org[0] == '\0' && strlen(ref) < sizeof x->out->org &&
	    json_object_get(record, "parent_org_id") == NULL)
		snprintf(x->out->org, sizeof x->out->org, "%s", ref);
	return census_note_names(x->census, record);
}

static void
copy_ref(char *out, size_t size, const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	if (text != NULL && strncmp(text, "ref:", 4) == 0)
		text += 4;
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* Its body, or nearly, to measure on. */
static enum err
hold(struct training *x, const json_t *record)
{
	static const char *const envelope[] = {
	    "kind", "ref", "by", "at", "org_id"};
	const char *at = json_string_value(json_object_get(record, "at"));
	size_t begin = x->held.bytes.size, i;
	struct change c;
	enum err e = ERR_NOMEM;

	change_init(&c);
	copy_ref(c.record.kind, sizeof c.record.kind, record, "kind");
	copy_ref(c.record.ref, sizeof c.record.ref, record, "ref");
	copy_ref(c.by, sizeof c.by, record, "by");
	copy_ref(c.org, sizeof c.org, record, "org_id");
	snprintf(c.record.source, sizeof c.record.source, "his");
	if (at != NULL)
		(void)instant_parse(at, strlen(at), &c.occurred_at);
	c.recorded_at = c.occurred_at;
	c.fields = json_copy((json_t *)(uintptr_t)record);
	for (i = 0; c.fields != NULL && i < 5; i++)
		(void)json_object_del(c.fields, envelope[i]);
	if (c.fields != NULL)
		e = change_encode(&c, &x->held.bytes);
	if (e == ERR_OK)
		e = body_list_close(&x->held, begin);
	else if (e != ERR_NOMEM)
		e = ERR_OK; /* too large, say: another will do */
	change_clear(&c);
	return e;
}

static enum err
on_record(void *context, const char *source, const json_t *record)
{
	struct training *x = context;

	(void)source;
	if (is_stopped(x))
		return ERR_CLOSED;
	if (json_object_get(record, "resident_id") == NULL)
		return ERR_OK;
	if (x->turn++ % TRAINING_HELD_OUT == 0)
		return x->held.count < TRAINING_MEASURED ? hold(x, record)
		                                         : ERR_OK;
	x->out->records++;
	return census_count(x->census, record);
}

static enum err
read_all(struct training *x)
{
	static const char *const named[] = {
	    "org", "staff", "resident", "referral"};
	static const char *const counted[] = {
	    "encounter", "followup", "referral", "exam_request", "exam_report"};
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < sizeof named / sizeof named[0]; i++)
		e = export_records(x->db, named[i], on_names, x);
	for (i = 0; e == ERR_OK && i < sizeof counted / sizeof counted[0]; i++)
		e = export_records(x->db, counted[i], on_record, x);
	return e;
}

/* --- making ------------------------------------------------------------ */

/* The last `shipped` of the shipped bodies, then the group's. */
static enum err
make_of(const struct body_list *ours, const struct body_list *theirs,
    size_t shipped, struct buffer *out)
{
	struct bytes *a = body_list_views(theirs), *b = body_list_views(ours);
	struct bytes *all = calloc(shipped + ours->count + 1, sizeof *all);
	struct buffer listed = {0};
	struct bytes view;
	enum err e = ERR_NOMEM;

	buffer_clear(out);
	if (a != NULL && b != NULL && all != NULL) {
		memcpy(all, a + theirs->count - shipped, shipped * sizeof *all);
		memcpy(all + shipped, b, ours->count * sizeof *all);
		e = training_characters(all, shipped + ours->count, &listed);
	}
	view = (struct bytes){listed.data, listed.size};
	if (e == ERR_OK)
		e = dictionary_make(&view, all, shipped + ours->count, out);
	buffer_free(&listed);
	free(all);
	free(a);
	free(b);
	return e;
}

/* As many of the shipped bodies as fit, by halving what is not known. */
static enum err
make_fitting(struct training *x, const struct body_list *ours, size_t max)
{
	struct body_list theirs = {0};
	struct buffer one = {0}, best = {0};
	size_t low = 0, high, count, i;
	enum err e = training_shipped(&theirs);

	high = count = theirs.count;
	for (i = 0; e == ERR_OK && i < TRIES && low <= high; i++) {
		e = make_of(ours, &theirs, count, &one);
		if (e == ERR_OK && one.size <= max) {
			struct buffer was = best;

			best = one;
			one = was;
			low = count + 1;
		} else if (e == ERR_OK || e == ERR_LIMIT) {
			if (count == 0)
				break;
			high = count - 1;
			e = ERR_OK;
		}
		count = i + 2 == TRIES && best.size == 0 ? 0 : (low + high) / 2;
	}
	if (e == ERR_OK && best.size == 0)
		e = ERR_LIMIT;
	x->out->dictionary = best;
	buffer_free(&one);
	body_list_free(&theirs);
	return e;
}

/* --- measuring --------------------------------------------------------- */

static enum err
bytes_with(struct codebook *book, uint32_t id, const struct bytes *bodies,
    size_t count, uint64_t *out)
{
	struct buffer packed = {0};
	struct dense *d = NULL;
	size_t i;
	enum err e = ERR_OK;

	*out = 0;
	for (i = 0; e == ERR_OK && i < count; i++) {
		if (i % BATCH == 0) {
			e = codebook_dense(book, id, &d);
			if (e != ERR_OK)
				break;
			dense_begin(d, &packed);
		}
		e = dense_put(d, bodies[i].data, bodies[i].size);
		if (e == ERR_OK && i % BATCH != BATCH - 1 && i + 1 != count)
			continue;
		if (e == ERR_OK)
			e = dense_end(d);
		dense_free(d);
		d = NULL;
	}
	*out = packed.size;
	buffer_wipe(&packed);
	return e;
}

/* A session's worth at a time, each from the dictionary alone. */
static enum err
measure(struct training *x)
{
	struct trained *o = x->out;
	struct bytes *bodies = body_list_views(&x->held);
	struct codebook *book = NULL;
	enum err e = bodies == NULL ? ERR_NOMEM : codebook_new(&book);

	o->measured = x->held.count;
	if (e == ERR_OK)
		e = codebook_add(book, o->dictionary.data, o->dictionary.size);
	if (e == ERR_OK)
		e = bytes_with(
		    book, 0, bodies, x->held.count, &o->bytes_before);
	if (e == ERR_OK)
		e = bytes_with(book,
		    dictionary_id(o->dictionary.data, o->dictionary.size),
		    bodies, x->held.count, &o->bytes_after);
	codebook_free(book);
	free(bodies);
	return e;
}

static enum err
train(struct training *x, size_t max)
{
	const struct atom *atoms;
	struct body_list ours = {0};
	size_t count;
	enum err e = read_all(x);

	if (e == ERR_OK)
		e = census_result(x->census, &atoms, &count);
	if (e != ERR_OK)
		return e;
	x->out->atoms = count;
	e = training_bodies(atoms, count, &ours);
	if (e == ERR_OK && ours.count == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = make_fitting(x, &ours, max);
	if (e == ERR_OK)
		e = measure(x);
	body_list_free(&ours);
	return e;
}

enum err
training_make(struct db *db, size_t max, training_stop *stop, void *context,
    struct trained *out)
{
	struct training x = {
	    .db = db, .out = out, .stop = stop, .context = context};
	enum err e;

	memset(out, 0, sizeof *out);
	e = census_new(&x.census, db);
	if (e == ERR_OK)
		e = train(&x, max);
	census_free(x.census);
	body_list_free(&x.held);
	if (e != ERR_OK)
		buffer_free(&out->dictionary);
	return e;
}

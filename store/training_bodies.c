/* training_bodies: bodies put together of what is common, and those of the
 * shipped dictionary.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/change.h"
#include "store/training_state.h"
#include "sync/limits.h"

enum {
	PHRASES_A_TEXT = 5,
	ROWS_A_FIELD = 2,
	FIELDS_USED = 24, /* sorts of record of one kind, the commonest */
	MINUTES_BETWEEN = 7,
};

/* 2026-01-05 08:00 at +08:00; nobody's. */
#define FIRST_MOMENT INT64_C(1767571200)

/* --- lists ------------------------------------------------------------- */

void
body_list_free(struct body_list *l)
{
	buffer_wipe(&l->bytes);
	free(l->sizes);
	memset(l, 0, sizeof *l);
}

enum err
body_list_close(struct body_list *l, size_t begin)
{
	if (l->count == l->capacity) {
		size_t more = l->capacity == 0 ? 256 : l->capacity * 2;
		size_t *sizes = realloc(l->sizes, more * sizeof *sizes);

		if (sizes == NULL)
			return ERR_NOMEM;
		l->sizes = sizes;
		l->capacity = more;
	}
	l->sizes[l->count++] = l->bytes.size - begin;
	return buffer_state(&l->bytes);
}

struct bytes *
body_list_views(const struct body_list *l)
{
	struct bytes *views = calloc(l->count + 1, sizeof *views);
	size_t i, at = 0;

	for (i = 0; views != NULL && i < l->count; at += l->sizes[i++])
		views[i] = (struct bytes){l->bytes.data + at, l->sizes[i]};
	return views;
}

/* --- the shipped ones -------------------------------------------------- */

static enum err
take_all(
    struct dense *d, struct reader *r, uint64_t count, struct body_list *out)
{
	enum err e = ERR_OK;

	dense_open(d, r->at, reader_left(r));
	while (e == ERR_OK && count-- > 0) {
		size_t begin = out->bytes.size;

		e = dense_take(d, CHANGE_BYTES_MAX, &out->bytes);
		if (e == ERR_OK)
			e = body_list_close(out, begin);
	}
	return e == ERR_OK ? dense_close(d) : e;
}

enum err
training_shipped(struct body_list *out)
{
	struct alphabet *alphabet = malloc(sizeof *alphabet);
	struct dense *d = NULL;
	struct bytes listed;
	struct reader r;
	uint64_t count;
	enum err e = ERR_NOMEM;

	reader_init(&r, sync_dictionary, sync_dictionary_bytes);
	(void)read_u8(&r);
	listed = read_string(&r);
	count = read_varint(&r);
	if (alphabet != NULL)
		e = r.failed ? ERR_FORMAT : alphabet_fill(alphabet, &listed);
	if (e == ERR_OK)
		e = dense_new(&d, alphabet);
	if (e == ERR_OK)
		e = take_all(d, &r, count, out);
	dense_free(d);
	free(alphabet);
	return e;
}

/* --- parts ------------------------------------------------------------- */

/* A range of atoms, and how far it was used. */
struct deck {
	const struct atom *atoms;
	size_t count, next;
};

enum { DECKS = FIELDS_MAX };

struct making {
	const struct kind *kind;
	struct deck phrases[DECKS], values[DECKS]; /* by place in the table */
	struct deck shapes;
	size_t serial;
};

static struct deck
deck_of(const struct atom *atoms, size_t count, enum census_sort sort,
    uint16_t kind, uint16_t field)
{
	struct deck d = {0};
	size_t i;

	for (i = 0; i < count; i++) {
		if (atoms[i].sort != sort || atoms[i].kind != kind ||
		    atoms[i].field != field)
			continue;
		if (d.count++ == 0)
			d.atoms = &atoms[i];
	}
	return d;
}

/* The rarest first, and from the beginning when all were used. */
static const char *
deck_next(struct deck *d)
{
	if (d->count == 0)
		return NULL;
	return d->atoms[d->next++ % d->count].text;
}

static json_t *
next_value(struct deck *d)
{
	const char *text = deck_next(d);

	return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}

static json_t *
next_text(struct deck *d)
{
	struct buffer text = {0};
	json_t *value = NULL;
	size_t i;

	for (i = 0; i < PHRASES_A_TEXT && i < d->count; i++) {
		const char *phrase = deck_next(d);

		if (i > 0)
			put_bytes(&text, "，", strlen("，"));
		put_bytes(&text, phrase, strlen(phrase));
	}
	if (text.size > 0 && buffer_state(&text) == ERR_OK)
		value = json_stringn((const char *)text.data, text.size);
	buffer_free(&text);
	return value;
}

static json_t *
next_list(struct deck *d, bool of_values)
{
	json_t *list = json_array();
	size_t i, most = of_values ? ROWS_A_FIELD : 1;

	for (i = 0; list != NULL && i < most && i < d->count; i++) {
		const char *text = deck_next(d);

		(void)json_array_append_new(list,
		    of_values ? json_loads(text, 0, NULL) : json_string(text));
	}
	return list;
}

/* What stands for any: nobody's record, day, slip. */
static json_t *
neutral(const struct making *m, const struct field *f)
{
	char at[26];

	switch (f->type) {
	case FIELD_REF:
		return json_sprintf("ref:%c%06zu",
		    f->ref_kind == NULL || *f->ref_kind == 'r'
		        ? 'R'
		        : *f->ref_kind - 'a' + 'A',
		    m->serial + 1);
	case FIELD_DATE:
	case FIELD_INSTANT:
		if (instant_print(FIRST_MOMENT, at) != ERR_OK)
			return NULL;
		if (f->type == FIELD_DATE)
			at[10] = '\0';
		return json_string(at);
	case FIELD_SLIP:
		return json_sprintf(
		    "A00-%c-%06zu-0", m->kind->slip_letter, m->serial + 1);
	case FIELD_MONEY:
		return json_integer(1000);
	default:
		return NULL;
	}
}

static json_t *
part_for(struct making *m, size_t i)
{
	const struct field *f = &m->kind->fields[i];

	switch (f->type) {
	case FIELD_TEXT:
		return next_text(&m->phrases[i]);
	case FIELD_WORDS:
		return m->phrases[i].count == 0
		           ? NULL
		           : next_list(&m->phrases[i], false);
	case FIELD_ROWS:
		return m->values[i].count == 0 ? NULL
		                               : next_list(&m->values[i], true);
	default:
		return m->values[i].count > 0 ? next_value(&m->values[i])
		                              : neutral(m, f);
	}
}

/* --- bodies ------------------------------------------------------------ */

static json_t *
fields_of(struct making *m, const json_t *names)
{
	json_t *fields = json_object(), *part;
	size_t i;

	for (i = 0; fields != NULL && m->kind->fields[i].number != 0; i++) {
		const char *name = m->kind->fields[i].name;
		const json_t *one;
		bool is_named = false;
		size_t k;

		json_array_foreach(names, k, one) is_named |=
		    strcmp(json_string_value(one), name) == 0;
		part = is_named ? part_for(m, i) : NULL;
		if (part != NULL)
			(void)json_object_set_new(fields, name, part);
	}
	return fields;
}

static enum err
make_one(struct making *m, struct body_list *out)
{
	size_t begin = out->bytes.size;
	json_t *names = next_value(&m->shapes);
	struct change c;
	enum err e;

	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", m->kind->name);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.ref, sizeof c.record.ref, "%c%06zu",
	    *m->kind->name - 'a' + 'A', m->serial + 1);
	snprintf(c.by, sizeof c.by, "S%04zu", 1 + m->serial % 20);
	snprintf(c.org, sizeof c.org, "V%02zu01", 1 + m->serial % 5);
	c.occurred_at =
	    FIRST_MOMENT + (int64_t)m->serial * MINUTES_BETWEEN * 60;
	c.recorded_at = FIRST_MOMENT;
	c.fields = names == NULL ? NULL : fields_of(m, names);
	json_decref(names);
	e = c.fields == NULL ? ERR_NOMEM : change_encode(&c, &out->bytes);
	if (e == ERR_OK)
		e = body_list_close(out, begin);
	change_clear(&c);
	m->serial++;
	return e;
}

static size_t
divided(size_t count, size_t by)
{
	return (count + by - 1) / by;
}

/* So many that each phrase and row comes once. */
static size_t
bodies_needed(const struct making *m)
{
	size_t i, most = m->shapes.count;

	for (i = 0; m->kind->fields[i].number != 0; i++) {
		size_t texts = divided(m->phrases[i].count, PHRASES_A_TEXT);
		size_t rows = divided(m->values[i].count, ROWS_A_FIELD);

		most = texts > most ? texts : most;
		most = rows > most ? rows : most;
	}
	return most;
}

static enum err
make_kind(const struct kind *k, const struct atom *atoms, size_t count,
    struct body_list *out)
{
	struct making *m = calloc(1, sizeof *m);
	size_t i, n;
	enum err e = ERR_OK;

	if (m == NULL)
		return ERR_NOMEM;
	m->kind = k;
	m->shapes = deck_of(atoms, count, CENSUS_FIELDS, k->number, 0);
	if (m->shapes.count > FIELDS_USED) {
		m->shapes.atoms += m->shapes.count - FIELDS_USED;
		m->shapes.count = FIELDS_USED;
	}
	for (i = 0; i < DECKS && k->fields[i].number != 0; i++) {
		m->phrases[i] = deck_of(atoms, count, CENSUS_PHRASE, k->number,
		    k->fields[i].number);
		m->values[i] = deck_of(
		    atoms, count, CENSUS_VALUE, k->number, k->fields[i].number);
	}
	n = m->shapes.count == 0 ? 0 : bodies_needed(m);
	for (i = 0; e == ERR_OK && i < n && out->count < TRAINING_BODIES_MAX;
	     i++)
		e = make_one(m, out);
	free(m);
	return e;
}

/* Kinds from the last to the first: visits come last, and count most. */
enum err
training_bodies(const struct atom *atoms, size_t count, struct body_list *out)
{
	const struct kind *const *all = kind_all();
	size_t kinds = 0;
	enum err e = ERR_OK;

	while (all[kinds] != NULL)
		kinds++;
	while (e == ERR_OK && kinds-- > 0)
		e = make_kind(all[kinds], atoms, count, out);
	return e;
}

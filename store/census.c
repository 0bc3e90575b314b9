/* census: what is common in the group's records, and nothing that is not. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/census.h"
#include "store/census_text.h"

struct counted {
	uint64_t hash; /* 0: none here */
	size_t text_at;
	enum census_sort sort;
	uint16_t kind, field;
	uint32_t count;
	/* Hashes of the first ones; one that is another's by chance is not
	 * counted, which only keeps more out. */
	uint32_t residents[CENSUS_RESIDENTS], authors[CENSUS_AUTHORS];
	uint8_t resident_count, author_count;
};

struct census {
	const struct db *db;
	struct census_names *names;
	struct counted *slots; /* open addressing */
	size_t slot_count, used;
	struct buffer text;
	struct atom *result;
};

/* Of one record. */
struct seen {
	struct census *census;
	uint16_t kind;
	uint32_t resident, author;
};

/* --- what is learned --------------------------------------------------- */

/* Kind and field. Text is cut into phrases; what else a record has is learned
 * by its type alone: words of a list, codes and measurements. No field that
 * tells who somebody is, or why an exception was made, stands here. */
static const struct {
	const char *kind, *field;
} learned[] = {
    {"encounter", "subjective"},
    {"encounter", "objective"},
    {"encounter", "plan"},
    {"encounter", "dept"},
    {"encounter", "diagnoses"},
    {"encounter", "orders"},
    {"encounter", "rx"},
    {"encounter", "state"},
    {"followup", "symptoms"},
    {"followup", "exercise"},
    {"followup", "drugs"},
    {"followup", "state"},
    {"referral", "from_dept"},
    {"referral", "to_dept"},
    {"referral", "impression"},
    {"referral", "diagnoses"},
    {"referral", "final_dx"},
    {"referral", "history_now"},
    {"referral", "history_past"},
    {"referral", "treatment"},
    {"referral", "findings"},
    {"referral", "plan"},
    {"referral", "rehab_advice"},
    {"referral", "state"},
    {"exam_request", "body_part"},
    {"exam_request", "clinical_info"},
    {"exam_request", "state"},
    {"exam_report", "findings"},
    {"exam_report", "conclusion"},
};

static bool
is_listed(const struct kind *k, const struct field *f)
{
	size_t i;

	for (i = 0; i < sizeof learned / sizeof learned[0]; i++)
		if (strcmp(learned[i].kind, k->name) == 0 &&
		    strcmp(learned[i].field, f->name) == 0)
			return true;
	return false;
}

static bool
is_kind_learned(const struct kind *k)
{
	size_t i;

	for (i = 0; i < sizeof learned / sizeof learned[0]; i++)
		if (strcmp(learned[i].kind, k->name) == 0)
			return true;
	return false;
}

/* --- making ------------------------------------------------------------ */

enum { SLOTS_FIRST = 1 << 12 };

enum err
census_new(struct census **out, const struct db *db)
{
	struct census *c = calloc(1, sizeof *c);
	enum err e = ERR_NOMEM;

	if (c == NULL)
		return ERR_NOMEM;
	c->db = db;
	c->slots = calloc(SLOTS_FIRST, sizeof *c->slots);
	c->slot_count = SLOTS_FIRST;
	if (c->slots != NULL)
		e = census_names_new(&c->names, db);
	if (e != ERR_OK) {
		census_free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void
census_free(struct census *c)
{
	if (c == NULL)
		return;
	census_names_free(c->names);
	if (c->slots != NULL)
		sodium_memzero(c->slots, c->slot_count * sizeof *c->slots);
	free(c->slots);
	buffer_wipe(&c->text);
	free(c->result);
	free(c);
}

enum err
census_note_names(struct census *c, const json_t *record)
{
	return census_names_note(c->names, record);
}

/* --- counting ---------------------------------------------------------- */

static struct counted *
slot_of(struct counted *slots, size_t slot_count, uint64_t hash)
{
	size_t i = (size_t)hash & (slot_count - 1);

	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

static enum err
grow(struct census *c)
{
	size_t more = c->slot_count * 2, i;
	struct counted *slots = calloc(more, sizeof *slots);

	if (slots == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->slot_count; i++)
		if (c->slots[i].hash != 0)
			*slot_of(slots, more, c->slots[i].hash) = c->slots[i];
	sodium_memzero(c->slots, c->slot_count * sizeof *c->slots);
	free(c->slots);
	c->slots = slots;
	c->slot_count = more;
	return ERR_OK;
}

static void
add_one(uint32_t *list, uint8_t *count, uint8_t max, uint32_t hash)
{
	uint8_t i;

	for (i = 0; i < *count; i++)
		if (list[i] == hash)
			return;
	if (*count < max)
		list[(*count)++] = hash;
}

static uint64_t
hash_of(const struct seen *s, enum census_sort sort, uint16_t field,
    const char *text, size_t size, enum err *e)
{
	struct buffer key = {0};
	uint64_t hash = 1;

	put_u8(&key, (uint8_t)sort);
	put_u16(&key, s->kind);
	put_u16(&key, field);
	put_bytes(&key, text, size);
	*e = buffer_state(&key);
	if (*e == ERR_OK)
		hash =
		    db_blind_hash(s->census->db, "census", key.data, key.size);
	buffer_wipe(&key);
	return hash == 0 ? 1 : hash;
}

static enum err
count_atom(const struct seen *s, enum census_sort sort, uint16_t field,
    const char *text, size_t size)
{
	struct census *c = s->census;
	struct counted *one;
	enum err e = ERR_OK;
	uint64_t hash;

	if (c->used * 2 >= c->slot_count)
		e = grow(c);
	if (e == ERR_OK)
		hash = hash_of(s, sort, field, text, size, &e);
	if (e != ERR_OK)
		return e;
	one = slot_of(c->slots, c->slot_count, hash);
	if (one->hash == 0) {
		if (c->used == CENSUS_ATOMS_MAX)
			return ERR_OK;
		*one = (struct counted){.hash = hash,
		    .text_at = c->text.size,
		    .sort = sort,
		    .kind = s->kind,
		    .field = field};
		put_bytes(&c->text, text, size);
		put_u8(&c->text, 0);
		c->used++;
	}
	one->count++;
	add_one(one->residents, &one->resident_count, CENSUS_RESIDENTS,
	    s->resident);
	add_one(one->authors, &one->author_count, CENSUS_AUTHORS, s->author);
	return buffer_state(&c->text);
}

/* --- one record -------------------------------------------------------- */

struct phrase_place {
	const struct seen *seen;
	uint16_t field;
};

static enum err
count_phrase(void *context, const char *text, size_t size)
{
	const struct phrase_place *p = context;

	return count_atom(p->seen, CENSUS_PHRASE, p->field, text, size);
}

static enum err
count_text(const struct seen *s, uint16_t field, const json_t *value)
{
	struct phrase_place place = {s, field};
	const json_t *one;
	size_t i;
	enum err e = ERR_OK;

	if (json_is_string(value))
		return census_phrases(
		    json_string_value(value), count_phrase, &place);
	json_array_foreach(value, i, one)
	{
		if (e == ERR_OK && json_is_string(one))
			e = census_phrases(
			    json_string_value(one), count_phrase, &place);
	}
	return e;
}

static enum err
count_json(const struct seen *s, enum census_sort sort, uint16_t field,
    const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	enum err e;

	if (text == NULL)
		return ERR_NOMEM;
	e = count_atom(s, sort, field, text, strlen(text));
	sodium_memzero(text, strlen(text));
	free(text);
	return e;
}

static bool
has_reference(const struct field *row)
{
	for (; row->number != 0; row++)
		if (row->type == FIELD_REF || row->type == FIELD_REFS ||
		    row->type == FIELD_TEXT)
			return true;
	return false;
}

static enum err
count_rows(const struct seen *s, const struct field *f, const json_t *value)
{
	const json_t *row;
	size_t i;
	enum err e = ERR_OK;

	if (has_reference(f->row))
		return ERR_OK;
	json_array_foreach(value, i, row)
	{
		if (e == ERR_OK)
			e = count_json(s, CENSUS_VALUE, f->number, row);
	}
	return e;
}

static enum err
count_field(const struct seen *s, const struct kind *k, const struct field *f,
    const json_t *value)
{
	if (f->data == DATA_P1)
		return ERR_OK;
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_WORDS:
		return is_listed(k, f) ? count_text(s, f->number, value)
		                       : ERR_OK;
	case FIELD_ROWS:
		return is_listed(k, f) ? count_rows(s, f, value) : ERR_OK;
	case FIELD_WORD:
		return is_listed(k, f)
		           ? count_json(s, CENSUS_VALUE, f->number, value)
		           : ERR_OK;
	case FIELD_ENUM:
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_DECIMAL:
	case FIELD_BOOL:
	case FIELD_ICD10:
		return count_json(s, CENSUS_VALUE, f->number, value);
	default:
		return ERR_OK;
	}
}

/* The names of a record's fields, in the order of their numbers. */
static enum err
count_fields(const struct seen *s, const struct kind *k, const json_t *record)
{
	const struct field *f;
	json_t *names = json_array();
	enum err e = names == NULL ? ERR_NOMEM : ERR_OK;

	for (f = k->fields; e == ERR_OK && f->number != 0; f++)
		if (json_object_get(record, f->name) != NULL &&
		    json_array_append_new(names, json_string(f->name)) != 0)
			e = ERR_NOMEM;
	if (e == ERR_OK)
		e = count_json(s, CENSUS_FIELDS, 0, names);
	json_decref(names);
	return e;
}

static uint32_t
person(const struct census *c, const json_t *record, const char *name)
{
	const char *ref = json_string_value(json_object_get(record, name));

	return ref == NULL ? 0
	                   : (uint32_t)db_blind_hash(
	                         c->db, "census-person", ref, strlen(ref));
}

enum err
census_count(struct census *c, const json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "kind"));
	const char *state = json_string_value(json_object_get(record, "state"));
	const struct kind *k = name == NULL ? NULL : kind_by_name(name);
	struct seen s = {.census = c};
	const struct field *f;
	enum err e;

	if (k == NULL || !is_kind_learned(k) ||
	    json_object_get(record, "resident_id") == NULL ||
	    json_object_get(record, "by") == NULL ||
	    (state != NULL && strcmp(state, "draft") == 0))
		return ERR_OK;
	s.kind = k->number;
	s.resident = person(c, record, "resident_id");
	s.author = person(c, record, "by");
	e = count_fields(&s, k, record);
	for (f = k->fields; e == ERR_OK && f->number != 0; f++) {
		const json_t *value = json_object_get(record, f->name);

		if (value != NULL)
			e = count_field(&s, k, f, value);
	}
	return e;
}

/* --- what is left ------------------------------------------------------ */

static int
by_place(const void *a, const void *b)
{
	const struct atom *x = a, *y = b;

	if (x->sort != y->sort)
		return x->sort < y->sort ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static bool
is_common(const struct census *c, const struct counted *one)
{
	return one->hash != 0 && one->resident_count == CENSUS_RESIDENTS &&
	       one->author_count == CENSUS_AUTHORS &&
	       census_names_is_free(
	           c->names, (const char *)c->text.data + one->text_at);
}

enum err
census_result(struct census *c, const struct atom **out, size_t *count)
{
	size_t i;

	free(c->result);
	c->result = calloc(c->used + 1, sizeof *c->result);
	if (c->result == NULL)
		return ERR_NOMEM;
	*count = 0;
	for (i = 0; i < c->slot_count; i++) {
		const struct counted *one = &c->slots[i];

		if (is_common(c, one))
			c->result[(*count)++] = (struct atom){one->sort,
			    one->kind, one->field, one->count,
			    (const char *)c->text.data + one->text_at};
	}
	qsort(c->result, *count, sizeof *c->result, by_place);
	*out = c->result;
	return ERR_OK;
}

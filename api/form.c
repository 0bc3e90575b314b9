/* form: what a person types, made into what an operation takes. */

#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "base/i18n.h"
#include "store/kind.h"
#include "sync/invite.h"

const struct kind *
form_kind(const char *name)
{
	return kind_by_name(name);
}

const char *
form_kind_name(size_t index)
{
	const struct kind *const *all = kind_all();
	size_t i;

	for (i = 0; all[i] != NULL; i++)
		if (i == index)
			return all[i]->name;
	return NULL;
}

static const char *
type_name(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
	case FIELD_WORD:
		return N_("text");
	case FIELD_ENUM:
		return N_("one of these words");
	case FIELD_CHOICE:
	case FIELD_INT:
		return N_("whole number");
	case FIELD_DECIMAL:
		return N_("number");
	case FIELD_MONEY:
		return N_("money in whole cents");
	case FIELD_BOOL:
		return N_("true or false");
	case FIELD_DATE:
		return N_("day, YYYY-MM-DD");
	case FIELD_INSTANT:
		return N_("time, YYYY-MM-DDThh:mm:ss+08:00");
	case FIELD_REF:
		return N_("reference to a record");
	case FIELD_REFS:
		return N_("references, with commas between them");
	case FIELD_WORDS:
		return N_("texts, as a JSON array");
	case FIELD_ENUMS:
		return N_("some of these words, with commas between them");
	case FIELD_ROW:
		return N_("a JSON object");
	case FIELD_ROWS:
		return N_("a JSON array of objects");
	case FIELD_ICD10:
		return N_("ICD-10 code");
	case FIELD_ID_NO:
		return N_("document number");
	case FIELD_USCC:
		return N_("social credit code of 18 characters");
	case FIELD_SLIP:
		return N_("slip number");
	case FIELD_EHR_NO:
		return N_("health record number of 17 digits");
	}
	return N_("text");
}

static void
fill(const struct field *f, struct form_field *out)
{
	out->name = f->name;
	out->type = type_name(f->type);
	out->is_required = (f->flags & FIELD_REQUIRED) != 0;
}

bool
form_field(const struct kind *k, size_t index, struct form_field *out)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (k->fields[i].number == 0)
			return false;
	if (k->fields[index].number == 0)
		return false;
	fill(&k->fields[index], out);
	return true;
}

static const struct field *
find(const struct kind *k, const char *name)
{
	char typed[FIELDS_MAX];
	size_t i, size = strlen(name);

	if (size >= sizeof typed)
		return NULL;
	for (i = 0; i <= size; i++)
		typed[i] = name[i] == '-' ? '_' : name[i];
	return field_by_name(k->fields, typed);
}

bool
form_field_find(const struct kind *k, const char *name, struct form_field *out)
{
	const struct field *f = find(k, name);

	if (f == NULL)
		return false;
	fill(f, out);
	return true;
}

/* The i-th state that a person may write. */
static const char *
state_word(const struct kind *k, size_t index)
{
	const struct state *s;

	for (s = k->states; s->name != NULL; s++)
		if (!s->never_stored && !s->group_only && index-- == 0)
			return s->name;
	return NULL;
}

const char *
form_word(const struct kind *k, const char *name, size_t index)
{
	const struct field *f = find(k, name);
	size_t i;

	if (f == NULL)
		return NULL;
	if (k->states != NULL && strcmp(f->name, "state") == 0)
		return state_word(k, index);
	for (i = 0; f->words != NULL && f->words[i] != NULL; i++)
		if (i == index)
			return f->words[i];
	return NULL;
}

/* --- values ------------------------------------------------------------ */

static json_t *
ref_value(const char *text)
{
	if (strncmp(text, "ref:", 4) == 0)
		return json_string(text);
	return json_sprintf("ref:%s", text);
}

/* What does not read as JSON of that type stays text: the store says why. */
static json_t *
json_value(const char *text, json_type type)
{
	json_t *value =
	    json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

	if (value != NULL && json_typeof(value) == type)
		return value;
	json_decref(value);
	return json_string(text);
}

static json_t *
number_value(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	if (value != NULL && json_is_number(value))
		return value;
	json_decref(value);
	return json_string(text);
}

static json_t *
bool_value(const char *text)
{
	static const char *const yes[] = {"true", "yes", "1", NULL};
	static const char *const no[] = {"false", "no", "0", NULL};
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (strcmp(text, yes[i]) == 0)
			return json_true();
		if (strcmp(text, no[i]) == 0)
			return json_false();
	}
	return json_string(text);
}

/* Words between commas, each a string of the array. */
static json_t *
split_value(const char *text, bool is_ref)
{
	json_t *array = json_array();
	char *copy = strdup(text), *rest = copy, *word;
	bool failed = array == NULL || copy == NULL;

	while (!failed && (word = strsep(&rest, ",")) != NULL) {
		word += strspn(word, " ");
		failed = json_array_append_new(array,
		             is_ref ? ref_value(word) : json_string(word)) != 0;
	}
	free(copy);
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
array_value(const struct field *f, const char *text)
{
	if (text[strspn(text, " \t\n")] == '[' || f->type == FIELD_ROWS)
		return json_value(text, JSON_ARRAY);
	if (f->type == FIELD_WORDS)
		return json_pack("[s]", text);
	return split_value(text, f->type == FIELD_REFS);
}

json_t *
form_value(const struct kind *k, const char *name, const char *text)
{
	const struct field *f = find(k, name);

	if (f == NULL)
		return NULL;
	if (*text == '\0')
		return json_null();
	switch (f->type) {
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_DECIMAL:
	case FIELD_MONEY:
		return number_value(text);
	case FIELD_BOOL:
		return bool_value(text);
	case FIELD_REF:
		return ref_value(text);
	case FIELD_ROW:
		return json_value(text, JSON_OBJECT);
	case FIELD_REFS:
	case FIELD_WORDS:
	case FIELD_ENUMS:
	case FIELD_ROWS:
		return array_value(f, text);
	default:
		return json_string(text);
	}
}

bool
form_code_is_valid(const char *code)
{
	struct invite_code c;

	return invite_decode(&c, code) == ERR_OK;
}

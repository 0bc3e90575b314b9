/* persons: what a merged change means for the people records are about. */

#include <string.h>

#include "store/allergies.h"
#include "store/candidate.h"
#include "store/deaths.h"
#include "store/moves.h"
#include "store/persons.h"
#include "store/rules.h"
#include "store/whose.h"

enum err
persons_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = candidate_note(t, self, c, key);

	if (e == ERR_OK)
		e = deaths_note(t, c, key);
	if (e == ERR_OK)
		e = whose_note(t, self, c, key);
	return e == ERR_OK ? moves_note(t, self, c, key) : e;
}

/* The ref as its program has it, and the program. */
static int
set_named(json_t *fields, const struct field *f, const char *ref,
    const struct record *r)
{
	if (strcmp(ref, r->id.ref) != 0 &&
	    json_object_set_new(
	        fields, f->name, json_sprintf("ref:%s", r->id.ref)) != 0)
		return -1;
	return json_object_set_new(
	    fields, f->source_field, json_string(r->id.source));
}

static enum err
set_source(struct txn *t, const struct self *self, const struct field *f,
    json_t *fields, struct findings *out)
{
	const char *ref = rule_ref(fields, f->name);
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	if (ref == NULL || json_object_get(fields, f->source_field) != NULL)
		return ERR_OK;
	e = record_find(t, self, f->ref_kind, ref, key);
	if (e == ERR_CLASH)
		findings_refuse(out, FINDING_CALLED_SO, f->name);
	if (e == ERR_CLASH)
		return ERR_REFUSED;
	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e; /* awaited */
	if (set_named(fields, f, ref, &r) != 0)
		e = ERR_NOMEM;
	record_clear(&r);
	return e;
}

enum err
persons_complete(struct txn *t, const struct self *self, const struct kind *k,
    json_t *fields, struct findings *out)
{
	const struct field *f;
	enum err e = ERR_OK;

	for (f = k->fields; e == ERR_OK && f->number != 0; f++)
		if (f->source_field != NULL)
			e = set_source(t, self, f, fields, out);
	return e;
}

/* --- whose file a record goes into ---------------------------------------- */

/* The field that names him by nothing but a ref; NULL: the kind has none. A
 * question is of the source of what it is about. */
static const struct field *
bare_name(const struct kind *k)
{
	const struct field *f = field_by_name(k->fields, "resident_id");

	return f != NULL && f->source_field == NULL &&
	               (f->flags & (FIELD_FOLLOWS | FIELD_GRANTS)) != 0 &&
	               field_by_name(k->fields, "about_source") == NULL
	           ? f
	           : NULL;
}

static enum err
take_source(json_t *fields, const char *ref, const struct record *r,
    char source[SOURCE_BYTES_MAX + 1])
{
	if (strcmp(ref, r->id.ref) != 0 &&
	    json_object_set_new(
	        fields, "resident_id", json_sprintf("ref:%s", r->id.ref)) != 0)
		return ERR_NOMEM;
	/* What a store gave nobody else's record is called. */
	if (r->id.ref[0] != '~')
		memcpy(source, r->id.source, sizeof r->id.source);
	return ERR_OK;
}

enum err
persons_source(struct txn *t, const struct self *self, const struct kind *k,
    json_t *fields, char source[SOURCE_BYTES_MAX + 1], struct findings *out)
{
	const struct field *f = bare_name(k);
	const char *ref = f == NULL ? NULL : rule_ref(fields, f->name);
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	if (ref == NULL)
		return ERR_OK;
	e = record_find(t, self, "resident", ref, key);
	if (e == ERR_CLASH) {
		findings_refuse(out, FINDING_CALLED_SO, f->name);
		return ERR_REFUSED;
	}
	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK) /* awaited; or a draft, which is of this store */
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = take_source(fields, ref, &r, source);
	record_clear(&r);
	return e;
}

static bool
is_dead(const json_t *fields)
{
	const char *status = rule_text(fields, "status");

	return status != NULL && strcmp(status, "dead") == 0;
}

void
persons_check(const struct person_step *s, struct findings *out)
{
	const char *holder = rule_ref(s->before, "managing_org_id");
	const char *reason = rule_text(s->given, "reason");

	if (strcmp(s->kind->name, "resident") != 0)
		return;
	if (allergies_are_gone(s->before, s->given))
		findings_refuse(out, FINDING_ROW_GONE, "allergies");
	if (!is_dead(s->before) ||
	    json_object_get(s->given, "status") == NULL || is_dead(s->given))
		return;
	if (reason == NULL || reason[0] == '\0')
		findings_refuse(out, FINDING_REASON, "reason");
	if (!s->is_group && holder != NULL && strcmp(holder, s->org) != 0)
		findings_refuse(out, FINDING_MANAGING_ONLY_STATE, "status");
}

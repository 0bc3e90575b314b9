/* report_vet: a report is recognised for the resident whose it is. */

#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/linked.h"
#include "store/report_person.h"
#include "store/report_vet.h"
#include "store/rules.h"

/* As at every node: a ref leads first from its record's source. */
static enum err
find_report(struct vet *v, const struct identity *own, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = index_resolve(v->t, own->source, "exam_report", ref, key);

	if (e != ERR_NOT_FOUND || v->source != NULL)
		return e;
	return record_find_named(v->t, v->self, "exam_report", ref, key);
}

static enum err
find_patient(struct vet *v, const struct identity *own, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	struct record report;
	enum err e = find_report(v, own, ref, key);

	if (e == ERR_OK)
		e = record_read(v->t, key, &report);
	if (e != ERR_OK)
		return e;
	e = report_person(v->t, &report.id, report.fields, key);
	record_clear(&report);
	return e;
}

static bool
is_of(const struct linked *person, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t i;

	for (i = 0; i < person->count; i++)
		if (memcmp(person->key[i], key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

void
report_vet(struct vet *v, const struct vet_line *line, struct findings *out)
{
	const char *report = rule_ref(line->fields, "earlier_report_id");
	const char *source = v->source != NULL        ? v->source
	                     : v->form_source != NULL ? v->form_source
	                                              : v->self->source;
	uint8_t named[KEY_RECORD_BYTES], patient[KEY_RECORD_BYTES];
	struct identity own = {.kind = "recognition"};
	struct linked person;

	if (strcmp(line->kind->name, "recognition") != 0 || report == NULL)
		return;
	snprintf(own.source, sizeof own.source, "%s", source);
	if (linked_resident(v->t, &own, line->fields, named) == ERR_OK &&
	    linked_all(v->t, named, &person) == ERR_OK &&
	    find_patient(v, &own, report, patient) == ERR_OK &&
	    !is_of(&person, patient))
		findings_warn(out, FINDING_OTHERS_REPORT, "earlier_report_id");
}

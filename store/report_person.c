/* report_person: a report need not name the resident, as its request does. */

#include "store/index.h"
#include "store/linked.h"
#include "store/report_person.h"
#include "store/rules.h"

enum err
report_request(struct txn *t, const struct identity *report,
    const json_t *fields, struct record *out)
{
	const char *ref = rule_ref(fields, "exam_request_id");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ref == NULL ? ERR_NOT_FOUND
	                         : index_resolve(t, report->source,
	                               "exam_request", ref, key);

	return e == ERR_OK ? record_read(t, key, out) : e;
}

enum err
report_person(struct txn *t, const struct identity *report,
    const json_t *fields, uint8_t key[KEY_RECORD_BYTES])
{
	struct record request;
	enum err e = linked_resident(t, report, fields, key);

	if (e != ERR_NOT_FOUND || rule_ref(fields, "resident_id") != NULL)
		return e;
	e = report_request(t, report, fields, &request);
	if (e != ERR_OK)
		return e;
	e = linked_resident(t, &request.id, request.fields, key);
	record_clear(&request);
	return e;
}

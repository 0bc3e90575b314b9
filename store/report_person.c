/* report_person: a report need not name the resident, as its request does. */

#include <string.h>

#include "store/index.h"
#include "store/linked.h"
#include "store/report_person.h"
#include "store/rules.h"

/* What the stub of a request went to; it says that it was made of the stub.
 * ERR_NOT_FOUND: that is not here. */
static enum err
moved_to(struct txn *t, const struct record *stub, struct record *out)
{
	const char *to = rule_ref(stub->fields, "reassigned_to"), *from;
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = index_resolve(t, stub->id.source, stub->id.kind, to, key);

	if (e == ERR_OK)
		e = record_read(t, key, out);
	if (e != ERR_OK)
		return e;
	from = rule_ref(out->fields, "reassigned_from");
	if (from != NULL && strcmp(from, stub->id.ref) == 0)
		return ERR_OK;
	record_clear(out);
	return ERR_NOT_FOUND;
}

/* A report goes on naming the stub of a request that was filed with the wrong
 * resident. */
enum err
report_request_moved(struct txn *t, struct record *request)
{
	struct record next;
	unsigned moves;
	enum err e = ERR_OK;

	for (moves = 0;
	     e == ERR_OK && rule_ref(request->fields, "reassigned_to") != NULL;
	     moves++) {
		e = moves == REPORT_MOVES_MAX ? ERR_NOT_FOUND
		                              : moved_to(t, request, &next);
		record_clear(request);
		if (e == ERR_OK)
			*request = next;
	}
	return e;
}

enum err
report_request_before(
    struct txn *t, const struct record *request, struct record *out)
{
	const char *from = rule_ref(request->fields, "reassigned_from");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = from == NULL ? ERR_NOT_FOUND
	                          : index_resolve(t, request->id.source,
	                                request->id.kind, from, key);

	return e == ERR_OK ? record_read(t, key, out) : e;
}

enum err
report_request(struct txn *t, const struct identity *report,
    const json_t *fields, struct record *out)
{
	const char *ref = rule_ref(fields, "exam_request_id");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ref == NULL ? ERR_NOT_FOUND
	                         : index_resolve(t, report->source,
	                               "exam_request", ref, key);

	if (e == ERR_OK)
		e = record_read(t, key, out);
	return e == ERR_OK ? report_request_moved(t, out) : e;
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

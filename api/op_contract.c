/* op_contract: what is shown beside a contract: its plan and what was done. */

#include <string.h>

#include "api/op.h"
#include "store/contract_view.h"

enum err
op_plan(struct txn *t, const struct record *r, const char *day, json_t **out)
{
	*out = NULL;
	return strcmp(r->id.kind, "contract") == 0
	           ? contract_plan(t, r, day, out)
	           : ERR_OK;
}

enum err
op_emit_planned(struct op *o, json_t *record, const char *day, json_t *plan)
{
	const struct kind *k =
	    kind_by_name(json_string_value(json_object_get(record, "kind")));
	const char *today = NULL;
	json_t *line;
	enum err e;

	if (plan == NULL)
		return op_emit_record(o, record, day);
	if (k != NULL && k->view != NULL && *day != '\0')
		today = k->view(record, day);
	line = json_pack("{s:o, s:s*, s:{s:o}}", "record", record, "today",
	    today, "now", "plan", plan);
	if (line == NULL)
		return ERR_NOMEM;
	e = o->sink->line(o->sink->context, line);
	json_decref(line);
	return e;
}

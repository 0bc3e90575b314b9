/* service_vet: what is done under a contract is held against it. */

#include <string.h>

#include "store/contract_view.h"
#include "store/rules.h"
#include "store/service_vet.h"

/* The one of the source that is named beside it, else as every form means. */
static enum err
read_contract(struct vet *v, const json_t *service, struct record *out)
{
	const char *ref = rule_ref(service, "contract_id");
	const char *source = rule_text(service, "contract_source");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e;

	if (ref == NULL)
		return ERR_NOT_FOUND;
	if (source == NULL) {
		e = record_find_named(v->t, v->self, "contract", ref, key);
		return e == ERR_OK ? record_read(v->t, key, out) : e;
	}
	key_record_of(txn_db(v->t), key, source, "contract", ref);
	return record_read(v->t, key, out);
}

/* Its last day still counts; what is ending runs on until then. */
static bool
is_over(const json_t *contract, const char *day)
{
	const char *end = rule_day(contract, "end_on");
	const char *ended = rule_day(contract, "ended_on");

	if (rule_state_is(contract, "refused"))
		return true;
	if (rule_state_is(contract, "terminated") ||
	    rule_state_is(contract, "closed"))
		return ended == NULL || strcmp(ended, day) < 0;
	return end != NULL && strcmp(end, day) < 0;
}

static bool
lists(const json_t *items, const char *wanted)
{
	const json_t *row;
	size_t i;

	json_array_foreach(items, i, row)
	{
		const char *item = rule_text(row, "item");

		if (item != NULL && strcmp(item, wanted) == 0)
			return true;
	}
	return false;
}

/* Of packages without their items nobody knows what they hold. */
static bool
is_promised(const json_t *packages, const char *item)
{
	const json_t *one;
	size_t i;

	json_array_foreach(packages, i, one)
	{
		const json_t *items = json_object_get(one, "items");

		if (json_array_size(items) == 0 || lists(items, item))
			return true;
	}
	return json_array_size(packages) == 0;
}

static void
look(struct vet *v, const struct record *contract, const json_t *service,
    struct findings *out)
{
	const char *item = rule_text(service, "item");
	const char *day = rule_day(service, "done_on");
	json_t *plan;

	if (item == NULL || day == NULL)
		return;
	if (is_over(contract->fields, day))
		findings_warn(out, FINDING_NOT_PROMISED, "contract_id");
	else if (contract_plan(v->t, contract, day, &plan) == ERR_OK) {
		if (!is_promised(json_object_get(plan, "packages"), item))
			findings_warn(out, FINDING_NOT_PROMISED, "item");
		json_decref(plan);
	}
}

void
service_vet(struct vet *v, const struct vet_line *line, struct findings *out)
{
	struct record contract;

	if (strcmp(line->kind->name, "contract_service") != 0 ||
	    read_contract(v, line->fields, &contract) != ERR_OK)
		return;
	look(v, &contract, line->fields, out);
	record_clear(&contract);
}

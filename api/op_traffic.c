/* op_traffic: what sessions moved of late, and what is left to spend. */

#include <string.h>

#include "api/budget.h"
#include "api/op.h"
#include "store/traffic.h"

enum { DAYS_SHOWN = 7 };

/* Kinds that moved nothing are left out. */
static json_t *
rows_of(const struct traffic *day)
{
	json_t *rows = json_object();
	size_t i;

	for (i = 0; rows != NULL && i < TRAFFIC_ROWS; i++)
		if (day->up[i] > 0 || day->down[i] > 0)
			json_object_set_new(rows, traffic_row_name(i),
			    json_pack("{s:I, s:I}", "up",
			        (json_int_t)day->up[i], "down",
			        (json_int_t)day->down[i]));
	return rows;
}

static json_t *
one_day(struct txn *t, uint32_t day, enum err *e)
{
	struct traffic traffic;
	char date[11];

	*e = traffic_day_print(day, date);
	if (*e == ERR_OK)
		*e = traffic_read(t, day, &traffic);
	if (*e != ERR_OK)
		return NULL;
	return json_pack("{s:s, s:I, s:I, s:o}", "day", date, "up",
	    (json_int_t)traffic_sum(traffic.up), "down",
	    (json_int_t)traffic_sum(traffic.down), "kinds", rows_of(&traffic));
}

/* Today first; the calendar may have begun since. */
static enum err
add_days(struct txn *t, uint32_t today, json_t *out)
{
	json_t *days = json_array();
	uint32_t i;
	enum err e = days == NULL ? ERR_NOMEM : ERR_OK;

	for (i = 0; e == ERR_OK && i < DAYS_SHOWN && i <= today; i++) {
		json_t *day = one_day(t, today - i, &e);

		if (e == ERR_OK && json_array_append_new(days, day) != 0)
			e = ERR_NOMEM;
	}
	if (e == ERR_OK &&
	    (json_object_set(out, "today", json_array_get(days, 0)) != 0 ||
	        json_object_set_new(out, "yesterday",
	            json_deep_copy(json_array_get(days, 1))) != 0))
		e = ERR_NOMEM;
	if (e == ERR_OK && json_object_set(out, "days", days) != 0)
		e = ERR_NOMEM;
	json_decref(days);
	return e;
}

static enum err
add_budgets(const struct op *o, struct txn *t, uint32_t today, json_t *out)
{
	const struct config *c = o->api->config;
	json_t *budgets = json_array();
	size_t i;
	enum err e = budgets == NULL ? ERR_NOMEM : ERR_OK;

	for (i = 0; e == ERR_OK && c != NULL && i < c->budget_count; i++) {
		struct budget b = {.bytes = c->budgets[i].bytes};

		if (b.bytes == 0)
			continue;
		e = traffic_of_class(
		    t, today, c->budgets[i].link_class, &b.used);
		if (e == ERR_OK &&
		    json_array_append_new(budgets,
		        json_pack("{s:s, s:I, s:I, s:I}", "class",
		            c->budgets[i].link_class, "bytes",
		            (json_int_t)b.bytes, "used", (json_int_t)b.used,
		            "left", (json_int_t)budget_left(&b))) != 0)
			e = ERR_NOMEM;
	}
	if (e == ERR_OK && json_object_set(out, "budgets", budgets) != 0)
		e = ERR_NOMEM;
	json_decref(budgets);
	return e;
}

enum err
op_traffic(const struct op *o, struct txn *t, json_t *object)
{
	uint32_t today = traffic_day(api_now());
	json_t *traffic = json_object();
	enum err e = traffic == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK)
		e = add_days(t, today, traffic);
	if (e == ERR_OK)
		e = add_budgets(o, t, today, traffic);
	if (e == ERR_OK && json_object_set(object, "traffic", traffic) != 0)
		e = ERR_NOMEM;
	json_decref(traffic);
	return e;
}

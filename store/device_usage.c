/* device_usage: hours and cases of a device, by day and acting org. */

#include <string.h>

#include "store/device_state.h"
#include "store/rules.h"

enum err
device_usage_walk(struct txn *t, const struct record *device, const char *first,
    const char *last, device_usage_visit *visit, void *context)
{
	struct buffer keys = {0};
	size_t at;
	enum err e =
	    device_namers(t, device, "usage", NAMING_REST, SIZE_MAX, &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		struct record r;
		const char *day;

		e = record_read(t, keys.data + at, &r);
		if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
			e = ERR_OK;
			continue;
		}
		if (e != ERR_OK)
			break;
		day = rule_day(r.fields, "date");
		if (day != NULL && strcmp(day, first) >= 0 &&
		    strcmp(day, last) <= 0 && device_is_of(t, device, &r))
			e = visit(context, &r,
			    json_number_value(
			        json_object_get(r.fields, "hours")),
			    json_integer_value(
			        json_object_get(r.fields, "cases")));
		record_clear(&r);
	}
	buffer_free(&keys);
	return e;
}

struct summing {
	const char *org;
	struct device_usage *out;
};

static enum err
sum_up(void *context, const struct record *usage, double hours, int64_t cases)
{
	struct summing *s = context;

	if (s->org != NULL && strcmp(s->org, usage->org) != 0)
		return ERR_OK;
	s->out->hours += hours;
	s->out->cases += cases;
	s->out->count++;
	return ERR_OK;
}

enum err
device_usage_sum(struct txn *t, const struct record *device, const char *org,
    const char *first, const char *last, struct device_usage *out)
{
	struct summing s = {org, out};

	memset(out, 0, sizeof *out);
	return device_usage_walk(t, device, first, last, sum_up, &s);
}

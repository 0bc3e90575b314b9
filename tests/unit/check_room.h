/* check_room: sound records, and findings about them with one field changed.
 * All records are invented.
 */

#ifndef YIZHAN_TESTS_UNIT_CHECK_ROOM_H
#define YIZHAN_TESTS_UNIT_CHECK_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/kind.h"

static const char encounter[] =
    "{'state':'signed','slip_no':'A02-E-000001-Y',"
    "'resident_id':'ref:R000058','type':'outpatient','dept':'全科',"
    "'visit_at':'2026-05-01T09:50:00+08:00','onset_on':'2026-04-30',"
    "'subjective':'咳嗽3天','objective':'咽部充血','temp_c':36.8,"
    "'sbp':128,'dbp':80,'pulse':76,"
    "'diagnoses':[{'code':'J06.9','name':'急性上呼吸道感染'}],"
    "'plan':'多饮水','rx':[{'drug_code':'YP0061','name':'阿莫西林胶囊',"
    "'dose':0.5,'unit':'g','route':'po','freq':'tid','days':3}],"
    "'fee':1250}";
static const char resident[] =
    "{'name':'测试甲','id_type':'01','id_no':'519901195203153020',"
    "'sex':'2','birth_date':'1952-03-15','birth_precision':'day',"
    "'contact':{'name':'测试乙','phone':'12000000000'},"
    "'managing_org_id':'ref:C01','population_tags':['elderly65'],"
    "'allergies':[{'substance':'青霉素','status':'active'}],"
    "'status':'living'}";
static const char contract[] =
    "{'state':'signed','slip_no':'T01-C-000001-F',"
    "'resident_id':'ref:R000001','team_id':'ref:T01',"
    "'signing_staff_id':'ref:S0019','packages':[{'code':'BASIC',"
    "'price':0,'items':[{'item':'HEALTH_EDU','planned':2}]}],"
    "'signed_on':'2026-05-01','start_on':'2026-05-01',"
    "'end_on':'2027-04-30','resident_signature':'paper'}";
static const char loan[] = "{'state':'requested','slip_no':'T01-L-000001-G',"
                           "'device_id':'ref:E1','direction':'vertical_down',"
                           "'lender':'ref:H01','borrower':'ref:C01',"
                           "'planned_from':'2026-05-03T10:00:00+08:00',"
                           "'planned_to':'2026-05-03T12:00:00+08:00',"
                           "'requested_by':'ref:S0019','approval':'each'}";
static const char referral[] =
    "{'state':'issued','slip_no':'T01-R-000001-5','direction':'up',"
    "'urgency':'routine','green_channel':'none',"
    "'resident_id':'ref:R000138','from_org':'ref:C01',"
    "'to_org':'ref:H01','issued_at':'2026-05-01T11:43:33+08:00',"
    "'diagnoses':[{'code':'K04.0','name':'牙髓炎'}],"
    "'attached':['ref:E0000006'],'valid_days':14}";

static const struct check_context usual = {
    .at = "2026-05-01T10:00:00+08:00",
    .is_first = true,
};

/* A record with one field set to a value of JSON, or taken out with NULL.
 * Single quotes stand for double ones. */
static inline json_t *
record_with(const char *base, const char *field, const char *value)
{
	json_t *record, *v;
	char text[2048];

	snprintf(text, sizeof text, "%s", base);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	record = json_loads(text, 0, NULL);
	assert_non_null(record);
	if (field != NULL && value == NULL)
		json_object_del(record, field);
	if (field != NULL && value != NULL) {
		snprintf(text, sizeof text, "%s", value);
		for (char *c = text; *c != '\0'; c++)
			*c = *c == '\'' ? '"' : *c;
		v = json_loads(text, JSON_DECODE_ANY, NULL);
		assert_non_null(v);
		assert_int_equal(json_object_set_new(record, field, v), 0);
	}
	return record;
}

static inline struct findings
check_in(const struct check_context *cx, const char *kind, const char *base,
    const char *field, const char *value)
{
	json_t *record = record_with(base, field, value);
	struct findings out;

	findings_init(&out);
	kind_check(kind_by_name(kind), record, cx, &out);
	json_decref(record);
	return out;
}

static inline bool
has(const struct findings *f, bool refused, enum finding_code code,
    const char *path)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].code == code && f->list[i].refused == refused &&
		    strcmp(f->list[i].field, path) == 0)
			return true;
	}
	return false;
}

static inline void
assert_clean(
    const char *kind, const char *base, const char *field, const char *value)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_int_equal(f.refusals, 0);
	assert_int_equal(f.warnings, 0);
}

static inline void
assert_refused(const char *kind, const char *base, const char *field,
    const char *value, enum finding_code code, const char *path)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_true(has(&f, true, code, path));
}

/* Accepted, with this warning and no other. */
static inline void
assert_warned(const char *kind, const char *base, const char *field,
    const char *value, enum finding_code code, const char *path)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_int_equal(f.refusals, 0);
	assert_int_equal(f.warnings, 1);
	assert_true(has(&f, false, code, path));
}

#define REFUSED(kind, field, value, code, path)                                \
	assert_refused(#kind, kind, field, value, FINDING_##code, path)
#define WARNED(kind, field, value, code, path)                                 \
	assert_warned(#kind, kind, field, value, FINDING_##code, path)
#define CLEAN(kind, field, value) assert_clean(#kind, kind, field, value)

#endif

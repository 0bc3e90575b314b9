/* api_people_room: a store with staff of each role, and asking it as users of
 * the system.
 */

#ifndef YIZHAN_TESTS_UNIT_API_PEOPLE_ROOM_H
#define YIZHAN_TESTS_UNIT_API_PEOPLE_ROOM_H

#include "tests/unit/api_room.h"

enum { DOCTOR_UID = 4001, ADMIN_UID = 4002, OTHER_UID = 4003 };

#define GROUP(kind, ref, org)                                                  \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:" org "\","

/* Entries that may be one person. */
#define LIKE(ref, phone)                                                       \
	GROUP("resident", ref, "C01")                                          \
	"\"name\":\"李娜\",\"sex\":\"2\",\"birth_date\":\"1980-01-01\","     \
	"\"phone\":\"" phone "\",\"no_id_reason\":\"lost\","                   \
	"\"managing_org_id\":\"ref:C01\"}\n"

static const char reference[] = GROUP("org", "C01",
    "C01") "\"name\":\"甲\",\"level\":\"township\"}\n" GROUP("org", "C02",
    "C01") "\"name\":\"乙\",\"level\":\"township\"}\n" GROUP("staff", "S1",
    "C01") "\"name\":\"管\",\"role\":\"group_admin\","
           "\"home_org_id\":\"ref:C01\"}\n" GROUP("staff", "S2",
               "C01") "\"name\":\"医\",\"role\":\"nurse\","
                      "\"roles\":[\"doctor\"],\"home_org_id\":\"ref:C01\"}"
                      "\n" GROUP("staff", "S3",
                          "C01") "\"name\":\"审\",\"roles\":[\"auditor\"],"
                                 "\"home_org_id\":\"ref:C01\"}\n" GROUP("staff",
                                     "S4",
                                     "C01") "\"name\":\"走\",\"status\":"
                                            "\"left\","
                                            "\"home_org_id\":\"ref:C01\"}"
                                            "\n" GROUP("staff", "S5",
                                                "C01") "\"name\":\"长\","
                                                       "\"role\":\"head\","
                                                       "\"home_org_id\":\"ref:"
                                                       "C01\"}\n" GROUP(
                                                           "practice_site",
                                                           "P1",
                                                           "C01") "\"staff_"
                                                                  "id\":\"ref:"
                                                                  "S2\","
                                                                  "\"valid_"
                                                                  "from\":"
                                                                  "\"2020-01-"
                                                                  "01\"}"
                                                                  "\n" GROUP(
                                                                      "residen"
                                                                      "t",
                                                                      "R1",
                                                                      "C01") "\"name\":\"张伟\",\"sex\":\"1\","
                                                                             "\"no_id_reason\":\"lost\",\"managing_org_id\":\"ref:C01\"}\n" GROUP(
                                                                                 "encounter",
                                                                                 "E1",
                                                                                 "C01") "\"state\":\"signed\","
                                                                                        "\"type\":\"phone\",\"resident_id\":\"ref:R1\","
                                                                                        "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n";

static inline int
ask_as(struct room *r, uint32_t uid, json_t *request, const char *secret)
{
	struct text_input in = {secret == NULL ? "" : secret, 0, 0};
	struct api_input input = {.read = feed_text, .context = &in};
	struct api_sink sink = {keep_line, r};
	int exit_code;

	assert_non_null(request);
	json_decref(r->lines);
	r->lines = json_array();
	exit_code =
	    api_run_for(direct_api(r->direct), uid, request, &input, &sink);
	json_decref(request);
	return exit_code;
}

static inline json_t *
op(const char *name)
{
	return json_pack("{s:s}", "op", name);
}

static inline json_t *
of_staff(const char *name, const char *staff)
{
	return json_pack("{s:s, s:s}", "op", name, "staff", staff);
}

static inline json_t *
show(const char *kind, const char *ref)
{
	return json_pack(
	    "{s:s, s:s, s:s}", "op", "show", "kind", kind, "ref", ref);
}

static inline const char *
said(const struct room *r, const char *name)
{
	return json_string_value(json_object_get(summary(r), name));
}

static inline void
furnish(struct room *r)
{
	init(r, "hub");
	assert_int_equal(import_text(r, reference, 0), API_DONE);
}

/* Its first administrator, who signs in, and has everybody do so. */
static inline void
set_up_store(struct room *r)
{
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("sign_in", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:b}", "op", "staff_require", "required", 1),
	        NULL),
	    API_DONE);
}

/* S1 group administrator, S2 doctor, S3 auditor; signing in is required. */
static inline void
require_sign_in(struct room *r)
{
	furnish(r);
	set_up_store(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S2"), "doctor2\n"),
	    API_DONE);
}

static inline void
sign_in_doctor(struct room *r)
{
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("sign_in", "S2"), "doctor2"),
	    API_DONE);
	assert_string_equal(said(r, "signed_in"), "S2");
	assert_string_equal(said(r, "acting_org"), "C01");
}

static inline size_t
audits(struct room *r, const char *member, const char *value)
{
	size_t i, count = 0;

	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "audit"), NULL),
	    API_DONE);
	for (i = 0; i < json_array_size(r->lines); i++) {
		const char *text = json_string_value(json_object_get(
		    json_object_get(json_array_get(r->lines, i), "record"),
		    member));

		if (text != NULL && strcmp(text, value) == 0)
			count++;
	}
	return count;
}

#endif

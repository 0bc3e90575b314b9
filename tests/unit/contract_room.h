/* contract_room: contracts of residents, as they are handed in. */

#ifndef YIZHAN_TESTS_UNIT_CONTRACT_ROOM_H
#define YIZHAN_TESTS_UNIT_CONTRACT_ROOM_H

#include "tests/unit/import_room.h"

/* A line; days: DAYS(), more: further fields, each behind a comma. */
#define SIGNED(ref, at, org, who, team, days, more)                            \
	ENVELOPE("contract", ref, at, org)                                     \
	"\"state\":\"signed\",\"resident_id\":\"ref:" who "\","                \
	"\"team_id\":\"ref:" team "\",\"resident_signature\":\"paper\","       \
	"\"packages\":[{\"code\":\"BASIC\"}]" days more "}\n"
#define DAYS(first, last)                                                      \
	",\"signed_on\":\"" first "\",\"start_on\":\"" first                   \
	"\",\"end_on\":\"" last "\""
/* He who is called so, managed by an org. */
#define SOMEBODY(ref, name, managing)                                          \
	ENVELOPE("resident", ref, "08:00:00", "C01")                           \
	"\"name\":\"" name "\",\"sex\":\"1\",\"no_id_reason\":\"never\","      \
	"\"managing_org_id\":\"ref:" managing "\"}\n"

/* A group's hub. */
static inline int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H01");
	return 0;
}

/* What a contract shows of a field, as JSON; "-": nothing. */
static inline void
assert_contract(
    struct fixture *f, const char *ref, const char *name, const char *expected)
{
	struct record r;
	json_t *value;
	char *text;

	test_store_record(&f->s, "his", "contract", ref, &r);
	value = json_object_get(r.fields, name);
	text = value == NULL
	           ? strdup("-")
	           : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	assert_non_null(text);
	if (strcmp(text, expected) != 0)
		print_error("%s: %s is %s\n", ref, name, text);
	assert_string_equal(text, expected);
	free(text);
	record_clear(&r);
}

struct coded {
	enum finding_code code;
	size_t count;
	struct question last;
};

static inline enum err
see_coded(void *context, const struct question *q)
{
	struct coded *c = context;

	if (q->code == c->code) {
		c->count++;
		c->last = *q;
	}
	return ERR_OK;
}

/* The questions of a code that wait. */
static inline struct coded
asked(struct fixture *f, enum finding_code code)
{
	struct coded c = {.code = code};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_coded, &c), ERR_OK);
	txn_abort(t);
	return c;
}

#define IN_GROUP(f) cmocka_unit_test_setup_teardown(f, open_group, close_store)

#endif

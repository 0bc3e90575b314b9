/* contract_rights: whose word on a contract counts, and what is made of words
 * that only look like the group's.
 */

#include <sodium.h>

#include "tests/unit/import_room.h"

#include "store/admit.h"
#include "store/contest_settle.h"

#define CONTRACT(ref, at, org, state, day, more)                               \
	ENVELOPE("contract", ref, at, org)                                     \
	"\"state\":\"" state "\",\"resident_id\":\"ref:R1\","                  \
	"\"team_id\":\"ref:T1\",\"resident_signature\":\"paper\","             \
	"\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"" day             \
	"\",\"start_on\":\"" day "\",\"end_on\":\"2027-05-31\"" more "}\n"
#define HE RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C01\"")
#define KA CONTRACT("KA", "09:00:00", "C01", "signed", "2026-04-03", "")
#define KB CONTRACT("KB", "10:00:00", "C02", "signed", "2026-04-05", "")

static int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H01");
	return 0;
}

static int
open_site(void **state)
{
	struct fixture *f;

	open_clinic(state);
	f = *state;
	test_store_join(&f->s, "C01");
	return 0;
}

static void
assert_shown(
    struct fixture *f, const char *ref, const char *name, const char *value)
{
	const char *shown;
	struct record r;

	test_store_record(&f->s, "his", "contract", ref, &r);
	shown = text_in(r.fields, name);
	assert_string_equal(shown == NULL ? "" : shown, value);
	record_clear(&r);
}

/* A change of C02's node on its way in. */
struct sent {
	const char *source, *kind, *ref, *by;
	enum clock_state clock;
	int64_t at;
	bool follows; /* all that is here */
};

#define SENT(...)                                                              \
	((struct sent){.source = "his",                                        \
	    .kind = "contract",                                                \
	    .ref = "KA",                                                       \
	    .by = "S2",                                                        \
	    .at = TEST_NOW,                                                    \
	    .follows = true,                                                   \
	    __VA_ARGS__})

static void
fill_sent(struct txn *t, const struct sent *s, struct change *c)
{
	static uint64_t seq;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	change_init(c);
	memset(c->id.life, 0x55, sizeof c->id.life);
	c->id.class = 1;
	c->id.seq = ++seq;
	snprintf(c->record.source, sizeof c->record.source, "%s", s->source);
	snprintf(c->record.kind, sizeof c->record.kind, "%s", s->kind);
	snprintf(c->record.ref, sizeof c->record.ref, "%s", s->ref);
	key_record(txn_db(t), key, &c->record);
	if (s->follows && record_read(t, key, &r) == ERR_OK) {
		c->parent_count = r.parent_count;
		memcpy(c->parents, r.parents, sizeof c->parents);
		record_clear(&r);
	}
	snprintf(c->by, sizeof c->by, "%s", s->by);
	snprintf(c->org, sizeof c->org, "C02");
	c->clock = s->clock;
	c->occurred_at = c->recorded_at = s->at;
}

/* Judged, and taken if it may be; takes fields. */
static enum finding_code
sent_by_c02(struct fixture *f, struct sent s, json_t *fields)
{
	struct cert author = {.role = ROLE_CLINIC, .org_count = 1};
	struct txn *t = test_store_write(&f->s);
	struct buffer body = {0};
	enum finding_code code;
	struct self self;
	struct change c;

	snprintf(author.orgs[0], sizeof author.orgs[0], "C02");
	assert_int_equal(self_read(t, &self), ERR_OK);
	fill_sent(t, &s, &c);
	c.fields = fields;
	code = admit_judge(t, &c, &author);
	if (code == FINDING_NONE) {
		assert_int_equal(change_encode(&c, &body), ERR_OK);
		assert_int_equal(
		    stored_write(t, &c.id, 0, 0, 7, body.data, body.size),
		    ERR_OK);
		assert_int_equal(admit_merged(t, &self, &c, 7), ERR_OK);
		assert_int_equal(contest_settle(t, &self, TEST_NOW), ERR_OK);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_wipe(&body);
	change_clear(&c);
	return code;
}

/* --- the group's steps ---------------------------------------------------- */

/* That a change has no parents makes it no history of another's contract. */
static void
test_no_clinic_refuses_anothers_contract(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_shown(f, "KA", "state", "active");
	assert_int_equal(
	    sent_by_c02(f, SENT(.follows = false),
	        json_pack("{s:s, s:s}", "state", "refused", "reason", "x")),
	    FINDING_GROUP_ONLY_STATE);
	assert_shown(f, "KA", "state", "active");
}

/* Of its own, and of what nobody began before, it is. */
static void
test_what_was_brought_along_is_history(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	assert_int_equal(sent_by_c02(f, SENT(.ref = "KB", .follows = false),
	                     json_pack("{s:s}", "state", "active")),
	    FINDING_NONE);
	assert_int_equal(sent_by_c02(f, SENT(.ref = "KC", .follows = false),
	                     json_pack("{s:s, s:s}", "state", "terminated",
	                         "end_reason", "resident")),
	    FINDING_NONE);
}

/* Nor do the lines of a file in which another's contract stands. */
static void
test_no_file_tells_anothers_history(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "contract", "KB", "C02",
	    json_pack(
	        "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1"));
	assert_refused(f,
	    CONTRACT("KB", "09:00:00", "C01", "refused", "2026-04-05",
	        ",\"reason\":\"x\""),
	    FINDING_GROUP_ONLY_STATE);
	assert_shown(f, "KB", "state", "signed");
	give(f, CONTRACT("KA", "09:00:00", "C01", "refused", "2026-04-03",
	            ",\"reason\":\"x\""));
	assert_counts(f, 1, 0, 0, 0);
}

#define AT_HUB(f)  cmocka_unit_test_setup_teardown(f, open_group, close_store)
#define AT_SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_no_clinic_refuses_anothers_contract),
	    AT_HUB(test_what_was_brought_along_is_history),
	    AT_SITE(test_no_file_tells_anothers_history),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

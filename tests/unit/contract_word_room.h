/* contract_word_room: contracts of one resident, what C02's node sends about
 * them, and what the group is asked.
 */

#ifndef YIZHAN_TESTS_UNIT_CONTRACT_WORD_ROOM_H
#define YIZHAN_TESTS_UNIT_CONTRACT_WORD_ROOM_H

#include <sodium.h>

#include "tests/unit/import_room.h"

#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/matter.h"

#define CONTRACT(ref, at, org, state, day, more)                               \
	ENVELOPE("contract", ref, at, org)                                     \
	"\"state\":\"" state "\",\"resident_id\":\"ref:R1\","                  \
	"\"team_id\":\"ref:T1\",\"resident_signature\":\"paper\","             \
	"\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"" day             \
	"\",\"start_on\":\"" day "\",\"end_on\":\"2027-05-31\"" more "}\n"
#define HE RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C01\"")
#define KA CONTRACT("KA", "09:00:00", "C01", "signed", "2026-04-03", "")
#define KB CONTRACT("KB", "10:00:00", "C02", "signed", "2026-04-05", "")

static inline int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H01");
	return 0;
}

static inline int
open_site(void **state)
{
	struct fixture *f;

	open_clinic(state);
	f = *state;
	test_store_join(&f->s, "C01");
	return 0;
}

static inline void
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
	const char *ref;
	const char *source, *kind, *by; /* NULL: "his", contract, S2 */
	enum clock_state clock;
	int64_t at;      /* 0: now */
	bool is_new;     /* it has seen nothing of what is here */
	const char *org; /* of whose node it is; NULL: C02's */
	bool managing;
};

#define SENT(...) ((struct sent){.ref = __VA_ARGS__})

static inline const char *
or_else(const char *text, const char *usual)
{
	return text == NULL ? usual : text;
}

static inline void
fill_sent(struct txn *t, const struct sent *s, struct change *c)
{
	static uint64_t seq;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	change_init(c);
	memset(c->id.life, s->org == NULL ? 0x55 : 0x66, sizeof c->id.life);
	c->id.class = 1;
	c->id.seq = ++seq;
	snprintf(c->record.source, sizeof c->record.source, "%s",
	    or_else(s->source, "his"));
	snprintf(c->record.kind, sizeof c->record.kind, "%s",
	    or_else(s->kind, "contract"));
	snprintf(c->record.ref, sizeof c->record.ref, "%s", s->ref);
	key_record(txn_db(t), key, &c->record);
	if (!s->is_new && record_read(t, key, &r) == ERR_OK) {
		c->parent_count = r.parent_count;
		memcpy(c->parents, r.parents, sizeof c->parents);
		record_clear(&r);
	}
	snprintf(c->by, sizeof c->by, "%s", or_else(s->by, "S2"));
	snprintf(c->org, sizeof c->org, "%s", or_else(s->org, "C02"));
	c->managing = s->managing;
	c->clock = s->clock;
	c->occurred_at = c->recorded_at = s->at == 0 ? TEST_NOW : s->at;
}

/* Judged, and taken if it may be; takes fields. */
static inline enum finding_code
sent_by_c02(struct fixture *f, struct sent s, json_t *fields)
{
	struct cert author = {.role = ROLE_CLINIC, .org_count = 1};
	struct txn *t = test_store_write(&f->s);
	struct buffer body = {0};
	enum finding_code code;
	struct self self;
	struct change c;

	snprintf(
	    author.orgs[0], sizeof author.orgs[0], "%s", or_else(s.org, "C02"));
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

/* --- what waits ------------------------------------------------------------
 */

static inline struct question
waits(struct fixture *f, enum finding_code code)
{
	struct wanted w = questions(f, QUESTION_MATTER);

	assert_int_equal(w.count, 1);
	assert_int_equal(w.last.code, code);
	return w.last;
}

struct picked {
	enum finding_code code;
	uint64_t number;
};

static inline enum err
pick_question(void *context, const struct question *q)
{
	struct picked *p = context;

	if (q->code == p->code)
		p->number = q->number;
	return ERR_OK;
}

/* Of the last that waits of a code, among others; 0: none does. */
static inline uint64_t
number_of(struct fixture *f, enum finding_code code)
{
	struct picked p = {.code = code};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, pick_question, &p), ERR_OK);
	txn_abort(t);
	return p.number;
}

static inline void
decide_number(
    struct fixture *f, uint64_t number, const char *choice, const char *undone)
{
	assert_int_equal(decided(f, number, choice, undone), ERR_OK);
}

/* Of the one question that waits; undone: by the number it had. */
static inline void
decide(struct fixture *f, const char *choice, const char *undone)
{
	decide_number(
	    f, questions(f, QUESTION_MATTER).last.number, choice, undone);
}

static inline void
decide_of(struct fixture *f, enum finding_code code, const char *choice)
{
	decide_number(f, number_of(f, code), choice, NULL);
}

#define AT_HUB(f)  cmocka_unit_test_setup_teardown(f, open_group, close_store)
#define AT_SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_store)

#endif

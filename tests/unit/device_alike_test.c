/* device_alike: nodes that hold the same changes make the same of a device:
 * whoever the node is, and whatever else is told of it.
 */

#include "tests/unit/device_room.h"

/* --- two who say that they began it ----------------------------------------
 */

static const uint8_t life_of_a[LIFE_BYTES] = {0xa},
                     life_of_b[LIFE_BYTES] = {0xb};

/* A change of D1, or of who calls it so, as it comes from a peer, or as it was
 * made here; takes fields. */
static struct change_id
arrive(struct fixture *f, const uint8_t life[LIFE_BYTES], uint64_t seq,
    const char *kind, const char *ref, const char *org,
    const struct change_id *seen, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	struct buffer body = {0};
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	memcpy(c.id.life, life, LIFE_BYTES);
	c.id.class = 2;
	c.id.seq = seq;
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = fields;
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, seq, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &self, &c, seq), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	self_wipe(&self);
	buffer_wipe(&body);
	change_clear(&c);
	return id;
}

/* Whose node it is. */
enum { AT_HUB, AT_A, AT_B, NODES };

/* Both imported D1 from one program, each as its own; H lent it to A; then
 * comes a number far on, and B, who says that the device is his, agrees. */
static struct change_id
two_owners(struct fixture *f, unsigned node)
{
	const uint8_t *a = life_of_a, *b = life_of_b;
	uint8_t own[LIFE_BYTES];
	struct txn *t = test_store_read(&f->s);
	struct change_id begun_by_a;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	memcpy(own, self.life, LIFE_BYTES);
	self_wipe(&self);
	txn_abort(t);
	if (node != AT_HUB)
		*(node == AT_A ? &a : &b) = own;
	begun_by_a = arrive(f, a, 901, "device", "D1", "A", NULL,
	    json_pack("{s:s, s:s}", "class", "ecg", "owner_org_id", "ref:A"));
	arrive(f, b, 902, "device", "D1", "B", NULL,
	    json_pack("{s:s, s:s}", "class", "ecg", "owner_org_id", "ref:B"));
	arrive(f, a, 903, "custody", "K1", "A", NULL,
	    json_pack("{s:s, s:i, s:s, s:s, s:b}", "device_id", "ref:D1",
	        "custody_no", 1, "from", "ref:A", "to", "ref:C", "both_signed",
	        true));
	arrive(f, b, 904, "custody", "KX", "B", NULL,
	    json_pack("{s:s, s:i, s:s, s:s, s:b}", "device_id", "ref:D1",
	        "custody_no", 50, "from", "ref:B", "to", "ref:B", "both_signed",
	        true));
	arrive(f, b, 905, "question", "Q1", "B", NULL,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state",
	        "decided", "reason", "ours", "code", "custody_jump",
	        "about_kind", "custody", "about_ref", "KX", "about_source",
	        "his", "device_id", "ref:D1", "decision", "agree"));
	return begun_by_a;
}

static void
check_two_owners(unsigned node)
{
	struct change_id begun_by_a;
	struct fixture *f;
	char id[48];
	void *own = NULL;

	if (node == AT_HUB)
		open_hub(&own);
	else
		open_clinic(&own);
	f = own;
	test_store_join(&f->s, node == AT_HUB ? "H" : node == AT_A ? "A" : "B");
	begun_by_a = two_owners(f, node);
	/* Nobody's to decide until the group says who began it. */
	assert_view(f, "device", "D1", "custodian", "null");
	assert_view(f, "device", "D1", "unsure", "true");
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, "KX").count, 1);
	matter_change_id(&begun_by_a, id);
	arrive(f, life_of_a, 906, "device", "D1", "H", &begun_by_a,
	    json_pack("{s:[s]}", MERGE_SET_ASIDE, id));
	assert_view(f, "device", "D1", "custodian", "\"B\"");
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, NULL).count, 0);
	close_store(&own);
}

static void
test_a_device_two_began_is_nobodys_at_any_node(void **state)
{
	unsigned node;

	(void)state;
	for (node = 0; node < NODES; node++)
		check_two_owners(node);
}

/* --- what else names it -----------------------------------------------------
 */

/* That so many records of a kind name D1, without the records. */
static void
name_often(
    struct fixture *f, const char *source, const char *kind, uint64_t count)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct change c;
	uint64_t i;

	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", source);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	c.fields = json_pack("{s:s}", "device_id", "ref:D1");
	for (i = 0; i < count; i++) {
		snprintf(
		    c.record.ref, sizeof c.record.ref, "often%u", (unsigned)i);
		key_record(f->s.db, key, &c.record);
		assert_int_equal(
		    naming_note(t, kind_by_name(kind), &c, key), ERR_OK);
	}
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static struct identity
decided_fork(struct fixture *f)
{
	static const int order[] = {0, 1, 2, 3};
	struct identity made;

	tell(f, order);
	assert_int_equal(decide(f, FINDING_CUSTODY_FORK, "KB", &made), ERR_OK);
	assert_view(f, "device", "D1", "custodian", "\"B\"");
	return made;
}

/* However often it was used, and whatever others call theirs. */
static void
test_use_hides_no_decision(void **state)
{
	struct fixture *f = *state;
	struct identity made = decided_fork(f);

	name_often(f, made.source, "usage", DEVICE_NAMERS_MAX + 1);
	assert_view(f, "device", "D1", "disputed", "false");
	assert_view(f, "device", "D1", "custodian", "\"B\"");
}

static void
test_another_programs_device_hides_no_hand_over(void **state)
{
	static const char other[] = DEVICE("08:00:00", "");
	/* Whose rows come first is by chance. */
	static const char *const sources[] = {
	    "b", "c", "d", "e", "f", "g", "i", "j"};
	struct fixture *f = *state;
	size_t i;

	decided_fork(f);
	give_bytes(f, "b", other, sizeof other - 1);
	for (i = 0; i < sizeof sources / sizeof *sources; i++)
		name_often(f, sources[i], "custody", DEVICE_NAMERS_MAX);
	assert_view(f, "device", "D1", "custodian", "\"B\"");
}

static enum err
see_crowd(void *context, const struct question *q)
{
	struct finder *w = context;

	if (q->code == FINDING_DEVICE_CROWDED && strcmp(q->field, w->ref) == 0)
		w->count++;
	return ERR_OK;
}

static size_t
crowds_told(struct fixture *f, const char *kind)
{
	struct finder w = {.ref = kind};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_crowd, &w), ERR_OK);
	txn_abort(t);
	return w.count;
}

/* Which would be read is by chance: so none is, nothing is asked of them, and
 * that is told, whether they came before the rest or after. */
static void
tell_too_many(struct fixture *f, bool is_first)
{
	static const int order[] = {0, 1, 2, 3};

	if (is_first)
		name_often(f, "his", "custody", DEVICE_NAMERS_MAX - 2);
	tell(f, order);
	if (!is_first)
		name_often(f, "his", "custody", DEVICE_NAMERS_MAX - 2);
	give(f, DEVICE("11:00:00", ",\"condition\":\"ok\""));
}

static void
test_of_too_many_hand_overs_none_is_read(void **state)
{
	unsigned order;

	(void)state;
	for (order = 0; order < 2; order++) {
		struct fixture *f;
		void *own = NULL;

		open_clinic(&own);
		f = own;
		tell_too_many(f, order == 0);
		assert_view(f, "device", "D1", "custodian", "null");
		assert_view(f, "device", "D1", "unsure", "true");
		assert_view(f, "device", "D1", "offered", "false");
		assert_int_equal(
		    waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
		assert_int_equal(
		    waiting(f, FINDING_ONWARD_LENDING, NULL).count, 0);
		assert_int_equal(crowds_told(f, "custody"), 1);
		close_store(&own);
	}
}

static void
test_of_too_many_decisions_none_counts(void **state)
{
	struct fixture *f = *state;

	decided_fork(f);
	name_often(f, "his", "question", DEVICE_NAMERS_MAX);
	give(f, DEVICE("11:00:00", ",\"condition\":\"ok\""));
	assert_view(f, "device", "D1", "disputed", "true");
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, "D1").count, 1);
	assert_int_equal(crowds_told(f, "question"), 1);
}

static void
test_of_too_many_loans_it_may_be_one(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ""));
	give(f, LOAN("L1", "09:00:00", "A", "received", "H", "A", ""));
	give(f, LOAN("L1", "10:00:00", "A", "returned", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	name_often(f, "his", "loan", DEVICE_NAMERS_MAX);
	give(f, DEVICE("11:00:00", ",\"condition\":\"ok\""));
	assert_view(f, "device", "D1", "bars", "[\"lent\"]");
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 0);
	assert_int_equal(crowds_told(f, "loan"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_device_two_began_is_nobodys_at_any_node),
	    HUB(test_use_hides_no_decision),
	    HUB(test_another_programs_device_hides_no_hand_over),
	    cmocka_unit_test(test_of_too_many_hand_overs_none_is_read),
	    HUB(test_of_too_many_decisions_none_counts),
	    CLINIC(test_of_too_many_loans_it_may_be_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

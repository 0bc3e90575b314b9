/* device_alike: nodes that hold the same changes make the same of a device,
 * whoever they are.
 */

#include "tests/unit/device_room.h"

#include "store/device_decided.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_device_two_began_is_nobodys_at_any_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

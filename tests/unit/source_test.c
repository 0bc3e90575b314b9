/* source (store): batches a receiver can take, from any place, of any lives. */

#include "tests/unit/group.h"

static struct member hub, clinic;
static struct source_context context;
static struct source source;
static struct batch batch;
static struct hello nobody;

static int
set_up(void **state)
{
	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	group_join(&hub, &clinic, "C01");
	context.db = clinic.db;
	context.now = GROUP_NOW;
	source = store_source(&context);
	return 0;
}

static int
tear_down(void **state)
{
	batch_free(&batch);
	member_remove(&hub);
	member_remove(&clinic);
	return 0;
}

static enum err
read_up(struct cursor *at, size_t changes, size_t bytes)
{
	const struct list_id up = {AUDIENCE_UP, 3};
	struct self self = member_self(&hub);
	enum err e = source.read(source.context, &up, at, self.signing_public,
	    &nobody, changes, bytes, &batch);

	if (e == ERR_OK)
		*at = batch.end;
	return e;
}

/* What the hub makes of it; nothing is kept. */
static enum err
try_at_hub(void)
{
	struct self self = member_self(&hub), peer = member_self(&clinic);
	struct txn *t = member_begin(&hub, true);
	struct admitted out;
	enum err e =
	    admit_from_below(t, &self, &peer.chain[0], &batch, GROUP_NOW, &out);

	admitted_free(&out);
	txn_abort(t);
	return e;
}

static void
new_life(void)
{
	struct self self;
	struct txn *t = member_begin(&clinic, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(self_new_life(t, &self, GROUP_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_source_batches_stay_within_their_bounds(void **state)
{
	struct cursor at = {0};
	int i;

	assert_int_equal(read_up(&at, 10, 10000), ERR_END);
	for (i = 0; i < 25; i++)
		member_write(&clinic, 3, "C01");
	assert_int_equal(read_up(&at, 10, 100000), ERR_OK);
	assert_int_equal(batch.change_count, 10);
	assert_int_equal(at.place, 10);
	assert_int_equal(read_up(&at, 100, 100), ERR_OK);
	assert_in_range(batch.change_count, 1, 12);
	while (read_up(&at, 100, 100000) == ERR_OK)
		;
	assert_int_equal(at.place, 25);
}

/* A receiver takes eight logs in one batch. */
static void
test_source_puts_at_most_eight_lives_in_a_batch(void **state)
{
	struct cursor at = {0};
	unsigned batches = 0, changes = 0;
	int i;

	for (i = 0; i < 20; i++) {
		new_life();
		member_write(&clinic, 3, "C01");
	}
	while (read_up(&at, 128, 100000) == ERR_OK) {
		assert_in_range(batch.change_count, 1, 8);
		assert_int_equal(batch.head_count, batch.change_count);
		batches++;
		changes += (unsigned)batch.change_count;
	}
	assert_int_equal(changes, 20);
	assert_int_equal(batches, 3);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(member_at_group(&clinic), 20);
}

static void
test_source_tells_the_present_life_first(void **state)
{
	struct self self;
	struct hello hello;
	int i;

	for (i = 0; i < HELLO_LIVES_MAX + 3; i++) {
		new_life();
		member_write(&clinic, 3, "C01");
	}
	assert_int_equal(source.hello(source.context, &hello), ERR_OK);
	assert_int_equal(hello.life_count, HELLO_LIVES_MAX);
	self = member_self(&clinic);
	assert_memory_equal(
	    hello.lives[0].nonce, self.life_nonce, LIFE_NONCE_BYTES);
}

static void
test_source_begins_again_when_its_list_was_built_anew(void **state)
{
	struct cursor at = {0};
	struct self self;
	struct txn *t;
	int i;

	for (i = 0; i < 5; i++)
		member_write(&clinic, 3, "C01");
	assert_int_equal(read_up(&at, 3, 100000), ERR_OK);
	t = member_begin(&clinic, true);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(enrol_list_all(t, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(read_up(&at, 100, 100000), ERR_OK);
	assert_int_equal(batch.start.place, 0);
	assert_int_equal(batch.change_count, 5);
}

static void
test_source_settles_cursors(void **state)
{
	const struct list_id up = {AUDIENCE_UP, 3};
	struct cursor at = {0}, end, c;
	int i;

	for (i = 0; i < 5; i++)
		member_write(&clinic, 3, "C01");
	while (read_up(&at, 2, 100000) == ERR_OK)
		;
	end = c = at;
	assert_int_equal(source.settle(source.context, &up, &c), ERR_OK);
	assert_memory_equal(&c, &end, sizeof c);
	c.epoch ^= 1;
	assert_int_equal(source.settle(source.context, &up, &c), ERR_OK);
	assert_int_equal(c.epoch, end.epoch);
	assert_int_equal(c.place, 0);
	c = end;
	c.place++;
	assert_int_equal(source.settle(source.context, &up, &c), ERR_FORK);
	c = end;
	c.running++;
	assert_int_equal(source.settle(source.context, &up, &c), ERR_FORK);
	c = (struct cursor){0, 0, 0};
	assert_int_equal(source.settle(source.context, &up, &c), ERR_OK);
}

/* What its org may not have any more is not read to it, nor told as a place
 * of its own. */
static void
test_source_passes_over_what_is_withdrawn(void **state)
{
	const char names[1][LIST_NAME_BYTES_MAX + 1] = {"org:C02"};
	struct source_context of_hub = {.db = hub.db, .now = GROUP_NOW};
	struct source from = store_source(&of_hub);
	const struct list_id list = {"org:C02", 3};
	struct self self = member_self(&clinic);
	struct change_id ids[3];
	struct cursor at = {0};
	struct txn *t;
	int i;

	for (i = 0; i < 3; i++)
		ids[i] = member_write(&hub, 3, "C01");
	t = member_begin(&hub, true);
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    list_share(t, &ids[i], 9, names, 1, NULL), ERR_OK);
	assert_int_equal(list_share(t, &ids[0], 9, NULL, 0, NULL), ERR_OK);
	assert_int_equal(list_share(t, &ids[2], 9, NULL, 0, NULL), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(
	    from.read(from.context, &list, &at, self.transport.public, &nobody,
	        10, 100000, &batch),
	    ERR_OK);
	assert_int_equal(batch.change_count, 1);
	assert_int_equal(change_id_compare(&batch.changes[0].id, &ids[1]), 0);
	assert_int_equal(batch.end.place, 3);
	at = batch.end;
	assert_int_equal(
	    from.read(from.context, &list, &at, self.transport.public, &nobody,
	        10, 100000, &batch),
	    ERR_END);
}

/* --- what the hub takes of it --------------------------------------------- */

static void
read_three(void)
{
	struct self self = member_self(&clinic);
	struct life life = {.has_log_secret = false};
	struct cursor at = {0};
	struct txn *t;
	int i;

	for (i = 0; i < 3; i++)
		member_write(&clinic, 3, "C01");
	/* As after its hello. */
	memcpy(life.id, self.life, LIFE_BYTES);
	memcpy(life.node, self.id, NODE_ID_BYTES);
	memcpy(life.nonce, self.life_nonce, LIFE_NONCE_BYTES);
	t = member_begin(&hub, true);
	assert_int_equal(life_write(t, &life), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(read_up(&at, 3, 100000), ERR_OK);
	assert_int_equal(batch.change_count, 3);
	assert_int_equal(try_at_hub(), ERR_OK);
}

static void
test_altered_batches_are_refused(void **state)
{
	uint8_t life[LIFE_BYTES];

	read_three();
	batch.heads[0].signature[0] ^= 1;
	assert_int_equal(try_at_hub(), ERR_AUTH);
	batch.heads[0].signature[0] ^= 1;
	batch.bytes.data[3] ^= 1; /* another chain */
	assert_int_equal(try_at_hub(), ERR_AUTH);
	batch.bytes.data[3] ^= 1;
	batch.changes[0].secret[0] ^= 1;
	assert_int_equal(try_at_hub(), ERR_AUTH);
	batch.changes[0].secret[0] ^= 1;
	memcpy(life, batch.changes[2].id.life, LIFE_BYTES);
	memcpy(batch.changes[2].id.life, member_self(&hub).life, LIFE_BYTES);
	assert_int_equal(try_at_hub(), ERR_AUTH);
	memcpy(batch.changes[2].id.life, life, LIFE_BYTES);
	batch.head_count = 0;
	assert_int_equal(try_at_hub(), ERR_AUTH);
	batch.head_count = 1;
	batch.changes[1].id.seq = 9;
	assert_int_equal(try_at_hub(), ERR_FORMAT);
	batch.changes[1].id.seq = 2;
	assert_int_equal(try_at_hub(), ERR_OK);
}

/* An org of the group, as the hub knows it. */
static void
write_org(const char *ref, const char *above)
{
	struct self self;
	struct change c;
	struct txn *t = member_begin(&hub, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "org");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "H01");
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = json_pack("{s:s}", "name", "x");
	if (above != NULL)
		assert_int_equal(json_object_set_new(c.fields, "parent_org_id",
		                     json_string(above)),
		    0);
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
}

/* Many lists have the same orgs above them, above others none is known. */
static void
test_source_feeds_down_what_is_below(void **state)
{
	static const char *const orgs[] = {"H01", "C01", "C02", "V0101",
	    "V0102", "V0201", "V0202", "W1", "W2", "V01011"};
	static const char *const due[] = {
	    AUDIENCE_GROUP, "org:C01", "org:V0101", "org:V01011", "org:V0102"};
	struct source_context above = {.db = hub.db, .now = GROUP_NOW};
	struct source from = store_source(&above);
	struct list_names *names = calloc(1, sizeof *names);
	struct self self = member_self(&clinic);
	size_t i;

	assert_non_null(names);
	write_org("H01", NULL);
	write_org("C01", "ref:H01");
	write_org("C02", "ref:H01");
	write_org("V0101", "ref:C01");
	write_org("V0102", "ref:C01");
	write_org("V01011", "ref:V0101");
	write_org("V0201", "ref:C02");
	write_org("V0202", "ref:C02");
	write_org("W1", "ref:W2"); /* round and round */
	write_org("W2", "ref:W1");
	for (i = 0; i < sizeof orgs / sizeof orgs[0]; i++)
		member_write(&hub, 2, orgs[i]);
	assert_int_equal(from.lists(&above, self.id, names), ERR_OK);
	assert_int_equal(names->count, sizeof due / sizeof due[0]);
	for (i = 0; i < names->count; i++)
		assert_string_equal(names->names[i], due[i]);
	free(names);
}

/* The hospital at the head of a county has a node of its own, which receives
 * what each township and village below it has. */
static void
test_source_feeds_a_county_down(void **state)
{
	enum { TOWNSHIPS = 12, VILLAGES = 17 };
	struct source_context above = {.db = hub.db, .now = GROUP_NOW};
	struct source from = store_source(&above);
	struct list_names *names = calloc(1, sizeof *names);
	struct self self = member_self(&clinic);
	char town[32], village[32], link[40];
	int i, j;

	assert_non_null(names);
	write_org("C01", NULL);
	for (i = 0; i < TOWNSHIPS; i++) {
		snprintf(town, sizeof town, "T%02d", i);
		snprintf(link, sizeof link, "ref:%s", town);
		write_org(town, "ref:C01");
		member_write(&hub, 2, town);
		for (j = 0; j < VILLAGES; j++) {
			snprintf(village, sizeof village, "V%02d%02d", i, j);
			write_org(village, link);
			member_write(&hub, 2, village);
		}
	}
	assert_int_equal(from.lists(&above, self.id, names), ERR_OK);
	assert_int_equal(names->count, 2 + TOWNSHIPS * (1 + VILLAGES));
	free(names);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_source_batches_stay_within_their_bounds),
	    CASE(test_source_puts_at_most_eight_lives_in_a_batch),
	    CASE(test_source_tells_the_present_life_first),
	    CASE(test_source_begins_again_when_its_list_was_built_anew),
	    CASE(test_source_settles_cursors),
	    CASE(test_source_passes_over_what_is_withdrawn),
	    CASE(test_source_feeds_down_what_is_below),
	    CASE(test_source_feeds_a_county_down),
	    CASE(test_altered_batches_are_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

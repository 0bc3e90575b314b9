/* session_sim: sessions between real stores when one of them is not what it
 * was: restored, copied, or in two sessions at once; and over bad links.
 *
 * usage: session_sim [SEED]. A failure prints its seed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/admit.h"
#include "store/recover.h"
#include "tests/sim/world.h"
#include "tests/unit/scratch.h"

static struct world w = {.now = 1780000000, .now_ms = 1};
static struct site hub, clinic;
static uint64_t first_seed = 20261122;

/* --- the scene ------------------------------------------------------------ */

static int
set_up(void **state)
{
	w.seed = first_seed;
	site_make(&w, &hub, ROLE_HUB, "hub");
	site_make(&w, &clinic, ROLE_CLINIC, "clinic");
	world_make_org(&w, &hub, "C01", NULL);
	world_join(&w, &hub, &clinic, "C01");
	return 0;
}

static int
tear_down(void **state)
{
	site_close(&clinic);
	site_close(&hub);
	return 0;
}

static enum err
sync_once(void)
{
	world_run(&w, &clinic, &hub, SESSION_SYNC, NULL, SIZE_MAX);
	return w.result;
}

static struct txn *
begin(struct site *s, bool write)
{
	struct txn *t = NULL;

	assert_int_equal(db_begin(store_db(s->store), write, &t), ERR_OK);
	return t;
}

/* A record of any class, founded here; with fields of its own. */
static void
found(struct site *s, uint8_t class, const char *phone, char ref[64],
    const char *guardian)
{
	struct self self;
	struct change c;
	struct txn *t = begin(s, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", self.source);
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	c.founds = true;
	snprintf(c.by, sizeof c.by, "S0001");
	snprintf(c.org, sizeof c.org, "C01");
	c.occurred_at = c.recorded_at = w.now;
	c.fields = json_pack("{s:s, s:s, s:s}", "name", phone, "status",
	    "living", "phone", phone);
	if (guardian != NULL)
		json_object_set_new(
		    c.fields, "guardian_id", json_sprintf("ref:%s", guardian));
	assert_int_equal(admit_own(t, &self, &c, class), ERR_OK);
	change_founded_ref(&c.id, ref, 64);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	w.now += 60;
}

/* Amend a record that was founded here, in another class. */
static void
amend(struct site *s, uint8_t class, const char *ref, const char *phone)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct self self;
	struct change c;
	struct txn *t = begin(s, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(txn_db(t), key, self.source, "resident", ref);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	change_init(&c);
	c.record = r.id;
	c.parent_count = r.parent_count;
	memcpy(c.parents, r.parents, sizeof c.parents);
	record_clear(&r);
	snprintf(c.by, sizeof c.by, "S0001");
	snprintf(c.org, sizeof c.org, "C01");
	c.occurred_at = c.recorded_at = w.now;
	c.fields = json_pack("{s:s}", "phone", phone);
	assert_int_equal(admit_own(t, &self, &c, class), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	w.now += 60;
}

static void
expect_equal(void)
{
	char *a = site_text(&clinic, "resident");
	char *b = site_text(&hub, "resident");

	assert_string_equal(a, b);
	free(a);
	free(b);
}

static unsigned
count_in(struct site *s, const char *what)
{
	char *text = site_text(s, "resident"), *at = text;
	unsigned n = 0;

	while ((at = strstr(at, what)) != NULL) {
		n++;
		at++;
	}
	free(text);
	return n;
}

/* --- copies of a store ---------------------------------------------------- */

struct copy {
	struct buffer data, marker;
};

static void
file_of(const struct site *s, const char *name, char out[SCRATCH_PATH_BYTES])
{
	scratch_path(out, s->dir, name);
}

static void
close_store(struct site *s)
{
	store_close(s->store);
	s->store = NULL;
}

static void
open_store(struct site *s)
{
	struct store_options o = {.dir = s->dir,
	    .map_bytes = 256u * 1024 * 1024,
	    .holder = "simulation",
	    .random = random_system()};

	assert_int_equal(store_open(&s->store, &o), ERR_OK);
	assert_int_equal(store_begin_life(s->store, w.now), ERR_OK);
}

static void
copy_take(struct site *s, struct copy *c)
{
	char path[SCRATCH_PATH_BYTES];

	memset(c, 0, sizeof *c);
	close_store(s);
	file_of(s, "data.mdb", path);
	scratch_read(path, &c->data);
	file_of(s, "marker", path);
	scratch_read(path, &c->marker);
	open_store(s);
}

/* With the marker nothing shows that it is a copy. */
static void
copy_put_back(struct site *s, struct copy *c, bool with_marker)
{
	char path[SCRATCH_PATH_BYTES];

	close_store(s);
	file_of(s, "data.mdb", path);
	scratch_write(path, c->data.data, c->data.size);
	file_of(s, "marker", path);
	if (with_marker)
		scratch_write(path, c->marker.data, c->marker.size);
	open_store(s);
	buffer_free(&c->data);
	buffer_free(&c->marker);
}

/* --- the hub is older ----------------------------------------------------- */

static void
test_restored_hub_is_filled_by_its_clinic(void **state)
{
	struct copy old;
	char ref[64];
	unsigned i;

	for (i = 0; i < 5; i++)
		world_make_resident(&w, &clinic, "C01");
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&hub, &old);
	for (i = 0; i < 5; i++)
		world_make_resident(&w, &clinic, "C01");
	found(&clinic, 0, "urgent", ref, NULL);
	world_make_org(&w, &hub, "C02", NULL);
	assert_int_equal(sync_once(), ERR_OK);
	assert_int_equal(site_waiting(&clinic), 0);
	copy_put_back(&hub, &old, false);

	/* A cut session is enough to know that it is not held any more. */
	world_run(&w, &clinic, &hub, SESSION_SYNC, NULL, 1500);
	assert_int_equal(sync_once(), ERR_OK);
	assert_int_equal(site_waiting(&clinic), 0);
	assert_int_equal(site_at_group(&clinic), 11);
	assert_int_equal(site_questions(&hub), 0);
	assert_int_equal(site_questions(&clinic), 0);
	expect_equal();
	assert_int_equal(sync_once(), ERR_OK);
	assert_int_equal(w.up.changes_sent + w.up.changes_received, 0);
}

/* --- the clinic is older -------------------------------------------------- */

static void
expect_quiet(void)
{
	assert_int_equal(sync_once(), ERR_OK);
	assert_int_equal(sync_once(), ERR_OK);
	assert_int_equal(w.up.changes_sent + w.up.changes_received, 0);
	assert_int_equal(site_waiting(&clinic), 0);
	expect_equal();
}

/* Sessions until one is clean and leaves nothing to do. */
static void
sync_until_through(void)
{
	unsigned i;

	for (i = 0; i < 8; i++) {
		enum err e = sync_once();

		assert_true(e == ERR_OK || e == ERR_CLOSED);
		if (e == ERR_OK && w.up.changes_sent == 0 && i > 0)
			return;
	}
	fail_msg("no end");
}

static void
test_restored_clinic_gets_back_what_it_lost(void **state)
{
	struct copy old;
	unsigned i;

	for (i = 0; i < 4; i++)
		world_make_resident(&w, &clinic, "C01");
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&clinic, &old);
	for (i = 0; i < 6; i++)
		world_make_resident(&w, &clinic, "C01");
	assert_int_equal(sync_once(), ERR_OK);
	copy_put_back(&clinic, &old, false); /* known by the marker */
	clinic.made = 100;
	world_make_resident(&w, &clinic, "C01");
	sync_until_through();
	expect_quiet();
	assert_int_equal(count_in(&clinic, "\"C01-R"), 11);
	assert_int_equal(site_questions(&hub), 0);
	assert_int_equal(site_questions(&clinic), 0);
}

/* It goes on under numbers that are taken: in a new life both stories are
 * told, whole, once. */
static void
copy_that_wrote(unsigned lost, unsigned rewritten)
{
	char a[64], b[64], c[64], name[32];
	struct copy old;
	unsigned i;

	found(&clinic, 3, "before", a, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&clinic, &old);
	for (i = 0; i < lost; i++) {
		snprintf(name, sizeof name, "lost %u.", i);
		found(&clinic, (uint8_t)(i % 3 + 1), name, b, NULL);
	}
	assert_int_equal(sync_once(), ERR_OK);
	copy_put_back(&clinic, &old, true); /* nothing shows it */
	for (i = 0; i < rewritten; i++) {
		snprintf(name, sizeof name, "again %u.", i);
		found(&clinic, 3, name, b, a);
		snprintf(name, sizeof name, "child %u.", i);
		found(&clinic, 1, name, c, b);
		snprintf(name, sizeof name, "amended %u.", i);
		amend(&clinic, 2, b, name);
	}
	sync_until_through();
	expect_quiet();
	for (i = 0; i < lost; i++) {
		snprintf(name, sizeof name, "\"name\": \"lost %u.", i);
		assert_int_equal(count_in(&clinic, name), 1);
	}
	for (i = 0; i < rewritten; i++) {
		snprintf(name, sizeof name, "\"name\": \"again %u.", i);
		assert_int_equal(count_in(&hub, name), 1);
		snprintf(name, sizeof name, "\"phone\": \"amended %u.", i);
		assert_int_equal(count_in(&hub, name), 1);
		snprintf(name, sizeof name, "\"phone\": \"child %u.", i);
		assert_int_equal(count_in(&hub, name), 1);
	}
	assert_int_equal(count_in(&hub, "\"name\": \"before"), 1);
	assert_int_equal(site_questions(&clinic), 0);
}

static void
test_copy_that_wrote_less_than_it_lost_recovers(void **state)
{
	copy_that_wrote(12, 2);
}

static void
test_copy_that_wrote_more_than_it_lost_recovers(void **state)
{
	copy_that_wrote(3, 9);
}

static void
test_copy_that_wrote_many_batches_recovers(void **state)
{
	copy_that_wrote(2, 150);
}

static void
test_copy_that_wrote_nothing_recovers(void **state)
{
	copy_that_wrote(5, 0);
}

/* References among what was written again lead to its new names. */
static void
test_recovered_references_follow(void **state)
{
	char a[64], b[64], link[96];
	struct copy old;

	found(&clinic, 3, "first", a, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&clinic, &old);
	found(&clinic, 3, "lost", a, NULL);
	found(&clinic, 3, "lost too", a, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_put_back(&clinic, &old, true);
	found(&clinic, 3, "mother", a, NULL);
	found(&clinic, 0, "child", b, a);
	snprintf(link, sizeof link, "\"guardian_id\": \"ref:%s\"", a);
	assert_int_equal(count_in(&clinic, link), 1);
	sync_until_through();
	expect_quiet();
	/* The old name is the lost record's, and nobody's mother. */
	assert_int_equal(count_in(&clinic, link), 0);
	assert_int_equal(count_in(&clinic, "\"guardian_id\": \"ref:~"), 1);
}

/* A copy that wrote as much as it lost: the urgent change that clashes with
 * nothing comes up before the one it refers to is known to clash. */
static void
test_reference_of_a_copy_never_leads_to_a_lost_record(void **state)
{
	char before[64], lost[64], mother[64], child[64], link[96];
	struct copy old;

	found(&clinic, 3, "first", before, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&clinic, &old);
	found(&clinic, 3, "lost", lost, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_put_back(&clinic, &old, true);
	found(&clinic, 3, "mother", mother, NULL);
	assert_string_equal(mother, lost);
	found(&clinic, 0, "child", child, mother);
	snprintf(link, sizeof link, "\"guardian_id\": \"ref:%s\"", lost);
	sync_once();
	assert_int_equal(count_in(&hub, link), 0);
	sync_once();
	assert_int_equal(count_in(&hub, link), 0);
	sync_until_through();
	expect_quiet();
	assert_int_equal(count_in(&hub, link), 0);
	assert_int_equal(count_in(&hub, "\"guardian_id\": \"ref:~"), 1);
	assert_int_equal(count_in(&hub, "\"name\": \"lost"), 1);
	assert_int_equal(count_in(&hub, "\"name\": \"mother"), 1);
	assert_int_equal(site_questions(&clinic), 0);
}

/* Recovery may be cut anywhere. */
static void
test_recovery_that_is_cut_recovers(void **state)
{
	char a[64], name[32];
	struct copy old;
	unsigned i;

	found(&clinic, 3, "before", a, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_take(&clinic, &old);
	for (i = 0; i < 5; i++)
		found(&clinic, 3, "lost", a, NULL);
	assert_int_equal(sync_once(), ERR_OK);
	copy_put_back(&clinic, &old, true);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "again %u.", i);
		found(&clinic, (uint8_t)(i % 2 + 2), name, a, NULL);
	}
	for (i = 0; i < 60; i++) {
		world_run(&w, &clinic, &hub, SESSION_SYNC, NULL,
		    (size_t)world_draw(&w, 4000));
		if (world_draw(&w, 3) == 0) {
			close_store(&clinic);
			open_store(&clinic);
		}
	}
	sync_until_through();
	expect_quiet();
	assert_int_equal(count_in(&hub, "\"name\": \"again"), 8);
	assert_int_equal(count_in(&hub, "\"name\": \"lost"), 5);
	assert_int_equal(count_in(&hub, "\"name\": \"before"), 1);
}

/* --- links ---------------------------------------------------------------- */

static void
test_cut_at_every_byte_loses_and_doubles_nothing(void **state)
{
	unsigned made = 0;
	size_t cut;
	char ref[64];

	for (cut = 1;; cut += 3) {
		uint64_t waiting;

		found(&clinic, (uint8_t)(cut % CLASSES), "cut", ref, NULL);
		made++;
		world_run(&w, &clinic, &hub, SESSION_SYNC, NULL, cut);
		if (w.result == ERR_OK)
			break;
		waiting = site_waiting(&clinic);
		assert_int_equal(sync_once(), ERR_OK);
		/* Once before hello tells that receipts were lost, once more
		 * for their exceptions. */
		assert_true(w.up.changes_sent <= 2 * waiting);
		assert_int_equal(site_waiting(&clinic), 0);
		assert_int_equal(site_at_group(&clinic), made);
	}
	assert_int_equal(count_in(&hub, "\"name\": \"cut\""), made);
	expect_quiet();
	assert_int_equal(site_questions(&hub) + site_questions(&clinic), 0);
}

static void
test_bytes_one_by_one_give_the_same(void **state)
{
	unsigned i;

	for (i = 0; i < 5; i++)
		world_make_resident(&w, &clinic, "C01");
	w.piece = 1;
	assert_int_equal(sync_once(), ERR_OK);
	w.piece = 0;
	assert_int_equal(w.up.changes_sent, 5);
	expect_quiet();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_restored_hub_is_filled_by_its_clinic),
	    CASE(test_restored_clinic_gets_back_what_it_lost),
	    CASE(test_copy_that_wrote_less_than_it_lost_recovers),
	    CASE(test_copy_that_wrote_more_than_it_lost_recovers),
	    CASE(test_copy_that_wrote_many_batches_recovers),
	    CASE(test_copy_that_wrote_nothing_recovers),
	    CASE(test_recovered_references_follow),
	    CASE(test_reference_of_a_copy_never_leads_to_a_lost_record),
	    CASE(test_recovery_that_is_cut_recovers),
	    CASE(test_cut_at_every_byte_loses_and_doubles_nothing),
	    CASE(test_bytes_one_by_one_give_the_same),
	};

	if (sodium_init() < 0)
		return 1;
	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

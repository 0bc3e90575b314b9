/* traffic: every byte of every session is in one row of its day, and a
 * session between stores keeps its bound. */

#include "store/traffic.h"
#include "tests/unit/group.h"

static struct member hub, clinic;

static int
set_up(void **state)
{
	group_time = GROUP_NOW;
	memset(&group_bound, 0, sizeof group_bound);
	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	return 0;
}

static int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&clinic);
	return 0;
}

static struct traffic
traffic_of(struct member *m, uint32_t day)
{
	struct traffic traffic;
	struct txn *t = member_begin(m, false);

	assert_int_equal(traffic_read(t, day, &traffic), ERR_OK);
	txn_abort(t);
	return traffic;
}

static uint64_t
of_class(struct member *m, uint32_t day, const char *class)
{
	struct txn *t = member_begin(m, false);
	uint64_t used;

	assert_int_equal(traffic_of_class(t, day, class, &used), ERR_OK);
	txn_abort(t);
	return used;
}

/* --- days ------------------------------------------------------------------
 */

static void
test_day_begins_at_midnight_where_the_group_is(void **state)
{
	char text[11];
	int64_t midnight = INT64_C(1780243200); /* 2026-06-01 00:00 there */

	assert_int_equal(traffic_day(midnight - 1) + 1, traffic_day(midnight));
	assert_int_equal(traffic_day(midnight), traffic_day(midnight + 86399));
	assert_int_equal(
	    traffic_day_print(traffic_day(midnight), text), ERR_OK);
	assert_string_equal(text, "2026-06-01");
	assert_int_equal(traffic_day(INT64_MIN), 0);
	assert_int_equal(traffic_day_print(UINT32_MAX, text), ERR_LIMIT);
}

static void
test_rows_are_kept_400_days(void **state)
{
	struct traffic one = {.up = {7}, .down = {[3] = 5}}, got;
	uint32_t day = traffic_day(GROUP_NOW), i;
	struct txn *t = member_begin(&clinic, true);

	for (i = 0; i <= TRAFFIC_DAYS_KEPT; i++)
		assert_int_equal(traffic_add(t, day + i, "m", &one), ERR_OK);
	assert_int_equal(traffic_add(t, day + i - 1, "m", &one), ERR_OK);
	assert_int_equal(traffic_read(t, day, &got), ERR_OK);
	assert_int_equal(got.up[0], 7);
	assert_int_equal(traffic_read(t, day + i - 1, &got), ERR_OK);
	assert_int_equal(got.down[3], 10);
	assert_int_equal(traffic_add(t, day + i, "m", &one), ERR_OK);
	assert_int_equal(traffic_read(t, day, &got), ERR_OK);
	assert_int_equal(traffic_sum(got.up) + traffic_sum(got.down), 0);
	assert_int_equal(traffic_read(t, day + 1, &got), ERR_OK);
	assert_int_equal(got.up[0], 7);
	txn_abort(t);
}

/* --- counting --------------------------------------------------------------
 */

static void
note(struct traffic_side *s, uint8_t class, uint8_t kind, size_t bytes)
{
	struct batch b;

	batch_init(&b);
	b.list.class = class;
	b.change_count = 1;
	memset(&b.changes[0], 0, sizeof b.changes[0]);
	b.changes[0].body_bytes = bytes;
	put_u8(&b.bytes, 1);
	put_u8(&b.bytes, 0);
	put_u8(&b.bytes, kind);
	while (b.bytes.size < bytes)
		put_u8(&b.bytes, 0);
	traffic_note(s, &b);
	batch_free(&b);
}

static void
test_stream_is_shared_by_bodies(void **state)
{
	struct traffic_side s = {0};
	uint64_t rows[TRAFFIC_ROWS] = {0}, data[CLASSES] = {0, 90, 0, 0};

	note(&s, 1, 6, 100);
	note(&s, 1, 9, 200);
	note(&s, 2, 40, 50); /* a kind of a newer version */
	traffic_count(&s, 100, data, false, rows);
	assert_int_equal(rows[6], 30);
	assert_int_equal(rows[9], 60);
	assert_int_equal(traffic_sum(rows), 90);
	data[1] += 9; /* the rest of the same batches */
	data[2] += 4;
	traffic_count(&s, 120, data, true, rows);
	assert_int_equal(rows[6], 33);
	assert_int_equal(rows[9], 66);
	assert_int_equal(rows[TRAFFIC_OTHER], 4);
	assert_int_equal(traffic_sum(rows), 120);
}

static void
test_bytes_wait_for_their_batch(void **state)
{
	struct traffic_side s = {0};
	uint64_t rows[TRAFFIC_ROWS] = {0}, data[CLASSES] = {80, 0, 0, 0};

	traffic_count(&s, 100, data, false, rows);
	assert_int_equal(traffic_sum(rows), 0);
	note(&s, 0, 6, 10);
	traffic_count(&s, 100, data, false, rows);
	assert_int_equal(rows[6], 80);
	/* One that never came whole: the session's. */
	data[3] = 30;
	traffic_count(&s, 130, data, true, rows);
	assert_int_equal(rows[TRAFFIC_SESSION], 50);
	assert_int_equal(traffic_sum(rows), 130);
}

static void
test_bytes_in_a_frame_have_not_moved(void **state)
{
	struct traffic_side s = {0};
	uint64_t rows[TRAFFIC_ROWS] = {0}, data[CLASSES] = {500, 0, 0, 0};

	note(&s, 0, 6, 10);
	traffic_count(&s, 200, data, false, rows);
	assert_int_equal(traffic_sum(rows), 200);
	traffic_count(&s, 530, data, true, rows);
	assert_int_equal(rows[6], 500);
	assert_int_equal(rows[TRAFFIC_SESSION], 30);
}

/* --- between stores --------------------------------------------------------
 */

static void
expect_day(uint32_t day, const struct traffic *before, uint64_t sent,
    uint64_t received)
{
	struct traffic a = traffic_of(&clinic, day);

	assert_int_equal(traffic_sum(a.up) - traffic_sum(before->up), sent);
	assert_int_equal(
	    traffic_sum(a.down) - traffic_sum(before->down), received);
}

static void
test_day_adds_up_to_what_moved(void **state)
{
	uint32_t day = traffic_day(GROUP_NOW);
	struct traffic before, after, at_hub;
	struct group_result r;
	int i;

	group_join(&hub, &clinic, "C01");
	for (i = 0; i < 300; i++)
		(void)member_write(&clinic, (uint8_t)(i % 4), "C01");
	(void)member_write(&hub, 1, "C01");
	before = traffic_of(&clinic, day);
	assert_true(traffic_sum(before.up) > 0); /* joining costs too */
	group_bound.link_class = "metered";
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	assert_int_equal(r.up, ERR_OK);
	expect_day(day, &before, r.stats.bytes_sent, r.stats.bytes_received);
	after = traffic_of(&clinic, day);
	assert_true(after.up[kind_by_name("resident")->number] >
	            r.stats.bytes_sent / 2);
	assert_int_equal(of_class(&clinic, day, "metered"),
	    r.stats.bytes_sent + r.stats.bytes_received);
	assert_int_equal(of_class(&clinic, day, "default"), 0);
	/* The hub saw the same bytes, and calls up what came up. */
	at_hub = traffic_of(&hub, day);
	assert_int_equal(traffic_sum(at_hub.up), traffic_sum(after.up));
	assert_int_equal(traffic_sum(at_hub.down), traffic_sum(after.down));
	assert_memory_equal(&at_hub.up[6], &after.up[6], sizeof after.up[6]);
}

static void
test_idle_session_is_counted(void **state)
{
	struct traffic before;
	struct group_result r;
	uint32_t day = traffic_day(GROUP_NOW);

	group_join(&hub, &clinic, "C01");
	(void)group_run(&clinic, &hub, SESSION_SYNC, NULL);
	before = traffic_of(&clinic, day);
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	expect_day(day, &before, r.stats.bytes_sent, r.stats.bytes_received);
	/* The next day begins with nothing. */
	group_time += 86400;
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	memset(&before, 0, sizeof before);
	expect_day(
	    day + 1, &before, r.stats.bytes_sent, r.stats.bytes_received);
}

/* Cut anywhere: never more is counted than moved, and at most what was in
 * the last words less. */
static void
test_cut_session_is_counted(void **state)
{
	uint32_t day = traffic_day(GROUP_NOW);
	size_t most;

	group_join(&hub, &clinic, "C01");
	for (most = 100; most < 2500; most += 300) {
		struct traffic before = traffic_of(&clinic, day);
		struct group_result r;

		(void)member_write(&clinic, 2, "C01");
		r = group_run_until(
		    &clinic, &hub, SESSION_SYNC, NULL, most, NULL);
		expect_day(
		    day, &before, r.stats.bytes_sent, r.stats.bytes_received);
	}
}

static void
test_exchange_keeps_its_bound(void **state)
{
	struct group_result r;
	uint64_t waiting = 200;
	int sessions = 0, i;

	group_join(&hub, &clinic, "C01");
	for (i = 0; i < 200; i++)
		(void)member_write(&clinic, (uint8_t)(i % 4), "C01");
	group_bound.bytes_max = 1300;
	do {
		uint64_t before = waiting;

		r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
		assert_int_equal(r.up, ERR_OK);
		assert_true(
		    r.stats.bytes_sent + r.stats.bytes_received <= 1300);
		waiting = member_waiting(&clinic);
		assert_true(waiting < before);
		assert_int_equal(r.stats.held_back, waiting > 0);
		assert_true(++sessions < 40);
	} while (waiting > 0);
	assert_true(sessions > 2);
	assert_int_equal(member_at_group(&clinic), 200);
}

static void
test_exchange_sends_class_0_beyond_its_budget(void **state)
{
	struct group_result r;

	group_join(&hub, &clinic, "C01");
	(void)member_write(&clinic, 0, "C01");
	(void)member_write(&clinic, 2, "C01");
	group_bound.has_budget = true;
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	assert_int_equal(r.up, ERR_OK);
	assert_true(r.stats.held_back);
	assert_int_equal(member_waiting(&clinic), 1);
	group_bound.budget = 5000;
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	assert_false(r.stats.held_back);
	assert_int_equal(member_waiting(&clinic), 0);
}

#define WITH_STORES(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_day_begins_at_midnight_where_the_group_is),
	    WITH_STORES(test_rows_are_kept_400_days),
	    cmocka_unit_test(test_stream_is_shared_by_bodies),
	    cmocka_unit_test(test_bytes_wait_for_their_batch),
	    cmocka_unit_test(test_bytes_in_a_frame_have_not_moved),
	    WITH_STORES(test_day_adds_up_to_what_moved),
	    WITH_STORES(test_idle_session_is_counted),
	    WITH_STORES(test_cut_session_is_counted),
	    WITH_STORES(test_exchange_keeps_its_bound),
	    WITH_STORES(test_exchange_sends_class_0_beyond_its_budget),
	};

	return sodium_init() < 0
	           ? 1
	           : cmocka_run_group_tests_name("traffic", tests, NULL, NULL);
}

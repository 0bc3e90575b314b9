/* estimate: what is told before a session is what the session then sends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/estimate.h"
#include "tests/unit/memory_source.h"

static struct estimate
estimate(uint64_t sample_max)
{
	struct source source = memory_source(&clinic);
	uint64_t waiting[CLASSES] = {0};
	struct estimate out;
	size_t i;

	for (i = 0; i < clinic.list_count; i++)
		waiting[clinic.lists[i].id.class] += clinic.lists[i].count;
	assert_int_equal(estimate_up(&source, hub.cert.signing_key, waiting,
	                     sample_max, memory_books(), &out),
	    ERR_OK);
	return out;
}

static uint64_t
sent_in_a_session(void)
{
	struct ends e;
	uint64_t sent;

	/* A far bound: what waits is packed, as on a slow link. */
	clinic.bytes_max = UINT64_C(1) << 40;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	sent = session_stats(e.up).bytes_sent;
	ends_free(&e);
	return sent;
}

static void
expect_near(uint64_t told, uint64_t sent, unsigned percent)
{
	if (told * 100 < sent * (100 - percent) ||
	    told * 100 > sent * (100 + percent))
		fail_msg("told %llu, sent %llu", (unsigned long long)told,
		    (unsigned long long)sent);
}

static void
test_estimate_is_what_a_session_sends(void **state)
{
	static const uint64_t counts[] = {0, 1, 60, 3000};
	size_t i;

	for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct estimate told;

		memory_pair_make(&hub, &clinic);
		memory_list_make(&clinic, "up", 0, counts[i] / 60, 150);
		memory_list_make(&clinic, "up", 2, counts[i], 150);
		told = estimate(UINT64_MAX);
		assert_int_equal(told.class[2].changes, counts[i]);
		assert_false(told.class[2].is_extrapolated);
		expect_near(told.total, sent_in_a_session(), 5);
		assert_int_equal(told.total,
		    told.session + told.class[0].bytes + told.class[2].bytes);
	}
}

/* One that has what the clinic says. */
static void
add_a_dictionary(void)
{
	struct bytes listed = {(const uint8_t *)"a", 1}, body[60];
	static uint8_t bytes[60][150];
	struct buffer d = {0};
	size_t i;

	for (i = 0; i < 60; i++) {
		memory_body(bytes[i], sizeof bytes[i], 2, i + 1);
		body[i] = (struct bytes){bytes[i], sizeof bytes[i]};
	}
	assert_int_equal(dictionary_make(&listed, body, 60, &d), ERR_OK);
	assert_int_equal(codebook_add(memory_books(), d.data, d.size), ERR_OK);
	buffer_free(&d);
}

/* A group's own makes a session shorter, and is told of in hello. */
static void
test_estimate_knows_the_groups_dictionary(void **state)
{
	struct estimate told, without;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 60, 150);
	without = estimate(UINT64_MAX);
	add_a_dictionary();
	told = estimate(UINT64_MAX);
	assert_true(told.total * 10 < without.total * 9);
	assert_int_equal(told.session, without.session + 4);
	expect_near(told.total, sent_in_a_session(), 5);
	codebook_keep(memory_books(), NULL, 0);
}

static void
test_estimate_leaves_no_trace(void **state)
{
	struct estimate first, second;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 1, 40, 150);
	first = estimate(UINT64_MAX);
	second = estimate(UINT64_MAX);
	assert_memory_equal(&first, &second, sizeof first);
	(void)sent_in_a_session();
	assert_int_equal(hub.taken, 40);
	/* And what was sent waits no more. */
	assert_int_equal(estimate(UINT64_MAX).class[1].bytes, 0);
}

static void
test_estimate_of_a_sample_says_so(void **state)
{
	struct estimate told;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 3000, 150);
	told = estimate(1000);
	assert_true(told.class[2].is_extrapolated);
	assert_int_equal(told.class[2].changes, 3000);
	/* Numbers as bodies repeat more and more; records do not. */
	expect_near(told.total, sent_in_a_session(), 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_estimate_is_what_a_session_sends),
	    cmocka_unit_test(test_estimate_knows_the_groups_dictionary),
	    cmocka_unit_test(test_estimate_leaves_no_trace),
	    cmocka_unit_test(test_estimate_of_a_sample_says_so),
	};

	return sodium_init() < 0
	           ? 1
	           : cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}

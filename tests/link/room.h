/* room: a hub and an enrolled clinic for the tests over a link. */

#ifndef YIZHAN_TESTS_LINK_ROOM_H
#define YIZHAN_TESTS_LINK_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/link/link.h"
#include "tests/link/place.h"

static struct world w;
static struct site hub, clinic;

static inline int
room_make(void **state)
{
	struct link_options o = link_of(1000000, 20, 0);
	int i;

	(void)state;
	w = (struct world){.seed = 20261122, .now = 1780000000, .now_ms = 1};
	site_make(&w, &hub, ROLE_HUB, "hub");
	site_make(&w, &clinic, ROLE_CLINIC, "clinic");
	world_make_org(&w, &hub, "C01", NULL);
	world_join(&w, &hub, &clinic, "C01");
	/* The second one tells the hub's receipts of the first. */
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    link_run(&w, &o, &clinic, &hub).result[0], ERR_OK);
	return 0;
}

static inline int
room_close(void **state)
{
	(void)state;
	site_close(&clinic);
	site_close(&hub);
	return 0;
}

static inline void
expect_both_good(const struct link_result *r)
{
	assert_int_equal(r->result[LINK_CHILD], ERR_OK);
	assert_int_equal(r->result[LINK_PARENT], ERR_OK);
}

static inline void
expect_same_records(void)
{
	char *a = site_text(&clinic, "resident");
	char *b = site_text(&hub, "resident");

	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* Both hold the same records, all receipted, and nothing is in question. */
static inline void
expect_both_equal(void)
{
	expect_same_records();
	assert_int_equal(site_waiting(&clinic), 0);
	assert_int_equal(site_questions(&clinic), 0);
	assert_int_equal(site_questions(&hub), 0);
}

#define ROOM(name) cmocka_unit_test_setup_teardown(name, room_make, room_close)

#endif

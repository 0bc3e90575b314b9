/* linknews: what appears is told once, what goes away never, and whatever
 * bytes come, no byte outside them is read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "agent/linknews.h"

enum { ROOM_BYTES = 512 };

/* A message under construction. */
struct room {
	_Alignas(struct nlmsghdr) uint8_t bytes[ROOM_BYTES];
	struct nlmsghdr *m;
};

static void
address_message(struct room *r, uint16_t type, uint32_t link, const char *text,
    uint8_t scope, uint8_t flags)
{
	uint8_t address[16];
	uint8_t family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	struct ifaddrmsg *head;

	memset(r, 0, sizeof *r);
	assert_int_equal(inet_pton(family, text, address), 1);
	r->m = mnl_nlmsg_put_header(r->bytes);
	r->m->nlmsg_type = type;
	head = mnl_nlmsg_put_extra_header(r->m, sizeof *head);
	head->ifa_family = family;
	head->ifa_scope = scope;
	head->ifa_flags = flags;
	head->ifa_index = link;
	mnl_attr_put(r->m, IFA_ADDRESS, family == AF_INET ? 4 : 16, address);
}

static void
route_message(struct room *r, uint8_t family, uint32_t table, const char *to)
{
	uint8_t address[16];
	struct rtmsg *head;

	memset(r, 0, sizeof *r);
	r->m = mnl_nlmsg_put_header(r->bytes);
	r->m->nlmsg_type = RTM_NEWROUTE;
	head = mnl_nlmsg_put_extra_header(r->m, sizeof *head);
	head->rtm_family = family;
	head->rtm_type = RTN_UNICAST;
	head->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(r->m, RTA_TABLE, table);
	if (to == NULL)
		return;
	assert_int_equal(inet_pton(family, to, address), 1);
	mnl_attr_put(r->m, RTA_DST, family == AF_INET ? 4 : 16, address);
}

static void
link_message(struct room *r, uint16_t type, int link, unsigned flags)
{
	struct ifinfomsg *head;

	memset(r, 0, sizeof *r);
	r->m = mnl_nlmsg_put_header(r->bytes);
	r->m->nlmsg_type = type;
	head = mnl_nlmsg_put_extra_header(r->m, sizeof *head);
	head->ifi_index = link;
	head->ifi_flags = flags;
	mnl_attr_put_strz(r->m, IFLA_IFNAME, "eth0");
}

/* From a block that ends where the bytes end, for the sanitizer to see. */
static enum linknews_what
read_exactly(struct linknews *l, const void *bytes, size_t size)
{
	uint8_t *block = malloc(size + 1);
	enum linknews_what what;

	assert_non_null(block);
	memcpy(block + 1, bytes, size);
	memmove(block, block + 1, size);
	block = realloc(block, size == 0 ? 1 : size);
	assert_non_null(block);
	what = linknews_read(l, block, size);
	free(block);
	return what;
}

static enum linknews_what
tell(struct linknews *l, const struct room *r)
{
	return read_exactly(l, r->bytes, r->m->nlmsg_len);
}

/* --- what counts ------------------------------------------------------- */

static void
test_new_address_counts_once(void **state)
{
	static const char *const addresses[] = {
	    "192.168.1.20", "10.0.0.1", "2001:db8::1", "fd00::1"};
	struct linknews l = {0};
	struct room r;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		address_message(&r, RTM_NEWADDR, 2, addresses[i],
		    RT_SCOPE_UNIVERSE, IFA_F_PERMANENT);
		assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
		/* A lease that is renewed. */
		assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	}
	/* The same one at another link; site scope. */
	address_message(&r, RTM_NEWADDR, 3, "192.168.1.20", RT_SCOPE_SITE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
}

static void
test_address_that_goes_is_news_when_it_returns(void **state)
{
	struct linknews l = {0};
	struct room r;

	(void)state;
	address_message(&r, RTM_NEWADDR, 2, "10.1.2.3", RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
	address_message(&r, RTM_DELADDR, 2, "10.1.2.3", RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	address_message(&r, RTM_NEWADDR, 2, "10.1.2.3", RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
}

static void
test_unfit_address_does_not_count(void **state)
{
	static const uint32_t flags[] = {IFA_F_TENTATIVE,
	    IFA_F_TENTATIVE | IFA_F_DADFAILED, IFA_F_DADFAILED,
	    IFA_F_DEPRECATED};
	struct linknews l = {0};
	struct room r;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		address_message(&r, RTM_NEWADDR, 2, "2001:db8::1",
		    RT_SCOPE_UNIVERSE, (uint8_t)flags[i]);
		assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
		/* The attribute goes before the head's byte. */
		address_message(
		    &r, RTM_NEWADDR, 2, "2001:db8::1", RT_SCOPE_UNIVERSE, 0);
		mnl_attr_put_u32(r.m, IFA_FLAGS, flags[i]);
		assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	}
	address_message(&r, RTM_NEWADDR, 1, "127.0.0.1", RT_SCOPE_HOST, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	address_message(&r, RTM_NEWADDR, 2, "fe80::1", RT_SCOPE_LINK, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	/* It was tentative and is not any more. */
	address_message(
	    &r, RTM_NEWADDR, 2, "2001:db8::1", RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
}

static void
test_point_to_point_link_is_known_by_its_own_end(void **state)
{
	struct linknews l = {0};
	struct in_addr own = {.s_addr = htonl(0x0a000002)};
	struct room r;

	(void)state;
	/* The modem dials again: the same far end, another address of ours. */
	address_message(&r, RTM_NEWADDR, 2, "10.64.0.1", RT_SCOPE_UNIVERSE, 0);
	mnl_attr_put(r.m, IFA_LOCAL, 4, &own);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
	own.s_addr = htonl(0x0a000003);
	address_message(&r, RTM_NEWADDR, 2, "10.64.0.1", RT_SCOPE_UNIVERSE, 0);
	mnl_attr_put(r.m, IFA_LOCAL, 4, &own);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
}

static void
test_route_counts_in_the_main_table(void **state)
{
	struct linknews l = {0};
	struct room r;

	(void)state;
	route_message(&r, AF_INET, RT_TABLE_MAIN, NULL);
	assert_int_equal(tell(&l, &r), LINKNEWS_ROUTE);
	route_message(&r, AF_INET, RT_TABLE_MAIN, "10.0.0.0");
	assert_int_equal(tell(&l, &r), LINKNEWS_ROUTE);
	route_message(&r, AF_INET6, RT_TABLE_MAIN, NULL);
	assert_int_equal(tell(&l, &r), LINKNEWS_ROUTE);
	route_message(&r, AF_INET6, RT_TABLE_MAIN, "fd00::");
	assert_int_equal(tell(&l, &r), LINKNEWS_ROUTE);
	route_message(&r, AF_INET6, RT_TABLE_MAIN, "fe80::");
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET6, RT_TABLE_MAIN, "ff00::");
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET, RT_TABLE_LOCAL, "10.0.0.1");
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET, 1000, NULL);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET, RT_TABLE_MAIN, NULL);
	r.m->nlmsg_type = RTM_DELROUTE;
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET, RT_TABLE_MAIN, NULL);
	((struct rtmsg *)mnl_nlmsg_get_payload(r.m))->rtm_type =
	    RTN_UNREACHABLE;
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	route_message(&r, AF_INET6, RT_TABLE_MAIN, "fd00::5");
	((struct rtmsg *)mnl_nlmsg_get_payload(r.m))->rtm_flags = RTM_F_CLONED;
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
}

static void
test_carrier_counts_when_it_comes(void **state)
{
	struct linknews l = {0};
	struct room r;

	(void)state;
	link_message(&r, RTM_NEWLINK, 2, IFF_UP);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	link_message(&r, RTM_NEWLINK, 2, IFF_UP | IFF_RUNNING);
	assert_int_equal(tell(&l, &r), LINKNEWS_CARRIER);
	/* A wireless link tells of every scan. */
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	link_message(&r, RTM_NEWLINK, 2, IFF_UP);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	link_message(&r, RTM_NEWLINK, 2, IFF_UP | IFF_RUNNING);
	assert_int_equal(tell(&l, &r), LINKNEWS_CARRIER);
	link_message(&r, RTM_DELLINK, 2, IFF_UP | IFF_RUNNING);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	link_message(&r, RTM_NEWLINK, 2, IFF_UP | IFF_RUNNING);
	assert_int_equal(tell(&l, &r), LINKNEWS_CARRIER);
	link_message(&r, RTM_NEWLINK, 1, IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	link_message(&r, RTM_NEWLINK, 3, IFF_UP | IFF_RUNNING);
	((struct ifinfomsg *)mnl_nlmsg_get_payload(r.m))->ifi_family =
	    AF_BRIDGE;
	assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
}

static void
test_several_messages_give_the_most(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t all[3 * ROOM_BYTES];
	struct linknews l = {0};
	struct room r[3];
	size_t i, size = 0;

	(void)state;
	address_message(
	    &r[0], RTM_DELADDR, 2, "10.0.0.1", RT_SCOPE_UNIVERSE, 0);
	address_message(
	    &r[1], RTM_NEWADDR, 2, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
	route_message(&r[2], AF_INET, RT_TABLE_MAIN, NULL);
	for (i = 0; i < 3; i++) {
		memcpy(all + size, r[i].bytes, r[i].m->nlmsg_len);
		size += r[i].m->nlmsg_len;
	}
	assert_int_equal(read_exactly(&l, all, size), LINKNEWS_ADDRESS);
}

static void
test_lost_messages_make_everything_news(void **state)
{
	struct linknews l = {0};
	struct room r;

	(void)state;
	address_message(&r, RTM_NEWADDR, 2, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
	assert_int_equal(linknews_lost(&l), LINKNEWS_UNKNOWN);
	assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
}

static void
test_more_addresses_than_places(void **state)
{
	struct linknews l = {0};
	struct room r;
	uint32_t link;

	(void)state;
	for (link = 1; link <= 3 * LINKNEWS_KNOWN_MAX; link++) {
		address_message(
		    &r, RTM_NEWADDR, link, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
		assert_int_equal(tell(&l, &r), LINKNEWS_ADDRESS);
		assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	}
	for (link = 1; link <= 3 * LINKNEWS_KNOWN_MAX; link++) {
		address_message(
		    &r, RTM_DELADDR, link, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
		assert_int_equal(tell(&l, &r), LINKNEWS_NONE);
	}
	assert_int_equal(l.count, 0);
}

/* --- bytes that make no sense ------------------------------------------ */

static void
test_cut_messages_say_nothing(void **state)
{
	struct room r;
	size_t cut;

	(void)state;
	address_message(
	    &r, RTM_NEWADDR, 2, "2001:db8::1", RT_SCOPE_UNIVERSE, 0);
	for (cut = 0; cut < r.m->nlmsg_len; cut++) {
		struct linknews l = {0};

		assert_int_equal(read_exactly(&l, r.bytes, cut), LINKNEWS_NONE);
	}
	/* The head says less than there is: a cut attribute is none. */
	for (cut = r.m->nlmsg_len - 1; cut > 0; cut--) {
		struct linknews l = {0};
		struct room shorter = r;

		shorter.m = (struct nlmsghdr *)shorter.bytes;
		shorter.m->nlmsg_len = (uint32_t)cut;
		if ((cut + 3) / 4 * 4 == r.m->nlmsg_len)
			continue; /* only the padding is missing */
		assert_int_equal(
		    read_exactly(&l, shorter.bytes, cut), LINKNEWS_NONE);
	}
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
test_garbage_is_read_within_its_bounds(void **state)
{
	static const uint16_t types[] = {RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE,
	    RTM_DELROUTE, RTM_NEWLINK, RTM_DELLINK, NLMSG_OVERRUN};
	struct linknews l = {0};
	uint32_t seed = 1;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct room r;
		size_t size = next(&seed) % 160, i, flips = next(&seed) % 8;

		address_message(&r, types[next(&seed) % 7], 2, "2001:db8::1",
		    RT_SCOPE_UNIVERSE, 0);
		if (next(&seed) % 4 == 0)
			for (i = 16; i < size; i++)
				r.bytes[i] = (uint8_t)next(&seed);
		for (i = 0; i < flips; i++)
			r.bytes[next(&seed) % 60] = (uint8_t)next(&seed);
		(void)read_exactly(&l, r.bytes, size);
		assert_true(l.count <= LINKNEWS_KNOWN_MAX);
	}
}

/* --- pace -------------------------------------------------------------- */

/* How many of a piece of news each 50 ms are acted on in that time. */
static unsigned
taken_in(struct linknews_pace *p, uint64_t from_ms, uint64_t span_ms)
{
	uint64_t now;
	unsigned taken = 0;

	for (now = from_ms; now < from_ms + span_ms; now += 50)
		if (linknews_pace_ms(p, now) == 0) {
			linknews_pace_take(p, now);
			taken++;
		}
	return taken;
}

static void
test_pace_bounds_a_loose_plug(void **state)
{
	struct linknews_pace p = {0};

	(void)state;
	assert_int_equal(taken_in(&p, 1000, 5000), LINKNEWS_BURST);
	assert_int_equal(linknews_pace_ms(&p, 6000),
	    LINKNEWS_SPAN_MS - 5000 /* since the first */);
	/* For an hour: the burst comes back in full once, then one each. */
	assert_int_equal(taken_in(&p, 100000, 3600 * 1000),
	    LINKNEWS_BURST - 1 + 3600 * 1000 / LINKNEWS_SPAN_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new_address_counts_once),
	    cmocka_unit_test(test_address_that_goes_is_news_when_it_returns),
	    cmocka_unit_test(test_unfit_address_does_not_count),
	    cmocka_unit_test(test_point_to_point_link_is_known_by_its_own_end),
	    cmocka_unit_test(test_route_counts_in_the_main_table),
	    cmocka_unit_test(test_carrier_counts_when_it_comes),
	    cmocka_unit_test(test_several_messages_give_the_most),
	    cmocka_unit_test(test_lost_messages_make_everything_news),
	    cmocka_unit_test(test_more_addresses_than_places),
	    cmocka_unit_test(test_cut_messages_say_nothing),
	    cmocka_unit_test(test_garbage_is_read_within_its_bounds),
	    cmocka_unit_test(test_pace_bounds_a_loose_plug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

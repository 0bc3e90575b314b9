/* address: HOST:PORT is taken apart, everything else refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "agent/address.h"

static void
expect(const char *text, const char *host, const char *port)
{
	struct address a;

	assert_int_equal(address_parse(&a, text), ERR_OK);
	assert_string_equal(a.host, host);
	assert_string_equal(a.port, port);
}

static void
test_parse_takes_names_and_numbers(void **state)
{
	expect("hub.example.org:7270", "hub.example.org", "7270");
	expect("127.0.0.1:0", "127.0.0.1", "0");
	expect("[::1]:65535", "::1", "65535");
	expect("[fe80::1%eth0]:7270", "fe80::1%eth0", "7270");
}

static void
test_parse_takes_every_address(void **state)
{
	expect("*:7270", "", "7270");
	expect(":7270", "", "7270");
}

static void
test_parse_refuses_what_is_no_address(void **state)
{
	static const char *const bad[] = {"", ":", "hub", "hub:", "hub:x",
	    "hub:-1", "hub:+1", "hub:65536", "hub:007270", "::1:7270", "[::1]",
	    "[]:7270", "[f[e80::1]:7270", "[::1:7270", "::1]:7270", "hub:72 ",
	    "hub:7270:1"};
	struct address a;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(address_parse(&a, bad[i]), ERR_USAGE);
}

static void
test_parse_bounds_the_host(void **state)
{
	char text[ADDRESS_HOST_BYTES_MAX + 8];
	struct address a;

	memset(text, 'h', sizeof text);
	memcpy(text + ADDRESS_HOST_BYTES_MAX, ":1", 3);
	assert_int_equal(address_parse(&a, text), ERR_OK);
	assert_int_equal(strlen(a.host), ADDRESS_HOST_BYTES_MAX);
	memcpy(text + ADDRESS_HOST_BYTES_MAX, "h:1", 4);
	assert_int_equal(address_parse(&a, text), ERR_USAGE);
}

static struct sockaddr_in
v4(const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7270)};

	assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
	return a;
}

static struct sockaddr_in6
v6(const char *text)
{
	struct sockaddr_in6 a = {
	    .sin6_family = AF_INET6, .sin6_port = htons(7270)};

	assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return a;
}

static void
test_show_brackets_ipv6(void **state)
{
	struct sockaddr_in a = v4("192.0.2.1");
	struct sockaddr_in6 b = v6("2001:db8::1");
	char text[ADDRESS_TEXT_BYTES];

	address_show(text, (struct sockaddr *)&a);
	assert_string_equal(text, "192.0.2.1:7270");
	address_show(text, (struct sockaddr *)&b);
	assert_string_equal(text, "[2001:db8::1]:7270");
	assert_int_equal(address_port((struct sockaddr *)&b), 7270);
}

static void
test_site_is_one_customer(void **state)
{
	struct sockaddr_in6 a = v6("2001:db8:1:2::1");
	struct sockaddr_in6 same = v6("2001:db8:1:2:ffff::9");
	struct sockaddr_in6 other = v6("2001:db8:1:3::1");
	uint8_t site[3][ADDRESS_SITE_BYTES];

	assert_true(address_site((struct sockaddr *)&a, site[0]));
	assert_true(address_site((struct sockaddr *)&same, site[1]));
	assert_true(address_site((struct sockaddr *)&other, site[2]));
	assert_memory_equal(site[0], site[1], ADDRESS_SITE_BYTES);
	assert_memory_not_equal(site[0], site[2], ADDRESS_SITE_BYTES);
}

static void
test_site_sees_ipv4_within_ipv6(void **state)
{
	struct sockaddr_in a = v4("192.0.2.1");
	struct sockaddr_in6 b = v6("::ffff:192.0.2.1");
	uint8_t site[2][ADDRESS_SITE_BYTES];

	assert_true(address_site((struct sockaddr *)&a, site[0]));
	assert_true(address_site((struct sockaddr *)&b, site[1]));
	assert_memory_equal(site[0], site[1], ADDRESS_SITE_BYTES);
}

static void
test_site_leaves_loopback_out(void **state)
{
	struct sockaddr_in a = v4("127.0.0.2");
	struct sockaddr_in6 b = v6("::1"), c = v6("::ffff:127.0.0.1");
	uint8_t site[ADDRESS_SITE_BYTES];

	assert_false(address_site((struct sockaddr *)&a, site));
	assert_false(address_site((struct sockaddr *)&b, site));
	assert_false(address_site((struct sockaddr *)&c, site));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_takes_names_and_numbers),
	    cmocka_unit_test(test_parse_takes_every_address),
	    cmocka_unit_test(test_parse_refuses_what_is_no_address),
	    cmocka_unit_test(test_parse_bounds_the_host),
	    cmocka_unit_test(test_show_brackets_ipv6),
	    cmocka_unit_test(test_site_is_one_customer),
	    cmocka_unit_test(test_site_sees_ipv4_within_ipv6),
	    cmocka_unit_test(test_site_leaves_loopback_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

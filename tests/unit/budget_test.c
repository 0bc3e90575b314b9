/* budget: the classes of links and what a day may cost on each. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/budget.h"
#include "tests/unit/api_room.h"

static struct config config;
static char complaint[CONFIG_COMPLAINT_BYTES];

static enum err
config_of(const char *text)
{
	char path[] = "/tmp/yizhan-budget-XXXXXX";
	int fd = mkstemp(path);
	size_t size = strlen(text);
	enum err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	close(fd);
	e = config_read(path, &config, complaint, sizeof complaint);
	unlink(path);
	return e;
}

static void
test_config_reads_numbers_of_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0}, {"512", 512}, {"2k", 2000}, {"50M", 50000000},
	    {"9007199254740992", UINT64_C(1) << 53}};
	static const char *const bad[] = {"", "k", "-1", "1.5M", "2K", "2G",
	    "2MB", " 2", "2 M", "0x10", "9007199254740993",
	    "99999999999999999999", "9999999999999M"};
	uint64_t bytes;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(config_bytes(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(config_bytes(bad[i], &bytes));
}

static void
test_config_reads_budgets_and_links(void **state)
{
	assert_int_equal(config_of("[budget]\ndefault = 50M\nmetered = 2M\n"
	                           "free = 0\n[links]\nwwan0 = metered\n"
	                           "ppp* = metered\neth* = free\n"),
	    ERR_OK);
	assert_string_equal(budget_class_of(&config, "wwan0"), "metered");
	assert_string_equal(budget_class_of(&config, "wwan01"), "default");
	assert_string_equal(budget_class_of(&config, "ppp7"), "metered");
	assert_string_equal(budget_class_of(&config, "ppp"), "metered");
	assert_string_equal(budget_class_of(&config, "eth0"), "free");
	assert_string_equal(budget_class_of(&config, ""), "default");
	assert_int_equal(budget_of_class(&config, "metered"), 2000000);
	assert_int_equal(budget_of_class(&config, "default"), 50000000);
	assert_int_equal(budget_of_class(&config, "free"), 0);
	assert_int_equal(budget_of_class(&config, "other"), 0);
}

static void
test_config_without_budgets_has_none(void **state)
{
	assert_int_equal(config_of("[agent]\ninterval = 60\n"), ERR_OK);
	assert_int_equal(config.budget_count, 0);
	assert_string_equal(budget_class_of(&config, "wwan0"), "default");
	assert_int_equal(budget_of_class(&config, "default"), 0);
}

static void
test_config_refuses_what_nobody_would_obey(void **state)
{
	static const struct {
		const char *text, *line;
	} bad[] = {
	    {"[budget]\nmetered = 2GB\n", "line 2"},
	    {"[budget]\nMetered = 2M\n", "line 2"},
	    {"[budget]\nm = 1\n[links]\nwwan0 = meterd\n", "line 4"},
	    {"[links]\nwwan0 = default\n", "line 2"},
	    {"[budget]\nm = 1\n[links]\nw*0 = m\n", "line 4"},
	    {"[budget]\nm = 1\n[links]\nnameofmorethan16x = m\n", "line 4"},
	};
	size_t i;

	/* "default" is a class like the others: it has a line or none. */
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(config_of(bad[i].text), ERR_FORMAT);
		assert_non_null(strstr(complaint, bad[i].line));
	}
}

/* --- a socket's interface --------------------------------------------------
 */

static void
test_interface_is_the_one_of_the_sockets_address(void **state)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), pair[2];
	char name[CONFIG_LINK_BYTES];

	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&a, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	budget_interface(fd, name, sizeof name);
	assert_string_equal(name, "lo");
	close(fd);
	close(listener);
	/* No address, no interface. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	budget_interface(pair[0], name, sizeof name);
	assert_string_equal(name, "");
	close(pair[0]);
	close(pair[1]);
}

/* --- asked of the api ------------------------------------------------------
 */

static void
test_estimate_wants_a_parent(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    import_text(r, DEVICE("D1") DEVICE("D2"), 0), API_DONE);
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "estimate")), API_NOT_ENROLLED);
}

static void
test_hub_has_nothing_to_estimate(void **state)
{
	struct room *r = *state;

	init(r, "hub");
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "estimate")), API_NOT_ALLOWED);
}

static void
test_status_tells_a_week_of_traffic(void **state)
{
	struct room *r = *state;
	struct traffic more = {.up = {10, [9] = 90}, .down = {20}};
	const json_t *traffic, *today;
	struct txn *t;

	init(r, "clinic");
	assert_int_equal(
	    db_begin(store_db(direct_api(r->direct)->store), true, &t), ERR_OK);
	assert_int_equal(
	    traffic_add(t, traffic_day(api_now()), "metered", &more), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	traffic = json_object_get(summary(r), "traffic");
	assert_int_equal(json_array_size(json_object_get(traffic, "days")), 7);
	today = json_object_get(traffic, "today");
	assert_int_equal(json_integer_value(json_object_get(today, "up")), 100);
	assert_int_equal(
	    json_integer_value(json_object_get(today, "down")), 20);
	today = json_object_get(today, "kinds");
	assert_int_equal(json_object_size(today), 2);
	assert_int_equal(
	    json_integer_value(json_object_get(
	        json_object_get(today, kind_by_number(9)->name), "up")),
	    90);
	assert_int_equal(json_integer_value(json_object_get(
	                     json_object_get(traffic, "yesterday"), "up")),
	    0);
}

static void
test_budget_counts_its_own_class(void **state)
{
	struct room *r = *state;
	struct traffic more = {.up = {700}, .down = {300}};
	struct db *db;
	struct budget b;
	struct txn *t;
	int64_t now = api_now();

	init(r, "clinic");
	db = store_db(direct_api(r->direct)->store);
	assert_int_equal(
	    config_of("[budget]\nmetered = 1500\ndefault = 900\n"), ERR_OK);
	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(
	    traffic_add(t, traffic_day(now), "metered", &more), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(budget_read(db, &config, "metered", now, &b), ERR_OK);
	assert_int_equal(budget_left(&b), 500);
	assert_int_equal(budget_read(db, &config, "default", now, &b), ERR_OK);
	assert_int_equal(budget_left(&b), 900);
	assert_int_equal(
	    budget_read(db, &config, "metered", now + 86400, &b), ERR_OK);
	assert_int_equal(budget_left(&b), 1500);
	b.used = 1501;
	assert_int_equal(budget_left(&b), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_config_reads_numbers_of_bytes),
	    cmocka_unit_test(test_config_reads_budgets_and_links),
	    cmocka_unit_test(test_config_without_budgets_has_none),
	    cmocka_unit_test(test_config_refuses_what_nobody_would_obey),
	    cmocka_unit_test(test_interface_is_the_one_of_the_sockets_address),
	    WITH_ROOM(test_estimate_wants_a_parent),
	    WITH_ROOM(test_hub_has_nothing_to_estimate),
	    WITH_ROOM(test_status_tells_a_week_of_traffic),
	    WITH_ROOM(test_budget_counts_its_own_class),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}

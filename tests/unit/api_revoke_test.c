/* api_revoke: `hub revoke` as an operation: who, why, and which of several. */

#include "store/withdraw.h"
#include "tests/unit/api_room.h"

/* A node of the hub's, as joining leaves one. */
static void
add_node(struct room *r, uint8_t seed, const char *name, char hex[17])
{
	struct api *a = direct_api(r->direct);
	struct node n = {.cert = {.role = ROLE_CLINIC, .number = seed}};
	uint8_t id[NODE_ID_BYTES];
	struct txn *t;

	memset(n.cert.signing_key, seed, KEY_BYTES);
	memset(n.cert.transport_key, seed + 1, KEY_BYTES);
	snprintf(n.cert.name, sizeof n.cert.name, "%s", name);
	snprintf(n.cert.orgs[0], sizeof n.cert.orgs[0], "V%04u", seed);
	n.cert.org_count = 1;
	node_id_of(id, n.cert.signing_key);
	hex_encode(hex, id, sizeof id);
	assert_int_equal(db_begin(store_db(a->store), true, &t), ERR_OK);
	assert_int_equal(index_node_write(t, &n), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static int
ask_revoke(struct room *r, const char *site, const char *reason)
{
	return ask(r, json_pack("{s:s, s:s*, s:s*}", "op", "revoke", "site",
	                  site, "reason", reason));
}

static const char *
told(const struct room *r, const char *name)
{
	const char *text = json_string_value(json_object_get(summary(r), name));

	return text == NULL ? "" : text;
}

static unsigned told_agent;

static void
count_call(void *context)
{
	(void)context;
	told_agent++;
}

static void
test_revoke_is_the_hubs(void **state)
{
	struct room *r = *state;

	assert_int_equal(ask_revoke(r, "a", "lost"), API_NOT_ENROLLED);
	init(r, "clinic");
	assert_int_equal(ask_revoke(r, "a", "lost"), API_NOT_ALLOWED);
}

static void
test_revoke_wants_a_reason_of_one_line(void **state)
{
	const char *bad[] = {NULL, "", "  ", "a\nb", "a\tb", "\u202e"};
	char longest[NODE_REASON_BYTES_MAX + 2], hex[17];
	struct room *r = *state;
	size_t i;

	init(r, "hub");
	add_node(r, 1, "one", hex);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ask_revoke(r, "one", bad[i]), API_USAGE);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(ask_revoke(r, "one", longest), API_USAGE);
	longest[sizeof longest - 2] = '\0';
	assert_int_equal(ask_revoke(r, "one", longest), API_DONE);
}

static void
test_revoke_tells_what_it_did_and_does_it_once(void **state)
{
	char one[17], two[17];
	struct room *r = *state;
	json_int_t epoch;

	init(r, "hub");
	add_node(r, 1, "one", one);
	add_node(r, 2, "two", two);
	told_agent = 0;
	direct_api(r->direct)->withdrawn = count_call;
	assert_int_equal(ask_revoke(r, "nobody", "lost"), API_USAGE);
	assert_int_equal(ask_revoke(r, "on", "lost"), API_USAGE);
	assert_int_equal(told_agent, 0);
	assert_int_equal(ask_revoke(r, "one", "丢失"), API_DONE);
	assert_int_equal(told_agent, 1);
	assert_string_equal(told(r, "state"), "withdrawn");
	assert_string_equal(told(r, "node"), one);
	assert_string_equal(told(r, "name"), "one");
	assert_string_equal(told(r, "reason"), "丢失");
	assert_string_not_equal(told(r, "withdrawn_at"), "");
	epoch = number(r, "list_epoch");
	assert_true(epoch > 0);
	assert_int_equal(ask_revoke(r, one, "once more"), API_DONE);
	assert_string_equal(told(r, "state"), "already");
	assert_string_equal(told(r, "reason"), "丢失");
	assert_int_equal(number(r, "list_epoch"), epoch);
	assert_int_equal(told_agent, 1);
	assert_int_equal(ask_revoke(r, two, "lost"), API_DONE);
	assert_true(number(r, "list_epoch") > epoch);
}

/* Withdrawn or not: a name that several bear is no answer. */
static void
test_revoke_of_a_name_of_several_names_their_ids(void **state)
{
	char one[17], two[17];
	const json_t *list, *row;
	struct room *r = *state;
	size_t i;
	int again;

	init(r, "hub");
	add_node(r, 1, "same", one);
	add_node(r, 2, "same", two);
	for (again = 0; again < 2; again++) {
		assert_int_equal(ask_revoke(r, "same", "lost"), API_USAGE);
		assert_string_equal(told(r, "state"), "ambiguous");
		list = json_object_get(summary(r), "candidates");
		assert_int_equal(json_array_size(list), 2);
		json_array_foreach(list, i, row)
		{
			const char *id =
			    json_string_value(json_object_get(row, "node"));

			assert_true(
			    strcmp(id, one) == 0 || strcmp(id, two) == 0);
		}
		if (again == 0)
			assert_int_equal(ask_revoke(r, one, "lost"), API_DONE);
	}
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "sites")), API_DONE);
	json_array_foreach(r->lines, i, row)
	{
		const json_t *item = json_object_get(row, "item");
		const char *id =
		    json_string_value(json_object_get(item, "node"));

		if (item == NULL)
			continue;
		assert_int_equal(json_is_true(json_object_get(item, "revoked")),
		    strcmp(id, one) == 0);
		assert_int_equal(json_object_get(item, "withdrawn_at") != NULL,
		    strcmp(id, one) == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_revoke_is_the_hubs),
	    WITH_ROOM(test_revoke_wants_a_reason_of_one_line),
	    WITH_ROOM(test_revoke_tells_what_it_did_and_does_it_once),
	    WITH_ROOM(test_revoke_of_a_name_of_several_names_their_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

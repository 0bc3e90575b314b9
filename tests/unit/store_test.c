/* store: one owner, and a copy put back never passes for the present. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/store.h"
#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_BYTES];

static int
setup(void **state)
{
	scratch_make(dir);
	return 0;
}

static int
teardown(void **state)
{
	scratch_remove(dir);
	return 0;
}

static enum err
open_in(struct store **out, const char *in, bool create)
{
	struct store_options o = {.dir = in,
	    .map_bytes = SCRATCH_MAP_BYTES,
	    .create = create,
	    .holder = "a test",
	    .random = random_system()};

	return store_open(out, &o);
}

/* Like a first start. */
static void
create(struct self *self)
{
	struct store *s;
	struct txn *t;

	assert_int_equal(open_in(&s, dir, true), ERR_OK);
	assert_false(store_was_restored(s));
	assert_int_equal(db_begin(store_db(s), true, &t), ERR_OK);
	assert_int_equal(
	    self_create(t, ROLE_CLINIC, "a clinic", 0, self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	store_close(s);
}

static void
read_self(struct store *s, struct self *self)
{
	struct txn *t;

	assert_int_equal(db_begin(store_db(s), false, &t), ERR_OK);
	assert_int_equal(self_read(t, self), ERR_OK);
	txn_abort(t);
}

/* Opens, tells whether it was known as a restored copy, and whether the life
 * is still this one. */
static void
expect_run(const struct self *self, bool restored)
{
	struct store *s;
	struct self now;

	assert_int_equal(open_in(&s, dir, false), ERR_OK);
	assert_int_equal(store_was_restored(s), restored);
	read_self(s, &now);
	assert_memory_equal(now.id, self->id, sizeof now.id);
	if (restored)
		assert_memory_not_equal(now.life, self->life, LIFE_BYTES);
	else
		assert_memory_equal(now.life, self->life, LIFE_BYTES);
	store_close(s);
}

static void
file_in_dir(const char *name, struct buffer *out)
{
	char path[SCRATCH_PATH_BYTES];

	scratch_path(path, dir, name);
	scratch_read(path, out);
}

static void
put_back(const char *name, const struct buffer *content)
{
	char path[SCRATCH_PATH_BYTES];

	scratch_path(path, dir, name);
	scratch_write(path, content->data, content->size);
}

static void
take_away(const char *name)
{
	char path[SCRATCH_PATH_BYTES];

	scratch_path(path, dir, name);
	assert_int_equal(unlink(path), 0);
}

static void
test_store_is_not_made_unasked(void **state)
{
	char below[SCRATCH_PATH_BYTES];
	struct store *s;

	assert_int_equal(open_in(&s, dir, false), ERR_NOT_FOUND);
	scratch_path(below, dir, "a/b/c/");
	assert_int_equal(open_in(&s, below, false), ERR_NOT_FOUND);
	assert_int_equal(open_in(&s, below, true), ERR_OK);
	store_close(s);
	assert_int_equal(open_in(&s, below, false), ERR_OK);
	store_close(s);
}

static void
test_runs_keep_their_life(void **state)
{
	struct self self;
	int i;

	create(&self);
	for (i = 0; i < 4; i++)
		expect_run(&self, false);
}

/* The commonest restore of all: yesterday's file. */
static void
test_database_one_run_old_draws_a_new_life(void **state)
{
	struct buffer old = {0};
	struct self self;

	create(&self);
	file_in_dir("data.mdb", &old);
	expect_run(&self, false);
	put_back("data.mdb", &old);
	expect_run(&self, true);
	put_back("data.mdb", &old); /* and again */
	expect_run(&self, true);
	buffer_free(&old);
}

static void
test_database_many_runs_old_draws_a_new_life(void **state)
{
	struct buffer old = {0};
	struct self self;
	int i;

	create(&self);
	file_in_dir("data.mdb", &old);
	for (i = 0; i < 3; i++)
		expect_run(&self, false);
	put_back("data.mdb", &old);
	expect_run(&self, true);
	buffer_free(&old);
}

static void
test_new_life_is_drawn_once(void **state)
{
	struct buffer old = {0};
	struct self self, now;
	struct store *s;

	create(&self);
	file_in_dir("data.mdb", &old);
	expect_run(&self, false);
	put_back("data.mdb", &old);
	assert_int_equal(open_in(&s, dir, false), ERR_OK);
	assert_true(store_was_restored(s));
	read_self(s, &now);
	store_close(s);
	expect_run(&now, false);
	expect_run(&now, false);
	buffer_free(&old);
}

static void
test_whole_directory_put_back_is_no_alarm(void **state)
{
	struct buffer database = {0}, marker = {0};
	struct self self;

	create(&self);
	file_in_dir("data.mdb", &database);
	file_in_dir("marker", &marker);
	expect_run(&self, false);
	expect_run(&self, false);
	put_back("data.mdb", &database);
	put_back("marker", &marker);
	expect_run(&self, false);
	buffer_free(&database);
	buffer_free(&marker);
}

static void
test_database_without_marker_draws_a_new_life(void **state)
{
	struct self self;

	create(&self);
	take_away("marker");
	expect_run(&self, true);
}

static void
test_copy_of_the_running_store_is_known_as_older(void **state)
{
	char path[SCRATCH_PATH_BYTES];
	struct buffer copy = {0};
	struct self self;
	struct store *s;

	create(&self);
	assert_int_equal(open_in(&s, dir, false), ERR_OK);
	scratch_path(path, dir, "copy");
	assert_int_equal(db_copy(store_db(s), path), ERR_OK);
	assert_int_equal(store_move_marker(s), ERR_OK);
	store_close(s);
	scratch_read(path, &copy);
	put_back("data.mdb", &copy);
	expect_run(&self, true);
	buffer_free(&copy);
}

/* A cut after the file was written and before the database was: the file as
 * it is then holds both tokens. */
static void
test_cut_while_the_marker_moves_is_no_alarm(void **state)
{
	struct buffer database = {0}, old = {0}, marker = {0};
	uint8_t both[32];
	struct self self;

	create(&self);
	file_in_dir("data.mdb", &database);
	file_in_dir("marker", &old);
	assert_int_equal(old.size, 32);
	expect_run(&self, false);
	file_in_dir("marker", &marker);
	memcpy(both, marker.data, 16);
	memcpy(both + 16, old.data, 16);
	buffer_clear(&marker);
	put_bytes(&marker, both, sizeof both);

	/* Before the commit. */
	put_back("data.mdb", &database);
	put_back("marker", &marker);
	expect_run(&self, false);

	/* After it, before the file was written again. */
	file_in_dir("data.mdb", &database);
	file_in_dir("marker", &old);
	memcpy(both, old.data, 16);
	memset(both + 16, 9, 16);
	buffer_clear(&marker);
	put_bytes(&marker, both, sizeof both);
	put_back("marker", &marker);
	expect_run(&self, false);
	buffer_free(&database);
	buffer_free(&old);
	buffer_free(&marker);
}

/* --- creation cut short ------------------------------------------------- */

static void
expect_created(void)
{
	struct self self;
	struct store *s;

	assert_int_equal(open_in(&s, dir, false), ERR_NOT_FOUND);
	create(&self);
	expect_run(&self, false);
}

static void
test_creation_cut_before_the_file_has_its_name(void **state)
{
	char path[SCRATCH_PATH_BYTES];

	scratch_path(path, dir, "data.mdb.new");
	scratch_write(path, "half", 4);
	expect_created();
}

static void
make_bare_database(void)
{
	struct db *db;

	assert_int_equal(
	    db_open(&db, dir, SCRATCH_MAP_BYTES, true, random_system()),
	    ERR_OK);
	db_close(db);
}

static void
test_creation_cut_before_the_machine_key(void **state)
{
	make_bare_database();
	expect_created();
}

static void
test_creation_cut_while_the_machine_key_is_written(void **state)
{
	char path[SCRATCH_PATH_BYTES];

	make_bare_database();
	scratch_path(path, dir, "machine.key.new");
	scratch_write(path, "0123", 4);
	expect_created();
}

static void
test_creation_cut_before_the_slot(void **state)
{
	char path[SCRATCH_PATH_BYTES], key[66];

	make_bare_database();
	memset(key, 'a', 64);
	key[64] = '\n';
	scratch_path(path, dir, "machine.key");
	scratch_write(path, key, 65);
	expect_created();
}

static void
test_creation_cut_before_anything_is_in_it(void **state)
{
	struct self self;
	struct store *s;

	assert_int_equal(open_in(&s, dir, true), ERR_OK);
	store_close(s);
	assert_int_equal(open_in(&s, dir, false), ERR_OK);
	store_close(s);
	create(&self);
	expect_run(&self, false);
}

/* A second data key would make all that is there unreadable. */
static void
test_damaged_slot_is_never_replaced(void **state)
{
	const uint8_t slot[1] = {1};
	struct self self;
	struct store *s;
	struct txn *t;
	struct buffer before = {0}, after = {0};

	create(&self);
	assert_int_equal(open_in(&s, dir, false), ERR_OK);
	assert_int_equal(db_begin(store_db(s), true, &t), ERR_OK);
	assert_int_equal(txn_put_raw(t, slot, 1, "damaged", 7), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	store_close(s);
	file_in_dir("data.mdb", &before);
	assert_int_equal(open_in(&s, dir, false), ERR_CORRUPT);
	assert_int_equal(open_in(&s, dir, true), ERR_CORRUPT);
	file_in_dir("data.mdb", &after);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.data, after.data, before.size);
	buffer_free(&before);
	buffer_free(&after);
}

static void
test_missing_machine_key_harms_nothing(void **state)
{
	struct buffer key = {0};
	struct self self;
	struct store *s;

	create(&self);
	file_in_dir("machine.key", &key);
	take_away("machine.key");
	assert_int_equal(open_in(&s, dir, false), ERR_NOT_FOUND);
	assert_int_equal(open_in(&s, dir, true), ERR_NOT_FOUND);
	put_back("machine.key", &key);
	expect_run(&self, false);
	buffer_free(&key);
}

static void
test_another_machine_key_is_told(void **state)
{
	struct buffer key = {0};
	struct self self;
	struct store *s;

	create(&self);
	file_in_dir("machine.key", &key);
	key.data[0] = key.data[0] == 'a' ? 'b' : 'a';
	put_back("machine.key", &key);
	assert_int_equal(open_in(&s, dir, false), ERR_AUTH);
	key.data[0] = 'g';
	put_back("machine.key", &key);
	assert_int_equal(open_in(&s, dir, false), ERR_FORMAT);
	buffer_free(&key);
}

static void
test_empty_database_file_is_not_begun_anew(void **state)
{
	struct self self;
	struct store *s;
	struct buffer none = {0};

	create(&self);
	put_back("data.mdb", &none);
	assert_int_equal(open_in(&s, dir, false), ERR_CORRUPT);
	assert_int_equal(open_in(&s, dir, true), ERR_CORRUPT);
}

/* --- one owner ---------------------------------------------------------- */

static void
test_second_owner_is_told_who_holds_it(void **state)
{
	char holder[128], little[4], expected[64];
	struct self self;
	int status, ready[2], done[2];
	char byte = 0;
	struct store *s;
	pid_t child;

	create(&self);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		enum err e = open_in(&s, dir, false);

		if (write(ready[1], &byte, 1) != 1 ||
		    read(done[0], &byte, 1) != 1)
			_exit(2);
		if (e == ERR_OK)
			store_close(s);
		_exit(e == ERR_OK ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(open_in(&s, dir, false), ERR_BUSY);
	assert_int_equal(open_in(&s, dir, true), ERR_BUSY);
	store_holder(dir, holder, sizeof holder);
	snprintf(expected, sizeof expected, "%ld a test", (long)child);
	assert_string_equal(holder, expected);
	store_holder(dir, little, sizeof little);
	assert_true(strlen(little) < sizeof little);
	assert_int_equal(write(done[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	expect_run(&self, false);
	close(ready[0]);
	close(ready[1]);
	close(done[0]);
	close(done[1]);
}

static void
test_owner_that_was_killed_leaves_no_lock(void **state)
{
	struct self self;
	struct store *s;
	int status;
	pid_t child;

	create(&self);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (open_in(&s, dir, false) != ERR_OK)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	expect_run(&self, false);
}

static void
test_hub_begins_each_run_with_a_new_life(void **state)
{
	struct self self, now;
	struct store *s;
	struct txn *t;

	assert_int_equal(open_in(&s, dir, true), ERR_OK);
	assert_int_equal(db_begin(store_db(s), true, &t), ERR_OK);
	assert_int_equal(self_create(t, ROLE_HUB, "hub", 0, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(store_begin_life(s, 0), ERR_OK);
	read_self(s, &now);
	assert_memory_not_equal(now.life, self.life, LIFE_BYTES);
	assert_int_equal(store_begin_life(s, 0), ERR_OK); /* once */
	read_self(s, &self);
	assert_memory_equal(now.life, self.life, LIFE_BYTES);
	store_close(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_store_is_not_made_unasked),
	    CASE(test_runs_keep_their_life),
	    CASE(test_database_one_run_old_draws_a_new_life),
	    CASE(test_database_many_runs_old_draws_a_new_life),
	    CASE(test_new_life_is_drawn_once),
	    CASE(test_whole_directory_put_back_is_no_alarm),
	    CASE(test_database_without_marker_draws_a_new_life),
	    CASE(test_copy_of_the_running_store_is_known_as_older),
	    CASE(test_cut_while_the_marker_moves_is_no_alarm),
	    CASE(test_creation_cut_before_the_file_has_its_name),
	    CASE(test_creation_cut_before_the_machine_key),
	    CASE(test_creation_cut_while_the_machine_key_is_written),
	    CASE(test_creation_cut_before_the_slot),
	    CASE(test_creation_cut_before_anything_is_in_it),
	    CASE(test_damaged_slot_is_never_replaced),
	    CASE(test_missing_machine_key_harms_nothing),
	    CASE(test_another_machine_key_is_told),
	    CASE(test_empty_database_file_is_not_begun_anew),
	    CASE(test_second_owner_is_told_who_holds_it),
	    CASE(test_owner_that_was_killed_leaves_no_lock),
	    CASE(test_hub_begins_each_run_with_a_new_life),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

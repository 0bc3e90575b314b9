/* files: what lies beside the database: the machine key, the wrapped data
 * key, the configuration. Only the right key opens; a configuration is
 * obeyed as a whole or its first fault is named with its line.
 *
 * The first byte chooses.
 */

#include <fcntl.h>
#include <sys/mman.h>

#include "agent/address.h"
#include "api/config.h"
#include "store/slot.h"
#include "tests/fuzz/room.h"

static char path[64];
static int fd = -1;
static uint8_t machine_key[DB_DATA_KEY_BYTES];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fault = room_make();

	(void)argc;
	(void)argv;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	memset(machine_key, 0x5a, sizeof machine_key);
	return fd < 0 ? 1 : fault;
}

static void
write_file(const void *data, size_t size)
{
	expect(ftruncate(fd, 0) == 0);
	expect(pwrite(fd, data, size, 0) == (ssize_t)size);
}

static void
check_config(const uint8_t *data, size_t size)
{
	char complaint[CONFIG_COMPLAINT_BYTES];
	struct address a;
	struct config c;
	enum err e;

	write_file(data, size);
	memset(&c, 0xee, sizeof c);
	memset(complaint, 0xee, sizeof complaint);
	e = config_read(path, &c, complaint, sizeof complaint);
	expect(e == ERR_OK || e == ERR_FORMAT);
	expect(memchr(complaint, 0, sizeof complaint) != NULL);
	expect((e == ERR_FORMAT) == (complaint[0] != '\0'));
	expect(memchr(c.listen, 0, sizeof c.listen) != NULL);
	expect(memchr(c.parent, 0, sizeof c.parent) != NULL);
	expect(memchr(c.import_source, 0, sizeof c.import_source) != NULL);
	expect(memchr(c.dir, 0, sizeof c.dir) != NULL);
	expect(c.interval_s >= CONFIG_INTERVAL_S_MIN);
	expect(c.interval_s <= CONFIG_INTERVAL_S_MAX);
	/* What the agent would only find out when it starts. */
	if (e == ERR_OK && c.listen[0] != '\0')
		expect(address_parse(&a, c.listen) == ERR_OK);
	if (e == ERR_OK && c.parent[0] != '\0')
		expect(address_parse(&a, c.parent) == ERR_OK);
}

/* No file opens a store but the one with its key. */
static void
check_machine_key(const uint8_t *data, size_t size)
{
	struct db *db = room.clinic_db;
	char text[2 * DB_DATA_KEY_BYTES + 1];
	enum err e;
	bool is_it;

	write_file(data, size);
	e = slot_open(db, path);
	hex_encode(text, machine_key, sizeof machine_key);
	is_it = size >= sizeof text - 1 &&
	        strncasecmp((const char *)data, text, sizeof text - 1) == 0;
	expect(e == ERR_OK || e == ERR_FORMAT || e == ERR_AUTH);
	expect(e != ERR_OK || is_it);
}

/* A slot that was altered gives no key. */
static void
check_slot(const uint8_t *data, size_t size)
{
	static const uint8_t key[1] = {1};
	char text[2 * DB_DATA_KEY_BYTES + 1];
	struct db *db = room.clinic_db;
	struct buffer before = {0};
	struct txn *t;
	enum err e;

	expect(db_begin(db, true, &t) == ERR_OK);
	expect(txn_get_raw(t, key, sizeof key, &before) == ERR_OK);
	expect(txn_put_raw(t, key, sizeof key, data, size) == ERR_OK);
	expect(txn_commit(t) == ERR_OK);
	hex_encode(text, machine_key, sizeof machine_key);
	write_file(text, sizeof text - 1);
	e = slot_open(db, path);
	expect(e == ERR_CORRUPT || e == ERR_AUTH);
	expect(db_begin(db, true, &t) == ERR_OK);
	expect(txn_put_raw(t, key, sizeof key, before.data, before.size) ==
	       ERR_OK);
	expect(txn_commit(t) == ERR_OK);
	buffer_free(&before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool has_slot;

	if (!has_slot) {
		char text[2 * DB_DATA_KEY_BYTES + 1];

		hex_encode(text, machine_key, sizeof machine_key);
		write_file(text, sizeof text - 1);
		expect(slot_create(room.clinic_db, path) == ERR_OK);
		has_slot = true;
	}
	if (size < 1)
		return 0;
	switch (data[0] % 8) {
	case 0:
		check_slot(data + 1, size - 1);
		break;
	case 1:
	case 2:
		check_machine_key(data + 1, size - 1);
		break;
	default:
		check_config(data + 1, size - 1);
	}
	return 0;
}

/* import: any bytes as a file to import, in pieces: every line is counted
 * once, nothing is taken that cannot be shown again, and the same file given
 * again is known.
 */

#include "store/import.h"
#include "tests/fuzz/room.h"

enum { NOW = 1777694400 };

static struct txn *t;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return room_make();
}

/* Lines that hold something, by the importer's own idea of an end of line. */
static uint64_t
count_lines(const uint8_t *data, size_t size)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < size; i++)
		if (data[i] == '\n')
			n++;
	return size > 0 && data[size - 1] != '\n' ? n + 1 : n;
}

static void
run_batch(struct import *im)
{
	const struct import_notice *n;
	size_t count, i;

	expect(import_run(im, t) == ERR_OK);
	import_committed(im);
	count = import_notices(im, &n);
	for (i = 0; i < count; i++) {
		expect(n[i].line > 0);
		expect(memchr(n[i].field, 0, sizeof n[i].field) != NULL);
		expect(finding_name(n[i].code) != NULL);
		expect(finding_reason(n[i].code) != NULL);
		expect(finding_mend(n[i].code) != NULL);
	}
}

static struct import_counts
give(const uint8_t *data, size_t size, size_t step)
{
	struct import_options o = {.source = "his", .now = NOW};
	struct import_counts c;
	struct import *im;

	expect(import_new(&im, &o) == ERR_OK);
	while (size > 0) {
		size_t n = size < step ? size : step, taken = 0;
		enum err e = import_feed(im, data, n, &taken);

		expect(taken <= n);
		data += taken;
		size -= taken;
		if (e == ERR_BUSY)
			run_batch(im);
		else
			expect(e == ERR_OK && taken == n);
	}
	import_finish(im);
	while (import_is_ready(im))
		run_batch(im);
	c = *import_counts(im);
	import_free(im);
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_counts first, second;
	size_t step;

	if (size < 1 || size > 100000)
		return 0;
	step = 1 + (size_t)data[0] * 64;
	data++;
	size--;
	expect(db_begin(room.clinic_db, true, &t) == ERR_OK);
	first = give(data, size, step);
	expect(first.lines == count_lines(data, size));
	expect(first.fresh + first.updated + first.unchanged + first.refused <=
	       first.lines);
	fuzz_read_all(t);
	second = give(data, size, SIZE_MAX);
	expect(second.lines == first.lines);
	expect(
	    second.fresh + second.updated + second.unchanged + second.refused ==
	    first.fresh + first.updated + first.unchanged + first.refused);
	/* What was taken once is known; what was refused may fit by now. */
	expect(
	    second.unchanged >= first.fresh + first.updated + first.unchanged);
	txn_abort(t);
	return 0;
}

/* api_room: a store through the direct door, and what was answered last. */

#ifndef YIZHAN_TESTS_UNIT_API_ROOM_H
#define YIZHAN_TESTS_UNIT_API_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "api/config.h"
#include "api/direct.h"
#include "tests/unit/scratch.h"

/* A store through the direct door, and the last answer. */
struct room {
	char dir[SCRATCH_PATH_BYTES];
	struct direct *direct;
	json_t *lines;       /* of the last answer */
	size_t lines_wanted; /* the reader goes away after so many; 0: never */
};

static inline void
enter(struct room *r)
{
	struct direct_options o = {.dir = r->dir,
	    .create = true,
	    .holder = "api_test",
	    .map_bytes = SCRATCH_MAP_BYTES};
	char complaint[CONFIG_COMPLAINT_BYTES];

	assert_int_equal(
	    direct_open(&r->direct, &o, complaint, sizeof complaint), ERR_OK);
}

static inline int
room_begin(void **state)
{
	struct room *r = calloc(1, sizeof *r);

	if (r == NULL || sodium_init() < 0)
		return -1;
	scratch_make(r->dir);
	enter(r);
	*state = r;
	return 0;
}

static inline int
room_end(void **state)
{
	struct room *r = *state;

	direct_close(r->direct);
	json_decref(r->lines);
	scratch_remove(r->dir);
	free(r);
	return 0;
}

static inline enum err
keep_line(void *context, const json_t *object)
{
	struct room *r = context;

	json_array_append_new(r->lines, json_deep_copy(object));
	return r->lines_wanted != 0 &&
	               json_array_size(r->lines) >= r->lines_wanted
	           ? ERR_CLOSED
	           : ERR_OK;
}

/* --- asking ------------------------------------------------------------ */

/* Text in two pieces, so that lines are cut anywhere. */
struct text_input {
	const char *text;
	size_t at, piece;
};

static inline long
feed_text(void *context, void *out, size_t size)
{
	struct text_input *in = context;
	size_t left = strlen(in->text) - in->at;

	if (size > left)
		size = left;
	if (in->piece != 0 && size > in->piece)
		size = in->piece;
	memcpy(out, in->text + in->at, size);
	in->at += size;
	return (long)size;
}

static inline int
ask_with(struct room *r, json_t *request, struct api_input *input)
{
	struct api_sink sink = {keep_line, r};
	int exit_code;

	assert_non_null(request);
	json_decref(r->lines);
	r->lines = json_array();
	exit_code = api_run(direct_api(r->direct), request, input, &sink);
	json_decref(request);
	return exit_code;
}

static inline int
ask(struct room *r, json_t *request)
{
	return ask_with(r, request, NULL);
}

static inline int
import_text(struct room *r, const char *text, size_t piece)
{
	struct text_input in = {text, 0, piece};
	struct api_input input = {.read = feed_text, .context = &in};

	return ask_with(r, json_pack("{s:s}", "op", "import"), &input);
}

/* The last line is "done" and no other is. */
static inline const json_t *
done(const struct room *r)
{
	size_t i, count = json_array_size(r->lines);

	assert_true(count > 0);
	for (i = 0; i < count; i++) {
		const json_t *line = json_array_get(r->lines, i);

		assert_int_equal(json_object_size(line), 1);
		if ((i + 1 < count) == (json_object_get(line, "done") != NULL))
			fail_msg("line %zu of %zu", i, count);
	}
	return json_object_get(json_array_get(r->lines, count - 1), "done");
}

static inline const json_t *
summary(const struct room *r)
{
	return json_object_get(done(r), "summary");
}

static inline json_int_t
number(const struct room *r, const char *name)
{
	const json_t *n = json_object_get(summary(r), name);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static inline size_t
count_lines(const struct room *r, const char *member)
{
	size_t i, count = 0;

	for (i = 0; i < json_array_size(r->lines); i++)
		if (json_object_get(json_array_get(r->lines, i), member) !=
		    NULL)
			count++;
	return count;
}

static inline void
init(struct room *r, const char *role)
{
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "init",
	                            "role", role, "name", "寒泉")),
	    API_DONE);
}

#define DEVICE(ref)                                                            \
	"{\"kind\":\"device\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","          \
	"\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:C01\","         \
	"\"class\":\"ecg\",\"owner_org_id\":\"ref:C01\"}\n"

#define WITH_ROOM(f) cmocka_unit_test_setup_teardown(f, room_begin, room_end)

#endif

/* door: any bytes as what a client of agent.sock sends: a request line, and
 * what is to be imported behind it. Each request has one answer, whose last
 * line says how it ended; the store stays sound.
 */

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/config.h"
#include "api/direct.h"
#include "api/serve.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/room.h"

enum { INPUTS_PER_STORE = 500 };

static char dir[SCRATCH_PATH_BYTES];
static struct direct *direct;
static unsigned inputs;

struct answer {
	size_t lines;
	bool is_done;
};

struct rest {
	const uint8_t *at;
	size_t left;
};

/* --- the store -------------------------------------------------------------
 */

static enum err
take_line(void *context, const json_t *line)
{
	static const int codes[] = {API_DONE, API_FAILED, API_USAGE,
	    API_NOT_ENROLLED, API_NO_LINK, API_PERSON, API_PARTLY,
	    API_TRY_AGAIN, API_NOT_ALLOWED};
	const json_t *done = json_object_get(line, "done");
	struct answer *a = context;
	int code;
	size_t i;

	expect(!a->is_done);
	/* A record may say beside itself what it is today (api.h). */
	expect(json_object_size(line) == 1 ||
	       (json_object_size(line) == 2 &&
	           json_is_object(json_object_get(line, "record")) &&
	           json_is_string(json_object_get(line, "today"))));
	a->lines++;
	a->is_done = done != NULL;
	if (done == NULL)
		return ERR_OK;
	code = (int)json_integer_value(json_object_get(done, "exit"));
	for (i = 0; codes[i] != code; i++)
		expect(i + 1 < sizeof codes / sizeof codes[0]);
	return ERR_OK;
}

static int
ask(json_t *request, struct api_input *input)
{
	struct answer a = {0};
	struct api_sink sink = {take_line, &a};
	int code = api_run(direct_api(direct), request, input, &sink);

	expect(a.is_done);
	json_decref(request);
	return code;
}

static void
open_store(void)
{
	struct direct_options o = {.dir = dir,
	    .create = true,
	    .holder = "fuzz",
	    .map_bytes = SCRATCH_MAP_BYTES};
	char complaint[CONFIG_COMPLAINT_BYTES];

	scratch_make(dir);
	expect(direct_open(&direct, &o, complaint, sizeof complaint) == ERR_OK);
	expect(ask(json_pack("{s:s, s:s, s:s}", "op", "init", "role", "clinic",
	               "name", "clinic"),
	           NULL) == API_DONE);
}

static void
close_store(void)
{
	expect(ask(json_pack("{s:s}", "op", "verify"), NULL) == API_DONE);
	direct_close(direct);
	scratch_remove(dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fault = room_folder();

	(void)argc;
	(void)argv;
	open_store();
	return fault == 0 ? atexit(close_store) : fault;
}

/* --- a request -------------------------------------------------------------
 */

static long
read_rest(void *context, void *out, size_t size)
{
	struct rest *r = context;

	if (size > r->left)
		size = r->left;
	memcpy(out, r->at, size);
	r->at += size;
	r->left -= size;
	return (long)size;
}

/* What is no request is refused in one line; nothing else is looked at. */
static void
check_refusal(const uint8_t *data, size_t size)
{
	char line[4096];
	json_t *said;
	int ends[2];
	ssize_t n;

	if (size > 60000)
		return;
	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	expect(send(ends[0], data, size, MSG_NOSIGNAL) == (ssize_t)size);
	expect(shutdown(ends[0], SHUT_WR) == 0);
	api_serve(direct_api(direct), ends[1]);
	close(ends[1]);
	n = recv(ends[0], line, sizeof line, MSG_WAITALL);
	expect(n >= 0);
	/* A line that never ends gets no answer: its client is gone. */
	if (memchr(data, '\n', size) != NULL) {
		expect(n > 0 && line[n - 1] == '\n');
		said = json_loadb(line, (size_t)n, 0, NULL);
		expect(json_is_object(json_object_get(said, "done")));
		json_decref(said);
	}
	close(ends[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	struct rest rest;
	struct api_input input = {.read = read_rest, .context = &rest};
	json_t *request = NULL;

	if (size < 1)
		return 0;
	if (++inputs % INPUTS_PER_STORE == 0) {
		close_store();
		open_store();
	}
	end = memchr(data, '\n', size);
	if (end != NULL)
		request = json_loadb((const char *)data, (size_t)(end - data),
		    JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(request)) {
		json_decref(request);
		check_refusal(data, size);
		return 0;
	}
	/* Nobody is called who does not stand here. */
	if (json_object_get(request, "hub") != NULL)
		json_object_set_new(request, "hub", json_string("127.0.0.1:1"));
	rest.at = end + 1;
	rest.left = size - (size_t)(rest.at - data);
	(void)ask(request, &input);
	return 0;
}

/* answer: any bytes as what an agent answers on agent.sock: the command line
 * believes an end only when it was said, and everything before it is lines.
 */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/client.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/room.h"

static char dir[SCRATCH_PATH_BYTES];
static int listener;

static void
leave(void)
{
	close(listener);
	scratch_remove(dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)argc;
	(void)argv;
	if (room_folder() != 0)
		return 1;
	scratch_make(dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/%s", dir,
	    CLIENT_SOCKET);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	expect(
	    bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
	expect(listen(listener, 4) == 0);
	return atexit(leave);
}

struct seen {
	size_t lines;
	bool said_done;
};

static enum err
take_line(void *context, const json_t *line)
{
	struct seen *s = context;

	expect(json_is_object(line));
	expect(!s->said_done);
	s->lines++;
	s->said_done = json_object_get(line, "done") != NULL;
	return ERR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *request = json_pack("{s:s}", "op", "status");
	struct seen seen = {0};
	struct api_sink sink = {take_line, &seen};
	struct client *c;
	int fd, code = -1;
	enum err e;

	if (size > 60000) {
		json_decref(request);
		return 0;
	}
	expect(client_connect(&c, dir) == ERR_OK);
	fd = accept(listener, NULL, NULL);
	expect(fd >= 0);
	expect(send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size);
	expect(shutdown(fd, SHUT_WR) == 0);
	e = client_run(c, request, NULL, &sink, &code);
	expect(e == ERR_OK || e == ERR_CLOSED || e == ERR_FORMAT);
	expect((e == ERR_OK) == seen.said_done);
	client_close(c);
	close(fd);
	json_decref(request);
	return 0;
}

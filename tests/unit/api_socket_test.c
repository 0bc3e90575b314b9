/* client, serve: a request through the Unix socket is the same as without it,
 * and nobody's bytes hurt the agent. */

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "api/client.h"
#include "api/serve.h"
#include "tests/unit/api_room.h"

/* --- the socket -------------------------------------------------------- */

struct server {
	struct api *api;
	int listener;
	size_t clients; /* to serve, one after the other */
	pthread_t thread;
};

static void *
serve(void *context)
{
	struct server *s = context;
	size_t i;

	for (i = 0; i < s->clients; i++) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd < 0)
			abort();
		api_serve(s->api, fd);
		close(fd);
	}
	return NULL;
}

/* The folder's path may be longer than a socket's address holds. */
static void
make_address(const struct room *r, struct sockaddr_un *address, int *dir_fd)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	*dir_fd = open(r->dir, O_PATH | O_DIRECTORY);
	snprintf(address->sun_path, sizeof address->sun_path,
	    "/proc/self/fd/%d/%s", *dir_fd, CLIENT_SOCKET);
}

static void
start_server(struct server *s, struct room *r, size_t clients)
{
	struct sockaddr_un address;
	int dir_fd;

	make_address(r, &address, &dir_fd);
	(void)unlink(address.sun_path); /* of a case before */
	s->api = direct_api(r->direct);
	s->clients = clients;
	s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
	close(dir_fd);
	assert_int_equal(listen(s->listener, 4), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void
stop_server(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
}

static enum err
ask_socket(
    struct room *r, json_t *request, struct api_input *input, int *exit_code)
{
	struct api_sink sink = {keep_line, r};
	struct client *c;
	enum err e;

	json_decref(r->lines);
	r->lines = json_array();
	assert_int_equal(client_connect(&c, r->dir), ERR_OK);
	e = client_run(c, request, input, &sink, exit_code);
	client_close(c);
	json_decref(request);
	return e;
}

static void
test_client_finds_no_agent_where_none_is(void **state)
{
	struct room *r = *state;
	struct server s;
	struct client *c;

	assert_int_equal(client_connect(&c, "/nonexistent"), ERR_NOT_FOUND);
	assert_int_equal(client_connect(&c, r->dir), ERR_NOT_FOUND);
	start_server(&s, r, 0);
	stop_server(&s); /* the socket stays behind: nobody listens */
	assert_int_equal(client_connect(&c, r->dir), ERR_NOT_FOUND);
}

static void
test_client_and_serve_pass_a_request(void **state)
{
	struct room *r = *state;
	struct server s;
	int exit_code;

	init(r, "clinic");
	start_server(&s, r, 2);
	assert_int_equal(
	    ask_socket(r, json_pack("{s:s}", "op", "status"), NULL, &exit_code),
	    ERR_OK);
	assert_int_equal(exit_code, API_DONE);
	assert_int_equal(number(r, "changes"), 0);
	assert_int_equal(ask_socket(r, json_pack("{s:s}", "op", "nonsense"),
	                     NULL, &exit_code),
	    ERR_OK);
	assert_int_equal(exit_code, API_USAGE);
	stop_server(&s);
}

/* More answers than a socket holds while the input is far from its end. */
static void
test_client_reads_answers_while_it_streams(void **state)
{
	enum { LINES = 20000 };
	struct room *r = *state;
	struct text_input in = {.piece = 5000};
	struct api_input input = {.read = feed_text, .context = &in};
	struct buffer text = {0};
	struct server s;
	int exit_code, i;

	for (i = 0; i < LINES; i++)
		put_bytes(&text, "nonsense\n", 9);
	put_u8(&text, 0);
	in.text = (const char *)text.data;
	init(r, "clinic");
	start_server(&s, r, 1);
	assert_int_equal(ask_socket(r, json_pack("{s:s}", "op", "import"),
	                     &input, &exit_code),
	    ERR_OK);
	stop_server(&s);
	assert_int_equal(exit_code, API_PARTLY);
	assert_int_equal(number(r, "refused"), LINES);
	assert_int_equal(count_lines(r, "notice"), LINES);
	buffer_free(&text);
}

/* Raw bytes to the server; the client then hangs up or waits. */
static void
talk(struct room *r, const void *data, size_t size, bool hang_up)
{
	struct server s;
	struct sockaddr_un address;
	int dir_fd, fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[4096];
	ssize_t n, got = 0;

	start_server(&s, r, 1);
	make_address(r, &address, &dir_fd);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	while (size > 0 && (n = send(fd, data, size, MSG_NOSIGNAL)) > 0) {
		data = (const char *)data + n;
		size -= (size_t)n;
	}
	json_decref(r->lines);
	r->lines = json_array();
	if (!hang_up) {
		shutdown(fd, SHUT_WR);
		while ((n = recv(fd, answer + got, sizeof answer - (size_t)got,
		            0)) > 0)
			got += n;
		if (got > 0)
			json_array_append_new(
			    r->lines, json_loadb(answer, (size_t)got, 0, NULL));
	}
	close(fd);
	close(dir_fd);
	stop_server(&s);
}

static void
test_serve_refuses_what_is_no_request(void **state)
{
	struct room *r = *state;
	char *large = malloc(SERVE_REQUEST_BYTES_MAX * 2);

	init(r, "clinic");
	talk(r, "nonsense\n", 9, false);
	assert_int_equal(
	    json_integer_value(json_object_get(done(r), "exit")), API_FAILED);
	talk(r, "[1]\n", 4, false);
	assert_string_equal(
	    json_string_value(json_object_get(done(r), "error")), "bad_format");
	memset(large, 'x', SERVE_REQUEST_BYTES_MAX * 2);
	talk(r, large, SERVE_REQUEST_BYTES_MAX + 1, false);
	assert_string_equal(
	    json_string_value(json_object_get(done(r), "error")), "over_limit");
	talk(r, "{\"op\":", 6, false); /* half a request is none */
	assert_int_equal(json_array_size(r->lines), 0);
	free(large);
}

/* What a killed client leaves behind is no line. */
static void
test_serve_takes_no_half_line(void **state)
{
	static const char text[] =
	    "{\"op\":\"import\"}\n" DEVICE("D1") "{\"kind\":\"dev";
	struct room *r = *state;

	init(r, "clinic");
	talk(r, text, strlen(text), true);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_int_equal(number(r, "questions"), 0);
	talk(r, text, strlen(text), false);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_int_equal(number(r, "questions"), 1);
	assert_int_equal(number(r, "changes"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_client_finds_no_agent_where_none_is),
	    WITH_ROOM(test_client_and_serve_pass_a_request),
	    WITH_ROOM(test_client_reads_answers_while_it_streams),
	    WITH_ROOM(test_serve_refuses_what_is_no_request),
	    WITH_ROOM(test_serve_takes_no_half_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

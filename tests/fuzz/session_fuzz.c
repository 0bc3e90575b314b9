/* session: a responder and an initiator that are told anything, in clear or
 * properly sealed, end as a session ends: failed with a reason, or done.
 *
 * First byte: bit 0: initiator, bit 1: sealed, bit 2: after a sound hello.
 * Then pieces: u8 length, u8 more (each a frame of 16 times that), bytes.
 */

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/speaker.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0;
}

static struct session *session;
static struct speaker speaker;

static void
greet(void)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(&clinic, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_HELLO, &body);
	buffer_free(&body);
}

static void
begin(bool initiator, bool sealed)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 3, 3, 20);
	memory_list_make(&clinic, "up", 1, 3, 20);
	session = initiator
	              ? memory_session(&clinic, SESSION_SYNC, &hub.cert, 1)
	              : memory_session(&hub, SESSION_ANSWER, NULL, 1);
	if (!sealed)
		memset(&speaker, 0, sizeof speaker);
	else if (initiator)
		speaker_answer(&speaker, &hub, session);
	else
		speaker_call(&speaker, &clinic, &hub, session, NULL, 0);
}

static void
feed(struct memory_node *n, const uint8_t *data, size_t size, bool sealed)
{
	struct reader r;

	reader_init(&r, data, size);
	while (reader_left(&r) > 2) {
		size_t piece = read_u8(&r) + (size_t)16 * read_u8(&r);
		const uint8_t *at;

		if (piece > reader_left(&r))
			piece = reader_left(&r);
		at = read_view(&r, piece);
		if (sealed)
			speaker_say(&speaker, session, at, piece);
		else
			(void)session_receive(session, at, piece, 2);
		if (piece % 3 == 0)
			continue; /* the owner is slow */
		memory_work(n, session);
		speaker_collect(&speaker, session);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool initiator, sealed;
	struct memory_node *n;

	if (size < 1)
		return 0;
	initiator = (data[0] & 1) != 0;
	sealed = (data[0] & 2) != 0;
	n = initiator ? &clinic : &hub;
	begin(initiator, sealed);
	if (sealed && (data[0] & 4) != 0)
		greet();
	feed(n, data + 1, size - 1, sealed);
	memory_work(n, session);
	(void)session_expire(session, 1000000);
	session_closed(session);
	memory_work(n, session);
	memory_must(session_is_over(session));
	/* A stranger's bytes in clear are never a success. */
	memory_must(sealed || !n->is_done);
	session_free(session);
	speaker_free(&speaker);
	return 0;
}

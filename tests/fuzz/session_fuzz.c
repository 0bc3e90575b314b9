/* session: a responder and an initiator that are told anything, in clear or
 * properly sealed, end as a session ends: failed with a reason, or done. On
 * the way the state moves along the diagram of docs/protocol.md only, and
 * nothing is delivered after the end.
 *
 * First byte: bit 0: initiator, bit 1: sealed, bit 2: after a sound hello,
 * bit 3: pieces are messages, bit 4: and all of them one frame, bit 5: the
 * clinic tells its life, and what it wrote before is held, bit 6: it believes
 * the hub elsewhere, bit 7: the hub stands somewhere. Then pieces: u8
 * length, u8 more (each a frame of 16 times that), bytes. A message's first
 * byte is its type; what DATA holds is compressed here, behind its class, so
 * that the fuzzer need not know zstd. A first byte of 0x21 and more is a
 * recipe (said.h): a message that is nearly right. All is sealed last, so that
 * the AEAD hides nothing of it from the session.
 */

#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/said.h"
#include "tests/unit/heap.h"
#include "tests/unit/session_diagram.h"
#include "tests/unit/speaker.h"

static struct session *session;
static struct speaker speaker;
static ZSTD_CCtx *packer[CLASSES];
static struct memory_node *owner;
static struct buffer row; /* messages of the frame under way */
static enum session_state before;
static struct said said;
static struct source sources;
static size_t heap_before;

static void
leave(void)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		ZSTD_freeCCtx(packer[i]);
	codebook_free(memory_books());
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t i;

	(void)argc;
	(void)argv;
	for (i = 0; i < CLASSES; i++) {
		packer[i] = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(packer[i], ZSTD_c_windowLog, 19);
		ZSTD_CCtx_setParameter(
		    packer[i], ZSTD_c_format, ZSTD_f_zstd1_magicless);
		ZSTD_CCtx_setParameter(packer[i], ZSTD_c_dictIDFlag, 0);
		ZSTD_CCtx_setParameter(packer[i], ZSTD_c_compressionLevel, 1);
	}
	if (sodium_init() < 0)
		return 1;
	(void)memory_books();
	return atexit(leave);
}

/* --- the scene -------------------------------------------------------------
 */

static void
greet(bool elsewhere)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(owner == &hub ? &clinic : &hub, &h);
	h.held_digest ^= elsewhere;
	memory_must(hello_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_HELLO, &body);
	buffer_free(&body);
}

static void
make_nodes(uint8_t flags)
{
	static const uint8_t nonce[LIFE_NONCE_BYTES];

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 3, 3, 20);
	memory_list_make(&hub, "org:C01", 1, 3, 20);
	memory_list_make(&clinic, "up", 1, 3, 20);
	memory_list_make(&clinic, "up", 2, 30, 40);
	life_id_of(clinic.life, clinic.cert.signing_key, nonce);
	if ((flags & 32) != 0)
		clinic.author = hub.author = &clinic;
	if ((flags & 128) != 0) {
		struct list_id up = {"up", 2};

		*memory_cursor(&hub.own, &up, true) = (struct cursor){7, 9, 28};
		hub.exceptions_told = flags % 2 == 0 ? 300 : 0;
	}
}

static void
begin_saying(bool initiator)
{
	struct known_lives lives = {.count = clinic.author != NULL ? 1 : 0};

	memcpy(lives.id[0], clinic.life, LIFE_BYTES);
	sources = memory_source(initiator ? &hub : &clinic);
	said_begin(&said, initiator ? &hub : &clinic, &sources, &lives,
	    initiator ? "group" : "up");
}

static void
begin(bool initiator, bool sealed, uint8_t flags)
{
	size_t i;

	heap_before = bytes_in_use();
	make_nodes(flags);
	begin_saying(initiator);
	session = initiator
	              ? memory_session(&clinic, SESSION_SYNC, &hub.cert, 1)
	              : memory_session(&hub, SESSION_ANSWER, NULL, 1);
	before = session->state;
	for (i = 0; i < CLASSES; i++)
		ZSTD_CCtx_reset(packer[i], ZSTD_reset_session_only);
	if (!sealed)
		memset(&speaker, 0, sizeof speaker);
	else if (initiator)
		speaker_answer(&speaker, &hub, session);
	else
		speaker_call(&speaker, &clinic, &hub, session, NULL, 0);
}

/* --- what always holds -----------------------------------------------------
 */

static void
look(void)
{
	expect(diagram_allows(session, before, session->state));
	before = session->state;
	expect(session->event_count <= EVENTS_MAX);
	expect(session->inbox.size <= INBOX_BYTES_MAX);
	expect(session->control.size <= 4 * CONTROL_BYTES_MAX);
	/* Ours is in there too: coders, one a class. */
	expect(bytes_in_use() < heap_before + 2 * SESSION_PEER_MEMORY_MAX);
}

static void
attend(void)
{
	bool was_over = owner->is_done || owner->has_failed;

	memory_work(owner, session);
	look();
	expect(!(owner->is_done && owner->has_failed));
	if (was_over)
		expect(!memory_work_once(owner, session));
	speaker_collect(&speaker, session);
	look();
}

/* --- what is said ----------------------------------------------------------
 */

static void
put_packed(struct buffer *body, uint8_t which, const uint8_t *data, size_t size)
{
	static uint8_t packed[70000];
	ZSTD_inBuffer from = {data, size, 0};
	ZSTD_outBuffer to = {packed, sizeof packed, 0};

	put_u8(body, which);
	memory_must(!ZSTD_isError(ZSTD_compressStream2(
	    packer[which % CLASSES], &to, &from, ZSTD_e_flush)));
	put_bytes(body, packed, to.pos);
}

static void
flush_row(void)
{
	if (row.size > 0)
		speaker_say(&speaker, session, row.data, row.size);
	buffer_clear(&row);
	look();
}

static void
say_rows(struct reader *r)
{
	struct buffer plain = {0}, body = {0};
	uint8_t class;

	said_put_rows(&said, r, &class, &plain);
	put_packed(&body, class, plain.data, plain.size);
	message_put(&row, MESSAGE_DATA, body.data, body.size);
	buffer_free(&plain);
	buffer_free(&body);
}

/* A recipe makes at most some 6,000 bytes. */
static void
say_recipe(const uint8_t *data, size_t size)
{
	struct reader r;

	if (row.size > FRAME_PAYLOAD_MAX / 2)
		flush_row();
	reader_init(&r, data + 1, size - 1);
	switch (data[0]) {
	case SAID_DENSE:
		said_put_dense(&said, &r, &row);
		break;
	case SAID_ROWS:
		say_rows(&r);
		break;
	case SAID_TAKEN:
		said_put_taken(session, &r, &row);
		break;
	case SAID_RECEIPT:
		said_put_receipt(session, &r, &row);
		break;
	case SAID_CURSORS:
		said_put_cursors(session, &r, &row);
		break;
	case SAID_UNHEARD:
		said_put_unheard(&r, &row);
		break;
	default:
		said_put_held(&r, &row);
	}
}

static void
say_message(const uint8_t *data, size_t size)
{
	struct buffer body = {0};

	if (size < 1)
		return;
	if (data[0] >= SAID_DENSE && data[0] < SAID_ENDS) {
		say_recipe(data, size);
		return;
	}
	if (data[0] == MESSAGE_DATA && size > 1)
		put_packed(&body, data[1], data + 2, size - 2);
	else
		put_bytes(&body, data + 1, size - 1);
	if (row.size + body.size > FRAME_PAYLOAD_MAX - 64)
		flush_row();
	if (body.size < FRAME_PAYLOAD_MAX - 64)
		message_put(&row, data[0], body.data, body.size);
	buffer_free(&body);
}

static void
say(const uint8_t *data, size_t size, uint8_t flags)
{
	bool sealed = (flags & 2) != 0;

	if (sealed && (flags & 8) != 0)
		say_message(data, size);
	else if (sealed)
		speaker_say(&speaker, session, data, size);
	else
		(void)session_receive(session, data, size, 2);
	look();
	if ((flags & 16) == 0)
		flush_row();
}

static void
feed(const uint8_t *data, size_t size, uint8_t flags)
{
	struct reader r;

	reader_init(&r, data, size);
	while (reader_left(&r) > 2) {
		size_t piece = read_u8(&r) + (size_t)16 * read_u8(&r);

		if (piece > reader_left(&r))
			piece = reader_left(&r);
		say(read_view(&r, piece), piece, flags);
		if (piece % 3 != 0) /* else the owner is slow */
			attend();
	}
	flush_row();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool initiator, sealed;

	if (size < 1)
		return 0;
	initiator = (data[0] & 1) != 0;
	sealed = (data[0] & 2) != 0;
	owner = initiator ? &clinic : &hub;
	begin(initiator, sealed, data[0]);
	if (sealed && (data[0] & 4) != 0)
		greet((data[0] & 64) != 0);
	look();
	feed(data + 1, size - 1, data[0]);
	attend();
	(void)session_expire(session, 1000000);
	session_closed(session);
	attend();
	expect(session_is_over(session));
	expect(owner->is_done != owner->has_failed);
	expect(session_receive(session, "x", 1, 3) ==
	       (owner->is_done ? ERR_OK : ERR_CLOSED));
	expect(!memory_work_once(owner, session));
	/* A stranger's bytes in clear are never a success. */
	expect(sealed || !owner->is_done);
	session_free(session);
	speaker_free(&speaker);
	said_end(&said);
	buffer_free(&row);
	return 0;
}

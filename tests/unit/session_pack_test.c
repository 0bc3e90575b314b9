/* session_pack: batches that no receiver takes in dense form do not stand in
 * the way of what is behind them; and what dense batches may cost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/heap.h"
#include "tests/unit/speaker.h"

/* --- large texts ---------------------------------------------------------- */

static void
expect_through(char letter, uint64_t bytes_max)
{
	struct ends e;

	memory_pair_make(&hub, &clinic);
	clinic.bytes_max = bytes_max;
	memory_list_make(&hub, "group", 3, 2, 49000)->letter = letter;
	memory_list_make(&clinic, "up", 3, 2, 49000)->letter = letter;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_int_equal(hub.taken, 2);
	assert_int_equal(clinic.taken, 2);
	assert_true(clinic.is_done && hub.is_done);
	ends_free(&e);
}

/* It would take more bytes than a batch may have. */
static void
test_text_that_no_dictionary_lists_goes_through(void **state)
{
	expect_through(1, 0);
	expect_through(1, 4000000);
}

/* It would decode to more than a receiver goes along with. */
static void
test_text_that_repeats_itself_goes_through(void **state)
{
	expect_through('a', 0);
	expect_through('a', 4000000);
}

/* --- a peer that takes nothing -------------------------------------------- */

static struct session *session;
static struct speaker speaker;

static void
say_hello_of(struct memory_node *n)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(n, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_HELLO, &body);
	buffer_free(&body);
}

/* The batch that waits was not taken. */
static void
refuse(void)
{
	struct receipt r = {.list = {"up", 3}};
	struct buffer body = {0};

	memory_must(receipt_create(&r, &body) == ERR_OK);
	buffer_clear(&speaker.heard);
	speaker_message(&speaker, session, MESSAGE_RECEIPT, &body);
	memory_work(&clinic, session);
	speaker_collect(&speaker, session);
	buffer_free(&body);
}

static void
test_what_is_refused_twice_goes_in_rows(void **state)
{
	memory_pair_make(&hub, &clinic);
	clinic.is_alone_author = false;
	memory_list_make(&clinic, "up", 3, 10, 50);
	session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	speaker_answer(&speaker, &hub, session);
	say_hello_of(&hub);
	memory_work(&clinic, session);
	assert_true(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	refuse();
	assert_true(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	refuse();
	assert_false(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_DATA, NULL));
	refuse();
	assert_true(speaker_heard(&speaker, MESSAGE_DATA, NULL));
	assert_false(clinic.has_failed);
	refuse();
	assert_true(clinic.has_failed);
	session_free(session);
	speaker_free(&speaker);
}

/* --- a peer that costs ---------------------------------------------------- */

static size_t most;

static void
look_at_memory(size_t before)
{
	size_t now = bytes_in_use();

	if (now > before && now - before > most)
		most = now - before;
}

/* A hub's session with much to send, and a clinic that has said hello. */
static void
call_hub(void)
{
	uint8_t class;

	memory_pair_make(&hub, &clinic);
	for (class = 0; class < CLASSES; class ++)
		memory_list_make(&hub, "group", class, 3, 60000);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	speaker_call(&speaker, &clinic, &hub, session, NULL, 0);
	say_hello_of(&clinic);
	memory_work(&hub, session);
}

static void
leave(void)
{
	session_free(session);
	speaker_free(&speaker);
}

static void
say(enum message_type type, const void *body, size_t size)
{
	struct buffer b = {0};

	put_bytes(&b, body, size);
	speaker_message(&speaker, session, type, &b);
	buffer_free(&b);
}

static void
expect_limit(void)
{
	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, REASON_LIMIT);
	leave();
}

/* Three changes; 57,000 bytes each are nearly the most there is. */
static struct batch *
bomb_make(uint64_t seq, size_t body_bytes)
{
	static uint8_t letters[CHANGE_BYTES_MAX];
	struct batch *b = calloc(1, sizeof *b);
	size_t i;

	memory_must(b != NULL);
	for (i = 0; i < sizeof letters; i++)
		letters[i] = (uint8_t)(i % 500 == 0 ? i / 500 : 'a');
	snprintf(b->list.name, sizeof b->list.name, "up");
	b->start = (struct cursor){7, seq, seq};
	b->end = (struct cursor){7, seq + 3, seq + 3};
	for (i = 0; i < 3; i++) {
		struct batch_change *c = &b->changes[b->change_count++];

		memcpy(c->id.life, clinic.life, LIFE_BYTES);
		c->id.seq = ++seq;
		c->body_at = b->bytes.size;
		c->body_bytes = body_bytes;
		put_bytes(&b->bytes, letters, c->body_bytes);
	}
	return b;
}

/* The body of its message, for class 0: a new coder's in any class. */
static void
pack_bomb(struct buffer *body, uint64_t seq, size_t body_bytes)
{
	const struct source none = {.context = NULL};
	const struct change_id last = {{0}, 0, 0};
	const struct known_lives lives = {.count = 0};
	struct batch *b = bomb_make(seq, body_bytes);
	struct packer *p;
	bool is_end = false;

	memory_must(packer_new(&p) == ERR_OK);
	memory_must(
	    packer_start(p, memory_books(), 0, &none, &last, 0) == ERR_OK);
	memory_must(packer_add(p, b, false, &lives) == ERR_OK);
	buffer_clear(body);
	put_u8(body, DENSE_END);
	while (!is_end)
		memory_must(packer_take(p, 16000, body, &is_end) == ERR_OK);
	packer_free(p);
	batch_free(b);
	free(b);
}

/* A batch that is never whole, up to the last byte that is taken. */
static void
leave_dense_open(uint8_t class)
{
	uint8_t part[16000] = {class, PACKED_BYTES_MAX % 251};
	size_t left = PACKED_BYTES_MAX;

	while (left > 0) {
		size_t n = left < sizeof part - 1 ? left : sizeof part - 1;

		say(MESSAGE_DENSE, part, n + 1);
		left -= n;
	}
}

enum { ROWS = 10 };

/* Most of a batch in rows, made before memory is measured. */
static void
make_rows(struct buffer rows[ROWS], uint8_t class)
{
	struct stream_writer *w;
	struct batch *b = bomb_make(0, 57000);
	size_t i;

	b->list.class = class;
	randombytes_buf(b->bytes.data, b->bytes.size);
	memory_must(stream_writer_new(&w, 3) == ERR_OK);
	memory_must(stream_writer_add(w, b) == ERR_OK);
	for (i = 0; i < ROWS; i++) {
		put_u8(&rows[i], class);
		memory_must(stream_writer_take(w, 14000, &rows[i]) == ERR_OK);
	}
	stream_writer_free(w);
	batch_free(b);
	free(b);
}

static void
leave_rows_open(struct buffer rows[ROWS])
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		say(MESSAGE_DATA, rows[i].data, rows[i].size);
		buffer_free(&rows[i]);
	}
}

static void
drink(size_t before)
{
	const uint8_t *out_bytes;
	size_t size;

	while ((size = session_output(session, &out_bytes)) > 0) {
		session_sent(session, size, 1);
		look_at_memory(before);
	}
}

/* In all classes: batches that decode to the most, then rows and dense ones
 * that are never whole; and what the session sends is never read. */
static void
test_session_memory_of_dense_batches_is_bounded(void **state)
{
	struct buffer rows[CLASSES][ROWS] = {{{0}}}, body = {0};
	size_t before;
	uint8_t class;

	(void)memory_books();
	for (class = 0; class < CLASSES; class ++)
		make_rows(rows[class], class);
	pack_bomb(&body, 0, 57000);
	before = bytes_in_use();
	most = 0;
	call_hub();
	for (class = 0; class < CLASSES; class ++) {
		body.data[0] = class | DENSE_END;
		say(MESSAGE_DENSE, body.data, body.size);
		look_at_memory(before);
		memory_work(&hub, session);
		assert_int_equal(hub.taken, 3 * (class + 1));
	}
	for (class = 0; class < CLASSES; class ++) {
		leave_rows_open(rows[class]);
		leave_dense_open(class);
		look_at_memory(before);
	}
	assert_false(session_is_over(session));
	print_message("# dense batches of one hostile peer: %zu bytes\n", most);
	if (heap_is_counted()) /* all four coders are there */
		assert_true(most > 4 * 4500000);
	assert_true(most < SESSION_PEER_MEMORY_MAX);
	/* What it is told it takes, and answers nothing. */
	drink(before);
	print_message("# and all that is sent to it: %zu bytes\n", most);
	assert_true(most < SESSION_MEMORY_MAX);
	/* One byte more is one too many. */
	say(MESSAGE_DENSE, "\3x", 2);
	expect_limit();
	buffer_free(&body);
}

/* The ninth coder of a class is not made. */
static void
test_session_begins_a_class_so_often(void **state)
{
	struct buffer body = {0};
	unsigned i;

	call_hub();
	for (i = 0; i <= PACKED_FRESH_MAX; i++) {
		pack_bomb(&body, 3 * i, 100);
		assert_false(session_is_over(session));
		say(MESSAGE_DENSE, body.data, body.size);
		memory_work(&hub, session);
	}
	assert_int_equal(hub.taken, 3 * PACKED_FRESH_MAX);
	expect_limit();
	buffer_free(&body);
}

/* Both ends hold one whose bodies are none. It is looked at when it is to be
 * used, and the session goes on from the shipped one. */
static void
test_a_dictionary_that_cannot_be_learned_is_passed_over(void **state)
{
	static const uint8_t bad[] = {1, 1, 'a', 9, 7, 7, 7, 7};
	uint32_t ids[CODEBOOK_MAX - 1];
	struct ends e;

	(void)state;
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 20, 150);
	memory_list_make(&hub, "group", 2, 20, 150);
	clinic.bytes_max = UINT64_C(1) << 40; /* both pack, then */
	assert_int_equal(codebook_add(memory_books(), bad, sizeof bad), ERR_OK);
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_int_equal(hub.taken, 20);
	assert_int_equal(clinic.taken, 20);
	assert_int_equal(codebook_ids(memory_books(), ids), 0);
	ends_free(&e);
	codebook_keep(memory_books(), NULL, 0);
}

static struct codebook *
books_with(const char *what)
{
	struct bytes listed = {(const uint8_t *)"a", 1};
	struct bytes body = {(const uint8_t *)what, strlen(what)};
	struct codebook *books;
	struct buffer d = {0};

	assert_int_equal(codebook_new(&books), ERR_OK);
	assert_int_equal(dictionary_make(&listed, &body, 1, &d), ERR_OK);
	assert_int_equal(codebook_add(books, d.data, d.size), ERR_OK);
	buffer_free(&d);
	return books;
}

static uint64_t
round_trips_for(uint64_t more)
{
	struct ends e;
	uint64_t trips;

	clinic.lists[0].count += more;
	clinic.is_done = hub.is_done = false;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_int_equal(hub.taken, clinic.lists[0].count);
	trips = session_stats(e.up).round_trips;
	ends_free(&e);
	return trips;
}

/* The clinic has an older one of the group's than the hub still keeps. Its
 * first flight is refused once, and the sessions after begin without it. */
static void
test_a_dictionary_that_the_parent_gave_up_is_refused_once(void **state)
{
	uint64_t first;

	(void)state;
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 0, 150);
	clinic.bytes_max = UINT64_C(1) << 40; /* it packs, then */
	clinic.books = books_with("old");
	hub.books = books_with("new");
	first = round_trips_for(3);
	assert_true(round_trips_for(3) < first);
	assert_true(round_trips_for(3) < first);
	codebook_free(clinic.books);
	codebook_free(hub.books);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_that_no_dictionary_lists_goes_through),
	    cmocka_unit_test(test_text_that_repeats_itself_goes_through),
	    cmocka_unit_test(test_what_is_refused_twice_goes_in_rows),
	    cmocka_unit_test(test_session_memory_of_dense_batches_is_bounded),
	    cmocka_unit_test(test_session_begins_a_class_so_often),
	    cmocka_unit_test(
	        test_a_dictionary_that_the_parent_gave_up_is_refused_once),
	    cmocka_unit_test(
	        test_a_dictionary_that_cannot_be_learned_is_passed_over),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* message: a body that is consumed is created with the same bytes; one that
 * is not leaves no trace. The first byte chooses the message. */

#include <stdlib.h>
#include <string.h>

#include "sync/message.h"
#include "tests/fuzz/fuzz.h"

static struct bytes body;

static void
expect(enum err e, struct buffer *again)
{
	if (e != ERR_OK || again->size != body.size ||
	    (body.size > 0 && memcmp(again->data, body.data, body.size) != 0))
		abort();
	buffer_free(again);
}

/* Consume into `got`, which keeps what it held if that fails. */
#define CHECK(type, consume_call, create_call)                                 \
	do {                                                                   \
		static type got, before;                                       \
		struct buffer again = {0};                                     \
		memset(&got, 0xee, sizeof got);                                \
		memset(&before, 0xee, sizeof before);                          \
		if ((consume_call) == ERR_OK)                                  \
			expect(create_call, &again);                           \
		else if (memcmp(&got, &before, sizeof got) != 0)               \
			abort();                                               \
	} while (0)

static void
check_receipt(void)
{
	struct buffer again = {0};
	struct receipt got;

	if (receipt_consume(&body, &got) != ERR_OK)
		return;
	expect(receipt_create(&got, &again), &again);
	receipt_free(&got);
}

static void
check_group_receipt(void)
{
	static const uint8_t key[KEY_BYTES] = {1};

	CHECK(struct group_receipt, group_receipt_consume(&body, &got),
	    group_receipt_create(&got, &again));
	{
		struct group_receipt g;

		if (group_receipt_consume(&body, &g) == ERR_OK &&
		    group_receipt_verify(&g, key) == ERR_OK)
			abort();
	}
}

static void
check_grant(void)
{
	struct buffer again = {0};
	uint64_t first, count;

	if (grant_consume(&body, &first, &count) == ERR_OK)
		expect(grant_create(first, count, &again), &again);
}

static void
check_chain(void)
{
	static struct cert chain[CERT_CHAIN_MAX];
	struct buffer again = {0};
	uint8_t root[KEY_BYTES];
	size_t count;

	if (chain_consume(body.data, body.size, root, chain, &count) != ERR_OK)
		return;
	expect(chain_create(root, chain, count, &again), &again);
	(void)cert_chain_verify(chain, count, root);
}

static void
check_row(void)
{
	struct buffer again = {0};
	struct reader r;
	struct message m;
	enum err e;

	reader_init(&r, body.data, body.size);
	while ((e = message_next(&r, &m)) == ERR_OK)
		message_put(&again, m.type, m.body.data, m.body.size);
	if (e == ERR_END)
		expect(buffer_state(&again), &again);
	buffer_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	body.data = data + 1;
	body.size = size - 1;
	switch (data[0] % 14) {
	case 0:
		CHECK(struct hello, hello_consume(&body, &got),
		    hello_create(&got, &again));
		break;
	case 1:
		CHECK(struct cursor_set, cursors_consume(&body, &got),
		    cursors_create(&got, &again));
		break;
	case 2:
		check_receipt();
		break;
	case 3:
		check_group_receipt();
		break;
	case 4:
		CHECK(enum reason, reason_consume(&body, &got),
		    reason_create(got, &again));
		break;
	case 5:
		check_grant();
		break;
	case 6:
		CHECK(struct join_request, join_consume(&body, &got),
		    join_create(&got, &again));
		break;
	case 7:
		CHECK(struct join_answer, welcome_consume(&body, &got),
		    welcome_create(&got, &again));
		break;
	case 8:
		check_chain();
		break;
	case 9:
		check_row();
		break;
	case 11:
		CHECK(struct taken, taken_consume(&body, &got),
		    taken_create(&got, &again));
		break;
	case 13:
		CHECK(struct unheard, unheard_consume(&body, &got),
		    unheard_create(&got, &again));
		break;
	case 12:
		CHECK(struct group_held, group_held_consume(&body, &got),
		    group_held_create(&got, &again));
		break;
	default:
		CHECK(struct withdrawn, withdrawn_consume(&body, &got),
		    withdrawn_create(&got, &again));
	}
	return 0;
}

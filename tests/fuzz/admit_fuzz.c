/* admit: batches of any bodies, from the parent who is believed and from a
 * child who signed them: each change is merged or kept apart, the rest goes
 * on, and what is merged can be shown. Twice is the same as once.
 *
 * First byte: bit 0: from below, bits 1-2: class. Then pieces: u16 length, a
 * change's body.
 */

#include "tests/fuzz/room.h"

enum { NOW = 1790000000 };

static struct batch batch;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return room_make();
}

static void
add_changes(const uint8_t *data, size_t size, uint8_t class, bool below)
{
	const struct self *from = below ? &room.clinic : &room.hub;
	struct reader r;

	batch_clear(&batch);
	snprintf(batch.list.name, sizeof batch.list.name, "%s",
	    below ? AUDIENCE_UP : AUDIENCE_GROUP);
	batch.list.class = class;
	batch.start = (struct cursor){7, 0, 0};
	reader_init(&r, data, size);
	while (reader_left(&r) > 2 && batch.change_count < 32) {
		struct batch_change *c = &batch.changes[batch.change_count++];
		size_t n = read_u16(&r);

		if (n > reader_left(&r))
			n = reader_left(&r);
		memset(c, 0, sizeof *c);
		memcpy(c->id.life, from->life, LIFE_BYTES);
		c->id.class = class;
		c->id.seq = batch.change_count;
		c->has_secret = below && batch.change_count == 1;
		memset(c->secret, 5, sizeof c->secret);
		c->month = 600;
		c->body_at = batch.bytes.size;
		c->body_bytes = n;
		put_bytes(&batch.bytes, read_view(&r, n), n);
	}
	batch.end = (struct cursor){7, batch.change_count, 99};
}

/* The clinic signs whatever it sends. */
static void
sign(uint8_t class)
{
	struct log_head h;
	size_t i;
	uint8_t secret[HASH_BYTES];

	memset(secret, 5, sizeof secret);
	pair_log_start(&h, room.clinic.life, class);
	for (i = 0; i < batch.change_count; i++)
		log_extend(&h, secret, &batch.changes[i].id,
		    batch_body(&batch, &batch.changes[i]),
		    batch.changes[i].body_bytes);
	log_sign(&h, room.clinic.signing_secret);
	batch.heads[0] = h;
	batch.head_count = batch.change_count > 0 ? 1 : 0;
}

static enum err
admit(struct txn *t, bool below, struct admitted *out)
{
	return below ? admit_from_below(t, &room.hub, &room.clinic.chain[0],
	                   &batch, NOW, out)
	             : admit_from_above(t, &room.clinic, &room.hub.chain[0],
	                   &batch, NOW, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct admitted first = {0}, again = {0};
	struct txn *t;
	uint8_t class;
	bool below;

	if (size < 1 || size > 100000)
		return 0;
	below = (data[0] & 1) != 0;
	class = data[0] >> 1 & 3;
	add_changes(data + 1, size - 1, class, below);
	if (below)
		sign(class);
	expect(
	    db_begin(below ? room.hub_db : room.clinic_db, true, &t) == ERR_OK);
	expect(admit(t, below, &first) == ERR_OK);
	expect(
	    first.fresh + first.receipt.exception_count == batch.change_count);
	expect(first.known == 0);
	expect(first.receipt.cursor.place == batch.change_count);
	fuzz_read_all(t);
	expect(admit(t, below, &again) == ERR_OK);
	expect(again.fresh == 0);
	expect(again.known == batch.change_count);
	admitted_free(&first);
	admitted_free(&again);
	txn_abort(t);
	batch_free(&batch);
	return 0;
}

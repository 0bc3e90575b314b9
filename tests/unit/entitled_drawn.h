/* entitled_drawn: histories that nobody thought of, drawn from seeds; whatever
 * order one is told in, the same is asked.
 */

#ifndef YIZHAN_TESTS_UNIT_ENTITLED_DRAWN_H
#define YIZHAN_TESTS_UNIT_ENTITLED_DRAWN_H

#include "tests/unit/entitled_room.h"

enum {
	DRAWN_PARTS_MAX = 9, /* of one history, the ids of its changes 10 apart
	                        from the next one's */
	DRAWN_OTHERS = 16,   /* rows of OTHERS_CONTRACT are bits from here on */
};

struct drawn {
	/* What part says is drawn anew from the seed each time it is told. */
	void (*tell)(
	    struct fixture *f, uint32_t seed, uint64_t n, unsigned part);
	unsigned parts; /* from 1 on */
	uint32_t seeds, orders;
};

struct drawn_rows {
	uint64_t history;
	uint32_t found; /* a bit for each part and code */
};

static inline uint32_t
draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

static inline enum err
drawn_see_row(void *context, const struct question *q)
{
	struct drawn_rows *r = context;
	struct change_id id;

	if ((q->code == FINDING_UNENTITLED ||
	        q->code == FINDING_OTHERS_CONTRACT) &&
	    matter_change_parse(q->field, &id) == ERR_OK &&
	    id.seq / 10 == r->history)
		r->found |=
		    1u << (id.seq % 10 +
		           (q->code == FINDING_UNENTITLED ? 0 : DRAWN_OTHERS));
	return ERR_OK;
}

static inline uint32_t
drawn_rows_of(struct fixture *f, uint64_t history)
{
	struct drawn_rows r = {.history = history};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, drawn_see_row, &r), ERR_OK);
	txn_abort(t);
	return r.found;
}

/* Order 0 is that of the parts. */
static inline void
drawn_tell_in_order(struct fixture *f, const struct drawn *d, uint32_t seed,
    uint64_t n, uint32_t order)
{
	uint32_t state = order;
	unsigned parts[DRAWN_PARTS_MAX], i;

	for (i = 0; i < d->parts; i++)
		parts[i] = i + 1;
	for (i = d->parts; order > 0 && i > 1; i--) {
		unsigned j = draw(&state, i), other = parts[j];

		parts[j] = parts[i - 1];
		parts[i - 1] = other;
	}
	for (i = 0; i < d->parts; i++)
		d->tell(f, seed, n, parts[i]);
}

/** The rows that any of them left. */
static inline uint32_t
drawn_expect_alike(struct fixture *f, const struct drawn *d)
{
	uint32_t seed, order, all = 0;
	uint64_t n = 0;

	for (seed = 1; seed <= d->seeds; seed++) {
		uint32_t wanted = 0;

		for (order = 0; order < d->orders; order++) {
			uint32_t found;

			drawn_tell_in_order(f, d, seed, ++n, order);
			found = drawn_rows_of(f, n);
			if (order == 0)
				wanted = found;
			if (found != wanted)
				print_error("seed %u, order %u\n",
				    (unsigned)seed, (unsigned)order);
			assert_int_equal(found, wanted);
		}
		all |= wanted;
	}
	return all;
}

#endif

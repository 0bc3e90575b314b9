/* line: one way of a link in virtual time: bytes in at one end, out at the
 * other, late and in order, as a TCP connection shows them.
 *
 * Bytes wait in the sender's kernel until the link is free, leave in segments,
 * and arrive a delay later. A lost segment arrives after a retransmission, and
 * all behind it no sooner; it takes the link's time twice. TCP's slow start is
 * not modelled: at 64 kbit/s and 600 ms the first ten segments are three times
 * what is under way. Nor are its acknowledgements. Time is in microseconds and
 * everything that is drawn comes from a seed, so a run can be told again.
 */

#ifndef YIZHAN_TESTS_LINK_LINE_H
#define YIZHAN_TESTS_LINK_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEVER UINT64_MAX

enum {
	SEGMENT_BYTES = 1460,
	HEADER_BYTES = 40, /* IP and TCP, without options */
	/* UNSENT_BYTES_MAX of api/tcp.c: below it a socket takes another
	 * frame. */
	UNSENT_BYTES = 512,
	RECEIVE_WINDOW_BYTES = 65536,
};

struct line_options {
	uint64_t rate_bps;      /* bits a second; 0: no limit */
	uint64_t delay_us;      /* one way */
	uint64_t retransmit_us; /* how much later a lost segment arrives */
	uint32_t loss_ppm;      /* of the segments, one in a million */
	uint32_t header_bytes;  /* of a segment, that take time as well */
	size_t unsent_max;      /* 0: UNSENT_BYTES */
};

struct line_counts {
	uint64_t bytes;          /* payload that left */
	uint64_t segments, lost; /* lost: drawn so; each may be so again */
};

struct line;

struct line *line_new(const struct line_options *o, uint64_t seed);
void line_free(struct line *l);

/** Whether the sender's kernel takes more: few bytes wait unsent. */
bool line_takes(const struct line *l);
/** Hand bytes to the kernel, which takes them all. mark comes out with the
 * first of them. */
void line_send(struct line *l, const void *bytes, size_t size, unsigned mark);
/** Nothing follows: the receiver sees the end behind the last byte. */
void line_end(struct line *l);

/** When something happens next; NEVER: nothing will. */
uint64_t line_next_us(const struct line *l);
/** Let time pass. It never goes back. */
void line_advance(struct line *l, uint64_t now_us);
/** Nothing leaves or arrives from now until then. */
void line_stall(struct line *l, uint64_t until_us);

/** What has arrived and was not read. */
size_t line_arrived(const struct line *l, const uint8_t **out);
/** Read so much of it. Returns the highest mark among it, 0: none. */
unsigned line_read(struct line *l, size_t size);
/** All was read and the sender had ended. */
bool line_is_at_end(const struct line *l);

size_t line_unsent(const struct line *l);
struct line_counts line_counts(const struct line *l);

#endif

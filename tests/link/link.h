/* link: a sync between two sites over a link in virtual time.
 *
 * Two exchanges on real stores, as agent/peer.c runs them, joined by two lines
 * (line.h). Nothing waits: the clock jumps to the next instant at which
 * something happens, so what is told of time and bytes is exact and comes from
 * the options and the seed alone.
 */

#ifndef YIZHAN_TESTS_LINK_LINK_H
#define YIZHAN_TESTS_LINK_LINK_H

#include "tests/link/line.h"
#include "tests/sim/world.h"

/* What becomes of a connection when its window is over. */
enum link_fate {
	LINK_DIES, /* both ends are told, and what is under way is lost */
	LINK_FALLS_SILENT, /* no byte moves any more and nobody is told */
	LINK_STALLS,       /* it goes on where it was in the next window */
};

/* The two ends of a link. */
enum link_end { LINK_CHILD = 0, LINK_PARENT = 1 };

struct link_options {
	struct line_options way[2]; /* from the child, from the parent */
	uint64_t commit_us[2];      /* what a job takes at either end */
	uint64_t up_us, down_us;    /* windows; up 0: always up */
	enum link_fate fate;
	uint64_t cut_after; /* bytes, as they arrive, both ways; NEVER */
	uint64_t seed;
};

struct link_result {
	enum err result[2];
	uint64_t bytes[2];     /* payload the ends gave to the link */
	uint64_t delivered[2]; /* of it what the other end got */
	uint64_t round_trips;  /* by what caused what; with TCP's own */
	uint64_t took_us;
	struct line_counts line[2];
	struct session_stats stats[2];
};

enum { LINK_FRAMES_MAX = 4096 };

/* After how many bytes, of both ways as they arrive, a frame was whole. */
struct link_frames {
	uint64_t at[LINK_FRAMES_MAX];
	size_t count;
};

struct link;

/** One rate both ways, a round trip of so many ms, a loss in percent. Headers
 * take time too; a lost segment comes a round trip and 200 ms later. */
struct link_options link_of(
    uint64_t rate_bps, uint64_t round_trip_ms, unsigned loss_percent);

/** Connect; the child asks the parent. Runs on the world's clock. */
struct link *link_open(struct world *w, const struct link_options *o,
    struct site *child, struct site *parent);
/** On to the next instant at which something happens. False: it is over. */
bool link_step(struct link *l);
/** Step as long as it goes and the next instant is not after that time. */
bool link_run_until(struct link *l, uint64_t us);
/** Since link_open(). */
uint64_t link_now_us(const struct link *l);
/** New records were made at an end: as api/op does after a save. */
void link_look_again(struct link *l, enum link_end end);
/** From now on note where frames end; *out lives as long as the link. */
void link_note_frames(struct link *l, struct link_frames *out);
/** The link dies at once. */
void link_cut(struct link *l);
/** Bytes given to the link by an end so far. */
uint64_t link_sent(const struct link *l, enum link_end end);
/** Bytes that an end has read so far. */
uint64_t link_read(const struct link *l, enum link_end end);
struct session *link_session(const struct link *l, enum link_end end);
/** End it if it is not over; what it came to. */
struct link_result link_close(struct link *l);

/** All of it at once. */
struct link_result link_run(struct world *w, const struct link_options *o,
    struct site *child, struct site *parent);

/** Where a list of the sender's is receipted, and how far the list goes. */
void link_places(struct site *sender, struct site *receiver, const char *list,
    uint8_t class, uint64_t *receipted, uint64_t *end);
/** And where the receiver has committed it to. */
uint64_t link_committed(struct site *sender, struct site *receiver,
    const char *list, uint8_t class);

#endif

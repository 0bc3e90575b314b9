/* world: a hub and clinics in one process, joined by a link that cuts.
 *
 * Real stores, real sessions, made-up time; every choice comes from a seed.
 */

#ifndef YIZHAN_TESTS_SIM_WORLD_H
#define YIZHAN_TESTS_SIM_WORLD_H

#include "api/exchange.h"
#include "store/enrol.h"

struct site {
	struct store *store;
	char dir[128];
	char letter;   /* its name's first, in the refs of its notes */
	unsigned made; /* records made here */
};

struct world {
	uint64_t seed; /* moves on with every draw */
	int64_t now;   /* seconds */
	uint64_t now_ms;
	size_t piece;       /* bytes the link takes at once; 0: as it comes */
	bool asks_for_rows; /* who answers */
	/* of the exchange that ended last, initiator's side */
	enum err result;
	enum reason reason;
	struct session_stats up, down;
};

uint64_t world_draw(struct world *w, uint64_t below);

/** A new store in a new directory below the working directory. */
void site_make(
    struct world *w, struct site *s, enum node_role role, const char *name);
void site_close(struct site *s);
/** Close and open again, as after a restart. */
void site_reopen(struct world *w, struct site *s);

/* A store's files, to be put back as they were. */
struct site_copy {
	struct buffer data, marker;
	unsigned made;
};

void site_save(struct world *w, struct site *s, struct site_copy *out);
/** As it was, in the same life: nothing shows that it is a copy. */
void site_restore(
    struct world *w, struct site *s, const struct site_copy *copy);
void site_copy_free(struct site_copy *copy);
/** How many changes it holds, of whomever. */
uint64_t site_changes(struct site *s);

/** One end of an exchange at a site; its clock is the world's. */
struct exchange *world_exchange(struct world *w, struct site *s,
    enum session_purpose purpose, const char *code);
/** What the writer does with a job: run it, commit, tell. */
void site_do(struct site *s, struct exchange *x, struct writer_job *job);
/** A transaction at a site; whoever takes it ends it. */
struct txn *site_begin(struct site *s, bool write);

/** Run the rest of an exchange between two sites. cut_after: bytes (both
 * ways) after which the link dies; SIZE_MAX: never. */
void world_run(struct world *w, struct site *initiator, struct site *answerer,
    enum session_purpose purpose, const char *code, size_t cut_after);

/** Join through an invite for an org. */
void world_join(
    struct world *w, struct site *hub, struct site *clinic, const char *org);

/** One record or amendment at a site, for an org. */
void world_make_resident(struct world *w, struct site *s, const char *org);
void world_amend_resident(
    struct world *w, struct site *s, const char *org, unsigned which);
/** Records made here of any class in one transaction, each with a note of so
 * many bytes that no dictionary makes shorter. */
void world_make_notes(struct world *w, struct site *s, const char *org,
    uint8_t class, size_t note_bytes, unsigned count);
void world_make_org(
    struct world *w, struct site *hub, const char *ref, const char *parent);

/** Every record of a site as one text, in key order. free() it. */
char *site_text(struct site *s, const char *kind);
uint64_t site_waiting(struct site *s);
uint64_t site_at_group(struct site *s);
uint64_t site_questions(struct site *s);

#endif

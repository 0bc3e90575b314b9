/* record: sessions between a hub and a clinic, and what the C side made of
 * them, for the decoder in Python (tests/interop/decoder).
 *
 * usage: record SAMPLE_FOLDER SEED OUT
 *
 * Real stores and sessions (tests/sim/world.h). Calls of the session are
 * wrapped by the linker: what goes in and comes out is written down, every
 * key, every piece of the link, every message that was taken apart with its
 * fields, every batch, and before each session where both sides stand.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/admit.h"
#include "store/import.h"
#include "store/withdraw.h"
#include "sync/session_state.h"
#include "tests/interop/account.h"
#include "tests/sim/world.h"

enum { LINE_BYTES_MAX = 16384 };

#define MUST(call)                                                             \
	do {                                                                   \
		enum err must_e = (call);                                      \
		if (must_e != ERR_OK) {                                        \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
			    #call, err_name(must_e));                          \
			exit(1);                                               \
		}                                                              \
	} while (0)

static const char *sample;
static struct site hub, clinic;

/* --- what is exchanged ------------------------------------------------- */

static FILE *
sample_open(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", sample, name);
	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	return f;
}

/* Import `count` lines of a file that hold `with`, after `skip` of them. */
static void
import_lines(struct world *w, struct site *s, const char *name,
    const char *with, unsigned skip, unsigned count)
{
	struct import_options o = {.source = "his", .now = w->now};
	static char line[LINE_BYTES_MAX];
	struct txn *t = site_begin(s, true);
	struct import *im;
	FILE *f = sample_open(name);
	size_t taken;

	MUST(import_new(&im, &o));
	while (count > 0 && fgets(line, sizeof line, f) != NULL) {
		if (strstr(line, with) == NULL)
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		MUST(import_feed(im, line, strlen(line), &taken));
		count--;
	}
	fclose(f);
	import_finish(im);
	if (import_is_ready(im))
		MUST(import_run(im, t));
	MUST(txn_commit(t));
	import_committed(im);
	import_free(im);
	w->now += 600;
}

/* Values of every form, of kinds and fields with and without numbers. */
static json_t *
odd_fields(unsigned which)
{
	static const char *const texts[] = {
	    "{\"name\":\"欧阳\\u3400𠀀\",\"x_small\":1e-7,\"x_half\":172.5,"
	    "\"x_minus\":-12,\"x_least\":-9223372036854775808,"
	    "\"x_most\":9223372036854775807,\"x_yes\":true,\"x_no\":false,"
	    "\"x_nothing\":null,\"x_empty\":\"\"}",
	    "{\"birth_date\":\"1899-12-31\",\"x_day\":\"9999-12-31\","
	    "\"x_at\":\"2026-05-01T23:59:59+08:00\",\"x_ref\":\"ref:R000001\","
	    "\"x_rows\":[{\"a\":1,\"b\":[1,-2.25,[]],\"c\":{}},{}],"
	    "\"x_no_day\":\"2026-02-30\"}",
	    "{\"x_long\":\"血压140/90mmHg，心率72次/分；血压140/"
	    "90mmHg，心率72次/分；"
	    "头晕3天，伴恶心，无呕吐。The quick brown fox jumps over 13 lazy "
	    "dogs "
	    "🙂 "
	    "twice\",\"phone\":null,\"allergies\":[{\"substance\":\"青霉素\","
	    "\"status\":\"active\",\"x_more\":0.1}]}",
	};

	return json_loads(texts[which % 3], JSON_DECODE_ANY, NULL);
}

static void
make_odd(struct world *w, struct site *s, const char *kind, const char *org,
    unsigned which, int64_t occurred_at)
{
	struct txn *t = site_begin(s, true);
	struct self self;
	struct change c;

	MUST(self_read(t, &self));
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	if (which == 0)
		c.founds = true;
	else
		snprintf(c.record.ref, sizeof c.record.ref, "odd-%u", which);
	snprintf(c.by, sizeof c.by, "S0002");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.clock = which % 3 == 1 ? CLOCK_SUSPECT : CLOCK_OK;
	c.occurred_at = occurred_at;
	c.recorded_at = w->now++;
	c.fields = odd_fields(which);
	if (c.fields == NULL)
		abort();
	MUST(admit_own(t, &self, &c, 2));
	change_clear(&c);
	self_wipe(&self);
	MUST(txn_commit(t));
}

static void
withdraw(struct world *w, struct site *whom)
{
	struct txn *t = site_begin(whom, false);
	struct self self;
	struct node n;
	uint8_t id[NODE_ID_BYTES];

	MUST(self_read(t, &self));
	memcpy(id, self.id, sizeof id);
	txn_abort(t);
	t = site_begin(&hub, true);
	MUST(self_read(t, &self));
	MUST(withdraw_node(t, &self, id, "lost", w->now, &n));
	MUST(txn_commit(t));
	self_wipe(&self);
}

/* --- the sessions ------------------------------------------------------ */

static void
sync(struct world *w, const char *name, enum err expected)
{
	account_next(name, &hub, &clinic);
	world_run(w, &clinic, &hub, SESSION_SYNC, NULL, SIZE_MAX);
	account_end();
	w->now += 3600;
	if (w->result != expected) {
		fprintf(stderr, "%s: %s\n", name, err_name(w->result));
		exit(1);
	}
}

static void
join(struct world *w)
{
	account_next("join", &hub, NULL);
	world_join(w, &hub, &clinic, "C01");
	account_end();
}

static void
first(struct world *w)
{
	import_lines(w, &hub, "reference.ndjson", "\"org\"", 0, 5);
	import_lines(w, &hub, "reference.ndjson", "\"staff\"", 0, 6);
	import_lines(w, &hub, "reference.ndjson", "\"drug\"", 0, 6);
	import_lines(w, &clinic, "residents.ndjson", "\"ref:C01\"", 0, 8);
	import_lines(w, &clinic, "contracts.ndjson", "\"ref:C01\"", 0, 3);
	import_lines(w, &clinic, "day-2026-05-01.ndjson", "\"ref:C01\"", 0, 8);
	sync(w, "dense, fresh", ERR_OK);
	sync(w, "nothing new", ERR_OK);
}

static void
second(struct world *w)
{
	import_lines(w, &hub, "reference.ndjson", "\"staff\"", 6, 3);
	world_make_resident(w, &hub, "C01");
	make_odd(w, &hub, "resident", "C01", 1, w->now);
	import_lines(w, &clinic, "day-2026-05-01.ndjson", "\"ref:C01\"", 8, 6);
	make_odd(w, &clinic, "resident", "C01", 0, w->now);
	make_odd(w, &clinic, "resident", "C01", 1, -90000);
	make_odd(w, &clinic, "resident", "C01", 2, w->now + 5);
	make_odd(w, &clinic, "gadget", "C01", 3, w->now);
	make_odd(w, &clinic, "encounter", "C01", 4, w->now);
	world_make_resident(w, &clinic, "C01");
	world_amend_resident(w, &clinic, "C01", 0);
	world_make_resident(w, &clinic, "C99");
	world_make_notes(w, &clinic, "C01", 0, 20, 2);
	world_make_notes(w, &clinic, "C01", 1, 20, 2);
	sync(w, "dense, with history and exceptions", ERR_OK);
}

static void
rows(struct world *w)
{
	world_make_notes(w, &clinic, "C01", 3, 8, 140);
	world_make_notes(w, &hub, "C01", 3, 8, 140);
	w->piece = 1 << 20; /* a fast link */
	sync(w, "rows", ERR_OK);
	w->piece = 0;
	world_make_resident(w, &clinic, "C01");
	world_make_notes(w, &clinic, "C01", 3, 8, 2);
	sync(w, "dense after rows", ERR_OK);
}

/* Of so many the next dense batch learns, where much waits. */
static void
long_history(struct world *w)
{
	world_make_notes(w, &clinic, "C01", 3, 4, 480);
	w->piece = 1 << 20;
	sync(w, "rows of many", ERR_OK);
	w->piece = 0;
	world_make_notes(w, &clinic, "C01", 3, 4, PACK_MANY);
	sync(w, "dense with a long history", ERR_OK);
}

static void
asked_for_rows(struct world *w)
{
	world_make_notes(w, &clinic, "C01", 2, 30, 20);
	w->asks_for_rows = true;
	sync(w, "asked for rows", ERR_OK);
	w->asks_for_rows = false;
}

static void
bounded(struct world *w)
{
	world_make_notes(w, &clinic, "C01", 2, 300, 20);
	world_make_notes(w, &hub, "C01", 2, 300, 20);
	account_bound(5000);
	sync(w, "with a bound", ERR_OK);
	account_bound(0);
	sync(w, "what was kept back", ERR_OK);
}

/* The clinic forgets what it heard of a session, and what it got in it. */
static void
forgetful(struct world *w)
{
	struct site_copy copy;

	world_make_notes(w, &clinic, "C01", 2, 40, 3);
	world_make_notes(w, &hub, "C01", 2, 40, 3);
	site_save(w, &clinic, &copy);
	sync(w, "forgotten by the clinic", ERR_OK);
	site_restore(w, &clinic, &copy);
	site_copy_free(&copy);
	account_put_back();
	sync(w, "cursors and settled", ERR_OK);
}

/* The clinic's store is put back and goes on otherwise. */
static void
older_copy(struct world *w)
{
	struct site_copy copy;

	site_save(w, &clinic, &copy);
	world_make_notes(w, &clinic, "C01", 2, 10, 3);
	sync(w, "forgotten by the clinic's store", ERR_OK);
	site_restore(w, &clinic, &copy);
	site_copy_free(&copy);
	world_make_notes(w, &clinic, "C01", 2, 10, 2);
	account_put_back();
	sync(w, "an older copy", ERR_CLOSED);
	account_put_back();
	sync(w, "a new life", ERR_OK);
	account_put_back();
	sync(w, "written again in the new life", ERR_OK);
}

static void
withdrawn(struct world *w)
{
	struct site other;

	site_make(w, &other, ROLE_CLINIC, "other");
	account_stop();
	world_join(w, &hub, &other, "C01");
	withdraw(w, &other);
	site_close(&other);
	sync(w, "revocation list", ERR_OK);
	world_make_resident(w, &clinic, "C01");
	withdraw(w, &clinic);
	sync(w, "withdrawn", ERR_NOT_ALLOWED);
}

int
main(int argc, char **argv)
{
	struct world w = {.now = 1777651200, .now_ms = 1000};

	if (argc != 4 || sodium_init() < 0) {
		fprintf(stderr, "usage: record SAMPLE_FOLDER SEED OUT\n");
		return 2;
	}
	sample = argv[1];
	w.seed = strtoull(argv[2], NULL, 10);
	site_make(&w, &hub, ROLE_HUB, "hub");
	site_make(&w, &clinic, ROLE_CLINIC, "clinic");
	join(&w);
	first(&w);
	second(&w);
	older_copy(&w);
	rows(&w);
	long_history(&w);
	asked_for_rows(&w);
	bounded(&w);
	forgetful(&w);
	withdrawn(&w);
	site_close(&clinic);
	site_close(&hub);
	return account_write(argv[3]) ? 0 : 1;
}

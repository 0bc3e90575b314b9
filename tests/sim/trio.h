/* trio: a hub and two clinics with real stores, what they wrote, and what has
 * to hold whatever was done to their sessions.
 */

#ifndef YIZHAN_TESTS_SIM_TRIO_H
#define YIZHAN_TESTS_SIM_TRIO_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/api.h"
#include "store/list.h"
#include "store/log.h"
#include "tests/sim/world.h"

enum { CLINICS = 2, SITES = CLINICS + 1, HUB = CLINICS, HUB_REFS = 1000000 };

static const char *const orgs[CLINICS] = {"C01", "C02"};
static const char *const names[SITES] = {"clinic-1", "clinic-2", "hub"};

static struct world w = {.now = 1780000000, .now_ms = 1};
static struct site site[SITES];
static struct self self[SITES];
static uint64_t first_seed = 20261122;
static unsigned round_number;
static const char *twisted = ""; /* how, last */
static bool owes_word; /* the group's word on something may be missing */

#define CHECK(truth)                                                           \
	do {                                                                   \
		if (!(truth)) {                                                \
			fprintf(stderr,                                        \
			    "seed %llu, round %u, %s, line %d: %s\n",          \
			    (unsigned long long)first_seed, round_number,      \
			    twisted, __LINE__, #truth);                        \
			exit(1);                                               \
		}                                                              \
	} while (0)

/* --- what was written ------------------------------------------------------
 * Records are written once and never amended, so a line of a site's text is
 * there as its author made it, or wrong.
 */

static char **lines;
static size_t line_count;

static inline int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline bool
is_written(const char *line)
{
	return line_count > 0 && bsearch(&line, lines, line_count,
	                             sizeof *lines, by_text) != NULL;
}

/* Each line of all records of a site; the text holds zeros afterwards. */
static inline void
each_line(struct site *s, void (*visit)(char *line))
{
	static const char *const kinds[] = {"resident", "org"};
	size_t i;

	for (i = 0; i < 2; i++) {
		char *text = site_text(s, kinds[i]), *at, *rest = text;

		while ((at = strsep(&rest, "\n")) != NULL)
			if (*at != '\0')
				visit(at);
		free(text);
	}
}

static inline void
note_line(char *line)
{
	if (is_written(line))
		return;
	lines = realloc(lines, (line_count + 1) * sizeof *lines);
	CHECK(lines != NULL);
	lines[line_count] = strdup(line);
	CHECK(lines[line_count++] != NULL);
	qsort(lines, line_count, sizeof *lines, by_text);
}

static inline void
check_line(char *line)
{
	if (!is_written(line))
		fprintf(stderr, "nobody wrote %s\n", line);
	CHECK(is_written(line));
}

static inline void
write_notes(size_t i, uint8_t class, unsigned count)
{
	world_make_notes(&w, &site[i],
	    orgs[i == HUB ? world_draw(&w, CLINICS) : i], class,
	    10 + (size_t)world_draw(&w, 200), count);
	each_line(&site[i], note_line);
}

static inline void
write_something(void)
{
	size_t i;

	for (i = 0; i < SITES; i++) {
		unsigned batches = (unsigned)world_draw(&w, 3);

		each_line(&site[i], note_line);
		while (batches-- > 0)
			write_notes(i, (uint8_t)world_draw(&w, CLASSES),
			    1 + (unsigned)world_draw(&w, 12));
	}
}

/* --- checkers ------------------------------------------------------------- */

static inline enum err
hear(void *context, const json_t *object)
{
	const json_t *done = json_object_get(object, "done");

	if (done != NULL)
		*(json_int_t *)context =
		    json_integer_value(json_object_get(done, "exit"));
	return ERR_OK;
}

/* What `yizhan verify` does. */
static inline void
check_store(struct site *s)
{
	json_int_t code = -1;
	struct api a = {.store = s->store};
	struct api_sink sink = {hear, &code};
	json_t *request = json_pack("{s:s}", "op", "verify");

	CHECK(api_run(&a, request, NULL, &sink) == API_DONE);
	CHECK(code == API_DONE);
	json_decref(request);
	each_line(s, check_line);
}

/* The hub's copy of a clinic's log is the beginning of that log; how long all
 * of them are. */
static inline uint64_t
check_logs(size_t c)
{
	struct txn *here = site_begin(&site[c], false);
	struct txn *there = site_begin(&site[HUB], false);
	uint64_t sum = 0;
	uint8_t class;

	for (class = 0; class < CLASSES; class ++) {
		struct change_id last = {.class = class};
		struct log_head copy, own;

		CHECK(
		    log_head_read(there, self[c].life, class, &copy) == ERR_OK);
		if (copy.seq == 0)
			continue;
		memcpy(last.life, self[c].life, LIFE_BYTES);
		last.seq = copy.seq;
		CHECK(log_chain_at(here, &self[c], &last, &own) == ERR_OK);
		CHECK(memcmp(own.chain, copy.chain, HASH_BYTES) == 0);
		sum += copy.seq;
	}
	txn_abort(here);
	txn_abort(there);
	return sum;
}

/* No receipt goes beyond what its receiver has committed. */
static inline void
check_receipts(size_t from, size_t to)
{
	static struct cursor_set said;
	struct txn *here = site_begin(&site[from], false);
	struct txn *there = site_begin(&site[to], false);
	struct cursor held;
	size_t i;

	CHECK(cursor_read_all(here, self[to].id, CURSOR_PEER, &said) == ERR_OK);
	for (i = 0; i < said.count; i++) {
		CHECK(cursor_read(there, self[from].id, CURSOR_OWN,
		          &said.item[i].list, &held) == ERR_OK);
		CHECK(said.item[i].cursor.place == 0 ||
		      said.item[i].cursor.epoch == held.epoch);
		CHECK(said.item[i].cursor.place <= held.place);
	}
	txn_abort(here);
	txn_abort(there);
}

static inline void
check_all(bool has_keys)
{
	size_t c;

	for (c = 0; c < SITES; c++)
		check_store(&site[c]);
	for (c = 0; c < CLINICS; c++) {
		CHECK(site_at_group(&site[c]) <= check_logs(c));
		if (has_keys)
			continue;
		check_receipts(c, HUB);
		check_receipts(HUB, c);
	}
}

static inline size_t
text_size(struct site *s)
{
	char *text = site_text(s, "resident");
	size_t n = strlen(text);

	free(text);
	return n;
}

/* Honest sessions make everything good. Who held the keys may have kept back
 * what the group said of a batch; it says it again with the next one. */
static inline void
check_equal_in_the_end(void)
{
	uint64_t made = 0;
	size_t i;

	for (i = 0; owes_word && i < CLINICS; i++)
		write_notes(i, 3, 1);
	owes_word = false;
	for (i = 0; i < 3 * CLINICS; i++) {
		world_run(&w, &site[i % CLINICS], &site[HUB], SESSION_SYNC,
		    NULL, SIZE_MAX);
		CHECK(i < CLINICS || w.result == ERR_OK);
	}
	CHECK(w.up.changes_sent + w.up.changes_received == 0);
	for (i = 0; i < CLINICS; i++) {
		CHECK(site_waiting(&site[i]) == 0);
		CHECK(site_at_group(&site[i]) == site[i].made);
		CHECK(check_logs(i) == site[i].made);
		made += site[i].made;
	}
	for (i = 0; i < SITES; i++)
		CHECK(site_questions(&site[i]) == 0);
	CHECK(site_changes(&site[HUB]) ==
	      made + site[HUB].made - HUB_REFS + CLINICS); /* and the orgs */
	/* Each clinic has its org's, the hub has both's. */
	CHECK(
	    text_size(&site[0]) + text_size(&site[1]) == text_size(&site[HUB]));
}

/* --- making and unmaking -------------------------------------------------- */

static inline void
make_sites(void)
{
	size_t i;

	for (i = 0; i < SITES; i++)
		site_make(
		    &w, &site[i], i == HUB ? ROLE_HUB : ROLE_CLINIC, names[i]);
	for (i = 0; i < CLINICS; i++)
		world_make_org(&w, &site[HUB], orgs[i], NULL);
	for (i = 0; i < CLINICS; i++)
		world_join(&w, &site[HUB], &site[i], orgs[i]);
	for (i = 0; i < SITES; i++) {
		struct txn *t = site_begin(&site[i], false);

		CHECK(self_read(t, &self[i]) == ERR_OK);
		txn_abort(t);
		/* Refs count on from there: the hub's are no clinic's. */
		site[i].made = i == HUB ? HUB_REFS : 0;
	}
	write_something();
	check_equal_in_the_end();
}

static inline void
remove_sites(void)
{
	size_t i;

	for (i = 0; i < SITES; i++) {
		self_wipe(&self[i]);
		site_close(&site[i]);
	}
	for (i = 0; i < line_count; i++)
		free(lines[i]);
	free(lines);
}

#endif

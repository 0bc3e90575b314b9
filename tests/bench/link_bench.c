/* link_bench: bytes, round trips and seconds of a clinic's syncs over links in
 * virtual time (tests/link): exact, and the same on every machine.
 *
 * usage: link_bench [--org C01] [--first N] [--day N] [--updates N]
 *                   [--foreign SEED] [--lines FILE] [--json FILE] FILE.ndjson
 *
 * The file is a whole group in the exchange format, the stock before the
 * visits, as tests/corpus/generate.py writes it. Reference data goes to the
 * hub; what the org and those below it wrote goes to one clinic. --foreign
 * rewrites the texts of all but the reference data (foreign.h); --lines writes
 * the file's lines as they are then used. Beside each step stands what general
 * compressors make of its records (floor.h).
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "store/import.h"
#include "tests/bench/floor.h"
#include "tests/bench/foreign.h"
#include "tests/link/link.h"
#include "tests/link/place.h"

enum { LINES_MAX = 2000000, WINDOWS_MAX = 400, GAP_S = 600 };
/* What one clinic does, in order. */
enum { STEP_FIRST, STEP_NOTHING, STEP_ONE, STEP_DAY, STEP_UPDATES, STEPS };

struct lines {
	char **at;
	size_t count, room;
};

static struct {
	const char *org;
	size_t first, day, updates, foreign; /* foreign 0: as it is */
	const char *json, *lines;
} o = {.org = "C01", .first = 10000, .day = 60, .updates = 20};

static struct lines reference, stock, visits, referrals;
static json_t *parents; /* org: the one above */
static json_t *rows;

static struct world w;
static struct site hub, clinic;

static struct foreign foreign;
static struct floor_input given;   /* since the last step */
static struct floor floors[STEPS]; /* the same over every link */

static void
fail(const char *what)
{
	fprintf(stderr, "link_bench: %s\n", what);
	exit(1);
}

/* --- the file ---------------------------------------------------------- */

static void
keep(struct lines *l, const char *line)
{
	if (l->count == l->room) {
		l->room = l->room == 0 ? 1024 : 2 * l->room;
		l->at = realloc(l->at, l->room * sizeof *l->at);
		if (l->at == NULL)
			fail("no memory");
	}
	l->at[l->count] = strdup(line);
	if (l->at[l->count++] == NULL)
		fail("no memory");
}

static const char *
ref_of(const json_t *record, const char *field)
{
	const char *text = json_string_value(json_object_get(record, field));

	if (text == NULL)
		return "";
	return strncmp(text, "ref:", 4) == 0 ? text + 4 : text;
}

static bool
is_below(const char *org)
{
	int depth;

	for (depth = 0; org != NULL && depth < 8; depth++) {
		if (strcmp(org, o.org) == 0)
			return true;
		org = json_string_value(json_object_get(parents, org));
	}
	return false;
}

static bool
is_reference(const char *kind)
{
	static const char *const kinds[] = {
	    "org", "staff", "practice_site", "team", "drug"};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static void
sort_line(char *line, FILE *lines)
{
	json_t *record = json_loads(line, 0, NULL);
	const char *kind = ref_of(record, "kind");

	if (strcmp(kind, "org") == 0)
		json_object_set_new(parents, ref_of(record, "ref"),
		    json_string(ref_of(record, "parent_org_id")));
	if (o.foreign > 0 && !is_reference(kind))
		foreign_rewrite(&foreign, line);
	if (lines != NULL && fputs(line, lines) == EOF)
		fail("the lines cannot be written");
	if (is_reference(kind))
		keep(&reference, line);
	else if (!is_below(ref_of(record, "org_id")))
		; /* another clinic's */
	else if (strcmp(kind, "encounter") == 0)
		keep(&visits, line);
	else if (strcmp(kind, "referral") == 0)
		keep(&referrals, line);
	else if (visits.count == 0)
		keep(&stock, line);
	json_decref(record);
}

static void
read_file(const char *path)
{
	FILE *f = fopen(path, "r"), *lines = NULL;
	char *line = NULL;
	size_t room = 0;

	if (f == NULL)
		fail("the file cannot be read");
	if (o.lines != NULL && (lines = fopen(o.lines, "w")) == NULL)
		fail("the lines cannot be written");
	parents = json_object();
	while (getline(&line, &room, f) > 0)
		sort_line(line, lines);
	free(line);
	fclose(f);
	if (lines != NULL && fclose(lines) != 0)
		fail("the lines cannot be written");
	if (visits.count < o.first + o.day + 1)
		fail("too few encounters in it");
}

/* --- a group ----------------------------------------------------------- */

static void
run_import(struct site *s, struct import *im)
{
	struct txn *t = site_begin(s, true);

	if (import_run(im, t) != ERR_OK || txn_commit(t) != ERR_OK)
		fail("the import failed");
	import_committed(im);
}

static void
give_text(struct site *s, struct import *im, const char *text)
{
	size_t size = strlen(text), taken;
	enum err e;

	do {
		e = import_feed(im, text, size, &taken);
		text += taken;
		size -= taken;
		if (e == ERR_BUSY)
			run_import(s, im);
	} while (e == ERR_BUSY);
	if (e != ERR_OK)
		fail("the import failed");
}

static void
give(struct site *s, const struct lines *l, size_t from, size_t count)
{
	struct import_options io = {.source = "his", .now = w.now};
	struct import *im;
	size_t i;

	if (import_new(&im, &io) != ERR_OK)
		fail("no memory");
	for (i = from; i < l->count && i < from + count; i++) {
		give_text(s, im, l->at[i]);
		if (s == &clinic && floor_line(&given, l->at[i]) != ERR_OK)
			fail("no memory");
	}
	import_finish(im);
	while (import_is_ready(im))
		run_import(s, im);
	if (import_counts(im)->refused > 0)
		fprintf(stderr, "link_bench: %llu lines were refused\n",
		    (unsigned long long)import_counts(im)->refused);
	import_free(im);
}

static struct link_result
sync_over(const struct link_options *link)
{
	struct link_result r = link_run(&w, link, &clinic, &hub);

	if (r.result[0] != ERR_OK || r.result[1] != ERR_OK)
		fail("a session failed");
	return r;
}

/* Enrolled, its stock at the group, and all receipts told. */
static void
make_group(void)
{
	struct link_options fast = link_of(10000000, 20, 0);
	int i;

	w = (struct world){.seed = 1, .now = 1795700000, .now_ms = 1};
	site_make(&w, &hub, ROLE_HUB, "hub");
	site_make(&w, &clinic, ROLE_CLINIC, "clinic");
	give(&hub, &reference, 0, reference.count);
	world_join(&w, &hub, &clinic, o.org);
	give(&clinic, &stock, 0, stock.count);
	for (i = 0; i < 2; i++)
		(void)sync_over(&fast);
}

static void
close_group(void)
{
	site_close(&clinic);
	site_close(&hub);
}

/* --- steps of one clinic ----------------------------------------------- */

struct named_link {
	const char *name;
	uint64_t rate_bps, round_trip_ms;
};

static void
add_sizes(json_t *out, const char *name, const struct floor_sizes *z)
{
	char key[32];

	snprintf(key, sizeof key, "%s_bytes", name);
	json_object_set_new(out, key, json_integer((json_int_t)z->bytes));
	snprintf(key, sizeof key, "%s_zstd_19", name);
	json_object_set_new(out, key, json_integer((json_int_t)z->zstd_19));
	snprintf(key, sizeof key, "%s_xz_9e", name);
	json_object_set_new(out, key,
	    z->xz_9e == 0 && z->bytes > 0 ? json_null()
	                                  : json_integer((json_int_t)z->xz_9e));
}

/* floor NULL: it has none. */
static void
row(const char *what, const struct named_link *n, const struct link_result *r,
    const struct floor *floor)
{
	json_t *out = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f}",
	    "what", what, "link", n->name, "up", (json_int_t)r->bytes[0],
	    "down", (json_int_t)r->bytes[1], "round_trips",
	    (json_int_t)r->round_trips, "round_trips_told",
	    (json_int_t)r->stats[0].round_trips, "changes",
	    (json_int_t)r->stats[0].changes_sent, "seconds",
	    (double)r->took_us / 1e6);

	printf("%-28s %-14s %9llu %9llu %6llu %10.2f", what, n->name,
	    (unsigned long long)r->bytes[0], (unsigned long long)r->bytes[1],
	    (unsigned long long)r->round_trips, (double)r->took_us / 1e6);
	if (floor != NULL) {
		printf(" %9zu %9zu %9zu %9zu", floor->json.zstd_19,
		    floor->json.xz_9e, floor->plain.zstd_19,
		    floor->plain.xz_9e);
		add_sizes(out, "json", &floor->json);
		add_sizes(out, "plain", &floor->plain);
	}
	putchar('\n');
	json_array_append_new(rows, out);
}

static void
begin_step(void)
{
	if (floor_begin(&given, &clinic) != ERR_OK)
		fail("the lists cannot be read");
}

static void
step(unsigned number, const char *what, const struct named_link *n)
{
	struct link_options link = link_of(n->rate_bps, n->round_trip_ms, 0);
	struct floor *floor = &floors[number];
	struct link_result r;

	if (!floor->is_known && floor_end(&given, &clinic, floor) != ERR_OK)
		fail("a step's records cannot be compressed");
	r = sync_over(&link);
	row(what, n, &r, floor);
	begin_step();
}

/* A resident again, later and with another phone. */
static void
keep_updated(struct lines *updates, json_t *record)
{
	struct buffer line = {0};
	char *text;

	json_object_set_new(
	    record, "phone", json_sprintf("1290000%04zu", updates->count));
	json_object_set_new(
	    record, "at", json_string("2026-11-20T09:00:00+08:00"));
	text = json_dumps(record, JSON_COMPACT);
	if (text == NULL)
		fail("no memory");
	put_bytes(&line, text, strlen(text));
	put_bytes(&line, "\n", 2);
	if (buffer_state(&line) != ERR_OK)
		fail("no memory");
	keep(updates, (const char *)line.data);
	buffer_free(&line);
	free(text);
}

static void
give_updates(size_t count)
{
	struct lines updates = {0};
	size_t i;

	for (i = 0; i < stock.count && updates.count < count; i++) {
		json_t *record = json_loads(stock.at[i], 0, NULL);

		if (strcmp(ref_of(record, "kind"), "resident") == 0 &&
		    json_object_get(record, "phone") != NULL)
			keep_updated(&updates, record);
		json_decref(record);
	}
	give(&clinic, &updates, 0, updates.count);
	for (i = 0; i < updates.count; i++)
		free(updates.at[i]);
	free(updates.at);
}

static void
steps_over(const struct named_link *n)
{
	struct link_options fast = link_of(10000000, 20, 0);
	char what[64];

	make_group();
	begin_step();
	give(&clinic, &visits, 0, o.first);
	snprintf(what, sizeof what, "first load of %zu", o.first);
	step(STEP_FIRST, what, n);
	(void)sync_over(&fast); /* the load's last receipts */
	step(STEP_NOTHING, "nothing new", n);
	give(&clinic, &visits, o.first, 1);
	step(STEP_ONE, "one encounter", n);
	give(&clinic, &visits, o.first + 1, o.day);
	snprintf(what, sizeof what, "a day's %zu encounters", o.day);
	step(STEP_DAY, what, n);
	give_updates(o.updates);
	snprintf(what, sizeof what, "%zu one-field updates", o.updates);
	step(STEP_UPDATES, what, n);
	close_group();
}

/* --- windows ----------------------------------------------------------- */

static bool
is_receipted(uint8_t class)
{
	uint64_t place, end;

	link_places(&clinic, &hub, "up", class, &place, &end);
	return place == end;
}

/* A referral of the file, written while there is no link. Its class. */
static uint8_t
write_referral(size_t number)
{
	if (number < referrals.count)
		give(&clinic, &referrals, number, 1);
	else
		world_make_notes(&w, &clinic, o.org, 0, 100, 1);
	return number < referrals.count ? kind_by_name("referral")->urgency : 0;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t
one_window(
    const struct link_options *link, uint8_t class, struct link_result *sum)
{
	struct link *l = link_open(&w, link, &clinic, &hub);
	struct link_result r;
	uint64_t urgent_us = 0;

	while (link_step(l))
		if (urgent_us == 0 && is_receipted(class))
			urgent_us = link_now_us(l);
	r = link_close(l);
	sum->bytes[0] += r.bytes[0];
	sum->bytes[1] += r.bytes[1];
	sum->round_trips += r.round_trips;
	sum->stats[0].changes_sent += r.stats[0].changes_sent;
	sum->took_us += r.took_us;
	w.now += GAP_S;
	w.now_ms += GAP_S * 1000;
	return urgent_us == 0 ? link->up_us : urgent_us;
}

static void
windows(void)
{
	static const struct named_link n = {"64k 600ms 3%", 64000, 600};
	struct link_options link = link_of(n.rate_bps, n.round_trip_ms, 3);
	uint64_t urgent[WINDOWS_MAX], uncut_us;
	struct link_result sum;
	size_t count = 0;
	bool is_through;

	make_group();
	give(&clinic, &visits, 0, o.first);
	sum = sync_over(&link);
	row("first load, uncut", &n, &sum, NULL);
	uncut_us = sum.took_us;
	close_group();
	make_group();
	give(&clinic, &visits, 0, o.first);
	memset(&sum, 0, sizeof sum);
	link.up_us = 30000000;
	do {
		uint8_t class = write_referral(count);

		link.seed = count + 1;
		urgent[count++] = one_window(&link, class, &sum);
		is_through = is_receipted(0) && is_receipted(1) &&
		             is_receipted(2) && is_receipted(3);
	} while (!is_through && count < WINDOWS_MAX);
	row("first load, windows of 30 s", &n, &sum, NULL);
	close_group();
	qsort(urgent, count, sizeof urgent[0], by_size);
	printf("%zu windows: %.0f %% of what the uncut link carries; an urgent "
	       "referral has its receipt after %.2f s (median; worst %.2f)\n",
	    count, 100.0 * (double)uncut_us / (double)sum.took_us,
	    (double)urgent[count / 2] / 1e6, (double)urgent[count - 1] / 1e6);
	json_array_append_new(
	    rows, json_pack("{s:s, s:s, s:I, s:f, s:f, s:f}", "what", "windows",
	              "link", n.name, "windows", (json_int_t)count, "share",
	              (double)uncut_us / (double)sum.took_us,
	              "urgent_median_seconds", (double)urgent[count / 2] / 1e6,
	              "urgent_worst_seconds", (double)urgent[count - 1] / 1e6));
}

/* --- the whole --------------------------------------------------------- */

static size_t
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n > LINES_MAX)
		fail("not a number of records");
	return n;
}

static const char *
arguments(int argc, char **argv)
{
	static const struct option known[] = {{"org", 1, NULL, 'o'},
	    {"first", 1, NULL, 'f'}, {"day", 1, NULL, 'd'},
	    {"updates", 1, NULL, 'u'}, {"json", 1, NULL, 'j'},
	    {"foreign", 1, NULL, 'x'}, {"lines", 1, NULL, 'l'},
	    {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'o':
			o.org = optarg;
			break;
		case 'f':
			o.first = number(optarg);
			break;
		case 'd':
			o.day = number(optarg);
			break;
		case 'u':
			o.updates = number(optarg);
			break;
		case 'j':
			o.json = optarg;
			break;
		case 'x':
			o.foreign = number(optarg);
			if (o.foreign == 0)
				fail("a seed is above 0");
			break;
		case 'l':
			o.lines = optarg;
			break;
		default:
			exit(2);
		}
	if (optind + 1 != argc)
		fail("name one file of the exchange format");
	return argv[optind];
}

int
main(int argc, char **argv)
{
	static const struct named_link links[] = {{"9.6k 600ms", 9600, 600},
	    {"64k 600ms", 64000, 600}, {"1M 100ms", 1000000, 100}};
	const char *path = arguments(argc, argv);
	FILE *json = NULL;
	size_t i;

	if (sodium_init() < 0)
		return 1;
	if (o.json != NULL && (json = fopen(o.json, "w")) == NULL)
		fail("the JSON file cannot be written");
	if (o.foreign > 0 && foreign_draw(&foreign, o.foreign) != ERR_OK)
		fail("GB 2312 is not known here");
	read_file(path);
	rows = json_array();
	place_enter();
	printf("%-43s %9s %9s %6s %10s %19s %19s\n", "", "", "", "", "",
	    "its JSON:", "its plain bytes:");
	printf("%-28s %-14s %9s %9s %6s %10s %9s %9s %9s %9s\n", "what", "link",
	    "up", "down", "trips", "seconds", "zstd -19", "xz -9e", "zstd -19",
	    "xz -9e");
	for (i = 0; i < sizeof links / sizeof links[0]; i++)
		steps_over(&links[i]);
	windows();
	if (json != NULL) {
		json_dumpf(rows, json, JSON_INDENT(1));
		fputc('\n', json);
		fclose(json);
	}
	json_decref(rows);
	json_decref(parents);
	floor_free(&given);
	return 0;
}

/* sync_sim: sessions between real stores over a link that is cut anywhere.
 *
 * usage: sync_sim [SEED]. A failure prints its seed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tests/sim/world.h"

static uint64_t first_seed;
static const char *doing;

#define CHECK(truth)                                                           \
	do {                                                                   \
		if (!(truth)) {                                                \
			fprintf(stderr, "seed %llu, %s, line %d: %s\n",        \
			    (unsigned long long)first_seed, doing, __LINE__,   \
			    #truth);                                           \
			exit(1);                                               \
		}                                                              \
	} while (0)

static void
check_equal(struct site *a, struct site *b, const char *kind)
{
	char *x = site_text(a, kind), *y = site_text(b, kind);

	if (strcmp(x, y) != 0)
		fprintf(stderr, "%s\n--- against ---\n%s", x, y);
	CHECK(strcmp(x, y) == 0);
	free(x);
	free(y);
}

static void
sync(struct world *w, struct site *clinic, struct site *hub, size_t cut)
{
	world_run(w, clinic, hub, SESSION_SYNC, NULL, cut);
}

/* Records made before joining travel afterwards; nothing goes twice. */
static void
join_then_sync(struct world *w)
{
	struct site hub, clinic;
	unsigned i;

	doing = "join then sync";
	site_make(w, &hub, ROLE_HUB, "hub");
	site_make(w, &clinic, ROLE_CLINIC, "clinic");
	for (i = 0; i < 20; i++)
		world_make_resident(w, &clinic, "C01");
	world_make_org(w, &hub, "H01", NULL);
	world_make_org(w, &hub, "C01", "H01");
	world_join(w, &hub, &clinic, "C01");
	sync(w, &clinic, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK);
	CHECK(w->up.changes_sent == 20);
	check_equal(&clinic, &hub, "resident");
	check_equal(&clinic, &hub, "org");
	CHECK(site_waiting(&clinic) == 0);
	CHECK(site_at_group(&clinic) == 20);

	sync(w, &clinic, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK);
	CHECK(w->up.changes_sent == 0 && w->up.changes_received == 0);
	CHECK(w->up.round_trips == 3);
	CHECK(w->up.bytes_sent + w->up.bytes_received <= 320);
	printf("nothing new: %llu bytes, %llu round trips\n",
	    (unsigned long long)(w->up.bytes_sent + w->up.bytes_received),
	    (unsigned long long)w->up.round_trips);

	world_make_resident(w, &clinic, "C01");
	sync(w, &clinic, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK && w->up.changes_sent == 1);
	CHECK(w->up.round_trips == 3);
	CHECK(w->up.bytes_sent + w->up.bytes_received <= 600);
	printf("one new record: %llu bytes\n",
	    (unsigned long long)(w->up.bytes_sent + w->up.bytes_received));

	for (i = 0; i < 60; i++)
		world_make_resident(w, &clinic, "C01");
	sync(w, &clinic, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK && w->up.changes_sent == 60);
	printf("sixty new records: %llu bytes\n",
	    (unsigned long long)(w->up.bytes_sent + w->up.bytes_received));
	site_close(&clinic);
	site_close(&hub);
}

/* Cut at every byte of a session in turn, then once more without: what was
 * made is there, once, whatever happened. */
static void
cut_everywhere(struct world *w)
{
	struct site hub, clinic;
	size_t cut, whole;
	unsigned i;

	doing = "cut everywhere";
	site_make(w, &hub, ROLE_HUB, "hub");
	site_make(w, &clinic, ROLE_CLINIC, "clinic");
	world_make_org(w, &hub, "C01", NULL);
	world_join(w, &hub, &clinic, "C01");
	for (cut = 1, whole = 2000; cut < whole;
	     cut += 1 + (size_t)world_draw(w, 40)) {
		world_make_resident(w, &clinic, "C01");
		world_make_resident(w, &hub, "C01X");
		sync(w, &clinic, &hub, cut);
		if (w->result == ERR_OK)
			break; /* the whole session was shorter */
	}
	for (i = 0; i < 4; i++) {
		sync(w, &clinic, &hub, SIZE_MAX);
		CHECK(w->result == ERR_OK);
	}
	CHECK(w->up.changes_sent == 0);
	CHECK(site_waiting(&clinic) == 0);
	CHECK(site_at_group(&clinic) == clinic.made);
	CHECK(site_questions(&clinic) == 0 && site_questions(&hub) == 0);
	site_close(&clinic);
	site_close(&hub);
}

/* Two clinics, restarts, amendments and cuts at random; at the end each
 * clinic equals the hub for its own org. */
static void
random_life(struct world *w)
{
	struct site hub, a, b;
	unsigned i;
	char *x, *y, *all;

	doing = "random life";
	site_make(w, &hub, ROLE_HUB, "hub");
	site_make(w, &a, ROLE_CLINIC, "a");
	site_make(w, &b, ROLE_CLINIC, "b");
	world_make_org(w, &hub, "C01", NULL);
	world_join(w, &hub, &a, "C01");
	world_join(w, &hub, &b, "C02");
	for (i = 0; i < 120; i++) {
		struct site *s = world_draw(w, 2) ? &a : &b;
		const char *org = s == &a ? "C01" : "C02";

		switch (world_draw(w, 6)) {
		case 0:
		case 1:
			world_make_resident(w, s, org);
			break;
		case 2:
			if (s->made > 0)
				world_amend_resident(w, s, org,
				    (unsigned)world_draw(w, s->made));
			break;
		case 3:
			sync(w, s, &hub, (size_t)world_draw(w, 6000));
			break;
		case 4:
			sync(w, s, &hub, SIZE_MAX);
			CHECK(w->result == ERR_OK);
			CHECK(site_waiting(s) == 0);
			break;
		default:
			site_reopen(w, world_draw(w, 3) ? s : &hub);
			break;
		}
	}
	sync(w, &a, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK);
	sync(w, &b, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK);
	CHECK(site_questions(&hub) == 0);
	x = site_text(&a, "resident");
	y = site_text(&b, "resident");
	all = site_text(&hub, "resident");
	CHECK(strlen(x) + strlen(y) == strlen(all));
	free(all);
	free(x);
	free(y);
	site_close(&a);
	site_close(&b);
	site_close(&hub);
}

/* Another org's record is kept apart at the hub, told to the clinic, and
 * merged when the org tree shows that the org stands below. */
static void
foreign_org(struct world *w)
{
	struct site hub, clinic;

	doing = "foreign org";
	site_make(w, &hub, ROLE_HUB, "hub");
	site_make(w, &clinic, ROLE_CLINIC, "clinic");
	world_join(w, &hub, &clinic, "C01");
	world_make_resident(w, &clinic, "V0101");
	sync(w, &clinic, &hub, SIZE_MAX);
	CHECK(w->result == ERR_OK);
	CHECK(site_questions(&hub) == 1);
	CHECK(site_questions(&clinic) == 1);
	site_close(&clinic);
	site_close(&hub);
}

int
main(int argc, char **argv)
{
	struct world w = {.now = 1780000000, .now_ms = 1};
	unsigned round;

	if (sodium_init() < 0)
		return 1;
	first_seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261122;
	w.seed = first_seed;
	join_then_sync(&w);
	cut_everywhere(&w);
	foreign_org(&w);
	for (round = 0; round < 5; round++)
		random_life(&w);
	printf("sync_sim: good, seed %llu\n", (unsigned long long)first_seed);
	return 0;
}

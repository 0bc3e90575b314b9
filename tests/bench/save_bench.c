/* save_bench: what it takes to save one record durably, beside a bare LMDB
 * commit of as many bytes on the same disk in the same run.
 *
 * usage: save_bench direct|agent DIR RECORD_FILE BARE_DIR WRITERS COUNT BYTES
 *        save_bench held DIR
 *
 * Each of WRITERS threads saves the record COUNT times, through the agent that
 * runs in DIR or through the store itself, and commits a value of BYTES to an
 * environment of its own in BARE_DIR. A thread does the two in turn, so that
 * both meet the same disk; of several writers first all commit, then all save.
 * Prints the times of each in microseconds. `held` prints the keys and the
 * bytes of keys and values that the store in DIR holds.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <lmdb.h>
#include <sodium.h>

#include "api/client.h"
#include "api/direct.h"

enum {
	WRITERS_MAX = 64,
	TABLES_MAX = 64,
	TABLES = 10, /* that a save of an encounter writes to */
};

enum way { BARE_ONE, BARE_SPREAD, SAVE, WAYS };
static const char *const way_names[WAYS] = {"bare", "bare_spread", "save"};

struct bench {
	const char *dir;
	struct api *api; /* NULL: through the agent */
	json_t *request;
	MDB_env *env;
	MDB_dbi one, spread[TABLES];
	size_t bytes;
	size_t writers, count;
	double *times[WAYS]; /* writers * count each */
	double seconds[WAYS];
};

struct worker {
	struct bench *b;
	size_t number;
	unsigned ways; /* bits of the ways it goes, in turn */
	bool has_failed;
};

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- one commit, one save ---------------------------------------------- */

static bool
put_some(MDB_txn *t, MDB_dbi dbi, uint64_t key[2], size_t size)
{
	uint8_t value[65536];
	MDB_val k = {2 * sizeof *key, key}, v = {size, value};

	randombytes_buf(value, size);
	return mdb_put(t, dbi, &k, &v, 0) == 0;
}

/* As one value under a rising key, or in as many tables as a save writes to,
 * under keys without order, as blind hashes are. */
static bool
commit_bare(struct bench *b, enum way way, uint64_t number)
{
	uint64_t key[2] = {0, number};
	MDB_txn *t;
	bool is_good = true;
	size_t i;

	if (mdb_txn_begin(b->env, NULL, 0, &t) != 0)
		return false;
	if (way == BARE_ONE)
		is_good = put_some(t, b->one, key, b->bytes);
	for (i = 0; way == BARE_SPREAD && is_good && i < TABLES; i++) {
		randombytes_buf(key, sizeof *key);
		is_good = put_some(t, b->spread[i], key, b->bytes / TABLES);
	}
	if (!is_good) {
		mdb_txn_abort(t);
		return false;
	}
	return mdb_txn_commit(t) == 0;
}

static enum err
show_failure(void *context, const json_t *line)
{
	const json_t *done = json_object_get(line, "done");

	(void)context;
	if (done != NULL &&
	    json_integer_value(json_object_get(done, "exit")) != 0)
		(void)json_dumpf(done, stderr, JSON_COMPACT);
	return ERR_OK;
}

static bool
save(struct bench *b)
{
	struct api_sink sink = {show_failure, NULL};
	struct client *client;
	int exit_code = 1;

	if (b->api != NULL)
		return api_run(b->api, b->request, NULL, &sink) == 0;
	if (client_connect(&client, b->dir) != ERR_OK)
		return false;
	if (client_run(client, b->request, NULL, &sink, &exit_code) != ERR_OK)
		exit_code = 1;
	client_close(client);
	return exit_code == 0;
}

static void *
work(void *context)
{
	struct worker *w = context;
	struct bench *b = w->b;
	size_t i;
	enum way way;

	for (i = w->number * b->count; i < (w->number + 1) * b->count; i++)
		for (way = 0; way < WAYS; way++) {
			double began = now_us();

			if ((w->ways & 1u << way) == 0)
				continue;
			if (!(way == SAVE ? save(b)
			                  : commit_bare(b, way, (uint64_t)i))) {
				w->has_failed = true;
				return NULL;
			}
			b->times[way][i] = now_us() - began;
		}
	return NULL;
}

/* All writers at once; one writer goes all ways in turn. */
static bool
run(struct bench *b, unsigned ways)
{
	struct worker worker[WRITERS_MAX];
	pthread_t thread[WRITERS_MAX];
	double began = now_us();
	bool is_good = true;
	size_t i, started;
	enum way way;

	for (started = 0; started < b->writers; started++) {
		worker[started] =
		    (struct worker){.b = b, .number = started, .ways = ways};
		if (pthread_create(
		        &thread[started], NULL, work, &worker[started]) != 0)
			break;
	}
	for (i = 0; i < started; i++) {
		(void)pthread_join(thread[i], NULL);
		is_good = is_good && !worker[i].has_failed;
	}
	for (way = 0; way < WAYS; way++)
		if ((ways & 1u << way) != 0)
			b->seconds[way] = (now_us() - began) / 1e6;
	return is_good && started == b->writers;
}

/* --- before and after -------------------------------------------------- */

static bool
open_bare(struct bench *b, const char *dir)
{
	char name[16];
	MDB_txn *t;
	size_t i;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return false;
	if (mdb_env_create(&b->env) != 0 ||
	    mdb_env_set_mapsize(b->env, (size_t)1 << 30) != 0 ||
	    mdb_env_set_maxdbs(b->env, TABLES + 1) != 0 ||
	    mdb_env_open(b->env, dir, 0, 0600) != 0 ||
	    mdb_txn_begin(b->env, NULL, 0, &t) != 0)
		return false;
	if (mdb_dbi_open(t, "one", MDB_CREATE, &b->one) != 0)
		return false;
	for (i = 0; i < TABLES; i++) {
		(void)snprintf(name, sizeof name, "t%zu", i);
		if (mdb_dbi_open(t, name, MDB_CREATE, &b->spread[i]) != 0)
			return false;
	}
	return mdb_txn_commit(t) == 0;
}

/* The record of the file as a request of the command line would have it. */
static json_t *
read_request(const char *path)
{
	json_t *fields = json_load_file(path, 0, NULL);
	json_t *request;

	if (fields == NULL)
		return NULL;
	(void)json_object_del(fields, "ref");
	(void)json_object_del(fields, "slip_no");
	(void)json_object_del(fields, "at");
	request = json_pack("{s:s, s:O, s:o}", "op", "add", "kind",
	    json_object_get(fields, "kind"), "fields", fields);
	return request;
}

static bool
print(const struct bench *b)
{
	const char *between = "{";
	enum way way;
	size_t i;

	for (way = 0; way < WAYS; way++) {
		(void)printf("%s\"%s\":{\"seconds\":%.6f,\"us\":[", between,
		    way_names[way], b->seconds[way]);
		for (i = 0; i < b->writers * b->count; i++)
			(void)printf(
			    "%s%.1f", i == 0 ? "" : ",", b->times[way][i]);
		(void)printf("]}");
		between = ",";
	}
	return printf("}\n") > 0;
}

static bool
measure(struct bench *b)
{
	enum way way;

	if (b->writers == 1)
		return run(b, (1u << WAYS) - 1) && print(b);
	for (way = 0; way < WAYS; way++)
		if (!run(b, 1u << way))
			return false;
	return print(b);
}

/* --- what a store holds ------------------------------------------------- */

static bool
add_table(MDB_txn *t, const MDB_val *name, size_t sums[2])
{
	char text[64];
	MDB_cursor *c;
	MDB_dbi dbi;
	MDB_val k, v;

	(void)snprintf(text, sizeof text, "%.*s", (int)name->mv_size,
	    (const char *)name->mv_data);
	if (mdb_dbi_open(t, text, 0, &dbi) != 0 ||
	    mdb_cursor_open(t, dbi, &c) != 0)
		return false;
	while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
		sums[0]++;
		sums[1] += k.mv_size + v.mv_size;
	}
	mdb_cursor_close(c);
	return true;
}

static int
print_held(const char *dir)
{
	size_t sums[2] = {0, 0};
	MDB_env *env;
	MDB_txn *t;
	MDB_dbi main_dbi;
	MDB_cursor *c;
	MDB_val k, v;

	if (mdb_env_create(&env) != 0 ||
	    mdb_env_set_maxdbs(env, TABLES_MAX) != 0 ||
	    mdb_env_open(env, dir, MDB_RDONLY, 0600) != 0 ||
	    mdb_txn_begin(env, NULL, MDB_RDONLY, &t) != 0 ||
	    mdb_dbi_open(t, NULL, 0, &main_dbi) != 0 ||
	    mdb_cursor_open(t, main_dbi, &c) != 0) {
		(void)fprintf(stderr, "%s: cannot be read\n", dir);
		return 1;
	}
	while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0)
		if (!add_table(t, &k, sums))
			return 1;
	mdb_cursor_close(c);
	mdb_txn_abort(t);
	mdb_env_close(env);
	return printf("{\"keys\":%zu,\"bytes\":%zu}\n", sums[0], sums[1]) < 0;
}

int
main(int argc, char **argv)
{
	struct direct_options o = {.holder = "save_bench", .wait_ms = 5000};
	struct bench b = {0};
	struct direct *direct = NULL;
	char complaint[256] = "";
	enum way way;
	bool is_good;

	if (argc == 3 && strcmp(argv[1], "held") == 0)
		return print_held(argv[2]);
	if (argc != 8 || sodium_init() < 0) {
		(void)fputs("usage: save_bench direct|agent DIR RECORD_FILE "
		            "BARE_DIR WRITERS COUNT BYTES\n"
		            "       save_bench held DIR\n",
		    stderr);
		return 2;
	}
	b.dir = argv[2];
	b.writers = strtoul(argv[5], NULL, 10);
	b.count = strtoul(argv[6], NULL, 10);
	b.bytes = strtoul(argv[7], NULL, 10);
	b.request = read_request(argv[3]);
	if (b.request == NULL || b.writers == 0 || b.writers > WRITERS_MAX ||
	    b.count == 0 || b.bytes == 0 || b.bytes > 65536)
		return 2;
	for (way = 0; way < WAYS; way++) {
		b.times[way] = calloc(b.writers * b.count, sizeof(double));
		if (b.times[way] == NULL)
			return 1;
	}
	if (!open_bare(&b, argv[4])) {
		(void)fprintf(stderr, "%s: no environment\n", argv[4]);
		return 1;
	}
	o.dir = b.dir;
	if (strcmp(argv[1], "direct") == 0) {
		if (direct_open(&direct, &o, complaint, sizeof complaint) !=
		    ERR_OK) {
			(void)fprintf(stderr, "%s: %s\n", b.dir, complaint);
			return 1;
		}
		b.api = direct_api(direct);
	}
	is_good = measure(&b);
	direct_close(direct);
	mdb_env_close(b.env);
	json_decref(b.request);
	for (way = 0; way < WAYS; way++)
		free(b.times[way]);
	return is_good ? 0 : 1;
}

/* dense_measure: what the dense coder makes of the changes of a store.
 *
 * usage: dense_measure DIR [DICTIONARY]
 *
 * Prints bytes per encounter (or whatever kind there is most of): one alone
 * and sixty alone, which only a dictionary helps; the same after 256 earlier
 * ones of the log; and a load of 2,000 with the CPU time of each. The
 * dictionary is the shipped one if none is named. Train on other seeds and
 * other phrases than you measure.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "sync/dictionary.h"
#include "tools/bodies.h"

enum {
	BATCH = 64,
	DAY_COUNT = 60,
	EARLIER = 256,
	LOAD = 2000,
	PROBES = 20, /* of the rows that are a mean */
	KIND_NUMBERS = 64,
};

/* One of the measured kind. */
struct picked {
	int64_t occurred_at;
	size_t at; /* among all */
};

struct measured {
	const struct bodies *all;
	struct picked *pick; /* by time */
	size_t count;
	struct codebook *book;
	uint32_t id;
};

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "dense_measure: %s: %s\n", what, err_name(e));
	exit(1);
}

static struct bytes
body(const struct measured *m, size_t i)
{
	return bodies_at(m->all, m->pick[i].at);
}

/* A coder that knows the dictionary and the `earlier` changes before from. */
static struct dense *
prepared(const struct measured *m, size_t from, size_t earlier)
{
	struct dense *d;
	size_t i;

	must(codebook_dense(m->book, m->id, &d), "dictionary");
	for (i = from - earlier; i < from; i++) {
		struct bytes b = body(m, i);

		must(dense_learn(d, b.data, b.size), "learn");
	}
	return d;
}

/* Bytes of count changes from `from`, in batches. */
static size_t
coded(const struct measured *m, struct dense *d, size_t from, size_t count)
{
	struct buffer out = {0};
	size_t i, total = 0;

	for (i = 0; i < count; i++) {
		struct bytes b = body(m, from + i);

		if (i % BATCH == 0)
			dense_begin(d, &out);
		must(dense_put(d, b.data, b.size), "put");
		if (i % BATCH != BATCH - 1 && i + 1 != count)
			continue;
		must(dense_end(d), "end");
		total += out.size;
		buffer_clear(&out);
	}
	buffer_free(&out);
	return total;
}

/* Mean of probes all over the log. */
static void
print_row(const struct measured *m, size_t count, size_t earlier)
{
	size_t step = (m->count - EARLIER - count) / PROBES, i, total = 0;

	for (i = 0; i < PROBES; i++) {
		size_t from = EARLIER + i * step;
		struct dense *d = prepared(m, from, earlier);

		total += coded(m, d, from, count);
		dense_free(d);
	}
	printf("%4zu after %3zu: %8.1f bytes, %6.1f each\n", count, earlier,
	    (double)total / PROBES, (double)total / (double)(PROBES * count));
}

static void
print_load(const struct measured *m)
{
	size_t count = m->count < LOAD ? m->count : LOAD, total;
	struct dense *d = prepared(m, 0, 0);
	double begin = cpu_seconds();

	total = coded(m, d, 0, count);
	printf("load of %zu: %.1f bytes and %.0f us each\n", count,
	    (double)total / (double)count,
	    1e6 * (cpu_seconds() - begin) / (double)count);
	dense_free(d);
}

static int
by_time(const void *a, const void *b)
{
	const struct picked *x = a, *y = b;

	if (x->occurred_at != y->occurred_at)
		return x->occurred_at < y->occurred_at ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The kind there is most of. */
static void
pick(struct measured *m)
{
	size_t counts[KIND_NUMBERS] = {0}, i;
	uint16_t most = 0;

	for (i = 0; i < m->all->count; i++) {
		uint16_t kind = m->all->list[i].kind;

		if (kind < KIND_NUMBERS && ++counts[kind] > counts[most])
			most = kind;
	}
	m->pick = calloc(m->all->count + 1, sizeof *m->pick);
	must(m->pick == NULL ? ERR_NOMEM : ERR_OK, "memory");
	for (i = 0; i < m->all->count; i++)
		if (m->all->list[i].kind == most)
			m->pick[m->count++] =
			    (struct picked){m->all->list[i].occurred_at, i};
	qsort(m->pick, m->count, sizeof *m->pick, by_time);
	printf(
	    "%zu changes of kind %s\n", m->count, kind_by_number(most)->name);
}

/* The one in a file, or the shipped one. */
static void
open_dictionary(struct measured *m, const char *path)
{
	uint8_t *data = malloc(DICTIONARY_BYTES_MAX + 1);
	double begin;
	size_t size;
	FILE *f;

	must(data == NULL ? ERR_NOMEM : codebook_new(&m->book), "codebook");
	begin = cpu_seconds();
	if (path != NULL) {
		f = fopen(path, "rb");
		must(f == NULL ? ERR_NOT_FOUND : ERR_OK, path);
		size = fread(data, 1, DICTIONARY_BYTES_MAX + 1, f);
		fclose(f);
		must(codebook_add(m->book, data, size), path);
		m->id = dictionary_id(data, size);
	}
	free(data);
	dense_free(prepared(m, 0, 0));
	printf("dictionary learned in %.3f s\n", cpu_seconds() - begin);
}

int
main(int argc, char **argv)
{
	struct bodies all = {0};
	struct measured m = {.all = &all};

	if (argc < 2 || argc > 3 || sodium_init() < 0) {
		fprintf(stderr, "usage: dense_measure DIR [DICTIONARY]\n");
		return 2;
	}
	must(bodies_read(argv[1], false, &all), argv[1]);
	pick(&m);
	must(m.count > 2 * EARLIER ? ERR_OK : ERR_NOT_FOUND, "enough changes");
	open_dictionary(&m, argc == 3 ? argv[2] : NULL);
	print_row(&m, 1, 0);
	print_row(&m, DAY_COUNT, 0);
	print_row(&m, 1, EARLIER);
	print_row(&m, DAY_COUNT, EARLIER);
	print_load(&m);
	codebook_free(m.book);
	bodies_free(&all);
	free(m.pick);
	return 0;
}

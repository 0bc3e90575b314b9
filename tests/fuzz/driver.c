/* driver: makes a plain test program of a fuzz target.
 *
 * usage: NAME_fuzz CORPUS_FOLDER|FILE [MUTATIONS [SEED]]
 *
 * Gives the target the empty input, every file of the corpus, every file cut
 * short, and seeded mutations of them: the same ones on every run. A child
 * does the work, so that the input at which it died is known, whatever
 * killed it: it is written to crash-NAME_fuzz in the current folder and can
 * be given back as FILE.
 */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#pragma weak LLVMFuzzerInitialize

enum {
	INPUT_BYTES_MAX = 128 * 1024,
	FILES_MAX = 4096,
	MUTATIONS_DEFAULT = 4096, /* shared out among the files */
	CUTS_MAX = 256,           /* per file, and no more than mutations */
	EDITS_MAX = 8,            /* per mutation */
	INPUT_SECONDS_MAX = 30,   /* then it hangs; sanitizers are slow */
};

/* Shared with the child: what it is at. */
struct current {
	unsigned long runs;
	size_t size;
	uint8_t data[INPUT_BYTES_MAX];
};

struct input {
	uint8_t *data;
	size_t size;
};

struct corpus {
	struct input files[FILES_MAX];
	size_t count;
};

static void
die(const char *what)
{
	fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* splitmix64 (Steele, Lea, Flood 2014): small, and good from any seed. */
static uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static size_t
random_below(uint64_t *state, size_t bound)
{
	return bound == 0 ? 0 : (size_t)(random_next(state) % bound);
}

static void
corpus_add(struct corpus *c, const char *path)
{
	struct input *in = &c->files[c->count];
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		die(path);
	in->data = malloc(INPUT_BYTES_MAX);
	if (in->data == NULL)
		die(path);
	in->size = fread(in->data, 1, INPUT_BYTES_MAX, f);
	if (ferror(f))
		die(path);
	fclose(f);
	c->count++;
}

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A folder's files by name, so that each run is the same. */
static void
corpus_read(struct corpus *c, const char *path)
{
	struct dirent **names;
	struct stat st;
	int i, count;

	if (stat(path, &st) != 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		corpus_add(c, path);
		return;
	}
	count = scandir(path, &names, is_shown, alphasort);
	if (count < 0)
		die(path);
	for (i = 0; i < count; i++) {
		char *file;

		if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0)
			die(path);
		if (c->count < FILES_MAX)
			corpus_add(c, file);
		free(file);
		free(names[i]);
	}
	free(names);
}

/* The target sees memory of exactly this size: one byte too far is seen. */
static void
run(struct current *at, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		die("input");
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(at->data, copy, size);
	at->size = size;
	at->runs++;
	alarm(INPUT_SECONDS_MAX);
	LLVMFuzzerTestOneInput(size == 0 ? NULL : copy, size);
	alarm(0);
	free(copy);
}

/* One change to data, which holds INPUT_BYTES_MAX; the new size. */
static size_t
edit(uint8_t *data, size_t size, const struct input *other, uint64_t *seed)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t at = random_below(seed, size);
	size_t room = INPUT_BYTES_MAX - size;
	size_t n = 1 + random_below(seed, 8);

	switch (random_below(seed, 7)) {
	case 0: /* flip a bit */
		if (size > 0)
			data[at] ^= (uint8_t)(1u << random_below(seed, 8));
		return size;
	case 1: /* any byte */
		if (size > 0)
			data[at] = (uint8_t)random_next(seed);
		return size;
	case 2: /* a byte at the edge of something */
		if (size > 0)
			data[at] = edges[random_below(seed, sizeof edges)];
		return size;
	case 3: /* cut the end off */
		return at;
	case 4: /* take a few bytes out */
		if (n > size - at)
			n = size - at;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	case 5: /* put a few bytes in */
		if (n > room)
			return size;
		memmove(data + at + n, data + at, size - at);
		while (n-- > 0) {
			data[at++] = (uint8_t)random_next(seed);
			size++;
		}
		return size;
	default: /* go on like another file */
		at = random_below(seed, other->size);
		n = other->size - at;
		if (n > room)
			n = room;
		if (n > 0)
			memcpy(data + size, other->data + at, n);
		return size + n;
	}
}

static void
run_mutations(struct current *at, const struct corpus *c, size_t index,
    unsigned long mutations, uint64_t seed)
{
	uint8_t *data = malloc(INPUT_BYTES_MAX);
	unsigned long i;

	if (data == NULL)
		die("mutations");
	for (i = 0; i < mutations; i++) {
		const struct input *in = &c->files[index];
		size_t size = in->size;
		size_t edits = 1 + random_below(&seed, EDITS_MAX);

		memcpy(data, in->data, size);
		while (edits-- > 0)
			size = edit(data, size,
			    &c->files[random_below(&seed, c->count)], &seed);
		run(at, data, size);
	}
	free(data);
}

static void
run_all(struct current *at, const struct corpus *c, unsigned long mutations,
    uint64_t seed)
{
	size_t i, cut, step, cuts = 1 + mutations / c->count;

	if (cuts > CUTS_MAX)
		cuts = CUTS_MAX;
	run(at, NULL, 0);
	for (i = 0; i < c->count; i++) {
		const struct input *in = &c->files[i];

		run(at, in->data, in->size);
		step = 1 + in->size / cuts;
		for (cut = 1; cut < in->size; cut += step)
			run(at, in->data, cut);
		run_mutations(at, c, i, 1 + mutations / c->count, seed + i);
	}
}

static void
save_crash(const char *program, const struct current *at)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "crash-%s", program) < 0)
		die("crash file");
	f = fopen(path, "wb");
	if (f == NULL || fwrite(at->data, 1, at->size, f) != at->size ||
	    fclose(f) != 0)
		die(path);
	printf("input %lu, of %zu bytes, is in %s\n", at->runs, at->size, path);
	free(path);
}

int
main(int argc, char **argv)
{
	unsigned long mutations = MUTATIONS_DEFAULT;
	struct current *at;
	struct corpus *c;
	uint64_t seed = 1;
	size_t i;
	int status;
	pid_t child;

	if (argc < 2 || argc > 4) {
		fprintf(stderr,
		    "usage: %s CORPUS_FOLDER|FILE [MUTATIONS [SEED]]\n",
		    argv[0]);
		return 2;
	}
	if (argc > 2)
		mutations = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 10);

	c = calloc(1, sizeof *c);
	at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c == NULL || at == MAP_FAILED)
		die("start");
	corpus_read(c, argv[1]);
	if (c->count == 0) {
		fprintf(
		    stderr, "driver: %s: a corpus needs one file\n", argv[1]);
		return 2;
	}

	fflush(NULL);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		if (LLVMFuzzerInitialize != NULL)
			LLVMFuzzerInitialize(&argc, &argv);
		run_all(at, c, mutations, seed);
		for (i = 0; i < c->count; i++)
			free(c->files[i].data);
		free(c);
		exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		die("wait");
	for (i = 0; i < c->count; i++)
		free(c->files[i].data);
	free(c);
	printf("%lu inputs, seed %llu\n", at->runs, (unsigned long long)seed);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		printf("killed by signal %d (%s)\n", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	save_crash(program_invocation_short_name, at);
	return 1;
}

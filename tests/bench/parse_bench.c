/* parse_bench: how fast bare jansson parses the lines of a file, which is the
 * least an import has to do.
 *
 * usage: parse_bench FILE     prints {"lines":N,"seconds":S}
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	double began = now();
	unsigned long lines = 0;
	size_t capacity = 0;
	char *line = NULL;
	ssize_t size;
	FILE *in;

	if (argc != 2) {
		(void)fputs("usage: parse_bench FILE\n", stderr);
		return 2;
	}
	in = fopen(argv[1], "rb");
	if (in == NULL) {
		perror(argv[1]);
		return 1;
	}
	while ((size = getline(&line, &capacity, in)) > 0) {
		json_t *parsed = json_loadb(
		    line, (size_t)size, JSON_REJECT_DUPLICATES, NULL);

		if (parsed == NULL) {
			(void)fprintf(
			    stderr, "line %lu: not JSON\n", lines + 1);
			return 1;
		}
		json_decref(parsed);
		lines++;
	}
	free(line);
	(void)fclose(in);
	return printf("{\"lines\":%lu,\"seconds\":%.6f}\n", lines,
	           now() - began) < 0;
}

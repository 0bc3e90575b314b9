/* train_dictionary: makes sync/dictionary.bin from the changes of a store.
 *
 * usage: train_dictionary DIR OUT
 *
 * A dictionary is sample bodies and a list of characters (sync/dictionary.h).
 * The bodies are all the changes of the store in the order of their time:
 * what was said last is foretold best. tools/train-dictionary.sh fills a store
 * with phrases first and sample records after them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/dictionary.h"
#include "tools/bodies.h"

enum { POINTS = 0x10000 };

/* Marks that are listed whether or not the samples use them. */
static const char marks[] = "，。；：（）、";

static uint32_t counts[POINTS];

static int
by_count(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (counts[x] != counts[y])
		return counts[x] < counts[y] ? 1 : -1;
	return x < y ? -1 : 1;
}

static int
by_time(const void *a, const void *b)
{
	const struct body *x = a, *y = b;

	if (x->occurred_at != y->occurred_at)
		return x->occurred_at < y->occurred_at ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Bytes that begin no valid character are numbers between texts: stepped
 * over. A few count as a letter, which changes nothing much. */
static void
count_text(const struct bytes *body)
{
	size_t at = 0;

	while (at < body->size) {
		size_t next = at;
		uint32_t point;

		if (alphabet_next(body, &next, &point) && point >= ' ' &&
		    point < POINTS && point != 0x7f) {
			counts[point]++;
			at = next;
		} else {
			at++;
		}
	}
}

/* The characters seen, and those always listed, the commonest first. */
static enum err
list_characters(const struct bodies *all, struct buffer *out)
{
	static uint32_t listed[POINTS];
	struct bytes always = {(const uint8_t *)marks, sizeof marks - 1};
	size_t i, count = 0, at = 0;
	uint32_t point;

	for (i = 0; i < all->count; i++) {
		struct bytes body = bodies_at(all, i);

		count_text(&body);
	}
	for (point = ' '; point < 0x7f; point++)
		counts[point]++;
	while (alphabet_next(&always, &at, &point))
		counts[point]++;
	for (point = 0; point < POINTS; point++)
		if (counts[point] > 0)
			listed[count++] = point;
	qsort(listed, count, sizeof listed[0], by_count);
	for (i = 0; i < count && i < ALPHABET_LISTED_MAX; i++)
		alphabet_put(out, listed[i]);
	return buffer_state(out);
}

static enum err
make(struct bodies *all, struct buffer *out)
{
	struct bytes *list = calloc(all->count + 1, sizeof *list);
	struct buffer listed = {0};
	struct bytes view;
	enum err e = ERR_NOMEM;
	size_t i;

	if (list != NULL)
		e = list_characters(all, &listed);
	if (e == ERR_OK) {
		qsort(all->list, all->count, sizeof all->list[0], by_time);
		for (i = 0; i < all->count; i++)
			list[i] = bodies_at(all, i);
		view.data = listed.data;
		view.size = listed.size;
		e = dictionary_make(&view, list, all->count, out);
	}
	buffer_free(&listed);
	free(list);
	return e;
}

static int
save(const struct buffer *dictionary, const char *path)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL ||
	    fwrite(dictionary->data, 1, dictionary->size, f) !=
	        dictionary->size ||
	    fclose(f) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct buffer dictionary = {0};
	struct bodies all = {0};
	int status = 1;
	enum err e;

	if (argc != 3 || sodium_init() < 0) {
		fprintf(stderr, "usage: train_dictionary DIR OUT\n");
		return 2;
	}
	e = bodies_read(argv[1], true, &all);
	if (e == ERR_OK)
		e = make(&all, &dictionary);
	if (e == ERR_OK)
		status = save(&dictionary, argv[2]);
	else
		fprintf(stderr, "train_dictionary: %s\n", err_name(e));
	if (status == 0)
		printf("%zu changes, %zu bytes: dictionary of %zu bytes\n",
		    all.count, all.bytes.size, dictionary.size);
	buffer_free(&dictionary);
	bodies_free(&all);
	return status;
}

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

#include <sodium.h>

#include "store/training.h"
#include "tools/bodies.h"

static int
by_time(const void *a, const void *b)
{
	const struct body *x = a, *y = b;

	if (x->occurred_at != y->occurred_at)
		return x->occurred_at < y->occurred_at ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static enum err
make(struct bodies *all, struct buffer *out)
{
	struct bytes *list = calloc(all->count + 1, sizeof *list);
	struct buffer listed = {0};
	struct bytes view;
	enum err e = ERR_NOMEM;
	size_t i;

	if (list != NULL) {
		qsort(all->list, all->count, sizeof all->list[0], by_time);
		for (i = 0; i < all->count; i++)
			list[i] = bodies_at(all, i);
		e = training_characters(list, all->count, &listed);
	}
	if (e == ERR_OK) {
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

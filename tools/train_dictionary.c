/* train_dictionary: makes sync/dictionary.bin from the changes of a store.
 *
 * usage: train_dictionary DIR OUT
 *
 * What streams carry is change bodies; the dictionary is trained on them and
 * not on JSON. tools/train-dictionary.sh fills a store with generated records
 * of seeds that no measurement uses.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zdict.h>

#include "store/record.h"
#include "store/store.h"

enum { DICTIONARY_BYTES = 65536, SAMPLES_BYTES_MAX = 96 * 1024 * 1024 };

struct samples {
	struct buffer bytes;
	size_t *sizes;
	unsigned count, capacity;
};

static enum err
add(struct samples *all, const struct bytes *body)
{
	if (all->count == all->capacity) {
		unsigned more = all->capacity == 0 ? 4096 : all->capacity * 2;
		size_t *sizes = realloc(all->sizes, more * sizeof *sizes);

		if (sizes == NULL)
			return ERR_NOMEM;
		all->sizes = sizes;
		all->capacity = more;
	}
	all->sizes[all->count++] = body->size;
	put_bytes(&all->bytes, body->data, body->size);
	return buffer_state(&all->bytes);
}

static enum err
collect(struct db *db, struct samples *all)
{
	struct stored s;
	struct walk *w = NULL;
	struct bytes key;
	struct txn *t;
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return e;
	stored_init(&s);
	e = walk_open(t, TABLE_CHANGES, NULL, 0, &w);
	while (e == ERR_OK && all->bytes.size < SAMPLES_BYTES_MAX) {
		struct change_id id;

		e = walk_next(w, &key, NULL);
		if (e != ERR_OK)
			break;
		key_change_read(&id, key.data);
		e = stored_read(t, &id, &s);
		if (e == ERR_OK)
			e = add(all, &s.body);
	}
	walk_close(w);
	txn_abort(t);
	stored_free(&s);
	return e == ERR_END ? ERR_OK : e;
}

static int
save(const uint8_t *dictionary, size_t size, const char *path)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(dictionary, 1, size, f) != size ||
	    fclose(f) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

static int
train(const struct samples *all, const char *path)
{
	uint8_t *dictionary = malloc(DICTIONARY_BYTES);
	size_t size;
	int status = 1;

	if (dictionary == NULL) {
		fprintf(stderr, "train_dictionary: %s\n", err_name(ERR_NOMEM));
		return 1;
	}
	size = ZDICT_trainFromBuffer(dictionary, DICTIONARY_BYTES,
	    all->bytes.data, all->sizes, all->count);
	if (ZDICT_isError(size))
		fprintf(
		    stderr, "train_dictionary: %s\n", ZDICT_getErrorName(size));
	else
		status = save(dictionary, size, path);
	free(dictionary);
	if (status == 0)
		printf("%u changes, %zu bytes: dictionary of %zu bytes\n",
		    all->count, all->bytes.size, size);
	return status;
}

int
main(int argc, char **argv)
{
	struct store_options o = {
	    .holder = "train_dictionary", .random = random_system()};
	struct samples all = {0};
	struct store *store;
	enum err e;
	int status = 1;

	if (argc != 3 || sodium_init() < 0) {
		fprintf(stderr, "usage: train_dictionary DIR OUT\n");
		return 2;
	}
	o.dir = argv[1];
	e = store_open(&store, &o);
	if (e == ERR_OK) {
		e = collect(store_db(store), &all);
		store_close(store);
	}
	if (e == ERR_OK)
		status = train(&all, argv[2]);
	else
		fprintf(stderr, "train_dictionary: %s\n", err_name(e));
	buffer_wipe(&all.bytes);
	free(all.sizes);
	return status;
}

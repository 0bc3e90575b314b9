/* direct: the door without an agent. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "api/direct.h"

struct direct {
	struct api api;
	struct store *store;
	struct writer *writer;
	struct config config;
	struct store_options options; /* dir and holder are ours */
};

enum { COME_BACK_MS = 60000, LET_IN_MS = 5000 };

/* The file beside the store goes before the system's: a person's store and a
 * test have their own. */
static enum err
read_config(
    struct direct *d, const char *dir, char *complaint, size_t complaint_bytes)
{
	char path[PATH_MAX];
	enum err e = ERR_NOT_FOUND;
	int n = snprintf(path, sizeof path, "%s/yizhan.conf", dir);

	if (n < 0 || n >= (int)sizeof path)
		return ERR_LIMIT;
	e = config_read(path, &d->config, complaint, complaint_bytes);
	if (e == ERR_NOT_FOUND)
		e = config_read(
		    CONFIG_PATH, &d->config, complaint, complaint_bytes);
	/* What a person may not read was not written for this store. */
	return e == ERR_NOT_FOUND || e == ERR_NOT_ALLOWED ? ERR_OK : e;
}

static void
fill_api(struct direct *d)
{
	d->api.store = d->store;
	d->api.writer = d->writer;
	d->api.config = &d->config;
	if (d->config.parent[0] != '\0')
		d->api.parent = d->config.parent;
	if (d->config.import_source[0] != '\0')
		d->api.import_source = d->config.import_source;
}

static enum err
open_store(struct direct *d)
{
	enum err e = store_open(&d->store, &d->options);

	if (e == ERR_OK)
		e = writer_start(&d->writer, store_db(d->store));
	if (e == ERR_OK)
		fill_api(d);
	return e;
}

static void
close_store(struct direct *d)
{
	writer_stop(d->writer);
	store_close(d->store);
	d->writer = NULL;
	d->store = NULL;
}

/* A long import must not keep a person from saving an encounter. */
static enum err
give_way(void *context)
{
	struct direct *d = context;

	if (!store_is_wanted(d->store))
		return ERR_OK;
	close_store(d);
	store_let_in(d->options.dir, LET_IN_MS);
	d->options.create = false;
	d->options.wait_ms = COME_BACK_MS;
	return open_store(d);
}

static bool
copy_options(struct direct *d, const struct direct_options *o)
{
	d->options.dir = strdup(o->dir);
	d->options.holder = strdup(o->holder);
	d->options.map_bytes = o->map_bytes;
	d->options.create = o->create;
	d->options.wait_ms = o->wait_ms;
	d->options.random = random_system();
	return d->options.dir != NULL && d->options.holder != NULL;
}

enum err
direct_open(struct direct **out, const struct direct_options *o,
    char *complaint, size_t complaint_bytes)
{
	struct direct *d = calloc(1, sizeof *d);
	enum err e;

	complaint[0] = '\0';
	if (d == NULL)
		return ERR_NOMEM;
	e = copy_options(d, o) ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK)
		e = read_config(d, o->dir, complaint, complaint_bytes);
	if (e == ERR_OK)
		e = open_store(d);
	if (e != ERR_OK) {
		direct_close(d);
		return e;
	}
	d->api.give_way = give_way;
	d->api.context = d;
	*out = d;
	return ERR_OK;
}

void
direct_close(struct direct *d)
{
	if (d == NULL)
		return;
	close_store(d);
	free((char *)(uintptr_t)d->options.dir);
	free((char *)(uintptr_t)d->options.holder);
	free(d);
}

struct api *
direct_api(struct direct *d)
{
	return &d->api;
}

void
direct_holder(const char *dir, char *out, size_t out_bytes)
{
	store_holder(dir, out, out_bytes);
}

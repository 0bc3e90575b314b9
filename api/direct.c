/* direct: the door without an agent. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/config.h"
#include "api/direct.h"

struct direct {
	struct api api;
	struct store *store;
	struct writer *writer;
	struct config config;
};

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
	if (d->config.parent[0] != '\0')
		d->api.parent = d->config.parent;
	if (d->config.import_source[0] != '\0')
		d->api.import_source = d->config.import_source;
}

enum err
direct_open(struct direct **out, const struct direct_options *o,
    char *complaint, size_t complaint_bytes)
{
	struct store_options so = {.dir = o->dir,
	    .map_bytes = o->map_bytes,
	    .create = o->create,
	    .holder = o->holder,
	    .wait_ms = o->wait_ms,
	    .random = random_system()};
	struct direct *d = calloc(1, sizeof *d);
	enum err e;

	complaint[0] = '\0';
	if (d == NULL)
		return ERR_NOMEM;
	e = read_config(d, o->dir, complaint, complaint_bytes);
	if (e == ERR_OK)
		e = store_open(&d->store, &so);
	if (e == ERR_OK)
		e = writer_start(&d->writer, store_db(d->store));
	if (e != ERR_OK) {
		direct_close(d);
		return e;
	}
	fill_api(d);
	*out = d;
	return ERR_OK;
}

void
direct_close(struct direct *d)
{
	if (d == NULL)
		return;
	writer_stop(d->writer);
	store_close(d->store);
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

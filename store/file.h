/* file: small files beside the database, written so that a power cut leaves
 * the old or the new content, never half of it. */

#ifndef YIZHAN_STORE_FILE_H
#define YIZHAN_STORE_FILE_H

#include <stddef.h>

#include "base/err.h"

/** Read a whole file of at most max bytes. ERR_NOT_FOUND, ERR_LIMIT: longer,
 * ERR_NOT_ALLOWED, ERR_IO. */
enum err file_read(const char *path, void *out, size_t max, size_t *size);
/** Make a new file with mode 0600, synced with its directory: whole or not at
 * all. ERR_EXISTS. */
enum err file_create(const char *path, const void *data, size_t size);
/** Replace a file by rename, synced with its directory. */
enum err file_replace(const char *path, const void *data, size_t size);
/** Make a directory (0700) and what is missing above it. */
enum err directory_make(const char *path);
/** Sync a directory. */
enum err directory_sync(const char *path);

#endif

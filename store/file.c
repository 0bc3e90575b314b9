/* file: small files beside the database. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file.h"

static enum err
from_errno(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_NOT_ALLOWED;
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case ENAMETOOLONG:
		return ERR_LIMIT;
	default:
		return ERR_IO;
	}
}

enum err
file_read(const char *path, void *out, size_t max, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *at = out;
	size_t left = max;
	char extra;
	ssize_t n;

	if (fd < 0)
		return from_errno(errno);
	while (left > 0 && (n = read(fd, at, left)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			return ERR_IO;
		}
		at += n;
		left -= (size_t)n;
	}
	n = left == 0 ? read(fd, &extra, 1) : 0;
	close(fd);
	*size = max - left;
	return n > 0 ? ERR_LIMIT : n < 0 ? ERR_IO : ERR_OK;
}

static enum err
write_synced(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return from_errno(errno);
		at += n;
		size -= (size_t)n;
	}
	return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

static enum err
sync_parent(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (slash == NULL)
		return directory_sync(".");
	if (n == 0)
		return directory_sync("/");
	if (n >= sizeof dir)
		return ERR_LIMIT;
	memcpy(dir, path, n);
	dir[n] = '\0';
	return directory_sync(dir);
}

/* Write it aside, complete and synced, under the name path.new. */
static enum err
write_aside(
    const char *path, const void *data, size_t size, char fresh[PATH_MAX])
{
	int fd, n = snprintf(fresh, PATH_MAX, "%s.new", path);
	enum err e;

	if (n < 0 || n >= PATH_MAX)
		return ERR_LIMIT;
	unlink(fresh); /* of a run that was cut */
	fd = open(fresh, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return from_errno(errno);
	e = write_synced(fd, data, size);
	if (close(fd) != 0 && e == ERR_OK)
		e = ERR_IO;
	if (e != ERR_OK)
		unlink(fresh);
	return e;
}

/* A link never replaces what is there, as a rename would. */
static enum err
give_name(const char *fresh, const char *path)
{
	if (link(fresh, path) == 0) {
		unlink(fresh);
		return ERR_OK;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return from_errno(errno);
	/* A stick's file system has no links. */
	if (access(path, F_OK) == 0)
		return ERR_EXISTS;
	return rename(fresh, path) == 0 ? ERR_OK : from_errno(errno);
}

enum err
file_create(const char *path, const void *data, size_t size)
{
	char fresh[PATH_MAX];
	enum err e = write_aside(path, data, size, fresh);

	if (e != ERR_OK)
		return e;
	e = give_name(fresh, path);
	if (e != ERR_OK) {
		unlink(fresh);
		return e;
	}
	return sync_parent(path);
}

enum err
file_replace(const char *path, const void *data, size_t size)
{
	char fresh[PATH_MAX];
	enum err e = write_aside(path, data, size, fresh);

	if (e != ERR_OK)
		return e;
	if (rename(fresh, path) != 0) {
		e = from_errno(errno);
		unlink(fresh);
		return e;
	}
	return sync_parent(path);
}

enum err
directory_make(const char *path)
{
	char part[PATH_MAX];
	size_t i, n = strlen(path);
	enum err e;

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof part)
		return ERR_LIMIT;
	memcpy(part, path, n);
	part[n] = '\0';
	for (i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0700) == 0) {
			e = sync_parent(part);
			if (e != ERR_OK)
				return e;
		} else if (errno != EEXIST) {
			return from_errno(errno);
		}
		if (i < n)
			part[i] = '/';
	}
	return ERR_OK;
}

enum err
directory_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0)
		return from_errno(errno);
	if (fsync(fd) != 0)
		e = ERR_IO;
	close(fd);
	return e;
}

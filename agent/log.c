/* log: what the agent did, a line an event, on stderr. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/log.h"

/* JOURNAL_STREAM names the journal's socket as DEVICE:INODE. It is inherited
 * by programs whose stderr goes elsewhere, so both are compared. */
static bool
is_journal(int fd)
{
	const char *text = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	if (text == NULL || fstat(fd, &st) != 0)
		return false;
	return sscanf(text, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       device == (uintmax_t)st.st_dev && inode == (uintmax_t)st.st_ino;
}

void
log_init(struct log *l)
{
	const char *debug = getenv("YIZHAN_DEBUG");

	l->fd = STDERR_FILENO;
	l->is_journal = is_journal(l->fd);
	l->level =
	    debug != NULL && strcmp(debug, "1") == 0 ? LOG_DEBUG : LOG_INFO;
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARNING:
		return "warning";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "unknown";
}

/* What snprintf() said it wanted, as what it wrote. */
static size_t
clamp(int wanted, size_t room)
{
	if (wanted < 0)
		return 0;
	return (size_t)wanted < room ? (size_t)wanted : room - 1;
}

static size_t
put_head(const struct log *l, char *out, size_t room, int64_t now,
    enum log_level level)
{
	char stamp[32] = "";
	time_t when = (time_t)now;
	struct tm tm;

	if (l->is_journal)
		return clamp(snprintf(out, room, "<%d>", (int)level), room);
	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	return clamp(
	    snprintf(out, room, "%s %s ", stamp, level_name(level)), room);
}

size_t
log_format(const struct log *l, char out[LOG_LINE_BYTES], int64_t now,
    enum log_level level, const char *event, const char *format, va_list pairs)
{
	size_t room = LOG_LINE_BYTES - 1; /* the line's end is for sure */
	size_t size = put_head(l, out, room, now, level);

	size +=
	    clamp(snprintf(out + size, room - size, "%s ", event), room - size);
	size += clamp(
	    vsnprintf(out + size, room - size, format, pairs), room - size);
	if (out[size - 1] == ' ') /* no pairs */
		size--;
	out[size++] = '\n';
	return size;
}

void
log_event(const struct log *l, enum log_level level, const char *event,
    const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list pairs;
	size_t size;

	if (level > l->level)
		return;
	va_start(pairs, format);
	size = log_format(
	    l, line, (int64_t)time(NULL), level, event, format, pairs);
	va_end(pairs);
	(void)!write(l->fd, line, size);
}

static bool
is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

const char *
log_quote(char out[LOG_VALUE_BYTES], const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0, room = LOG_VALUE_BYTES - 2; /* for quote and NUL */

	out[at++] = '"';
	for (; *text != '\0' && at + 4 <= room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f) {
			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = hex[c >> 4];
			out[at++] = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			out[at++] = '\\';
		out[at++] = (char)c;
	}
	if (is_inside_character(*text)) { /* cut before this character */
		while (at > 1 && is_inside_character(out[at - 1]))
			at--;
		if (at > 1)
			at--;
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}

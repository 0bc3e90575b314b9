/* log: what the agent did, a line an event, on stderr.
 *
 * A line is an event's name and key=value pairs in English, made for grep
 * and for journalctl. Names of nodes may stand in it; what a record holds
 * never does. Under systemd a line begins with its priority, which the
 * journal takes off; elsewhere with the time.
 */

#ifndef YIZHAN_AGENT_LOG_H
#define YIZHAN_AGENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are syslog's priorities. */
enum log_level {
	LOG_ERROR = 3,   /* somebody must look */
	LOG_WARNING = 4, /* something did not work; it will be tried again */
	LOG_INFO = 6,    /* what happens on a good day */
	LOG_DEBUG = 7,
};

enum {
	LOG_LINE_BYTES = 1024, /* longer lines are cut */
	LOG_VALUE_BYTES = 160, /* what log_quote() writes, with its NUL */
};

struct log {
	int fd;
	bool is_journal;
	enum log_level level; /* what is above it is left out */
};

/** Take stderr; look at JOURNAL_STREAM and YIZHAN_DEBUG. */
void log_init(struct log *l);

/** One event; format gives its pairs, "" when there are none. Any thread:
 * one write(2) a line. What cannot be written is lost. */
__attribute__((format(printf, 4, 5))) void log_event(const struct log *l,
    enum log_level level, const char *event, const char *format, ...);

/** A value in quotes: quotes, backslashes and control characters are
 * escaped; what is too long is cut between characters. */
const char *log_quote(char out[LOG_VALUE_BYTES], const char *text);

/** The line log_event() writes, with its end; at most LOG_LINE_BYTES. The
 * number of bytes. */
__attribute__((format(printf, 6, 0))) size_t log_format(const struct log *l,
    char out[LOG_LINE_BYTES], int64_t now, enum log_level level,
    const char *event, const char *format, __builtin_va_list pairs);

#endif

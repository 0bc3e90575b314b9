/* config: the INI file that the agent and the command line both read.
 *
 *   [agent]   listen = HOST:PORT   parent = HOST:PORT   interval = SECONDS
 *             dir = PATH
 *   [import]  source = NAME
 *   [budget]  CLASS = BYTES
 *   [links]   INTERFACE = CLASS
 *
 * A key nobody knows is refused: a misspelt one would otherwise be obeyed by
 * nobody and missed by nobody.
 */

#ifndef YIZHAN_API_CONFIG_H
#define YIZHAN_API_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	CONFIG_ADDRESS_BYTES = 264, /* a host name of 253, ":", a port */
	CONFIG_SOURCE_BYTES = 65,
	CONFIG_DIR_BYTES = 1024,
	CONFIG_INTERVAL_S = 300, /* unless the file says otherwise */
	CONFIG_INTERVAL_S_MIN = 5,
	CONFIG_INTERVAL_S_MAX = 86400,
	CONFIG_COMPLAINT_BYTES = 512, /* enough for any complaint */
	CONFIG_BUDGETS_MAX = 16,
	CONFIG_LINKS_MAX = 32,
	CONFIG_CLASS_BYTES = 32,
	CONFIG_LINK_BYTES = 17, /* an interface's name of 15, "*" */
};

/* Class of the links that no pattern names. */
#define CONFIG_CLASS_DEFAULT "default"
#define CONFIG_PATH          "/etc/yizhan/yizhan.conf"
#define CONFIG_DIR           "/var/lib/yizhan"

/* What stood in the file; "" where it said nothing. */
struct config {
	char listen[CONFIG_ADDRESS_BYTES];
	char parent[CONFIG_ADDRESS_BYTES];
	char import_source[CONFIG_SOURCE_BYTES];
	char dir[CONFIG_DIR_BYTES];
	unsigned interval_s;
	/* What a day may cost on links of a class; 0: as much as it likes. */
	size_t budget_count;
	struct {
		char link_class[CONFIG_CLASS_BYTES];
		uint64_t bytes;
	} budgets[CONFIG_BUDGETS_MAX];
	size_t link_count;
	struct {
		char pattern[CONFIG_LINK_BYTES]; /* may end with "*" */
		char link_class[CONFIG_CLASS_BYTES];
		int line; /* of the file */
	} links[CONFIG_LINKS_MAX];
};

/** A number of bytes as people write it: digits, then nothing, k or M (1000
 * and 1000000). False: it is none, or too large. */
bool config_bytes(const char *text, uint64_t *out);

/** What holds where there is no file. */
void config_defaults(struct config *c);

/**
 * Read a file. *c always ends up usable: defaults and what could be read.
 * ERR_NOT_FOUND: no such file. ERR_NOT_ALLOWED, ERR_IO: it cannot be read.
 * ERR_FORMAT: complaint, in the language of the locale, names the file, the
 * first faulty line and what is wrong with it. complaint is "" otherwise.
 */
enum err config_read(const char *path, struct config *c, char *complaint,
    size_t complaint_bytes);

#endif

/* wire: how objects are written as lines. */

#include <stdlib.h>
#include <string.h>

#include "api/wire.h"

char *
wire_line(const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
	size_t size = text == NULL ? 0 : strlen(text);
	char *line = text == NULL ? NULL : malloc(size + 2);

	if (line != NULL) {
		memcpy(line, text, size);
		memcpy(line + size, "\n", 2);
	}
	free(text);
	return line;
}

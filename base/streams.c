/* streams: descriptors 0, 1 and 2 are never anything but the standard ones. */

#include <fcntl.h>
#include <unistd.h>

#include "base/streams.h"

bool
streams_guard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The wrong way round on purpose: input cannot be read from
		 * it, output cannot be written to it. */
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", flags) != fd)
			return false;
	}
	return true;
}

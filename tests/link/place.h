/* place: where the stores of these programs stand. */

#ifndef YIZHAN_TESTS_LINK_PLACE_H
#define YIZHAN_TESTS_LINK_PLACE_H

#include <stdlib.h>
#include <unistd.h>

/* Nothing here asks whether the disk keeps what it is told: where there is a
 * folder in memory the stores stand there. */
static char place_path[] = "/dev/shm/yizhan-link-XXXXXX";

static inline void
place_leave(void)
{
	if (chdir("/") == 0)
		(void)rmdir(place_path);
}

static inline void
place_enter(void)
{
	if (mkdtemp(place_path) == NULL)
		return;
	if (chdir(place_path) != 0 || atexit(place_leave) != 0)
		(void)rmdir(place_path);
}

#endif

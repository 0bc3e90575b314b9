/* wrong_clock: what a computer with a wrong clock shows. Loaded before a
 * program (LD_PRELOAD), it adds $WRONG_CLOCK_SECONDS to the time of day; how
 * long something took stays right.
 */

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The library's own header marks its arguments as it likes. */
int clock_gettime(clockid_t clock, struct timespec *out);
time_t time(time_t *out);

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	const char *seconds = getenv("WRONG_CLOCK_SECONDS");
	long rc = syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && clock == CLOCK_REALTIME && seconds != NULL)
		out->tv_sec += strtol(seconds, NULL, 10);
	return (int)rc;
}

time_t
time(time_t *out)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

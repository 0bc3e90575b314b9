/* random: the system's generator. */

#include <sodium.h>

#include "base/random.h"

static void
fill_system(void *context, void *out, size_t size)
{
	(void)context;
	randombytes_buf(out, size);
}

struct random_source
random_system(void)
{
	struct random_source r = {fill_system, NULL};

	return r;
}

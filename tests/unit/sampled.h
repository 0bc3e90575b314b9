/* sampled: how much of a test that tries everything is tried.
 *
 * Builds with sanitizers are slow, and the same runs whole in a plain build
 * (tests/run.sh does both): there such a test tries one place in so many, each
 * time from the same first one.
 */

#ifndef YIZHAN_TESTS_UNIT_SAMPLED_H
#define YIZHAN_TESTS_UNIT_SAMPLED_H

#include <stdlib.h>

/* Every how many places: from YIZHAN_TESTS_STRIDE, 1 without it. */
static inline unsigned
sampled_stride(void)
{
	const char *text = getenv("YIZHAN_TESTS_STRIDE");
	long n = text == NULL ? 1 : strtol(text, NULL, 10);

	return n < 1 || n > 1000 ? 1 : (unsigned)n;
}

#endif

/* expect: a property that holds for any input, named where it does not. */

#ifndef YIZHAN_TESTS_FUZZ_EXPECT_H
#define YIZHAN_TESTS_FUZZ_EXPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define expect(truth) expect_at((truth), #truth, __FILE__, __LINE__)

static inline void
expect_at(bool truth, const char *what, const char *file, int line)
{
	if (truth)
		return;
	fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
	abort();
}

#endif

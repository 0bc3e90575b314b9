/* heap: how much of it is in use, for tests that bound it. */

#ifndef YIZHAN_TESTS_UNIT_HEAP_H
#define YIZHAN_TESTS_UNIT_HEAP_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* 0 under valgrind, whose heap is its own. */
static inline size_t
bytes_in_use(void)
{
	struct mallinfo2 m;

	if (__sanitizer_get_current_allocated_bytes != NULL)
		return __sanitizer_get_current_allocated_bytes();
	m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

/* false under valgrind: then no least amount can be asked of it. The caller
 * holds some of the heap. */
static inline bool
heap_is_counted(void)
{
	return bytes_in_use() > 0;
}

#endif

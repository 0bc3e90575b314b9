/* fuzz: what each NAME_fuzz.c defines; libFuzzer or driver.c calls it. */

#ifndef YIZHAN_TESTS_FUZZ_FUZZ_H
#define YIZHAN_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/**
 * Decode size bytes and, where they decode, check that encoding them again
 * gives the same. Aborts on a fault; leaves nothing behind; returns 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Once, before the first input, e.g. sodium_init(). May be left out. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif

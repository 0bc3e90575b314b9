/* foreign: records with text that no dictionary has seen.
 *
 * Each of the 6,763 characters of GB 2312 gets another one in its place, drawn
 * from a seed: its 3,755 common ones (level 1) among themselves and the rest
 * among themselves, none itself. Lengths and repetitions stay as they were, so
 * the text is as rich as it was; but no word, phrase or frequency of a
 * character is what a dictionary or a table of characters expects. This is a
 * bound from above: people who write in a clinic use the words of their trade,
 * which here are as unknown as everything else. Codes, numbers, references and
 * Latin letters have no such characters and stay.
 */

#ifndef YIZHAN_TESTS_BENCH_FOREIGN_H
#define YIZHAN_TESTS_BENCH_FOREIGN_H

#include <stdint.h>

#include "base/err.h"

struct foreign {
	uint16_t to[0x10000]; /* by code point; 0: itself */
};

/** Draw it; sodium_init() went before. ERR_NOT_FOUND: this C library cannot
 * read GB 2312. */
enum err foreign_draw(struct foreign *f, uint64_t seed);
/** Rewrite UTF-8 where it stands; its length stays. */
void foreign_rewrite(const struct foreign *f, char *text);

#endif

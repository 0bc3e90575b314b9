/* contest_said: what was said of a contract, a move or a resident by others
 * than the machine, and since when.
 */

#ifndef YIZHAN_STORE_CONTEST_SAID_H
#define YIZHAN_STORE_CONTEST_SAID_H

#include "store/contest.h"
#include "store/record.h"

/* The fields that are the machine's to say; ends with NULL. Which contracts a
 * household has besides is its own to say (household.c). */
extern const char *const contest_words[];

/** Whether a change is the machine's. */
bool contest_is_machines(const struct change *c);

/** The day of an instant; "": it has none. */
void contest_day_of(int64_t seconds, contest_day out);

/**
 * The first day on which a field was said to hold a word, by those of `stands`
 * (of the same places); "": nobody did. Of clocks that are wrong none is
 * believed: then it is no earlier than the last day that one of them had seen,
 * if any, and guessed.
 */
enum err contest_day_said(const struct merge_input *input, size_t count,
    const bool *stands, const char *field, const char *word, contest_day on,
    bool *is_guessed);

/* The changes of a contract as if the machine had said nothing. */
struct contest_said {
	size_t count;
	struct change *copy;
	struct merge_input *input;
	bool *stands; /* of which the state was not said otherwise since */
};

/** contest_said_free() after ERR_OK. */
enum err contest_said_read(
    const struct record_set *changes, struct contest_said *out);
void contest_said_free(struct contest_said *s);

#endif

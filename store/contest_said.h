/* contest_said: what others than the machine said of a record, and when.
 *
 * No day is taken from a clock that was wrong, nor one that was still to come
 * when it was written down.
 */

#ifndef YIZHAN_STORE_CONTEST_SAID_H
#define YIZHAN_STORE_CONTEST_SAID_H

#include "store/contest.h"
#include "store/record.h"

/* The fields that are the machine's to say; ends with NULL. With which others
 * of his household a contract stands is said by household.c. */
extern const char *const contest_words[];

/** Whether a change is the machine's. */
bool contest_is_machines(const struct change *c);

/** Whether the time that a change names can be believed: its computer's clock
 * could, and it is not one that was still to come. */
bool contest_is_believable(const struct change *c);

/** The day of an instant; "" where there is none such. */
void contest_day_of(int64_t seconds, contest_day out);

/* A record's changes as if the machine had said nothing: its changes are in
 * their places, so that parents lead through them, without its words. */
struct contest_said {
	size_t count;
	struct change *copy;
	struct merge_input *input;
	bool *stands; /* of which the state was not said otherwise since */
};

/** Those of is_others, of the same places, say nothing of contract_terms, and
 * of the state only that it is in force or should end. contest_said_free()
 * after ERR_OK; changes must outlive it. */
enum err contest_said_read(const struct record_set *changes,
    const bool *is_others, struct contest_said *out);
void contest_said_free(struct contest_said *s);

/* The first instant at which it was said. Where only clocks said it that are
 * not believed, it was no earlier than the last that one of them had seen. */
struct contest_said_on {
	int64_t first; /* INT64_MAX: none */
	int64_t seen;  /* INT64_MIN: none */
	bool is_guessed;
};

/** When a field was first said to hold a word, by the changes of `stands`. */
enum err contest_find_said(const struct merge_input *input, size_t count,
    const bool *stands, const char *field, const char *word,
    struct contest_said_on *out);
/** That day, "" if none is known. True: it is guessed. */
bool contest_day_said(const struct contest_said_on *said, contest_day on);

#endif

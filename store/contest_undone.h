/* contest_undone: contracts that a move ended which was a mistake.
 *
 * The group confirmed that a resident moves, which ended his contract with the
 * former team, and took that back. Whether the contract is in force again is a
 * question: the team stopped its visits, and he may have signed elsewhere.
 */

#ifndef YIZHAN_STORE_CONTEST_UNDONE_H
#define YIZHAN_STORE_CONTEST_UNDONE_H

#include "store/contest_set.h"

/** The day of a move that was confirmed, also where that was taken back; "":
 * none. It is guessed where only a clock tells it that is wrong. What cannot be
 * read is no error. */
enum err contest_moving_day(
    struct txn *t, const struct record *move, contest_day on, bool *is_guessed);

/** Whether a person saw that moves had ended a contract, put it in force
 * again, and nobody whose word counts said anything of its state since. said:
 * what contest_said_read() made of the same changes; kin_mark() first. */
bool contest_is_resumed(
    const struct record_set *contract, const struct contest_said *said);

/** Ask about the contracts of a set that are doubted, and about no others. */
enum err contest_undone_ask(
    struct txn *t, const struct contest_set *s, int64_t now);

#endif

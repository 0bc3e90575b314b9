/* counted_reads: steps of walks and values read, counted where the linker leads
 * both through here (--wrap in meson.build). Included once a program.
 */

#ifndef YIZHAN_TESTS_UNIT_COUNTED_READS_H
#define YIZHAN_TESTS_UNIT_COUNTED_READS_H

#include "store/db.h"

static size_t steps, values;

enum err __real_walk_next(
    struct walk *w, struct bytes *key, struct buffer *value);
enum err __real_txn_get(struct txn *t, enum table table, const void *key,
    size_t key_bytes, struct buffer *out);
enum err __wrap_walk_next(
    struct walk *w, struct bytes *key, struct buffer *value);
enum err __wrap_txn_get(struct txn *t, enum table table, const void *key,
    size_t key_bytes, struct buffer *out);

enum err
__wrap_walk_next(struct walk *w, struct bytes *key, struct buffer *value)
{
	steps++;
	return __real_walk_next(w, key, value);
}

enum err
__wrap_txn_get(struct txn *t, enum table table, const void *key,
    size_t key_bytes, struct buffer *out)
{
	values++;
	return __real_txn_get(t, table, key, key_bytes, out);
}

#endif

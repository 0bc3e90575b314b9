/* stream: batches of one class as one zstd stream (docs/protocol.md), for
 * links so fast that a sender's time is worth more than bytes.
 *
 * Each class and direction of a session has one stream: batches, each behind
 * its length, compressed in one bounded window and flushed so that every frame
 * can be read at once. sync/packed.h is the other form.
 */

#ifndef YIZHAN_SYNC_STREAM_H
#define YIZHAN_SYNC_STREAM_H

#include "sync/source.h"

/** A batch as bytes, without its class. ERR_NOMEM, ERR_LIMIT. */
enum err batch_encode(const struct batch *b, struct buffer *out);
/** Take it apart; out->list.class is set by the caller before. Checks counts
 * and sizes before it allocates. ERR_FORMAT, ERR_LIMIT, ERR_NOMEM; *out is
 * then empty. */
enum err batch_decode(const void *data, size_t size, struct batch *out);

struct stream_writer;

/** level: zstd's, 1 to 19. */
enum err stream_writer_new(struct stream_writer **out, int level);
void stream_writer_free(struct stream_writer *w);
/** Queue a batch. */
enum err stream_writer_add(struct stream_writer *w, const struct batch *b);
/** Bytes wait, compressed or not. */
bool stream_writer_waits(const struct stream_writer *w);
/** Append at most max compressed bytes to out, flushed. ERR_END: nothing. */
enum err stream_writer_take(
    struct stream_writer *w, size_t max, struct buffer *out);

struct stream_reader;

enum err stream_reader_new(struct stream_reader **out);
void stream_reader_free(struct stream_reader *r);
/** Decompress received bytes. ERR_FORMAT: not this stream; ERR_LIMIT: more
 * than the bounds allow (a bomb): both end the session. */
enum err stream_reader_feed(
    struct stream_reader *r, const void *data, size_t size);
/** Next whole batch. ERR_MORE: not yet. ERR_FORMAT, ERR_LIMIT. */
enum err stream_reader_next(
    struct stream_reader *r, uint8_t class, struct batch *out);
/** Part of a batch is here. */
bool stream_reader_holds(const struct stream_reader *r);

#endif

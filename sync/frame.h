/* frame: cuts a byte stream into sealed frames (docs/protocol.md).
 *
 * On the wire: u16 length of the sealed bytes (16 .. FRAME_PAYLOAD_MAX + 16),
 * then the sealed bytes. Before the session has keys, the same header carries
 * handshake messages in clear: frame_reader_set_cipher() switches.
 */

#ifndef YIZHAN_SYNC_FRAME_H
#define YIZHAN_SYNC_FRAME_H

#include "sync/noise.h"

/* Owned by the session; bounded by one frame plus what was fed at once. */
struct frame_reader {
	struct buffer input;
	struct buffer plain; /* of the frame handed out last */
	size_t taken;        /* of input, by the frame handed out last */
	struct noise_cipher cipher;
	bool sealed; /* cipher is in force */
	enum err fault;
};

void frame_reader_init(struct frame_reader *r);
/** Wipes its key and what it read. */
void frame_reader_wipe(struct frame_reader *r);
/** From the next frame on, open with this cipher (copied). */
void frame_reader_set_cipher(
    struct frame_reader *r, const struct noise_cipher *c);
/** Add received bytes; ends the life of the payload handed out last.
 * ERR_LIMIT: the caller feeds on although whole frames wait (more than
 * FRAME_INPUT_MAX); nothing was taken, take frames out and feed again.
 * ERR_NOMEM, for good; or the standing fault. */
enum err frame_reader_feed(struct frame_reader *r, const void *in, size_t size);

enum { FRAME_INPUT_MAX = 4 * (FRAME_PAYLOAD_MAX + FRAME_OVERHEAD) };

/**
 * Take the next whole frame out of the reader.
 *
 * On ERR_OK, *payload points into the reader and stays valid until the next
 * call. ERR_MORE: feed more bytes. ERR_AUTH: the peer or the link altered
 * the frame; ERR_LIMIT, ERR_FORMAT: a length out of range; ERR_NOMEM. After
 * a fault every later call returns it too.
 */
enum err frame_reader_next(struct frame_reader *r, struct bytes *payload);

/**
 * Look whether a frame in clear of two bytes comes in the place of a sealed
 * one, which is never so short; nothing is taken. ERR_MORE: it does, and is
 * not all here. ERR_NOT_FOUND: it does not, or nothing tells yet.
 */
enum err frame_reader_clear(const struct frame_reader *r, uint8_t out[2]);

/** Append one frame in clear: u16 length and the bytes (a handshake
 * message, at most HANDSHAKE_MESSAGE_MAX, else ERR_LIMIT; an empty one is
 * ERR_FORMAT). On an error out stays as it was. */
enum err frame_write_clear(
    struct buffer *out, const void *message, size_t size);
/** Append one sealed frame (size <= FRAME_PAYLOAD_MAX, else ERR_LIMIT). On an
 * error out and c stay as they were. */
enum err frame_write_sealed(struct buffer *out, struct noise_cipher *c,
    const void *payload, size_t size);

#endif

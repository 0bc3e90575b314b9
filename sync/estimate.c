/* estimate: how many bytes a session would send now, without a link. */

#include <stdlib.h>
#include <string.h>

#include "sync/estimate.h"
#include "sync/session_state.h"

enum {
	MESSAGE_1_BYTES = PREFACE_BYTES + 2 + 48,
	MESSAGE_3_BYTES = 2 + 64, /* and its payload */
	DATA_BYTES = 4,           /* type, size and class of a DATA message */
	FRAME_FIRST_AIM = 1200,
	FRAME_LAST_AIM = FRAME_PAYLOAD_MAX - 64,
};

struct work {
	const struct source *source;
	const uint8_t *parent_key;
	uint8_t parent[NODE_ID_BYTES];
	struct list_names names;
	struct cursor_set believed;
	struct hello nobody; /* the parent's, which is not known */
	struct batch batch;
	struct codebook *books;
	uint32_t dictionary; /* the one of them, 0: that of the version */
	struct buffer packed;
	uint64_t sample_max;
	/* Of the present class, in all and of the sample's first half. */
	uint64_t changes, bytes, half_changes, half_bytes;
};

static struct cursor
believed(const struct work *w, const struct list_id *list)
{
	struct cursor none = {0, 0, 0};
	size_t i;

	for (i = 0; i < w->believed.count; i++)
		if (w->believed.item[i].list.class == list->class &&
		    strcmp(w->believed.item[i].list.name, list->name) == 0)
			return w->believed.item[i].cursor;
	return none;
}

/* As on a slow link: what a fast one costs matters less. */
static enum err
begin(struct work *w, struct packer *p)
{
	struct change_id last = w->batch.changes[0].id;

	last.seq--;
	return packer_start(p, w->books, w->dictionary, w->source, &last,
	    w->batch.change_count < PACK_MANY ? PACK_HISTORY
	                                      : PACK_HISTORY_LONG);
}

static enum err
pack(struct work *w, struct packer *p)
{
	static const struct known_lives none;
	bool is_end = false;
	enum err e = ERR_OK;

	if (!packer_has_begun(p))
		e = begin(w, p);
	if (e == ERR_OK)
		e = packer_add(p, &w->batch, w->changes > 0, &none);
	while (e == ERR_OK && !is_end) {
		buffer_clear(&w->packed);
		e = packer_take(p, FRAME_PAYLOAD_MAX, &w->packed, &is_end);
		w->bytes += w->packed.size;
	}
	if (e != ERR_OK)
		return e;
	w->changes += w->batch.change_count;
	if (w->changes <= w->sample_max / 2) {
		w->half_changes = w->changes;
		w->half_bytes = w->bytes;
	}
	return ERR_OK;
}

static enum err
pack_list(struct work *w, struct packer *packer, const struct list_id *list)
{
	struct cursor at = believed(w, list);
	enum err e = w->source->settle(w->source->context, list, &at);

	while (e == ERR_OK && w->changes < w->sample_max) {
		e = w->source->read(w->source->context, list, &at,
		    w->parent_key, &w->nobody, PACK_CHANGES_MAX,
		    BATCH_BYTES_AIM, &w->batch);
		if (e == ERR_OK)
			e = pack(w, packer);
		at = w->batch.end;
	}
	return e == ERR_END ? ERR_OK : e;
}

/* The rest is like the sample's second half: its first half paid for a window
 * that was empty. */
static uint64_t
extrapolate(const struct work *w, uint64_t waiting)
{
	double rate = (double)(w->bytes - w->half_bytes) /
	              (double)(w->changes - w->half_changes);

	return w->bytes + (uint64_t)((double)(waiting - w->changes) * rate);
}

static enum err
pack_class(
    struct work *w, uint8_t class, uint64_t waiting, struct estimate *out)
{
	struct packer *packer;
	struct list_id list = {.class = class};
	size_t i;
	enum err e = packer_new(&packer);

	if (e != ERR_OK)
		return e;
	w->changes = w->bytes = w->half_changes = w->half_bytes = 0;
	for (i = 0; e == ERR_OK && i < w->names.count; i++) {
		memcpy(list.name, w->names.names[i], sizeof list.name);
		e = pack_list(w, packer, &list);
	}
	packer_free(packer);
	out->class[class].changes = w->changes;
	out->class[class].bytes = w->bytes;
	if (w->changes >= w->sample_max && w->changes > w->half_changes &&
	    waiting > w->changes) {
		out->class[class].changes = waiting;
		out->class[class].bytes = extrapolate(w, waiting);
		out->class[class].is_extrapolated = true;
	}
	return e;
}

/* --- frames -------------------------------------------------------------- */

/* What so many bytes of streams cost beside themselves: the first go into the
 * handshake, the others into frames that grow, as on a link in good order. */
static uint64_t
frame_bytes(uint64_t data, uint64_t hello)
{
	uint64_t sum = 0, room = FIRST_FLIGHT_MOST - hello;
	uint64_t aim = FRAME_FIRST_AIM;

	if (hello >= FIRST_FLIGHT_MOST)
		room = 0;
	while (data > 0) {
		uint64_t part = data < room ? data : room;

		data -= part;
		if (part > 0)
			sum += DATA_BYTES;
		if (data == 0)
			break;
		sum += FRAME_OVERHEAD;
		room = aim - DATA_BYTES;
		aim = 2 * aim < FRAME_LAST_AIM ? 2 * aim : FRAME_LAST_AIM;
	}
	return sum;
}

static enum err
hello_message_bytes(struct work *w, uint64_t *out)
{
	struct hello *hello = calloc(1, sizeof *hello);
	struct buffer body = {0}, message = {0};
	enum err e = ERR_NOMEM;

	if (hello != NULL)
		e = w->source->hello(w->source->context, hello);
	if (e == ERR_OK) {
		hello->dictionary_count =
		    codebook_ids(w->books, hello->dictionaries);
		e = hello_create(hello, &body);
	}
	if (e == ERR_OK) {
		message_put(&message, MESSAGE_HELLO, body.data, body.size);
		e = buffer_state(&message);
	}
	*out = message.size;
	free(hello);
	buffer_free(&body);
	buffer_free(&message);
	return e;
}

static void
add_frames(struct estimate *out, uint64_t hello)
{
	uint64_t data = 0, frames, left;
	size_t c;

	for (c = 0; c < CLASSES; c++)
		data += out->class[c].bytes;
	frames = frame_bytes(data, hello);
	left = frames;
	for (c = CLASSES; c-- > 0;) {
		uint64_t part = data == 0
		                    ? 0
		                    : (uint64_t)((double)frames *
		                                 ((double)out->class[c].bytes /
		                                     (double)data));

		if (part > left)
			part = left;
		left -= part;
		out->class[c].bytes += part;
	}
	out->session = MESSAGE_1_BYTES + MESSAGE_3_BYTES + hello + left +
	               FRAME_OVERHEAD + 2;
	out->total = out->session;
	for (c = 0; c < CLASSES; c++)
		out->total += out->class[c].bytes;
}

static enum err
run(struct work *w, const uint64_t waiting[CLASSES], struct estimate *out)
{
	uint64_t hello = 0;
	uint8_t class;
	enum err e;

	node_id_of(w->parent, w->parent_key);
	e = w->source->lists(w->source->context, w->parent, &w->names);
	if (e == ERR_OK)
		e = w->source->peer_cursors(
		    w->source->context, w->parent, &w->believed);
	if (e == ERR_OK)
		e = hello_message_bytes(w, &hello);
	for (class = 0; e == ERR_OK && class < CLASSES; class ++)
		e = pack_class(w, class, waiting[class], out);
	if (e == ERR_OK)
		add_frames(out, hello);
	return e;
}

/* As choose_dictionary() in session_pack.c has it before the parent's hello. */
static uint32_t
newest(struct codebook *books)
{
	uint32_t ids[CODEBOOK_MAX - 1];
	size_t count = codebook_ids(books, ids), i;

	for (i = 0; i < count; i++)
		if (codebook_can(books, ids[i]))
			return ids[i];
	return 0;
}

enum err
estimate_up(const struct source *source, const uint8_t parent_key[KEY_BYTES],
    const uint64_t waiting[CLASSES], uint64_t sample_max,
    struct codebook *books, struct estimate *out)
{
	struct work *w = calloc(1, sizeof *w);
	enum err e;

	memset(out, 0, sizeof *out);
	if (w == NULL)
		return ERR_NOMEM;
	w->source = source;
	w->parent_key = parent_key;
	w->sample_max = sample_max;
	w->books = books;
	w->dictionary = newest(books);
	batch_init(&w->batch);
	e = run(w, waiting, out);
	batch_free(&w->batch);
	buffer_wipe(&w->packed);
	free(w);
	return e;
}

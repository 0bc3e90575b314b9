/* hostile_peer: connections that know the keys of a clinic, or of nobody, and
 * behave badly, for 60-hostile-peers.sh.
 *
 * usage: hostile_peer DIR HOST:PORT half|drip|deaf|slow COUNT
 *
 *   half  handshake message 1 as it should be, then silence
 *   drip  the same, one byte every five seconds
 *   deaf  enrolled: a whole handshake, the beginning of a batch in every
 *         class, and nothing of what is answered is ever read
 *   slow  enrolled: the same, and one byte is read a second
 *
 * DIR is a clinic's store that nobody else has open. Prints "ready" when all
 * that can be sent was sent, then goes on until it gets a signal.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "api/link.h"
#include "api/tcp.h"
#include "store/enrol.h"
#include "sync/session_state.h"

enum {
	COUNT_MAX = 256,
	CONNECT_MS = 20000,
	DRIP_SECONDS = 5,
	BATCH_CHANGES = 3,
	BODY_BYTES = 60000,
};

struct hostile {
	struct session *session;
	int fd;
	size_t dripped; /* of the session's output */
};

static void
die(const char *what)
{
	fprintf(stderr, "hostile_peer: %s\n", what);
	exit(1);
}

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "hostile_peer: %s: %s\n", what, err_name(e));
	exit(1);
}

/* --- a clinic with nothing to say ----------------------------------------- */

static enum err
no_lists(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct list_names *out)
{
	(void)context;
	(void)peer;
	out->count = 0;
	return ERR_OK;
}

static enum err
no_cursors(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out)
{
	(void)context;
	(void)peer;
	out->count = 0;
	return ERR_OK;
}

static enum err
plain_hello(void *context, struct hello *out)
{
	(void)context;
	memset(out, 0, sizeof *out);
	out->version_min = out->version_max = PROTOCOL_VERSION;
	out->role = ROLE_CLINIC;
	out->now = 1780000000;
	out->slips_left = 10000;
	return ERR_OK;
}

static void
read_options(const char *dir, struct session_options *o)
{
	struct store_options so = {
	    .dir = dir, .holder = "hostile_peer", .random = random_system()};
	struct store *store;
	struct self self;
	struct txn *t;

	must(store_open(&store, &so), dir);
	must(db_begin(store_db(store), false, &t), "read");
	must(self_read(t, &self), "self");
	must(enrol_parent(t, &self, &o->parent, NULL, 0), "parent");
	txn_abort(t);
	store_close(store);
	o->purpose = SESSION_SYNC;
	o->transport = self.transport;
	memcpy(o->group, self.group, sizeof o->group);
	memcpy(o->parent_key, o->parent.transport_key, KEY_BYTES);
	o->source.lists = no_lists;
	o->source.peer_cursors = no_cursors;
	o->source.own_cursors = no_cursors;
	o->source.hello = plain_hello;
	self_wipe(&self);
}

/* --- bytes -----------------------------------------------------------------
 */

static void
send_all(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			/* It does not take more, and need not. */
			if (poll(&p, 1, 2000) == 0)
				return;
		} else {
			die("the hub closed");
		}
	}
}

/* Message 1 goes out, message 2 comes in, message 3 goes out. */
static void
shake_hands(struct hostile *h)
{
	uint8_t in[4096];
	const uint8_t *out;
	size_t size;

	while (h->session->state != STATE_OPEN ||
	       session_output(h->session, &out) > 0) {
		struct pollfd p = {.fd = h->fd, .events = POLLIN};
		ssize_t n;

		size = session_output(h->session, &out);
		if (size > 0) {
			send_all(h->fd, out, size);
			session_sent(h->session, size, 1);
			continue;
		}
		if (poll(&p, 1, CONNECT_MS) <= 0)
			die("no answer");
		n = recv(h->fd, in, sizeof in, 0);
		if (n <= 0)
			die("the hub closed in the handshake");
		must(
		    session_receive(h->session, in, (size_t)n, 1), "handshake");
	}
}

/* Most of a batch that no compressor makes smaller. */
static void
begin_batch(struct hostile *h, uint8_t class)
{
	struct batch *b = calloc(1, sizeof *b);
	struct buffer packed = {0}, body = {0}, plain = {0}, wire = {0};
	struct stream_writer *w;
	size_t i, at = 0;

	if (b == NULL)
		die("memory");
	memcpy(b->list.name, "up", sizeof "up");
	b->start.epoch = b->end.epoch = 1;
	b->end.place = BATCH_CHANGES;
	for (i = 0; i < BATCH_CHANGES; i++) {
		uint8_t bytes[BODY_BYTES];

		randombytes_buf(bytes, sizeof bytes);
		b->changes[i].id.seq = i + 1;
		b->changes[i].body_at = b->bytes.size;
		b->changes[i].body_bytes = sizeof bytes;
		put_bytes(&b->bytes, bytes, sizeof bytes);
	}
	b->change_count = BATCH_CHANGES;
	must(stream_writer_new(&w, 1), "stream");
	must(stream_writer_add(w, b), "batch");
	while (stream_writer_take(w, 16000, &packed) == ERR_OK)
		;
	while (at + 16000 < packed.size) {
		buffer_clear(&body);
		buffer_clear(&plain);
		buffer_clear(&wire);
		put_u8(&body, class);
		put_bytes(&body, packed.data + at, 16000);
		message_put(&plain, MESSAGE_DATA, body.data, body.size);
		must(frame_write_sealed(&wire, &h->session->send_cipher,
		         plain.data, plain.size),
		    "seal");
		send_all(h->fd, wire.data, wire.size);
		at += 16000;
	}
	stream_writer_free(w);
	batch_free(b);
	free(b);
	buffer_free(&packed);
	buffer_free(&body);
	buffer_free(&plain);
	buffer_free(&wire);
}

static void
open_one(struct hostile *h, struct session_options *o, const char *address,
    const char *mode)
{
	const uint8_t *out;
	size_t size;
	uint8_t class;

	randombytes_buf(o->ephemeral_secret, sizeof o->ephemeral_secret);
	must(session_new(&h->session, o), "session");
	must(link_connect(address, CONNECT_MS, &h->fd), "connect");
	must(tcp_prepare(h->fd), "socket");
	size = session_output(h->session, &out);
	if (strcmp(mode, "half") == 0) {
		send_all(h->fd, out, size);
	} else if (strcmp(mode, "drip") != 0) {
		shake_hands(h);
		for (class = 0; class < CLASSES; class ++)
			begin_batch(h, class);
	}
}

/* --- afterwards ------------------------------------------------------------
 */

/* The hub may well have closed by now; that is its right. */
static void
go_on(struct hostile *h, const char *mode, unsigned second)
{
	const uint8_t *out;
	uint8_t in;
	size_t size;

	if (strcmp(mode, "slow") == 0)
		(void)recv(h->fd, &in, 1, MSG_DONTWAIT);
	if (strcmp(mode, "drip") != 0 || second % DRIP_SECONDS != 0)
		return;
	size = session_output(h->session, &out);
	if (h->dripped < size)
		(void)send(h->fd, out + h->dripped++, 1, MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	static struct session_options options;
	static struct hostile all[COUNT_MAX];
	size_t i, count;
	unsigned second;

	if (argc != 5 || sodium_init() < 0)
		die("usage: DIR HOST:PORT half|drip|deaf|slow COUNT");
	count = strtoul(argv[4], NULL, 10);
	if (count > COUNT_MAX)
		die("too many");
	read_options(argv[1], &options);
	for (i = 0; i < count; i++)
		open_one(&all[i], &options, argv[2], argv[3]);
	puts("ready");
	fflush(stdout);
	for (second = 0;; second++) {
		for (i = 0; i < count; i++)
			go_on(&all[i], argv[3], second);
		sleep(1);
	}
}

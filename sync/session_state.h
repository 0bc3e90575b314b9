/* session_state: what the session*.c files share; private to them. */

#ifndef YIZHAN_SYNC_SESSION_STATE_H
#define YIZHAN_SYNC_SESSION_STATE_H

#include "sync/frame.h"
#include "sync/packed.h"
#include "sync/session.h"
#include "sync/stream.h"

/* The words of the diagram in docs/protocol.md. */
enum session_state {
	STATE_PREFACE,   /* responder: five bytes that say what is wanted */
	STATE_CHAIN,     /* initiator: asked who the parent is */
	STATE_MESSAGE_1, /* responder waits for handshake message 1 */
	STATE_INVITE,    /* responder: the owner looks up the invite */
	STATE_MESSAGE_2, /* initiator waits for message 2 */
	STATE_MESSAGE_3, /* responder waits for message 3 */
	STATE_WELCOME,   /* joining: request sent, or answer awaited */
	STATE_OPEN,      /* changes flow */
	STATE_CLOSING,   /* bye is in the output */
	STATE_DONE,
	STATE_FAILED,
};

/* First bytes of a connection: "YZ", version, suite, mode. */
enum { PREFACE_BYTES = 5 };
enum preface_mode {
	MODE_SYNC = 0,  /* Noise XK */
	MODE_JOIN = 1,  /* Noise XKpsk3 */
	MODE_CHAIN = 2, /* the answer is the certificate chain, in clear */
};

enum {
	EVENTS_MAX = 64,
	INBOX_BYTES_MAX = 256 * 1024,
	CLEAR_ERROR = 0xff, /* first byte of a two-byte clear frame */
	STARVE_AFTER = 7,   /* frames of higher classes before a lower one */
	/* Of bodies in rows before SETTLED, which are read in vain: a flight's
	 * batches are a fifth of it. */
	HELD_VAIN_BYTES_MAX = 1024 * 1024,
	URGENT_CLASS_MAX = 1,     /* somebody waits for these, and */
	URGENT_WAIT_MS = 100,     /* not so long for the rest of their frame */
	FRAME_SLACK = 32,         /* room that is not worth another message */
	FIRST_FLIGHT_MOST = 3500, /* payload of handshake message 3 */
	COMPRESSION_LEVEL = 6,    /* of rows: the link is fast */
	BATCH_CHANGES_AIM = 128,
	PACK_CHANGES_MAX = 64, /* of one batch: so long the receiver decodes */
	PACK_BODIES_MAX = PACKED_BODIES_FREE, /* of one batch: their bytes */
	/* Changes to learn first: what the next ones gain of them is worth
	 * more than their time on any link that is slow enough; more of them,
	 * where so many changes wait. */
	PACK_HISTORY = 256,
	PACK_HISTORY_LONG = 1024,
	PACK_MANY = 16,
	PACK_TRIP_MS = 20, /* no link within a house takes so long */
	BATCH_BYTES_AIM = 48 * 1024,
	CURSORS_PER_MESSAGE = 120,
	WITHDRAWN_LISTS_MAX = 2, /* at the beginning, and at the end */
};

/* One of our lists that the peer is to receive. */
struct outgoing {
	struct list_id list;
	struct cursor believed; /* the peer's, when the session began */
	struct cursor next;     /* what was sent ends here */
	/* Between these two nothing is for the peer. */
	struct cursor looked_from, looked_to;
	struct cursor held;     /* what the peer has receipted */
	bool at_end;            /* nothing behind `next` when last read */
	struct cursor expected; /* where the peer takes the next batch to begin
	                           that does not say it */
	bool has_sent;          /* a batch of it, in this session */
	unsigned refusals;      /* batches that the peer could not take */
	bool is_refused;        /* the last of them was not taken since */
	/* Bounded: what comes behind this place has no room in any session. */
	bool is_over;
	struct cursor over;
};

/* A batch that was sent and has no answer yet. */
struct unanswered {
	size_t list; /* place in outgoing */
	struct cursor end;
	bool is_void;       /* the peer did not take it, or one before it */
	bool is_question;   /* no batch: UNHEARD */
	unsigned beginning; /* of its class's dense coder, so many */
	uint64_t owed;      /* bounded: bytes kept for its answer */
};

/* Those of one class, the oldest first. */
struct flight {
	struct unanswered batch[UNANSWERED_MAX]; /* a ring */
	size_t first, count;
	uint64_t sent, answered; /* batches in all, to measure one */
};

/* A life of the peer, as its hello told it. */
struct peer_life {
	uint8_t id[LIFE_BYTES];
	uint64_t seq[CLASSES]; /* it has so much of its logs */
};

/* How fast the link is, as far as the session can see (session_time.c). */
struct pace {
	uint64_t trip_ms; /* smoothed as in RFC 6298; 0: not measured yet */
	bool has_answer;  /* a batch was answered: its commit is in there */
	/* What is timed: one batch, or a step of the handshake. */
	bool times_batch, times_step;
	uint8_t class;
	uint64_t batch;            /* its number in the class */
	bool has_left;             /* its last byte did, */
	uint64_t left_ms;          /* then, */
	uint64_t left_bytes;       /* so many having been sent, */
	uint64_t left_received;    /* and so many come */
	uint64_t answered_bytes;   /* sent before what was answered last, */
	uint64_t answered_left_ms; /* which had left then */
	uint64_t least_rate;       /* bytes a second that did go through */
	/* Frames that left one after the other, until they say enough. */
	bool is_busy; /* no pause since the one before left */
	uint64_t run_bytes, run_ms;
	uint64_t rate; /* bytes a second; 0: not measured yet */
};

/* How fast this computer packs (session_pack.c). */
struct pack_pace {
	uint64_t last_bytes; /* made by the last session_prepare() */
	uint64_t bytes, us;  /* until they say enough */
	uint64_t rate;       /* bytes a second; 0: not known yet */
};

/* What may be sent, where the session has a bound (session_bound.c). */
struct bound {
	bool is_set;
	uint64_t whole;            /* for all classes; UINT64_MAX: none */
	uint64_t budget;           /* for all but class 0; UINT64_MAX: none */
	uint64_t down;             /* initiator: the parent's share of it */
	uint64_t spent;            /* responder: of its share */
	size_t under_way;          /* bytes in the frame being filled */
	bool is_full;              /* the most urgent that waits does not fit */
	bool waits_for_answers;    /* so many of the most urgent have none */
	bool peer_has_more;        /* the parent's end said so */
	bool has_refused[CLASSES]; /* nothing fitted into: */
	uint64_t refused_room[CLASSES];
	struct buffer ready[CLASSES]; /* compressed, counted, to be sent */
	size_t ready_at[CLASSES];

	/* What has no room in any session; 0 bytes: nothing. */
	uint64_t fixed;      /* initiator: that an empty session takes */
	bool ours_wait;      /* initiator: when the parent got its share */
	uint64_t over_bytes; /* the most urgent such change of ours */
	struct change_id over;
	uint64_t peer_over_bytes; /* the parent's end told of one */
};

struct session {
	struct session_options o;
	enum session_state state;
	enum preface_mode mode;
	struct noise_handshake noise;
	struct noise_cipher send_cipher;
	bool is_sealed;    /* both ciphers are in force */
	bool heard_sealed; /* the peer has proven its keys since */
	struct cert peer;
	bool has_peer;
	uint8_t peer_key[KEY_BYTES];
	bool told_chain; /* once per connection is enough */
	bool peer_is_withdrawn;

	/* input */
	struct buffer inbox; /* received, not yet taken by the reader */
	struct frame_reader reader;
	struct buffer first; /* payload of handshake message 3 */
	struct reader frame; /* messages left in the present frame */
	bool in_frame;
	int draining;  /* class whose stream may hold whole batches; -1 */
	int unpacking; /* class whose packed batch is whole; -1 */
	struct stream_reader *in[CLASSES];
	struct unpacker *unpacker[CLASSES];
	struct cursor_set *expected; /* where batches begin that do not say it:
	                                where the one before ended, or where we
	                                stood when the session began */
	struct known_lives *lives;   /* the initiator's, as told in hello */
	struct codebook *books;
	bool owns_books;
	struct batch *batch; /* waiting for its answer */
	bool waits_for_answer;
	struct hello peer_hello;
	bool has_peer_hello;
	struct cursor_set *peer_cursors; /* as they arrive */
	/* Lists of the peer, one for each event. */
	struct withdrawn *withdrawn[WITHDRAWN_LISTS_MAX];
	size_t withdrawn_count;
	bool peer_ended;
	/* Of each class, the list of which we did not take the last batch;
	 * should there be a second one, it stays so. */
	struct untaken {
		bool is_set, is_of_many;
		char list[LIST_NAME_BYTES_MAX + 1];
	} untaken[CLASSES];
	bool heard_end;   /* though it may have been taken back since */
	size_t held_vain; /* bytes of bodies that came before SETTLED */
	bool told_rows, peer_wants_rows; /* ROWS, from us and to us */
	bool told_cursors;               /* likewise */
	struct taken taken; /* of the peer's message, so many to go */
	struct peer_life *peer_lives;
	struct hello_life *own_lives; /* as told in hello */
	size_t own_life_count;
	/* Upwards, when the child believes us elsewhere than we are: it may
	 * have lost receipts, or be an older copy whose changes mean others.
	 * Nothing of its lists is taken before it found out. */
	bool is_held;            /* responder: waits for SETTLED */
	uint8_t unheard_classes; /* a bit for each one that it asked about, */
	uint64_t unheard_lives;  /* and for each life that was in there */
	bool owes_settled;       /* initiator: what was sent so far is void */

	/* output */
	struct buffer out;
	size_t out_at;
	size_t out_frame_bytes; /* of the frame under way */
	uint64_t out_since_ms;
	struct buffer control; /* whole messages waiting for a frame */
	struct buffer aside;   /* and those of changes, the next one's first */
	unsigned aside_overtaken; /* frames in which urgent ones went before */
	size_t taken_end;    /* TAKEN is the last of them if it ends here */
	bool answers_urgent; /* an answer of those is in control */
	bool owes_look;      /* responder: a batch was taken, and what that led
	                        to may stand on our lists */
	bool is_last_look;   /* the peer may be through with that answer, or
	                        with the end said again behind it: it is not
	                        held by what comes later, until it sends more */
	bool missed_look;    /* something came meanwhile */
	bool holds_first;    /* responder: batches of message 3 are answered
	                        in its first frame */
	struct stream_writer *writer[CLASSES];
	struct packer *packer[CLASSES];
	bool packs_plainly[CLASSES]; /* from the shipped dictionary alone */
	bool packs_anew[CLASSES];    /* with the next batch */
	bool packs_never[CLASSES];   /* rows, unless there is a bound */
	unsigned beginnings[CLASSES];
	uint64_t bodies_sent; /* bytes, in whatever form */
	struct pack_pace pack_pace;
	bool has_loaded;  /* lists and what packing needs */
	uint8_t learning; /* the class that is made ready next */
	struct outgoing *outgoing;
	size_t outgoing_count;
	struct flight *flight; /* by class */
	struct batch *scratch;
	struct pace pace;
	size_t frame_aim;     /* bytes of payload; follows the link */
	unsigned passed_over; /* choices since a lower class had its turn, */
	unsigned passed_over_urgently; /* and those of urgent ones in a row */
	uint8_t turn;     /* the lower class that had its turn last */
	bool cursors_due; /* asked for the peer's cursors */
	bool cursors_came;
	bool sent_end;
	bool took_back_end;   /* more came for the lists after it */
	uint32_t own_digest;  /* of our cursors, as told in hello */
	uint32_t held_digest; /* of what we believe to be the peer's */
	bool told_lives;
	struct bound bound;

	/* events */
	struct session_event event[EVENTS_MAX];
	struct receipt receipt[EVENTS_MAX]; /* owned by the event */
	union {
		struct group_receipt receipt;
		struct group_held held;
	} group[EVENTS_MAX];
	size_t event_at, event_count;
	enum session_event_type given; /* out last */
	bool is_given;
	bool hello_is_new;    /* the owner is not through with EVENT_HELLO */
	struct receipt shown; /* of the event given out last */
	struct join_request request;
	struct join_answer *answer; /* SESSION_JOIN */

	uint64_t now_ms;
	uint64_t began_ms;
	uint64_t moved_ms;   /* the last byte, either way */
	uint64_t entered_ms; /* the present state */
	bool has_rested;     /* time stood still while the owner worked */
	bool sent_since_heard;
	struct session_stats stats;
};

/* session.c */
void session_fail(
    struct session *s, enum err error, enum reason reason, bool told_by_peer);
struct session_event *session_emit(
    struct session *s, enum session_event_type type);
void session_enter(struct session *s, enum session_state state);
/** Tell the peer why, then fail. */
void session_abort(struct session *s, enum err error, enum reason reason);

/* session_handshake.c */
enum err handshake_start(struct session *s);
enum err handshake_preface(struct session *s);
enum err handshake_frame(struct session *s, const struct bytes *payload);
/** Who has sent message 3 may be told in clear that it came too late, or did
 * not open; then the session is over. ERR_MORE: not all of that is here.
 * ERR_NOT_FOUND: nothing of the kind. */
enum err handshake_refused(struct session *s);
enum err handshake_resume(struct session *s, const uint8_t psk[KEY_BYTES]);

/* session_receive.c */
/** Take what can be taken of the input. */
void session_pump(struct session *s);
/** What to tell the peer of a fault found here. */
enum reason session_reason(enum err e);
/** How a session ends whose peer told this reason. */
enum err session_error(enum reason told);

/* session_pack.c */
/** The dictionaries there are. ERR_NOMEM. */
enum err pack_open(struct session *s);
/** Own lives are known. */
void pack_know_own_lives(struct session *s);
/** Make a class's coder ready for its first batch, which is that one. */
enum err pack_make_ready(struct session *s, const struct batch *b);
/** Learn some of what coders begin from. False: nothing, or *e. */
bool pack_learn(struct session *s, enum err *e);
/** Likewise of what the peer's batches, of which a part is here, begin from. */
bool pack_learn_theirs(struct session *s);
/** The batch that is whole waits for that: session_learn() goes on with it. */
bool pack_is_learning(const struct session *s);
void pack_free(struct session *s);
/** The peer's lives are known, and what dictionaries it has. */
void pack_know_hello(struct session *s);
/** How many changes, and bytes of bodies, to read for the next batch. */
void pack_aim(const struct session *s, size_t *changes, size_t *bytes);
/** Whether any receiver takes it packed; one change it always does. */
bool pack_is_sound(const struct batch *b);
/** Whether what was read is to be packed. */
bool pack_is_wanted(const struct session *s, const struct batch *b);
/** Pack a batch of a list; nothing of its class is being packed. */
enum err pack_put(struct session *s, struct outgoing *o, const struct batch *b);
/** Pack it aside: all its bytes into packed, and the coder behind it, which
 * pack_keep() takes if it is to be sent. */
enum err pack_aside(struct session *s, struct outgoing *o,
    const struct batch *b, struct packer **out, struct buffer *packed);
void pack_keep(struct session *s, uint8_t class, struct packer *p);
bool pack_waits(const struct session *s, uint8_t class);
/** Code some of what waits, ahead of a frame. false: enough is. */
bool pack_prepare(struct session *s, uint8_t class, enum err *e);
/** The body of the next DENSE message, of at most max bytes. */
enum err pack_take(
    struct session *s, uint8_t class, size_t max, struct buffer *body);
/** The peer did not take a batch of this list. ERR_REFUSED: once too often. */
enum err pack_refused(
    struct session *s, struct outgoing *o, unsigned beginning);
enum err pack_consume(struct session *s, const struct bytes *body);
/** The peer asks for rows. ERR_FORMAT. */
enum err pack_consume_rows(struct session *s, const struct bytes *body);
/** The batch that is whole. ERR_NOT_FOUND: it cannot be read here; only its
 * list and end are known. */
enum err pack_next(struct session *s, struct batch *out);
/** A batch came, in whatever form. */
void pack_note_end(struct session *s, const struct batch *b);

/* session_bound.c */
/** The initiator's bounds, from the options. */
void bound_init(struct session *s);
void bound_wipe(struct session *s);
/** The initiator's lists are loaded: put the parent's share into hello.
 * ERR_LIMIT: not even hello has room. */
enum err bound_share(struct session *s, struct hello *hello);
/** The responder's share, as the peer's hello tells it. */
void bound_take_share(struct session *s);
/** The batch in s->scratch counts as sent, and so many bytes are kept for its
 * answer. */
void bound_note_batch(struct session *s, struct outgoing *o, uint64_t owed);
/** The bytes to keep for the answer to a question about so many changes.
 * ERR_LIMIT: there is no room for it. */
enum err bound_of_unheard(const struct session *s, const struct outgoing *o,
    const struct unheard *u, uint64_t changes, uint64_t *owed);
/** The most urgent class is chosen anew: what held it up may be over. */
void bound_choose(struct session *s);
/** Put what fits of the next batch of a class into its stream. ERR_END: there
 * is none, or (is_full) it does not fit. */
enum err bound_refill(struct session *s, uint8_t class);
bool bound_waits(const struct session *s, uint8_t class);
/** The body of the next DENSE message of what waits, of at most max bytes. */
enum err bound_take(
    struct session *s, uint8_t class, size_t max, struct buffer *body);
/** Less urgent classes get no turns before what is more urgent is through. */
bool bound_is_strict(const struct session *s);
/** Something waits for room that may yet come. */
bool bound_may_grow(const struct session *s);
/** There is something new to look at. */
void bound_look_again(struct session *s);
/** The list goes on with a change that has no room in any session. */
bool bound_is_over(const struct outgoing *o);
/** Something is kept back, if only until answers are in. */
bool bound_keeps_back(const struct session *s);
/** What END says of it. ERR_FORMAT. */
void bound_create_end(const struct session *s, struct buffer *body);
enum err bound_consume_end(struct session *s, const struct bytes *body);
/** For the session's stats. */
struct session_over bound_over(const struct session *s);

/* session_learn.c */
/** When there is something to learn ahead; UINT64_MAX: not before more comes
 * in. */
uint64_t learn_from_ms(const struct session *s);

/* session_choose.c */
/** Whether a class has bytes to send, after reading its next batch if need be.
 * ERR_END: it has none now. */
enum err choose_next(struct session *s, uint8_t class);
/** The class whose turn it is. ERR_END: none waits. */
enum err choose_class(struct session *s, uint8_t *class);
/** Do some of the next frame's work. false: none is left. */
bool send_prepare(struct session *s);
/** Something of a class is put into its stream and not yet all sent. */
bool send_has_bytes(const struct session *s, uint8_t class);

/* session_send.c */
/** Load lists, once the peer is known; a second call does nothing. */
enum err send_load(struct session *s);
/** The transport is open: load lists, queue hello. */
enum err send_open(struct session *s);
void send_control(
    struct session *s, enum message_type type, const struct buffer *body);
/** A batch comes: what it said of its end counts no more. False: under a bound
 * its end was its last word. */
bool peer_goes_on(struct session *s);
/** A batch follows our end: it will be said again. */
void send_take_back_end(struct session *s);
/** Put ROWS into out: from now on the peer is to pack nothing densely. */
void send_rows(struct session *s, struct buffer *out);
/** Put the revocation list into out as a message, if the peer holds an older
 * one or stands on it itself. ERR_END: there is nothing to tell. */
enum err send_withdrawn(struct session *s, struct buffer *out);
/** Fill plain with the next frame's messages; false: nothing to send. */
bool send_fill(struct session *s, size_t max, struct buffer *plain);
/** Something waits, or was not read yet. */
bool send_has_more(const struct session *s);
/** Make the next frame if none is under way. */
void send_frame(struct session *s);
/** All lists of a class are read to their end. */
bool send_is_read_out(const struct session *s, uint8_t class);
/** The end was said, and nothing waits. */
bool send_is_finished(const struct session *s);
/** The initiator says bye when both sides are through. */
void send_bye(struct session *s);

/* session_first.c */
/** Before its hello is in nobody knows where the peer stands, and what is sent
 * may go in vain: how much more that may be, of what the link takes in a round
 * trip; UINT64_MAX: it was heard. */
uint64_t first_flight_left(const struct session *s);
/** The payload of message 3: what waits, if it is so little that all of it
 * goes with it; else hello and what is urgent, and the rest with the frame that
 * follows. */
enum err first_fill_message_3(struct session *s, struct buffer *plain);
/** What was made for message 3 and is to come in frames, as much of it as goes
 * into this one. */
void first_fill(struct session *s, size_t max, struct buffer *plain);
/** Whether some of a class lies in what message 3 left. */
bool first_holds(const struct session *s, uint8_t class);

/* session_correct.c */
/** NULL: the set tells none of that list. */
const struct cursor *send_find_cursor(
    const struct cursor_set *set, const struct list_id *list);
/** The peer's true cursors are known. */
void send_correct(struct session *s);
/** The peer's hello is in: whether its changes have to wait (is_held), and
 * then our cursors, unasked. */
enum err send_hold(struct session *s);
/** All our cursors into the peer's lists; once. */
enum err send_own_cursors(struct session *s);
/** The answer to a batch that is not taken: where we stood before. */
enum err send_old_place(struct session *s, const struct list_id *list);

/* session_answers.c */
/** Whether so many batches of a class have no answer that no more may go. */
bool answers_full(const struct session *s, uint8_t class);
/** A batch of this list was put into its stream; so many bytes are kept for
 * its answer. */
void answers_await(struct session *s, const struct outgoing *o,
    const struct cursor *end, uint64_t owed);
/** Likewise a question in the place of batches. One that is only half in its
 * frames is whole, and answered, after it. */
void answers_await_unheard(struct session *s, const struct outgoing *o,
    const struct cursor *end, uint64_t owed);
/** How many batches have no answer. */
size_t answers_awaited(const struct session *s);
/** How many bytes are kept for their answers. */
uint64_t answers_owed(const struct session *s);
/** The answers to what was sent of this list so far say nothing. */
void answers_void(struct session *s, const struct outgoing *o);
/** Everything we sent is held by the peer. */
bool answers_all_held(const struct session *s);
/** RECEIPT, TAKEN. ERR_FORMAT: of no batch we sent. ERR_FORK: beyond what we
 * ever wrote. */
enum err answers_consume_receipt(struct session *s, const struct bytes *body);
enum err answers_consume_taken(struct session *s, const struct bytes *body);
/** One of the batches that s->taken still counts. */
enum err answers_next_taken(struct session *s);
/** An answer in its short form, and in its long one. */
enum err answers_put_taken(struct session *s, uint8_t class);
enum err answers_put_long(struct session *s, const struct receipt *r);
/** The answer to the batch at hand, as short as it goes. */
enum err answers_put_receipt(struct session *s, const struct receipt *r);
/** The last batch of one of the peer's lists was taken here, or was not. */
void answers_note_taken(
    struct session *s, const struct list_id *list, bool is_taken);
/** What the peer handed up it has, whatever becomes of it here. */
void answers_know_batch(struct session *s);
/** Whether none of a list was taken since one was not. */
bool answers_left_untaken(const struct session *s);
/** The peer's hello is in: its lives by their ids. */
void answers_know_lives(struct session *s);
enum err answers_put_group(
    struct session *s, const struct group_receipt *group, size_t count);
enum err answers_consume_group_receipt(
    struct session *s, const struct bytes *body);
enum err answers_consume_group_held(
    struct session *s, const struct bytes *body);

/* session_unheard.c */
/** Ask what the peer keeps apart of what lies between its receipts and where
 * it stands. False: that cannot be asked. */
bool unheard_ask(
    struct session *s, struct outgoing *o, const struct cursor *to);
/** It cannot tell. */
void unheard_refused(struct session *s, struct outgoing *o);
enum err unheard_consume_message(struct session *s, const struct bytes *body);

/* session_time.c */
/** A message of the handshake, whose answer is timed, is in the output. */
void time_step(struct session *s);
/** That answer came. */
void time_step_answered(struct session *s);
/** All batches of a class that are in its stream are in the frame. */
void time_batch(struct session *s, uint8_t class);
/** The oldest batch of a class was answered. */
void time_answered(struct session *s, uint8_t class);
/** The output has left. */
void time_left(struct session *s);
/** There is nothing to send: who knows when there will be. */
void time_idle(struct session *s);
/** How many ms so many bytes take the link; 0: that is not known. */
uint64_t time_of_bytes(const struct session *s, size_t bytes);
/** Bytes that the link takes in a round trip; 0: that is not known. */
uint64_t time_flight(const struct session *s);
/** Bytes of the payload of message 3. */
size_t time_first_flight(const struct session *s);
/** How long nothing may move before the peer counts as gone. */
uint64_t time_patience_ms(const struct session *s);

#endif

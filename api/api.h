/* api: the operations both doors offer: one request in, lines out.
 *
 * A request is a JSON object {"op": NAME, ...}. The answer is a row of JSON
 * objects, each with one of these members, the last being "done":
 *
 *   {"record": {...}}    a record in exchange format v1
 *                        beside it, of list and show, "today": the state that
 *                        this day makes of it, e.g. "overdue"
 *   {"item": {...}}      a row of a list (sites, questions)
 *   {"notice": {...}}    what is said about an import line
 *   {"progress": {...}}  how far it is
 *   {"done": {"exit": N, "error": NAME, "message": TEXT, "summary": {...}}}
 *
 * `exit` is the exit code of the command line contract. `message` is an
 * English msgid; the command line translates it. cli/ calls api_run() on the
 * store itself; agent/control.c calls it for each request that comes over
 * the Unix socket. Blocking; safe to call from several threads at once.
 */

#ifndef YIZHAN_API_API_H
#define YIZHAN_API_API_H

#include <stdatomic.h>

#include <jansson.h>

#include "store/store.h"
#include "store/writer.h"
#include "sync/session.h"

enum api_exit {
	API_DONE = 0,
	API_FAILED = 1,
	API_USAGE = 2,
	API_NOT_ENROLLED = 3,
	API_NO_LINK = 4,
	API_PERSON = 5,
	API_PARTLY = 6,
	API_TRY_AGAIN = 75,
	API_NOT_ALLOWED = 77,
};

struct config;
struct link_report;

struct api {
	struct store *store;
	struct writer *writer;
	const char *parent;          /* from the config; NULL: the remembered */
	const char *import_source;   /* from the config; NULL: the store's */
	const struct config *config; /* budgets, links; NULL: none */
	/* One session with the parent at a time; NULL where nobody else has
	 * one. lock waits up to timeout_ms. */
	enum err (*lock_parent)(void *context, unsigned timeout_ms);
	void (*unlock_parent)(void *context);
	/* Something new was saved: the agent may want to send it. */
	void (*saved)(void *context);
	/* A node was withdrawn: its sessions are to end. NULL: there can be
	 * none. */
	void (*withdrawn)(void *context);
	/* A session that a client asked for is over; r counts it, peer is ""
	 * where nobody answered. NULL where nobody keeps a log. */
	void (*session_over)(void *context, enum session_purpose purpose,
	    const char *peer, enum err e, const struct link_report *r);
	/* Between the batches of a long operation: let somebody else have the
	 * store who waits for it. store and writer may be others afterwards.
	 * NULL where nobody can wait. */
	enum err (*give_way)(void *context);
	/* Ends a long operation early when it turns true. */
	bool (*stopping)(void *context);
	void *context;
	bool is_agent; /* shown by status */
	/* Grows when something new may stand on lists, saved by whomever: a
	 * session that an operation runs looks again. */
	atomic_uint news;
	/* Drawn by an agent when it starts, for sign-ins where the system
	 * hides from it which start of the computer this is. */
	uint8_t start_id[16];
	/* One PIN is looked at at a time: that takes memory. */
	atomic_bool is_pin_looked_at;
};

/* Where the answer goes. line() borrows the object; other than ERR_OK (the
 * reader is gone) ends the operation. */
struct api_sink {
	enum err (*line)(void *context, const json_t *object);
	void *context;
};

/* Where import's bytes come from: like read(2), 0 at the end, <0 on error.
 * NULL for operations without input. */
struct api_input {
	long (*read)(void *context, void *buffer, size_t size);
	/* Whether read() would not block, after waiting up to wait_ms. NULL:
	 * not known; read() is called at once. */
	bool (*is_ready)(void *context, unsigned wait_ms);
	void *context;
};

/** Run one request of the user of the system who runs this process; the exit
 * code, also in the "done" line. */
int api_run(struct api *a, const json_t *request, struct api_input *input,
    struct api_sink *sink);

/** The same for another user, as the socket's kernel side names him. */
int api_run_for(struct api *a, uint32_t uid, const json_t *request,
    struct api_input *input, struct api_sink *sink);
/** The name of operation i; NULL: there are no more. */
const char *api_operation(size_t i);

/** Seconds since 1970. */
int64_t api_now(void);
/** Monotonic milliseconds. */
uint64_t api_now_ms(void);
/** The same in microseconds. */
uint64_t api_now_us(void);

#endif

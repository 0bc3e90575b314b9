/* door: runs a request through the agent where one runs, else on the store.
 *
 * Both doors lead to the same operations; which one was taken shows only in
 * `status`.
 */

#ifndef YIZHAN_CLI_DOOR_H
#define YIZHAN_CLI_DOOR_H

#include "api/api.h"
#include "cli/call.h"

/* What a verb does with the answer's lines. Other than ERR_OK ends the
 * operation quietly: nobody reads the output any more. */
struct door_reader {
	enum err (*record)(void *context, const json_t *record);
	enum err (*item)(void *context, const json_t *item);
	/* NULL: printed on stderr like a finding. */
	enum err (*notice)(void *context, const json_t *notice);
	void (*progress)(void *context, const json_t *progress);
	void *context;
	/* While record() runs: the state that today makes of the record;
	 * NULL: its own. */
	const char *today;
	const json_t *now; /* likewise: what is made of it; NULL: nothing */
	json_t *summary;   /* of the end, NULL: none; json_decref() it */
};

struct door_request {
	json_t *request;         /* taken; NULL: no memory, or not UTF-8 */
	struct api_input *input; /* NULL: none */
	bool create;             /* make a store where there is none */
};

/**
 * Run it and say on stderr what there is to say. Returns the exit code. Where
 * another program holds the store for five seconds, says who and returns
 * API_TRY_AGAIN.
 */
int door_run(const struct call *c, const struct door_request *q,
    struct door_reader *reader);

enum { DOOR_PLACE_BYTES = 360 };

/** A finding's field in words, "" for none; safe to show. */
void door_place(char *out, size_t out_bytes, const char *field);
/** Print a finding: where, what is wrong, how to mend it. */
void door_say_finding(const json_t *notice);

/** End an acting verb: with --json the summary (or, where there is none, how
 * it ended) on stdout. Releases the summary; the exit code. */
int door_end(const struct call *c, struct door_reader *reader, int exit_code);
/** End an acting verb that made no sense, before any door; what was wrong was
 * said. API_USAGE. */
int door_refuse(const struct call *c);
/** Whether a database lies in the call's directory. */
bool door_has_store(const struct call *c);

#endif

/* api: finds the operation a request names and says how it ended. */

#include <string.h>
#include <time.h>

#include "api/op.h"
#include "api/outcome.h"
#include "base/i18n.h"

static const struct operation {
	const char *name;
	op_run *run;
} operations[] = {
    {"init", op_init},
    {"invite", op_invite},
    {"revoke", op_revoke},
    {"train_dictionary", op_train},
    {"join", op_join},
    {"import", op_import},
    {"export", op_export},
    {"add", op_add},
    {"show", op_show},
    {"list", op_list},
    {"amend", op_amend},
    {"status", op_status},
    {"sites", op_sites},
    {"questions", op_questions},
    {"decide", op_decide},
    {"verify", op_verify},
    {"sync", op_sync},
    {"estimate", op_estimate},
};

static enum err
run(struct op *o)
{
	const char *name = op_text(o, "op");
	size_t i;

	for (i = 0; i < sizeof operations / sizeof operations[0]; i++)
		if (name != NULL && strcmp(name, operations[i].name) == 0)
			return operations[i].run(o);
	return op_fail(o, ERR_USAGE,
	    N_("The agent does not know this command: it is of another "
	       "version."));
}

static void
emit_done(struct op *o, enum err e)
{
	json_t *done = json_pack("{s:i, s:s, s:s*, s:o*}", "exit", (int)o->exit,
	    "error", err_name(e), "message", o->message, "summary", o->summary);

	o->summary = NULL; /* json_pack() took it */
	/* Who does not read the end learns of it by its absence. */
	(void)op_emit(o, "done", done);
}

int
api_run(struct api *a, const json_t *request, struct api_input *input,
    struct api_sink *sink)
{
	struct op o = {
	    .api = a, .request = request, .input = input, .sink = sink};
	enum err e = run(&o);

	if (!o.has_exit)
		o.exit = outcome_exit(e);
	if (o.message == NULL && e != ERR_OK)
		o.message = outcome_message(e);
	emit_done(&o, e);
	return (int)o.exit;
}

int64_t
api_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

uint64_t
api_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

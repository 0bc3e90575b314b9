/* api: finds the operation a request names and says how it ended. */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/op.h"
#include "api/outcome.h"
#include "api/people.h"
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
    {"sign_in", op_sign_in},
    {"sign_out", op_sign_out},
    {"whoami", op_whoami},
    {"act_for", op_act_for},
    {"staff_pin", op_staff_pin},
    {"staff_unlock", op_staff_unlock},
    {"staff_require", op_staff_require},
    {"printed", op_printed},
    {"who_looked", op_who_looked},
};

const char *
api_operation(size_t i)
{
	return i < sizeof operations / sizeof operations[0] ? operations[i].name
	                                                    : NULL;
}

static enum err
run_allowed(struct op *o, const char *name, op_run *operation)
{
	enum err e = people_gate(o, name);

	return e == ERR_OK ? operation(o) : e;
}

static enum err
run(struct op *o)
{
	const char *name = op_text(o, "op");
	size_t i;

	for (i = 0; i < sizeof operations / sizeof operations[0]; i++)
		if (name != NULL && strcmp(name, operations[i].name) == 0)
			return run_allowed(o, name, operations[i].run);
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
	return api_run_for(a, (uint32_t)getuid(), request, input, sink);
}

int
api_run_for(struct api *a, uint32_t uid, const json_t *request,
    struct api_input *input, struct api_sink *sink)
{
	struct op o = {.api = a,
	    .uid = uid,
	    .request = request,
	    .input = input,
	    .sink = sink};
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
api_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
api_now_ms(void)
{
	return api_now_us() / 1000;
}

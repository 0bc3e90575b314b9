/* main: the command line: verbs in a table. */

#include <signal.h>
#include <stdio.h>

#include <sodium.h>

#include "api/api.h"
#include "base/i18n.h"
#include "base/streams.h"
#include "cli/call.h"
#include "cli/output.h"
#include "cli/verbs.h"

#ifndef YIZHAN_VERSION
#define YIZHAN_VERSION "unknown"
#endif

static const char *const no_flags[] = {NULL};
static const char *const init_flags[] = {"role=", "name=", NULL};
static const char *const invite_flags[] = {"org=", "name=", "qr", NULL};
static const char *const revoke_flags[] = {"reason=", NULL};
static const char *const train_flags[] = {"by=", "org=", "dry-run", NULL};
static const char *const join_flags[] = {"hub=", NULL};
static const char *const import_flags[] = {"source=", NULL};
static const char *const export_flags[] = {"kind=", "ground=", NULL};
static const char *const write_flags[] = {"by=", "org=", NULL};
static const char *const show_flags[] = {
    "ground=", "note=", "by=", "to=", "printed", "who-looked", "now", NULL};
static const char *const amend_flags[] = {"by=", "org=", "reassign=", NULL};
static const char *const list_flags[] = {
    "limit=", "name=", "ground=", "ending", NULL};
static const char *const sign_in_flags[] = {"pin-file=", NULL};
static const char *const pin_flags[] = {"pin-file=", "as-owner", NULL};
static const char *const owner_flags[] = {"as-owner", NULL};
static const char *const sync_flags[] = {
    "wait", "timeout=", "max-bytes=", "estimate", NULL};
static const char *const questions_flags[] = {"warnings", NULL};
static const char *const decide_flags[] = {
    "reason=", "by=", "org=", "undo", NULL};

/* In the order in which help lists them. */
static const struct verb verbs[] = {
    {"init", verb_init, init_flags, false, 0, 0},
    {"hub invite", verb_invite, invite_flags, false, 0, 31},
    {"hub revoke", verb_revoke, revoke_flags, false, 1, 1},
    {"hub train-dictionary", verb_train, train_flags, false, 0, 0},
    {"join", verb_join, join_flags, false, 1, 1},
    {"import", verb_import, import_flags, false, 1, 1},
    {"export", verb_export, export_flags, false, 0, 1},
    {"add", verb_add, write_flags, true, 1, 2},
    {"show", verb_show, show_flags, false, 2, 2},
    {"list", verb_list, list_flags, false, 1, 1},
    {"amend", verb_amend, amend_flags, true, 2, 3},
    {"sync", verb_sync, sync_flags, false, 0, 0},
    {"status", verb_status, no_flags, false, 0, 0},
    {"sites", verb_sites, no_flags, false, 0, 0},
    {"questions", verb_questions, questions_flags, false, 0, 0},
    {"decide", verb_decide, decide_flags, false, 1, 2},
    {"sign-in", verb_sign_in, sign_in_flags, false, 1, 32},
    {"sign-out", verb_sign_out, no_flags, false, 0, 0},
    {"whoami", verb_whoami, no_flags, false, 0, 0},
    {"act-for", verb_act_for, no_flags, false, 1, 1},
    {"staff pin", verb_staff_pin, pin_flags, false, 1, 32},
    {"staff unlock", verb_staff_unlock, owner_flags, false, 1, 1},
    {"staff require", verb_staff_require, owner_flags, false, 1, 1},
    {"verify", verb_verify, no_flags, false, 0, 0},
    {"help", verb_help, no_flags, false, 0, 3},
    {.name = NULL},
};

static volatile sig_atomic_t is_stopped;

static void
on_stop(int number)
{
	(void)number;
	is_stopped = 1;
}

/* Who asks twice means it. */
static void
catch_stop(void)
{
	struct sigaction a = {
	    .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&a.sa_mask);
	(void)sigaction(SIGINT, &a, NULL);
	(void)sigaction(SIGTERM, &a, NULL);
}

static int
run(struct call *c, int argc, char **argv)
{
	if (!call_parse(c, verbs, argc, argv))
		return API_USAGE;
	c->catch_stop = catch_stop;
	c->is_stopped = &is_stopped;
	if (c->version) {
		printf("yizhan %s\n", YIZHAN_VERSION);
		return API_DONE;
	}
	if (c->help) {
		help_print(c, c->verb);
		return API_DONE;
	}
	if (c->verb == NULL) {
		say("%s", _("what is to be done? see yizhan help"));
		return API_USAGE;
	}
	return c->verb->run(c);
}

int
main(int argc, char **argv)
{
	struct call c;
	int exit_code;

	if (!streams_guard())
		return API_FAILED;
	i18n_start();
	/* A reader that goes away is an error of writing, not our end. */
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0) {
		say("%s", _("the system gives no random numbers"));
		return API_FAILED;
	}
	exit_code = run(&c, argc, argv);
	call_free(&c);
	if (!output_end() && exit_code == API_DONE)
		exit_code = API_FAILED;
	return exit_code;
}

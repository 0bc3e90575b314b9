/* yizhand: the agent. Arguments, configuration, and what is said when it
 * cannot start; agent.h is the rest. */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/agent.h"
#include "api/outcome.h"
#include "base/i18n.h"
#include "base/streams.h"

#ifndef YIZHAN_VERSION
#define YIZHAN_VERSION "unknown"
#endif

#define MIB (1024ull * 1024)

enum {
	MAP_MIB_MIN = 1,
	MAP_MIB_MAX = 16 * 1024 * 1024, /* 16 TiB */
	HOLDER_BYTES = 128,
	MMAP_BYTES = 128 * 1024,
};

struct arguments {
	const char *config; /* NULL: not given, as the others */
	const char *dir;
	const char *port_file;
	bool check_config;
	size_t map_bytes;
	bool is_over;  /* nothing is to be run: */
	int exit_code; /* end with this */
};

/* --- arguments --------------------------------------------------------- */

static void
print_help(FILE *to)
{
	fputs(_("usage: yizhand [--config FILE] [--dir DIR] "
	        "[--port-file FILE]\n"
	        "       yizhand --check-config [--config FILE] [--dir DIR]\n"
	        "\n"
	        "The agent of yizhan: keeps a store open, answers `yizhan`, "
	        "and syncs with its\n"
	        "parent and its children. Runs in the foreground until "
	        "SIGTERM or SIGINT.\n"
	        "\n"
	        "  --config FILE     read this configuration and no other\n"
	        "  --dir DIR         the store (else $YIZHAN_DIR, the "
	        "configuration's dir, or\n"
	        "                    /var/lib/yizhan)\n"
	        "  --port-file FILE  write the port children connect to into "
	        "this file\n"
	        "  --check-config    only say whether the configuration is "
	        "right\n"
	        "  --help, --version\n"
	        "\n"
	        "Exit codes: 0 stopped or right, 1 failed, 2 wrong "
	        "arguments,\n"
	        "75 another program has the store open.\n"),
	    to);
}

static void
end_with(struct arguments *a, int exit_code)
{
	a->is_over = true;
	a->exit_code = exit_code;
}

static void
wrong_usage(struct arguments *a)
{
	fputs(_("yizhand: see yizhand --help.\n"), stderr);
	end_with(a, API_USAGE);
}

static void
take_option(struct arguments *a, int option, const char *word)
{
	switch (option) {
	case 'c':
		a->config = optarg;
		break;
	case 'd':
		a->dir = optarg;
		break;
	case 'p':
		a->port_file = optarg;
		break;
	case 'C':
		a->check_config = true;
		break;
	case 'h':
		print_help(stdout);
		end_with(a, API_DONE);
		break;
	case 'V':
		puts("yizhand " YIZHAN_VERSION);
		end_with(a, API_DONE);
		break;
	case ':':
		fprintf(stderr, _("yizhand: %s wants a value.\n"), word);
		wrong_usage(a);
		break;
	default:
		fprintf(stderr, _("yizhand: %s: not an option.\n"), word);
		wrong_usage(a);
	}
}

/* How large the store may get; small where memory is checked. */
static void
read_map_size(struct arguments *a)
{
	const char *text = getenv("YIZHAN_MAP_MIB");
	unsigned long long mib;
	char *end;

	if (text == NULL || *text == '\0')
		return;
	errno = 0;
	mib = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || mib < MAP_MIB_MIN ||
	    mib > MAP_MIB_MAX) {
		fprintf(stderr,
		    _("yizhand: YIZHAN_MAP_MIB=%s is no number from %d to "
		      "%d.\n"),
		    text, (int)MAP_MIB_MIN, (int)MAP_MIB_MAX);
		end_with(a, API_USAGE);
		return;
	}
	a->map_bytes = (size_t)(mib * MIB);
}

static void
read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"dir", required_argument, NULL, 'd'},
	    {"port-file", required_argument, NULL, 'p'},
	    {"check-config", no_argument, NULL, 'C'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	/* ":": it stays silent about errors, which it tells in English. */
	while (!a->is_over &&
	       (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
		take_option(a, option, argv[optind - 1]);
	if (!a->is_over && optind < argc) {
		fprintf(
		    stderr, _("yizhand: %s: not an option.\n"), argv[optind]);
		wrong_usage(a);
	}
	if (!a->is_over)
		read_map_size(a);
}

/* --- directory and configuration --------------------------------------- */

static bool
join_path(char out[PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);

	return n > 0 && n < PATH_MAX;
}

/* The system's, or for a person who may not go there his own (cli/call.c says
 * the same). */
static bool
default_dir(char out[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (geteuid() == 0 || access(CONFIG_DIR, R_OK | X_OK) == 0)
		return snprintf(out, PATH_MAX, "%s", CONFIG_DIR) > 0;
	if (state != NULL && state[0] == '/')
		return join_path(out, state, "yizhan");
	return home != NULL && home[0] == '/' &&
	       join_path(out, home, ".local/state/yizhan");
}

/* A file nobody named may be missing; what may not be read was not written
 * for this store (api/direct.c reads it the same way). */
static enum err
read_unnamed(const char *path, struct config *out, char *complaint)
{
	enum err e = config_read(path, out, complaint, CONFIG_COMPLAINT_BYTES);

	return e == ERR_NOT_ALLOWED ? ERR_NOT_FOUND : e;
}

static bool
complain_config(enum err e, const char *path, const char *complaint)
{
	if (e == ERR_OK)
		return true;
	if (complaint[0] != '\0')
		fprintf(stderr, "yizhand: %s\n", complaint);
	else if (e == ERR_NOT_FOUND)
		fprintf(stderr,
		    _("yizhand: there is no configuration file %s.\n"), path);
	else
		fprintf(
		    stderr, "yizhand: %s: %s\n", path, _(outcome_message(e)));
	return false;
}

/* The file that was named; else the one beside the store, else the
 * system's. */
static bool
read_config(const struct arguments *a, const char *dir, struct config *out)
{
	char complaint[CONFIG_COMPLAINT_BYTES] = "", path[PATH_MAX];
	enum err e = ERR_NOT_FOUND;

	if (a->config != NULL) {
		e = config_read(a->config, out, complaint, sizeof complaint);
		return complain_config(e, a->config, complaint);
	}
	if (dir != NULL && join_path(path, dir, "yizhan.conf"))
		e = read_unnamed(path, out, complaint);
	if (e == ERR_NOT_FOUND)
		e = read_unnamed(CONFIG_PATH, out, complaint);
	if (e == ERR_NOT_FOUND) {
		config_defaults(out);
		return true;
	}
	return complain_config(e, CONFIG_PATH, complaint);
}

/* --dir, $YIZHAN_DIR, the configuration's, the default: the first of them
 * that there is. */
static bool
find_dir(const struct arguments *a, char out[PATH_MAX], struct config *config)
{
	const char *dir = a->dir != NULL ? a->dir : getenv("YIZHAN_DIR");
	int n;

	if (dir != NULL && *dir == '\0')
		dir = NULL;
	if (!read_config(a, dir, config))
		return false;
	if (dir == NULL && config->dir[0] == '\0') {
		if (default_dir(out))
			return read_config(a, out, config);
		fputs(_("yizhand: which store? Say --dir DIR.\n"), stderr);
		return false;
	}
	n = snprintf(out, PATH_MAX, "%s", dir != NULL ? dir : config->dir);
	return n > 0 && n < PATH_MAX;
}

/* --- why it does not start --------------------------------------------- */

static int
say_busy(const char *dir)
{
	char holder[HOLDER_BYTES];

	store_holder(dir, holder, sizeof holder);
	if (holder[0] == '\0')
		fprintf(stderr,
		    _("yizhand: another program has the store in %s open. "
		      "Try again later.\n"),
		    dir);
	else
		fprintf(stderr,
		    _("yizhand: the store in %s is held by process %s. Wait "
		      "for its end, or stop it.\n"),
		    dir, holder);
	return API_TRY_AGAIN;
}

static void
say_no_store(const char *dir)
{
	fprintf(stderr,
	    _("yizhand: there is no store in %s. Make one: `yizhan init` for "
	      "a hub, `yizhan join CODE` for a site.\n"),
	    dir);
}

static void
say_listen(const char *address, enum err e)
{
	if (e == ERR_BUSY)
		fprintf(stderr,
		    _("yizhand: another program listens at %s already.\n"),
		    address);
	else if (e == ERR_USAGE)
		fprintf(stderr,
		    _("yizhand: %s is no address of this machine; mend "
		      "`listen` in the configuration.\n"),
		    address);
	else
		fprintf(stderr, _("yizhand: cannot listen at %s: %s\n"),
		    address, _(outcome_message(e)));
}

static int
say_why(const struct agent_options *o, enum agent_step step, enum err e)
{
	const char *key =
	    step == AGENT_STEP_STORE ? outcome_machine_key(o->dir, e) : NULL;

	if (step == AGENT_STEP_STORE && e == ERR_BUSY)
		return say_busy(o->dir);
	if (key != NULL) {
		fprintf(stderr, "yizhand: %s: %s\n", o->dir, _(key));
		return API_FAILED;
	}
	if (step == AGENT_STEP_STORE && e == ERR_NOT_ALLOWED) {
		fprintf(stderr, "yizhand: %s: %s\n", o->dir,
		    _(outcome_directory(o->dir)));
		return API_NOT_ALLOWED;
	}
	if ((step == AGENT_STEP_STORE || step == AGENT_STEP_SELF) &&
	    e == ERR_NOT_FOUND)
		say_no_store(o->dir);
	else if (step == AGENT_STEP_LISTEN)
		say_listen(o->config->listen, e);
	else if (step == AGENT_STEP_CONTROL)
		fprintf(stderr,
		    _("yizhand: cannot make the socket agent.sock in %s: "
		      "%s\n"),
		    o->dir, _(outcome_message(e)));
	else
		fprintf(
		    stderr, "yizhand: %s: %s\n", o->dir, _(outcome_message(e)));
	return API_FAILED;
}

/* --- all of it --------------------------------------------------------- */

static int
run(const struct agent_options *o)
{
	enum agent_step step;
	struct agent *agent;
	int exit_code;
	enum err e = agent_open(&agent, o, &step);

	if (e != ERR_OK)
		return say_why(o, step, e);
	exit_code = agent_run(agent);
	/* exit() would wait for the thread that looks up a name. */
	if (!agent_close(agent))
		_exit(exit_code);
	return exit_code;
}

static bool
prepare_process(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	umask(0077); /* patients' data: nobody else reads what we make */
	/* A session's tables go back to the system when it ends. Left alone,
	 * glibc keeps blocks of that size once it has seen one freed. */
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	/* A peer that goes away is an error of send(2), not our end. */
	if (sigaction(SIGPIPE, &ignore, NULL) != 0)
		return false;
	/* libuv's threads only look up the parent's name. */
	return setenv("UV_THREADPOOL_SIZE", "2", 0) == 0 && sodium_init() >= 0;
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct config config;
	char dir[PATH_MAX];
	struct agent_options o = {.dir = dir, .config = &config};

	if (!streams_guard())
		return API_FAILED;
	i18n_start();
	read_arguments(&arguments, argc, argv);
	if (arguments.is_over)
		return arguments.exit_code;
	if (!prepare_process()) {
		fputs(_("yizhand: the system refused to begin.\n"), stderr);
		return API_FAILED;
	}
	if (!find_dir(&arguments, dir, &config))
		return API_FAILED;
	if (arguments.check_config) {
		fputs(_("yizhand: the configuration is right.\n"), stderr);
		return API_DONE;
	}
	o.port_file = arguments.port_file;
	o.map_bytes = arguments.map_bytes;
	return run(&o);
}

/* secret: a PIN or passphrase, read where no other program sees it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "api/outcome.h"
#include "base/i18n.h"
#include "cli/output.h"
#include "cli/secret.h"

void
secret_wipe(struct secret *s)
{
	sodium_memzero(s, sizeof *s);
}

/* --- the terminal -------------------------------------------------------- */

/* Whoever is stopped at the prompt must not leave a terminal without echo. */
static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

enum { STOPPING = sizeof stopping / sizeof stopping[0] };

static volatile sig_atomic_t stopped_by;

static void
note_signal(int number)
{
	stopped_by = number;
}

/* What a program that runs in the background was told to ignore stays so. */
static void
watch_signals(struct sigaction before[STOPPING])
{
	struct sigaction a = {.sa_handler = note_signal};
	size_t i;

	stopped_by = 0;
	sigemptyset(&a.sa_mask);
	for (i = 0; i < STOPPING; i++) {
		(void)sigaction(stopping[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			(void)sigaction(stopping[i], &a, NULL);
	}
}

/* Then it means what it meant before. */
static void
unwatch_signals(const struct sigaction before[STOPPING])
{
	size_t i;

	for (i = 0; i < STOPPING; i++)
		(void)sigaction(stopping[i], &before[i], NULL);
	if (stopped_by != 0)
		(void)raise(stopped_by);
}

/* --- reading ------------------------------------------------------------- */

/* Up to the end of the line, byte by byte: what follows is another's. */
static bool
read_line(int fd, struct secret *out)
{
	char c = '\0';
	ssize_t n;

	out->size = 0;
	for (;;) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR && stopped_by == 0)
			continue;
		if (n <= 0 || c == '\n' || out->size == sizeof out->text)
			break;
		out->text[out->size++] = c;
	}
	if (out->size > 0 && out->text[out->size - 1] == '\r')
		out->size--;
	return n >= 0;
}

/* Behind what out holds. */
static bool
append(struct secret *out, const struct secret *line)
{
	if (line->size + 1 > sizeof out->text - out->size)
		return false;
	out->text[out->size++] = '\n';
	memcpy(out->text + out->size, line->text, line->size);
	out->size += line->size;
	return true;
}

static bool
read_lines(int fd, enum secret_kind kind, struct secret *out)
{
	struct secret second;
	bool is_read = read_line(fd, out);

	if (!is_read || kind != SECRET_CHANGE)
		return is_read;
	is_read = read_line(fd, &second) &&
	          (second.size == 0 || append(out, &second));
	secret_wipe(&second);
	return is_read;
}

static bool
ask(const char *what, struct secret *out)
{
	struct termios before, silent;
	struct sigaction actions[STOPPING];
	bool is_read;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", what);
	fflush(stderr);
	watch_signals(actions);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	is_read = read_line(STDIN_FILENO, out);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	fflush(stderr);
	if (stopped_by != 0)
		secret_wipe(out);
	unwatch_signals(actions);
	return is_read && stopped_by == 0;
}

static bool
ask_twice(struct secret *out)
{
	struct secret again;
	bool is_same;

	if (!ask(_("New PIN"), out) || !ask(_("The same again"), &again))
		return false;
	is_same = again.size == out->size &&
	          sodium_memcmp(again.text, out->text, out->size) == 0;
	secret_wipe(&again);
	if (!is_same) {
		say("%s", _("the two differ; nothing was changed"));
		out->size = 0;
	}
	return is_same;
}

static bool
read_file(const char *path, enum secret_kind kind, struct secret *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && read_lines(fd, kind, out);

	if (!is_read)
		say(_("%s cannot be read: %s"), path, _(outcome_fault(errno)));
	if (fd >= 0)
		close(fd);
	return is_read;
}

static bool
ask_change(struct secret *out)
{
	struct secret new = {.size = 0};
	bool is_read = ask(_("Your present PIN"), out) && ask_twice(&new) &&
	               append(out, &new);

	secret_wipe(&new);
	return is_read;
}

static bool
ask_for(enum secret_kind kind, struct secret *out)
{
	switch (kind) {
	case SECRET_NEW:
		return ask_twice(out);
	case SECRET_CHANGE:
		return ask_change(out);
	case SECRET_PRESENT:
		break;
	}
	return ask(_("PIN"), out);
}

bool
secret_read(const struct call *c, enum secret_kind kind, struct secret *out)
{
	const char *path = call_option(c, "pin-file");

	memset(out, 0, sizeof *out);
	if (path != NULL)
		return read_file(path, kind, out);
	if (!isatty(STDIN_FILENO) || c->no_input) {
		if (!c->no_input && read_lines(STDIN_FILENO, kind, out) &&
		    out->size > 0)
			return true;
		say("%s",
		    _("give the PIN on standard input, or --pin-file FILE"));
		return false;
	}
	return ask_for(kind, out);
}

static long
give(void *context, void *out, size_t size)
{
	struct secret *s = context;
	size_t n = s->size - s->at < size ? s->size - s->at : size;

	memcpy(out, s->text + s->at, n);
	s->at += n;
	return (long)n;
}

struct api_input
secret_input(struct secret *s)
{
	s->at = 0;
	return (struct api_input){.read = give, .context = s};
}

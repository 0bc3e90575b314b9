/* call: one command line, taken apart.
 *
 * Global flags stand before or after the verb; the flags of a verb after it.
 * Verbs that write records take every other --NAME VALUE as a field.
 */

#ifndef YIZHAN_CLI_CALL_H
#define YIZHAN_CLI_CALL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct call;

struct verb {
	const char *name; /* two words where the contract has two */
	int (*run)(struct call *c);
	/* Names of its flags, NULL-terminated; "=" at the end: takes a
	 * value. */
	const char *const *flags;
	bool takes_fields;
	size_t operands_min, operands_max;
};

struct call_option {
	const char *name;  /* without dashes */
	const char *value; /* NULL: a flag without one */
	bool is_field;     /* no flag of the verb's own */
};

struct call {
	const struct verb *verbs; /* all there are, ends with a NULL name */
	const struct verb *verb;  /* NULL: none was given */
	const char *dir;          /* --dir, NULL: not given */
	/* From then on SIGINT and SIGTERM only set *is_stopped, once each.
	 * Both are set by main(). */
	void (*catch_stop)(void);
	const volatile sig_atomic_t *is_stopped;
	bool json, no_input, help, version;
	size_t operand_count, option_count;
	const char **operands;
	struct call_option *options;
};

/**
 * Take a command line apart. Texts are argv's own. False: it makes no sense;
 * the reason was said on stderr, with the nearest name where one was
 * misspelt. call_free() in any case.
 */
bool call_parse(
    struct call *c, const struct verb *verbs, int argc, char **argv);
void call_free(struct call *c);

/** Value of an option; NULL: not given. The last one counts. */
const char *call_option(const struct call *c, const char *name);
bool call_has(const struct call *c, const char *name);
/** Whole number of an option from 0 on; -1: not given. False: no number;
 * that was said. */
bool call_number(const struct call *c, const char *name, long *out);

/** The nearest of names (NULL-terminated); NULL: none is near. */
const char *call_nearest(const char *typed, const char *const *names);

/** The state directory: --dir, $YIZHAN_DIR, or the place the contract names.
 * False: there is no home to keep it in; that was said. */
bool call_dir(const struct call *c, char *out, size_t out_bytes);

#endif

/* i18n: starts gettext. */

#include <locale.h>
#include <stdlib.h>

#include "base/i18n.h"

#if YIZHAN_NLS

#define DOMAIN "yizhan"

/* The locale that messages are asked for in, in the order POSIX reads. */
static const char *
wanted_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return value;
	}
	return NULL;
}

/* Debian generates no locale unless told to. Our messages need none: the
 * C.UTF-8 that glibc brings along and LANGUAGE are enough for gettext. */
static void
do_without_locale(void)
{
	const char *wanted = wanted_locale();

	setlocale(LC_ALL, "C.UTF-8");
	/* LANGUAGE set but empty says nothing. */
	if (wanted != NULL) {
		const char *given = getenv("LANGUAGE");

		setenv("LANGUAGE", wanted, given == NULL || *given == '\0');
	}
}

void
i18n_start(void)
{
	const char *folder = getenv("YIZHAN_LOCALEDIR");

	if (setlocale(LC_ALL, "") == NULL)
		do_without_locale();
	setlocale(LC_NUMERIC, "C");
	if (folder == NULL || *folder == '\0')
		folder = LOCALEDIR;
	bindtextdomain(DOMAIN, folder);
	bind_textdomain_codeset(DOMAIN, "UTF-8");
	textdomain(DOMAIN);
}

#else

void
i18n_start(void)
{
	if (setlocale(LC_ALL, "") == NULL)
		setlocale(LC_ALL, "C.UTF-8");
	setlocale(LC_NUMERIC, "C");
}

#endif

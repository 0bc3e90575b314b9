/* i18n: starts gettext. */

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"

#if YIZHAN_NLS

#define DOMAIN "yizhan"

enum { LOCALE_BYTES = 64 }; /* longer ones name none */

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

/* There is one Chinese catalogue, in the characters of the mainland. Who asks
 * for those of Taiwan or Hong Kong, or names no country, reads it sooner than
 * English. LANGUAGE is the only way to tell gettext; what somebody set there
 * is what they want. */
static void
ask_for(const char *wanted)
{
	const char *given = getenv("LANGUAGE");
	bool is_chinese = strncmp(wanted, "zh", 2) == 0 &&
	                  (wanted[2] == '\0' || strchr("_.@-", wanted[2]));
	char languages[LOCALE_BYTES + 8];

	/* LANGUAGE set but empty says nothing. */
	if ((given != NULL && *given != '\0') || strlen(wanted) > LOCALE_BYTES)
		return;
	snprintf(languages, sizeof languages, "%s%s", wanted,
	    is_chinese ? ":zh_CN" : "");
	(void)setenv("LANGUAGE", languages, 1);
}

void
i18n_start(void)
{
	const char *folder = getenv("YIZHAN_LOCALEDIR");
	const char *wanted = wanted_locale();

	/* Debian generates no locale unless told to. Our messages need none:
	 * the C.UTF-8 that glibc brings along and LANGUAGE are enough. */
	if (setlocale(LC_ALL, "") == NULL)
		setlocale(LC_ALL, "C.UTF-8");
	if (wanted != NULL)
		ask_for(wanted);
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

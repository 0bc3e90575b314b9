/* i18n: messages for people in the language of their locale (gettext).
 *
 * English in the source is the key. _() translates now; N_() only marks a
 * string in a table, which is translated with _() where it is printed.
 * Built with -Dnls=false all of them give the English text.
 */

#ifndef YIZHAN_BASE_I18N_H
#define YIZHAN_BASE_I18N_H

#if YIZHAN_NLS
#include <libintl.h>
#define _(text) gettext(text)
#else
#define _(text)                    (text)
#define ngettext(one, many, count) ((count) == 1 ? (one) : (many))
#endif

#define N_(text) text

/**
 * Take the locale from the environment; once, first thing in main(), while
 * there is one thread. Catalogues are read from $YIZHAN_LOCALEDIR where set
 * (a build that is not installed), else from where they were installed.
 * Numbers keep a decimal point in every locale. Never fails: what cannot be
 * had is shown in English.
 */
void i18n_start(void);

#endif

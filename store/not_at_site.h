/* not_at_site: who wrote at an organisation where he has no valid practice
 * site (执业点), seen by the group.
 *
 * His own computer warns and lists it when he writes; the group lists it when
 * the change comes, also where it was written by a program that did not. Each
 * person is listed once a month and organisation, by the first record that
 * came. It is a warning: the record counts, and to the acting org.
 */

#ifndef YIZHAN_STORE_NOT_AT_SITE_H
#define YIZHAN_STORE_NOT_AT_SITE_H

#include "store/self.h"

/** A change was merged; only the hub looks, and not at its own. */
enum err not_at_site_note(
    struct txn *t, const struct self *self, const struct change *c);

#endif

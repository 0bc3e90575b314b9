/* device_view: what the records here make of a device, a loan or a hand-over
 * now, for people: views on a moment, never stored.
 *
 *   device   custodian, disputed, custody_no, awaited, offered, bars, chain,
 *            loans (open), metrology_due, month, hours, rated_hours, share,
 *            usage (per acting org)
 *   loan     direction, approved, onward, due, overdue, metrology_expired
 *   custody  fate
 */

#ifndef YIZHAN_STORE_DEVICE_VIEW_H
#define YIZHAN_STORE_DEVICE_VIEW_H

#include "store/device_state.h"
#include "store/org_tree.h"

/**
 * The view of the record of this key as one JSON object; *out NULL: its kind
 * has none, or its device is not here. instant: now, YYYY-MM-DDThh:mm:ss+08:00;
 * "": this clock cannot be believed, and nothing is said that depends on it.
 */
enum err device_view(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const char *instant, json_t **out);

/** The state that a view shows in the record's stead; NULL: its own. Lives as
 * long as the view. */
const char *device_view_state(const json_t *view);

/**
 * "vertical_down" from a hospital (level county, city) to a township or
 * village, "vertical_up" the other way, "horizontal" between orgs of one
 * side. NULL: one of them is not known here.
 */
const char *device_direction(
    struct txn *t, const char *lender, const char *borrower);

/** Whether a loan is late at an instant: a vehicle by the minute, anything
 * else from the day after. */
bool device_is_overdue(
    const json_t *device, const json_t *loan, const char *instant);

/** "", or the first and last day of the month of an instant. */
void device_month(
    const char *instant, char first[DATE_CHARS + 1], char last[DATE_CHARS + 1]);

#endif

/* allergies: a resident's list of them, from which nothing is taken out. That
 * one is none after all is said by its status, with the reason.
 */

#ifndef YIZHAN_STORE_ALLERGIES_H
#define YIZHAN_STORE_ALLERGIES_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"

/** Whether a resident's fields hold a list that lacks what an earlier one
 * named. False where they hold none; null is a list of nothing. */
bool allergies_are_gone(const json_t *before, const json_t *fields);

/** Put what is gone back, as it was. */
enum err allergies_keep(const json_t *before, json_t *fields);

#endif

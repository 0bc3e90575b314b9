/* service_vet: whether a contract promises what is said to be done under it
 * (履约).
 */

#ifndef YIZHAN_STORE_SERVICE_VET_H
#define YIZHAN_STORE_SERVICE_VET_H

#include "store/vet.h"

/** Warn of an item that no package in force on its day lists, where all of
 * them list theirs, and of a contract that was over by then or never in force.
 * Nothing is said of a contract that is not here. */
void service_vet(
    struct vet *v, const struct vet_line *line, struct findings *out);

#endif

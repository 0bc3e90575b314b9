/* report_vet: whose report another doctor takes over (结果互认). */

#ifndef YIZHAN_STORE_REPORT_VET_H
#define YIZHAN_STORE_REPORT_VET_H

#include "store/vet.h"

/** Warn of a recognition whose report is of another resident than it names,
 * and of none of the entries that are linked with that one. Nothing is said
 * where one of them is not here. */
void report_vet(
    struct vet *v, const struct vet_line *line, struct findings *out);

#endif

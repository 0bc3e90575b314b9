/* keeper_vet: what a person writes here that is another's to say. */

#ifndef YIZHAN_STORE_KEEPER_VET_H
#define YIZHAN_STORE_KEEPER_VET_H

#include "store/vet.h"

/** Refuse, on a form, to give a file away, or a device that is another's: a
 * file goes over by a move, which the group confirms and which ends what has to
 * end. In files it is taken, and the group is asked (entitled.c). Refuse, in
 * files too, a decision about what is not the acting org's matter, every
 * change of one that stands, and other names in a link that was said. */
void keeper_vet(
    struct vet *v, const struct vet_line *line, struct findings *out);

#endif

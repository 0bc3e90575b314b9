/* emptying: the group's word that an org may not have some changes any more.
 *
 * Written by the hub when they leave the org's list (store/emptying.h), and
 * again when what is said of others who have them has changed.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "from_org", FIELD_REF, FIELD_REQUIRED, .ref_kind = "org"},
	/* Counts up: of two about one change the higher counts. */
	{5, "number", FIELD_INT, FIELD_REQUIRED, .min = 1, .max = 999999999999,
	    .data = DATA_P0},
	/* Their ids: "~", life, class, seq; with another seq behind, all from
	 * the one to the other. */
	{6, "changes", FIELD_WORDS, FIELD_REQUIRED, .data = DATA_P0},
	/* Orgs that they are meant for now: whoever acts for one keeps them. */
	{7, "still", FIELD_REFS, .ref_kind = "org"},
	/* Whose list as a whole is not for this org any more. */
	{8, "lost", FIELD_REF, .ref_kind = "org"},
	{0},
};
/* clang-format on */

const struct kind kind_emptying = {
    .number = 32,
    .name = "emptying",
    .by_group = true,
    .for_acting_org = true,
    .urgency = URGENCY_SOON,
    .fields = fields,
};

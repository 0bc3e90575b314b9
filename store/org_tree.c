/* org_tree: which org is above which. */

#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/org_tree.h"

const char *
org_tree_above(struct org_tree *tree, const char *org)
{
	char above[REF_BYTES_MAX + 1];
	size_t at = 0;

	if (tree->above.failed)
		return NULL;
	while (at < tree->above.size) {
		const char *known = (const char *)tree->above.data + at;
		const char *answer = known + strlen(known) + 1;

		if (strcmp(known, org) == 0)
			return *answer == '\0' ? NULL : answer;
		at += strlen(known) + 1 + strlen(answer) + 1;
	}
	if (index_parent_org(tree->t, org, above, sizeof above) != ERR_OK)
		above[0] = '\0';
	put_bytes(&tree->above, org, strlen(org) + 1);
	put_bytes(&tree->above, above, strlen(above) + 1);
	return above[0] == '\0' || tree->above.failed
	           ? NULL
	           : (const char *)tree->above.data + tree->above.size -
	                 (strlen(above) + 1);
}

bool
org_tree_is_below(struct org_tree *tree, const char *org, const char *above)
{
	char at[REF_BYTES_MAX + 1];
	int depth;

	snprintf(at, sizeof at, "%s", org);
	for (depth = 0; depth < ORG_DEPTH_MAX; depth++) {
		const char *next = org_tree_above(tree, at);

		if (next == NULL)
			return false;
		if (strcmp(next, above) == 0)
			return true;
		snprintf(at, sizeof at, "%s", next);
	}
	return false;
}

bool
org_tree_is_within(struct org_tree *tree, const char *org, const char *above)
{
	return strcmp(org, above) == 0 || org_tree_is_below(tree, org, above);
}

enum err
org_tree_state(const struct org_tree *tree)
{
	return buffer_state(&tree->above);
}

void
org_tree_free(struct org_tree *tree)
{
	buffer_free(&tree->above);
}

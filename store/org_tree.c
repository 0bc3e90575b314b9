/* org_tree: which org is above which, and of which level it is. */

#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/org_tree.h"

/* What was answered of an org before, "": nothing is known. NULL: it was not
 * asked. */
static const char *
find_answer(const struct buffer *answers, const char *org)
{
	size_t at = 0;

	while (at < answers->size) {
		const char *known = (const char *)answers->data + at;
		const char *answer = known + strlen(known) + 1;

		if (strcmp(known, org) == 0)
			return answer;
		at += strlen(known) + 1 + strlen(answer) + 1;
	}
	return NULL;
}

static const char *
keep_answer(struct buffer *answers, const char *org, const char *answer)
{
	put_bytes(answers, org, strlen(org) + 1);
	put_bytes(answers, answer, strlen(answer) + 1);
	return answers->failed ? NULL
	                       : (const char *)answers->data + answers->size -
	                             (strlen(answer) + 1);
}

const char *
org_tree_above(struct org_tree *tree, const char *org)
{
	char above[REF_BYTES_MAX + 1];
	const char *answer;

	if (tree->above.failed)
		return NULL;
	answer = find_answer(&tree->above, org);
	if (answer == NULL) {
		if (index_parent_org(tree->t, org, above, sizeof above) !=
		    ERR_OK)
			above[0] = '\0';
		answer = keep_answer(&tree->above, org, above);
	}
	return answer == NULL || *answer == '\0' ? NULL : answer;
}

const char *
org_tree_level(struct org_tree *tree, const char *org)
{
	char level[ORG_LEVEL_BYTES_MAX + 1];
	const char *answer;

	if (tree->level.failed)
		return NULL;
	answer = find_answer(&tree->level, org);
	if (answer == NULL) {
		if (index_org_level(tree->t, org, level, sizeof level) !=
		    ERR_OK)
			level[0] = '\0';
		answer = keep_answer(&tree->level, org, level);
	}
	return answer == NULL || *answer == '\0' ? NULL : answer;
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
	enum err e = buffer_state(&tree->above);

	return e == ERR_OK ? buffer_state(&tree->level) : e;
}

void
org_tree_free(struct org_tree *tree)
{
	buffer_free(&tree->above);
	buffer_free(&tree->level);
}

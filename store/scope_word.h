/* scope_word: whose word makes an org one of a record's, and how far that
 * opens what the record names.
 *
 * What somebody says for himself gives him no more than a stranger needs. A
 * word counts where the org that it names is another than its author's, where
 * it is of who surely began the record (begun.h), or where such a change had
 * seen it. An org that counts for itself alone stands beside those who were
 * named before. What the machine says (contest_said.h) repeats others and
 * counts for nobody, but for the group's steps of contracts and links.
 */

#ifndef YIZHAN_STORE_SCOPE_WORD_H
#define YIZHAN_STORE_SCOPE_WORD_H

#include "store/scope.h"

/** Whether the group's node made a change. */
bool scope_is_groups_word(const struct scoped *s, const struct change *c);
/** Whether a node made it that acts for the org. */
bool scope_is_own_word(
    const struct scoped *s, const struct change *c, const char *org);

/** Whether a change made the record's beginning, each of them (begun.h). */
enum err scope_begun(const struct scoped *s, uint8_t *out);

/** Add the orgs that the record's fields name (FIELD_AUDIENCE) and that began
 * it. */
enum err scope_word_orgs(const struct scoped *s, struct scope_orgs *out);

/** Lower these orgs of a record to what it grants them of what `field` names
 * (NULL: of all that it names, the least). */
enum err scope_word_grants(
    const struct scoped *s, const struct field *field, struct scope_orgs *orgs);

/** Whether the group said that two entries are one, of the sides that the link
 * has now. */
enum err scope_word_links(const struct scoped *link, bool *out);

#endif

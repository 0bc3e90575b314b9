/* census_text: text cut into phrases, and names kept out of them; of census.c.
 */

#ifndef YIZHAN_STORE_CENSUS_TEXT_H
#define YIZHAN_STORE_CENSUS_TEXT_H

#include "store/census.h"

typedef enum err census_phrase(void *context, const char *text, size_t size);

/** Give each phrase of two to CENSUS_CHARS_MAX characters between marks. */
enum err census_phrases(const char *text, census_phrase *give, void *context);
/** Whether digits stand together, or parted by one mark or space each, up to
 * CENSUS_DIGITS of them or more: a phone, an identity, a day of birth. */
bool census_has_long_number(const char *text);

struct census_names;

enum err census_names_new(struct census_names **out, const struct db *db);
void census_names_free(struct census_names *n);
/** Note what in a record names or reaches a person. ERR_NOMEM, ERR_LIMIT. */
enum err census_names_note(struct census_names *n, const json_t *record);
/** Whether no noted name stands in this text, and no long number. */
bool census_names_is_free(const struct census_names *n, const char *text);

#endif

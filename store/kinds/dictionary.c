/* dictionary: what the group's streams begin from (sync/dictionary.h), made
 * by `yizhan hub train-dictionary` of what is common in the group.
 */

#include <stdlib.h>
#include <string.h>

#include "store/dictionaries.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	/* Counts up: the highest is the group's present one. */
	{4, "number", FIELD_INT, FIELD_REQUIRED, .min = 1, .max = 1000000,
	    .data = DATA_P0},
	/* 8 hex digits, of the whole dictionary's data. */
	{5, "id", FIELD_WORD, FIELD_REQUIRED, .max_chars = 8, .data = DATA_P0},
	/* base64 */
	{6, "data", FIELD_WORD, FIELD_REQUIRED,
	    .max_chars = DICTIONARIES_TEXT_MAX, .data = DATA_P0},
	{7, "made_on", FIELD_DATE, .data = DATA_P0},
	/* Of so many parts this is the data of one; none: of the whole. */
	{8, "part", FIELD_INT, .min = 1, .max = DICTIONARIES_PARTS_MAX,
	    .data = DATA_P0},
	{9, "of", FIELD_INT, .min = 1, .max = DICTIONARIES_PARTS_MAX,
	    .data = DATA_P0},
	{0},
};
/* clang-format on */

static void
check_part(const json_t *record, struct findings *out)
{
	rule_needs(record, "part", out);
	rule_needs(record, "of", out);
	if (json_integer_value(json_object_get(record, "part")) >
	    json_integer_value(json_object_get(record, "of")))
		findings_refuse(out, FINDING_ABOVE, "part");
}

/* That it can be learned is not looked at here: who uses it has to, and the
 * hub did when it was made. Nor whether parts add up, which is seen when all
 * of them are here. */
static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *data = rule_text(record, "data");
	const char *id = rule_text(record, "id");
	struct buffer bytes = {0};
	char text[DICTIONARIES_ID_BYTES];

	(void)cx;
	if (data == NULL || id == NULL)
		return;
	if (dictionaries_decode(data, &bytes) != ERR_OK) {
		findings_refuse(out, FINDING_CODE, "data");
	} else if (json_object_get(record, "part") != NULL ||
	           json_object_get(record, "of") != NULL) {
		check_part(record, out);
	} else {
		dictionaries_id(bytes.data, bytes.size, text);
		if (strcmp(text, id) != 0)
			findings_refuse(out, FINDING_CODE, "id");
	}
	buffer_free(&bytes);
}

const struct kind kind_dictionary = {
    .number = 18,
    .name = "dictionary",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = check,
};

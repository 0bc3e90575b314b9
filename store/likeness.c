/* likeness: what two entries have in common adds up to (candidate.h).
 *
 * Namesakes are many and registers are copied, so that a name alone says
 * nothing. A number that is valid says much, but one that was lent to a
 * relative or mistyped into another's exists: with another name or birth day
 * it is a person's to decide. Twins share all but their names.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/candidate.h"
#include "store/codes.h"
#include "store/names.h"
#include "store/rules.h"

enum { VILLAGE_CHARS = 12 }; /* of an ehr_no: county, township, village */

static bool
agree(const json_t *a, const json_t *b, const char *name)
{
	const char *x = rule_text(a, name), *y = rule_text(b, name);

	return x != NULL && y != NULL && x[0] != '\0' && strcmp(x, y) == 0;
}

static bool
names_agree(const json_t *a, const json_t *b)
{
	const char *x = rule_text(a, "name"), *y = rule_text(b, "name");

	return x != NULL && y != NULL && name_same(x, y);
}

/* A date of which only the year is known agrees with nothing. */
static bool
births_agree(const json_t *a, const json_t *b)
{
	const char *x = rule_text(a, "birth_precision");
	const char *y = rule_text(b, "birth_precision");

	return agree(a, b, "birth_date") &&
	       (x == NULL || strcmp(x, "day") == 0) &&
	       (y == NULL || strcmp(y, "day") == 0);
}

static bool
villages_agree(const json_t *a, const json_t *b)
{
	const char *x = rule_text(a, "ehr_no"), *y = rule_text(b, "ehr_no");

	if (x != NULL && y != NULL && strlen(x) > VILLAGE_CHARS &&
	    strncmp(x, y, VILLAGE_CHARS) == 0)
		return true;
	return agree(a, b, "household_no") || agree(a, b, "address");
}

static bool
is_valid_number(const json_t *fields)
{
	const char *type = rule_text(fields, "id_type");
	const char *number = rule_text(fields, "id_no");
	struct id_number id;

	return type != NULL && number != NULL && strcmp(type, "01") == 0 &&
	       id_number_parse(number, &id) == FINDING_NONE;
}

/* Whether both show a document of one type, so that numbers can be compared. */
static bool
show_one_document(const json_t *a, const json_t *b)
{
	return rule_text(a, "id_no") != NULL && rule_text(b, "id_no") != NULL &&
	       agree(a, b, "id_type");
}

enum likeness
likeness_of(const json_t *a, const json_t *b)
{
	bool names = names_agree(a, b), births = births_agree(a, b);

	if (show_one_document(a, b)) {
		if (!agree(a, b, "id_no"))
			return LIKE_NOT;
		return names && births && is_valid_number(a) ? LIKE_SAME_NUMBER
		                                             : LIKE_MAYBE;
	}
	return names && births && agree(a, b, "sex") &&
	               (villages_agree(a, b) || agree(a, b, "phone"))
	           ? LIKE_MAYBE
	           : LIKE_NOT;
}

const char *
likeness_ground(const json_t *a, const json_t *b, bool *is_one)
{
	bool names = names_agree(a, b), births = births_agree(a, b);

	*is_one = names || births;
	if (!*is_one)
		return N_("only the number agrees, and may be mistyped");
	return names && births
	           ? N_("name, birth date and what else is shown agree")
	           : N_("the number agrees, and one of name and birth date");
}

json_t *
likeness_evidence(const json_t *a, const json_t *b)
{
	static const char *const names[] = {"id_no", "name", "sex",
	    "birth_date", "phone", "address", "household_no", "ehr_no",
	    "guardian_id", "managing_org_id"};
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows != NULL && i < sizeof names / sizeof names[0]; i++) {
		const char *x = rule_text(a, names[i]);
		const char *y = rule_text(b, names[i]);
		bool same;

		if (x == NULL || y == NULL)
			continue;
		same = i == 1 ? names_agree(a, b) : strcmp(x, y) == 0;
		if (json_array_append_new(
		        rows, json_pack("{s:s, s:b}", "field", names[i],
		                  "agrees", (int)same)) != 0) {
			json_decref(rows);
			return NULL;
		}
	}
	return rows;
}

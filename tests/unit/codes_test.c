/* codes: numbers copied from cards and slips hold their check characters. All
 * numbers are invented; area 519901 is assigned to no county.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/codes.h"

static void
test_id_number_tells_birth_and_sex(void **state)
{
	struct id_number id;

	assert_int_equal(
	    id_number_parse("519901198001010017", &id), FINDING_NONE);
	assert_string_equal(id.birth_date, "1980-01-01");
	assert_true(id.is_male);
	assert_false(id.has_lower_x);
	assert_int_equal(
	    id_number_parse("519901202002290021", &id), FINDING_NONE);
	assert_string_equal(id.birth_date, "2020-02-29");
	assert_false(id.is_male);
}

static void
test_id_number_ends_in_either_x(void **state)
{
	struct id_number id;

	assert_int_equal(
	    id_number_parse("51990119660707004X", &id), FINDING_NONE);
	assert_false(id.has_lower_x);
	assert_int_equal(
	    id_number_parse("51990119660707004x", &id), FINDING_NONE);
	assert_true(id.has_lower_x);
}

static void
test_id_number_must_have_18_characters(void **state)
{
	struct id_number id;

	assert_int_equal(id_number_parse("", &id), FINDING_ID_LENGTH);
	assert_int_equal(
	    id_number_parse("51990119800101001", &id), FINDING_ID_LENGTH);
	assert_int_equal(
	    id_number_parse("519901800101001", &id), FINDING_ID_LENGTH);
	assert_int_equal(
	    id_number_parse("5199011980010100177", &id), FINDING_ID_LENGTH);
}

/* GB 11643 uses ISO 7064 mod 11-2, made to notice every single wrong digit
 * and every swap of neighbours. */
static void
test_id_number_notices_wrong_and_swapped_digits(void **state)
{
	static const char good[] = "519901197506101235";
	struct id_number id;
	char bad[sizeof good];

	for (size_t i = 0; i < 17; i++) {
		for (char c = '0'; c <= '9'; c++) {
			memcpy(bad, good, sizeof good);
			bad[i] = c;
			assert_int_equal(
			    id_number_parse(bad, &id) != FINDING_ID_CHECK,
			    c == good[i]);
		}
		memcpy(bad, good, sizeof good);
		bad[i] = good[i + 1];
		bad[i + 1] = good[i];
		assert_int_equal(id_number_parse(bad, &id) == FINDING_NONE,
		    good[i] == good[i + 1]);
	}
}

static void
test_id_number_has_digits_only(void **state)
{
	struct id_number id;

	assert_int_equal(
	    id_number_parse("5199O1198001010017", &id), FINDING_ID_CHECK);
	assert_int_equal(
	    id_number_parse("51990119800101001 ", &id), FINDING_ID_CHECK);
	assert_int_equal(
	    id_number_parse("X19901198001010017", &id), FINDING_ID_CHECK);
}

static void
test_id_number_has_a_birth_date_that_exists(void **state)
{
	struct id_number id;

	/* Month 13, with a check digit that fits. */
	assert_int_equal(
	    id_number_parse("519901198513411236", &id), FINDING_ID_DATE);
}

static void
test_uscc_checks_its_last_character(void **state)
{
	assert_true(uscc_is_valid("12519901MA60000016"));
	assert_true(uscc_is_valid("12519901MA60000029"));
	assert_true(uscc_is_valid("12519901MA6000100Q"));
	assert_false(uscc_is_valid("12519901MA60000017"));
	assert_false(uscc_is_valid("12519901MA60000061"));
}

static void
test_uscc_has_18_characters_of_its_alphabet(void **state)
{
	assert_false(uscc_is_valid(""));
	assert_false(uscc_is_valid("12519901MA6000001"));
	assert_false(uscc_is_valid("12519901MA600000166"));
	assert_false(uscc_is_valid("12519901ma60000016"));
	assert_false(uscc_is_valid("1251990IMA60000016"));
}

static void
test_slip_tells_its_kind(void **state)
{
	char letter;

	assert_true(slip_is_valid("T01-C-000001-F", &letter));
	assert_int_equal(letter, 'C');
	assert_true(slip_is_valid("YT1-L-000001-U", &letter));
	assert_int_equal(letter, 'L');
	assert_true(slip_is_valid("A02-E-000001-Y", NULL));
	assert_true(slip_is_valid("T01-R-000001-5", NULL));
}

static void
test_slip_notices_mistakes(void **state)
{
	char letter = 'C';

	assert_false(slip_is_valid("T01-C-000001-G", &letter));
	assert_int_equal(letter, '\0');
	assert_false(slip_is_valid("T01-C-000010-F", NULL));
	assert_false(slip_is_valid("T10-C-000001-F", NULL));
	assert_false(slip_is_valid("T01-E-000001-F", NULL));
	assert_false(slip_is_valid("t01-C-000001-F", NULL));
}

static void
test_slip_has_its_form(void **state)
{
	static const char *const bad[] = {"", "-", "---", "T01", "T01-C",
	    "T01-C-000001", "T01-C-000001-", "T01C000001F", "-C-000001-F",
	    "T01-C-00001-F", "T01-C-0000001-F", "T01-C-000001-FF",
	    "T01--000001-F", "T01-C-00000A-F", "T01-C 000001-F",
	    "ABCDEFGHJ-C-000001-F", NULL};

	for (size_t i = 0; bad[i] != NULL; i++)
		assert_false(slip_is_valid(bad[i], NULL));
}

static void
test_slip_written_reads_back(void **state)
{
	static const unsigned numbers[] = {0, 1, 500, 999999};
	char slip[SLIP_BYTES], letter;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		assert_true(slip_write(slip, "ABCDEFGH", 'E', numbers[i]));
		assert_true(slip_is_valid(slip, &letter));
		assert_int_equal(letter, 'E');
	}
	assert_true(slip_write(slip, "T01", 'C', 1));
	assert_string_equal(slip, "T01-C-000001-F");
}

static void
test_slip_is_not_written_from_nonsense(void **state)
{
	char slip[SLIP_BYTES];

	assert_false(slip_write(slip, "", 'E', 1));
	assert_false(slip_write(slip, "ABCDEFGHJ", 'E', 1));
	assert_false(slip_write(slip, "o1", 'E', 1));
	assert_false(slip_write(slip, "T01", 'O', 1));
	assert_false(slip_write(slip, "T01", 'E', 1000000));
	assert_string_equal(slip, "");
}

static void
test_ehr_no_has_17_digits(void **state)
{
	assert_true(ehr_no_is_valid("51990110110100057"));
	assert_false(ehr_no_is_valid("5199011011010005"));
	assert_false(ehr_no_is_valid("519901101101000577"));
	assert_false(ehr_no_is_valid("5199011011010005X"));
	assert_false(ehr_no_is_valid(""));
}

static void
test_icd10_takes_what_doctors_code(void **state)
{
	static const char *const good[] = {"I10", "J06.9", "Z00.0", "M54.5",
	    "E11.900", "I10.x00", "I10.x00x002", "G63.2*", "E10.4+", "C7A.0",
	    NULL};
	static const char *const bad[] = {"", "J", "J0", "J06.", "j06.9",
	    "06.9", "J06.9 ", " J06.9", "J06,9", "JJ6.9", "J06.y",
	    "J06.0000000000", "J06.9**", "感冒", NULL};

	for (size_t i = 0; good[i] != NULL; i++)
		assert_true(icd10_is_valid(good[i]));
	for (size_t i = 0; bad[i] != NULL; i++)
		assert_false(icd10_is_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_id_number_tells_birth_and_sex),
	    cmocka_unit_test(test_id_number_ends_in_either_x),
	    cmocka_unit_test(test_id_number_must_have_18_characters),
	    cmocka_unit_test(test_id_number_notices_wrong_and_swapped_digits),
	    cmocka_unit_test(test_id_number_has_digits_only),
	    cmocka_unit_test(test_id_number_has_a_birth_date_that_exists),
	    cmocka_unit_test(test_uscc_checks_its_last_character),
	    cmocka_unit_test(test_uscc_has_18_characters_of_its_alphabet),
	    cmocka_unit_test(test_slip_tells_its_kind),
	    cmocka_unit_test(test_slip_notices_mistakes),
	    cmocka_unit_test(test_slip_has_its_form),
	    cmocka_unit_test(test_slip_written_reads_back),
	    cmocka_unit_test(test_slip_is_not_written_from_nonsense),
	    cmocka_unit_test(test_ehr_no_has_17_digits),
	    cmocka_unit_test(test_icd10_takes_what_doctors_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

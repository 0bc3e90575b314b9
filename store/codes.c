/* codes: check characters and forms of numbers, as their norms give them. */

#include "store/codes.h"

#include <stdio.h>
#include <string.h>

#include "store/date.h"

/* GB 32100-2015 leaves out I, O, S, V and Z, which look like digits or like
 * each other. Slip numbers use the same characters and the same rule. */
static const char alphabet31[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Position in alphabet31; -1 when the character is not in it. */
static int
value31(char c)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet31, c);

	return at == NULL ? -1 : (int)(at - alphabet31);
}

/* The sum's step: weights are 3^(i-1) mod 31 from the left. */
static bool
add31(unsigned *sum, unsigned *weight, char c)
{
	int value = value31(c);

	if (value < 0)
		return false;
	*sum += (unsigned)value * *weight;
	*weight = *weight * 3 % 31;
	return true;
}

static char
check31(unsigned sum)
{
	return alphabet31[(31 - sum % 31) % 31];
}

bool
digits_are(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return text[count] == '\0';
}

enum finding_code
id_number_parse(const char *text, struct id_number *out)
{
	static const unsigned weights[17] = {
	    7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	static const char checks[] = "10X98765432";
	struct id_number id = {.has_lower_x = false};
	unsigned sum = 0;
	char check;

	if (strlen(text) != ID_NUMBER_CHARS)
		return FINDING_ID_LENGTH;
	for (size_t i = 0; i < 17; i++) {
		if (!is_digit(text[i]))
			return FINDING_ID_CHECK;
		sum += (unsigned)(text[i] - '0') * weights[i];
	}
	check = text[17];
	if (check == 'x') {
		id.has_lower_x = true;
		check = 'X';
	}
	if (check != checks[sum % 11])
		return FINDING_ID_CHECK;

	snprintf(id.birth_date, sizeof id.birth_date, "%.4s-%.2s-%.2s",
	    text + 6, text + 10, text + 12);
	if (!date_is_valid(id.birth_date))
		return FINDING_ID_DATE;
	id.is_male = (text[16] - '0') % 2 == 1;
	*out = id;
	return FINDING_NONE;
}

bool
uscc_is_valid(const char *text)
{
	unsigned sum = 0, weight = 1;

	for (size_t i = 0; i < USCC_CHARS - 1; i++) {
		if (!add31(&sum, &weight, text[i]))
			return false;
	}
	return text[17] == check31(sum) && text[18] == '\0';
}

/* Bytes of the short code at the start of text; 0 when there is none. */
static size_t
short_code_size(const char *text)
{
	size_t n = 0;

	while (value31(text[n]) >= 0)
		n++;
	return n > SHORT_CODE_CHARS_MAX ? 0 : n;
}

bool
short_code_is_valid(const char *text)
{
	size_t n = short_code_size(text);

	return n > 0 && text[n] == '\0';
}

bool
slip_is_valid(const char *text, char *letter)
{
	size_t n = short_code_size(text);
	const char *rest = text + n;
	unsigned sum = 0, weight = 1;

	if (letter != NULL)
		*letter = '\0';
	/* The rest is -K-NNNNNN-C: 11 characters. */
	if (n == 0 || strlen(rest) != 11)
		return false;
	if (rest[0] != '-' || rest[2] != '-' || rest[9] != '-')
		return false;
	for (size_t i = 0; i < n; i++)
		add31(&sum, &weight, text[i]);
	if (!is_upper(rest[1]) || !add31(&sum, &weight, rest[1]))
		return false;
	for (size_t i = 3; i < 9; i++) {
		if (!is_digit(rest[i]))
			return false;
		add31(&sum, &weight, rest[i]);
	}
	if (rest[10] != check31(sum))
		return false;
	if (letter != NULL)
		*letter = rest[1];
	return true;
}

bool
slip_write(char *out, const char *short_code, char letter, unsigned number)
{
	unsigned sum = 0, weight = 1;
	char digits[7];

	out[0] = '\0';
	if (!short_code_is_valid(short_code) || number > 999999)
		return false;
	/* The remainder changes nothing; it tells the compiler the bound. */
	snprintf(digits, sizeof digits, "%06u", number % 1000000);
	for (const char *c = short_code; *c != '\0'; c++)
		add31(&sum, &weight, *c);
	if (!add31(&sum, &weight, letter))
		return false;
	for (const char *c = digits; *c != '\0'; c++)
		add31(&sum, &weight, *c);
	snprintf(out, SLIP_BYTES, "%s-%c-%s-%c", short_code, letter, digits,
	    check31(sum));
	return true;
}

/* The village part (positions 10 to 12) is 001-099 for a residents' and
 * 101-199 for a villagers' committee, 901-999 for others; registers hold old
 * numbers outside these ranges, so they are not enforced. */
bool
ehr_no_is_valid(const char *text)
{
	return digits_are(text, EHR_NO_CHARS);
}

/* Letters and digits after the point: WHO uses one or two digits, the
 * national clinical edition up to "x00x002". */
static const char *
skip_icd10_tail(const char *text)
{
	enum { TAIL_MAX = 9 };
	size_t n = 0;

	while (n < TAIL_MAX && (is_digit(text[n]) || text[n] == 'x'))
		n++;
	return n == 0 ? NULL : text + n;
}

bool
icd10_is_valid(const char *text)
{
	if (!is_upper(text[0]) || !is_digit(text[1]))
		return false;
	if (!is_digit(text[2]) && !is_upper(text[2]))
		return false;
	text += 3;
	if (*text == '.') {
		text = skip_icd10_tail(text + 1);
		if (text == NULL)
			return false;
	}
	if (*text == '+' || *text == '*')
		text++;
	return *text == '\0';
}

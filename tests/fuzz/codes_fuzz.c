/* codes: dates, instants, numbers from cards and slips, addresses, hex, and
 * text itself, as people type them: what is taken means one thing only, and
 * is written back the same. The first byte chooses nothing: all of them look
 * at the same text.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/address.h"
#include "base/bytes.h"
#include "store/change.h"
#include "store/codes.h"
#include "store/date.h"
#include "store/text.h"
#include "store/value.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"

static void
check_days(const char *text)
{
	int64_t days;

	if (!date_is_valid(text))
		return;
	expect(strlen(text) == DATE_CHARS);
	expect(date_years(text, text) == 0);
	expect(date_years("0001-01-01", text) >= 0);
	expect(value_date_parse(text, &days));
	expect(days == date_days(text));
}

static void
check_instants(const char *text)
{
	size_t size = strlen(text);
	char back[26];
	int64_t at;
	enum err e = instant_parse(text, size, &at);

	/* Two parsers of one format: they agree. */
	if (instant_is_valid(text)) {
		expect(size == INSTANT_CHARS);
		expect(e == ERR_OK);
	}
	if (e != ERR_OK)
		return;
	expect(instant_print(at, back) == ERR_OK);
	expect(strcmp(back, text) == 0);
}

static void
check_numbers(const char *text)
{
	struct id_number id;
	char letter = 'x', slip[SLIP_BYTES];

	if (id_number_parse(text, &id) == FINDING_NONE) {
		expect(strlen(text) == ID_NUMBER_CHARS);
		expect(date_is_valid(id.birth_date));
		expect(id.has_lower_x == (text[17] == 'x'));
	}
	if (uscc_is_valid(text))
		expect(strlen(text) == USCC_CHARS);
	if (ehr_no_is_valid(text))
		expect(strlen(text) == EHR_NO_CHARS);
	if (digits_are(text, 6))
		expect(strlen(text) == 6);
	(void)icd10_is_valid(text);
	if (slip_is_valid(text, &letter)) {
		char code[SHORT_CODE_CHARS_MAX + 1] = "";
		size_t n = strcspn(text, "-");
		unsigned number;

		expect(n <= SHORT_CODE_CHARS_MAX);
		memcpy(code, text, n);
		expect(short_code_is_valid(code));
		expect(sscanf(text + n + 3, "%6u", &number) == 1);
		expect(slip_write(slip, code, letter, number));
		expect(strcmp(slip, text) == 0);
	} else {
		expect(letter == 0);
	}
	(void)slip_write(slip, text, 'E', 7);
}

static void
check_text(const char *text, size_t size)
{
	struct text_facts f;

	text_look(text, size, &f);
	expect(f.chars <= size);
}

static void
check_address(const char *text)
{
	struct address a, again;
	char whole[300];

	memset(&a, 0xee, sizeof a);
	if (address_parse(&a, text) != ERR_OK)
		return;
	expect(memchr(a.host, 0, sizeof a.host) != NULL);
	expect(memchr(a.port, 0, sizeof a.port) != NULL);
	expect(strspn(a.port, "0123456789") == strlen(a.port));
	expect(strtoul(a.port, NULL, 10) <= 65535);
	snprintf(whole, sizeof whole,
	    strchr(a.host, ':') == NULL ? "%s:%s" : "[%s]:%s", a.host, a.port);
	expect(address_parse(&again, whole) == ERR_OK);
	expect(strcmp(a.host, again.host) == 0);
	expect(strcmp(a.port, again.port) == 0);
}

static void
check_hex(const char *text)
{
	uint8_t bytes[8];
	char back[17];
	size_t i;

	if (hex_decode(bytes, sizeof bytes, text) != ERR_OK)
		return;
	hex_encode(back, bytes, sizeof bytes);
	for (i = 0; i < 16; i++)
		expect((text[i] | 0x20) == (back[i] | 0x20));
	expect(text[16] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_text(text, size);
	check_days(text);
	check_instants(text);
	check_numbers(text);
	check_address(text);
	check_hex(text);
	free(text);
	return 0;
}

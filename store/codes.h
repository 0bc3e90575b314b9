/* codes: numbers that people copy from cards and slips, and their check
 * characters. Nothing here looks anything up: a number may be well formed and
 * still belong to nobody.
 */

#ifndef YIZHAN_STORE_CODES_H
#define YIZHAN_STORE_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/finding.h"

enum {
	ID_NUMBER_CHARS = 18,
	USCC_CHARS = 18,
	EHR_NO_CHARS = 17,
	SHORT_CODE_CHARS_MAX = 8,
	/* SHORT-K-NNNNNN-C with its final NUL. */
	SLIP_BYTES = SHORT_CODE_CHARS_MAX + 12,
};

/* What an ID number says about its holder. */
struct id_number {
	char birth_date[11]; /* YYYY-MM-DD */
	bool is_male;
	bool has_lower_x; /* valid, but to be stored with X */
};

/**
 * Take an ID number of the People's Republic apart (GB 11643-1999).
 *
 * FINDING_NONE, or what is wrong: FINDING_ID_LENGTH, FINDING_ID_CHECK or
 * FINDING_ID_DATE. *out is set only with FINDING_NONE.
 */
enum finding_code id_number_parse(const char *text, struct id_number *out);

/** Unified social credit code (GB 32100-2015). */
bool uscc_is_valid(const char *text);

/** A slip number whose check character fits. *letter (may be NULL) gets the
 * letter of the kind, 0 if the number is not valid. */
bool slip_is_valid(const char *text, char *letter);
/**
 * Write a slip number into out[SLIP_BYTES]. False, with out empty, when
 * short_code has characters slips do not use or more than
 * SHORT_CODE_CHARS_MAX, or number has more than six digits.
 */
bool slip_write(
    char *out, const char *short_code, char letter, unsigned number);
/** An org's short code, the first part of its slip numbers. */
bool short_code_is_valid(const char *text);

/** 17 digits: county 6, township 3, village 3, serial 5 [WS/T 363]. */
bool ehr_no_is_valid(const char *text);
/** Exactly count decimal digits. */
bool digits_are(const char *text, size_t count);
/** ICD-10, also in the longer forms of the national edition: I10, J06.9,
 * I10.x00x002, with an optional dagger (+) or asterisk. */
bool icd10_is_valid(const char *text);

#endif

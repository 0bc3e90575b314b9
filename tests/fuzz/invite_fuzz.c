/* invite: a code that decodes is written the same way again; any code that
 * was written decodes. */

#include <stdlib.h>
#include <string.h>

#include "sync/invite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_round_trip(const struct invite_code *c)
{
	char text[INVITE_TEXT_BYTES];
	struct invite_code got;

	memset(&got, 0, sizeof got);
	invite_encode(c, text);
	if (invite_decode(&got, text) != ERR_OK || got.number != c->number ||
	    memcmp(got.root_hash, c->root_hash, sizeof got.root_hash) != 0 ||
	    memcmp(got.secret, c->secret, sizeof got.secret) != 0)
		abort();
}

/* Typed text, as it comes. */
static void
check_text(const uint8_t *data, size_t size)
{
	struct invite_code c;
	char *text = malloc(size + 1);

	if (text == NULL)
		return;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (invite_decode(&c, text) == ERR_OK) {
		if (c.number < 1 || c.number > INVITE_NUMBER_MAX)
			abort();
		check_round_trip(&c);
	}
	free(text);
}

/* The bytes as the fields of a code. */
static void
check_fields(const uint8_t *data, size_t size)
{
	struct invite_code c;
	struct reader r;

	reader_init(&r, data, size);
	c.number = (uint16_t)(1 + read_u16(&r) % INVITE_NUMBER_MAX);
	read_copy(&r, c.root_hash, sizeof c.root_hash);
	read_copy(&r, c.secret, sizeof c.secret);
	if (!r.failed)
		check_round_trip(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text(data, size);
	check_fields(data, size);
	return 0;
}

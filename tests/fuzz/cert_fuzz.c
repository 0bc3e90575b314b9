/* cert: what decodes encodes to the same bytes; nothing else decodes. */

#include <stdlib.h>
#include <string.h>

#include "sync/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[KEY_BYTES] = {1};
	struct cert c, before;
	struct buffer again;

	memset(&c, 0xee, sizeof c);
	before = c;
	if (cert_decode(&c, data, size) != ERR_OK) {
		if (memcmp(&c, &before, sizeof c) != 0)
			abort();
		return 0;
	}
	buffer_init(&again);
	if (cert_encode(&c, &again) != ERR_OK)
		abort();
	if (again.size != size || memcmp(again.data, data, size) != 0)
		abort();
	/* A key that nobody holds has signed nothing. */
	if (cert_verify(&c, key) == ERR_OK ||
	    cert_chain_verify(&c, 1, key) == ERR_OK)
		abort();
	buffer_free(&again);
	return 0;
}

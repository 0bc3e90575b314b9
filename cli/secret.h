/* secret: a PIN or passphrase, read where no other program sees it. */

#ifndef YIZHAN_CLI_SECRET_H
#define YIZHAN_CLI_SECRET_H

#include "api/api.h"
#include "cli/call.h"

enum { SECRET_BYTES = 512 };

struct secret {
	char text[SECRET_BYTES];
	size_t size, at;
};

enum secret_kind {
	SECRET_PRESENT,
	SECRET_NEW,
	SECRET_CHANGE, /* two lines, the present one and the new one */
};

/**
 * Read it from --pin-file, or the terminal without echo (a new one twice), or
 * the first lines of standard input. False: there is none; that
 * was said. Never from the command line: other users see that.
 */
bool secret_read(
    const struct call *c, enum secret_kind kind, struct secret *out);
/** As the input of a request; s stays where it is until that is over. */
struct api_input secret_input(struct secret *s);
void secret_wipe(struct secret *s);

#endif

/* err: names of errors, for logs and JSON. */

#include "base/err.h"

const char *
err_name(enum err e)
{
	switch (e) {
	case ERR_OK:
		return "ok";
	case ERR_NOMEM:
		return "no_memory";
	case ERR_MORE:
		return "more";
	case ERR_END:
		return "end";
	case ERR_AUTH:
		return "not_authentic";
	case ERR_FORMAT:
		return "bad_format";
	case ERR_LIMIT:
		return "over_limit";
	case ERR_VERSION:
		return "newer_version";
	case ERR_NOT_FOUND:
		return "not_found";
	case ERR_EXISTS:
		return "exists";
	case ERR_IO:
		return "io_error";
	case ERR_FULL:
		return "disk_full";
	case ERR_CORRUPT:
		return "corrupt";
	case ERR_BUSY:
		return "busy";
	case ERR_NOT_ENROLLED:
		return "not_enrolled";
	case ERR_NO_LINK:
		return "no_link";
	case ERR_NOT_ALLOWED:
		return "not_allowed";
	case ERR_REFUSED:
		return "refused";
	case ERR_USAGE:
		return "usage";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_CLOSED:
		return "closed";
	case ERR_STATE:
		return "out_of_order";
	case ERR_FORK:
		return "fork";
	case ERR_CLASH:
		return "clash";
	}
	return "unknown";
}

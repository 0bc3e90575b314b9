/* err: the one list of things that can go wrong. */

#ifndef YIZHAN_BASE_ERR_H
#define YIZHAN_BASE_ERR_H

/**
 * What a call says. ERR_OK is 0. A call documents which of these it gives
 * and what the caller does next; the text for people lives in cli/ and api/.
 */
enum err {
	ERR_OK = 0,
	ERR_NOMEM,        /* no memory: give up this step, change nothing */
	ERR_MORE,         /* feed more bytes, then call again */
	ERR_END,          /* nothing is left; not a fault */
	ERR_AUTH,         /* bytes were altered, or the key is another one */
	ERR_FORMAT,       /* bytes break the format */
	ERR_LIMIT,        /* larger than a named limit allows */
	ERR_VERSION,      /* made by a newer version than this one */
	ERR_NOT_FOUND,    /* no such thing */
	ERR_EXISTS,       /* there is one already */
	ERR_IO,           /* the system refused to read or write */
	ERR_FULL,         /* disk or map is full: free space first */
	ERR_CORRUPT,      /* stored bytes are not what was stored */
	ERR_BUSY,         /* another process holds it: try again later */
	ERR_NOT_ENROLLED, /* this node has not joined a group */
	ERR_NO_LINK,      /* the parent could not be reached */
	ERR_NOT_ALLOWED,  /* the caller or peer may not do this */
	ERR_REFUSED,      /* the peer, or a rule, said no */
	ERR_USAGE,        /* arguments do not make sense */
	ERR_TIMEOUT,      /* the peer stayed silent too long */
	ERR_CLOSED,       /* the peer went away before the end */
	ERR_STATE,        /* called out of order: a fault of the caller */
	ERR_FORK,         /* a log goes on differently than known before */
	ERR_CLASH,        /* same id, other content */
};

/** The constant's name without its prefix in lower case, e.g. "no_link". */
const char *err_name(enum err e);

#endif

/* address: HOST:PORT as people write it in the configuration. */

#ifndef YIZHAN_AGENT_ADDRESS_H
#define YIZHAN_AGENT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#include "base/err.h"

enum {
	ADDRESS_HOST_BYTES_MAX = 255, /* RFC 1035: names are shorter */
	/* What address_show() writes, with brackets, port and NUL. */
	ADDRESS_TEXT_BYTES = INET6_ADDRSTRLEN + 8,
	ADDRESS_SITE_BYTES = 8,
};

struct address {
	char host[ADDRESS_HOST_BYTES_MAX + 1]; /* without brackets */
	char port[6];                          /* decimal, 0 .. 65535 */
};

/**
 * Take HOST:PORT or [v6]:PORT apart. A host of "*" or "" means every address
 * of this machine and comes out as "". ERR_USAGE: not an address: no port, a
 * port out of range, or a v6 address without brackets.
 */
enum err address_parse(struct address *out, const char *text);

/** The address and port a socket address names, "[v6]:PORT" for IPv6; ""
 * for other families. */
void address_show(char out[ADDRESS_TEXT_BYTES], const struct sockaddr *a);

/** Port of a socket address; 0 for other families. */
uint16_t address_port(const struct sockaddr *a);

/**
 * What counts as one place when limits are counted: the IPv4 address (also
 * inside IPv6), or the first 64 bits of an IPv6 address, which one customer
 * has to himself. False for loopback, which no limit holds for: what comes
 * from there is a tunnel or a test, many places in one.
 */
bool address_site(const struct sockaddr *a, uint8_t out[ADDRESS_SITE_BYTES]);

#endif

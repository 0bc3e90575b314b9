/* address: HOST:PORT as people write it in the configuration. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "agent/address.h"

static bool
is_port(const char *text)
{
	unsigned long value = 0;
	size_t i;

	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i == 5)
			return false;
		value = value * 10 + (unsigned long)(text[i] - '0');
	}
	return i > 0 && value <= UINT16_MAX;
}

enum err
address_parse(struct address *out, const char *text)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t size;

	if (colon == NULL || !is_port(colon + 1))
		return ERR_USAGE;
	size = (size_t)(colon - text);
	if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
		host++;
		size -= 2;
		if (size == 0)
			return ERR_USAGE;
	} else if (memchr(host, ':', size) != NULL) {
		return ERR_USAGE;
	}
	if (size > ADDRESS_HOST_BYTES_MAX || memchr(host, '[', size) != NULL ||
	    memchr(host, ']', size) != NULL)
		return ERR_USAGE;
	if (size == 1 && host[0] == '*')
		size = 0;
	memcpy(out->host, host, size);
	out->host[size] = '\0';
	memcpy(out->port, colon + 1, strlen(colon + 1) + 1);
	return ERR_OK;
}

static const struct sockaddr_in *
as_v4(const struct sockaddr *a)
{
	return (const struct sockaddr_in *)(const void *)a;
}

static const struct sockaddr_in6 *
as_v6(const struct sockaddr *a)
{
	return (const struct sockaddr_in6 *)(const void *)a;
}

uint16_t
address_port(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohs(as_v4(a)->sin_port);
	if (a->sa_family == AF_INET6)
		return ntohs(as_v6(a)->sin6_port);
	return 0;
}

void
address_show(char out[ADDRESS_TEXT_BYTES], const struct sockaddr *a)
{
	char host[INET6_ADDRSTRLEN];
	const void *from = NULL;

	out[0] = '\0';
	if (a->sa_family == AF_INET)
		from = &as_v4(a)->sin_addr;
	else if (a->sa_family == AF_INET6)
		from = &as_v6(a)->sin6_addr;
	if (from == NULL ||
	    inet_ntop(a->sa_family, from, host, sizeof host) == NULL)
		return;
	(void)snprintf(out, ADDRESS_TEXT_BYTES,
	    a->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)address_port(a));
}

static bool
site_v4(const uint8_t address[4], uint8_t out[ADDRESS_SITE_BYTES])
{
	memcpy(out, address, 4);
	return address[0] != 127;
}

bool
address_site(const struct sockaddr *a, uint8_t out[ADDRESS_SITE_BYTES])
{
	const struct in6_addr *v6;

	memset(out, 0, ADDRESS_SITE_BYTES);
	if (a->sa_family == AF_INET)
		return site_v4(
		    (const uint8_t *)&as_v4(a)->sin_addr.s_addr, out);
	if (a->sa_family != AF_INET6)
		return false;
	v6 = &as_v6(a)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(v6))
		return site_v4(v6->s6_addr + 12, out);
	memcpy(out, v6->s6_addr, ADDRESS_SITE_BYTES);
	return !IN6_IS_ADDR_LOOPBACK(v6);
}

/* budget: what a day may cost on the link that a connection uses. */

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "api/budget.h"

static bool
fits(const char *pattern, const char *name)
{
	size_t size = strlen(pattern);

	if (size > 0 && pattern[size - 1] == '*')
		return strncmp(pattern, name, size - 1) == 0;
	return strcmp(pattern, name) == 0;
}

const char *
budget_class_of(const struct config *c, const char *interface)
{
	size_t i;

	for (i = 0; i < c->link_count; i++)
		if (fits(c->links[i].pattern, interface))
			return c->links[i].link_class;
	return CONFIG_CLASS_DEFAULT;
}

uint64_t
budget_of_class(const struct config *c, const char *link_class)
{
	size_t i;

	for (i = 0; i < c->budget_count; i++)
		if (strcmp(c->budgets[i].link_class, link_class) == 0)
			return c->budgets[i].bytes;
	return 0;
}

/* --- interfaces ---------------------------------------------------------- */

static bool
is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (a == NULL || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		memcpy(&a4, a, sizeof a4);
		memcpy(&b4, b, sizeof b4);
		return a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&a6, a, sizeof a6);
	memcpy(&b6, b, sizeof b6);
	return memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof a6.sin6_addr) == 0;
}

/* A v6 socket may speak v4. */
static void
unmap(struct sockaddr_storage *a)
{
	struct sockaddr_in6 a6;
	struct sockaddr_in a4 = {.sin_family = AF_INET};

	memcpy(&a6, a, sizeof a6);
	if (a->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a6.sin6_addr))
		return;
	memcpy(&a4.sin_addr, a6.sin6_addr.s6_addr + 12, sizeof a4.sin_addr);
	memcpy(a, &a4, sizeof a4);
}

void
budget_interface(int fd, char *out, size_t out_bytes)
{
	struct sockaddr_storage own = {0};
	socklen_t size = sizeof own;
	struct ifaddrs *list, *i;

	out[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&own, &size) != 0 ||
	    getifaddrs(&list) != 0)
		return;
	unmap(&own);
	for (i = list; i != NULL && out[0] == '\0'; i = i->ifa_next)
		if (is_same_host(i->ifa_addr, (struct sockaddr *)&own))
			snprintf(out, out_bytes, "%s", i->ifa_name);
	freeifaddrs(list);
}

/* --- a day --------------------------------------------------------------- */

enum err
budget_read(struct db *db, const struct config *c, const char *link_class,
    int64_t now, struct budget *out)
{
	struct txn *t;
	enum err e = db_begin(db, false, &t);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	snprintf(out->link_class, sizeof out->link_class, "%s", link_class);
	out->bytes = budget_of_class(c, link_class);
	e = traffic_of_class(t, traffic_day(now), link_class, &out->used);
	txn_abort(t);
	return e;
}

uint64_t
budget_left(const struct budget *b)
{
	return b->used < b->bytes ? b->bytes - b->used : 0;
}

enum err
budget_apply(
    struct exchange_options *o, const struct config *c, int fd, int64_t now)
{
	char name[CONFIG_LINK_BYTES];
	struct budget b;
	enum err e;

	if (c == NULL || c->budget_count == 0)
		return ERR_OK;
	budget_interface(fd, name, sizeof name);
	e = budget_read(o->db, c, budget_class_of(c, name), now, &b);
	if (e != ERR_OK)
		return e;
	memcpy(o->link_class, b.link_class, sizeof o->link_class);
	o->has_budget = b.bytes > 0;
	o->budget = budget_left(&b);
	return ERR_OK;
}

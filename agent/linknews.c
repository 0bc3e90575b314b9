/* linknews: what the kernel's messages about links say: did a way appear? */

#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "agent/linknews.h"

/* --- what is there ----------------------------------------------------- */

static bool
is_same(const struct linknews_known *a, const struct linknews_known *b)
{
	return a->link == b->link && a->family == b->family &&
	       memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* Its place, or count. */
static size_t
find(const struct linknews *l, const struct linknews_known *k)
{
	size_t i = 0;

	while (i < l->count && !is_same(&l->known[i], k))
		i++;
	return i;
}

static void
forget(struct linknews *l, const struct linknews_known *k)
{
	size_t i = find(l, k);

	if (i < l->count)
		l->known[i] = l->known[--l->count];
}

/* True: it was not known. */
static bool
learn(struct linknews *l, const struct linknews_known *k)
{
	if (find(l, k) < l->count)
		return false;
	if (l->count < LINKNEWS_KNOWN_MAX) {
		l->known[l->count++] = *k;
	} else {
		l->known[l->next] = *k;
		l->next = (l->next + 1) % LINKNEWS_KNOWN_MAX;
	}
	return true;
}

enum linknews_what
linknews_lost(struct linknews *l)
{
	l->count = 0;
	return LINKNEWS_UNKNOWN;
}

/* --- messages ---------------------------------------------------------- */

/* The head of a message's body, or NULL when it is too short for one. */
static const void *
head_of(const struct nlmsghdr *m, size_t size)
{
	return mnl_nlmsg_get_payload_len(m) < size ? NULL
	                                           : mnl_nlmsg_get_payload(m);
}

/* a, or NULL: the message ends before it does. */
static const struct nlattr *
whole(const struct nlmsghdr *m, const struct nlattr *a)
{
	const char *end = mnl_nlmsg_get_payload_tail(m);

	return mnl_attr_ok(a, (int)(end - (const char *)a)) ? a : NULL;
}

static const struct nlattr *
first_attr(const struct nlmsghdr *m, size_t head_bytes)
{
	return whole(m, mnl_nlmsg_get_payload_offset(m, head_bytes));
}

static const struct nlattr *
next_attr(const struct nlmsghdr *m, const struct nlattr *a)
{
	return whole(m, mnl_attr_next(a));
}

static uint32_t
u32_of(const struct nlattr *a, uint32_t otherwise)
{
	return mnl_attr_get_payload_len(a) < sizeof(uint32_t)
	           ? otherwise
	           : mnl_attr_get_u32(a);
}

static size_t
address_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* IFA_LOCAL is ours where both are there; IFA_ADDRESS may be the other end
 * of a point-to-point link. False: no address of a family we use. */
static bool
take_address(struct linknews_known *k, const struct nlattr *a, bool *has_local)
{
	bool is_local = mnl_attr_get_type(a) == IFA_LOCAL;

	if (mnl_attr_get_payload_len(a) != address_bytes(k->family))
		return false;
	if (is_local || !*has_local)
		memcpy(k->address, mnl_attr_get_payload(a),
		    address_bytes(k->family));
	*has_local = *has_local || is_local;
	return true;
}

static enum linknews_what
read_address(struct linknews *l, const struct nlmsghdr *m)
{
	/* Not ours yet, not ours after all, or about to end. */
	const uint32_t unfit =
	    IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
	const struct ifaddrmsg *head = head_of(m, sizeof *head);
	struct linknews_known k = {0};
	bool has_address = false, has_local = false;
	const struct nlattr *a;
	uint32_t flags;

	if (head == NULL || address_bytes(head->ifa_family) == 0)
		return LINKNEWS_NONE;
	k.link = head->ifa_index;
	k.family = head->ifa_family;
	flags = head->ifa_flags;
	for (a = first_attr(m, sizeof *head); a != NULL; a = next_attr(m, a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFA_FLAGS)
			flags = u32_of(a, flags);
		else if (type == IFA_LOCAL || type == IFA_ADDRESS)
			has_address = take_address(&k, a, &has_local);
	}
	if (!has_address)
		return LINKNEWS_NONE;
	if (m->nlmsg_type == RTM_DELADDR) {
		forget(l, &k);
		return LINKNEWS_NONE;
	}
	if ((flags & unfit) != 0 || (head->ifa_scope != RT_SCOPE_UNIVERSE &&
	                                head->ifa_scope != RT_SCOPE_SITE))
		return LINKNEWS_NONE;
	return learn(l, &k) ? LINKNEWS_ADDRESS : LINKNEWS_NONE;
}

/* Every IPv6 link brings a route to its own neighbours, fe80::/10, and one
 * for multicast, ff00::/8: no parent lives there. */
static bool
is_beyond_link(const struct nlattr *to)
{
	const uint8_t *bytes = mnl_attr_get_payload(to);

	if (mnl_attr_get_payload_len(to) < 16)
		return true;
	return bytes[0] != 0xff &&
	       !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* The parent's address may be a name that cannot be looked up yet: any route
 * to somewhere else counts. */
static enum linknews_what
read_route(const struct nlmsghdr *m)
{
	const struct rtmsg *head = head_of(m, sizeof *head);
	const struct nlattr *a;
	bool is_useful = true;
	uint32_t table;

	if (head == NULL || address_bytes(head->rtm_family) == 0)
		return LINKNEWS_NONE;
	table = head->rtm_table;
	for (a = first_attr(m, sizeof *head); a != NULL; a = next_attr(m, a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_TABLE)
			table = u32_of(a, table);
		else if (type == RTA_DST && head->rtm_family == AF_INET6)
			is_useful = is_beyond_link(a);
	}
	if (table != RT_TABLE_MAIN || head->rtm_type != RTN_UNICAST ||
	    (head->rtm_flags & RTM_F_CLONED) != 0 || !is_useful)
		return LINKNEWS_NONE;
	return LINKNEWS_ROUTE;
}

static enum linknews_what
read_link(struct linknews *l, const struct nlmsghdr *m)
{
	const unsigned wanted = IFF_UP | IFF_RUNNING;
	const struct ifinfomsg *head = head_of(m, sizeof *head);
	struct linknews_known k = {0};

	/* A bridge tells of its ports in a family of its own. */
	if (head == NULL || head->ifi_family != AF_UNSPEC ||
	    (head->ifi_flags & IFF_LOOPBACK) != 0)
		return LINKNEWS_NONE;
	k.link = (uint32_t)head->ifi_index;
	k.family = AF_UNSPEC;
	if (m->nlmsg_type == RTM_DELLINK ||
	    (head->ifi_flags & wanted) != wanted) {
		forget(l, &k);
		return LINKNEWS_NONE;
	}
	return learn(l, &k) ? LINKNEWS_CARRIER : LINKNEWS_NONE;
}

static enum linknews_what
read_message(struct linknews *l, const struct nlmsghdr *m)
{
	switch (m->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return read_address(l, m);
	case RTM_NEWROUTE:
		return read_route(m);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return read_link(l, m);
	case NLMSG_OVERRUN:
		return linknews_lost(l);
	default:
		return LINKNEWS_NONE;
	}
}

enum linknews_what
linknews_read(struct linknews *l, const void *bytes, size_t size_bytes)
{
	enum linknews_what most = LINKNEWS_NONE;
	const struct nlmsghdr *m = bytes;
	int left = (int)size_bytes;

	/* libmnl looks for attributes up to the padded end: it must be ours. */
	while (mnl_nlmsg_ok(m, left) &&
	       (m->nlmsg_len + 3u) / 4 * 4 <= (size_t)left) {
		enum linknews_what what = read_message(l, m);

		if (what > most)
			most = what;
		m = mnl_nlmsg_next(m, &left);
	}
	return most;
}

const char *
linknews_name(enum linknews_what what)
{
	switch (what) {
	case LINKNEWS_NONE:
		return "none";
	case LINKNEWS_CARRIER:
		return "carrier";
	case LINKNEWS_ROUTE:
		return "route";
	case LINKNEWS_ADDRESS:
		return "address";
	case LINKNEWS_UNKNOWN:
		return "unknown";
	}
	return "none";
}

/* --- pace -------------------------------------------------------------- */

enum { BURST_MS = (LINKNEWS_BURST - 1) * LINKNEWS_SPAN_MS };

uint64_t
linknews_pace_ms(const struct linknews_pace *p, uint64_t now_ms)
{
	return p->used_up_ms <= now_ms + BURST_MS
	           ? 0
	           : p->used_up_ms - BURST_MS - now_ms;
}

void
linknews_pace_take(struct linknews_pace *p, uint64_t now_ms)
{
	if (p->used_up_ms < now_ms)
		p->used_up_ms = now_ms;
	p->used_up_ms += LINKNEWS_SPAN_MS;
}

/* team_feed: what a computer is fed that is certified for a team. */

#include <stdio.h>
#include <string.h>

#include "store/list.h"
#include "store/record.h"
#include "store/scope.h"
#include "store/team_feed.h"

/* NULL: it names an org. */
static const char *
team_of(const char *named)
{
	const size_t skip = strlen(TEAM_PREFIX);

	return strncmp(named, TEAM_PREFIX, skip) == 0 ? named + skip : NULL;
}

static void
add_org(struct cert *c, const char *ref)
{
	size_t i, size = strlen(ref) + 1;

	for (i = 0; i < c->org_count; i++)
		if (strcmp(c->orgs[i], ref) == 0)
			return;
	if (c->org_count < CERT_ORGS_MAX && size <= sizeof c->orgs[0])
		memcpy(c->orgs[c->org_count++], ref, size);
}

static enum err
add_villages(struct txn *t, const char *team, struct cert *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	const struct field *f =
	    field_by_name(kind_by_name("team")->fields, "villages");
	struct record r;
	const char *ref;
	size_t i;
	enum err e;

	key_record_of(txn_db(t), key, "", "team", team);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (i = 0; (ref = scope_ref(r.fields, f, i)) != NULL; i++)
		add_org(out, ref);
	record_clear(&r);
	return ERR_OK;
}

enum err
team_feed_widen(struct txn *t, const struct cert *cert, struct cert *out)
{
	size_t i;
	enum err e = ERR_OK;

	*out = *cert;
	for (i = 0; e == ERR_OK && i < cert->org_count; i++) {
		const char *team = team_of(cert->orgs[i]);

		if (team != NULL)
			e = add_villages(t, team, out);
	}
	return e;
}

static void
list_name(const char *team, char out[LIST_NAME_BYTES_MAX + 1])
{
	snprintf(out, LIST_NAME_BYTES_MAX + 1, "%s%s%s", AUDIENCE_ORG,
	    TEAM_PREFIX, team);
}

bool
team_feed_is_kept(struct txn *t, const char *team)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct audience a;

	if (strlen(TEAM_PREFIX) + strlen(team) > ORG_REF_BYTES_MAX)
		return false;
	list_name(team, name);
	return audience_known(t, name, &a);
}

enum err
team_feed_certified(
    struct txn *t, const struct self *self, const struct cert *cert)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < cert->org_count; i++) {
		const char *team = team_of(cert->orgs[i]);
		char name[LIST_NAME_BYTES_MAX + 1];
		struct audience a;

		if (team == NULL || team_feed_is_kept(t, team))
			continue;
		list_name(team, name);
		e = audience_ensure(t, name, &a);
		if (e == ERR_OK)
			e = scope_settle_naming(t, self, "team", team);
	}
	return e;
}

/* op_setup: a node's first steps: init, invite, join. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "api/link.h"
#include "api/op.h"
#include "api/outcome.h"
#include "base/i18n.h"
#include "store/enrol.h"
#include "store/file.h"
#include "store/vet.h"

enum {
	ROOT_SECRET_BYTES = 64,
	ROOT_TEXT_BYTES = 2 * ROOT_SECRET_BYTES + 2, /* hex, LF, NUL */
	JOIN_CONNECT_MS = 15000,
	JOIN_LOCK_MS = 30000,
};

#define ROOT_FILE "group-root.key"

static json_t *
hex_text(const uint8_t *data, size_t size)
{
	char text[2 * KEY_BYTES + 1];

	if (size > KEY_BYTES)
		return NULL;
	hex_encode(text, data, size);
	return json_string(text);
}

/* --- init -------------------------------------------------------------- */

struct init {
	enum node_role role;
	char name[NODE_NAME_BYTES_MAX + 1];
	int64_t now;
	char root_path[PATH_MAX];
	struct self self; /* what became of it */
};

/* The root's secret is on the disk before the group is: a group whose root
 * was lost to a power cut could never certify another hub. */
static enum err
make_group(struct init *i, struct txn *t)
{
	uint8_t secret[ROOT_SECRET_BYTES];
	char text[ROOT_TEXT_BYTES];
	enum err e = enrol_create_group(t, &i->self, i->now, secret);

	if (e == ERR_OK) {
		hex_encode(text, secret, sizeof secret);
		text[ROOT_TEXT_BYTES - 2] = '\n';
		e = file_replace(i->root_path, text, ROOT_TEXT_BYTES - 1);
	}
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(text, sizeof text);
	return e;
}

static enum err
init_run(void *context, struct txn *t)
{
	struct init *i = context;
	enum err e = self_read(t, &i->self);

	self_wipe(&i->self);
	if (e == ERR_OK)
		return ERR_EXISTS;
	if (e != ERR_NOT_FOUND)
		return e;
	e = self_create(t, i->role, i->name, i->now, &i->self);
	if (e == ERR_OK && i->role == ROLE_HUB)
		e = make_group(i, t);
	return e;
}

static bool
is_initialised(const struct op *o)
{
	struct self self;
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return true; /* as far as anybody may act on it */
	e = self_read(t, &self);
	self_wipe(&self);
	txn_abort(t);
	return e != ERR_NOT_FOUND;
}

static enum err
init_role(struct op *o, struct init *i)
{
	const char *role = op_text(o, "role");

	i->role = ROLE_CLINIC;
	if (role == NULL || strcmp(role, "clinic") == 0)
		return ERR_OK;
	if (strcmp(role, "hub") == 0) {
		i->role = ROLE_HUB;
		return ERR_OK;
	}
	if (strcmp(role, "relay") == 0)
		return op_fail(
		    o, ERR_USAGE, N_("The role relay is not available yet."));
	return op_fail(
	    o, ERR_USAGE, N_("The role is one of clinic, relay, hub."));
}

static enum err
check_name(struct op *o, const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (i == NODE_NAME_BYTES_MAX || (uint8_t)name[i] < ' ' ||
		    name[i] == 0x7f)
			return op_fail(o, ERR_USAGE,
			    N_("A node's name has at most 64 bytes and no "
			       "control characters."));
	return ERR_OK;
}

/* What it is called in the group's lists: the computer's name unless said. */
static enum err
take_name(struct op *o, char out[NODE_NAME_BYTES_MAX + 1])
{
	char host[NODE_NAME_BYTES_MAX + 1] = "";
	const char *name = op_text(o, "name");
	enum err e;

	if (name == NULL || *name == '\0') {
		if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
			memcpy(host, "node", sizeof "node");
		memcpy(out, host, sizeof host);
		return ERR_OK;
	}
	e = check_name(o, name);
	if (e == ERR_OK)
		memcpy(out, name, strlen(name) + 1);
	return e;
}

static json_t *
init_summary(const struct op *o, const struct init *i)
{
	json_t *s = json_pack("{s:s, s:s, s:s, s:s, s:o}", "role",
	    op_role_name(i->self.role), "dir", store_dir(o->api->store), "name",
	    i->self.name, "source", i->self.source, "node",
	    hex_text(i->self.id, sizeof i->self.id));

	if (s != NULL && i->role == ROLE_HUB) {
		json_object_set_new(
		    s, "group", hex_text(i->self.group, GROUP_ID_BYTES));
		json_object_set_new(
		    s, "root_key_file", json_string(i->root_path));
	}
	return s;
}

static enum err
init_prepare(struct op *o, struct init *i)
{
	enum err e = init_role(o, i);
	int n;

	if (e == ERR_OK)
		e = take_name(o, i->name);
	if (e != ERR_OK)
		return e;
	i->now = api_now();
	n = snprintf(i->root_path, sizeof i->root_path, "%s/%s",
	    store_dir(o->api->store), ROOT_FILE);
	if (n < 0 || n >= (int)sizeof i->root_path)
		return ERR_LIMIT;
	if (is_initialised(o))
		return op_fail(o, ERR_EXISTS,
		    N_("This store is initialised already; nothing was "
		       "changed."));
	if (i->role == ROLE_HUB && access(i->root_path, F_OK) == 0)
		return op_fail(o, ERR_EXISTS,
		    N_("There is a group-root.key here already: move it to a "
		       "safe place first; nothing was changed."));
	return ERR_OK;
}

enum err
op_init(struct op *o)
{
	struct init *i = calloc(1, sizeof *i);
	enum err e;

	if (i == NULL)
		return ERR_NOMEM;
	e = init_prepare(o, i);
	if (e == ERR_OK) {
		e = writer_do(o->api->writer, init_run, i);
		if (e == ERR_OK)
			o->summary = init_summary(o, i);
		else if (i->role == ROLE_HUB && !is_initialised(o))
			unlink(i->root_path); /* of a group nobody has */
	}
	self_wipe(&i->self);
	free(i);
	return e;
}

/* --- invite ------------------------------------------------------------ */

struct invitation {
	const char *name;
	size_t org_count;
	const char *orgs[CERT_ORGS_MAX];
	int64_t now;
	struct invite made;
	char code[INVITE_TEXT_BYTES];
};

static enum err
invite_run(void *context, struct txn *t)
{
	struct invitation *i = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK)
		e = enrol_invite(t, &self, i->name, i->orgs, i->org_count,
		    i->now, &i->made, i->code);
	self_wipe(&self);
	return e;
}

/* A ref with a blank in it is two refs, or a slip of the hand. */
static bool
org_is_sound(const char *ref)
{
	size_t size = strlen(ref);

	return size <= ORG_REF_BYTES_MAX && vet_ref_is_sound(ref, size) &&
	       strpbrk(ref, " \t") == NULL && strstr(ref, "\u3000") == NULL &&
	       strstr(ref, "\u00a0") == NULL;
}

static enum err
take_orgs(struct op *o, struct invitation *i)
{
	const json_t *orgs = json_object_get(o->request, "orgs");
	const json_t *org;
	size_t n;

	json_array_foreach(orgs, n, org)
	{
		const char *ref = op_bare_ref(json_string_value(org));

		if (ref != NULL && !org_is_sound(ref))
			return op_fail(o, ERR_USAGE,
			    N_("An org's ref has 1 to 64 bytes, without "
			       "blanks and control characters."));
		if (ref == NULL || n == CERT_ORGS_MAX)
			return op_fail(o, ERR_USAGE,
			    N_("--org takes the ref of an org, at most 32 "
			       "times."));
		i->orgs[i->org_count++] = ref;
	}
	if (i->org_count == 0)
		return op_fail(o, ERR_USAGE,
		    N_("Say for which orgs the node may act: --org REF."));
	return ERR_OK;
}

static enum err
invite_prepare(struct op *o, struct invitation *i)
{
	struct self self;
	enum err e = op_self(o, &self);

	i->name = op_text(o, "name") == NULL ? "" : op_text(o, "name");
	if (e == ERR_OK && self.role == ROLE_CLINIC)
		e = op_fail(o, ERR_NOT_ALLOWED,
		    N_("Only a hub can invite: run this on the group's "
		       "server."));
	self_wipe(&self);
	if (e == ERR_OK)
		e = take_orgs(o, i);
	if (e == ERR_OK)
		e = check_name(o, i->name);
	if (e == ERR_OK)
		e = op_begin_authoring(o);
	i->now = api_now();
	return e;
}

enum err
op_invite(struct op *o)
{
	struct invitation *i = calloc(1, sizeof *i);
	enum err e;

	if (i == NULL)
		return ERR_NOMEM;
	e = invite_prepare(o, i);
	if (e == ERR_OK)
		e = writer_do(o->api->writer, invite_run, i);
	if (e == ERR_OK)
		o->summary = json_pack("{s:s, s:o}", "code", i->code,
		    "expires_at", op_instant(i->made.expires_at));
	sodium_memzero(i, sizeof *i);
	free(i);
	return e;
}

/* --- join -------------------------------------------------------------- */

struct join {
	struct init init; /* of a clinic, where there is no store yet */
	const char *code;
	const char *address;
	struct link_report report;
	enum reason reason;
};

static int64_t
clock_now(void *context)
{
	(void)context;
	return api_now();
}

static json_t *
member_summary(const struct self *self)
{
	return json_pack("{s:o, s:o, s:s, s:o}", "node",
	    hex_text(self->id, sizeof self->id), "group",
	    hex_text(self->group, sizeof self->group), "name", self->name,
	    "orgs", op_orgs(self));
}

/* Was it asked to join the group it is in? */
static enum err
join_again(struct op *o, const struct self *self, const struct invite_code *c)
{
	uint8_t hash[INVITE_ROOT_HASH_BYTES];

	invite_root_hash(hash, self->root_key);
	if (memcmp(hash, c->root_hash, sizeof hash) == 0) {
		o->summary = member_summary(self);
		return op_fail(o, ERR_OK,
		    N_("This node is in this group already; nothing was "
		       "changed."));
	}
	return op_fail(o, ERR_EXISTS,
	    N_("This node is in another group already; nothing was "
	       "changed."));
}

/* What speaks against it, whatever the address; ERR_END: nothing more is to
 * be done. */
static enum err
join_may(struct op *o, struct join *j, const struct invite_code *c)
{
	struct self *self = &j->init.self;
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, self);
	txn_abort(t);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK && self->role == ROLE_HUB)
		return op_fail_with(o, ERR_NOT_ALLOWED, API_FAILED,
		    N_("This is a hub: it has a group of its own and cannot "
		       "join another."));
	if (e == ERR_OK && self->is_enrolled) {
		e = join_again(o, self, c);
		return e == ERR_OK ? ERR_END : e;
	}
	return e;
}

static enum err
join_prepare(struct op *o, struct join *j, struct invite_code *c)
{
	enum err e;

	j->code = op_text(o, "code");
	j->address = op_text(o, "hub");
	if (j->address == NULL)
		j->address = o->api->parent;
	if (j->code == NULL || invite_decode(c, j->code) != ERR_OK)
		return op_fail(o, ERR_USAGE,
		    N_("The code is mistyped: compare it with the one that "
		       "was given out."));
	e = join_may(o, j, c);
	if (e != ERR_OK)
		return e;
	if (j->address == NULL)
		return op_fail(
		    o, ERR_USAGE, N_("Say where the hub is: --hub HOST:PORT."));
	return ERR_OK;
}

static enum err
join_store(struct op *o, struct join *j)
{
	enum err e = take_name(o, j->init.name);

	j->init.role = ROLE_CLINIC;
	j->init.now = api_now();
	if (e == ERR_OK)
		e = writer_do(o->api->writer, init_run, &j->init);
	return e == ERR_EXISTS ? ERR_OK : e;
}

static enum err
join_exchange(struct op *o, struct join *j, int fd)
{
	struct exchange_options xo = {.db = store_db(o->api->store),
	    .purpose = SESSION_JOIN,
	    .invite = j->code,
	    .address = j->address,
	    .now_ms = api_now_ms(),
	    .clock = clock_now};
	struct exchange *x;
	enum err e = exchange_new(&x, &xo);

	if (e != ERR_OK)
		return e;
	e = link_run(
	    x, o->api->writer, fd, &o->api->news, NULL, NULL, &j->report);
	j->reason = exchange_reason(x);
	op_session_over(o, SESSION_JOIN, exchange_peer_name(x), e, &j->report);
	exchange_free(x);
	return e;
}

static enum err
join_link(struct op *o, struct join *j)
{
	int fd;
	enum err e = op_lock_parent(o, JOIN_LOCK_MS);

	if (e != ERR_OK)
		return e;
	e = link_connect(j->address, JOIN_CONNECT_MS, &fd);
	if (e == ERR_OK) {
		e = join_exchange(o, j, fd);
		close(fd);
	} else {
		op_session_over(o, SESSION_JOIN, "", e, &j->report);
	}
	op_unlock_parent(o);
	return e;
}

static enum err
join_failed(struct op *o, const struct join *j, enum err e)
{
	const char *why = outcome_reason(j->reason);

	if (e == ERR_NO_LINK)
		return op_fail(o, e,
		    N_("The hub could not be reached. The code stays good: "
		       "try again when there is a link."));
	if (e == ERR_USAGE)
		return op_fail(
		    o, e, N_("The hub's address is written HOST:PORT."));
	if (j->reason == REASON_TIMEOUT)
		return op_fail_with(o, e, API_NO_LINK,
		    N_("The hub did not answer in time: try again."));
	/* The link died, or the other end is no hub of this group. */
	if ((e == ERR_CLOSED || e == ERR_TIMEOUT) && j->reason == REASON_NONE)
		return op_fail_with(o, e, API_NO_LINK,
		    N_("The connection ended before the hub had answered: "
		       "try again."));
	return why == NULL ? e : op_fail(o, e, why);
}

static enum err
join_done(struct op *o, const struct join *j, const struct self *self)
{
	o->summary = member_summary(self);
	if (o->summary == NULL)
		return ERR_NOMEM;
	/* Who signed our certificate. */
	json_object_set_new(o->summary, "hub",
	    json_string(self->chain_count > 1 ? self->chain[1].name : ""));
	json_object_set_new(o->summary, "parent", json_string(j->address));
	op_saved(o);
	return ERR_OK;
}

static enum err
join(struct op *o, struct join *j)
{
	struct invite_code c;
	struct self *self = &j->init.self;
	enum err e = join_prepare(o, j, &c);

	if (e == ERR_OK)
		e = join_store(o, j);
	if (e != ERR_OK)
		return e == ERR_END ? ERR_OK : e;
	e = join_link(o, j);
	if (e != ERR_OK)
		return join_failed(o, j, e);
	e = op_self(o, self);
	return e == ERR_OK ? join_done(o, j, self) : e;
}

enum err
op_join(struct op *o)
{
	struct join *j = calloc(1, sizeof *j);
	enum err e;

	if (j == NULL)
		return ERR_NOMEM;
	e = join(o, j);
	self_wipe(&j->init.self);
	free(j);
	return e;
}

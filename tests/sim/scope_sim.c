/* scope_sim: who holds what at the hub, whatever the order of arrival.
 *
 * A group of orgs with residents, moves, contracts, referrals, examinations,
 * devices and loans, written by many nodes; their changes reach the hub in
 * random orders. Wherever it is stopped, the lists hold exactly what an oracle
 * says that computes it from the changes there so far, with the rules written
 * out kind by kind. Usage: scope_sim [SEED [ROUNDS]].
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/admit.h"
#include "store/index.h"
#include "store/scope.h"
#include "tests/unit/scratch.h"

enum {
	RESIDENTS = 40,
	DEVICES = 6,
	CHANGES_MAX = 4000,
	RECORDS_MAX = 2000,
	ORGS = 10,
	GROUP = ORGS, /* as an author: the hub itself */
	BASIC = 1,
	FULL = 2,
};

/* Two townships with villages below them, two without, a hospital. */
static const char *const orgs[ORGS] = {
    "H", "T1", "T2", "T3", "T4", "V11", "V12", "V21", "V22", "X"};
static const char *const above[ORGS] = {
    NULL, "H", "H", "H", "H", "T1", "T1", "T2", "T2", NULL};

static uint64_t first_seed = 1;
static unsigned rounds = 3;
static uint64_t rng, current_seed;

static uint64_t
next(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static size_t
below(size_t bound)
{
	return (size_t)(next() % bound);
}

static int
org_number(const char *ref)
{
	int i;

	for (i = 0; i < ORGS; i++)
		if (strcmp(orgs[i], ref) == 0)
			return i;
	return -1;
}

/* Whether a is b or stands below it. */
static bool
is_within(int a, int b)
{
	while (a != b && above[a] != NULL)
		a = org_number(above[a]);
	return a == b;
}

/* --- the group ----------------------------------------------------------- */

struct made {
	struct change c;
	uint64_t fingerprint;
	int author; /* number of an org, or GROUP */
	size_t record;
	bool is_here; /* at the hub */
};

struct named {
	struct identity id;
	size_t last; /* its latest change */
	int org;     /* who made it */
};

static struct made *made;
static size_t made_count;
static struct named *records;
static size_t record_count;
static uint64_t seqs[ORGS + 1];

/* A change of a record by a node; the first founds it. after: has seen the
 * one before; else it knows nothing of it. */
static void
record_change(
    size_t record, int author, const char *org, bool after, json_t *fields)
{
	struct made *m = &made[made_count];
	struct named *r = &records[record];

	assert_true(made_count < CHANGES_MAX);
	assert_non_null(fields);
	memset(m, 0, sizeof *m);
	change_init(&m->c);
	m->c.record = r->id;
	m->author = author;
	m->record = record;
	m->c.id.life[0] = (uint8_t)(author + 1);
	m->c.id.class = (uint8_t)(1 + below(2));
	m->c.id.seq = ++seqs[author];
	snprintf(m->c.by, sizeof m->c.by, "S1");
	snprintf(m->c.org, sizeof m->c.org, "%s", org);
	m->c.occurred_at = m->c.recorded_at = 1780000000;
	m->c.fields = fields;
	m->fingerprint = next() | 1;
	if (after && r->last != SIZE_MAX) {
		struct parent *p = &m->c.parents[m->c.parent_count++];

		p->id = made[r->last].c.id;
	}
	r->last = made_count++;
}

static size_t
found(const char *source, const char *kind, const char *ref, int author,
    const char *org, json_t *fields)
{
	struct named *r = &records[record_count];

	assert_true(record_count < RECORDS_MAX);
	memset(r, 0, sizeof *r);
	snprintf(r->id.source, sizeof r->id.source, "%s", source);
	snprintf(r->id.kind, sizeof r->id.kind, "%s", kind);
	if (ref == NULL)
		snprintf(
		    r->id.ref, sizeof r->id.ref, "%s-%zu", kind, record_count);
	else
		snprintf(r->id.ref, sizeof r->id.ref, "%s", ref);
	r->last = SIZE_MAX;
	r->org = author;
	record_change(record_count, author, org, false, fields);
	return record_count++;
}

static json_t *
ref_to(const char *ref)
{
	return json_sprintf("ref:%s", ref);
}

static int
any_org(void)
{
	return (int)below(ORGS);
}

/* Forms have a source of their own and name what an import brought. */
static const char *
any_source(void)
{
	return below(4) == 0 ? "form" : "his";
}

static void
make_contract(const char *resident, int org)
{
	static const char *const ends[] = {"ending", "terminated"};
	size_t r = found(any_source(), "contract", NULL, org, orgs[org],
	    json_pack("{s:o, s:s}", "resident_id", ref_to(resident), "state",
	        below(4) == 0 ? "active" : "signed"));
	size_t steps = below(4);

	if (below(3) == 0)
		found(any_source(), "contract_service", NULL, org, orgs[org],
		    json_pack(
		        "{s:o}", "contract_id", ref_to(records[r].id.ref)));
	if (steps > 0)
		record_change(r, GROUP, "H", true,
		    json_pack("{s:s}", "state",
		        below(4) == 0 ? "refused" : "active"));
	if (steps > 1)
		record_change(r, org, orgs[org], true,
		    json_pack("{s:s}", "state", ends[0]));
	if (steps > 2)
		record_change(
		    r, GROUP, "H", true, json_pack("{s:s}", "state", ends[1]));
	if (below(12) == 0) /* it was another's */
		record_change(r, org, orgs[org], true,
		    json_pack("{s:o}", "resident_id", ref_to("R1")));
}

static void
make_referral(const char *resident, int from, const char *encounter)
{
	static const char *const steps[] = {
	    "accepted", "arrived", "in_care", "sent_back", "followed_up"};
	int to = any_org();
	size_t n = below(7), i;
	size_t r = found(any_source(), "referral", NULL, from, orgs[from],
	    json_pack("{s:o, s:o, s:o, s:s, s:[o]}", "resident_id",
	        ref_to(resident), "from_org", ref_to(orgs[from]), "to_org",
	        ref_to(orgs[to]), "state", "issued", "attached",
	        ref_to(encounter == NULL ? "none" : encounter)));

	if (n == 6) {
		record_change(r, from, orgs[from], true,
		    json_pack("{s:s}", "state", "cancelled"));
		return;
	}
	for (i = 0; i < n; i++)
		record_change(r, i == 4 ? from : to, orgs[i == 4 ? from : to],
		    true, json_pack("{s:s}", "state", steps[i]));
}

static void
make_exam(const char *resident, int org)
{
	static const char *const steps[] = {"received", "reported"};
	int to = any_org();
	size_t n = below(3), i;
	size_t r = found("his", "exam_request", NULL, org, orgs[org],
	    json_pack("{s:o, s:o, s:s}", "resident_id", ref_to(resident),
	        "to_org", ref_to(orgs[to]), "state", "sent"));

	for (i = 0; i < n; i++)
		record_change(r, to, orgs[to], true,
		    json_pack("{s:s}", "state", steps[i]));
	if (n == 2)
		found("his", "exam_report", NULL, to, orgs[to],
		    json_pack("{s:o, s:s}", "exam_request_id",
		        ref_to(records[r].id.ref), "findings", "x"));
}

static void
make_care(const char *resident, int org)
{
	size_t n = below(4), i, r = SIZE_MAX;

	for (i = 0; i < n; i++) {
		int at = below(3) == 0 ? any_org() : org;

		r = found("his", "encounter", NULL, at, orgs[at],
		    json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		        "state", "signed"));
		if (below(4) == 0)
			record_change(r, at, orgs[at], below(2) == 0,
			    json_pack("{s:s}", "plan", "x"));
		if (below(10) == 0) /* wrong patient */
			record_change(r, at, orgs[at], true,
			    json_pack("{s:o}", "resident_id", ref_to("R2")));
	}
	if (below(2) == 0) {
		size_t f = found("his", "followup", NULL, org, orgs[org],
		    json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		        "state", "planned"));

		if (below(2) == 0)
			record_change(f, org, orgs[org], true,
			    json_pack("{s:s}", "state", "done"));
	}
	if (below(3) == 0)
		make_referral(
		    resident, org, r == SIZE_MAX ? NULL : records[r].id.ref);
	if (below(4) == 0)
		make_exam(resident, org);
}

static void
make_moves(size_t r, int holder)
{
	size_t n = below(4);

	while (n-- > 0) {
		int to = any_org();
		size_t who = below(3);
		int author = who == 0 ? holder : who == 1 ? to : GROUP;

		record_change(r, author, author == GROUP ? "H" : orgs[author],
		    below(5) != 0,
		    json_pack("{s:o}", "managing_org_id", ref_to(orgs[to])));
		if (author != to)
			holder = to;
	}
	/* The old site has not heard of it. */
	if (below(3) == 0)
		record_change(r, records[r].org, orgs[records[r].org], false,
		    json_pack("{s:s}", "phone", "1"));
}

static void
make_resident(size_t i)
{
	char ref[16];
	int org = any_org(), holder = below(4) == 0 ? any_org() : org;
	size_t r, n;

	/* Some are called as others are elsewhere. */
	snprintf(ref, sizeof ref, "R%zu", i % (RESIDENTS - 6));
	r = found(i < RESIDENTS - 6 ? "his" : "other", "resident", ref, org,
	    orgs[org],
	    json_pack("{s:s, s:o}", "name", "x", "managing_org_id",
	        ref_to(orgs[holder])));
	make_moves(r, holder);
	make_care(ref, org);
	for (n = below(3); n > 0; n--)
		make_contract(ref, any_org());
}

static void
make_device(size_t i)
{
	static const char *const states[] = {
	    "requested", "approved", "cancelled", "refused", "received"};
	char ref[16];
	int owner = any_org(), at = owner;
	size_t n;

	snprintf(ref, sizeof ref, "D%zu", i);
	found("his", "device", ref, owner, orgs[owner],
	    json_pack("{s:o, s:s}", "owner_org_id", ref_to(orgs[owner]),
	        "class", "ecg"));
	for (n = below(6); n > 0; n--) {
		int to = any_org();

		found("his", "loan", NULL, to, orgs[to],
		    json_pack("{s:o, s:o, s:o, s:s}", "device_id", ref_to(ref),
		        "lender", ref_to(orgs[at]), "borrower",
		        ref_to(orgs[to]), "state", states[below(5)]));
		if (below(2) == 0) {
			found(any_source(), "custody", NULL, at, orgs[at],
			    json_pack("{s:o, s:o, s:o}", "device_id",
			        ref_to(ref), "from", ref_to(orgs[at]), "to",
			        ref_to(orgs[to])));
			at = to;
		}
		found("his", "usage", NULL, at, orgs[at],
		    json_pack(
		        "{s:o, s:i}", "device_id", ref_to(ref), "hours", 3));
	}
}

static void
group_make(void)
{
	size_t i;

	made_count = record_count = 0;
	memset(seqs, 0, sizeof seqs);
	for (i = 0; i < RESIDENTS; i++)
		make_resident(i);
	for (i = 0; i < DEVICES; i++)
		make_device(i);
}

static void
group_clear(void)
{
	while (made_count > 0)
		change_clear(&made[--made_count].c);
}

/* --- the oracle ---------------------------------------------------------- */

/* Per record: what it says, and the level of each org in its scope. */
static struct record *versions; /* of those that are here */
static bool *is_known;
typedef uint8_t levels[ORGS];

static const char *
said(size_t r, const char *field)
{
	const char *s =
	    json_string_value(json_object_get(versions[r].fields, field));

	return s == NULL ? "" : strncmp(s, "ref:", 4) == 0 ? s + 4 : s;
}

static bool
is_kind(size_t r, const char *kind)
{
	return strcmp(records[r].id.kind, kind) == 0;
}

static bool
is_any(const char *word, const char *a, const char *b, const char *c,
    const char *d)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 ||
	       strcmp(word, c) == 0 || strcmp(word, d) == 0;
}

/* skip: leaves out what this says about the holder; NULL: nothing. */
static bool
merge(size_t r, const bool *skip, struct record *out)
{
	static struct merge_input input[64];
	static struct change copy[64];
	size_t i, n = 0;

	for (i = 0; i < made_count; i++) {
		if (made[i].record != r || !made[i].is_here)
			continue;
		copy[n] = made[i].c;
		copy[n].fields = json_copy(made[i].c.fields);
		if (skip != NULL && skip[i])
			json_object_del(copy[n].fields, "managing_org_id");
		input[n].change = &copy[n];
		input[n].fingerprint = made[i].fingerprint;
		n++;
	}
	if (n > 0)
		assert_int_equal(record_merge(input, n, out), ERR_OK);
	for (i = 0; i < n; i++)
		json_decref(copy[i].fields);
	return n > 0;
}

/* The record a reference means: of its own source, else the only one. */
static size_t
meant(size_t from, const char *kind, const char *ref)
{
	size_t i, other = SIZE_MAX, count = 0;

	for (i = 0; i < record_count; i++) {
		if (!is_known[i] || !is_kind(i, kind) ||
		    strcmp(records[i].id.ref, ref) != 0)
			continue;
		if (strcmp(records[i].id.source, records[from].id.source) == 0)
			return i;
		other = i;
		count++;
	}
	return count == 1 && strcmp(kind, "encounter") != 0 ? other : SIZE_MAX;
}

static void
raise(levels l, const char *org, uint8_t level)
{
	int i = org_number(org);

	if (i >= 0 && l[i] < level)
		l[i] = level;
}

static void
holders(size_t r, levels l)
{
	static bool skip[CHANGES_MAX];
	const char *first = NULL;
	bool agree = true, any = false;
	struct record clean;
	size_t i;

	memset(skip, 0, sizeof skip);
	for (i = 0; i < made_count; i++) {
		const char *s = json_string_value(
		    json_object_get(made[i].c.fields, "managing_org_id"));

		if (made[i].record != r || !made[i].is_here || s == NULL ||
		    made[i].c.parent_count > 0)
			continue;
		agree = agree && (first == NULL || strcmp(first, s) == 0);
		first = s;
	}
	for (i = 0; i < made_count; i++) {
		const char *s = json_string_value(
		    json_object_get(made[i].c.fields, "managing_org_id"));

		if (made[i].record != r || !made[i].is_here || s == NULL)
			continue;
		skip[i] = made[i].author != GROUP &&
		          is_within(org_number(s + 4), made[i].author) &&
		          !(made[i].c.parent_count == 0 && agree);
		any = any || skip[i];
	}
	raise(l, said(r, "managing_org_id"), any ? BASIC : FULL);
	assert_true(merge(r, skip, &clean));
	{
		const char *s = json_string_value(
		    json_object_get(clean.fields, "managing_org_id"));

		raise(l, s == NULL ? "" : s + 4, FULL);
	}
	record_clear(&clean);
}

static bool
wrote(size_t r, int author, const char *state)
{
	size_t i;

	for (i = 0; i < made_count; i++) {
		const char *s = json_string_value(
		    json_object_get(made[i].c.fields, "state"));

		if (made[i].record == r && made[i].is_here &&
		    made[i].author == author && s != NULL &&
		    strcmp(s, state) == 0)
			return true;
	}
	return false;
}

static bool
another_wrote(size_t r, int org)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (made[i].record == r && made[i].is_here &&
		    (made[i].author == GROUP ||
		        !is_within(org, made[i].author)))
			return true;
	return false;
}

/* Acting orgs of changes that knew of none before. */
static void
founders(size_t r, levels l)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (made[i].record == r && made[i].is_here &&
		    made[i].c.parent_count == 0)
			raise(l, made[i].c.org, FULL);
}

/* What a record gives to its orgs of the one it is about. */
static void
given(size_t q, levels l)
{
	const char *state = said(q, "state");
	levels own = {0};
	size_t i;

	if (is_kind(q, "contract") &&
	    is_any(state, "signed", "contested", "active", "ending"))
		founders(q, own);
	if ((is_kind(q, "referral") &&
	        (is_any(state, "issued", "accepted", "arrived", "in_care") ||
	            strcmp(state, "sent_back") == 0)) ||
	    (is_kind(q, "exam_request") &&
	        is_any(state, "sent", "received", "-", "-"))) {
		raise(own, said(q, "from_org"), FULL);
		raise(own, said(q, "to_org"), FULL);
		if (is_kind(q, "exam_request"))
			founders(q, own);
	}
	if (is_kind(q, "loan") &&
	    !is_any(state, "cancelled", "refused", "-", "-")) {
		raise(own, said(q, "lender"), FULL);
		raise(own, said(q, "borrower"), FULL);
	}
	if (is_kind(q, "custody")) {
		raise(own, said(q, "from"), FULL);
		raise(own, said(q, "to"), FULL);
	}
	for (i = 0; i < ORGS; i++) {
		bool full = true;

		if (own[i] == 0)
			continue;
		if (is_kind(q, "contract"))
			full = is_any(state, "active", "ending", "-", "-") &&
			       (wrote(q, GROUP, "active") ||
			           wrote(q, GROUP, "ending"));
		if (is_kind(q, "referral"))
			full = another_wrote(q, (int)i);
		if (is_kind(q, "exam_request"))
			full = false;
		raise(l, orgs[i], full ? FULL : BASIC);
	}
}

static const char *
attached(size_t q)
{
	const char *s = json_string_value(
	    json_array_get(json_object_get(versions[q].fields, "attached"), 0));

	return s == NULL ? "" : s + 4;
}

static void scope_of(size_t r, levels l);

static void
followed(size_t r, const char *kind, const char *field, levels l)
{
	size_t to = meant(r, kind, said(r, field)), i;
	levels more = {0};

	if (to == SIZE_MAX)
		return;
	scope_of(to, more);
	for (i = 0; i < ORGS; i++)
		raise(l, orgs[i], more[i]);
}

static void
scope_of(size_t r, levels l)
{
	bool is_resident = is_kind(r, "resident"),
	     is_device = is_kind(r, "device");
	size_t q;

	if (is_resident)
		holders(r, l);
	if (is_device)
		raise(l, said(r, "owner_org_id"), FULL);
	if (is_kind(r, "contract") || is_kind(r, "exam_request"))
		founders(r, l);
	raise(l, said(r, "from_org"), FULL);
	raise(l, said(r, "to_org"), FULL);
	raise(l, said(r, "lender"), FULL);
	raise(l, said(r, "borrower"), FULL);
	raise(l, said(r, "from"), FULL);
	raise(l, said(r, "to"), FULL);
	for (q = 0; q < record_count; q++) {
		if (!is_known[q])
			continue;
		if ((is_resident &&
		        meant(q, "resident", said(q, "resident_id")) == r) ||
		    (is_device &&
		        meant(q, "device", said(q, "device_id")) == r) ||
		    (is_kind(r, "encounter") && is_kind(q, "referral") &&
		        meant(q, "encounter", attached(q)) == r))
			given(q, l);
	}
	followed(r, "resident", "resident_id", l);
	followed(r, "device", "device_id", l);
	followed(r, "contract", "contract_id", l);
	followed(r, "exam_request", "exam_request_id", l);
}

static uint8_t
needs(size_t r)
{
	return is_kind(r, "resident") || is_kind(r, "contract") ||
	               (is_kind(r, "followup") &&
	                   strcmp(said(r, "state"), "planned") == 0)
	           ? BASIC
	           : FULL;
}

/* Which lists a change stands on: those of its acting org and of the orgs in
 * scope, without those whose nodes get it from one below. */
static void
lists_of(const struct made *m, const levels scope, bool on[ORGS])
{
	int acting = org_number(m->c.org), i, j;
	bool due[ORGS];

	for (i = 0; i < ORGS; i++)
		due[i] = i == acting || scope[i] >= needs(m->record);
	for (i = 0; i < ORGS; i++) {
		on[i] = due[i];
		for (j = 0; i != acting && j < ORGS; j++)
			if (j != i && due[j] && is_within(j, i))
				on[i] = false;
	}
}

/* --- the hub ------------------------------------------------------------- */

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;
static struct self hub;

static struct txn *
begin(bool write_it)
{
	struct txn *t = NULL;

	assert_int_equal(db_begin(db, write_it, &t), ERR_OK);
	return t;
}

static void
take(struct txn *t, struct change *c, uint64_t fingerprint)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, fingerprint, body.data, body.size),
	    ERR_OK);
	assert_int_equal(admit_merged(t, &hub, c, fingerprint), ERR_OK);
	buffer_free(&body);
}

static void
introduce(struct txn *t, int author)
{
	struct node node = {.last_contact = 0};
	struct life life = {.has_log_secret = false};

	life.id[0] = (uint8_t)(author + 1);
	if (author == GROUP) {
		memcpy(life.node, hub.id, sizeof life.node);
	} else {
		memset(node.cert.signing_key, author + 1, KEY_BYTES);
		memset(node.cert.transport_key, author + 1, KEY_BYTES);
		node.cert.role = ROLE_CLINIC;
		snprintf(node.cert.name, sizeof node.cert.name, "n");
		node.cert.org_count = 1;
		snprintf(node.cert.orgs[0], sizeof node.cert.orgs[0], "%s",
		    orgs[author]);
		node_id_of(life.node, node.cert.signing_key);
		assert_int_equal(index_node_write(t, &node), ERR_OK);
	}
	assert_int_equal(life_write(t, &life), ERR_OK);
}

static void
hub_make(void)
{
	struct txn *t;
	int i;

	scratch_make(dir);
	db = scratch_db(dir);
	t = begin(true);
	assert_int_equal(self_create(t, ROLE_HUB, "hub", 0, &hub), ERR_OK);
	hub.is_enrolled = true;
	for (i = 0; i <= ORGS; i++)
		introduce(t, i);
	for (i = 0; i < ORGS; i++) {
		struct change c;

		change_init(&c);
		memset(c.id.life, 0xee, LIFE_BYTES);
		c.id.class = 3;
		c.id.seq = (uint64_t)i + 1;
		snprintf(c.record.kind, sizeof c.record.kind, "org");
		snprintf(c.record.ref, sizeof c.record.ref, "%s", orgs[i]);
		c.fields = json_pack("{s:s}", "name", orgs[i]);
		if (above[i] != NULL)
			json_object_set_new(
			    c.fields, "parent_org_id", ref_to(above[i]));
		take(t, &c, (uint64_t)i + 1);
		change_clear(&c);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
hub_remove(void)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		made[i].is_here = false;
	self_wipe(&hub);
	db_close(db);
	scratch_remove(dir);
}

static size_t
find_made(const struct change_id *id)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (change_id_compare(&made[i].c.id, id) == 0)
			return i;
	return SIZE_MAX;
}

/* Which changes stand on an org's list, each once. */
static void
read_list(struct txn *t, int org, bool *on)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct audience a;
	uint8_t class;

	memset(on, 0, CHANGES_MAX * sizeof *on);
	snprintf(name, sizeof name, "org:%s", orgs[org]);
	if (audience_read(t, name, &a) == ERR_NOT_FOUND)
		return;
	for (class = 0; class < CLASSES; class ++) {
		struct list_entry entry;
		uint64_t place;

		for (place = 1;
		     list_entry_read(t, &a, class, place, &entry) == ERR_OK;
		     place++) {
			size_t i = find_made(&entry.id);

			assert_int_not_equal(i, SIZE_MAX);
			assert_int_equal(
			    entry.fingerprint, made[i].fingerprint);
			if (entry.is_withdrawn)
				continue;
			assert_false(on[i]);
			on[i] = true;
		}
	}
}

static void
tell(size_t i, int org, bool is)
{
	print_error("%s %s of %s by %d: %s on org:%s\n",
	    records[made[i].record].id.kind, records[made[i].record].id.ref,
	    made[i].c.org, made[i].author, is ? "is" : "is not", orgs[org]);
}

static void
check_lists(void)
{
	static bool on[ORGS][CHANGES_MAX], due[ORGS];
	struct txn *t = begin(false);
	size_t i;
	int org, wrong = 0;

	for (org = 0; org < ORGS; org++)
		read_list(t, org, on[org]);
	txn_abort(t);
	for (i = 0; i < record_count; i++)
		is_known[i] = merge(i, NULL, &versions[i]);
	for (i = 0; i < made_count; i++) {
		levels scope = {0};

		if (!made[i].is_here)
			continue;
		scope_of(made[i].record, scope);
		lists_of(&made[i], scope, due);
		for (org = 0; org < ORGS; org++)
			if (on[org][i] != due[org] && wrong++ < 10)
				tell(i, org, on[org][i]);
	}
	for (i = 0; i < record_count; i++)
		if (is_known[i])
			record_clear(&versions[i]);
	assert_int_equal(wrong, 0);
}

/* --- orders of arrival --------------------------------------------------- */

static void
deliver_in_some_order(void)
{
	size_t *order = calloc(made_count, sizeof *order), i;
	size_t stop = below(made_count);
	struct txn *t;

	assert_non_null(order);
	for (i = 0; i < made_count; i++)
		order[i] = i;
	for (i = made_count; i > 1; i--) {
		size_t j = below(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	t = begin(true);
	for (i = 0; i < made_count; i++) {
		struct made *m = &made[order[i]];

		take(t, &m->c, m->fingerprint);
		m->is_here = true;
		if (i % 97 == 0 || i == stop) {
			assert_int_equal(txn_commit(t), ERR_OK);
			if (i == stop)
				check_lists();
			t = begin(true);
		}
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	free(order);
}

static void
test_any_order_of_arrival_gives_the_oracles_lists(void **state)
{
	unsigned round, order;

	for (round = 0; round < rounds; round++) {
		current_seed = rng = first_seed + round;
		group_make();
		for (order = 0; order < 2; order++) {
			hub_make();
			deliver_in_some_order();
			check_lists();
			hub_remove();
		}
		group_clear();
	}
	current_seed = 0;
}

/* What an older store lacks, or a moved org made wrong, is made again. */
static void
test_a_sweep_makes_the_same_lists(void **state)
{
	struct txn *t;

	current_seed = rng = first_seed + 1000;
	group_make();
	hub_make();
	deliver_in_some_order();
	t = begin(true);
	assert_int_equal(txn_empty(t, TABLE_SCOPES), ERR_OK);
	assert_int_equal(txn_empty(t, TABLE_NAMINGS), ERR_OK);
	assert_int_equal(scope_settle_all(t, &hub), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	check_lists();
	hub_remove();
	group_clear();
	current_seed = 0;
}

static int
say_seed(void **state)
{
	if (current_seed != 0)
		print_error("# seed %" PRIu64 "\n", current_seed);
	return 0;
}

#define CASE(f) cmocka_unit_test_teardown(f, say_seed)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_any_order_of_arrival_gives_the_oracles_lists),
	    CASE(test_a_sweep_makes_the_same_lists),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	made = calloc(CHANGES_MAX, sizeof *made);
	records = calloc(RECORDS_MAX, sizeof *records);
	versions = calloc(RECORDS_MAX, sizeof *versions);
	is_known = calloc(RECORDS_MAX, sizeof *is_known);
	if (made == NULL || records == NULL || versions == NULL ||
	    is_known == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

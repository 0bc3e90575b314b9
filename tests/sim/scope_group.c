/* scope_group: an invented group whose records go from org to org. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index.h"
#include "store/log.h"
#include "tests/sim/scope_group.h"

enum { DEVICES = 8, RECORDS_MAX = SCOPE_CHANGES_MOST };

#ifdef SCOPE_TOWNSHIPS
const char *scope_orgs_made[SCOPE_ORGS];
int scope_orgs_above[SCOPE_ORGS];

/* O0 is the hospital, the last one stands alone, townships come before the
 * villages. */
static void
make_orgs(void)
{
	static char names[SCOPE_ORGS][16];
	int i;

	for (i = 0; i < SCOPE_ORGS; i++) {
		snprintf(names[i], sizeof names[i], "O%d", i);
		scope_orgs_made[i] = names[i];
		scope_orgs_above[i] =
		    i <= SCOPE_TOWNSHIPS
		        ? 0
		        : 1 + (i - SCOPE_TOWNSHIPS - 1) % SCOPE_TOWNSHIPS;
	}
	scope_orgs_above[0] = scope_orgs_above[SCOPE_ORGS - 1] = -1;
}
#else
const char *scope_orgs_made[SCOPE_ORGS] = {
    "H", "T1", "T2", "T3", "T4", "V11", "V12", "V21", "V22", "X"};
int scope_orgs_above[SCOPE_ORGS] = {-1, 0, 0, 0, 0, 1, 1, 2, 2, -1};

static void
make_orgs(void)
{
}
#endif

uint64_t scope_seed;

static uint64_t
next(void)
{
	uint64_t z = scope_seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

json_t *
scope_org_fields(int org)
{
	json_t *fields = json_pack("{s:s}", "name", scope_orgs_made[org]);

	if (scope_orgs_above[org] >= 0)
		json_object_set_new(fields, "parent_org_id",
		    json_sprintf(
		        "ref:%s", scope_orgs_made[scope_orgs_above[org]]));
	return fields;
}

size_t
scope_draw(size_t below)
{
	return (size_t)(next() % below);
}

int
scope_org_number(const char *ref)
{
	int i;

#ifdef SCOPE_TOWNSHIPS
	if (ref[0] != 'O')
		return -1;
	i = (int)strtol(ref + 1, NULL, 10);
	return i < SCOPE_ORGS ? i : -1;
#endif
	for (i = 0; i < SCOPE_ORGS; i++)
		if (strcmp(scope_orgs_made[i], ref) == 0)
			return i;
	return -1;
}

void
scope_life(int author, uint8_t life[LIFE_BYTES])
{
	memset(life, 0, LIFE_BYTES);
	life[0] = (uint8_t)((author + 1) & 0xff);
	life[1] = (uint8_t)((author + 1) >> 8);
}

void
scope_introduce(struct txn *t, const uint8_t group[NODE_ID_BYTES], int author)
{
	struct node node = {.last_contact = 0};
	struct life life = {.has_log_secret = false};

	scope_life(author, life.id);
	if (author == SCOPE_GROUP) {
		memcpy(life.node, group, sizeof life.node);
	} else {
		memcpy(node.cert.signing_key, life.id, LIFE_BYTES);
		memcpy(node.cert.transport_key, life.id, LIFE_BYTES);
		node.cert.role = ROLE_CLINIC;
		snprintf(node.cert.name, sizeof node.cert.name, "n");
		node.cert.org_count = 1;
		snprintf(node.cert.orgs[0], sizeof node.cert.orgs[0], "%s",
		    scope_orgs_made[author]);
		node_id_of(life.node, node.cert.signing_key);
		assert_int_equal(index_node_write(t, &node), ERR_OK);
	}
	assert_int_equal(life_write(t, &life), ERR_OK);
}

bool
scope_is_within(int a, int b)
{
	while (a != b && a >= 0)
		a = scope_orgs_above[a];
	return a == b && b >= 0;
}

/* --- the group ----------------------------------------------------------- */

struct made *made;
size_t made_count;
struct named *records;
size_t record_count;
static uint64_t seqs[SCOPE_ORGS + 1];

/* A change of a record by a node; the first founds it. after: has seen the
 * one before; else it knows nothing of it. */
static void
record_change(
    size_t record, int author, const char *org, bool after, json_t *fields)
{
	struct made *m = &made[made_count];
	struct named *r = &records[record];

	assert_true(made_count < SCOPE_CHANGES_MOST);
	assert_non_null(fields);
	memset(m, 0, sizeof *m);
	change_init(&m->c);
	m->c.record = r->id;
	m->author = author;
	m->record = record;
	scope_life(author, m->c.id.life);
	m->c.id.class = (uint8_t)(1 + scope_draw(2));
	if (r->last == SIZE_MAX && r->id.ref[0] == '~')
		m->c.id.class = 1; /* as the ref says */
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
	if (r->end == 0)
		r->from = made_count;
	r->last = made_count++;
	r->end = made_count;
}

/* A program's, or the store's own, which tells the change that founds it. */
static void
give_ref(struct named *r, const char *kind, int author)
{
	struct change_id id = {.seq = seqs[author] + 1, .class = 1};

	scope_life(author, id.life);
	if (author != SCOPE_GROUP && scope_draw(3) == 0)
		change_founded_ref(&id, r->id.ref, sizeof r->id.ref);
	else
		snprintf(
		    r->id.ref, sizeof r->id.ref, "%s-%zu", kind, record_count);
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
		give_ref(r, kind, author);
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
	return (int)scope_draw(SCOPE_ORGS);
}

/* Forms have a source of their own and name what an import brought. */
static const char *
any_source(void)
{
	return scope_draw(4) == 0 ? "form" : "his";
}

/* --- what nobody ought to write ------------------------------------------ */

/* The word of the group that the record's latest change does not count. */
static void
set_aside(size_t record)
{
	char id[64];

	change_founded_ref(&made[records[record].last].c.id, id, sizeof id);
	record_change(record, SCOPE_GROUP, scope_orgs_made[0], true,
	    json_pack("{s:[s]}", "set_aside", id + 1));
}

/* Another, who may have nothing to do with it, begins the record again; now and
 * then the group sees to it. */
static void
begin_again(size_t record, json_t *fields)
{
	int org = any_org();
	size_t last = records[record].last;

	record_change(record, org, scope_orgs_made[org], false, fields);
	if (scope_draw(2) == 0)
		set_aside(record);
	else if (scope_draw(2) == 0)
		records[record].last = last; /* its own org goes on */
}

static const char *
acting(int author)
{
	return scope_orgs_made[author == SCOPE_GROUP ? 0 : author];
}

/* A part of it is said anew: by one of its orgs, or by who wants to be one. */
static void
say_anew(size_t record, const char *field, const char *ref)
{
	int org = any_org();

	if (ref == NULL)
		ref = scope_orgs_made[org];
	if (scope_draw(3) > 0)
		org = records[record].org;
	record_change(record, org, acting(org), true,
	    json_pack("{s:o}", field, ref_to(ref)));
	if (scope_draw(3) == 0) /* and its org goes on with it */
		record_change(record, records[record].org,
		    acting(records[record].org), true,
		    json_pack("{s:s}", "reason", "x"));
}

static const char *
some_resident(void)
{
	static char ref[16];

	snprintf(ref, sizeof ref, "R%zu", scope_draw(SCOPE_RESIDENTS - 6));
	return ref;
}

/* --- what they do ----------------------------------------------------------
 */

static void
make_contract(const char *resident, int org)
{
	static const char *const ends[] = {"ending", "terminated"};
	size_t r =
	    found(any_source(), "contract", NULL, org, scope_orgs_made[org],
	        json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
	            "state", scope_draw(4) == 0 ? "active" : "signed"));
	size_t steps = scope_draw(4);

	if (scope_draw(3) == 0)
		found(any_source(), "contract_service", NULL, org,
		    scope_orgs_made[org],
		    json_pack(
		        "{s:o}", "contract_id", ref_to(records[r].id.ref)));
	if (steps > 0)
		record_change(r, SCOPE_GROUP, scope_orgs_made[0], true,
		    json_pack("{s:s}", "state",
		        scope_draw(4) == 0 ? "refused" : "active"));
	if (steps > 1)
		record_change(r, org, scope_orgs_made[org], true,
		    json_pack("{s:s}", "state", ends[0]));
	if (steps > 2)
		record_change(r, SCOPE_GROUP, scope_orgs_made[0], true,
		    json_pack("{s:s}", "state", ends[1]));
	if (scope_draw(4) == 0) /* whose it is, the group is asked */
		found("his", "question", NULL, SCOPE_GROUP, scope_orgs_made[0],
		    json_pack("{s:s, s:s, s:s}", "about_kind", "contract",
		        "about_ref", records[r].id.ref, "state", "open"));
	if (scope_draw(12) == 0) /* it was another's */
		say_anew(r, "resident_id", some_resident());
	if (scope_draw(8) == 0)
		begin_again(r, json_pack("{s:s}", "state", "signed"));
}

static void
make_referral(const char *resident, int from, const char *encounter)
{
	static const char *const steps[] = {
	    "accepted", "arrived", "in_care", "sent_back", "followed_up"};
	int to = any_org();
	size_t n = scope_draw(7), i;
	size_t r = found(any_source(), "referral", NULL, from,
	    scope_orgs_made[from],
	    json_pack("{s:o, s:o, s:o, s:s, s:[o]}", "resident_id",
	        ref_to(resident), "from_org", ref_to(scope_orgs_made[from]),
	        "to_org", ref_to(scope_orgs_made[to]), "state", "issued",
	        "attached", ref_to(encounter == NULL ? "none" : encounter)));

	if (n == 6) {
		record_change(r, from, scope_orgs_made[from], true,
		    json_pack("{s:s}", "state", "cancelled"));
		return;
	}
	for (i = 0; i < n; i++)
		record_change(r, i == 4 ? from : to,
		    scope_orgs_made[i == 4 ? from : to], true,
		    json_pack("{s:s}", "state", steps[i]));
	if (scope_draw(5) == 0)
		say_anew(r, "to_org", NULL);
	if (scope_draw(5) == 0)
		say_anew(r, "resident_id", some_resident());
	if (scope_draw(6) == 0)
		begin_again(r, json_pack("{s:s}", "state", "arrived"));
}

/* By the program of who was asked, which had not seen the request here; or of
 * who pretends to know it. */
static void
answer_apart(size_t r, const char *resident, int to, const char *state)
{
	int author = scope_draw(3) == 0 ? SCOPE_GROUP : to;

	record_change(r, author, scope_orgs_made[to], false,
	    json_pack("{s:o, s:o, s:s}", "resident_id",
	        ref_to(scope_draw(4) == 0 ? some_resident() : resident),
	        "to_org", ref_to(scope_orgs_made[to]), "state", state));
}

static void
make_exam(const char *resident, int org)
{
	static const char *const steps[] = {"received", "reported"};
	int to = any_org();
	size_t n = scope_draw(3), i;
	size_t r = found("his", "exam_request", NULL, org, scope_orgs_made[org],
	    json_pack("{s:o, s:o, s:s}", "resident_id", ref_to(resident),
	        "to_org", ref_to(scope_orgs_made[to]), "state", "sent"));

	for (i = 0; i < n; i++)
		if (i == 0 && scope_draw(2) == 0)
			answer_apart(r, resident, to, steps[i]);
		else
			record_change(r, to, scope_orgs_made[to], true,
			    json_pack("{s:s}", "state", steps[i]));
	if (scope_draw(4) == 0)
		say_anew(r, "to_org", NULL);
	if (scope_draw(4) == 0)
		begin_again(r, json_pack("{s:s}", "state", "sent"));
	if (n == 2)
		found("his", "exam_report", NULL, to, scope_orgs_made[to],
		    json_pack("{s:o, s:s}", "exam_request_id",
		        ref_to(records[r].id.ref), "findings", "x"));
}

static void
make_care(const char *resident, int org)
{
	size_t n = scope_draw(4), i, r = SIZE_MAX;

	for (i = 0; i < n; i++) {
		int at = scope_draw(3) == 0 ? any_org() : org;

		r = found("his", "encounter", NULL, at, scope_orgs_made[at],
		    json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		        "state", "signed"));
		if (scope_draw(4) == 0)
			record_change(r, at, scope_orgs_made[at],
			    scope_draw(2) == 0,
			    json_pack("{s:s}", "plan", "x"));
		if (scope_draw(10) == 0) /* wrong patient */
			record_change(r, at, scope_orgs_made[at], true,
			    json_pack("{s:o}", "resident_id", ref_to("R2")));
		if (scope_draw(8) == 0)
			begin_again(r, json_pack("{s:s}", "state", "signed"));
	}
	if (scope_draw(2) == 0) {
		size_t f =
		    found("his", "followup", NULL, org, scope_orgs_made[org],
		        json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		            "state", "planned"));

		if (scope_draw(2) == 0)
			record_change(f, org, scope_orgs_made[org], true,
			    json_pack("{s:s}", "state", "done"));
	}
	if (scope_draw(3) == 0)
		make_referral(
		    resident, org, r == SIZE_MAX ? NULL : records[r].id.ref);
	if (scope_draw(4) == 0)
		make_exam(resident, org);
}

/* The last two entries are one person: by the group's word, or by an org's. */
static void
make_link(void)
{
	const struct identity *id[2];
	size_t i = record_count, n = 0;
	int org = scope_draw(3) == 0 ? any_org() : SCOPE_GROUP;

	while (n < 2 && i-- > 0)
		if (strcmp(records[i].id.kind, "resident") == 0)
			id[n++] = &records[i].id;
	if (n == 2)
		n = found("his", "link", NULL, org,
		    scope_orgs_made[org == SCOPE_GROUP ? 0 : org],
		    json_pack("{s:o, s:s, s:o, s:s, s:s}", "resident_id",
		        ref_to(id[0]->ref), "resident_source", id[0]->source,
		        "other_id", ref_to(id[1]->ref), "other_source",
		        id[1]->source, "state", "linked"));
	else
		return;
	if (scope_draw(4) == 0) /* no: another one */
		say_anew(n, "other_id", some_resident());
	if (scope_draw(4) == 0)
		record_change(n, SCOPE_GROUP, scope_orgs_made[0], true,
		    json_pack("{s:s}", "state",
		        scope_draw(2) == 0 ? "undone" : "linked"));
	if (scope_draw(4) == 0) {
		org = any_org();
		record_change(n, org, scope_orgs_made[org], true,
		    json_pack("{s:s}", "state", "linked"));
	}
}

/* What is said of a resident besides, and to whom. */
static void
make_matters(const char *resident, int org)
{
	static const char *const states[] = {
	    "requested", "accepted", "answered", "closed", "declined"};
	size_t r = SIZE_MAX;
	int to = any_org();

	if (scope_draw(3) == 0)
		found(any_source(), "question", NULL, org, scope_orgs_made[org],
		    json_pack("{s:o, s:s, s:s, s:s}", "resident_id",
		        ref_to(resident), "about_kind", "resident", "about_ref",
		        resident, "state", "open"));
	if (scope_draw(4) == 0)
		make_link();
	if (scope_draw(4) == 0)
		found("his", "move", NULL, to, scope_orgs_made[to],
		    json_pack("{s:o, s:o, s:o, s:s}", "resident_id",
		        ref_to(resident), "from_org",
		        ref_to(scope_orgs_made[org]), "to_org",
		        ref_to(scope_orgs_made[to]), "state", "requested"));
	if (scope_draw(4) == 0)
		found("his", "recognition", NULL, to, scope_orgs_made[to],
		    json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		        "decision", "recognised"));
	if (scope_draw(4) == 0)
		r = found("his", "consult", NULL, org, scope_orgs_made[org],
		    json_pack("{s:o, s:o, s:o, s:s}", "resident_id",
		        ref_to(resident), "from_org",
		        ref_to(scope_orgs_made[org]), "to_org",
		        ref_to(scope_orgs_made[to]), "state",
		        states[scope_draw(5)]));
	if (r != SIZE_MAX && scope_draw(2) == 0)
		say_anew(r, "to_org", NULL);
	if (scope_draw(4) == 0)
		found("his", "audit", NULL, org, scope_orgs_made[org],
		    json_pack("{s:o, s:s}", "resident_id", ref_to(resident),
		        "ground", "treatment"));
}

static void
make_moves(size_t r, int holder)
{
	size_t n = scope_draw(4);

	while (n-- > 0) {
		int to = any_org();
		size_t who = scope_draw(3);
		int author = who == 0 ? holder : who == 1 ? to : SCOPE_GROUP;

		record_change(r, author,
		    author == SCOPE_GROUP ? scope_orgs_made[0]
		                          : scope_orgs_made[author],
		    scope_draw(5) != 0,
		    json_pack("{s:o}", "managing_org_id",
		        ref_to(scope_orgs_made[to])));
		if (author != to)
			holder = to;
	}
	/* The old site has not heard of it. */
	if (scope_draw(3) == 0)
		record_change(r, records[r].org,
		    scope_orgs_made[records[r].org], false,
		    json_pack("{s:s}", "phone", "1"));
}

/* Not every program tells who keeps the file. */
static json_t *
a_resident(int holder)
{
	json_t *fields = json_pack("{s:s}", "name", "x");

	if (scope_draw(8) > 0)
		json_object_set_new(
		    fields, "managing_org_id", ref_to(scope_orgs_made[holder]));
	return fields;
}

static void
make_resident(size_t i)
{
	char ref[16];
	int org = any_org(), holder = scope_draw(4) == 0 ? any_org() : org;
	size_t r, n;

	/* Some are called as others are elsewhere. */
	snprintf(ref, sizeof ref, "R%zu", i % (SCOPE_RESIDENTS - 6));
	r = found(i < SCOPE_RESIDENTS - 6 ? "his" : "other", "resident", ref,
	    org, scope_orgs_made[org], a_resident(holder));
	make_moves(r, holder);
	if (scope_draw(6) == 0)
		begin_again(r, a_resident(any_org()));
	make_care(ref, org);
	make_matters(ref, org);
	for (n = scope_draw(3); n > 0; n--)
		make_contract(ref, any_org());
}

static void
make_device(size_t i)
{
	static const char *const states[] = {
	    "requested", "approved", "cancelled", "refused", "received"};
	char ref[16];
	int owner = any_org(), at = owner;
	size_t n, r;

	snprintf(ref, sizeof ref, "D%zu", i);
	r = found("his", "device", ref, owner, scope_orgs_made[owner],
	    json_pack("{s:o, s:s}", "owner_org_id",
	        ref_to(scope_orgs_made[owner]), "class", "ecg"));
	if (scope_draw(3) == 0)
		say_anew(r, "owner_org_id", NULL);
	for (n = scope_draw(6); n > 0; n--) {
		int to = any_org();

		r = found("his", "loan", NULL, to, scope_orgs_made[to],
		    json_pack("{s:o, s:o, s:o, s:s}", "device_id", ref_to(ref),
		        "lender", ref_to(scope_orgs_made[at]), "borrower",
		        ref_to(scope_orgs_made[to]), "state",
		        states[scope_draw(5)]));
		if (scope_draw(2) == 0) {
			found(any_source(), "custody", NULL, at,
			    scope_orgs_made[at],
			    json_pack("{s:o, s:o, s:o}", "device_id",
			        ref_to(ref), "from",
			        ref_to(scope_orgs_made[at]), "to",
			        ref_to(scope_orgs_made[to])));
			at = to;
		}
		if (scope_draw(5) == 0)
			say_anew(r, "borrower", NULL);
		found("his", "usage", NULL, at, scope_orgs_made[at],
		    json_pack(
		        "{s:o, s:i}", "device_id", ref_to(ref), "hours", 3));
	}
}

void
scope_group_make(void)
{
	size_t i;

	make_orgs();
	if (made == NULL)
		made = calloc(SCOPE_CHANGES_MOST, sizeof *made);
	if (records == NULL)
		records = calloc(RECORDS_MAX, sizeof *records);
	assert_non_null(made);
	assert_non_null(records);
	made_count = record_count = 0;
	memset(seqs, 0, sizeof seqs);
	for (i = 0; i < SCOPE_RESIDENTS; i++)
		make_resident(i);
	for (i = 0; i < DEVICES; i++)
		make_device(i);
}

void
scope_group_clear(void)
{
	while (made_count > 0)
		change_clear(&made[--made_count].c);
	free(made);
	free(records);
	made = NULL;
	records = NULL;
}

/* scope: who is to receive a record, told by what stands on orgs' lists. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/admit.h"
#include "store/index.h"
#include "store/scope.h"
#include "tests/unit/scratch.h"

/* V stands below A; A, B and C are townships; H is the group's own node. */
static const char *const authors[] = {"H", "A", "B", "C", "V"};
enum { AUTHORS = 5 };

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;
static struct txn *t;
static struct self hub;
static uint64_t seqs[AUTHORS];

static size_t
number_of(const char *author)
{
	size_t i = 0;

	while (strcmp(authors[i], author) != 0)
		i++;
	return i;
}

static void
take(struct change *c)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, 7, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &hub, c, 7), ERR_OK);
	buffer_free(&body);
}

/* A change at the hub, made by the node of an org; after what it had seen. */
static struct change_id
came(const char *author, const char *source, const char *kind, const char *ref,
    const struct change_id *seen, json_t *fields)
{
	struct change c;
	struct change_id id;
	size_t i = number_of(author);

	change_init(&c);
	c.id.life[0] = (uint8_t)(i + 1);
	c.id.class = 2;
	c.id.seq = ++seqs[i];
	snprintf(c.record.source, sizeof c.record.source, "%s", source);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", author);
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	assert_non_null(fields);
	c.fields = fields;
	take(&c);
	id = c.id;
	change_clear(&c);
	return id;
}

static struct change_id
org(const char *ref, const char *above, const struct change_id *seen)
{
	json_t *fields = json_pack("{s:s}", "name", ref);

	if (above != NULL)
		json_object_set_new(
		    fields, "parent_org_id", json_sprintf("ref:%s", above));
	return came("H", "", "org", ref, seen, fields);
}

static void
introduce(size_t i)
{
	struct node node = {.last_contact = 0};
	struct life life = {.has_log_secret = false};

	life.id[0] = (uint8_t)(i + 1);
	memcpy(life.node, hub.id, sizeof life.node);
	if (i > 0) {
		memset(node.cert.signing_key, (int)i, KEY_BYTES);
		memset(node.cert.transport_key, (int)i, KEY_BYTES);
		node.cert.role = ROLE_CLINIC;
		node.cert.name[0] = 'n';
		node.cert.org_count = 1;
		node.cert.orgs[0][0] = authors[i][0];
		node_id_of(life.node, node.cert.signing_key);
		assert_int_equal(index_node_write(t, &node), ERR_OK);
	}
	assert_int_equal(life_write(t, &life), ERR_OK);
}

static struct change_id village;

static int
set_up(void **state)
{
	size_t i;

	memset(seqs, 0, sizeof seqs);
	scratch_make(dir);
	db = scratch_db(dir);
	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(self_create(t, ROLE_HUB, "hub", 0, &hub), ERR_OK);
	hub.is_enrolled = true;
	for (i = 0; i < AUTHORS; i++)
		introduce(i);
	for (i = 0; i < AUTHORS - 1; i++)
		org(authors[i], NULL, NULL);
	village = org("V", "A", NULL);
	return 0;
}

static int
tear_down(void **state)
{
	txn_abort(t);
	self_wipe(&hub);
	db_close(db);
	scratch_remove(dir);
	return 0;
}

/* How often a change stands on an org's list; withdrawn places apart. */
static int
stands(const char *on, const struct change_id *id, int *withdrawn)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct list_entry entry;
	struct audience a;
	uint64_t place;
	int count = 0;

	*withdrawn = 0;
	snprintf(name, sizeof name, "org:%s", on);
	if (audience_read(t, name, &a) == ERR_NOT_FOUND)
		return 0;
	for (place = 1;
	     list_entry_read(t, &a, id->class, place, &entry) == ERR_OK;
	     place++)
		if (change_id_compare(&entry.id, id) == 0) {
			count += !entry.is_withdrawn;
			*withdrawn += entry.is_withdrawn;
		}
	return count;
}

/* Exactly these orgs, each once. */
static void
expect(const struct change_id *id, const char *on)
{
	size_t i;
	int withdrawn;

	for (i = 0; i < AUTHORS; i++)
		assert_int_equal(stands(authors[i], id, &withdrawn),
		    strchr(on, authors[i][0]) != NULL);
}

/* --- a resident's file --------------------------------------------------- */

static struct change_id resident, encounter, plan, visit;

static void
resident_comes(void)
{
	resident = came("A", "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:s, s:[{s:s}]}", "name", "x", "managing_org_id",
	        "ref:A", "allergies", "substance", "青霉素"));
}

static void
file_comes(void)
{
	resident_comes();
	encounter = came("A", "his", "encounter", "e1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	plan = came("A", "his", "followup", "f1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "planned"));
	visit = came("A", "his", "followup", "f2", NULL,
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", "done"));
}

static void
test_what_nobody_else_is_due_stays_with_its_org(void **state)
{
	file_comes();
	expect(&resident, "A");
	expect(&encounter, "A");
	expect(&plan, "A");
}

static void
test_a_strangers_contract_gives_allergies_and_plans(void **state)
{
	struct change_id contract, active;

	file_comes();
	contract = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&contract, "AB");
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	expect(&visit, "A");
	active = came("H", "his", "contract", "c1", &contract,
	    json_pack("{s:s}", "state", "active"));
	expect(&active, "HAB");
	expect(&encounter, "AB");
	expect(&visit, "AB");
	came("H", "his", "contract", "c1", &active,
	    json_pack("{s:s, s:s}", "state", "closed", "end_reason", "error"));
	expect(&encounter, "A");
	expect(&resident, "A");
	expect(&contract, "AB");
}

/* History may say so, and gives no more than any other word of one's own. */
static void
test_a_contract_said_to_be_active_is_not_the_groups_word(void **state)
{
	file_comes();
	came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "active"));
	expect(&resident, "AB");
	expect(&encounter, "A");
}

static void
test_other_teams_see_the_contracts(void **state)
{
	struct change_id one, two;

	resident_comes();
	one = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	two = came("C", "his", "contract", "c2", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&one, "ABC");
	expect(&two, "ABC");
}

static void
test_a_move_fills_the_new_site_and_leaves_the_old(void **state)
{
	struct change_id move, late, later;
	int withdrawn;

	file_comes();
	late = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&late, "AC");
	move = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "AB"); /* A wrote it */
	expect(&resident, "AB");
	expect(&encounter, "AB");
	expect(&late, "BC");
	assert_int_equal(stands("A", &late, &withdrawn), 0);
	assert_int_equal(withdrawn, 1);
	/* What the old site still had is taken and forwarded ... */
	late = came("A", "his", "encounter", "e3", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&late, "AB");
	/* ... and the new site's is not the old one's any more. */
	later = came("B", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "phone", "12"));
	expect(&later, "B");
	came("H", "his", "resident", "r1", &later,
	    json_pack("{s:s}", "managing_org_id", "ref:A"));
	expect(&later, "AB"); /* B wrote it */
	later = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "plan", "x"));
	expect(&later, "AC");
}

/* The old site has to hear that the patient moved, and no more than that. */
static void
test_who_kept_the_file_is_told_who_takes_it(void **state)
{
	struct change_id phone, move, later, next;

	resident_comes();
	phone = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "phone", "11"));
	move = came("H", "his", "resident", "r1", &phone,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "HAB");
	later = came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "phone", "12"));
	expect(&later, "HB");
	next = came("H", "his", "resident", "r1", &later,
	    json_pack("{s:s}", "managing_org_id", "ref:C"));
	expect(&next, "HBC");
}

static void
test_who_is_told_waits_for_what_came_before(void **state)
{
	struct change_id first = {{2}, 2, 1000}, move;

	move = came("H", "his", "resident", "r1", &first,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "HB");
	seqs[number_of("A")] = 999;
	resident_comes();
	assert_int_equal(resident.seq, 1000);
	expect(&move, "HAB");
}

/* Withdrawn and granted again: another place, and once. */
static void
test_what_comes_back_stands_once(void **state)
{
	struct change_id here, move;
	int withdrawn;

	file_comes();
	here = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	move = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "managing_org_id", "ref:A"));
	expect(&here, "AC");
	assert_int_equal(stands("A", &here, &withdrawn), 1);
	assert_int_equal(withdrawn, 1);
}

static void
test_a_move_by_ones_own_word_is_basic(void **state)
{
	struct change_id move;

	file_comes();
	move = came("B", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&encounter, "AB");
	expect(&move, "AB"); /* A is told */
}

/* Another who says it founded the same record takes it from nobody. */
static void
test_two_founders_that_disagree_get_no_more_than_basic(void **state)
{
	file_comes();
	came("B", "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:B"));
	expect(&encounter, "A");
}

static void
test_a_file_waits_for_its_resident(void **state)
{
	struct change_id e, c;

	e = came("C", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	c = came("B", "form", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&e, "C");
	expect(&c, "B");
	resident_comes();
	expect(&e, "AC");
	expect(&c, "AB");
	expect(&resident, "AB");
}

/* Who is meant cannot be told: nobody gets anything of either. */
static void
test_a_ref_that_two_bear_leads_to_neither(void **state)
{
	struct change_id c, other;

	file_comes();
	c = came("C", "form", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "AC");
	other = came("B", "b", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:B"));
	expect(&resident, "A");
	expect(&other, "B");
	expect(&c, "C");
	expect(&encounter, "A");
}

/* Its nodes have the village's list as well. */
static void
test_a_township_has_what_stands_on_its_villages_list(void **state)
{
	struct change_id e;

	resident_comes();
	e = came("V", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&e, "V");
	org("V", "C", &village);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
	expect(&e, "AV");
	org("V", "A", &village);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
}

static void
test_a_wrong_patients_record_leaves_his_file(void **state)
{
	struct change_id e, more;

	resident_comes();
	came("B", "his", "resident", "r2", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:B"));
	e = came("C", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&e, "AC");
	more = came("C", "his", "encounter", "e1", &e,
	    json_pack("{s:s}", "resident_id", "ref:r2"));
	expect(&e, "BC");
	expect(&more, "BC");
}

/* --- referrals, examinations, devices ------------------------------------ */

static void
test_a_referral_brings_the_file_while_it_is_open(void **state)
{
	struct change_id r, done;

	file_comes();
	r = came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:B", "state", "issued"));
	expect(&r, "AB");
	expect(&encounter, "AB");
	done = came("A", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "state", "followed_up"));
	expect(&encounter, "A");
	expect(&resident, "A");
	expect(&r, "AB");
	expect(&done, "AB");
}

/* Written by the target alone it opens no file. */
static void
test_a_referral_to_oneself_is_basic(void **state)
{
	file_comes();
	came("B", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:B", "state", "arrived"));
	expect(&resident, "AB");
	expect(&encounter, "A");
}

static void
test_attached_encounters_go_along(void **state)
{
	struct change_id e;

	e = came("A", "his", "encounter", "e9", NULL,
	    json_pack("{s:b, s:s}", "unknown", 1, "description", "x"));
	expect(&e, "A");
	came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:[s]}", "from_org", "ref:A", "to_org",
	        "ref:B", "state", "issued", "attached", "ref:e9"));
	expect(&e, "AB");
}

static void
test_a_report_reaches_who_asked(void **state)
{
	struct change_id q, report;

	file_comes();
	q = came("C", "his", "exam_request", "q1", NULL,
	    json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1", "to_org",
	        "ref:B", "state", "sent"));
	expect(&q, "ABC");
	expect(&resident, "ABC");
	expect(&encounter, "A");
	report = came("B", "his", "exam_report", "p1", NULL,
	    json_pack(
	        "{s:s, s:s}", "exam_request_id", "ref:q1", "findings", "x"));
	expect(&report, "ABC");
}

static void
test_a_devices_chain_sees_all_of_it(void **state)
{
	struct change_id device, loan, custody, usage, refused;

	device = came("A", "his", "device", "d1", NULL,
	    json_pack("{s:s}", "owner_org_id", "ref:A"));
	loan = came("B", "his", "loan", "l1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "device_id", "ref:d1", "lender",
	        "ref:A", "borrower", "ref:B", "state", "requested"));
	custody = came("B", "his", "custody", "k1", NULL,
	    json_pack("{s:s, s:s, s:s}", "device_id", "ref:d1", "from", "ref:B",
	        "to", "ref:C"));
	usage = came("C", "his", "usage", "u1", NULL,
	    json_pack("{s:s, s:i}", "device_id", "ref:d1", "hours", 2));
	refused = came("V", "his", "loan", "l2", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "device_id", "ref:d1", "lender",
	        "ref:A", "borrower", "ref:V", "state", "refused"));
	expect(&device, "ABC");
	expect(&loan, "ABC");
	expect(&custody, "ABC");
	expect(&usage, "ABC");
	expect(&refused, "BCV"); /* A's nodes have V's list */
}

/* --- the tables ---------------------------------------------------------- */

static bool
has_flag(const struct kind *k, unsigned flag)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & flag) != 0)
			return true;
	return false;
}

/* What is followed or granted says so itself, and nothing goes in circles. */
static void
test_kinds_agree_about_who_follows_whom(void **state)
{
	const struct kind *const *k;
	const struct kind *const *q;

	for (k = kind_all(); *k != NULL; k++) {
		bool followed = false, granted = false;

		for (q = kind_all(); *q != NULL; q++) {
			const struct field *f;

			for (f = (*q)->fields; f->number != 0; f++) {
				if (f->ref_kind == NULL ||
				    strcmp(f->ref_kind, (*k)->name) != 0)
					continue;
				if ((f->flags & FIELD_FOLLOWS) != 0) {
					followed = true;
					assert_true(
					    (*k)->number < (*q)->number);
				}
				if ((f->flags & FIELD_GRANTS) != 0)
					granted = true;
			}
		}
		assert_int_equal((*k)->scope.is_followed, followed);
		assert_int_equal((*k)->scope.is_granted, granted);
		if ((*k)->by_group)
			assert_false(has_flag(*k, ~(unsigned)FIELD_REQUIRED));
	}
}

static void
test_orgs_of_a_scope_are_the_lowest_refs(void **state)
{
	struct scope_orgs o = {.count = 0};
	char ref[16];
	int i;

	for (i = 99; i >= 0; i--) {
		snprintf(ref, sizeof ref, "C%02d", i);
		scope_orgs_add(&o, ref, SCOPE_BASIC);
	}
	scope_orgs_add(&o, "C99", SCOPE_FULL);
	scope_orgs_add(&o, "C05", SCOPE_FULL);
	scope_orgs_add(&o, "C05", SCOPE_BASIC);
	assert_int_equal(o.count, SCOPE_ORGS_MAX);
	assert_string_equal(o.org[0].ref, "C00");
	assert_string_equal(o.org[SCOPE_ORGS_MAX - 1].ref, "C63");
	assert_int_equal(scope_orgs_level(&o, "C05"), SCOPE_FULL);
	assert_int_equal(scope_orgs_level(&o, "C99"), SCOPE_NONE);
}

/* --- moves and links ------------------------------------------------------ */

static uint64_t
place_of(const char *on, const struct change_id *id)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct list_entry entry;
	struct audience a;
	uint64_t place;

	snprintf(name, sizeof name, "org:%s", on);
	assert_int_equal(audience_read(t, name, &a), ERR_OK);
	for (place = 1;
	     list_entry_read(t, &a, id->class, place, &entry) == ERR_OK;
	     place++)
		if (change_id_compare(&entry.id, id) == 0 &&
		    !entry.is_withdrawn)
			return place;
	return 0;
}

/* Visits were there first; the file and what is planned travel before them. */
static void
test_a_move_sends_allergies_and_plans_first(void **state)
{
	encounter = came("A", "his", "encounter", "e1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	visit = came("A", "his", "followup", "f2", NULL,
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", "done"));
	plan = came("A", "his", "followup", "f1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "planned"));
	resident_comes();
	came("H", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	assert_true(place_of("B", &resident) > 0);
	assert_true(place_of("B", &resident) < place_of("B", &plan));
	assert_true(place_of("B", &plan) < place_of("B", &encounter));
}

static struct change_id other, other_visit;

static void
other_comes(void)
{
	other = came("B", "lab", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:B"));
	other_visit = came("B", "lab", "encounter", "e1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static struct change_id
link_says(const char *author, const struct change_id *seen, const char *said)
{
	return came(author, "", "link", "~l1", seen,
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", said, "resident_id",
	        "ref:r1", "resident_source", "his", "other_id", "ref:r1",
	        "other_source", "lab"));
}

static void
expect_linked(const char *files, const char *visits)
{
	expect(&resident, files);
	expect(&other, files);
	expect(&encounter, visits);
	expect(&other_visit, strcmp(visits, "A") == 0 ? "B" : visits);
}

/* Two clinics call two entries the same, and the group links them. */
static void
test_linked_entries_are_received_by_both(void **state)
{
	struct change_id link;

	file_comes();
	other_comes();
	expect(&resident, "A");
	expect(&other, "B");
	link = link_says("H", NULL, "linked");
	expect(&link, "HAB");
	expect_linked("AB", "AB");
	link = link_says("H", &link, "undone");
	expect(&resident, "A");
	expect(&other, "B");
	expect(&encounter, "A");
	expect(&other_visit, "B");
}

static void
test_a_link_may_come_before_the_entries(void **state)
{
	struct change_id link = link_says("H", NULL, "linked");

	other_comes();
	file_comes();
	expect(&link, "HAB");
	expect_linked("AB", "AB");
}

/* Who links himself to a file gets no more than a stranger needs. */
static void
test_ones_own_link_gives_allergies_and_plans(void **state)
{
	file_comes();
	other_comes();
	link_says("B", NULL, "linked");
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	expect(&other_visit, "B");
}

/* What one of them is granted later goes to both, and three are one. */
static void
test_grants_reach_all_linked_entries(void **state)
{
	struct change_id third;

	file_comes();
	other_comes();
	link_says("H", NULL, "linked");
	third = came("A", "his", "resident", "r3", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:A"));
	expect(&third, "A");
	came("H", "", "link", "~l2", NULL,
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:r3", "resident_source", "his", "other_id",
	        "ref:r1", "other_source", "lab"));
	expect(&third, "AB");
	came("C", "lab", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "ABC");
	expect(&other, "ABC");
	expect(&third, "ABC");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_what_nobody_else_is_due_stays_with_its_org),
	    CASE(test_a_strangers_contract_gives_allergies_and_plans),
	    CASE(test_a_move_sends_allergies_and_plans_first),
	    CASE(test_linked_entries_are_received_by_both),
	    CASE(test_a_link_may_come_before_the_entries),
	    CASE(test_ones_own_link_gives_allergies_and_plans),
	    CASE(test_grants_reach_all_linked_entries),
	    CASE(test_a_contract_said_to_be_active_is_not_the_groups_word),
	    CASE(test_other_teams_see_the_contracts),
	    CASE(test_a_move_fills_the_new_site_and_leaves_the_old),
	    CASE(test_who_kept_the_file_is_told_who_takes_it),
	    CASE(test_who_is_told_waits_for_what_came_before),
	    CASE(test_what_comes_back_stands_once),
	    CASE(test_a_move_by_ones_own_word_is_basic),
	    CASE(test_two_founders_that_disagree_get_no_more_than_basic),
	    CASE(test_a_file_waits_for_its_resident),
	    CASE(test_a_ref_that_two_bear_leads_to_neither),
	    CASE(test_a_township_has_what_stands_on_its_villages_list),
	    CASE(test_a_wrong_patients_record_leaves_his_file),
	    CASE(test_a_referral_brings_the_file_while_it_is_open),
	    CASE(test_a_referral_to_oneself_is_basic),
	    CASE(test_attached_encounters_go_along),
	    CASE(test_a_report_reaches_who_asked),
	    CASE(test_a_devices_chain_sees_all_of_it),
	    cmocka_unit_test(test_kinds_agree_about_who_follows_whom),
	    cmocka_unit_test(test_orgs_of_a_scope_are_the_lowest_refs),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

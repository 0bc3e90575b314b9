/* scope_room: a hub with orgs and what stands on their lists, for the tests of
 * scopes.
 */

#ifndef YIZHAN_TESTS_UNIT_SCOPE_ROOM_H
#define YIZHAN_TESTS_UNIT_SCOPE_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/admit.h"
#include "store/contest_settle.h"
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

static inline size_t
number_of(const char *author)
{
	size_t i = 0;

	while (strcmp(authors[i], author) != 0)
		i++;
	return i;
}

static inline void
take(struct change *c)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, 7, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &hub, c, 7), ERR_OK);
	buffer_free(&body);
}

/* A change at the hub, made by the node of an author; after what it had seen.
 */
static inline struct change_id
wrote(const char *author, const char *by, const char *org_ref,
    const struct identity *record, const struct change_id *seen, json_t *fields)
{
	struct change c;
	struct change_id id;
	size_t i = number_of(author);

	change_init(&c);
	c.id.life[0] = (uint8_t)(i + 1);
	c.id.class = 2;
	c.id.seq = ++seqs[i];
	c.record = *record;
	snprintf(c.by, sizeof c.by, "%s", by);
	snprintf(c.org, sizeof c.org, "%s", org_ref);
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	assert_non_null(fields);
	c.fields = fields;
	take(&c);
	id = c.id;
	change_clear(&c);
	return id;
}

static inline struct identity
named(const char *source, const char *kind, const char *ref)
{
	struct identity id = {.kind = ""};

	snprintf(id.source, sizeof id.source, "%s", source);
	snprintf(id.kind, sizeof id.kind, "%s", kind);
	snprintf(id.ref, sizeof id.ref, "%s", ref);
	return id;
}

/* Made for the author himself. */
static inline struct change_id
came(const char *author, const char *source, const char *kind, const char *ref,
    const struct change_id *seen, json_t *fields)
{
	struct identity record = named(source, kind, ref);

	return wrote(author, "S1", author, &record, seen, fields);
}

/* Under the name of no person, in an org's name. */
static inline struct change_id
machine_says(const char *for_org, const char *source, const char *kind,
    const char *ref, const struct change_id *seen, json_t *fields)
{
	struct identity record = named(source, kind, ref);

	return wrote("H", CONTEST_AUTHOR, for_org, &record, seen, fields);
}

static inline struct change_id
org(const char *ref, const char *above, const struct change_id *seen)
{
	json_t *fields = json_pack("{s:s}", "name", ref);

	if (above != NULL)
		json_object_set_new(
		    fields, "parent_org_id", json_sprintf("ref:%s", above));
	return came("H", "", "org", ref, seen, fields);
}

static inline void
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

static inline int
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

static inline int
tear_down(void **state)
{
	txn_abort(t);
	self_wipe(&hub);
	db_close(db);
	scratch_remove(dir);
	return 0;
}

/* How often a change stands on an org's list; withdrawn places apart. */
static inline int
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
static inline void
expect_at(const struct change_id *id, const char *on, int line)
{
	char is[AUTHORS + 1] = {0}, due[AUTHORS + 1] = {0};
	size_t i, n = 0, m = 0;
	int withdrawn;

	for (i = 0; i < AUTHORS; i++) {
		int times = stands(authors[i], id, &withdrawn);

		assert_in_range(times, 0, 1);
		if (times > 0)
			is[n++] = authors[i][0];
		if (strchr(on, authors[i][0]) != NULL)
			due[m++] = authors[i][0];
	}
	if (strcmp(is, due) != 0)
		print_error("line %d\n", line);
	assert_string_equal(is, due);
}

#define expect(id, on) expect_at(id, on, __LINE__)

/* --- a resident's file --- */

static struct change_id resident, encounter, plan, visit;

static inline void
resident_comes(void)
{
	resident = came("A", "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:s, s:[{s:s}]}", "name", "x", "managing_org_id",
	        "ref:A", "allergies", "substance", "青霉素"));
}

static inline void
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

#endif

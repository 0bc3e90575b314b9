/* rows: any bytes as the value of any row of the database, as if it had been
 * sealed by another version or a faulty one: each reader takes them apart or
 * says that they are corrupt; what it takes keeps its limits.
 *
 * The first byte chooses the row.
 */

#include "store/enrol.h"
#include "store/import_past.h"
#include "store/paper.h"
#include "store/receipt.h"
#include "store/recover.h"
#include "store/slip.h"
#include "store/source.h"
#include "tests/fuzz/room.h"

static struct txn *t;
static const uint8_t *value;
static size_t value_bytes;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return room_make();
}

/* --- what is expected ------------------------------------------------------
 */

static void
expect_text(const char *text, size_t room_bytes)
{
	expect(memchr(text, 0, room_bytes) != NULL);
}

static void
put(enum table table, const void *key, size_t key_bytes)
{
	expect(txn_put(t, table, key, key_bytes, value, value_bytes) == ERR_OK);
}

static void
put_meta(const char *name)
{
	expect(meta_put(t, name, value, value_bytes) == ERR_OK);
}

/* --- meta ------------------------------------------------------------------
 */

static void
check_self(const char *name)
{
	static struct self self, again;

	put_meta(name);
	if (self_read(t, &self) != ERR_OK)
		return;
	expect_text(self.name, sizeof self.name);
	expect_text(self.source, sizeof self.source);
	expect(self.chain_count <= CERT_CHAIN_MAX);
	(void)self_clock(&self, 1790000000);
	if (self.is_enrolled) {
		expect(self.chain_count > 0);
		expect(self_enrol(t, &self) == ERR_OK);
		expect(self_read(t, &again) == ERR_OK);
		expect(memcmp(&self, &again, sizeof self) == 0);
	}
	self_wipe(&self);
	self_wipe(&again);
}

static void
check_slips(void)
{
	char slip[64];
	uint64_t left, now;
	enum err e;

	put_meta("slips");
	if (paper_left(t, &left) != ERR_OK)
		return;
	e = paper_draw(t, &room.clinic, "C01", 'E', slip, sizeof slip);
	expect(paper_left(t, &now) == ERR_OK);
	expect(now == left - (e == ERR_OK ? 1 : 0));
	if (paper_grant(t, 600000, 10) == ERR_OK) {
		expect(paper_left(t, &left) == ERR_OK);
		expect(left == now + 10);
	}
}

static void
check_sources(void)
{
	static struct source_names names;
	size_t i;

	put_meta("sources");
	if (sources_read(t, &names) != ERR_OK)
		return;
	expect(names.count <= SOURCES_MAX);
	for (i = 0; i < names.count; i++)
		expect_text(names.names[i], sizeof names.names[i]);
	(void)sources_add(t, "another");
}

static void
check_address(void)
{
	char address[32];
	struct cert parent;

	put_meta("parent.address");
	if (enrol_parent(t, &room.clinic, &parent, address, sizeof address) ==
	    ERR_OK)
		expect_text(address, sizeof address);
}

static void
check_counters(void)
{
	uint64_t n;

	put_meta("questions.1");
	(void)question_count(t, &n);
	put_meta("questions.last");
	put_meta("slips:C01");
	if (paper_allocate(t, "C01", 10, &n) == ERR_OK)
		expect(n >= PAPER_FIRST && n + 10 <= PAPER_END);
}

/* --- changes ---------------------------------------------------------------
 */

static void
check_change(void)
{
	struct change_id id = {{0}, 2, 9};
	uint8_t key[KEY_CHANGE_BYTES], all[KEY_RECORD_CHANGE_BYTES];
	struct stored s;
	struct change c;
	struct record r;

	memcpy(id.life, room.clinic.life, LIFE_BYTES);
	key_change(key, &id);
	put(TABLE_CHANGES, key, sizeof key);
	stored_init(&s);
	change_init(&c);
	c.id = id;
	if (stored_read(t, &id, &s) == ERR_OK && s.apart == 0 &&
	    change_decode(&c, s.body.data, s.body.size) == ERR_OK) {
		key_record(txn_db(t), all, &c.record);
		memcpy(all + KEY_RECORD_BYTES, key, sizeof key);
		expect(txn_put(t, TABLE_RECORDS, all, sizeof all, "", 0) ==
		       ERR_OK);
		expect(record_read(t, all, &r) == ERR_OK);
		json_decref(record_to_json(&r));
		record_clear(&r);
		change_clear(&c);
	}
	stored_free(&s);
}

static void
check_draft(void)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	key_record_of(txn_db(t), key, room.clinic.source, "encounter", "~d1");
	put(TABLE_DRAFTS, key, sizeof key);
	if (draft_read(t, key, &r) != ERR_OK)
		return;
	json_decref(record_to_json(&r));
	record_clear(&r);
}

static void
check_past(void)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct past_line line;
	struct past p;

	key_record_of(txn_db(t), key, "his", "encounter", "E1");
	put(TABLE_IMPORTS, key, sizeof key);
	past_init(&p);
	if (past_read(t, key, &p) == ERR_OK) {
		(void)past_has_line(&p, 7);
		if (past_line(t, &p, &line) == ERR_OK)
			json_decref(line.fields);
		expect(past_add_line(t, key, &p, 7) == ERR_OK);
		expect(past_read(t, key, &p) == ERR_OK);
		expect(past_has_line(&p, 7));
	}
	past_free(&p);
}

/* --- logs, lists, receipts -------------------------------------------------
 */

static void
check_life(void)
{
	struct life life;
	uint64_t waiting, held;

	put(TABLE_LIVES, room.clinic.life, LIFE_BYTES);
	(void)life_read(t, room.clinic.life, &life);
	(void)receipts_parent_count(t, &room.clinic, &waiting, &held);
	(void)receipts_group_count(t, &room.clinic, &held);
}

static void
check_log(void)
{
	struct change_id id = {{0}, 2, 1};
	uint8_t key[KEY_LOG_BYTES], secret[HASH_BYTES], at[KEY_SECRET_BYTES];
	uint8_t other[LIFE_BYTES] = {9};
	struct log_head head;

	key_log(key, room.clinic.life, 2);
	put(TABLE_LOGS, key, sizeof key);
	(void)log_head_read(t, room.clinic.life, 2, &head);
	memcpy(id.life, room.clinic.life, LIFE_BYTES);
	(void)log_chain_at(t, &room.clinic, &id, &head);
	key_secret(at, other, 3);
	put(TABLE_SECRETS, at, sizeof at);
	(void)log_secret_read(t, &room.clinic, other, 3, secret);
}

static void
check_list(bool entry)
{
	uint8_t key[KEY_LIST_BYTES];
	struct list_id list = {AUDIENCE_UP, 2};
	struct list_entry e;
	struct audience a;
	struct cursor c;

	if (!entry) {
		put(TABLE_AUDIENCES, AUDIENCE_UP, strlen(AUDIENCE_UP));
	} else {
		expect(audience_ensure(t, AUDIENCE_UP, &a) == ERR_OK);
		key_list(key, a.number, 2, 1);
		put(TABLE_LISTS, key, sizeof key);
		(void)list_entry_read(t, &a, 2, 1, &e);
	}
	if (audience_read(t, AUDIENCE_UP, &a) == ERR_OK &&
	    list_end(t, &a, 2, &c) == ERR_OK)
		(void)source_settle_list(t, &list, &c);
}

/* The key holds the list's name: it is taken apart, too. */
static void
check_cursor(bool any_key)
{
	static struct cursor_set set;
	struct list_id list = {AUDIENCE_UP, 2};
	uint8_t key[DB_KEY_BYTES_MAX];
	size_t n = NODE_ID_BYTES + 1, i;
	struct cursor c = {0};

	memcpy(key, room.hub.id, NODE_ID_BYTES);
	key[NODE_ID_BYTES] = CURSOR_PEER;
	if (any_key) {
		size_t more = value_bytes < 100 ? value_bytes : 100;

		memcpy(key + n, value, more);
		n += more;
		expect(txn_put(t, TABLE_CURSORS, key, n, "12345678901234567890",
		           20) == ERR_OK);
	} else {
		memcpy(key + n, "up\2", 3);
		put(TABLE_CURSORS, key, n + 3);
	}
	(void)cursor_read(t, room.hub.id, CURSOR_PEER, &list, &c);
	if (cursor_read_all(t, room.hub.id, CURSOR_PEER, &set) != ERR_OK)
		return;
	expect(set.count <= LISTS_MAX);
	for (i = 0; i < set.count; i++)
		expect_text(
		    set.item[i].list.name, sizeof set.item[i].list.name);
}

static void
check_receipt(void)
{
	uint64_t held;

	put(TABLE_RECEIPTS, room.clinic.life, LIFE_BYTES);
	(void)receipts_group_count(t, &room.clinic, &held);
}

/* --- nodes, invites, questions ---------------------------------------------
 */

static enum err
see_node(void *context, const struct node *n)
{
	(void)context;
	expect_text(n->cert.name, sizeof n->cert.name);
	return ERR_OK;
}

static void
check_node(void)
{
	struct node n, again;
	uint8_t id[NODE_ID_BYTES];

	put(TABLE_NODES, room.clinic.id, NODE_ID_BYTES);
	(void)index_node_walk(t, see_node, NULL);
	memset(&n, 0, sizeof n);
	memset(&again, 0, sizeof again);
	if (index_node_read(t, room.clinic.id, &n) != ERR_OK)
		return;
	expect(index_node_write(t, &n) == ERR_OK);
	node_id_of(id, n.cert.signing_key);
	expect(index_node_read(t, id, &again) == ERR_OK);
	expect(memcmp(&n, &again, sizeof n) == 0);
	expect(index_node_by_key(t, n.cert.transport_key, &again) == ERR_OK);
}

static void
check_node_key(void)
{
	static const uint8_t key[KEY_BYTES] = {1};
	struct node n;

	put(TABLE_NODE_KEYS, key, sizeof key);
	(void)index_node_by_key(t, key, &n);
}

static void
check_invite(void)
{
	uint8_t key[2];
	struct invite i;

	store_u16(key, 1);
	put(TABLE_INVITES, key, sizeof key);
	if (enrol_try(t, 1, 1790000000, &i) != ERR_OK)
		return;
	expect_text(i.name, sizeof i.name);
	expect(i.org_count <= CERT_ORGS_MAX);
}

static enum err
see_question(void *context, const struct question *q)
{
	(void)context;
	expect_text(q->origin, sizeof q->origin);
	expect_text(q->field, sizeof q->field);
	expect_text(q->kind, sizeof q->kind);
	expect_text(q->ref, sizeof q->ref);
	expect(q->raw.data >= value || q->raw.size <= value_bytes);
	(void)finding_name(q->code);
	(void)finding_reason(q->code);
	(void)finding_mend(q->code);
	return ERR_OK;
}

static void
check_question(void)
{
	static const uint8_t key[DB_BLIND_BYTES] = {1};

	put(TABLE_QUESTIONS, key, sizeof key);
	(void)question_walk(t, see_question, NULL);
}

/* --- lookups ---------------------------------------------------------------
 */

static void
check_lookups(void)
{
	uint8_t key[2 * DB_BLIND_BYTES + 8], found[KEY_RECORD_BYTES];
	struct db *db = txn_db(t);
	char org[16];
	struct record r;

	db_blind(db, "site-staff", "S1", 2, key);
	db_blind(db, "site-org", "C01", 3, key + DB_BLIND_BYTES);
	memset(key + 2 * DB_BLIND_BYTES, 1, 8);
	put(TABLE_CODES, key, sizeof key);
	(void)index_works_at(t, "S1", "C01", "2026-05-01");
	db_blind(db, "told-parent", "C01", 3, key);
	put(TABLE_CODES, key, DB_BLIND_BYTES);
	if (index_parent_org(t, "C01", org, sizeof org) == ERR_OK)
		expect_text(org, sizeof org);
	db_blind(db, "ref", "staff\0S1", 8, key);
	put(TABLE_CODES, key, DB_BLIND_BYTES);
	(void)index_ref(t, "staff", "S1", found);
	db_blind(db, "slip", "C01-E-500000-X", 14, key);
	put(TABLE_SLIPS, key, DB_BLIND_BYTES);
	if (slip_find(t, "C01-E-500000-X", found) == ERR_OK &&
	    record_read(t, found, &r) == ERR_OK)
		record_clear(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const plain[])(void) = {check_slips, check_sources,
	    check_address, check_counters, check_change, check_draft,
	    check_past, check_life, check_log, check_receipt, check_node,
	    check_node_key, check_invite, check_question, check_lookups};
	static const char *const meta[] = {
	    "node", "life", "group", "trusted_at"};
	size_t row;

	if (size < 1 || size > 70000)
		return 0;
	value = data + 1;
	value_bytes = size - 1;
	row = data[0] % 23;
	expect(db_begin(room.clinic_db, true, &t) == ERR_OK);
	if (row < 4)
		check_self(meta[row]);
	else if (row < 6)
		check_list(row == 4);
	else if (row < 8)
		check_cursor(row == 6);
	else
		plain[row - 8]();
	txn_abort(t);
	return 0;
}

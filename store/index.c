/* index: lookups that follow from changes. */

#include <string.h>

#include "store/blinds.h"
#include "store/exam_items.h"
#include "store/index.h"
#include "store/memo.h"
#include "store/slip.h"

static const char *
text_of(const json_t *fields, const char *name)
{
	return json_string_value(json_object_get(fields, name));
}

/* "ref:X" -> "X"; NULL for anything else. */
static const char *
ref_of(const json_t *fields, const char *name)
{
	const char *s = text_of(fields, name);

	return s != NULL && strncmp(s, "ref:", 4) == 0 ? s + 4 : NULL;
}

/* --- practice sites ---------------------------------------------------- */

/* Key: blind(staff), blind(org), blind hash of the site's ref; the first
 * part alone shows that some site of the person is known. */
static void
site_key(struct txn *t, const char *staff, const char *org, const char *ref,
    uint8_t key[2 * DB_BLIND_BYTES + 8])
{
	struct db *db = txn_db(t);

	db_blind(db, "site-staff", staff, strlen(staff), key);
	db_blind(db, "site-org", org, strlen(org), key + DB_BLIND_BYTES);
	store_u64(key + 2 * DB_BLIND_BYTES,
	    db_blind_hash(db, "site-ref", ref, strlen(ref)));
}

static enum err
index_site(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[2 * DB_BLIND_BYTES + 8];
	const char *staff, *from, *to;
	struct buffer value = {0};
	struct record r;
	enum err e = record_read(t, record_key, &r);

	if (e != ERR_OK)
		return e;
	staff = ref_of(r.fields, "staff_id");
	from = text_of(r.fields, "valid_from");
	to = text_of(r.fields, "valid_to");
	if (staff != NULL) {
		site_key(t, staff, r.org, r.id.ref, key);
		put_text(&value, from == NULL ? "" : from);
		put_text(&value, to == NULL ? "" : to);
		e = buffer_state(&value);
		if (e == ERR_OK)
			e = txn_put(t, TABLE_CODES, key, sizeof key, value.data,
			    value.size);
	}
	buffer_free(&value);
	record_clear(&r);
	return e;
}

static bool
covers(const struct buffer *value, const char *day)
{
	struct reader r;
	struct bytes from, to;

	reader_init(&r, value->data, value->size);
	from = read_string(&r);
	to = read_string(&r);
	if (r.failed)
		return false;
	if (from.size == 10 && memcmp(day, from.data, 10) < 0)
		return false;
	return to.size != 10 || memcmp(day, to.data, 10) <= 0;
}

bool
index_works_at(
    struct txn *t, const char *staff, const char *org, const char *day)
{
	uint8_t key[2 * DB_BLIND_BYTES + 8];
	struct buffer value = {0};
	struct walk *w;
	struct bytes found;
	bool is_known = false, works = false;

	site_key(t, staff, org, "", key);
	if (walk_open(t, TABLE_CODES, key, DB_BLIND_BYTES, &w) != ERR_OK)
		return true;
	while (!works && walk_next(w, &found, &value) == ERR_OK &&
	       found.size == sizeof key &&
	       memcmp(found.data, key, DB_BLIND_BYTES) == 0) {
		is_known = true;
		works = memcmp(found.data, key, 2 * DB_BLIND_BYTES) == 0 &&
		        covers(&value, day);
	}
	walk_close(w);
	buffer_free(&value);
	return works || !is_known;
}

/* --- drugs ------------------------------------------------------------- */

static const char drug_list_key[] = "drug list is here";

static enum err
index_drug(struct txn *t, const struct change *c)
{
	uint8_t key[DB_BLIND_BYTES];
	const char *code = text_of(c->fields, "drug_code");
	enum err e;

	if (code == NULL)
		return ERR_OK;
	db_blind(txn_db(t), "drug", code, strlen(code), key);
	e = txn_put(t, TABLE_CODES, key, sizeof key, "", 0);
	if (e == ERR_OK && txn_has(t, TABLE_CODES, drug_list_key,
	                       sizeof drug_list_key) == ERR_NOT_FOUND)
		e = txn_put(
		    t, TABLE_CODES, drug_list_key, sizeof drug_list_key, "", 0);
	return e;
}

bool
index_drug_known(struct txn *t, const char *code)
{
	uint8_t key[DB_BLIND_BYTES];

	db_blind(txn_db(t), "drug", code, strlen(code), key);
	if (txn_has(t, TABLE_CODES, key, sizeof key) != ERR_NOT_FOUND)
		return true;
	return txn_has(t, TABLE_CODES, drug_list_key, sizeof drug_list_key) ==
	       ERR_NOT_FOUND;
}

/* --- orgs ---------------------------------------------------------------- */

enum err
index_told_parent(struct txn *t, const char *org, const char *parent)
{
	uint8_t key[DB_BLIND_BYTES];

	db_blind(txn_db(t), "told-parent", org, strlen(org), key);
	memo_forget(t);
	return txn_put(t, TABLE_CODES, key, sizeof key, parent, strlen(parent));
}

static enum err
told_parent(struct txn *t, const char *org, char *out, size_t out_bytes)
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	enum err e;

	db_blind(txn_db(t), "told-parent", org, strlen(org), key);
	e = txn_get(t, TABLE_CODES, key, sizeof key, &value);
	if (e == ERR_OK && value.size >= out_bytes)
		e = ERR_LIMIT;
	if (e == ERR_OK) {
		memcpy(out, value.data, value.size);
		out[value.size] = '\0';
	}
	buffer_free(&value);
	return e;
}

static void
above_key(struct txn *t, const char *org, uint8_t key[DB_BLIND_BYTES])
{
	blind_in(t, "org-above", org, strlen(org), key);
}

/* The org above as its record says now, "" for none: it is asked for often,
 * and to read a record is to merge it. */
static enum err
index_org(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES];
	const char *parent;
	struct record r;
	enum err e = record_read(t, record_key, &r);

	if (e != ERR_OK)
		return e;
	parent = ref_of(r.fields, "parent_org_id");
	if (parent == NULL)
		parent = "";
	above_key(t, r.id.ref, key);
	e = txn_put(t, TABLE_CODES, key, sizeof key, parent, strlen(parent));
	memo_forget(t);
	record_clear(&r);
	return e;
}

/* Of an org that was here before there were such rows. */
static enum err
parent_in_record(struct txn *t, const char *org, char *out, size_t out_bytes)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *parent;
	struct record r;
	enum err e;

	key_record_of(txn_db(t), key, "", "org", org);
	e = record_read(t, key, &r);
	if (e == ERR_NOT_FOUND)
		return told_parent(t, org, out, out_bytes);
	if (e != ERR_OK)
		return e;
	parent = ref_of(r.fields, "parent_org_id");
	if (parent == NULL || strlen(parent) >= out_bytes)
		e = ERR_NOT_FOUND;
	else
		memcpy(out, parent, strlen(parent) + 1);
	record_clear(&r);
	return e;
}

enum err
index_parent_org(struct txn *t, const char *org, char *out, size_t out_bytes)
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	enum err e;

	above_key(t, org, key);
	e = txn_get(t, TABLE_CODES, key, sizeof key, &value);
	if (e == ERR_OK && (value.size == 0 || value.size >= out_bytes)) {
		e = ERR_NOT_FOUND;
	} else if (e == ERR_OK) {
		memcpy(out, value.data, value.size);
		out[value.size] = '\0';
	} else if (e == ERR_NOT_FOUND) {
		e = parent_in_record(t, org, out, out_bytes);
	}
	buffer_free(&value);
	return e;
}

void
index_top_org(struct txn *t, const char *org, char *out, size_t out_bytes)
{
	char above[REF_BYTES_MAX + 1];
	size_t most = out_bytes < sizeof above ? out_bytes : sizeof above;
	int depth;

	snprintf(out, out_bytes, "%s", org);
	for (depth = 0; depth < ORG_DEPTH_MAX; depth++) {
		if (index_parent_org(t, out, above, most) != ERR_OK)
			break;
		snprintf(out, out_bytes, "%s", above);
	}
}

enum err
index_org_level(struct txn *t, const char *org, char *out, size_t out_bytes)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *level;
	struct record r;
	enum err e;

	key_record_of(txn_db(t), key, "", "org", org);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	level = text_of(r.fields, "level");
	if (level == NULL || strlen(level) >= out_bytes)
		e = ERR_NOT_FOUND;
	else
		memcpy(out, level, strlen(level) + 1);
	record_clear(&r);
	return e;
}

/* --- refs whatever their source ---------------------------------------- */

static void
ref_key(struct txn *t, const char *kind, const char *ref,
    uint8_t key[DB_BLIND_BYTES])
{
	key_ref_blind(t, "ref", kind, ref, key);
}

/* The first that bore it, and a byte more where another does too. */
enum { REF_ROW_BYTES = KEY_RECORD_BYTES + 1 };

static enum err
read_ref(struct txn *t, const uint8_t key[DB_BLIND_BYTES],
    uint8_t record_key[KEY_RECORD_BYTES], bool *is_only)
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_CODES, key, DB_BLIND_BYTES, &value);

	if (e == ERR_OK && value.size != KEY_RECORD_BYTES &&
	    value.size != REF_ROW_BYTES)
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		memcpy(record_key, value.data, KEY_RECORD_BYTES);
		*is_only = value.size == KEY_RECORD_BYTES;
	}
	buffer_free(&value);
	return e;
}

enum err
index_ref(struct txn *t, const char *kind, const char *ref,
    uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES];
	bool is_only;

	ref_key(t, kind, ref, key);
	return read_ref(t, key, record_key, &is_only);
}

enum err
index_only(struct txn *t, const char *kind, const char *ref,
    uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES];
	bool is_only;
	enum err e;

	ref_key(t, kind, ref, key);
	e = read_ref(t, key, record_key, &is_only);
	return e == ERR_OK && !is_only ? ERR_CLASH : e;
}

enum err
index_resolve(struct txn *t, const char *source, const char *kind,
    const char *ref, uint8_t record_key[KEY_RECORD_BYTES])
{
	enum err e;

	key_record_named(t, record_key, source, kind, ref);
	if (record_exists(t, record_key))
		return ERR_OK;
	e = index_only(t, kind, ref, record_key);
	return e == ERR_CLASH ? ERR_NOT_FOUND : e;
}

/* Only what founds a record need be noted. */
static enum err
index_founder(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES], row[REF_ROW_BYTES] = {0};
	bool is_only;
	enum err e;

	if (c->parent_count > 0)
		return ERR_OK;
	ref_key(t, c->record.kind, c->record.ref, key);
	e = read_ref(t, key, row, &is_only);
	if (e == ERR_NOT_FOUND)
		return txn_put(t, TABLE_CODES, key, sizeof key, record_key,
		    KEY_RECORD_BYTES);
	if (e != ERR_OK || !is_only ||
	    memcmp(row, record_key, KEY_RECORD_BYTES) == 0)
		return e;
	return txn_put(t, TABLE_CODES, key, sizeof key, row, sizeof row);
}

enum err
index_change(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	enum err e = index_founder(t, c, record_key);

	if (e != ERR_OK)
		return e;
	if (strcmp(c->record.kind, "org") == 0 && c->record.source[0] == '\0')
		return index_org(t, record_key);
	if (strcmp(c->record.kind, "practice_site") == 0)
		return index_site(t, record_key);
	if (strcmp(c->record.kind, "drug") == 0)
		return index_drug(t, c);
	if (strcmp(c->record.kind, "exam_item") == 0)
		return exam_items_note(t, record_key);
	return slip_note(t, c, record_key);
}

/* --- nodes ------------------------------------------------------------- */

static enum err
node_decode(const struct buffer *value, struct node *out)
{
	struct reader r;
	struct bytes cert;

	reader_init(&r, value->data, value->size);
	memset(out, 0, sizeof *out);
	cert = read_string(&r);
	out->is_revoked = read_u8(&r) != 0;
	out->last_contact = (int64_t)read_u64(&r);
	out->clock_offset = (int64_t)read_u64(&r);
	out->changes_taken = read_u64(&r);
	/* Rows of version 0.1 end here. */
	if (reader_left(&r) > 0) {
		out->revoked_at = (int64_t)read_u64(&r);
		if (!read_text(&r, out->reason, NODE_REASON_BYTES_MAX))
			return ERR_CORRUPT;
		out->apart_changes = read_u64(&r);
		out->apart_bytes = read_u64(&r);
	}
	if (r.failed || reader_left(&r) != 0 ||
	    cert_decode(&out->cert, cert.data, cert.size) != ERR_OK)
		return ERR_CORRUPT;
	return ERR_OK;
}

enum err
index_node_read(
    struct txn *t, const uint8_t id[NODE_ID_BYTES], struct node *out)
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_NODES, id, NODE_ID_BYTES, &value);

	if (e == ERR_OK)
		e = node_decode(&value, out);
	buffer_free(&value);
	return e;
}

enum err
index_node_write(struct txn *t, const struct node *n)
{
	uint8_t id[NODE_ID_BYTES];
	struct buffer value = {0}, cert = {0};
	enum err e = cert_encode(&n->cert, &cert);

	node_id_of(id, n->cert.signing_key);
	put_string(&value, cert.data, cert.size);
	put_u8(&value, n->is_revoked ? 1 : 0);
	put_u64(&value, (uint64_t)n->last_contact);
	put_u64(&value, (uint64_t)n->clock_offset);
	put_u64(&value, n->changes_taken);
	put_u64(&value, (uint64_t)n->revoked_at);
	put_text(&value, n->reason);
	put_u64(&value, n->apart_changes);
	put_u64(&value, n->apart_bytes);
	if (e == ERR_OK)
		e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_NODES, id, sizeof id, value.data, value.size);
	if (e == ERR_OK)
		e = txn_put(t, TABLE_NODE_KEYS, n->cert.transport_key,
		    KEY_BYTES, id, sizeof id);
	buffer_free(&cert);
	buffer_free(&value);
	return e;
}

enum err
index_node_by_key(struct txn *t, const uint8_t key[KEY_BYTES], struct node *out)
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_NODE_KEYS, key, KEY_BYTES, &value);

	if (e == ERR_OK && value.size != NODE_ID_BYTES)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = index_node_read(t, value.data, out);
	/* A key that the node gave up opens no door. */
	if (e == ERR_OK && memcmp(out->cert.transport_key, key, KEY_BYTES) != 0)
		e = ERR_NOT_FOUND;
	buffer_free(&value);
	return e;
}

enum err
index_node_walk(struct txn *t, node_visit *visit, void *context)
{
	struct buffer value = {0};
	struct node n;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_NODES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		e = node_decode(&value, &n);
		if (e == ERR_OK)
			e = visit(context, &n);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_END ? ERR_OK : e;
}

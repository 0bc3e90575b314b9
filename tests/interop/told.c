/* told: values of the C side as JSON, for tests/interop/account.c. */

#include <stdlib.h>

#include "tests/interop/told.h"

json_t *
told_hex(const void *data, size_t size)
{
	char *text = malloc(2 * size + 1);
	json_t *out;

	if (text == NULL)
		abort();
	hex_encode(text, data, size);
	out = json_string(text);
	free(text);
	return out;
}

void
told_set(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) != 0)
		abort();
}

void
told_set_hex(json_t *o, const char *key, const void *data, size_t size)
{
	told_set(o, key, told_hex(data, size));
}

/* 64 bits unsigned do not fit an integer of jansson. */
void
told_set_u64(json_t *o, const char *key, uint64_t value)
{
	told_set(o, key, json_sprintf("%llu", (unsigned long long)value));
}

json_t *
told_cursor(const struct list_id *list, const struct cursor *c)
{
	json_t *o = json_object();

	if (list != NULL) {
		told_set(o, "list", json_string(list->name));
		told_set(o, "class", json_integer(list->class));
	}
	told_set(o, "epoch", json_integer(c->epoch));
	told_set_u64(o, "place", c->place);
	told_set_u64(o, "running", c->running);
	return o;
}

json_t *
told_cursors(const struct cursor_set *set_of)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < set_of->count; i++)
		json_array_append_new(all, told_cursor(&set_of->item[i].list,
		                               &set_of->item[i].cursor));
	return all;
}

json_t *
told_id(const struct change_id *id)
{
	json_t *o = json_object();

	told_set_hex(o, "life", id->life, LIFE_BYTES);
	told_set(o, "class", json_integer(id->class));
	told_set_u64(o, "seq", id->seq);
	return o;
}

json_t *
told_seqs(const uint64_t seq[CLASSES])
{
	json_t *all = json_array();
	unsigned i;

	for (i = 0; i < CLASSES; i++)
		json_array_append_new(all, json_integer((json_int_t)seq[i]));
	return all;
}

static json_t *
cert_json(const struct cert *c)
{
	struct buffer out = {0};
	json_t *o = json_object(), *orgs = json_array();
	size_t i;

	if (cert_encode(c, &out) != ERR_OK)
		abort();
	told_set_hex(o, "encoding", out.data, out.size);
	buffer_free(&out);
	told_set_hex(o, "issuer", c->issuer, sizeof c->issuer);
	told_set_u64(o, "number", c->number);
	told_set(o, "role", json_integer(c->role));
	told_set(o, "name", json_string(c->name));
	told_set_hex(o, "transport_key", c->transport_key, KEY_BYTES);
	told_set_hex(o, "signing_key", c->signing_key, KEY_BYTES);
	for (i = 0; i < c->org_count; i++)
		json_array_append_new(orgs, json_string(c->orgs[i]));
	told_set(o, "orgs", orgs);
	return o;
}

json_t *
told_chain(const struct cert *chain, size_t count)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(all, cert_json(&chain[i]));
	return all;
}

/* --- changes ---------------------------------------------------------------
 */

/* What a body says, or nothing where it cannot be read. */
json_t *
told_body(const struct change_id *id, const void *body, size_t size)
{
	json_t *o = json_object(), *parents = json_array();
	struct change c;
	size_t i;

	change_init(&c);
	c.id = *id;
	if (change_decode(&c, body, size) != ERR_OK)
		abort();
	told_set(o, "source", json_string(c.record.source));
	told_set(o, "kind", json_string(c.record.kind));
	told_set(o, "ref", json_string(c.record.ref));
	told_set(o, "founds", json_boolean(c.founds));
	told_set(o, "by", json_string(c.by));
	told_set(o, "org", json_string(c.org));
	told_set(o, "managing", json_boolean(c.managing));
	told_set(o, "clock", json_integer(c.clock));
	told_set(o, "occurred_at", json_integer(c.occurred_at));
	told_set(o, "recorded_at", json_integer(c.recorded_at));
	for (i = 0; i < c.parent_count; i++) {
		json_t *p = told_id(&c.parents[i].id);

		told_set_hex(
		    p, "link", c.parents[i].link, FINGERPRINT_LINK_BYTES);
		json_array_append_new(parents, p);
	}
	told_set(o, "parents", parents);
	told_set(o, "fields", json_incref(c.fields));
	change_clear(&c);
	return o;
}

/* --- kinds: names of fields, which the wire has as numbers -------------------
 */

static json_t *
table_json(const struct field *f)
{
	json_t *o = json_object();

	for (; f != NULL && f->number != 0; f++) {
		char number[16];

		snprintf(number, sizeof number, "%u", f->number);
		told_set(o, number,
		    json_pack("[s, o]", f->name, table_json(f->row)));
	}
	return o;
}

json_t *
told_kinds(void)
{
	const struct kind *const *k;
	json_t *o = json_object();

	for (k = kind_all(); *k != NULL; k++) {
		char number[16];

		snprintf(number, sizeof number, "%u", (*k)->number);
		told_set(o, number,
		    json_pack("[s, o]", (*k)->name, table_json((*k)->fields)));
	}
	return o;
}

/* op: what all operations share. */

#include <stdio.h>
#include <string.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/enrol.h"

/* --- the request ------------------------------------------------------- */

const char *
op_text(const struct op *o, const char *name)
{
	return json_string_value(json_object_get(o->request, name));
}

const char *
op_bare_ref(const char *text)
{
	return text != NULL && strncmp(text, "ref:", 4) == 0 ? text + 4 : text;
}

const char *
op_ref(const struct op *o, const char *name)
{
	return op_bare_ref(op_text(o, name));
}

bool
op_flag(const struct op *o, const char *name)
{
	return json_is_true(json_object_get(o->request, name));
}

/* --- the answer -------------------------------------------------------- */

enum err
op_emit(struct op *o, const char *member, json_t *value)
{
	json_t *line = json_object();
	enum err e = ERR_NOMEM;

	if (line == NULL)
		json_decref(value);
	else if (json_object_set_new(line, member, value) == 0)
		e = o->sink->line(o->sink->context, line);
	json_decref(line);
	return e;
}

enum err
op_emit_items(struct op *o, const json_t *array)
{
	enum err e = ERR_OK;
	const json_t *row;
	size_t i;

	json_array_foreach(array, i, row)
	{
		e = op_emit(o, "item", json_deep_copy(row));
		if (e != ERR_OK)
			break;
	}
	return e;
}

void
op_today(const struct self *self, char out[DATE_CHARS + 1])
{
	int64_t now = api_now();
	char text[26];

	out[0] = '\0';
	if (self_clock(self, now) == CLOCK_OK &&
	    instant_print(now, text) == ERR_OK)
		snprintf(out, DATE_CHARS + 1, "%.10s", text);
}

const char *
op_state_today(const json_t *record, const char *day)
{
	const struct kind *k =
	    kind_by_name(json_string_value(json_object_get(record, "kind")));
	const char *today = NULL;

	if (k == NULL || json_is_true(json_object_get(record, "emptied")))
		return NULL;
	if (k->view != NULL && *day != '\0')
		today = k->view(record, day);
	if (today == NULL && json_object_get(record, "state") == NULL)
		today = k->unsaid;
	return today;
}

enum err
op_emit_record(struct op *o, json_t *record, const char *day)
{
	return op_emit_today(
	    o, record, day == NULL ? NULL : op_state_today(record, day));
}

enum err
op_emit_today(struct op *o, json_t *record, const char *today)
{
	json_t *line;
	enum err e;

	line = json_pack("{s:o, s:s*}", "record", record, "today", today);
	if (line == NULL)
		return ERR_NOMEM;
	e = o->sink->line(o->sink->context, line);
	json_decref(line);
	return e;
}

json_t *
op_finding(enum finding_code code, bool is_refused, const char *field)
{
	return json_pack("{s:b, s:s, s:s, s:s, s:s}", "refused",
	    (int)is_refused, "code", finding_name(code), "field", field,
	    "reason", finding_reason(code), "mend", finding_mend(code));
}

json_t *
op_instant(int64_t seconds)
{
	char text[26];

	if (seconds == 0 || instant_print(seconds, text) != ERR_OK)
		return json_null();
	return json_string(text);
}

enum err
op_fail(struct op *o, enum err e, const char *message)
{
	o->message = message;
	return e;
}

enum err
op_fail_with(
    struct op *o, enum err e, enum api_exit exit_code, const char *message)
{
	o->has_exit = true;
	o->exit = exit_code;
	return op_fail(o, e, message);
}

/* --- the node ---------------------------------------------------------- */

bool
op_is_stopping(const struct op *o)
{
	return o->api->stopping != NULL && o->api->stopping(o->api->context);
}

enum err
op_self(struct op *o, struct self *out)
{
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, out);
	txn_abort(t);
	if (e == ERR_NOT_FOUND)
		return op_fail_with(o, e, API_NOT_ENROLLED,
		    N_("There is no store here yet: yizhan init, or yizhan "
		       "join CODE."));
	return e;
}

enum err
op_begin_authoring(const struct op *o)
{
	return store_begin_life(o->api->store, api_now());
}

void
op_saved(const struct op *o)
{
	if (o->api->saved != NULL)
		o->api->saved(o->api->context);
}

enum err
op_lock_parent(const struct op *o, unsigned timeout_ms)
{
	if (o->api->lock_parent == NULL)
		return ERR_OK;
	return o->api->lock_parent(o->api->context, timeout_ms);
}

void
op_unlock_parent(const struct op *o)
{
	if (o->api->unlock_parent != NULL)
		o->api->unlock_parent(o->api->context);
}

void
op_session_over(const struct op *o, enum session_purpose purpose,
    const char *peer, enum err e, const struct link_report *r)
{
	if (o->api->session_over != NULL)
		o->api->session_over(o->api->context, purpose, peer, e, r);
}

enum err
op_parent_address(
    const struct op *o, const struct self *self, char *out, size_t out_bytes)
{
	struct cert parent;
	struct txn *t;
	enum err e;
	int n;

	if (o->api->parent != NULL) {
		n = snprintf(out, out_bytes, "%s", o->api->parent);
		return n < 0 || (size_t)n >= out_bytes ? ERR_LIMIT : ERR_OK;
	}
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	e = enrol_parent(t, self, &parent, out, out_bytes);
	txn_abort(t);
	return e == ERR_OK && out[0] == '\0' ? ERR_NOT_FOUND : e;
}

const char *
op_role_name(enum node_role role)
{
	switch (role) {
	case ROLE_CLINIC:
		return "clinic";
	case ROLE_RELAY:
		return "relay";
	case ROLE_HUB:
		return "hub";
	}
	return "unknown";
}

json_t *
op_orgs(const struct self *self)
{
	json_t *orgs = json_array();
	size_t i;

	for (i = 0; self->chain_count > 0 && i < self->chain[0].org_count; i++)
		json_array_append_new(
		    orgs, json_string(self->chain[0].orgs[i]));
	return orgs;
}

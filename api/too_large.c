/* too_large: what had no room in a session for its size. */

#include "api/too_large.h"
#include "store/record.h"

static enum err
name_in(struct txn *t, const struct change_id *id, json_t *out)
{
	struct stored s;
	struct change c;
	enum err e;

	stored_init(&s);
	change_init(&c);
	c.id = *id;
	e = stored_read(t, id, &s);
	if (e == ERR_OK)
		e = change_decode(&c, s.body.data, s.body.size);
	if (e == ERR_OK && (json_object_set_new(
	                        out, "kind", json_string(c.record.kind)) != 0 ||
	                       json_object_set_new(
	                           out, "ref", json_string(c.record.ref)) != 0))
		e = ERR_NOMEM;
	change_clear(&c);
	stored_free(&s);
	return e;
}

json_t *
too_large_json(struct db *db, const struct session_over *over)
{
	json_t *out = json_pack("{s:I}", "bytes", (json_int_t)over->needs);
	struct txn *t;

	if (out == NULL || !over->is_ours || db_begin(db, false, &t) != ERR_OK)
		return out;
	/* Its size is worth telling without a name, too. */
	(void)name_in(t, &over->id, out);
	txn_abort(t);
	return out;
}

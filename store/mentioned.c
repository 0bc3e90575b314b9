/* mentioned: what a change is about. */

#include "store/mentioned.h"
#include "store/scope.h"

static bool
each_field(const struct kind *k, const json_t *fields, mentioned_visit *visit,
    void *context)
{
	const char *kind, *ref, *source;
	const struct field *f;
	size_t i;

	for (f = k->fields; f->number != 0; f++) {
		if ((f->flags & (FIELD_FOLLOWS | FIELD_GRANTS)) == 0)
			continue;
		for (i = 0; (ref = scope_ref(fields, f, i)) != NULL; i++)
			if (visit(context, f->ref_kind, ref))
				return true;
	}
	return scope_about(k, fields, &kind, &ref, &source) &&
	       visit(context, kind, ref);
}

bool
mentioned_each(struct txn *t, const struct change *c, mentioned_visit *visit,
    void *context)
{
	const struct kind *k = kind_by_name(c->record.kind);
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	bool is_found;

	if (visit(context, c->record.kind, c->record.ref))
		return true;
	if (k == NULL)
		return false;
	if (each_field(k, c->fields, visit, context))
		return true;
	key_record(txn_db(t), key, &c->record);
	if (record_read(t, key, &r) != ERR_OK)
		return false;
	is_found = each_field(k, r.fields, visit, context);
	record_clear(&r);
	return is_found;
}

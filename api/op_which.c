/* op_which: what a ref that was typed leads to, where that is no one record. */

#include <stdio.h>
#include <string.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/codes.h"
#include "store/scope.h"

enum { SHOWN_MAX = 8 };

/* As it is to be typed. Drafts and kinds that nothing follows are not known by
 * their refs alone; then the person is only told that there are several. */
static enum err
show_word(struct op *o, struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	char word[REF_BYTES_MAX + SOURCE_BYTES_MAX + 2];
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	snprintf(word, sizeof word, "%s@%s", r.id.ref, r.id.source);
	record_clear(&r);
	return op_emit(o, "notice",
	    json_pack("{s:b, s:s, s:s, s:s, s:s}", "refused", 1, "code",
	        finding_name(FINDING_CALLED_SO), "field", "", "reason", word,
	        "mend", ""));
}

static enum err
show_all(struct op *o, const char *kind, const char *ref)
{
	struct buffer keys = {0};
	struct txn *t;
	size_t at;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = naming_walk(t, kind, ref, NAMING_HOLDERS, NULL, SHOWN_MAX, &keys);
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = show_word(o, t, keys.data + at);
	txn_abort(t);
	buffer_free(&keys);
	return e;
}

/* A patient may be there before the record of his referral. */
static bool
is_slip_of_referral(const char *kind, const char *ref)
{
	char letter;

	return kind != NULL && ref != NULL && strcmp(kind, "referral") == 0 &&
	       slip_is_valid(ref, &letter) && letter == 'R';
}

enum err
op_no_one_record(struct op *o, enum err e, const char *kind, const char *ref)
{
	enum err shown = ERR_OK;

	if (e == ERR_NOT_FOUND && is_slip_of_referral(kind, ref))
		return op_fail(o, e,
		    N_("No referral with this slip number has come yet. If the "
		       "patient is here, register that by the number: yizhan "
		       "add referral --state arrived --slip-no NUMBER "
		       "--arrived-at TIME. The group joins it to the referral "
		       "when that comes."));
	if (e == ERR_NOT_FOUND)
		return op_fail(o, e,
		    N_("No record of this kind has that ref or slip number."));
	if (e != ERR_CLASH || ref == NULL)
		return e;
	shown = show_all(o, kind, ref);
	if (shown != ERR_OK)
		return shown;
	return op_fail_with(o, e, API_USAGE,
	    N_("Several programs call one of this kind so. Write whose it is "
	       "behind the ref: REF@SOURCE."));
}

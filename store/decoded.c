/* decoded: changes that a writing transaction has read already. */

#include <stdlib.h>
#include <string.h>

#include "store/memo.h"

struct decoded_change {
	uint8_t record[KEY_RECORD_BYTES];
	uint64_t fingerprint;
	struct change change;
};

/* Numbers of one life follow each other; lives are random. */
static size_t
place_of(const struct change_id *id)
{
	return (size_t)(load_u64(id->life) + id->class + id->seq * CLASSES) %
	       DECODED_MOST;
}

static struct decoded_change **
place_in(struct txn *t, const struct change_id *id)
{
	struct memo *memo = memo_of(t);

	return memo == NULL ? NULL : &memo->decoded.of[place_of(id)];
}

static void
drop(struct decoded_change **one)
{
	if (*one != NULL)
		change_clear(&(*one)->change);
	free(*one);
	*one = NULL;
}

bool
decoded_find(struct txn *t, const uint8_t record[KEY_RECORD_BYTES],
    const struct change_id *id, struct change *out, uint64_t *fingerprint)
{
	struct decoded_change **place = place_in(t, id);
	const struct decoded_change *one = place == NULL ? NULL : *place;

	if (one == NULL || change_id_compare(&one->change.id, id) != 0 ||
	    memcmp(one->record, record, KEY_RECORD_BYTES) != 0)
		return false;
	*out = one->change;
	json_incref(out->fields);
	*fingerprint = one->fingerprint;
	return true;
}

void
decoded_note(struct txn *t, const uint8_t record[KEY_RECORD_BYTES],
    const struct change *c, uint64_t fingerprint)
{
	struct decoded_change **place = place_in(t, &c->id);

	if (place == NULL)
		return;
	if (*place == NULL)
		*place = malloc(sizeof **place);
	else
		change_clear(&(*place)->change);
	if (*place == NULL)
		return;
	memcpy((*place)->record, record, KEY_RECORD_BYTES);
	(*place)->fingerprint = fingerprint;
	(*place)->change = *c;
	json_incref((*place)->change.fields);
}

void
decoded_forget(struct txn *t, const struct change_id *id)
{
	struct decoded_change **place = place_in(t, id);

	if (place != NULL && *place != NULL &&
	    change_id_compare(&(*place)->change.id, id) == 0)
		drop(place);
}

void
decoded_clear(struct decoded *d)
{
	size_t i;

	for (i = 0; i < DECODED_MOST; i++)
		drop(&d->of[i]);
}

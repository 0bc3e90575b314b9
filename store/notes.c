/* notes: what follows from a merged change besides its record. */

#include <string.h>

#include "store/arrival.h"
#include "store/contest_settle.h"
#include "store/crowded.h"
#include "store/due.h"
#include "store/duplicates.h"
#include "store/emptying.h"
#include "store/linked.h"
#include "store/looked.h"
#include "store/matter.h"
#include "store/not_at_site.h"
#include "store/notes.h"
#include "store/persons.h"
#include "store/record.h"
#include "store/scope.h"
#include "store/two_places.h"

/* A record that was emptied here has nothing to say until it is filled in. */
static enum err
unless_emptied(enum err e)
{
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
notes_rows(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_CHANGE_BYTES])
{
	enum err e = unless_emptied(duplicates_note(t, c, key));

	if (e == ERR_OK)
		e = unless_emptied(due_note(t, c, key));
	if (e == ERR_OK)
		e = unless_emptied(looked_note(t, c, key));
	if (e == ERR_OK)
		e = unless_emptied(two_places_note(t, c, key));
	if (e == ERR_OK)
		e = unless_emptied(linked_note(t, c, key));
	return e;
}

enum err
notes_matters(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_CHANGE_BYTES])
{
	enum err e = scope_hold_ref(t, self, c, key);

	if (e == ERR_OK)
		e = crowded_note(t, self, c, key);
	if (e == ERR_OK)
		e = not_at_site_note(t, self, c);
	if (e != ERR_OK || emptying_is_emptied(t, key))
		return e;
	e = unless_emptied(contest_note(t, self, c, key));
	if (e == ERR_OK)
		e = arrival_note(t, self, c, key);
	if (e == ERR_OK)
		e = unless_emptied(persons_note(t, self, c, key));
	if (e == ERR_OK)
		e = unless_emptied(matter_note(t, self, c, key));
	return e;
}

enum err
notes_filled(
    struct txn *t, const struct self *self, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t one[KEY_RECORD_CHANGE_BYTES];
	struct record_set set;
	size_t i;
	enum err e = record_gather(t, key, SIZE_MAX, &set);

	/* One that cannot be read is verify's to tell and stops nothing. */
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : unless_emptied(e);
	memcpy(one, key, KEY_RECORD_BYTES);
	for (i = 0; e == ERR_OK && i < set.count; i++) {
		key_change(one + KEY_RECORD_BYTES, &set.change[i].id);
		e = notes_rows(t, &set.change[i], one);
		if (e == ERR_OK)
			e = notes_matters(t, self, &set.change[i], one);
	}
	record_set_free(&set);
	return e;
}

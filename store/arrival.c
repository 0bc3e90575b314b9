/* arrival: arrivals registered by slip number are joined to their referrals. */

#include <stdlib.h>
#include <string.h>

#include "store/arrival.h"
#include "store/arrival_say.h"
#include "store/contest_said.h"
#include "store/rules.h"

/* Rows of `meta`: this and the key of the record that changed; and this, the
 * blinded number and the key of a referral that bears it. */
static const char due_prefix[] = "arrival:";
static const char slip_prefix[] = "arrival.slip:";
static const char looked[] = "arrival.looked";

enum {
	DUE_PREFIX_BYTES = sizeof due_prefix - 1,
	DUE_BYTES = DUE_PREFIX_BYTES + KEY_RECORD_BYTES,
	SLIP_PREFIX_BYTES = sizeof slip_prefix - 1 + DB_BLIND_BYTES,
	SLIP_BYTES = SLIP_PREFIX_BYTES + KEY_RECORD_BYTES,
};

/* --- what is due --------------------------------------------------------- */

static enum err
put_due(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[DUE_BYTES];

	memcpy(row, due_prefix, DUE_PREFIX_BYTES);
	memcpy(row + DUE_PREFIX_BYTES, key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_META, row, sizeof row, "", 0);
}

enum err
arrival_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	if (self->role != ROLE_HUB || !self->is_enrolled ||
	    strcmp(c->record.kind, "referral") != 0 || contest_is_machines(c))
		return ERR_OK;
	return put_due(t, key);
}

/* Any of the rows, which is taken away. ERR_END: none is left. */
static enum err
take_due(struct txn *t, uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[DUE_BYTES];
	struct bytes found;
	struct walk *w;
	enum err e = walk_open(t, TABLE_META, due_prefix, DUE_PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	e = walk_next(w, &found, NULL);
	if (e == ERR_OK &&
	    (found.size != sizeof row ||
	        memcmp(found.data, due_prefix, DUE_PREFIX_BYTES) != 0))
		e = ERR_END;
	if (e == ERR_OK)
		memcpy(row, found.data, sizeof row);
	walk_close(w);
	if (e != ERR_OK)
		return e;
	memcpy(key, row + DUE_PREFIX_BYTES, KEY_RECORD_BYTES);
	return txn_delete(t, TABLE_META, row, sizeof row);
}

/* --- what is worked off -------------------------------------------------- */

static void
slip_row(struct txn *t, const char *number, const uint8_t key[KEY_RECORD_BYTES],
    uint8_t row[SLIP_BYTES])
{
	memcpy(row, slip_prefix, sizeof slip_prefix - 1);
	db_blind(txn_db(t), "slip", number, strlen(number),
	    row + sizeof slip_prefix - 1);
	memcpy(row + SLIP_PREFIX_BYTES, key, KEY_RECORD_BYTES);
}

/* The records with a number, by one of its rows; one more than are looked at.
 */
static enum err
slip_keys(struct txn *t, const uint8_t row[SLIP_BYTES], struct buffer *keys)
{
	struct bytes found;
	struct walk *w;
	enum err e = walk_open(t, TABLE_META, row, SLIP_PREFIX_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (keys->size <= (size_t)ARRIVAL_RECORDS_MOST * KEY_RECORD_BYTES &&
	       (e = walk_next(w, &found, NULL)) == ERR_OK &&
	       found.size == SLIP_BYTES &&
	       memcmp(found.data, row, SLIP_PREFIX_BYTES) == 0)
		put_bytes(
		    keys, found.data + SLIP_PREFIX_BYTES, KEY_RECORD_BYTES);
	walk_close(w);
	e = e == ERR_END ? ERR_OK : e;
	return e == ERR_OK ? buffer_state(keys) : e;
}

static bool
has_key(const struct buffer *keys, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t at;

	for (at = 0; at < keys->size; at += KEY_RECORD_BYTES)
		if (memcmp(keys->data + at, key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

/* ERR_LIMIT, ERR_CORRUPT: one of them cannot be read. */
static enum err
read_all(struct txn *t, const struct buffer *keys, const char *number,
    struct slips *s)
{
	size_t at;
	enum err e = ERR_OK;

	s->is_crowded =
	    keys->size > (size_t)ARRIVAL_RECORDS_MOST * KEY_RECORD_BYTES;
	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES) {
		struct slip *one = &s->of[s->count];

		e = slip_read(t, keys->data + at, one);
		if (e == ERR_OK && slip_bears(one, number))
			s->count++;
		else if (e == ERR_OK)
			slip_clear(one);
		else if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return e;
}

/* Where one cannot be read, nobody knows what follows: all stay as they are. */
static enum err
settle_keys(struct txn *t, const struct self *self, const struct buffer *keys,
    const char *number, int64_t now)
{
	struct slips *s = calloc(1, sizeof *s);
	size_t i;
	enum err e = s == NULL ? ERR_NOMEM : read_all(t, keys, number, s);
	bool is_unclear = e == ERR_CORRUPT || e == ERR_LIMIT;

	for (i = 0; e == ERR_OK && i < s->count; i++)
		e = arrival_say(t, self, s, &s->of[i], now);
	slips_free(s);
	return is_unclear ? ERR_OK : e;
}

static enum err
settle_alone(
    struct txn *t, const struct self *self, const struct slip *one, int64_t now)
{
	static const struct slips none = {.is_crowded = true};

	return arrival_say(t, self, &none, one, now);
}

/* With those of the number that it bears now. */
static enum err
settle_now(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct slip *due, int64_t now)
{
	const char *number = rule_text(due->said.fields, "slip_no");
	struct buffer keys = {0};
	uint8_t row[SLIP_BYTES];
	enum err e;

	if (number == NULL)
		return settle_alone(t, self, due, now);
	slip_row(t, number, key, row);
	e = txn_put(t, TABLE_META, row, sizeof row, "", 0);
	if (e == ERR_OK)
		e = slip_keys(t, row, &keys);
	/* Beside too many others it is not among them. */
	if (e == ERR_OK &&
	    (keys.size == KEY_RECORD_BYTES || !has_key(&keys, key)))
		e = settle_alone(t, self, due, now);
	else if (e == ERR_OK)
		e = settle_keys(t, self, &keys, number, now);
	buffer_free(&keys);
	return e;
}

static bool
is_told_before(const struct slip *due, size_t i, const char *number)
{
	const char *other;
	size_t j;

	for (j = 0; j < i; j++) {
		other = rule_text(due->set.change[j].fields, "slip_no");
		if (other != NULL && strcmp(other, number) == 0)
			return true;
	}
	return false;
}

/* Those of a number that it bore go on without it. */
static enum err
settle_past(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const char *number, int64_t now)
{
	struct buffer keys = {0};
	uint8_t row[SLIP_BYTES];
	enum err e;

	slip_row(t, number, key, row);
	e = txn_delete(t, TABLE_META, row, sizeof row);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		e = slip_keys(t, row, &keys);
	if (e == ERR_OK && keys.size > 0)
		e = settle_keys(t, self, &keys, number, now);
	buffer_free(&keys);
	return e;
}

static enum err
settle_slip(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct slip *due, int64_t now)
{
	size_t i;
	enum err e = settle_now(t, self, key, due, now);

	for (i = 0; e == ERR_OK && i < due->set.count; i++) {
		const char *number =
		    rule_text(due->set.change[i].fields, "slip_no");

		if (number != NULL && !slip_bears(due, number) &&
		    !is_told_before(due, i, number))
			e = settle_past(t, self, key, number, now);
	}
	return e;
}

static enum err
settle_one(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], int64_t now)
{
	struct slip due = {.is_stub = false};
	enum err e = slip_read(t, key, &due);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT || e == ERR_LIMIT
		           ? ERR_OK
		           : e;
	e = settle_slip(t, self, key, &due, now);
	slip_clear(&due);
	return e;
}

enum err
arrival_settle(struct txn *t, const struct self *self, int64_t now)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ERR_OK;

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	while (e == ERR_OK && (e = take_due(t, key)) == ERR_OK)
		e = settle_one(t, self, key, now);
	return e == ERR_END ? ERR_OK : e;
}

/* --- a hub that held referrals before it joined them -----------------------
 */

static enum err
note_all(struct txn *t)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = record_keys(t, "referral", &keys);

	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = put_due(t, keys.data + at);
	buffer_free(&keys);
	return e;
}

enum err
arrival_prepare(struct txn *t, const struct self *self)
{
	uint64_t was_looked;
	enum err e;

	if (self->role != ROLE_HUB || !self->is_enrolled)
		return ERR_OK;
	e = meta_get_number(t, looked, &was_looked);
	if (e != ERR_OK || was_looked > 0)
		return e;
	e = note_all(t);
	return e == ERR_OK ? meta_put_number(t, looked, 1) : e;
}

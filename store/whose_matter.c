/* whose_matter: what waits after a link was undone is decided: whose record it
 * is (whose.h). It is filed with that entry, or stays where it is.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/linked.h"
#include "store/matter.h"
#include "store/reassign.h"
#include "store/rules.h"
#include "store/whose.h"

static enum err
add_entry(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct matter *m)
{
	char word[REF_BYTES_MAX + 1];
	struct record r;
	json_t *shown;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e;
	snprintf(word, sizeof word, "%s", r.id.ref);
	/* Two programs may call them the same. */
	if (m->choice_count > 0 && strcmp(m->choice[0].word, word) == 0)
		snprintf(word, sizeof word, "%.700s@%s", r.id.ref, r.id.source);
	shown = json_pack("{s:s, s:{s:s*, s:s*}}", "org", r.org, "fields",
	    "name", rule_text(r.fields, "name"), "birth_date",
	    rule_text(r.fields, "birth_date"));
	e = matter_add_choice(m, word, shown);
	record_clear(&r);
	return e;
}

static enum err
read_sides(struct txn *t, const struct self *self, const struct question *q,
    uint8_t side[2][KEY_RECORD_BYTES])
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record link;
	enum err e = record_find(t, self, "link", q->field, key);

	if (e == ERR_OK)
		e = record_read(t, key, &link);
	if (e == ERR_CLASH) /* asked before the source was told */
		return ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	e = linked_sides(t, &link, side[0], side[1]);
	record_clear(&link);
	return e;
}

static enum err
resident_now(struct txn *t, const struct question *q,
    uint8_t fact[KEY_RECORD_BYTES], uint8_t entry[KEY_RECORD_BYTES])
{
	struct record r;
	enum err e;

	matter_key(t, q, fact);
	e = record_read(t, fact, &r);
	if (e != ERR_OK)
		return e;
	e = linked_resident(t, &r.id, r.fields, entry);
	record_clear(&r);
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t side[2][KEY_RECORD_BYTES];
	uint8_t fact[KEY_RECORD_BYTES], entry[KEY_RECORD_BYTES];
	size_t i;
	enum err e = read_sides(t, self, m->question, side);

	if (e == ERR_OK)
		e = resident_now(t, m->question, fact, entry);
	for (i = 0; e == ERR_OK && i < 2; i++) {
		e = add_entry(t, side[i], m);
		if (memcmp(side[i], entry, sizeof entry) == 0)
			m->proposal = (int)i;
	}
	m->ground = N_("it is filed there");
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t side[2][KEY_RECORD_BYTES];
	uint8_t fact[KEY_RECORD_BYTES], entry[KEY_RECORD_BYTES];
	struct authored made;
	struct record r;
	enum err e = read_sides(pen->t, pen->self, m->question, side);

	if (e == ERR_OK)
		e = resident_now(pen->t, m->question, fact, entry);
	if (e != ERR_OK || memcmp(side[n], entry, sizeof entry) == 0)
		return e;
	e = record_read(pen->t, side[n], &r);
	if (e == ERR_OK) {
		struct reassigning how = {.to = r.id.ref,
		    .to_key = side[n],
		    .by = pen->by,
		    .reason = pen->reason,
		    .now = pen->now};

		e = reassign(pen->t, pen->self, fact, &how, &made);
		if (e == ERR_REFUSED)
			pen->made.findings = made.findings;
		record_clear(&r);
	}
	return e;
}

/* What was filed elsewhere is filed back, which is a decision of its own. Else
 * it is asked again, as soon as it is not decided any more. */
static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct identity about;
	struct record r;
	bool is_moved;
	enum err e;

	matter_about(decision->fields, &about);
	key_record(txn_db(pen->t), key, &about);
	e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	is_moved = json_object_get(r.fields, "reassigned_to") != NULL;
	record_clear(&r);
	if (!is_moved)
		return ERR_OK;
	findings_refuse(
	    &pen->made.findings, FINDING_FILED_ELSEWHERE, "resident_id");
	return ERR_REFUSED;
}

const struct matter_maker matter_whose = {
    .code = FINDING_WHOSE,
    .urgency = 1,
    .note = whose_note_decision,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};

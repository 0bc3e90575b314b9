/* entitled: whether who wrote as the managing org was it. The claim is part of
 * the change and decides between concurrent values, so it counts at once; the
 * group looks at it. A claim about a file or a device follows from the record's
 * own changes: where they are all here and say no, the hub takes it back by a
 * change of the record (MERGE_UNMANAGED), without a person, and what was
 * written counts as anybody's. What was a step of the managing org's, or about
 * something else, a person sets aside. Until that arrives the claim stands.
 * Who kept a file is keeper.c's to say: who took it himself did not.
 */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/contract_word.h"
#include "store/deaths.h"
#include "store/decided.h"
#include "store/entitled.h"
#include "store/entitled_claims.h"
#include "store/keeper.h"
#include "store/kin.h"
#include "store/matter_pen.h"
#include "store/rules.h"
#include "store/scope.h"

static enum err
ask_about(
    struct txn *t, const struct change *c, enum finding_code code, bool wrong)
{
	return decided_ask(t, c, code, c->occurred_at, wrong);
}

/* After it the record's beginning may be another: it begins it, or says that
 * another change does not. */
static bool
begins_anew(const struct change *c)
{
	return c->parent_count == 0 ||
	       json_object_get(c->fields, MERGE_SET_ASIDE) != NULL;
}

/* --- claims about a file or a device ---------------------------------------
 */

static bool
is_taken_back(const struct record_set *set, const char *id)
{
	size_t i, j;

	for (i = 0; i < set->count; i++) {
		const json_t *ids =
		    json_object_get(set->change[i].fields, MERGE_UNMANAGED);

		for (j = 0; j < json_array_size(ids); j++) {
			const char *one =
			    json_string_value(json_array_get(ids, j));

			if (one != NULL && strcmp(one, id) == 0)
				return true;
		}
	}
	return false;
}

/* It has seen only the change it speaks of, so that what met goes on to; it
 * stands where that stood, and says nothing else. */
static enum err
take_back(struct txn *t, const struct self *self, const struct record_set *set,
    const struct change *claim)
{
	struct stored s;
	struct change c;
	uint8_t link[8];
	char id[48];
	enum err e = ERR_OK;

	matter_change_id(&claim->id, id);
	if (is_taken_back(set, id))
		return ERR_OK;
	stored_init(&s);
	change_init(&c);
	e = stored_read(t, &claim->id, &s);
	if (e == ERR_OK) {
		store_u64(link, s.fingerprint);
		c.record = claim->record;
		c.parent_count = 1;
		c.parents[0].id = claim->id;
		memcpy(c.parents[0].link, link, FINGERPRINT_LINK_BYTES);
		snprintf(c.by, sizeof c.by, "%s", CONTEST_AUTHOR);
		snprintf(c.org, sizeof c.org, "%s", claim->org);
		c.clock = claim->clock;
		c.occurred_at = claim->occurred_at;
		c.recorded_at = claim->recorded_at;
		c.fields = json_pack("{s:[s]}", MERGE_UNMANAGED, id);
		e = c.fields == NULL ? ERR_NOMEM : admit_own(t, self, &c, 1);
	}
	change_clear(&c);
	stored_free(&s);
	/* What no change can hold stays unsaid and stops nothing. */
	return e == ERR_LIMIT || e == ERR_FORMAT ? ERR_OK : e;
}

static bool
says_keeper(const struct change *c, const char *name)
{
	return json_object_get(c->fields, name) != NULL;
}

/* Whether it says what is the owner's alone to say. While all that it had seen
 * is in doubt, that is asked about. */
static bool
speaks_for_owner(const struct self *self, const struct keeper *k, size_t i)
{
	return keeper_sets_own(&k->set->change[i]) && keeper_sees_all(k, i) &&
	       !keeper_in_doubt(k, i) && !keeper_may_say(k, self, i);
}

/* Who takes a file or a step that is not his, or says that the dead live, is
 * asked about besides, whether or not he says that he is the managing org. So
 * is who may do so only if the record was his to begin: or who begins another's
 * anew would be free to. */
static enum err
judge_claim(
    struct txn *t, const struct self *self, const struct keeper *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	bool takes_step = entitled_takes_step(c);
	bool names = says_keeper(c, k->field), owns = keeper_sets_own(c), wrong;
	bool lives = deaths_speaks_after(k->set, i);
	enum err e = ERR_OK;

	if ((!c->managing && !takes_step && !names && !lives && !owns) ||
	    keeper_is_group(t, self, c))
		return ERR_OK;
	wrong = keeper_then(k, i) == KEEPER_NO;
	if (c->managing && wrong)
		e = take_back(t, self, k->set, c);
	if (e == ERR_OK && (takes_step || names || lives || owns))
		e = ask_about(t, c, FINDING_UNENTITLED,
		    speaks_for_owner(self, k, i) ||
		        ((wrong || keeper_in_doubt(k, i)) &&
		            (takes_step || keeper_takes(k, i) ||
		                deaths_takes_back(k->set, &k->graph, i))));
	return e;
}

/* The change that came may be what another had seen, or a word of the group's
 * about any, or begin the record as others say they did. Where it shows whether
 * a word about the keeper is right, more is known of all that names the file.
 */
static enum err
judge_from(struct txn *t, const struct self *self, const struct keeper *k,
    const struct change *c)
{
	bool all = begins_anew(c), names = false;
	size_t i, at;
	enum err e = ERR_OK;

	for (at = 0; at < k->set->count; at++)
		if (change_id_compare(&k->set->change[at].id, &c->id) == 0)
			break;
	for (i = 0; e == ERR_OK && at < k->set->count && i < k->set->count; i++)
		if (i == at || all || kin_had_seen(k->set, i, at)) {
			e = judge_claim(t, self, k, i);
			names |= says_keeper(&k->set->change[i], k->field);
		}
	return e == ERR_OK && names ? entitled_look_again(t, self, &c->record)
	                            : e;
}

static enum err
note_file(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], const char *name)
{
	struct record_set set;
	struct keeper k;
	enum err e;

	if (!c->managing && !entitled_takes_step(c) && !says_keeper(c, name) &&
	    kin_is_alone(t, key))
		return ERR_OK;
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	e = keeper_open(&k, t, self, &set, name);
	if (e == ERR_OK) {
		e = judge_from(t, self, &k, c);
		keeper_close(&k);
	}
	record_set_free(&set);
	return e;
}

/* --- of signed records ---------------------------------------------------- */

static bool
is_signed_kind(const char *name)
{
	const struct kind *k = kind_by_name(name);

	return k != NULL && k->states != NULL && state_rank(k, "amended") >= 0;
}

/* What one signed only he amends or takes back, or who is above his org. While
 * it is not known whose the record is, no change of it is its org's. */
static bool
is_signers(const struct claims *k, size_t i)
{
	bool others = false;
	size_t j;

	for (j = 0; j < k->set->count; j++) {
		if (k->begun[j] == BEGUN_NOT)
			continue;
		if (k->begun[j] == BEGUN_SURELY &&
		    keeper_is_above(
		        k->t, k->set->change[i].org, k->set->change[j].org))
			return true;
		others = true;
	}
	return !others;
}

static bool
is_contract(const struct change *c)
{
	return strcmp(c->record.kind, "contract") == 0;
}

/* Whether there is anything to judge about a record that says no more. */
static bool
claims_something(const struct change *c)
{
	return c->managing || entitled_takes_step(c) ||
	       (is_contract(c) && contract_word_is_told(c));
}

/* Whose a decision about it was may be seen by the record itself. */
static enum err
note_begun(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	bool is_devices = strcmp(c->record.kind, "custody") == 0 ||
	                  strcmp(c->record.kind, "loan") == 0;

	return begins_anew(c) && (is_devices || !kin_is_alone(t, key))
	           ? entitled_look_at_questions(t, self, &c->record)
	           : ERR_OK;
}

/* --- of all that is no file ----------------------------------------------- */

/* What another said of its terms may count now, or no more. */
static enum err
judge_contract(const struct claims *k, size_t i, bool is_asked)
{
	const struct change *c = &k->set->change[i];
	enum err e = ask_about(k->t, c, FINDING_OTHERS_CONTRACT,
	    !is_asked && contract_word_is_others(k, i));

	return e == ERR_OK ? contest_due(k->t, k->self, &c->record) : e;
}

/* One question a change: who was not the managing org at all is not asked
 * about as the author of another's contract or record besides. */
static enum err
judge_one(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	bool wrong = false;
	enum err e = ERR_OK;

	if (keeper_is_group(k->t, k->self, c))
		return ERR_OK;
	if (claims_may_be(c)) {
		wrong = claims_is_wrong(k, i);
		e = ask_about(k->t, c, FINDING_UNENTITLED, wrong);
		if (e == ERR_OK)
			e = claims_note_names(k, i);
	}
	if (e == ERR_OK && is_contract(c) && contract_word_is_told(c))
		e = judge_contract(k, i, wrong);
	if (e == ERR_OK && c->parent_count > 0 &&
	    is_signed_kind(c->record.kind))
		e = ask_about(k->t, c, FINDING_OTHERS_RECORD,
		    !wrong && !is_signers(k, i));
	return e;
}

/* Whether it came after what had seen it. */
static bool
is_late(const struct record_set *set, size_t at)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (kin_had_seen(set, i, at))
			return true;
	return false;
}

/* The change that came, NULL: any; all where it shows what the record is
 * about, who began it, or what had seen what. */
static enum err
judge_set(struct txn *t, const struct self *self, const struct record_set *set,
    const struct change *c)
{
	struct claims k;
	size_t i, at = SIZE_MAX;
	bool all;
	enum err e = claims_open(&k, t, self, set);

	if (e != ERR_OK)
		return e;
	for (i = 0; c != NULL && i < set->count; i++)
		if (change_id_compare(&set->change[i].id, &c->id) == 0)
			at = i;
	all = c == NULL || begins_anew(c) || claims_shows_more(c) ||
	      (at != SIZE_MAX && is_late(set, at));
	for (i = 0; e == ERR_OK && i < set->count; i++)
		if (all || i == at)
			e = judge_one(&k, i);
	claims_close(&k);
	return e;
}

/* Most records have one change, which claims nothing. */
static bool
is_to_judge(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	const struct kind *k = kind_by_name(c->record.kind);

	if (kin_is_alone(t, key))
		return claims_something(c) ||
		       (c->parent_count > 0 && is_signed_kind(c->record.kind));
	return k == NULL || is_signed_kind(c->record.kind) ||
	       field_by_name(k->fields, "resident_id") != NULL;
}

/* At the hub, as the change comes in: what is known then decides. */
enum err
entitled_judge(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const char *name = keeper_field(c->record.kind);
	struct record_set set;
	enum err e;

	if (name != NULL)
		return note_file(t, self, c, key, name);
	if (!is_to_judge(t, c, key))
		return ERR_OK;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK) /* stops nothing; verify tells */
		return e == ERR_NOMEM ? e : ERR_OK;
	e = judge_set(t, self, &set, c);
	record_set_free(&set);
	return e;
}

enum err
entitled_judge_record(
    struct txn *t, const struct self *self, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set set;
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	if (keeper_field(set.change[0].record.kind) == NULL)
		e = judge_set(t, self, &set, NULL);
	record_set_free(&set);
	return e;
}

enum err
entitled_read(struct txn *t, const struct change_id *id, struct change *c)
{
	struct stored s;
	enum err e;

	stored_init(&s);
	change_init(c);
	c->id = *id;
	e = stored_read(t, id, &s);
	if (e == ERR_OK)
		e = change_decode(c, s.body.data, s.body.size);
	stored_free(&s);
	return e;
}

/* It is decided about, or is not any more. */
static enum err
look_at_decided(struct txn *t, const struct self *self, const struct decided *d)
{
	uint8_t key[KEY_RECORD_BYTES], about_key[KEY_RECORD_BYTES];
	const char *field = rule_text(d->about, "about_field");
	struct identity about;
	struct change_id id;
	struct change c;
	enum err e;

	if (field == NULL || matter_change_parse(field, &id) != ERR_OK)
		return ERR_OK;
	e = entitled_read(t, &id, &c);
	if (e == ERR_OK) {
		matter_about(d->about, &about);
		key_record(txn_db(t), key, &c.record);
		key_record(txn_db(t), about_key, &about);
		if (memcmp(key, about_key, sizeof key) == 0)
			e = d->stands ? ask_about(t, &c, d->code, false)
			              : entitled_judge(t, self, &c, key);
		/* Let stand or not, it counts otherwise than before. */
		if (e == ERR_OK && is_contract(&c))
			e = contest_due(t, self, &c.record);
	}
	change_clear(&c);
	return e == ERR_NOT_FOUND || e == ERR_FORMAT || e == ERR_CORRUPT
	           ? ERR_OK
	           : e;
}

static const struct decided_way decisions = {
    .name = decided_change_name, .look = look_at_decided};

enum err
entitled_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	static const enum finding_code codes[] = {
	    FINDING_UNENTITLED, FINDING_OTHERS_CONTRACT, FINDING_OTHERS_RECORD};
	size_t i;
	enum err e;

	if (self->role != ROLE_HUB)
		return ERR_OK;
	e = entitled_judge(t, self, c, key);
	if (e == ERR_OK)
		e = note_begun(t, self, c, key);
	for (i = 0; e == ERR_OK && i < sizeof codes / sizeof *codes; i++)
		e = decided_each(t, self, c, key, codes[i], &decisions);
	return e;
}

/* not_at_site: who wrote where he has no valid practice site. */

#include <stdio.h>
#include <string.h>

#include "store/date.h"
#include "store/index.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/not_at_site.h"
#include "store/question.h"

enum { MONTH_CHARS = 7, DAY_CHARS = 10 };

/* Person, org and day or month, each with its NUL. */
struct words {
	char data[2 * (REF_BYTES_MAX + 1) + DAY_CHARS + 1];
	size_t size;
};

static void
words_of(
    const struct change *c, const char *when, size_t chars, struct words *out)
{
	const size_t by = strlen(c->by) + 1, org = strlen(c->org) + 1;

	memcpy(out->data, c->by, by);
	memcpy(out->data + by, c->org, org);
	memcpy(out->data + by + org, when, chars);
	out->data[by + org + chars] = '\0';
	out->size = by + org + chars + 1;
}

/* A day's work of one doctor is asked about once a transaction. */
static bool
works_there(struct txn *t, const struct change *c, const char *instant)
{
	struct memo *memo = memo_of(t);
	char day[DAY_CHARS + 1];
	struct words w;
	uint64_t hash;
	bool works;

	words_of(c, instant, DAY_CHARS, &w);
	hash = db_blind_hash(txn_db(t), "at-site", w.data, w.size);
	if (memo != NULL && memo->at_site[hash % MEMO_SITES] == hash)
		return true;
	snprintf(day, sizeof day, "%.10s", instant);
	works = index_works_at(t, c->by, c->org, day);
	if (works && memo != NULL)
		memo->at_site[hash % MEMO_SITES] = hash;
	return works;
}

static enum err
list_once(struct txn *t, const struct change *c, const char *instant)
{
	struct question q = {.type = QUESTION_WARNING,
	    .code = FINDING_NOT_AT_SITE,
	    .at = c->occurred_at};
	uint8_t key[DB_BLIND_BYTES];
	struct words w;
	enum err e;

	words_of(c, instant, MONTH_CHARS, &w);
	db_blind(txn_db(t), "not-at-site", w.data, w.size, key);
	e = txn_has(t, TABLE_CODES, key, sizeof key);
	if (e != ERR_NOT_FOUND)
		return e;
	snprintf(q.origin, sizeof q.origin, "%s", c->record.source);
	snprintf(q.field, sizeof q.field, "by");
	snprintf(q.kind, sizeof q.kind, "%s", c->record.kind);
	snprintf(q.ref, sizeof q.ref, "%s", c->record.ref);
	e = question_put(t, &q);
	return e == ERR_OK ? txn_put(t, TABLE_CODES, key, sizeof key, "", 0)
	                   : e;
}

static bool
is_own(struct txn *t, const struct self *self, const struct change *c)
{
	struct life life;

	return life_read(t, c->id.life, &life) == ERR_OK &&
	       memcmp(life.node, self->id, NODE_ID_BYTES) == 0;
}

enum err
not_at_site_note(struct txn *t, const struct self *self, const struct change *c)
{
	const struct kind *k = kind_by_name(c->record.kind);
	char instant[INSTANT_CHARS + 1];

	if (self->role != ROLE_HUB ||
	    memcmp(c->id.life, self->life, LIFE_BYTES) == 0 || k == NULL ||
	    k->by_group || k->org_is_field || c->by[0] == '\0' ||
	    instant_print(c->occurred_at, instant) != ERR_OK ||
	    works_there(t, c, instant) || is_own(t, self, c))
		return ERR_OK;
	return list_once(t, c, instant);
}

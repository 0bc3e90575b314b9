/* op_records: records in: import, add, amend. */

#include <stdlib.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/author.h"
#include "store/contest_settle.h"
#include "store/import.h"
#include "store/question.h"

enum {
	IMPORT_READ_BYTES = 64 * 1024,
	IMPORT_WAIT_MS = 200,
	IMPORT_WARNINGS_TOLD = 20, /* lines; refusals are told all */
	PROGRESS_MS = 250,
};

/* --- import ------------------------------------------------------------ */

struct import_call {
	struct op *op;
	struct import *import;
	uint64_t warned_line; /* the last one with a warning */
	uint64_t warned_lines;
	uint64_t bytes;
	uint64_t next_progress_ms, next_way_ms;
};

static enum err
import_step(void *context, struct txn *t)
{
	return import_run(context, t);
}

static enum err
emit_notice(struct op *o, const struct import_notice *n)
{
	json_t *row = op_finding(n->code, n->refused, n->field);

	if (row == NULL)
		return ERR_NOMEM;
	json_object_set_new(row, "line", json_integer((json_int_t)n->line));
	json_object_set_new(row, "kind", json_string(n->kind));
	return op_emit(o, "notice", row);
}

/* All that is said of a line, or nothing. */
static bool
is_told(struct import_call *c, const struct import_notice *n)
{
	if (n->refused)
		return true;
	if (n->line != c->warned_line)
		c->warned_lines++;
	c->warned_line = n->line;
	return c->warned_lines <= IMPORT_WARNINGS_TOLD;
}

static enum err
emit_notices(struct import_call *c)
{
	const struct import_notice *notice;
	size_t i, count = import_notices(c->import, &notice);

	for (i = 0; i < count; i++) {
		enum err e;

		if (!is_told(c, &notice[i]))
			continue;
		e = emit_notice(c->op, &notice[i]);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
give_way(struct op *o)
{
	return o->api->give_way == NULL ? ERR_OK
	                                : o->api->give_way(o->api->context);
}

static enum err
emit_progress(struct import_call *c)
{
	const struct import_counts *n = import_counts(c->import);
	uint64_t now_ms = api_now_ms();

	if (now_ms < c->next_progress_ms)
		return ERR_OK;
	c->next_progress_ms = now_ms + PROGRESS_MS;
	return op_emit(c->op, "progress",
	    json_pack("{s:I, s:I}", "lines", (json_int_t)n->lines, "bytes",
	        (json_int_t)c->bytes));
}

/* Take what waits: durable, then told. */
static enum err
import_batch(struct import_call *c)
{
	enum err e = writer_do(c->op->api->writer, import_step, c->import);

	if (e != ERR_OK)
		return e;
	import_committed(c->import);
	e = emit_notices(c);
	if (e == ERR_OK)
		e = emit_progress(c);
	if (e == ERR_OK)
		e = give_way(c->op);
	if (e == ERR_OK && op_is_stopping(c->op))
		e = op_fail(c->op, ERR_BUSY,
		    N_("The agent is shutting down. What was read so far is "
		       "saved; import the same file again."));
	return e;
}

static enum err
import_bytes(struct import_call *c, const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t taken = 0;
		enum err e = import_feed(c->import, data, size, &taken);

		data += taken;
		size -= taken;
		if (e == ERR_BUSY)
			e = import_batch(c);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* What waits when there is no more input. */
static enum err
import_rest(struct import_call *c)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && import_is_ready(c->import))
		e = import_batch(c);
	return e;
}

/* The store is not held while a pipe has nothing to say, nor by a line that
 * never ends. */
static enum err
import_wait(struct import_call *c)
{
	struct api_input *in = c->op->input;
	enum err e = ERR_OK;

	if (api_now_ms() >= c->next_way_ms) {
		c->next_way_ms = api_now_ms() + IMPORT_WAIT_MS;
		e = give_way(c->op);
	}
	while (e == ERR_OK && in->is_ready != NULL &&
	       !in->is_ready(in->context, IMPORT_WAIT_MS))
		e = give_way(c->op);
	return e;
}

/* The whole lines that were read are saved; a cut one is not judged. */
static enum err
import_broken(struct import_call *c)
{
	enum err e;

	import_cut(c->import);
	e = import_rest(c);
	return e != ERR_OK ? e
	                   : op_fail(c->op, ERR_IO,
	                         N_("The input could not be read to its end. "
	                            "The lines before are saved; import the "
	                            "same file again."));
}

static enum err
import_all(struct import_call *c)
{
	struct api_input *in = c->op->input;
	uint8_t *buffer = malloc(IMPORT_READ_BYTES);
	enum err e = buffer == NULL ? ERR_NOMEM : ERR_OK;
	long n = 0;

	while (e == ERR_OK && (e = import_wait(c)) == ERR_OK) {
		n = in->read(in->context, buffer, IMPORT_READ_BYTES);
		if (n <= 0)
			break;
		c->bytes += (uint64_t)n;
		e = import_bytes(c, buffer, (size_t)n);
	}
	free(buffer);
	if (e != ERR_OK)
		return e;
	if (n < 0)
		return import_broken(c);
	import_finish(c->import);
	return import_rest(c);
}

static json_t *
import_summary(const struct import_counts *n)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "new",
	    (json_int_t)n->fresh, "updated", (json_int_t)n->updated,
	    "unchanged", (json_int_t)n->unchanged, "refused",
	    (json_int_t)n->refused, "warned", (json_int_t)n->warned);
}

static enum err
import_over(struct import_call *c, enum err e)
{
	const struct import_counts *n = import_counts(c->import);

	c->op->summary = import_summary(n);
	if (n->fresh > 0 || n->updated > 0)
		op_saved(c->op);
	if (e == ERR_OK && n->refused > 0)
		return op_fail_with(c->op, ERR_OK, API_PARTLY,
		    N_("Some lines were refused; the others are saved. "
		       "yizhan questions lists them."));
	return e;
}

enum err
op_import(struct op *o)
{
	struct import_options io = {
	    .source = op_text(o, "source"), .now = api_now()};
	struct import_call c = {.op = o};
	struct self self;
	enum err e = op_self(o, &self);

	self_wipe(&self);
	if (e != ERR_OK)
		return e;
	/* A source that is no text must not turn into another source. */
	if (o->input == NULL ||
	    (io.source == NULL &&
	        json_object_get(o->request, "source") != NULL))
		return ERR_USAGE;
	if (io.source == NULL)
		io.source = o->api->import_source;
	e = op_begin_authoring(o);
	if (e == ERR_OK)
		e = import_new(&c.import, &io);
	if (e == ERR_USAGE)
		return op_fail(o, e,
		    N_("A source's name has 1 to 64 bytes: letters, digits, "
		       "\".\", \"_\", \"-\", and characters beyond ASCII "
		       "such as Chinese ones."));
	if (e != ERR_OK)
		return e;
	e = import_over(&c, import_all(&c));
	import_free(c.import);
	return e;
}

/* --- add and amend ----------------------------------------------------- */

/* A record on its way in; the run starts from these arguments each time. */
struct author_call {
	const char *kind;
	const char *ref; /* NULL: a new record */
	const char *by;
	const char *org;
	const json_t *fields;
	int64_t now;
	struct authored made;
};

static enum err
author_step(struct author_call *c, struct txn *t, const struct self *self)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_deep_copy(c->fields);
	enum err e = ERR_OK;

	memset(&c->made, 0, sizeof c->made);
	if (fields == NULL)
		return ERR_NOMEM;
	if (c->ref == NULL) {
		e = author_add(
		    t, self, c->kind, c->by, c->org, fields, c->now, &c->made);
	} else {
		e = record_find(t, self, c->kind, c->ref, key);
		if (e == ERR_OK)
			e = author_amend(t, self, key, c->by, c->org, fields,
			    c->now, &c->made);
	}
	json_decref(fields);
	return e;
}

/* Who writes where he has no practice site may do so; it is listed. */
static enum err
list_findings(
    const struct author_call *c, struct txn *t, const struct self *self)
{
	const struct findings *f = &c->made.findings;
	struct question q = {.type = QUESTION_WARNING,
	    .code = FINDING_NOT_AT_SITE,
	    .at = c->now};
	size_t i;

	for (i = 0; i < f->count && i < FINDINGS_MAX; i++)
		if (f->list[i].code == FINDING_NOT_AT_SITE)
			break;
	if (i >= f->count || i >= FINDINGS_MAX || c->made.is_draft)
		return ERR_OK;
	snprintf(q.origin, sizeof q.origin, "%s", self->source);
	snprintf(q.field, sizeof q.field, "by");
	snprintf(q.kind, sizeof q.kind, "%s", c->made.record.kind);
	snprintf(q.ref, sizeof q.ref, "%s", c->made.record.ref);
	return question_put(t, &q);
}

static enum err
author_run(void *context, struct txn *t)
{
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK)
		e = author_step(context, t, &self);
	if (e == ERR_OK)
		e = list_findings(context, t, &self);
	if (e == ERR_OK)
		e = contest_settle(
		    t, &self, ((struct author_call *)context)->now);
	self_wipe(&self);
	return e;
}

/* What stands in the envelope of a record in exchange format is no field. The
 * flags go before it. */
static void
take_envelope(struct author_call *c, const json_t *given, json_t *fields)
{
	static const char *const names[] = {
	    "kind", "ref", "by", "at", "org_id", "linked", NULL};
	size_t i;

	if (c->by == NULL)
		c->by = op_bare_ref(
		    json_string_value(json_object_get(given, "by")));
	if (c->org == NULL)
		c->org = op_bare_ref(
		    json_string_value(json_object_get(given, "org_id")));
	for (i = 0; names[i] != NULL; i++)
		json_object_del(fields, names[i]);
	c->fields = fields;
}

static enum err
author_check(struct op *o, struct author_call *c, const json_t *fields)
{
	const char *kind = json_string_value(json_object_get(fields, "kind"));

	if (!json_is_object(fields) || c->kind == NULL)
		return ERR_USAGE;
	if (kind_by_name(c->kind) == NULL)
		return op_fail(
		    o, ERR_USAGE, N_("There is no such kind of record."));
	if (kind != NULL && strcmp(kind, c->kind) != 0)
		return op_fail(
		    o, ERR_USAGE, N_("The object says it is of another kind."));
	if (c->by == NULL && !o->who.is_signed_in &&
	    !json_is_string(json_object_get(fields, "by")))
		return op_fail(o, ERR_USAGE,
		    N_("Say who writes this: --by REF of a staff record."));
	return ERR_OK;
}

static json_t *
notice_of(const struct authored *a, const struct finding *f)
{
	json_t *notice = op_finding(f->code, f->refused, f->field);

	if (notice != NULL && f->code == FINDING_REASSIGNED)
		json_object_set_new(notice, "went_to", json_string(a->went_to));
	return notice;
}

static enum err
emit_findings(struct op *o, const struct authored *a)
{
	const struct findings *f = &a->findings;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < f->count && i < FINDINGS_MAX && e == ERR_OK; i++)
		e = op_emit(o, "notice", notice_of(a, &f->list[i]));
	return e;
}

static json_t *
author_summary(const struct authored *a)
{
	char id[64] = "~";

	if (!a->is_draft)
		change_founded_ref(&a->id, id, sizeof id);
	return json_pack("{s:s, s:s?, s:s?, s:b}", "ref", a->record.ref,
	    "slip_no", a->slip_no[0] == '\0' ? NULL : a->slip_no, "id",
	    a->is_draft ? NULL : id + 1, "draft", (int)a->is_draft);
}

static enum err
author_over(struct op *o, struct author_call *c, enum err e)
{
	const char *slip =
	    json_string_value(json_object_get(c->fields, "slip_no"));
	enum err told;

	if (e == ERR_NOT_FOUND || e == ERR_CLASH)
		return op_no_one_record(o, e, c->kind, c->ref);
	if (e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("This node may not write this: reference data is the "
		       "group's, all else is for its own orgs."));
	if (e != ERR_OK && e != ERR_REFUSED)
		return e;
	told = emit_findings(o, &c->made);
	if (e == ERR_REFUSED)
		return op_fail(o, e, N_("Nothing was saved."));
	if (c->made.slip_no[0] == '\0' && slip != NULL)
		snprintf(c->made.slip_no, sizeof c->made.slip_no, "%s", slip);
	o->summary = author_summary(&c->made);
	if (o->who.is_signed_in && o->summary != NULL) {
		/* Nobody is to write for a site he does not think of. */
		json_object_set_new(o->summary, "by", json_string(c->by));
		json_object_set_new(o->summary, "org",
		    json_string(c->org == NULL ? "" : c->org));
	}
	if (!c->made.is_draft)
		op_saved(o);
	return told;
}

static enum err
author(struct op *o, const char *ref)
{
	const json_t *given = json_object_get(o->request, "fields");
	struct author_call *c = calloc(1, sizeof *c);
	json_t *fields = json_deep_copy(given);
	struct self self;
	enum err e = c == NULL ? ERR_NOMEM : op_self(o, &self);

	if (e == ERR_OK) {
		self_wipe(&self);
		c->kind = op_text(o, "kind");
		c->ref = ref;
		c->by = op_ref(o, "by");
		c->org = op_ref(o, "org");
		c->now = api_now();
		e = author_check(o, c, given);
	}
	if (e == ERR_OK)
		e = op_begin_authoring(o);
	if (e == ERR_OK) {
		take_envelope(c, given, fields);
		e = people_author(o, kind_by_name(c->kind), &c->by, &c->org);
	}
	if (e == ERR_OK) {
		e = author_over(o, c, writer_do(o->api->writer, author_run, c));
	}
	json_decref(fields);
	free(c);
	return e;
}

enum err
op_add(struct op *o)
{
	return author(o, NULL);
}

enum err
op_amend(struct op *o)
{
	const char *ref = op_ref(o, "ref");

	if (json_object_get(o->request, "reassign") != NULL)
		return op_reassign(o);
	return ref == NULL ? ERR_USAGE : author(o, ref);
}

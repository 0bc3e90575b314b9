/* import: the stream of lines, batches, counts and notices. What one line
 * means is import_line.c's matter.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/apart.h"
#include "store/import.h"
#include "store/matter.h"
#include "store/import_line.h"
#include "store/value.h"

enum {
	NOTICES_MAX = 4096, /* of one batch; then one a line */
	BOM_BYTES = 3,
	/* What a line may hold besides the record. */
	LINE_EXTRA_BYTES = BOM_BYTES + 1,
	LINE_KEPT_BYTES = IMPORT_LINE_BYTES_MAX + LINE_EXTRA_BYTES,
};

/* A whole line that waits for its transaction. */
struct waiting {
	uint64_t number; /* from 1 */
	size_t at, size; /* in import.text; without BOM and CR */
	bool had_bom, had_cr, is_blank, is_too_large;
};

struct import {
	char source[SOURCE_BYTES_MAX + 1];
	bool has_source;
	int64_t now;

	struct buffer text; /* of the waiting lines, then of one not ended */
	size_t open_at;     /* where that one begins */
	bool is_too_large;  /* it is longer than is kept */
	bool has_open;      /* it has bytes, kept or not */
	bool is_finished;
	uint64_t line; /* the last whole one */
	size_t waiting_count;
	struct waiting waiting[IMPORT_BATCH_LINES];

	/* Of the last run; they count when its transaction is durable. */
	struct line_run run;
	struct line_outcome outcome;
	struct import_counts staged;
	size_t notice_count, notice_capacity;
	struct import_notice *notices;

	struct import_counts counts;
	bool shows_notices;
};

/* --- making ------------------------------------------------------------ */

static bool
source_is_sound(const char *name)
{
	const unsigned char *c;
	size_t size = strlen(name);

	if (size == 0 || size > SOURCE_BYTES_MAX ||
	    !value_is_utf8((const uint8_t *)name, size))
		return false;
	for (c = (const unsigned char *)name; *c != '\0'; c++)
		if (*c < 0x80 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		                        "abcdefghijklmnopqrstuvwxyz"
		                        "0123456789._-",
		                     *c) == NULL)
			return false;
	return true;
}

enum err
import_new(struct import **out, const struct import_options *o)
{
	struct import *im;

	if (o->source != NULL && !source_is_sound(o->source))
		return ERR_USAGE;
	im = calloc(1, sizeof *im);
	if (im == NULL)
		return ERR_NOMEM;
	if (o->source != NULL)
		snprintf(im->source, sizeof im->source, "%s", o->source);
	im->has_source = o->source != NULL;
	im->now = o->now;
	past_init(&im->run.past);
	*out = im;
	return ERR_OK;
}

void
import_free(struct import *im)
{
	if (im == NULL)
		return;
	buffer_wipe(&im->text);
	free(im->notices);
	free(im);
}

/* --- lines ------------------------------------------------------------- */

static bool
is_blank(const uint8_t *data, size_t size)
{
	while (size > 0 && (data[size - 1] == ' ' || data[size - 1] == '\t'))
		size--;
	return size == 0;
}

static void
strip_line(const struct buffer *text, struct waiting *w)
{
	static const uint8_t bom[BOM_BYTES] = {0xef, 0xbb, 0xbf};
	const uint8_t *data = text->data;

	if (w->number == 1 && w->size >= BOM_BYTES &&
	    memcmp(data + w->at, bom, BOM_BYTES) == 0) {
		w->had_bom = true;
		w->at += BOM_BYTES;
		w->size -= BOM_BYTES;
	}
	if (!w->is_too_large && w->size > 0 &&
	    data[w->at + w->size - 1] == '\r') {
		w->had_cr = true;
		w->size--;
	}
	if (w->size > IMPORT_LINE_BYTES_MAX) {
		w->is_too_large = true;
		w->size = IMPORT_LINE_BYTES_MAX;
	}
	w->is_blank = !w->is_too_large &&
	              (w->size == 0 || is_blank(data + w->at, w->size));
}

/* The open line is whole. */
static void
end_line(struct import *im)
{
	struct waiting *w = &im->waiting[im->waiting_count++];

	memset(w, 0, sizeof *w);
	w->number = ++im->line;
	w->at = im->open_at;
	w->size = im->text.size - im->open_at;
	w->is_too_large = im->is_too_large;
	strip_line(&im->text, w);
	if (w->is_blank)
		im->text.size = im->open_at;
	im->open_at = im->text.size;
	im->is_too_large = false;
	im->has_open = false;
}

static bool
is_full(const struct import *im)
{
	return im->waiting_count == IMPORT_BATCH_LINES ||
	       im->open_at >= IMPORT_BATCH_BYTES;
}

/* Add bytes to the open line as far as they are kept. */
static void
add_to_line(struct import *im, const uint8_t *data, size_t size)
{
	size_t room = LINE_KEPT_BYTES - (im->text.size - im->open_at);

	if (size > 0)
		im->has_open = true;
	if (size > room) {
		im->is_too_large = true;
		size = room;
	}
	put_bytes(&im->text, data, size);
}

enum err
import_feed(struct import *im, const void *data, size_t size, size_t *taken)
{
	const uint8_t *at = data;

	*taken = 0;
	im->shows_notices = false;
	while (*taken < size) {
		const uint8_t *lf;
		size_t n;

		if (is_full(im))
			return ERR_BUSY;
		lf = memchr(at + *taken, '\n', size - *taken);
		n = lf == NULL ? size - *taken : (size_t)(lf - at) - *taken;
		add_to_line(im, at + *taken, n);
		if (im->text.failed)
			return ERR_NOMEM;
		*taken += n;
		if (lf != NULL) {
			end_line(im);
			(*taken)++;
		}
	}
	return ERR_OK;
}

void
import_finish(struct import *im)
{
	im->is_finished = true;
}

void
import_cut(struct import *im)
{
	im->text.size = im->open_at;
	im->is_too_large = false;
	im->has_open = false;
	im->is_finished = true;
}

bool
import_is_ready(const struct import *im)
{
	if (is_full(im))
		return true;
	return im->is_finished && (im->waiting_count > 0 || im->has_open);
}

/* --- telling ----------------------------------------------------------- */

static enum err
add_notice(struct import *im, const struct import_notice *n)
{
	/* No line goes without a word, however much is wrong with others. */
	if (im->notice_count >= NOTICES_MAX &&
	    im->notices[im->notice_count - 1].line == n->line)
		return ERR_OK;
	if (im->notice_count == im->notice_capacity) {
		size_t capacity =
		    im->notice_capacity == 0 ? 64 : im->notice_capacity * 2;
		struct import_notice *more =
		    realloc(im->notices, capacity * sizeof *more);

		if (more == NULL)
			return ERR_NOMEM;
		im->notices = more;
		im->notice_capacity = capacity;
	}
	im->notices[im->notice_count++] = *n;
	return ERR_OK;
}

/* What is said about a line as a whole names no record: a file with a CR on
 * every line is one question. */
static bool
is_of_the_file(enum finding_code code)
{
	return code == FINDING_BOM || code == FINDING_CR ||
	       code == FINDING_BLANK;
}

static const char *
origin_of(const struct import *im)
{
	return im->has_source ? im->source : "import";
}

static void
begin_question(const struct import *im, const struct waiting *w,
    enum question_type type, enum finding_code code, const char *field,
    struct question *q)
{
	const struct line_outcome *o = &im->outcome;

	memset(q, 0, sizeof *q);
	q->type = type;
	q->code = code;
	q->at = im->now;
	q->line = w->number;
	snprintf(q->origin, sizeof q->origin, "%s", origin_of(im));
	snprintf(q->field, sizeof q->field, "%s", field);
	if (is_of_the_file(code))
		return;
	if (o->kind != NULL)
		snprintf(q->kind, sizeof q->kind, "%s", o->kind->name);
	memcpy(q->ref, o->ref, sizeof q->ref);
}

static enum err
tell(struct import *im, struct txn *t, const struct waiting *w,
    enum question_type type, enum finding_code code, const char *field)
{
	const struct kind *k = im->outcome.kind;
	struct import_notice n = {
	    .line = w->number, .refused = type == QUESTION_LINE, .code = code};
	struct question q;
	enum err e;

	snprintf(n.field, sizeof n.field, "%s", field);
	if (k != NULL)
		snprintf(n.kind, sizeof n.kind, "%s", k->name);
	e = add_notice(im, &n);
	if (e != ERR_OK || n.refused)
		return e;
	begin_question(im, w, type, code, field, &q);
	/* Both values wait side by side already. */
	if (type == QUESTION_LOST && matter_has_met(t, &q))
		return ERR_OK;
	return question_put(t, &q);
}

static enum err
tell_refused(struct import *im, struct txn *t, const struct waiting *w)
{
	const struct findings *f = &im->outcome.findings;
	const struct finding *first = NULL;
	struct question q;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < f->count; i++) {
		if (!f->list[i].refused)
			continue;
		if (first == NULL)
			first = &f->list[i];
		e = tell(
		    im, t, w, QUESTION_LINE, f->list[i].code, f->list[i].field);
	}
	if (e != ERR_OK)
		return e;
	begin_question(im, w, QUESTION_LINE,
	    first == NULL ? FINDING_NONE : first->code,
	    first == NULL ? "" : first->field, &q);
	q.raw.data = im->text.data + w->at;
	q.raw.size = w->size;
	return question_put(t, &q);
}

static enum err
tell_taken(struct import *im, struct txn *t, const struct waiting *w)
{
	const struct line_outcome *o = &im->outcome;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < o->findings.count; i++)
		e = tell(im, t, w, QUESTION_WARNING, o->findings.list[i].code,
		    o->findings.list[i].field);
	for (i = 0; e == ERR_OK && i < o->lost_count; i++)
		e = tell(
		    im, t, w, QUESTION_LOST, FINDING_IMPORT_LOST, o->lost[i]);
	return e;
}

/* --- a run ------------------------------------------------------------- */

static void
count_result(struct import_counts *c, const struct line_outcome *o)
{
	switch (o->result) {
	case LINE_FRESH:
		c->fresh++;
		break;
	case LINE_UPDATED:
		c->updated++;
		break;
	case LINE_UNCHANGED:
		c->unchanged++;
		break;
	case LINE_REFUSED:
		c->refused++;
		return;
	}
	if (o->findings.warnings > 0 || o->lost_count > 0)
		c->warned++;
}

static void
begin_outcome(const struct waiting *w, struct line_outcome *o)
{
	o->result = LINE_REFUSED;
	o->kind = NULL;
	o->ref[0] = '\0';
	o->lost_count = 0;
	findings_init(&o->findings);
	if (w->had_bom)
		findings_warn(&o->findings, FINDING_BOM, "");
	if (w->had_cr)
		findings_warn(&o->findings, FINDING_CR, "");
	if (w->is_blank)
		findings_warn(&o->findings, FINDING_BLANK, "");
	if (w->is_too_large)
		findings_refuse(&o->findings, FINDING_TOO_LARGE, "");
}

static enum err
run_line(struct import *im, struct txn *t, const struct waiting *w)
{
	struct line_outcome *o = &im->outcome;
	struct bytes text;
	enum err e = ERR_OK;

	begin_outcome(w, o);
	im->staged.lines++;
	if (w->is_blank) {
		im->staged.warned++;
		return tell_taken(im, t, w);
	}
	text = (struct bytes){im->text.data + w->at, w->size};
	if (!w->is_too_large)
		e = import_line(&im->run, &text, o);
	if (e != ERR_OK)
		return e;
	count_result(&im->staged, o);
	return o->result == LINE_REFUSED ? tell_refused(im, t, w)
	                                 : tell_taken(im, t, w);
}

enum err
import_run(struct import *im, struct txn *t)
{
	size_t i;
	enum err e;

	/* A last line without LF. */
	if (im->is_finished && im->has_open && !is_full(im))
		end_line(im);
	memset(&im->staged, 0, sizeof im->staged);
	im->notice_count = 0;
	im->shows_notices = false;
	e = line_run_begin(
	    &im->run, t, im->has_source ? im->source : NULL, im->now);
	for (i = 0; e == ERR_OK && i < im->waiting_count; i++)
		e = run_line(im, t, &im->waiting[i]);
	if (e == ERR_OK && im->has_source && im->run.used_source)
		e = sources_add(t, im->source);
	if (e == ERR_OK && im->run.saw_org)
		e = apart_judge_again(t, &im->run.self);
	line_run_end(&im->run);
	return e;
}

void
import_committed(struct import *im)
{
	im->counts.lines += im->staged.lines;
	im->counts.fresh += im->staged.fresh;
	im->counts.updated += im->staged.updated;
	im->counts.unchanged += im->staged.unchanged;
	im->counts.refused += im->staged.refused;
	im->counts.warned += im->staged.warned;
	memset(&im->staged, 0, sizeof im->staged);
	im->shows_notices = true;
	buffer_drop(&im->text, im->open_at);
	im->open_at = 0;
	im->waiting_count = 0;
}

const struct import_counts *
import_counts(const struct import *im)
{
	return &im->counts;
}

size_t
import_notices(const struct import *im, const struct import_notice **out)
{
	*out = im->notices;
	return im->shows_notices ? im->notice_count : 0;
}

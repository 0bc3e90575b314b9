/* change: the body's envelope. Values are in value.c. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/change.h"
#include "store/value.h"

enum {
	BODY_VERSION = 1,
	FLAG_CLOCK = 0x03,
	FLAG_MANAGING = 0x04,
	FLAG_FOUNDS = 0x08,
	FLAGS_KNOWN = 0x0f,
	PARENT_SAME_LIFE = 0,
	PARENT_OTHER_LIFE = 1,
};

void
change_init(struct change *c)
{
	memset(c, 0, sizeof *c);
}

void
change_clear(struct change *c)
{
	json_decref(c->fields);
	c->fields = NULL;
	c->parent_count = 0;
}

void
change_founded_ref(const struct change_id *id, char *out, size_t size)
{
	char life[2 * LIFE_BYTES + 1];

	hex_encode(life, id->life, LIFE_BYTES);
	snprintf(out, size, "~%s-%u-%" PRIu64, life, id->class, id->seq);
}

bool
change_id_parse(const char *text, struct change_id *out)
{
	char again[64];
	unsigned byte, class;
	size_t i;
	int at = 0;

	memset(out, 0, sizeof *out);
	if (strlen(text) < 2 * (size_t)LIFE_BYTES)
		return false;
	for (i = 0; i < LIFE_BYTES; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		out->life[i] = (uint8_t)byte;
	}
	if (sscanf(text + 2 * LIFE_BYTES, "-%u-%" SCNu64 "%n", &class,
	        &out->seq, &at) != 2 ||
	    class > UINT8_MAX)
		return false;
	out->class = (uint8_t) class;
	change_founded_ref(out, again, sizeof again);
	return strcmp(again + 1, text) == 0;
}

/* --- encoding ---------------------------------------------------------- */

static void
encode_kind(const char *name, struct buffer *out)
{
	const struct kind *k = kind_by_name(name);
	uint64_t number = k == NULL ? value_unknown_number(name) : k->number;

	put_varint(out, number);
	if (number == 0)
		put_text(out, name);
}

/* Whatever is encoded must decode: a change that cannot be read again would
 * make its record unreadable for good. */
static bool
text_is_sound(const char *text, size_t max)
{
	size_t size = strlen(text);

	return size <= max && value_is_utf8((const uint8_t *)text, size);
}

static bool
kind_is_sound(const char *name)
{
	uint64_t number = value_unknown_number(name);

	if (name[0] == '#')
		return number != 0 && kind_by_number((uint16_t)number) == NULL;
	return name[0] != '\0' && text_is_sound(name, KIND_BYTES_MAX);
}

static bool
envelope_is_sound(const struct change *c)
{
	size_t i;

	if (!kind_is_sound(c->record.kind) ||
	    !text_is_sound(c->record.source, SOURCE_BYTES_MAX) ||
	    !text_is_sound(c->by, REF_BYTES_MAX) ||
	    !text_is_sound(c->org, REF_BYTES_MAX))
		return false;
	if (!c->founds && (c->record.ref[0] == '\0' ||
	                      !text_is_sound(c->record.ref, REF_BYTES_MAX)))
		return false;
	for (i = 0; i < c->parent_count; i++)
		if (c->parents[i].id.class >= CLASSES ||
		    c->parents[i].id.seq == 0)
			return false;
	return true;
}

static void
encode_parent(
    const struct change *c, const struct parent *p, struct buffer *out)
{
	if (memcmp(p->id.life, c->id.life, LIFE_BYTES) == 0) {
		put_u8(out, PARENT_SAME_LIFE);
	} else {
		put_u8(out, PARENT_OTHER_LIFE);
		put_bytes(out, p->id.life, LIFE_BYTES);
		put_bytes(out, p->link, FINGERPRINT_LINK_BYTES);
	}
	put_u8(out, p->id.class);
	put_varint(out, p->id.seq);
}

enum err
change_encode(const struct change *c, struct buffer *out)
{
	const struct kind *k = kind_by_name(c->record.kind);
	size_t begin = out->size, i;
	uint8_t flags = (uint8_t)c->clock;
	int64_t later;
	enum err e;

	if (c->parent_count > CHANGE_PARENTS_MAX ||
	    __builtin_sub_overflow(c->recorded_at, c->occurred_at, &later))
		return ERR_LIMIT;
	if (!envelope_is_sound(c))
		return ERR_FORMAT;
	if (c->managing)
		flags |= FLAG_MANAGING;
	if (c->founds)
		flags |= FLAG_FOUNDS;
	put_u8(out, BODY_VERSION);
	put_u8(out, flags);
	encode_kind(c->record.kind, out);
	put_text(out, c->record.source);
	if (!c->founds)
		put_text(out, c->record.ref);
	put_varint(out, c->parent_count);
	for (i = 0; i < c->parent_count; i++)
		encode_parent(c, &c->parents[i], out);
	put_text(out, c->by);
	put_text(out, c->org);
	put_signed(out, c->occurred_at);
	put_signed(out, later);
	e = fields_encode(k == NULL ? NULL : k->fields, c->fields, out);
	if (e == ERR_OK)
		e = buffer_state(out);
	if (e == ERR_OK && out->size - begin > CHANGE_BYTES_MAX)
		e = ERR_LIMIT;
	if (e != ERR_OK)
		out->size = begin;
	return e;
}

/* --- decoding ---------------------------------------------------------- */

static bool
decode_text(struct reader *r, char *out, size_t max)
{
	return read_text(r, out, max) &&
	       value_is_utf8((const uint8_t *)out, strlen(out));
}

static bool
decode_kind(struct reader *r, char out[KIND_BYTES_MAX + 1])
{
	uint64_t number = read_varint(r);
	const struct kind *k;

	if (r->failed || number > UINT16_MAX)
		return false;
	if (number == 0)
		return decode_text(r, out, KIND_BYTES_MAX) && out[0] != '\0' &&
		       out[0] != '#';
	k = kind_by_number((uint16_t)number);
	if (k != NULL)
		snprintf(out, KIND_BYTES_MAX + 1, "%s", k->name);
	else
		snprintf(out, KIND_BYTES_MAX + 1, "#%" PRIu64, number);
	return true;
}

static bool
decode_parent(struct reader *r, const struct change *c, struct parent *p)
{
	uint8_t tag = read_u8(r);

	memset(p, 0, sizeof *p);
	if (tag == PARENT_SAME_LIFE) {
		memcpy(p->id.life, c->id.life, LIFE_BYTES);
	} else if (tag == PARENT_OTHER_LIFE) {
		read_copy(r, p->id.life, LIFE_BYTES);
		read_copy(r, p->link, FINGERPRINT_LINK_BYTES);
		if (memcmp(p->id.life, c->id.life, LIFE_BYTES) == 0)
			return false;
	} else {
		return false;
	}
	p->id.class = read_u8(r);
	p->id.seq = read_varint(r);
	return !r->failed && p->id.class < CLASSES && p->id.seq > 0;
}

static enum err
decode_parents(struct reader *r, struct change *c)
{
	uint64_t count = read_varint(r);

	if (r->failed)
		return ERR_FORMAT;
	if (count > CHANGE_PARENTS_MAX)
		return ERR_LIMIT;
	for (c->parent_count = 0; c->parent_count < count; c->parent_count++)
		if (!decode_parent(r, c, &c->parents[c->parent_count]))
			return ERR_FORMAT;
	return ERR_OK;
}

static enum err
decode_head(struct reader *r, struct change *c)
{
	uint8_t version = read_u8(r);
	uint8_t flags = read_u8(r);

	if (r->failed || version == 0)
		return ERR_FORMAT;
	if (version > BODY_VERSION || (flags & ~FLAGS_KNOWN) != 0)
		return ERR_VERSION;
	if ((flags & FLAG_CLOCK) > CLOCK_CONFIRMED)
		return ERR_FORMAT;
	c->clock = (enum clock_state)(flags & FLAG_CLOCK);
	c->managing = (flags & FLAG_MANAGING) != 0;
	c->founds = (flags & FLAG_FOUNDS) != 0;
	if (!decode_kind(r, c->record.kind) ||
	    !decode_text(r, c->record.source, SOURCE_BYTES_MAX))
		return ERR_FORMAT;
	if (c->founds)
		change_founded_ref(&c->id, c->record.ref, sizeof c->record.ref);
	else if (!decode_text(r, c->record.ref, REF_BYTES_MAX) ||
	         c->record.ref[0] == '\0')
		return ERR_FORMAT;
	return ERR_OK;
}

static enum err
decode_body(struct reader *r, struct change *c)
{
	const struct kind *k;
	int64_t later;
	enum err e = decode_head(r, c);

	if (e == ERR_OK)
		e = decode_parents(r, c);
	if (e != ERR_OK)
		return e;
	if (!decode_text(r, c->by, REF_BYTES_MAX) ||
	    !decode_text(r, c->org, REF_BYTES_MAX))
		return ERR_FORMAT;
	c->occurred_at = read_signed(r);
	later = read_signed(r);
	if (r->failed ||
	    __builtin_add_overflow(c->occurred_at, later, &c->recorded_at))
		return ERR_FORMAT;
	k = kind_by_name(c->record.kind);
	return fields_decode(
	    k == NULL ? NULL : k->fields, r->at, reader_left(r), &c->fields);
}

enum err
change_decode(struct change *c, const void *body, size_t size)
{
	struct reader r;
	enum err e;

	if (size > CHANGE_BYTES_MAX)
		return ERR_LIMIT;
	reader_init(&r, body, size);
	c->fields = NULL;
	e = decode_body(&r, c);
	if (e != ERR_OK)
		change_clear(c);
	return e;
}

uint16_t
change_kind_number(const void *body, size_t size)
{
	struct reader r;
	uint64_t number;

	reader_init(&r, body, size);
	(void)read_u8(&r); /* version */
	(void)read_u8(&r); /* flags */
	number = read_varint(&r);
	return r.failed || number > UINT16_MAX ? 0 : (uint16_t)number;
}

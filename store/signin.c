/* signin: who is signed in at this store. */

#include <stdio.h>
#include <string.h>

#include "store/self.h"
#include "store/signin.h"

enum { ROW_VERSION = 1, NAME_BYTES = 32 };

static const char required_name[] = "signin required";

static void
name_of(uint32_t uid, char out[NAME_BYTES])
{
	snprintf(out, NAME_BYTES, "signin:%lu", (unsigned long)uid);
}

enum err
signin_write(struct txn *t, uint32_t uid, const struct signin *s)
{
	char name[NAME_BYTES];
	struct buffer value = {0};
	enum err e;

	put_u8(&value, ROW_VERSION);
	put_text(&value, s->staff);
	put_text(&value, s->org);
	put_bytes(&value, s->used.boot, sizeof s->used.boot);
	put_u64(&value, s->used.ms);
	e = buffer_state(&value);
	name_of(uid, name);
	if (e == ERR_OK)
		e = meta_put(t, name, value.data, value.size);
	buffer_free(&value);
	return e;
}

static enum err
decode(const struct buffer *value, struct signin *out)
{
	struct reader r;

	reader_init(&r, value->data, value->size);
	if (read_u8(&r) != ROW_VERSION)
		return ERR_VERSION;
	if (!read_text(&r, out->staff, REF_BYTES_MAX) ||
	    !read_text(&r, out->org, REF_BYTES_MAX))
		return ERR_CORRUPT;
	read_copy(&r, out->used.boot, sizeof out->used.boot);
	out->used.ms = read_u64(&r);
	return r.failed || reader_left(&r) != 0 ? ERR_CORRUPT : ERR_OK;
}

/* Another start of the computer, or a time before the last use: nothing can
 * be said about how long it lay, so it is over. */
static bool
is_over(const struct signin_time *used, const struct signin_time *now)
{
	return memcmp(used->boot, now->boot, sizeof now->boot) != 0 ||
	       now->ms < used->ms || now->ms - used->ms >= SIGNIN_IDLE_MS;
}

enum err
signin_read(struct txn *t, uint32_t uid, const struct signin_time *now,
    struct signin *out)
{
	char name[NAME_BYTES];
	struct buffer value = {0};
	enum err e;

	memset(out, 0, sizeof *out);
	name_of(uid, name);
	e = meta_get(t, name, &value);
	if (e == ERR_OK)
		e = decode(&value, out);
	buffer_free(&value);
	if (e == ERR_OK && is_over(&out->used, now))
		e = ERR_TIMEOUT;
	return e;
}

bool
signin_is_stale(const struct signin *s, const struct signin_time *now)
{
	return now->ms - s->used.ms >= SIGNIN_TOUCH_MS;
}

enum err
signin_end(struct txn *t, uint32_t uid)
{
	char name[NAME_BYTES];
	enum err e;

	name_of(uid, name);
	e = txn_delete(t, TABLE_META, name, strlen(name));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
signin_is_required(struct txn *t, bool *out)
{
	uint64_t n;
	enum err e = meta_get_number(t, required_name, &n);

	*out = n != 0;
	return e;
}

enum err
signin_require(struct txn *t, bool is_required)
{
	return meta_put_number(t, required_name, is_required ? 1 : 0);
}

/* told: values of the C side as JSON.
 *
 * Bytes are hex, and what may need 64 bits unsigned is text, since integers
 * of jansson are signed. All abort where there is no memory.
 */

#ifndef YIZHAN_TESTS_INTEROP_TOLD_H
#define YIZHAN_TESTS_INTEROP_TOLD_H

#include <jansson.h>

#include "store/change.h"

json_t *told_hex(const void *data, size_t size);
/** Take the value. */
void told_set(json_t *o, const char *key, json_t *value);
void told_set_hex(json_t *o, const char *key, const void *data, size_t size);
void told_set_u64(json_t *o, const char *key, uint64_t value);

/** list NULL: without its name and class. */
json_t *told_cursor(const struct list_id *list, const struct cursor *c);
json_t *told_cursors(const struct cursor_set *set_of);
json_t *told_id(const struct change_id *id);
json_t *told_seqs(const uint64_t seq[CLASSES]);
json_t *told_chain(const struct cert *chain, size_t count);
/** All that a body says, its fields by name. */
json_t *told_body(const struct change_id *id, const void *body, size_t size);
/** Numbers of kinds and fields and their names, which the wire leaves out. */
json_t *told_kinds(void);

#endif

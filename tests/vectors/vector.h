/* vector: the vectors printed in docs/protocol.md, read and taken apart. */

#ifndef YIZHAN_TESTS_VECTORS_VECTOR_H
#define YIZHAN_TESTS_VECTORS_VECTOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/key.h"
#include "store/list.h"
#include "store/log.h"
#include "store/source.h"
#include "sync/packed.h"
#include "sync/session.h"
#include "sync/stream.h"

enum {
	FIELDS_OF_VECTOR_MAX = 32,
	VALUE_BYTES_MAX = 2048,
	NAME_CHARS_MAX = 32,
	EXCEPTION_BYTES = KEY_CHANGE_BYTES + 2,
	PARENT_BYTES = KEY_CHANGE_BYTES + FINGERPRINT_LINK_BYTES,
	MAP_BYTES = 16 * 1024 * 1024,
};

struct value {
	char key[NAME_CHARS_MAX];
	uint8_t data[VALUE_BYTES_MAX];
	size_t size;
};

struct vector {
	char name[NAME_CHARS_MAX];
	size_t count;
	struct value values[FIELDS_OF_VECTOR_MAX];
	unsigned mismatches;
};

FILE *open_document(void);
void add_hex(struct value *v, const char *hex);
void add_text(struct value *v, const char *text);
void add_line(struct vector *v, const char *line);
bool read_vector(FILE *file, struct vector *v);
const struct value *find(const struct vector *v, const char *key, size_t index);
const struct value *get(const struct vector *v, const char *key);
size_t count_of(const struct vector *v, const char *key);
void take(const struct vector *v, const char *key, void *out, size_t size);
uint64_t number_at(const struct vector *v, const char *key, size_t index);
uint64_t number(const struct vector *v, const char *key);
void text(const struct vector *v, const char *key, char *out, size_t size);
void print_value(
    const struct vector *v, const char *key, const uint8_t *data, size_t size);
void expect(struct vector *v, const char *key, const void *data, size_t size);
void expect_number(struct vector *v, const char *key, uint64_t n);
void expect_buffer(struct vector *v, const char *key, struct buffer *b);
void signer(const struct vector *v, const char *key, uint8_t public[KEY_BYTES],
    uint8_t secret[64]);
void take_id(const struct vector *v, struct change_id *out);

/* stored_vectors.c */
void check_change(struct vector *v);
void check_fingerprint(struct vector *v);
void check_log(struct vector *v);
void check_running_hash(struct vector *v);
void check_cursor_digest(struct vector *v);

/* batch_vectors.c */
void check_dictionary(struct vector *v);
void check_stream(struct vector *v);
void check_dense_batch(struct vector *v);

#endif

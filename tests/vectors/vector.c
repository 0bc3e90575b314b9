/* vector: reads vectors out of docs/protocol.md and takes them apart. */

#include "tests/vectors/vector.h"

/* --- reading the document ---------------------------------------------- */

FILE *
open_document(void)
{
	const char *root = getenv("YIZHAN_SOURCE_ROOT");
	char path[4096];
	FILE *file;

	if (root == NULL)
		fail_msg("YIZHAN_SOURCE_ROOT is not set");
	snprintf(path, sizeof path, "%s/docs/protocol.md", root);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	return file;
}

void
add_hex(struct value *v, const char *hex)
{
	size_t got;
	const char *end;

	if (sodium_hex2bin(v->data + v->size, sizeof v->data - v->size, hex,
	        strlen(hex), " ", &got, &end) != 0 ||
	    *end != '\0')
		fail_msg("%s: not hex, or too long: %s", v->key, hex);
	v->size += got;
}

void
add_text(struct value *v, const char *text)
{
	const char *end = strrchr(text, '"');
	size_t size = (size_t)(end - text);

	if (end == text || size - 1 > sizeof v->data)
		fail_msg("%s: text without its end: %s", v->key, text);
	memcpy(v->data, text + 1, size - 1);
	v->size = size - 1;
}

void
add_line(struct vector *v, const char *line)
{
	struct value *value;
	const char *equals;

	if (line[0] == ' ') {
		assert_true(v->count > 0);
		add_hex(&v->values[v->count - 1], line);
		return;
	}
	assert_true(v->count < FIELDS_OF_VECTOR_MAX);
	value = &v->values[v->count++];
	equals = strstr(line, " = ");
	if (equals == NULL || equals - line >= NAME_CHARS_MAX)
		fail_msg("%s: not KEY = VALUE: %s", v->name, line);
	memset(value, 0, sizeof *value);
	memcpy(value->key, line, (size_t)(equals - line));
	if (equals[3] == '"')
		add_text(value, equals + 3);
	else
		add_hex(value, equals + 3);
}

/* The next vector of the document; false at its end. */
bool
read_vector(FILE *file, struct vector *v)
{
	static const char fence[] = "```vector ";
	char line[VALUE_BYTES_MAX];
	bool is_inside = false;

	memset(v, 0, sizeof *v);
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, fence, sizeof fence - 1) == 0) {
			assert_false(is_inside);
			is_inside = true;
			snprintf(v->name, sizeof v->name, "%.31s",
			    line + sizeof fence - 1);
		} else if (is_inside && strcmp(line, "```") == 0) {
			return true;
		} else if (is_inside) {
			add_line(v, line);
		}
	}
	assert_false(ferror(file));
	assert_false(is_inside);
	return false;
}

/* --- taking a vector apart --------------------------------------------- */

/* The value of a key that stands several times; NULL: there are fewer. */
const struct value *
find(const struct vector *v, const char *key, size_t index)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->values[i].key, key) == 0 && index-- == 0)
			return &v->values[i];
	return NULL;
}

const struct value *
get(const struct vector *v, const char *key)
{
	const struct value *value = find(v, key, 0);

	if (value == NULL)
		fail_msg("%s: no %s", v->name, key);
	return value;
}

size_t
count_of(const struct vector *v, const char *key)
{
	size_t count = 0;

	while (find(v, key, count) != NULL)
		count++;
	return count;
}

void
take(const struct vector *v, const char *key, void *out, size_t size)
{
	const struct value *value = get(v, key);

	if (value->size != size)
		fail_msg("%s: %s has %zu bytes", v->name, key, value->size);
	memcpy(out, value->data, size);
}

/* Big endian, 1 to 8 bytes. */
uint64_t
number_at(const struct vector *v, const char *key, size_t index)
{
	const struct value *value = find(v, key, index);
	uint64_t n = 0;
	size_t i;

	if (value == NULL || value->size == 0 || value->size > 8)
		fail_msg("%s: %s is no number", v->name, key);
	for (i = 0; i < value->size; i++)
		n = n << 8 | value->data[i];
	return n;
}

uint64_t
number(const struct vector *v, const char *key)
{
	return number_at(v, key, 0);
}

void
text(const struct vector *v, const char *key, char *out, size_t size)
{
	const struct value *value = get(v, key);

	assert_true(value->size < size);
	memcpy(out, value->data, value->size);
	out[value->size] = '\0';
}

void
print_value(
    const struct vector *v, const char *key, const uint8_t *data, size_t size)
{
	size_t i;

	fprintf(stderr, "%s: the code makes\n%s =", v->name, key);
	for (i = 0; i < size; i++)
		fprintf(stderr, "%s%02x",
		    i % 32 == 0 ? (i == 0 ? " " : "\n  ") : "", data[i]);
	fprintf(stderr, "\n");
}

void
expect(struct vector *v, const char *key, const void *data, size_t size)
{
	const struct value *value = get(v, key);

	if (value->size == size &&
	    (size == 0 || memcmp(value->data, data, size) == 0))
		return;
	print_value(v, key, data, size);
	v->mismatches++;
}

void
expect_number(struct vector *v, const char *key, uint64_t n)
{
	uint8_t bytes[8];

	store_u64(bytes, n);
	expect(v, key, bytes, sizeof bytes);
}

void
expect_buffer(struct vector *v, const char *key, struct buffer *b)
{
	assert_int_equal(buffer_state(b), ERR_OK);
	expect(v, key, b->data, b->size);
	buffer_free(b);
}

/* An Ed25519 key pair from the seed in the vector. */
void
signer(const struct vector *v, const char *key, uint8_t public[KEY_BYTES],
    uint8_t secret[64])
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	take(v, key, seed, sizeof seed);
	crypto_sign_seed_keypair(public, secret, seed);
}

void
take_id(const struct vector *v, struct change_id *out)
{
	uint8_t key[KEY_CHANGE_BYTES];

	take(v, "change_id", key, sizeof key);
	key_change_read(out, key);
}

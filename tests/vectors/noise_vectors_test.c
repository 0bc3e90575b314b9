/* noise: published test vectors, byte for byte.
 *
 * The file is vectors.txt of github.com/flynn/noise (Debian package
 * golang-github-flynn-noise-dev): blocks of name=value lines between empty
 * lines. NOISE_VECTORS names another copy. Without a file the test is
 * skipped (exit 77).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/noise.h"

enum { MESSAGES_MAX = 8, FIELD_BYTES_MAX = 1024, EXIT_SKIPPED = 77 };

static const char default_path[] =
    "/usr/share/gocode/src/github.com/flynn/noise/vectors.txt";

struct field {
	uint8_t data[FIELD_BYTES_MAX];
	size_t size;
	bool present;
};

struct vector {
	struct field init_static, resp_static;
	struct field init_ephemeral, resp_ephemeral;
	struct field prologue, psk;
	struct field payload[MESSAGES_MAX], ciphertext[MESSAGES_MAX];
};

static const char *
vectors_path(void)
{
	const char *path = getenv("NOISE_VECTORS");

	return path == NULL || *path == '\0' ? default_path : path;
}

static void
set_field(struct field *f, const char *hex)
{
	size_t size = strlen(hex) / 2;

	assert_true(size <= sizeof f->data);
	assert_int_equal(hex_decode(f->data, size, hex), ERR_OK);
	f->size = size;
	f->present = true;
}

static struct field *
find_field(struct vector *v, const char *name)
{
	char kind[16];
	unsigned index;

	if (strcmp(name, "init_static") == 0)
		return &v->init_static;
	if (strcmp(name, "resp_static") == 0)
		return &v->resp_static;
	if (strcmp(name, "gen_init_ephemeral") == 0)
		return &v->init_ephemeral;
	if (strcmp(name, "gen_resp_ephemeral") == 0)
		return &v->resp_ephemeral;
	if (strcmp(name, "prologue") == 0)
		return &v->prologue;
	if (strcmp(name, "preshared_key") == 0)
		return &v->psk;
	if (sscanf(name, "msg_%u_%15s", &index, kind) == 2 &&
	    index < MESSAGES_MAX)
		return strcmp(kind, "payload") == 0 ? &v->payload[index]
		                                    : &v->ciphertext[index];
	return NULL;
}

/* The next block with a name; false at the end of the file. Blocks of other
 * suites hold fields unknown here, so only ours are taken apart. */
static bool
read_vector(FILE *file, struct vector *v, const char *wanted)
{
	static char line[2 * FIELD_BYTES_MAX + 64];
	bool ours = false;

	memset(v, 0, sizeof *v);
	while (fgets(line, sizeof line, file) != NULL) {
		char *value;
		struct field *f;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' && ours)
			return true;
		value = strchr(line, '=');
		if (value == NULL || line[0] == '#')
			continue;
		*value++ = '\0';
		if (strcmp(line, "handshake") == 0) {
			ours = strcmp(value, wanted) == 0;
			continue;
		}
		if (!ours)
			continue;
		f = find_field(v, line);
		assert_non_null(f);
		set_field(f, value);
	}
	assert_false(ferror(file));
	return ours;
}

static void
begin(struct noise_handshake *h, const struct vector *v,
    enum noise_pattern pattern, bool is_initiator)
{
	const struct field *own =
	    is_initiator ? &v->init_static : &v->resp_static;
	const struct field *ephemeral =
	    is_initiator ? &v->init_ephemeral : &v->resp_ephemeral;
	struct noise_keypair keys, responder;

	assert_int_equal(own->size, NOISE_KEY_BYTES);
	assert_int_equal(v->resp_static.size, NOISE_KEY_BYTES);
	assert_int_equal(ephemeral->size, NOISE_KEY_BYTES);
	memcpy(keys.secret, own->data, sizeof keys.secret);
	noise_keypair_derive(&keys);
	memcpy(responder.secret, v->resp_static.data, sizeof responder.secret);
	noise_keypair_derive(&responder);
	noise_init(h, pattern, is_initiator, v->prologue.data, v->prologue.size,
	    &keys, ephemeral->data, is_initiator ? responder.public : NULL);
}

static void
expect_bytes(const struct buffer *got, const struct field *expected)
{
	assert_int_equal(got->size, expected->size);
	if (expected->size > 0)
		assert_memory_equal(got->data, expected->data, expected->size);
}

/* Each message is written by one role and compared, then the vector's bytes
 * are read by the other role. */
static void
run_handshake(const struct vector *v, struct noise_handshake *initiator,
    struct noise_handshake *responder)
{
	struct buffer out;
	unsigned i;

	buffer_init(&out);
	for (i = 0; i < 3; i++) {
		struct noise_handshake *w = i % 2 ? responder : initiator;
		struct noise_handshake *r = i % 2 ? initiator : responder;

		assert_true(v->ciphertext[i].present);
		if (i == 1 && v->psk.present)
			noise_set_psk(responder, v->psk.data);
		buffer_clear(&out);
		assert_int_equal(noise_write(w, v->payload[i].data,
		                     v->payload[i].size, &out),
		    ERR_OK);
		expect_bytes(&out, &v->ciphertext[i]);
		buffer_clear(&out);
		assert_int_equal(noise_read(r, v->ciphertext[i].data,
		                     v->ciphertext[i].size, &out),
		    ERR_OK);
		expect_bytes(&out, &v->payload[i]);
	}
	assert_memory_equal(initiator->hash, responder->hash, NOISE_HASH_BYTES);
	buffer_free(&out);
}

/* Transport messages alternate, the initiator's first. */
static void
run_transport(const struct vector *v, const struct noise_handshake *initiator,
    const struct noise_handshake *responder)
{
	struct noise_cipher send[2], receive[2];
	struct buffer out;
	unsigned i;

	assert_int_equal(noise_split(initiator, &send[0], &receive[0]), ERR_OK);
	assert_int_equal(noise_split(responder, &send[1], &receive[1]), ERR_OK);
	assert_true(v->ciphertext[3].present);
	assert_true(v->ciphertext[4].present);
	buffer_init(&out);
	for (i = 3; i < MESSAGES_MAX && v->ciphertext[i].present; i++) {
		unsigned from = (i - 3) % 2;

		buffer_clear(&out);
		assert_int_equal(noise_seal(&send[from], v->payload[i].data,
		                     v->payload[i].size, &out),
		    ERR_OK);
		expect_bytes(&out, &v->ciphertext[i]);
		buffer_clear(&out);
		assert_int_equal(
		    noise_open(&receive[1 - from], v->ciphertext[i].data,
		        v->ciphertext[i].size, &out),
		    ERR_OK);
		expect_bytes(&out, &v->payload[i]);
	}
	buffer_free(&out);
}

static void
run_all(enum noise_pattern pattern, const char *name)
{
	static struct vector v;
	struct noise_handshake initiator, responder;
	FILE *file = fopen(vectors_path(), "r");
	unsigned count = 0;

	assert_non_null(file);
	while (read_vector(file, &v, name)) {
		begin(&initiator, &v, pattern, true);
		begin(&responder, &v, pattern, false);
		assert_int_equal(v.psk.present, pattern == NOISE_XKPSK3);
		if (v.psk.present) {
			assert_int_equal(v.psk.size, NOISE_KEY_BYTES);
			noise_set_psk(&initiator, v.psk.data);
		}
		run_handshake(&v, &initiator, &responder);
		run_transport(&v, &initiator, &responder);
		count++;
	}
	fclose(file);
	print_message("%s: %u vectors\n", name, count);
	assert_true(count > 0);
}

static void
test_noise_xk_equals_published_vectors(void **state)
{
	(void)state;
	run_all(NOISE_XK, "Noise_XK_25519_ChaChaPoly_BLAKE2b");
}

static void
test_noise_xkpsk3_equals_published_vectors(void **state)
{
	(void)state;
	run_all(NOISE_XKPSK3, "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_noise_xk_equals_published_vectors),
	    cmocka_unit_test(test_noise_xkpsk3_equals_published_vectors),
	};
	FILE *file = fopen(vectors_path(), "r");

	if (file == NULL) {
		fprintf(stderr, "no %s: skipped\n", vectors_path());
		return EXIT_SKIPPED;
	}
	fclose(file);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

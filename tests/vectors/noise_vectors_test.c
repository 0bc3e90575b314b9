/* noise: published test vectors, byte for byte.
 *
 * Files are blocks of name=value lines between empty lines:
 *
 * - vectors.txt of github.com/flynn/noise (Debian package
 *   golang-github-flynn-noise-dev): 4 of XK and 4 of XKpsk3, with and without
 *   a prologue and payloads;
 * - noise.txt beside this test: of cacophony 1 of XK and 1 of XKpsk3, of snow
 *   1 of XK, which has no XKpsk3 alone.
 *
 * Those of other names are left out: XKpsk0, psk1, psk2 and psk0+psk3 place
 * the key otherwise, XK1 is another pattern, and NoisePSK_XK (noise-c) is the
 * form of a revision before 32. NOISE_VECTORS names one more file, whose
 * transport messages alternate as in noise.txt. Without flynn's file its
 * cases are skipped.
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

enum { MESSAGES_MAX = 8, FIELD_BYTES_MAX = 1024, PATH_BYTES_MAX = 4096 };

static const char flynn_path[] =
    "/usr/share/gocode/src/github.com/flynn/noise/vectors.txt";

struct field {
	uint8_t data[FIELD_BYTES_MAX];
	size_t size;
	bool present;
};

struct vector {
	struct field init_static, resp_static, init_remote_static;
	struct field init_ephemeral, resp_ephemeral;
	struct field prologue, psk, handshake_hash;
	struct field payload[MESSAGES_MAX], ciphertext[MESSAGES_MAX];
};

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
	if (strcmp(name, "init_remote_static") == 0)
		return &v->init_remote_static;
	if (strcmp(name, "handshake_hash") == 0)
		return &v->handshake_hash;
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
	if (v->init_remote_static.present)
		assert_memory_equal(v->init_remote_static.data,
		    responder.public, sizeof responder.public);
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
	if (v->handshake_hash.present) {
		assert_int_equal(v->handshake_hash.size, NOISE_HASH_BYTES);
		assert_memory_equal(
		    initiator->hash, v->handshake_hash.data, NOISE_HASH_BYTES);
	}
	buffer_free(&out);
}

/* Transport messages alternate; 0 sends the first of them if it is the
 * initiator's. Returns how many there were. */
static unsigned
run_transport(const struct vector *v, const struct noise_handshake *initiator,
    const struct noise_handshake *responder, unsigned first)
{
	struct noise_cipher send[2], receive[2];
	struct buffer out;
	unsigned i;

	assert_int_equal(noise_split(initiator, &send[0], &receive[0]), ERR_OK);
	assert_int_equal(noise_split(responder, &send[1], &receive[1]), ERR_OK);
	buffer_init(&out);
	for (i = 3; i < MESSAGES_MAX && v->ciphertext[i].present; i++) {
		unsigned from = (i - 3 + first) % 2;

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
	return i - 3;
}

/* What a file holds: a vector or message that is lost in reading it would
 * otherwise go unnoticed. 0 vectors: as many as there are. */
struct expected {
	unsigned vectors, transport_messages;
	unsigned first_sender; /* of a transport message; 0 the initiator */
};

static void
run_file(const char *path, enum noise_pattern pattern,
    const struct expected *expected)
{
	static const char *const names[] = {
	    [NOISE_XK] = "Noise_XK_25519_ChaChaPoly_BLAKE2b",
	    [NOISE_XKPSK3] = "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b",
	};
	static struct vector v;
	struct noise_handshake initiator, responder;
	FILE *file = fopen(path, "r");
	unsigned count = 0, transport = 0;

	assert_non_null(file);
	while (read_vector(file, &v, names[pattern])) {
		begin(&initiator, &v, pattern, true);
		begin(&responder, &v, pattern, false);
		assert_int_equal(v.psk.present, pattern == NOISE_XKPSK3);
		if (v.psk.present) {
			assert_int_equal(v.psk.size, NOISE_KEY_BYTES);
			noise_set_psk(&initiator, v.psk.data);
		}
		run_handshake(&v, &initiator, &responder);
		transport += run_transport(
		    &v, &initiator, &responder, expected->first_sender);
		count++;
	}
	fclose(file);
	print_message("%s: %u vectors, %u transport messages\n", names[pattern],
	    count, transport);
	if (expected->vectors > 0) {
		assert_int_equal(count, expected->vectors);
		assert_int_equal(transport, expected->transport_messages);
	}
}

static void
run_flynn(enum noise_pattern pattern)
{
	static const struct expected expected = {4, 8, 0};
	FILE *file = fopen(flynn_path, "r");

	if (file == NULL) {
		print_message("no %s: skipped\n", flynn_path);
		skip();
	}
	fclose(file);
	run_file(flynn_path, pattern, &expected);
}

static void
run_noise_txt(enum noise_pattern pattern, const struct expected *expected)
{
	const char *root = getenv("YIZHAN_SOURCE_ROOT");
	char path[PATH_BYTES_MAX];

	snprintf(path, sizeof path, "%s/tests/vectors/noise.txt",
	    root == NULL ? "." : root);
	run_file(path, pattern, expected);
}

static void
test_noise_xk_equals_vectors_of_flynn(void **state)
{
	(void)state;
	run_flynn(NOISE_XK);
}

static void
test_noise_xkpsk3_equals_vectors_of_flynn(void **state)
{
	(void)state;
	run_flynn(NOISE_XKPSK3);
}

static void
test_noise_xk_equals_vectors_of_cacophony_and_snow(void **state)
{
	static const struct expected expected = {2, 3, 1};

	(void)state;
	run_noise_txt(NOISE_XK, &expected);
}

static void
test_noise_xkpsk3_equals_vectors_of_cacophony(void **state)
{
	static const struct expected expected = {1, 3, 1};

	(void)state;
	run_noise_txt(NOISE_XKPSK3, &expected);
}

static void
test_noise_equals_vectors_of_a_named_file(void **state)
{
	static const struct expected expected = {0, 0, 1};
	const char *path = getenv("NOISE_VECTORS");

	(void)state;
	if (path == NULL || *path == '\0')
		return;
	run_file(path, NOISE_XK, &expected);
	run_file(path, NOISE_XKPSK3, &expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_noise_xk_equals_vectors_of_flynn),
	    cmocka_unit_test(test_noise_xkpsk3_equals_vectors_of_flynn),
	    cmocka_unit_test(
	        test_noise_xk_equals_vectors_of_cacophony_and_snow),
	    cmocka_unit_test(test_noise_xkpsk3_equals_vectors_of_cacophony),
	    cmocka_unit_test(test_noise_equals_vectors_of_a_named_file),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against the digests of FIPS 180-4's examples, and around the ends of blocks. */
#include "journal/sha256.h"

#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_digest(const void *bytes, size_t size, const char *expected) {
    unsigned char digest[MGI_SHA256_BYTES];
    char hex[2 * MGI_SHA256_BYTES + 1];
    mgi_sha256(bytes, size, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, expected);
}

static void test_known_digests(void **state) {
    (void)state;
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    check_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest(two, sizeof two - 1,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    check_digest(million, 1000000,
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* The digests of 0 to 200 times the byte "a", in a row, as hashlib has it. */
static void test_every_length_around_blocks(void **state) {
    (void)state;
    enum { LENGTHS = 201 };
    static unsigned char digests[LENGTHS * MGI_SHA256_BYTES];
    char text[LENGTHS];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < LENGTHS; i++) mgi_sha256(text, i, digests + i * MGI_SHA256_BYTES);
    check_digest(digests, sizeof digests,
                 "1be2d7d291484baf4c78d463a65b40a26c255b1946e5205eac8edad606a76fdd");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_digests),
        cmocka_unit_test(test_every_length_around_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bytes, also of several kinds one after the other, and what they hold.
 *
 * Byte 0 of an input says how it comes and is read the second time; the bytes follow. */
#include "common/memory.h"
#include "input/input.h"
#include "lines.h"
#include "pieces.h"

enum { MOST = 1 << 20, LONGEST = 32 * 1024 }; /* bytes of a result; of an input */

/* Bytes of a zstd frame's largest block: of a damaged one more is read if it comes in pieces. */
enum { BLOCK = 128 * 1024 };

struct result {
    char *bytes;
    size_t length;
    bool failed;
    struct error error;
};

/* Reads up to MOST bytes, `at_once` at a time. */
static void read_all(struct result *result, size_t at_once) {
    const struct input_options options = {.any = true, .quiet = true};
    struct input *input = input_open("-", &options, &result->error);
    FUZZ_REQUIRE(input != NULL, "standard input is not opened");
    ssize_t got = 1;
    while (got > 0 && result->length < MOST) {
        size_t room = MOST - result->length < at_once ? MOST - result->length : at_once;
        got = input_read(input, result->bytes + result->length, room, &result->error);
        FUZZ_REQUIRE(got <= (ssize_t)room, "more bytes than there is room for");
        if (got > 0) result->length += (size_t)got;
    }
    result->failed = got < 0;
    if (result->failed) fuzz_check_line(&result->error);
    if (got == 0) {
        got = input_read(input, result->bytes, 1, &result->error);
        FUZZ_REQUIRE(got == 0, "something after the end");
    }
    input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct result whole, pieces;
    if (size < 1 || size > LONGEST) return 0;
    if (whole.bytes == NULL) {
        whole.bytes = memory_resize(NULL, MOST, 1);
        pieces.bytes = memory_resize(NULL, MOST, 1);
    }
    whole.length = pieces.length = 0;
    fuzz_pieces_begin(data + 1, size - 1, 0, false);
    read_all(&whole, MOST);
    fuzz_pieces_begin(data + 1, size - 1, 1 + data[0] % 97u, (data[0] & 1) != 0);
    read_all(&pieces, 1 + data[0] * 37u);
    size_t least = pieces.length < whole.length ? pieces.length : whole.length;
    size_t more = pieces.length + whole.length - 2 * least;
    FUZZ_REQUIRE(more == 0 || (more <= BLOCK && pieces.failed && whole.failed),
                 "pieces change how much there is");
    FUZZ_REQUIRE(least == 0 || memcmp(pieces.bytes, whole.bytes, least) == 0,
                 "pieces change what there is");
    if (more == 0 && whole.length < MOST) {
        FUZZ_REQUIRE(pieces.failed == whole.failed, "pieces decide whether it is sound");
        FUZZ_REQUIRE(!whole.failed || strcmp(pieces.error.line, whole.error.line) == 0,
                     "pieces change the error");
    }
    return 0;
}

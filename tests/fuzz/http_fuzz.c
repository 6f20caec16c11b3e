/* SPDX-License-Identifier: Apache-2.0 */
/* What one client sends to a server, whole and in pieces: requests are the same, sound, and none
 * runs behind a refusal. The first byte says how large the pieces are. */
#include "../cli/http/rehearsal.h"
#include "fuzz.h"

#include <string.h>
#include <strings.h>

/* ---- what the program may rely on ------------------------------------------------------------ */

static bool has_control(struct http_slice text, bool tab_allowed) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte == '\t' && tab_allowed) continue;
        if (byte < 0x20 || byte == 0x7F) return true;
    }
    return false;
}

static bool has_blank(struct http_slice text) {
    return text.length > 0 && memchr(text.at, ' ', text.length) != NULL;
}

static void check_target(const struct http_request *request) {
    struct http_slice target = request->target;
    FUZZ_REQUIRE(request->method.length > 0 && !has_blank(request->method), "a method with blanks");
    FUZZ_REQUIRE(target.length > 0 && !has_blank(target) && !has_control(target, false),
                 "a target with blanks or controls");
    FUZZ_REQUIRE(request->path.length > 0 &&
                     (request->path.at[0] == '/' || http_slice_equals(request->path, "*")),
                 "a path without a slash");
    FUZZ_REQUIRE(memchr(request->path.at, '?', request->path.length) == NULL,
                 "a path with a query");
}

static void check_headers(const struct http_request *request) {
    size_t hosts = 0, lengths = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        struct http_slice name = request->headers[i].name, value = request->headers[i].value;
        FUZZ_REQUIRE(name.length > 0 && !has_blank(name) && !has_control(name, false) &&
                         memchr(name.at, ':', name.length) == NULL,
                     "a header's name with blanks or controls");
        FUZZ_REQUIRE(!has_control(value, true), "a header's value with controls");
        FUZZ_REQUIRE(value.length == 0 || (value.at[0] != ' ' && value.at[value.length - 1] != ' '),
                     "a header's value with blanks around it");
        FUZZ_REQUIRE(!http_slice_equals_nocase(name, "Transfer-Encoding"), "a coding was let pass");
        hosts += http_slice_equals_nocase(name, "Host");
        lengths += http_slice_equals_nocase(name, "Content-Length");
    }
    FUZZ_REQUIRE(hosts <= 1 && lengths <= 1, "two of what there may be one of");
    FUZZ_REQUIRE(lengths == 1 || request->content_length == 0, "a length that nobody sent");
    FUZZ_REQUIRE(lengths == 1 || !http_slice_equals(request->method, "POST"),
                 "a POST without a length");
    FUZZ_REQUIRE(request->header_count <= rehearsal_limits.header_count, "too many headers");
}

static void check(const struct http_request *request, bool ready) {
    check_target(request);
    check_headers(request);
    FUZZ_REQUIRE(!ready || request->body_length == request->content_length, "half a body");
    FUZZ_REQUIRE(!ready || request->body[request->body_length] == '\0', "a body without its NUL");
}

/* ---- whole and in pieces --------------------------------------------------------------------- */

static void run(struct rehearsal *rehearsal, const uint8_t *data, size_t size, size_t piece,
                size_t send_step) {
    struct http_limits limits = rehearsal_limits;
    limits.body_bytes = 1 << 20; /* more than an input has: when memory grows differs by pieces */
    rehearsal_init(rehearsal, &limits);
    rehearsal->check = check;
    rehearsal->send_step = send_step;
    rehearsal_feed(rehearsal, (const char *)data, size, piece);
    FUZZ_REQUIRE(rehearsal_finish(rehearsal), "something is left behind");
}

static bool same(const struct string_buffer *one, const struct string_buffer *other) {
    return one->length == other->length &&
           (one->length == 0 || memcmp(one->bytes, other->bytes, one->length) == 0);
}

static bool contains(const struct string_buffer *text, const char *what) {
    return text->length > 0 && memmem(text->bytes, text->length, what, strlen(what)) != NULL;
}

/* A refusal ends the connection, and says so. */
static void check_refusal(const struct rehearsal *rehearsal) {
    static const char refused[] = "refused ";
    const struct string_buffer *heard = &rehearsal->heard;
    if (rehearsal->host.counts.malformed == 0) return;
    FUZZ_REQUIRE(rehearsal->host.counts.malformed == 1, "a request ran behind a refusal");
    FUZZ_REQUIRE(contains(&rehearsal->said, "Connection: close\r\n"), "a refusal keeps alive");
    size_t length = heard->length;
    const char *bytes = heard->bytes;
    FUZZ_REQUIRE(length > 0 && bytes[length - 1] == '\n', "nothing was heard of a refusal");
    const char *last = memrchr(bytes, '\n', length - 1);
    last = last == NULL ? bytes : last + 1;
    FUZZ_REQUIRE(strncmp(last, refused, strlen(refused)) == 0, "it was not the last");
}

static void check_same(const struct rehearsal *whole, const struct rehearsal *pieces) {
    FUZZ_REQUIRE(same(&whole->heard, &pieces->heard), "other requests when they come in pieces");
    /* Where a stream's chunks end depends on the pieces. */
    FUZZ_REQUIRE(contains(&whole->said, "chunked") || same(&whole->said, &pieces->said),
                 "other answers when requests come in pieces");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rehearsal whole, pieces;
    if (size == 0) return 0;
    size_t piece = 1 + (data[0] & 7u), send_step = (data[0] & 8u) != 0 ? 5 : SIZE_MAX;
    run(&whole, data + 1, size - 1, SIZE_MAX, SIZE_MAX);
    run(&pieces, data + 1, size - 1, piece, send_step);
    check_refusal(&whole);
    /* Whether the body is there when a stream is refused, and the connection goes on, depends on
     * the pieces, too. */
    if (!contains(&whole.heard, "/stream/refuse")) check_same(&whole, &pieces);
    rehearsal_destroy(&whole);
    rehearsal_destroy(&pieces);
    return 0;
}

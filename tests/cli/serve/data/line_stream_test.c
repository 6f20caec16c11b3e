/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a body that comes in pieces of any size, in memory for one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "serve/data/line_stream.h"

enum { MOST = 8 };

/* The body, and how much of it comes at once. */
static const char *body;
static size_t body_left, piece;
static bool client_leaves;

ptrdiff_t http_stream_read(struct http_exchange *exchange, char *to, size_t capacity) {
    (void)exchange;
    assert_true(capacity > 0);
    if (client_leaves && body_left == 0) return -1;
    size_t count = piece < capacity ? piece : capacity;
    if (count > body_left) count = body_left;
    memcpy(to, body, count);
    body += count;
    body_left -= count;
    return (ptrdiff_t)count;
}

/* All lines, each with "|" behind it; "!" for one that is too long. */
static bool read_lines(const char *text, size_t length, size_t pieces, char *to) {
    struct line_stream stream;
    bool whole = true;
    body = text;
    body_left = length;
    piece = pieces;
    *to = '\0';
    line_stream_init(&stream, NULL, MOST);
    for (;;) {
        char *line;
        size_t bytes;
        enum line_kind kind = line_stream_take(&stream, &line, &bytes);
        if (kind == LINE_NONE) {
            if (stream.over) break;
            whole = line_stream_read(&stream);
            if (!whole) break;
            continue;
        }
        if (kind == LINE_WHOLE) line[bytes] = '\0';
        sprintf(to + strlen(to), "%s|", kind == LINE_TOO_LONG ? "!" : line);
        assert_true(stream.capacity <= MOST + 1);
    }
    line_stream_finish(&stream);
    return whole;
}

static void takes_lines_of_any_pieces(void **state) {
    (void)state;
    static const struct {
        const char *text, *lines;
    } bodies[] = {
        {"", ""},
        {"a", "a|"},
        {"a\n", "a|"},
        {"a\nb", "a|b|"},
        {"\n\n", "||"},
        {"a\r\nb\r\n", "a\r|b\r|"},
        {"12345678\n12345678", "12345678|12345678|"},
        {"123456789\na\n", "!|a|"},
        {"123456789", "!|"},
        {"a\n123456789012345678901234567890\nb\n", "a|!|b|"},
        {"12345678901234567890", "!|"},
        {"123456789\n\n1234567890123456789\n1\n", "!||!|1|"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        for (size_t pieces = 1; pieces < 40; pieces++) {
            char lines[128];
            assert_true(read_lines(bodies[i].text, strlen(bodies[i].text), pieces, lines));
            assert_string_equal(lines, bodies[i].lines);
        }
    }
}

static void tells_when_the_client_left(void **state) {
    (void)state;
    char lines[128];
    client_leaves = true;
    assert_false(read_lines("a\nb", 3, 2, lines));
    assert_string_equal(lines, "a|");
    client_leaves = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_lines_of_any_pieces),
        cmocka_unit_test(tells_when_the_client_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

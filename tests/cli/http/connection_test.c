/* SPDX-License-Identifier: Apache-2.0 */
/* The connection's state machine: pieces make no difference, nothing runs behind a refusal, and
 * every exchange ends. */
#include "http/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rehearsal.h"

#define SECOND 1000000000u
#define HOST "Host: localhost\r\n"

static struct rehearsal rehearsal;

static void begin(void) { rehearsal_init(&rehearsal, &rehearsal_limits); }

static void end(void) {
    assert_true(rehearsal_finish(&rehearsal));
    rehearsal_destroy(&rehearsal);
}

static void feed(const char *bytes) { rehearsal_feed(&rehearsal, bytes, strlen(bytes), SIZE_MAX); }

static const char *text(const struct string_buffer *buffer) {
    return buffer->length > 0 ? buffer->bytes : "";
}

static bool said(const char *what) { return strstr(text(&rehearsal.said), what) != NULL; }
static bool heard(const char *what) { return strstr(text(&rehearsal.heard), what) != NULL; }

static size_t count_in(const char *where, const char *what) {
    size_t count = 0;
    for (const char *at = where; (at = strstr(at, what)) != NULL; at += strlen(what)) count++;
    return count;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static const char *const conversations[] = {
    "GET / HTTP/1.1\r\n" HOST "\r\n",
    "GET /a?b=c HTTP/1.1\r\n" HOST "X-Empty:\r\nX-Blank: \t v w \t\r\n\r\n",
    "POST /p HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello\r\nbody",
    "\r\nGET / HTTP/1.1\r\n" HOST "\r\n\r\nGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "POST /later HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /marker HTTP/1.1\r\n" HOST
    "\r\n",
    "POST /p HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nabGET / "
    "HTTP/1.0\r\n\r\n",
    "GET http://localhost/x HTTP/1.1\r\n" HOST "\r\nOPTIONS * HTTP/1.1\r\n" HOST "\r\n",
    "POST /p HTTP/1.1\r\n" HOST
    "Content-Length: 3\r\nConnection: close\r\n\r\nabcGET /marker HTTP/1.1\r\n",
    "HEAD /h HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
    "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /marker HTTP/1.1\r\n" HOST
    "\r\n",
    /* refused */
    "GET / HTTP/1.1\n" HOST "\r\nGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\nGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "\r\n\r\nGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "\rGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "GET /marker\r\n\r\nGET /marker HTTP/1.1\r\n" HOST "\r\n",
    "POST /marker HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /marker HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "\x16\x03\x01\x02",
};

static void run_in_pieces(const char *bytes, size_t first, size_t piece) {
    size_t length = strlen(bytes);
    if (first > length) first = length;
    begin();
    rehearsal_feed(&rehearsal, bytes, first, first);
    /* What was left with the kernel is nothing here: everything answers at once. */
    rehearsal_feed(&rehearsal, bytes + first, length - first, piece);
}

static void test_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const char *bytes = conversations[i];
        run_in_pieces(bytes, strlen(bytes), SIZE_MAX);
        char *all_heard = strdup(text(&rehearsal.heard)), *all_said = strdup(text(&rehearsal.said));
        enum connection_state after = rehearsal.connection.state;
        end();
        for (size_t split = 0; split <= strlen(bytes); split++) {
            run_in_pieces(bytes, split, split % 2 == 0 ? SIZE_MAX : 1 + split % 3);
            assert_string_equal(text(&rehearsal.heard), all_heard);
            assert_string_equal(text(&rehearsal.said), all_said);
            assert_int_equal(rehearsal.connection.state, after);
            end();
        }
        run_in_pieces(bytes, 0, 1);
        assert_string_equal(text(&rehearsal.heard), all_heard);
        assert_string_equal(text(&rehearsal.said), all_said);
        end();
        free(all_heard);
        free(all_said);
    }
}

static void test_small_sends(void **state) {
    (void)state;
    begin();
    rehearsal.send_step = 1;
    feed("POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(count_in(text(&rehearsal.said), "HTTP/1.1 200 OK\r\n"), 2);
    assert_true(said("\r\n\r\nabcHTTP/1.1 200 OK\r\n"));
    assert_true(rehearsal.connection.state == CONNECTION_HEAD);
    end();
}

/* ---- framing and persistence ----------------------------------------------------------------- */

static void test_nothing_runs_behind_a_refusal(void **state) {
    (void)state;
    for (size_t i = 10; i < sizeof conversations / sizeof conversations[0]; i++) {
        begin();
        feed(conversations[i]);
        assert_false(heard("/marker"));
        assert_true(said("Connection: close\r\n"));
        assert_true(said("\"code\": \""));
        assert_true(rehearsal.connection.state == CONNECTION_LINGER);
        feed("GET /marker HTTP/1.1\r\n" HOST "\r\n");
        assert_false(heard("/marker"));
        end();
    }
}

static void test_idle_keeps_nothing(void **state) {
    (void)state;
    begin();
    feed("POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab");
    feed("c");
    assert_null(rehearsal.connection.input);
    assert_null(rehearsal.connection.exchange);
    assert_int_equal(rehearsal.host.counts.body_bytes, 0);
    end();
}

static void test_versions(void **state) {
    (void)state;
    begin();
    feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(said("Connection: keep-alive\r\n"));
    assert_true(rehearsal.connection.state == CONNECTION_HEAD);
    feed("GET / HTTP/1.0\r\n\r\n");
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    end();
    begin();
    feed("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n");
    assert_true(said("Connection: close\r\n"));
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    end();
}

static void test_head_has_no_body(void **state) {
    (void)state;
    begin();
    feed("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabcd");
    assert_true(said("Content-Length: 4\r\n"));
    assert_false(said("abcd"));
    end();
}

static void test_continue(void **state) {
    (void)state;
    static const char head[] =
        "POST /a HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    begin();
    feed(head);
    assert_string_equal(text(&rehearsal.said), "HTTP/1.1 100 Continue\r\n\r\n");
    feed("ab");
    assert_true(said("HTTP/1.1 200 OK\r\n"));
    end();
    begin();
    feed("POST /refuse HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_false(said("100 Continue"));
    assert_true(said("HTTP/1.1 413 Content Too Large\r\n"));
    assert_true(said("Connection: close\r\n"));
    end();
}

static void test_drain(void **state) {
    (void)state;
    begin();
    feed("GET / HTTP/1.1\r\n" HOST "\r\n");
    assert_false(said("Connection: close\r\n"));
    rehearsal.host.draining = true;
    feed("GET / HTTP/1.1\r\n" HOST "\r\n");
    assert_true(said("Connection: close\r\n"));
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    end();
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void test_bodies_share_their_memory(void **state) {
    (void)state;
    char head[128];
    char body[4096];
    memset(body, 'x', sizeof body);
    begin();
    snprintf(head, sizeof head, "POST /a HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", 1 << 30);
    feed(head);
    assert_int_equal(rehearsal.host.counts.body_bytes, 0); /* what is announced costs nothing */
    for (int i = 0; i < 40; i++) {
        rehearsal_feed(&rehearsal, body, sizeof body, SIZE_MAX);
        assert_true(rehearsal.host.counts.body_bytes <= rehearsal_limits.body_bytes);
    }
    assert_true(said("HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(said("Retry-After: 1\r\n"));
    assert_int_equal(rehearsal.host.counts.body_bytes, 0);
    end();
}

static const char *post(int length) {
    static char head[128];
    snprintf(head, sizeof head, "POST /a HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", length);
    return head;
}

static void fill_body(int length) {
    for (int i = 0; i < length; i++) rehearsal_feed(&rehearsal, "x", 1, SIZE_MAX);
}

/* Bodies of the reserve have what the others have used up already; small ones even where it is used
 * up itself. */
static void test_a_reserve_has_memory_of_its_own(void **state) {
    (void)state;
    static const struct {
        int length;
        uint64_t used; /* of the reserve */
        bool passes;
    } bodies[] = {{3000, 0, true},
                  {3000, 1000, true},
                  {3000, 1001, false},
                  {500, 4000, true},
                  {501, 4000, false}};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        begin();
        rehearsal.host.reserve = (struct http_reserve){
            .number = 3, .connections = 1, .body_bytes = 4000, .small_body = 500};
        rehearsal.host.shares[0].body_bytes = rehearsal_limits.body_bytes;
        rehearsal.host.shares[1].body_bytes = bodies[i].used;
        feed(post(bodies[i].length));
        fill_body(bodies[i].length);
        assert_int_equal(said("HTTP/1.1 200 OK\r\n"), bodies[i].passes);
        assert_int_equal(said("HTTP/1.1 503 "), !bodies[i].passes);
        assert_int_equal(rehearsal.host.shares[1].body_bytes, bodies[i].used);
        assert_int_equal(rehearsal.host.shares[0].body_bytes, rehearsal_limits.body_bytes);
        end();
    }
}

/* Where a reserve is used up, the others have all of theirs. */
static void test_others_do_not_use_a_reserve(void **state) {
    (void)state;
    for (uint64_t used = 0; used <= 1; used++) {
        begin();
        rehearsal.host.reserve = (struct http_reserve){
            .number = 4, .connections = 1, .body_bytes = 4000, .small_body = 5000};
        rehearsal.host.shares[1].body_bytes = 4000;
        rehearsal.host.shares[0].body_bytes = rehearsal_limits.body_bytes - 3000 + used;
        feed(post(3000));
        fill_body(3000);
        assert_int_equal(said("HTTP/1.1 200 OK\r\n"), used == 0);
        assert_int_equal(rehearsal.host.shares[1].body_bytes, 4000);
        end();
    }
}

static void test_head_sizes(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int count;
        const char *status;
    } cases[] = {
        {"X: y\r\n", 15, " 200 "},
        {"X: y\r\n", 16, " 431 "},
        {"X: "
         "3456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
         "1234567890123456789012345678901234567890\r\n",
         12, " 431 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        feed("GET / HTTP/1.1\r\n" HOST);
        for (int line = 0; line < cases[i].count; line++) feed(cases[i].line);
        feed("\r\n");
        assert_true(said(cases[i].status));
        end();
    }
    begin();
    feed("GET /");
    for (int i = 0; i < 1100; i++) feed("x");
    assert_true(said("HTTP/1.1 414 URI Too Long\r\n"));
    assert_true(said("\"limit\": 1024"));
    end();
}

/* ---- times ----------------------------------------------------------------------------------- */

static void test_slow_head(void **state) {
    (void)state;
    begin();
    feed("GET / HT");
    rehearsal_wait(&rehearsal, 9 * (uint64_t)SECOND);
    feed("TP"); /* a byte now and then does not help */
    rehearsal_wait(&rehearsal, 1 * (uint64_t)SECOND);
    assert_true(said("HTTP/1.1 408 Request Timeout\r\n"));
    assert_int_equal(rehearsal.host.counts.timed_out, 1);
    end();
}

static void test_slow_body(void **state) {
    (void)state;
    begin();
    feed("POST /a HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\nab");
    for (int i = 0; i < 3 && !said("408"); i++) {
        rehearsal_wait(&rehearsal, 4 * (uint64_t)SECOND);
        feed("x"); /* never long without a byte, but less than 1 KiB a second */
    }
    assert_true(said("HTTP/1.1 408 Request Timeout\r\n"));
    assert_true(heard("done 408 whole"));
    end();
}

static void test_idle(void **state) {
    (void)state;
    begin();
    feed("GET / HTTP/1.1\r\n" HOST "\r\n");
    rehearsal_wait(&rehearsal, 59 * (uint64_t)SECOND);
    assert_true(rehearsal.connection.state == CONNECTION_HEAD);
    rehearsal_wait(&rehearsal, 1 * (uint64_t)SECOND);
    assert_true(rehearsal.connection.state == CONNECTION_CLOSED);
    assert_int_equal(rehearsal.host.counts.timed_out, 0);
    end();
}

static void test_slow_reader(void **state) {
    (void)state;
    begin();
    /* Nothing is sent: rehearsal_feed would send it. */
    static const char request[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    connection_receive(&rehearsal.connection, request, sizeof request - 1);
    rehearsal.host.now += 10 * (uint64_t)SECOND;
    connection_expire(&rehearsal.connection);
    assert_true(rehearsal.connection.state == CONNECTION_CLOSED);
    assert_true(rehearsal.connection.reset);
    assert_true(heard("done 200 cut"));
    end();
}

static void test_lingering_ends(void **state) {
    (void)state;
    begin();
    feed("BAD\r\n\r\n");
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    rehearsal_wait(&rehearsal, 2 * (uint64_t)SECOND);
    assert_true(rehearsal.connection.state == CONNECTION_CLOSED);
    end();
}

/* ---- clients that leave ---------------------------------------------------------------------- */

static void test_client_leaves(void **state) {
    (void)state;
    begin();
    rehearsal.hold = true;
    feed("POST /later HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc");
    assert_int_equal(rehearsal.host.counts.in_flight, 1);
    connection_receive_end(&rehearsal.connection);
    assert_true(rehearsal.connection.state == CONNECTION_CLOSED);
    assert_int_equal(rehearsal.host.counts.in_flight, 1);
    end();
    begin();
    feed("POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab");
    connection_receive_end(&rehearsal.connection);
    assert_true(heard("done 0 cut"));
    end();
}

static void test_answer_goes_out_after_fin(void **state) {
    (void)state;
    begin();
    static const char requests[] = "GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n";
    connection_receive(&rehearsal.connection, requests, sizeof requests - 1);
    connection_receive_end(&rehearsal.connection);
    rehearsal_settle(&rehearsal);
    assert_int_equal(count_in(text(&rehearsal.said), "HTTP/1.1 200 OK\r\n"), 2);
    assert_true(rehearsal.connection.state == CONNECTION_CLOSED);
    end();
}

static void test_left_is_told_to_the_program(void **state) {
    (void)state;
    begin();
    rehearsal.hold = true;
    feed("GET /later HTTP/1.1\r\n" HOST "\r\n");
    connection_cut(&rehearsal.connection, false);
    rehearsal.hold = false;
    rehearsal_settle(&rehearsal);
    assert_true(heard("[left]\ndone 0 cut\n"));
    end();
}

/* ---- streams --------------------------------------------------------------------------------- */

static void test_stream(void **state) {
    (void)state;
    begin();
    feed("POST /stream HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nab");
    assert_true(said("Transfer-Encoding: chunked\r\n"));
    assert_false(said("Content-Length"));
    feed("cdefGET /b HTTP/1.1\r\n" HOST "\r\n");
    assert_true(said("2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_true(heard("abcdef[end]\ndone 200 whole\nGET /b?"));
    end();
    begin();
    feed("POST /stream HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab");
    assert_true(said("Connection: close\r\n"));
    assert_true(said("\r\n\r\nab"));
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    end();
}

static void test_stream_that_is_refused(void **state) {
    (void)state;
    begin();
    feed("POST /stream/refuse HTTP/1.1\r\n" HOST
         "Content-Length: 2\r\n\r\nabGET /b HTTP/1.1\r\n" HOST "\r\n");
    assert_true(heard("done 422 whole\nGET /b?"));
    feed("POST /stream/refuse HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nab");
    assert_true(said("Connection: close\r\n"));
    assert_true(rehearsal.connection.state == CONNECTION_LINGER);
    end();
}

static void test_long_stream(void **state) {
    (void)state;
    enum { LENGTH = 1000000 };
    char head[128];
    char *body = malloc(LENGTH);
    assert_non_null(body);
    memset(body, 'y', LENGTH);
    begin();
    snprintf(head, sizeof head, "POST /stream HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
             LENGTH);
    feed(head);
    rehearsal_feed(&rehearsal, body, LENGTH, 100000);
    assert_true(heard("[end]\ndone 200 whole\n"));
    assert_int_equal(rehearsal.host.counts.body_bytes, 0);
    end();
    free(body);
}

static void test_stream_whose_client_leaves_or_is_slow(void **state) {
    (void)state;
    begin();
    feed("POST /stream HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nab");
    connection_receive_end(&rehearsal.connection);
    rehearsal_settle(&rehearsal);
    assert_true(heard("ab[left]\ndone 0 cut\n"));
    end();
    begin();
    feed("POST /stream HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nab");
    rehearsal_wait(&rehearsal, 10 * (uint64_t)SECOND);
    assert_int_equal(rehearsal.host.counts.timed_out, 1);
    feed("cd");
    rehearsal_settle(&rehearsal);
    assert_false(said("\r\n0\r\n\r\n"));
    end();
}

/* ---- waking ---------------------------------------------------------------------------------- */

static void test_answers_wake_once(void **state) {
    (void)state;
    begin();
    feed("GET / HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rehearsal.woken, 0); /* an answer at once needs no detour */
    feed("GET /later HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rehearsal.woken, 1);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_small_sends),
        cmocka_unit_test(test_nothing_runs_behind_a_refusal),
        cmocka_unit_test(test_idle_keeps_nothing),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_continue),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_bodies_share_their_memory),
        cmocka_unit_test(test_a_reserve_has_memory_of_its_own),
        cmocka_unit_test(test_others_do_not_use_a_reserve),
        cmocka_unit_test(test_head_sizes),
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_lingering_ends),
        cmocka_unit_test(test_client_leaves),
        cmocka_unit_test(test_answer_goes_out_after_fin),
        cmocka_unit_test(test_left_is_told_to_the_program),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_that_is_refused),
        cmocka_unit_test(test_long_stream),
        cmocka_unit_test(test_stream_whose_client_leaves_or_is_slow),
        cmocka_unit_test(test_answers_wake_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

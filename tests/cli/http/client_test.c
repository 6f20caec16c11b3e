/* SPDX-License-Identifier: Apache-2.0 */
/* The client, against a server that says what each test gives it to say. */
#include "http/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/listener.h"

/* Reads one request until its end, says its piece, and closes. */
struct script {
    int listener;
    const char *reply;
    bool waits; /* for the client to go, instead of closing */
    char request[4096];
    pthread_t thread;
    char address[128];
};

static void *play(void *given) {
    struct script *script = given;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    char byte;
    int client = -1;
    while (client < 0) client = accept(script->listener, (struct sockaddr *)&peer, &size);
    size_t length = 0;
    while (length + 1 < sizeof script->request && strstr(script->request, "\r\n\r\n") == NULL) {
        ssize_t count = recv(client, script->request + length, 1, 0);
        if (count <= 0) break;
        length += (size_t)count;
    }
    /* Bodies of these tests are six bytes. */
    if (strstr(script->request, "Content-Length: 6") != NULL) {
        for (int i = 0; i < 6; i++) length += (size_t)recv(client, script->request + length, 1, 0);
    }
    send(client, script->reply, strlen(script->reply), MSG_NOSIGNAL);
    while (script->waits && recv(client, &byte, 1, 0) > 0) continue;
    close(client);
    return NULL;
}

static void begin(struct script *script, const char *reply, bool waits) {
    struct error error;
    memset(script, 0, sizeof *script);
    script->reply = reply;
    script->waits = waits;
    script->listener = listener_open("127.0.0.1:0", 0, &error);
    assert_true(script->listener >= 0);
    listener_name(script->listener, script->address, sizeof script->address);
    assert_int_equal(pthread_create(&script->thread, NULL, play, script), 0);
}

static void end(struct script *script) {
    pthread_join(script->thread, NULL);
    close(script->listener);
}

static bool call(struct script *script, struct http_call call, struct http_reply *reply,
                 struct error *error) {
    call.server = script->address;
    if (call.method == NULL) call.method = "GET";
    if (call.target == NULL) call.target = "/";
    bool answered = http_client_call(&call, reply, error);
    end(script);
    return answered;
}

static void expect_body(const char *answer, int status, const char *body) {
    struct script script;
    struct http_reply reply;
    struct error error;
    begin(&script, answer, false);
    assert_true(call(&script, (struct http_call){0}, &reply, &error));
    assert_int_equal(reply.status, status);
    assert_int_equal(reply.body.length, strlen(body));
    if (body[0] != '\0') assert_string_equal(reply.body.bytes, body);
    http_reply_finish(&reply);
}

static void test_framings(void **state) {
    (void)state;
    expect_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello");
    expect_body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "");
    expect_body("HTTP/1.1 204 No Content\r\n\r\n", 204, "");
    expect_body("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, "no");
    expect_body(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        200, "hello");
    expect_body("HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end");
    expect_body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200,
                "ok");
}

static void test_request(void **state) {
    (void)state;
    struct script script;
    struct http_reply reply;
    struct error error;
    struct http_call given = {.method = "POST",
                              .target = "/operate/swap?a=b",
                              .token = "secret",
                              .if_match = "\"1-2-0-0\"",
                              .content_type = "application/json",
                              .body = "{\"a\":}",
                              .body_length = 6};
    begin(&script, "HTTP/1.1 200 OK\r\nETag: \"3\"\r\nX-Other:  x \r\nContent-Length: 0\r\n\r\n",
          false);
    assert_true(call(&script, given, &reply, &error));
    char value[16];
    assert_true(http_reply_header(&reply, "etag", value, sizeof value));
    assert_string_equal(value, "\"3\"");
    assert_false(http_reply_header(&reply, "ETa", value, sizeof value));
    http_reply_finish(&reply);
    char wanted[512];
    snprintf(wanted, sizeof wanted,
             "POST /operate/swap?a=b HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer secret\r\n"
             "If-Match: \"1-2-0-0\"\r\nContent-Type: application/json\r\nContent-Length: 6\r\n"
             "Connection: close\r\n\r\n{\"a\":}",
             script.address);
    assert_string_equal(script.request, wanted);
}

static void test_head(void **state) {
    (void)state;
    struct script script;
    struct http_reply reply;
    struct error error;
    begin(&script, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", true);
    assert_true(call(&script, (struct http_call){.method = "HEAD"}, &reply, &error));
    assert_int_equal(reply.body.length, 0);
    http_reply_finish(&reply);
}

static void expect_failure(const char *answer, struct http_call given, bool waits,
                           const char *said) {
    struct script script;
    struct http_reply reply;
    struct error error = {{0}};
    begin(&script, answer, waits);
    assert_false(call(&script, given, &reply, &error));
    assert_non_null(strstr(error.line, said));
    assert_non_null(strstr(error.line, script.address));
    http_reply_finish(&reply);
}

static void test_bad_replies(void **state) {
    (void)state;
    static const struct http_call get = {0};
    expect_failure("", get, false, "closed the connection before");
    expect_failure("HTTP/1.1 200 OK\r\nContent-Le", get, false, "closed the connection before");
    expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", get, false,
                   "closed the connection before");
    expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", get, false,
                   "closed the connection before");
    expect_failure("SSH-2.0-OpenSSH\r\n", get, true, "no HTTP/1.1");
    expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", get, false,
                   "closed the connection before");
}

static void test_time_is_up(void **state) {
    (void)state;
    expect_failure("HTTP/1.1 200 OK\r\n", (struct http_call){.seconds = 0.2}, true, "in time");
}

static void expect_refusal(struct http_call given, const char *said) {
    struct http_reply reply;
    struct error error = {{0}};
    if (given.method == NULL) given.method = "GET";
    if (given.target == NULL) given.target = "/";
    assert_false(http_client_call(&given, &reply, &error));
    assert_non_null(strstr(error.line, said));
    http_reply_finish(&reply);
}

/* Nothing is connected to. */
static void test_bad_calls(void **state) {
    (void)state;
    static const char server[] = "127.0.0.1:1";
    expect_refusal((struct http_call){.server = server, .target = "/a b"}, "cannot be sent");
    expect_refusal((struct http_call){.server = server, .target = "a"}, "cannot be sent");
    expect_refusal((struct http_call){.server = server, .token = "a\r\nX: y"}, "cannot be sent");
    expect_refusal((struct http_call){.server = server, .if_match = "a\nb"}, "cannot be sent");
    expect_refusal((struct http_call){.server = server, .method = "A B"}, "cannot be sent");
    expect_refusal((struct http_call){.server = "https://localhost:1"}, "TLS");
    expect_refusal((struct http_call){.server = "http://localhost:1/path"}, "without a path");
    expect_refusal((struct http_call){.server = "localhost"}, "HOST:PORT");
    expect_refusal((struct http_call){.server = "unix:/no/such/socket"}, "cannot connect");
}

static void test_nobody_listens(void **state) {
    (void)state;
    struct error error;
    char address[128];
    int listener = listener_open("127.0.0.1:0", 0, &error);
    listener_name(listener, address, sizeof address);
    close(listener);
    expect_refusal((struct http_call){.server = address}, "Connection refused");
}

static void test_names_of_servers(void **state) {
    (void)state;
    struct script script;
    struct http_reply reply;
    struct error error;
    char url[160];
    begin(&script, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
    snprintf(url, sizeof url, "http://%s/", script.address);
    struct http_call given = {.server = url, .method = "GET", .target = "/"};
    assert_true(http_client_call(&given, &reply, &error));
    end(&script);
    http_reply_finish(&reply);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framings),       cmocka_unit_test(test_request),
        cmocka_unit_test(test_head),           cmocka_unit_test(test_bad_replies),
        cmocka_unit_test(test_time_is_up),     cmocka_unit_test(test_bad_calls),
        cmocka_unit_test(test_nobody_listens), cmocka_unit_test(test_names_of_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

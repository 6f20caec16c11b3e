/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of answers, whole, cut and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ctl/load/connection.h"

static void a_head_is_read_once_it_is_whole(void **state) {
    (void)state;
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nDate: now\r\n"
                               "content-length:  12\r\nConnection: close\r\n\r\n{\"error\": 1}";
    struct connection_head head;
    size_t whole = sizeof text - 1 - 12;
    for (size_t i = 0; i < whole; i++) {
        assert_int_equal(connection_read_head(text, i, &head), 0);
    }
    assert_int_equal(connection_read_head(text, whole, &head), 1);
    assert_int_equal(head.status, 503);
    assert_int_equal(head.length, whole);
    assert_int_equal(head.body, 12);
    assert_true(head.closes);
    static const char kept[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(connection_read_head(kept, sizeof kept - 1, &head), 1);
    assert_true(head.status == 200 && head.body == 0 && !head.closes);
}

static void what_is_no_head_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    struct connection_head head;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(connection_read_head(bad[i], strlen(bad[i]), &head), -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_read_once_it_is_whole),
        cmocka_unit_test(what_is_no_head_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The sooner of --timeout and X-Request-Timeout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "serve/deadline.h"

enum { ARRIVED = 1000 };

static uint64_t deadline;

static bool read_header(const char *value, double timeout) {
    struct http_header header = {{"x-request-timeout", 17}, {value, 0}};
    struct http_request request = {.arrived = ARRIVED, .headers = &header};
    if (value != NULL) header.value.length = strlen(value);
    request.header_count = value != NULL;
    return deadline_read(&request, timeout, &deadline);
}

static void the_sooner_one_holds(void **state) {
    (void)state;
    assert_true(read_header(NULL, 0));
    assert_int_equal(deadline, 0);
    assert_true(read_header(NULL, 2));
    assert_int_equal(deadline, ARRIVED + UINT64_C(2000000000));
    assert_true(read_header("250ms", 2));
    assert_int_equal(deadline, ARRIVED + 250000000);
    assert_true(read_header("5s", 2));
    assert_int_equal(deadline, ARRIVED + UINT64_C(2000000000));
    assert_true(read_header("5s", 0));
    assert_int_equal(deadline, ARRIVED + UINT64_C(5000000000));
    assert_true(read_header("1ms", 2));
    assert_int_equal(deadline, ARRIVED + 1000000);
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",   "soon", "0ms", "0250ms", "0s",   "000000s",  "s",
        "ms", "-1s",  "1 s", "nan",    "1sec", "99999999", "00000000000000000000000000000001s"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(read_header(bad[i], 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sooner_one_holds),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

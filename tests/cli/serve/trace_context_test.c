/* SPDX-License-Identifier: Apache-2.0 */
/* Which traceparent headers go on, and which begin a trace of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "serve/trace_context.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static struct random numbers = {1};

static struct trace_context begin(const char *header) {
    struct trace_context trace;
    struct http_slice slice = {header, header != NULL ? strlen(header) : 0};
    trace_context_begin(&trace, slice, &numbers);
    return trace;
}

static void a_valid_trace_goes_on_with_another_span(void **state) {
    (void)state;
    static const char *const valid[] = {
        "00-" TRACE "-" SPAN "-01", "cc-" TRACE "-" SPAN "-01", /* a later version */
        "cc-" TRACE "-" SPAN "-01-more-text"                    /* with more behind */
    };
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        struct trace_context trace = begin(valid[i]);
        char header[TRACE_PARENT_LENGTH + 1];
        trace_context_write(&trace, header);
        assert_string_equal(trace.trace_id, TRACE);
        assert_string_equal(trace.parent_id, SPAN);
        assert_string_not_equal(trace.span_id, SPAN);
        assert_int_equal(strlen(header), TRACE_PARENT_LENGTH);
        assert_int_equal(memcmp(header, "00-" TRACE "-", 36), 0);
        assert_memory_equal(header + 36, trace.span_id, 16);
        assert_string_equal(header + 52, "-01");
    }
}

static void what_is_not_valid_begins_a_trace(void **state) {
    (void)state;
    static const char *const invalid[] = {
        NULL,
        "",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-011",
        "00-" TRACE "-" SPAN "-01-more",
        "ff-" TRACE "-" SPAN "-01",
        "cc-" TRACE "-" SPAN "-01more",
        "0g-" TRACE "-" SPAN "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
        "00-" TRACE "-" SPAN "-x1",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        struct trace_context trace = begin(invalid[i]);
        assert_int_equal(strlen(trace.trace_id), 32);
        assert_int_equal(strlen(trace.span_id), 16);
        assert_string_not_equal(trace.trace_id, TRACE);
        assert_string_equal(trace.parent_id, "");
        assert_string_equal(trace.flags, "00");
    }
}

static void no_two_requests_share_a_span(void **state) {
    (void)state;
    struct trace_context one = begin(NULL), other = begin(NULL);
    assert_string_not_equal(one.trace_id, other.trace_id);
    assert_string_not_equal(one.span_id, other.span_id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_trace_goes_on_with_another_span),
        cmocka_unit_test(what_is_not_valid_begins_a_trace),
        cmocka_unit_test(no_two_requests_share_a_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Some seconds of requests without a pause, before a model goes live. */
#ifndef CLI_CTL_LOAD_LOAD_TEST_H
#define CLI_CTL_LOAD_LOAD_TEST_H

#include "ctl/pairs.h"
#include "ctl/remote.h"

struct load_test_figures {
    uint64_t requests, errors;
    double p50, p99, most; /* seconds; 0 without requests */
};

struct load_test {
    double seconds;
    struct load_test_figures tested; /* the standby model, or the server of --url */
    struct load_test_figures live;   /* asked in turn with it; no requests with --url */
    char first_error[300];           /* empty: none */
};

/* --connections connections ask for --load-test seconds. False with a line in the error if the test
 * could not begin, or a signal came; failed requests are counted. */
bool load_test_run(struct load_test *test, const struct remote *remote, const struct pairs *pairs,
                   struct error *error);

/* "5120 requests, 0 errors, P50 1.2 ms, P99 3.4 ms (live: P50 1.2 ms, P99 3.1 ms)". */
void load_test_show(struct string_buffer *text, const struct load_test *test);
json_t *load_test_json(const struct load_test *test);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows share a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "match/run.h"

static size_t batch_rows(uint32_t top, bool scores, const char *device) {
    const struct options options = {.top = top};
    struct run run = {.options = &options};
    if (scores) run.job = (mgeo_job *)(void *)&run; /* which is not looked at */
    strcpy(run.info.device, device);
    return run_batch_rows(&run);
}

static void test_batches_hold_a_bounded_number_of_candidates(void **state) {
    (void)state;
    assert_int_equal(batch_rows(5, false, ""), 4096);
    assert_int_equal(batch_rows(5, true, "cpu"), 256);
    assert_int_equal(batch_rows(5, true, "cuda:0"), 4096);
    for (uint32_t top = 1; top <= MGEO_MAX_CANDIDATES; top++) {
        assert_in_range(batch_rows(top, false, "") * top, 1, 4096 * 20);
        assert_in_range(batch_rows(top, true, "cpu") * top, 1, 256 * 100);
        assert_in_range(batch_rows(top, true, "cuda:0") * top, 1, 4096 * 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_hold_a_bounded_number_of_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

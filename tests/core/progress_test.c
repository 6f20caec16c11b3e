/* SPDX-License-Identifier: Apache-2.0 */
/* The block through which a long call is watched and cancelled. */
#include "core/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void check(const mgeo_progress *progress, int32_t stage, uint64_t done, uint64_t total) {
    int32_t got_stage = -1;
    uint64_t got_done = 99;
    uint64_t got_total = 99;
    mgeo_progress_read(progress, &got_stage, &got_done, &got_total);
    assert_int_equal(got_stage, stage);
    assert_int_equal(got_done, done);
    assert_int_equal(got_total, total);
}

static void stages_and_counts_are_read_back(void **state) {
    (void)state;
    mgeo_progress progress = {0};
    check(&progress, MGEO_STAGE_IDLE, 0, 0);
    mgi_progress_stage(&progress, MGEO_STAGE_HASHING, 1000);
    mgi_progress_add(&progress, 300);
    mgi_progress_add(&progress, 400);
    check(&progress, MGEO_STAGE_HASHING, 700, 1000);
    mgi_progress_stage(&progress, MGEO_STAGE_PLACING, 0);
    check(&progress, MGEO_STAGE_PLACING, 0, 0);
    mgeo_progress_read(&progress, NULL, NULL, NULL);
}

static void a_cancelled_call_is_told(void **state) {
    (void)state;
    mgeo_progress progress = {0};
    mgeo_error error = {0};
    assert_false(mgi_progress_cancelled(&progress));
    assert_int_equal(mgi_progress_check(&progress, &error), MGEO_OK);
    mgeo_progress_cancel(&progress);
    mgi_progress_stage(&progress, MGEO_STAGE_WARMING, 3); /* a new stage does not forget it */
    assert_true(mgi_progress_cancelled(&progress));
    assert_int_equal(mgi_progress_check(&progress, &error), MGEO_E_CANCELLED);
    assert_int_equal(error.status, MGEO_E_CANCELLED);
    assert_true(strlen(error.message) > 0);
}

static void no_block_is_fine(void **state) {
    (void)state;
    mgeo_progress_cancel(NULL);
    mgi_progress_stage(NULL, MGEO_STAGE_READING, 1);
    mgi_progress_add(NULL, 1);
    assert_false(mgi_progress_cancelled(NULL));
    assert_int_equal(mgi_progress_check(NULL, NULL), MGEO_OK);
    check(NULL, MGEO_STAGE_IDLE, 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_and_counts_are_read_back),
        cmocka_unit_test(a_cancelled_call_is_told),
        cmocka_unit_test(no_block_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

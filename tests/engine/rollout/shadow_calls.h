/* SPDX-License-Identifier: Apache-2.0 */
/* Live calls with a shadow beside them, for its tests: two models, calls, and waiting for the rest.
 */
#ifndef TESTS_ENGINE_ROLLOUT_SHADOW_CALLS_H
#define TESTS_ENGINE_ROLLOUT_SHADOW_CALLS_H

#include "support/engine_fixture.h"

enum { PATIENCE_MS = 20000 };
enum { COMPARED = 200 };

static inline mgeo_shadow_report report_now(void) {
    mgeo_shadow_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_get_shadow(engine, &report, &error), MGEO_OK);
    return report;
}

static inline void check_sums(const mgeo_shadow_report *report) {
    assert_int_equal(report->pairs, report->dropped + report->failed + report->waiting +
                                        report->lost + report->compared);
}

/* Waits until nothing waits. */
static inline mgeo_shadow_report await_rest(void) {
    mgeo_shadow_report report = report_now();
    for (int i = 0; i < PATIENCE_MS && report.waiting > 0; i++) {
        test_sleep(1);
        report = report_now();
    }
    assert_int_equal(report.waiting, 0);
    check_sums(&report);
    return report;
}

static inline mgeo_status shadow(uint32_t share) {
    return mgeo_set_shadow(engine, share, NULL, &error);
}

static inline uint32_t share_now(void) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    return rollout.shadow_share;
}

static inline float call_one(uint32_t number) {
    test_pair texts;
    float similarity;
    mgeo_pair one = test_make_pair(&texts, number, 3);
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    if (mgeo_score(engine, &one, 1, &scores, &error) != MGEO_OK) fail_msg("%s", error.message);
    return similarity;
}

static inline void call(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) call_one(i);
}

/* Model 0 live on the fake device, another one on standby on the controllable device. */
static inline void load_path_beside(const char *path) {
    load(0);
    loader next = {.path = path};
    load_controllable(&next);
    if (next.status != MGEO_OK) fail_msg("%s", next.error.message);
}

static inline void load_pair(uint32_t standby) { load_path_beside(paths[standby]); }

/* The first `count` pairs scored by one of the models, in a job of its own. */
static inline void score_by(bool standby, uint32_t count, float *similarity, int32_t *label) {
    mgeo_job_options options = {.struct_size = sizeof options, .standby = standby};
    mgeo_job *job = NULL;
    assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_OK);
    for (uint32_t i = 0; i < count; i++) {
        test_pair texts;
        mgeo_pair one = test_make_pair(&texts, i, 3);
        mgeo_scores scores = {
            .struct_size = sizeof scores, .similarity = &similarity[i], .label = &label[i]};
        assert_int_equal(mgeo_job_score(job, &one, 1, &scores, &error), MGEO_OK);
    }
    mgeo_job_end(job);
}

#endif

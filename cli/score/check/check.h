/* SPDX-License-Identifier: Apache-2.0 */
/* --check: is this model directory sound, and does it answer sensibly? */
#ifndef CLI_SCORE_CHECK_CHECK_H
#define CLI_SCORE_CHECK_CHECK_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>

#include "score/check/coverage.h"

struct check_test {
    const char *name; /* a stable word: "sum" */
    const char *what; /* "probabilities sum to 1" */
    bool passed;
    bool measured;
    double worst; /* if so: how far it is off where it is farthest */
};

enum { CHECK_TESTS = 3 };

struct check_result {
    struct coverage coverage;
    bool sound;
    bool answered;    /* false: scoring failed, and there are no tests */
    mgeo_error cause; /* why */
    struct check_test tests[CHECK_TESTS];
    size_t count;
    double same, other; /* similarities of the same text twice, and of two cities */
};

/* Tests the loaded model on a few pairs. Whether it is sound. */
bool check_model(mgeo_engine *engine, const mgeo_model_info *info, struct check_result *result);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Even steps, or exponential gaps drawn once and scaled so that the rate is met exactly. */
#include "loadtest/load/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"

static double *draw_gaps(uint64_t seed) {
    double *passed = memory_resize(NULL, ARRIVAL_GAPS + 1, sizeof *passed);
    struct random random = {seed};
    passed[0] = 0;
    for (int i = 0; i < ARRIVAL_GAPS; i++) {
        passed[i + 1] = passed[i] - log(1 - random_even(&random));
    }
    double scale = ARRIVAL_GAPS / passed[ARRIVAL_GAPS];
    for (int i = 0; i <= ARRIVAL_GAPS; i++) passed[i] *= scale;
    return passed;
}

void arrivals_init(struct arrivals *arrivals, enum arrival_kind kind, double rate, uint64_t seed) {
    arrivals->period = 1e9 / rate;
    arrivals->passed = kind == ARRIVALS_POISSON ? draw_gaps(seed) : NULL;
}

void arrivals_finish(struct arrivals *arrivals) {
    free(arrivals->passed);
    memset(arrivals, 0, sizeof *arrivals);
}

uint64_t arrivals_due(const struct arrivals *arrivals, uint64_t number) {
    if (arrivals->passed == NULL) return (uint64_t)((double)number * arrivals->period);
    uint64_t rounds = number / ARRIVAL_GAPS;
    double passed = (double)rounds * ARRIVAL_GAPS + arrivals->passed[number % ARRIVAL_GAPS];
    return (uint64_t)(passed * arrivals->period);
}

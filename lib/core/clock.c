/* SPDX-License-Identifier: Apache-2.0 */
/* The clock by which the library measures and waits. */
#define _GNU_SOURCE
#include "core/clock.h"

#include <time.h>

double mgi_clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds that only go forward. */
#ifndef CLI_COMMON_CLOCK_H
#define CLI_COMMON_CLOCK_H

#include <time.h>

static inline double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif

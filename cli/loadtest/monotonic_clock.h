/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds that only go forward, and sleeping until one of them. */
#ifndef CLI_LOADTEST_MONOTONIC_CLOCK_H
#define CLI_LOADTEST_MONOTONIC_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A signal may end the sleep early. */
static inline void clock_sleep_until(uint64_t due) {
    struct timespec then = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Time that only goes forward, and sleeping until a point of it. */
#ifndef CLI_COMMON_CLOCK_H
#define CLI_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline double clock_seconds(void) { return (double)clock_nanoseconds() * 1e-9; }

/* A signal may end the sleep early. */
static inline void clock_sleep_until(uint64_t nanoseconds) {
    struct timespec then = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look random and are the same in every run. */
#ifndef CLI_COMMON_RANDOM_H
#define CLI_COMMON_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state; /* any seed */
};

/* splitmix64. */
static inline uint64_t random_bits(struct random *random) {
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 up to, but not including, 1. */
static inline double random_even(struct random *random) {
    return (double)(random_bits(random) >> 11) / 9007199254740992.0;
}

/* 0 … count - 1. */
static inline unsigned random_below(struct random *random, unsigned count) {
    return (unsigned)(random_bits(random) % count);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Precisions by their names, as they stand on a benchmark's command line. */
#ifndef BENCH_PRECISION_H
#define BENCH_PRECISION_H

#include <mgeo.h>
#include <string.h>

/* The precision of this name; -1: none has it. */
static inline int32_t bench_precision(const char *name) {
#define BENCH_IS(constant, value, text)                                                            \
    if (strcmp(name, text) == 0) return value;
    MGEO_PRECISION_LIST(BENCH_IS)
#undef BENCH_IS
    return -1;
}

#endif

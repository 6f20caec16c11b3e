/* SPDX-License-Identifier: Apache-2.0 */
/* How int8 weights lie in memory. */
#ifndef MGI_BACKEND_CPU_KERNELS_INT8_LAYOUT_H
#define MGI_BACKEND_CPU_KERNELS_INT8_LAYOUT_H

enum {
    MGK_INT8_PANEL = 32,     /* outputs side by side */
    MGK_INT8_GROUP = 4,      /* inputs of one output side by side */
    MGK_INT8_INPUT_STEP = 64 /* a row of inputs begins on a cache line */
};

/* Rows whose sums fit the registers. */
#if defined(MGK_VNNI)
#define MGK_INT8_ROWS_AT_ONCE 12
#else
#define MGK_INT8_ROWS_AT_ONCE 6
#endif

#endif

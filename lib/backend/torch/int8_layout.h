/* SPDX-License-Identifier: Apache-2.0 */
/* How int8 weights lie in memory. */
#ifndef MGI_BACKEND_TORCH_INT8_LAYOUT_H
#define MGI_BACKEND_TORCH_INT8_LAYOUT_H

enum {
    PANEL = 32,     /* outputs side by side */
    GROUP = 4,      /* inputs of one output side by side */
    INPUT_STEP = 64 /* a row of inputs begins on a cache line */
};

/* Rows whose sums fit the registers. */
#if defined(MGK_VNNI)
#define ROWS_AT_ONCE 12
#else
#define ROWS_AT_ONCE 6
#endif

#endif

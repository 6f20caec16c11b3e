/* SPDX-License-Identifier: Apache-2.0 */
/* Products of int8, our own: weights in steps of a scale for each output, activations in steps of a
 * scale for each row, so that a row's numbers depend on no other row. libtorch's own quantised
 * product knows one scale for the whole batch, keeps the weights twice, and takes fresh memory for
 * every result.
 *
 * Like the other kernels it is compiled once per instruction set. */
#ifndef MGI_BACKEND_CPU_KERNELS_INT8_H
#define MGI_BACKEND_CPU_KERNELS_INT8_H

#include "backend/cpu/kernels/kernels.h"

/* Inputs beyond this could overflow the 32-bit sums. */
enum { MGK_INT8_MAX_INPUTS = 65536 };

/* Weights [outputs, inputs] in panels of outputs, four inputs of one output side by side; a panel
 * is divided as the kernels that it was made for want it (mgk_int8.columns). */
typedef struct mgk_int8_weight {
    uint8_t *panels;
    float *scale; /* [outputs] */
    size_t outputs, inputs;
} mgk_int8_weight;

typedef struct mgk_int8 {
    const char *name;
    uint8_t flip;    /* what every weight is xor-ed with: 0x80 where they must be unsigned */
    mgk_dtype dtype; /* in which inputs must come: MGK_INT8 or MGK_INT8_WIDE */
    size_t columns;  /* outputs of a panel that are computed together, and so lie together */
    /* to[rows, outputs] for panels from..to-1, in fp32, both scales applied. */
    void (*multiply)(const mgk_int8_weight *weight, const mgk_input *input, size_t rows,
                     size_t from, size_t to, float *out, size_t out_stride);
} mgk_int8;

/* Elements from row to row of an input, so that whole groups may be read. */
size_t mgk_int8_stride(size_t inputs);

size_t mgk_int8_panels(size_t outputs);

/* Bytes of a weight's panels; 0 if that overflows. */
size_t mgk_int8_bytes(size_t outputs, size_t inputs);

/* Puts one output's row, already in steps, into its panel. */
void mgk_int8_put(const mgk_int8 *kernels, mgk_int8_weight *weight, size_t output,
                  const int8_t *row);

/* The compilations; dispatch.h says which of them this processor runs. */
enum { MGK_INT8_VARIANTS = 4 };
extern const mgk_int8 mgk_int8_base;
extern const mgk_int8 mgk_int8_avx2;
extern const mgk_int8 mgk_int8_avxvnni; /* where the compiler knows it: MGK_HAVE_AVXVNNI */
extern const mgk_int8 mgk_int8_vnni;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a model's weights on their way from a file into a product's weight: between number types,
 * and into steps of int8. Compiled once per instruction set. */
#ifndef MGI_BACKEND_CPU_KERNELS_WEIGHTS_ROWS_H
#define MGI_BACKEND_CPU_KERNELS_WEIGHTS_ROWS_H

#include "backend/backend.h"

typedef struct mgk_weights_rows {
    /* Numbers of any type and alignment into fp32. */
    void (*widen)(mgi_dtype type, const void *from, size_t count, float *to);
    /* fp32 into MGI_F16 or MGI_BF16, to the nearest, ties to even. */
    void (*narrow)(mgi_dtype type, const float *from, size_t count, uint16_t *to);
    /* A row in steps of the scale that is returned, from -127 to 127. A row that holds a NaN or an
     * infinity gets the scale NaN, and with it the outputs that it makes. */
    float (*quantise)(const float *row, size_t count, int8_t *to);
} mgk_weights_rows;

/* The compilations; dispatch.h chooses. */
extern const mgk_weights_rows mgk_weights_rows_base;
extern const mgk_weights_rows mgk_weights_rows_avx2;
extern const mgk_weights_rows mgk_weights_rows_avx512;

#endif

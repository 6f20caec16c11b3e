/* SPDX-License-Identifier: Apache-2.0 */
/* Queries, keys, values and attention of a layer in one kernel, on Hopper (compute capability 9.0).
 *
 * Rows are cut into tiles of up to 128, none of which divides a sequence. A tile's queries, keys
 * and values of one head never leave the multiprocessor that made them. Heads are 64 numbers wide,
 * sequences up to 128 rows long; the host cuts the tiles (tile_packing.c).
 *
 * The first call on a device loads kernels: call mgk_qkv_attention_sm90_prepare before a capture
 * begins. */
#ifndef MGI_BACKEND_CUDA_KERNELS_QKV_ATTENTION_SM90_H
#define MGI_BACKEND_CUDA_KERNELS_QKV_ATTENTION_SM90_H

#include "backend/cuda/kernels/dtype.h"
#include "backend/cuda/kernels/launch.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MGK_QKV_TILE_ROWS = 128, MGK_QKV_HEAD_WIDTH = 64 };

/* context = attention(input weight^T * scale + bias). Queries, keys and values are rounded to
 * `type`; values beyond its range count as its largest. */
typedef struct mgk_qkv_attention {
    mgk_cuda_dtype input_type;   /* of input and weight: type, or E4M3 */
    mgk_cuda_dtype type;         /* F16 or BF16 */
    mgk_cuda_dtype context_type; /* type, or E4M3: of numbers * context_scale */
    uint32_t heads;
    uint32_t hidden;    /* heads * MGK_QKV_HEAD_WIDTH */
    const void *input;  /* [rows, hidden] */
    const void *weight; /* [3 * hidden, hidden]: of queries, keys, values */
    const float *bias;  /* [3 * hidden] */
    float scale;
    void *context; /* [rows, hidden] */
    float context_scale;
} mgk_qkv_attention;

/* In device memory, there before any kernel of the batch begins. */
typedef struct mgk_qkv_tile {
    uint32_t first;   /* row of the batch */
    uint16_t rows;    /* at most MGK_QKV_TILE_ROWS */
    uint16_t compact; /* of mgk_qkv_compact: for speed alone, 0 is always right */
} mgk_qkv_tile;

/* No row of the first half of a tile has keys in its last quarter; none of the second half has any
 * in its first quarter. */
enum mgk_qkv_compact { MGK_QKV_FIRST = 1, MGK_QKV_SECOND = 2 };

/* One for each row of the batch: where its sequence begins and ends, counted from its tile's first
 * row. */
typedef struct mgk_qkv_bounds {
    uint8_t begin, end;
} mgk_qkv_bounds;

/* May be copied as it is; good on the device that was current when it was prepared. */
typedef struct mgk_qkv_attention_plan {
    uint64_t opaque[64];
} mgk_qkv_attention_plan;

/* Whether the current device and this file take it. */
bool mgk_qkv_attention_sm90_supports(const mgk_qkv_attention *heads);

/* Input rows may be read up to the capacity, or 128 if that is less, whatever stands there. Returns
 * 0 or a CUDA error, as the next does. */
int mgk_qkv_attention_sm90_prepare(const mgk_qkv_attention *heads, uint32_t rows_capacity,
                                   mgk_qkv_attention_plan *plan);

/* Tiles and bounds lie in device memory. Context is written for the tiles' rows and not beyond.
 * dependent: may begin before the kernel before it has ended, see launch.h. Weight and bias must
 * not be written by kernels that may still be running then. */
int mgk_qkv_attention_sm90_launch(const mgk_qkv_attention_plan *plan, const mgk_qkv_tile *tiles,
                                  uint32_t count, const mgk_qkv_bounds *bounds, bool dependent,
                                  mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles in plain C, so that what is built on them is tested where the processor has none. Touches
 * the bytes that the instructions would touch, and no others. */
#ifndef MGI_BACKEND_CPU_KERNELS_TILES_EMULATED_H
#define MGI_BACKEND_CPU_KERNELS_TILES_EMULATED_H

#include "backend/cpu/kernels/tiles_ops.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct emulated_tiles {
    mgk_tiles_config config; /* palette 0: none is usable */
    uint8_t tile[MGK_TILES][MGK_TILE_ROWS][MGK_TILE_ROW_BYTES];
} emulated_tiles;

/* One for all files that use tiles, whichever of them configures it. */
#define emulated mgk_tiles_emulated_state
__attribute__((weak)) _Thread_local emulated_tiles emulated;

static inline void emulated_configure(const void *config) {
    memset(&emulated, 0, sizeof emulated);
    memcpy(&emulated.config, config, sizeof emulated.config);
}

static inline void emulated_release(void) { memset(&emulated, 0, sizeof emulated); }

static inline void emulated_zero(int tile) {
    assert(emulated.config.palette == 1);
    memset(emulated.tile[tile], 0, sizeof emulated.tile[tile]);
}

static inline void emulated_load(int tile, const void *from, size_t stride) {
    assert(emulated.config.rows[tile] > 0);
    emulated_zero(tile);
    for (size_t r = 0; r < emulated.config.rows[tile]; r++) {
        memcpy(emulated.tile[tile][r], (const char *)from + r * stride,
               emulated.config.row_bytes[tile]);
    }
}

static inline void emulated_store(int tile, void *to, size_t stride) {
    assert(emulated.config.rows[tile] > 0);
    for (size_t r = 0; r < emulated.config.rows[tile]; r++) {
        memcpy((char *)to + r * stride, emulated.tile[tile][r], emulated.config.row_bytes[tile]);
    }
}

/* The shapes that a product of tiles must have; other ones end the program, as the instruction
 * does. */
static inline void emulated_check(int sums, int left, int right) {
    const mgk_tiles_config *c = &emulated.config;
    assert(c->rows[sums] == c->rows[left] && c->row_bytes[sums] == c->row_bytes[right]);
    assert(c->row_bytes[left] == c->rows[right] * 4);
}

static inline void emulated_dot_int8(int sums, int left, int right) {
    emulated_check(sums, left, right);
    for (size_t r = 0; r < emulated.config.rows[sums]; r++) {
        for (size_t c = 0; c < emulated.config.row_bytes[sums] / 4U; c++) {
            int32_t sum;
            memcpy(&sum, &emulated.tile[sums][r][4 * c], sizeof sum);
            for (size_t k = 0; k < emulated.config.row_bytes[left]; k++) {
                sum += (int8_t)emulated.tile[left][r][k] *
                       (int8_t)emulated.tile[right][k / 4][4 * c + k % 4];
            }
            memcpy(&emulated.tile[sums][r][4 * c], &sum, sizeof sum);
        }
    }
}

/* Numbers too small for a normal float count as 0. */
static inline float emulated_flush(float x) { return fabsf(x) < 0x1p-126f ? 0 * x : x; }

static inline float emulated_bf16(const uint8_t *at) {
    uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 24;
    float x;
    memcpy(&x, &bits, sizeof x);
    return emulated_flush(x);
}

static inline void emulated_dot_bf16(int sums, int left, int right) {
    emulated_check(sums, left, right);
    for (size_t r = 0; r < emulated.config.rows[sums]; r++) {
        for (size_t c = 0; c < emulated.config.row_bytes[sums] / 4U; c++) {
            float sum, part[2] = {0, 0};
            memcpy(&sum, &emulated.tile[sums][r][4 * c], sizeof sum);
            for (size_t k = 0; k < emulated.config.row_bytes[left] / 2U; k++) {
                float x = emulated_bf16(&emulated.tile[left][r][2 * k]);
                float y = emulated_bf16(&emulated.tile[right][k / 2][4 * c + k % 2 * 2]);
                part[k % 2] = emulated_flush(fmaf(x, y, part[k % 2]));
            }
            sum = emulated_flush(sum + (part[0] + part[1]));
            memcpy(&emulated.tile[sums][r][4 * c], &sum, sizeof sum);
        }
    }
}

#define MGK_TILES_WRITTEN() (void)0
#define MGK_TILES_CONFIGURE(config) emulated_configure(config)
#define MGK_TILES_RELEASE() emulated_release()
#define MGK_TILE_ZERO(tile) emulated_zero(tile)
#define MGK_TILE_LOAD(tile, from, stride) emulated_load(tile, from, stride)
#define MGK_TILE_STORE(tile, to, stride) emulated_store(tile, to, stride)
#define MGK_TILE_DOT_INT8(sums, left, right) emulated_dot_int8(sums, left, right)
#define MGK_TILE_DOT_BF16(sums, left, right) emulated_dot_bf16(sums, left, right)

#endif

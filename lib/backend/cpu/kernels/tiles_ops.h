/* SPDX-License-Identifier: Apache-2.0 */
/* What tiles can do: eight registers of 16 rows of 64 bytes, by the instructions or, for tests on
 * any machine, in plain C (MGK_TILES_EMULATED). A tile's number must be a constant.
 *
 * DOT_INT8: sums[r][c] += four int8 of the left row r · four int8 of the right column c, for each
 * of 16 groups of four; DOT_BF16: two bf16 each. The right tile holds [group][column][4 or 2]. */
#ifndef MGI_BACKEND_CPU_KERNELS_TILES_OPS_H
#define MGI_BACKEND_CPU_KERNELS_TILES_OPS_H

#include <stddef.h>
#include <stdint.h>

enum { MGK_TILES = 8, MGK_TILE_ROWS = 16, MGK_TILE_ROW_BYTES = 64, MGK_TILE_COLUMNS = 16 };
enum { MGK_TILE_BYTES = MGK_TILE_ROWS * MGK_TILE_ROW_BYTES };

/* As the instruction reads it. */
typedef struct mgk_tiles_config {
    uint8_t palette, start_row;
    uint8_t unused[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} mgk_tiles_config;

#if defined(MGK_TILES_EMULATED)

#include "backend/cpu/kernels/tiles_emulated.h"

#else

#include <immintrin.h>

/* gcc believes that the instruction reads 8 bytes of its 64, and that a tile's load reads none:
 * what was written for them must be in memory before. */
#define MGK_TILES_WRITTEN() __asm__ volatile("" : : : "memory")
#define MGK_TILES_CONFIGURE(config)                                                                \
    do {                                                                                           \
        __asm__ volatile("" : : "r"(config) : "memory");                                           \
        _tile_loadconfig(config);                                                                  \
    } while (0)
#define MGK_TILES_RELEASE() _tile_release()
#define MGK_TILE_ZERO(tile) _tile_zero(tile)
#define MGK_TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define MGK_TILE_STORE(tile, to, stride) _tile_stored(tile, to, stride)
#define MGK_TILE_DOT_INT8(sums, left, right) _tile_dpbssd(sums, left, right)
#define MGK_TILE_DOT_BF16(sums, left, right) _tile_dpbf16ps(sums, left, right)

#endif

#endif

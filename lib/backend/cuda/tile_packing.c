/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a batch share a tile of the kernel in qkv_attention_sm90.h. */
#include "backend/cuda/tile_packing.h"

#include <string.h>

/* Rows that wait, by their length: those of one length are neighbours in the batch. */
typedef struct waiting {
    uint32_t next[MGK_QKV_TILE_ROWS + 1], left[MGK_QKV_TILE_ROWS + 1];
} waiting;

static uint32_t length_of(const mgi_batch *batch, uint32_t row) {
    return batch->offsets[row + 1] - batch->offsets[row];
}

static void line_up(const mgi_batch *batch, waiting *w) {
    memset(w, 0, sizeof *w);
    for (uint32_t row = batch->rows; row-- > 0;) {
        const uint32_t length = length_of(batch, row);
        w->next[length] = row;
        w->left[length]++;
    }
}

/* The longest rows that still fit, one after the other. Returns how many. */
static uint32_t pick(waiting *w, uint32_t *rows) {
    uint32_t count = 0, room = MGK_QKV_TILE_ROWS;
    for (uint32_t length = MGK_QKV_TILE_ROWS; length > 0; length--) {
        while (w->left[length] > 0 && length <= room) {
            rows[count++] = w->next[length]++;
            w->left[length]--;
            room -= length;
        }
    }
    return count;
}

/* Of mgk_qkv_compact, for rows in this order: a row that lies across the middle has its keys on
 * both sides. */
static unsigned compactness(const mgi_batch *batch, const uint32_t *rows, uint32_t count) {
    enum { HALF = MGK_QKV_TILE_ROWS / 2, QUARTER = HALF / 2 };
    uint32_t begin = 0, end = 0;
    for (uint32_t i = 0; i < count && end <= HALF; i++) {
        begin = end;
        end += length_of(batch, rows[i]);
    }
    if (begin >= HALF || end <= HALF) return MGK_QKV_FIRST | MGK_QKV_SECOND;
    return (end <= HALF + QUARTER ? MGK_QKV_FIRST : 0) | (begin >= QUARTER ? MGK_QKV_SECOND : 0);
}

/* The most compact rotation. */
static unsigned arrange(const mgi_batch *batch, uint32_t *rows, uint32_t count) {
    const unsigned all = MGK_QKV_FIRST | MGK_QKV_SECOND;
    for (uint32_t turn = 0; turn < count && compactness(batch, rows, count) != all; turn++) {
        const uint32_t first = rows[0];
        memmove(rows, rows + 1, (count - 1) * sizeof *rows);
        rows[count - 1] = first;
    }
    return compactness(batch, rows, count); /* of the first order again, if none is */
}

static void bound(const mgi_batch *batch, const uint32_t *rows, uint32_t count, mgk_qkv_tile *tile,
                  mgk_qkv_bounds *bounds) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t begin = tile->rows, length = length_of(batch, rows[i]);
        tile->rows = (uint16_t)(begin + length);
        for (uint32_t j = 0; j < length; j++) {
            *bounds++ = (mgk_qkv_bounds){(uint8_t)begin, (uint8_t)tile->rows};
        }
    }
}

/* Emptier tiles gain little: the kernels that need none take as long where two thirds of the tiles'
 * rows are used in bf16, half in fp8 (benchmarks/RESULTS.md). */
static bool is_full(uint32_t tokens, uint32_t tiles) {
    enum { LEAST = MGK_QKV_TILE_ROWS * 3 / 4 };
    return tokens >= (uint64_t)tiles * LEAST;
}

uint32_t mgi_cuda_tile_packing_cut(const mgi_batch *batch, uint32_t *order, mgk_qkv_tile *tiles,
                                   mgk_qkv_bounds *bounds) {
    waiting w;
    uint32_t count = 0, tokens = 0;
    if (length_of(batch, batch->rows - 1) > MGK_QKV_TILE_ROWS) return 0;
    line_up(batch, &w);
    for (uint32_t done = 0; done < batch->rows; count++) {
        const uint32_t rows = pick(&w, order + done);
        const unsigned compact = arrange(batch, order + done, rows);
        tiles[count] = (mgk_qkv_tile){.first = tokens, .compact = (uint16_t)compact};
        bound(batch, order + done, rows, &tiles[count], bounds + tokens);
        tokens += tiles[count].rows;
        done += rows;
    }
    return is_full(batch->tokens, count) ? count : 0;
}

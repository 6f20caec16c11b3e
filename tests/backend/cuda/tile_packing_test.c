/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting batches into tiles: every row in one of them, none divided, and what is said of them
 * true. Needs no card. */
#include "backend/cuda/tile_packing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 700, TOKENS = ROWS * MGK_QKV_TILE_ROWS };

typedef struct cutting {
    uint32_t offsets[ROWS + 1], order[ROWS];
    mgk_qkv_tile tiles[ROWS];
    mgk_qkv_bounds bounds[TOKENS];
    mgi_batch batch;
    uint32_t count;
} cutting;

static cutting *cut(const uint32_t *lengths, uint32_t rows) {
    cutting *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (uint32_t r = 0; r < rows; r++) c->offsets[r + 1] = c->offsets[r] + lengths[r];
    c->batch = (mgi_batch){.rows = rows, .tokens = c->offsets[rows], .offsets = c->offsets};
    c->count = mgi_cuda_tile_packing_cut(&c->batch, c->order, c->tiles, c->bounds);
    return c;
}

/* The keys that a tile's rows from..to - 1 ask reach from *begin to *end. */
static void reach(const mgk_qkv_bounds *bounds, uint32_t from, uint32_t to, uint32_t *begin,
                  uint32_t *end) {
    *begin = MGK_QKV_TILE_ROWS;
    *end = 0;
    for (uint32_t r = from; r < to; r++) {
        if (bounds[r].begin < *begin) *begin = bounds[r].begin;
        if (bounds[r].end > *end) *end = bounds[r].end;
    }
}

static void check_compact(const mgk_qkv_tile *tile, const mgk_qkv_bounds *bounds) {
    enum { HALF = MGK_QKV_TILE_ROWS / 2, QUARTER = HALF / 2 };
    uint32_t begin, end;
    reach(bounds, 0, tile->rows < HALF ? tile->rows : HALF, &begin, &end);
    assert_int_equal(tile->compact & MGK_QKV_FIRST, end <= HALF + QUARTER ? MGK_QKV_FIRST : 0);
    if (tile->rows <= HALF) return; /* there is no second half to be wrong about */
    reach(bounds, HALF, tile->rows, &begin, &end);
    assert_int_equal(tile->compact & MGK_QKV_SECOND, begin >= QUARTER ? MGK_QKV_SECOND : 0);
}

static void check(const cutting *c) {
    bool seen[ROWS] = {false};
    uint32_t row = 0, tokens = 0;
    assert_true(c->count > 0);
    for (uint32_t i = 0; i < c->count; i++) {
        const mgk_qkv_tile *tile = &c->tiles[i];
        const mgk_qkv_bounds *bounds = c->bounds + tile->first;
        assert_int_equal(tile->first, tokens);
        assert_in_range(tile->rows, 1, MGK_QKV_TILE_ROWS);
        for (uint32_t begin = 0, end; begin < tile->rows; begin = end) {
            const uint32_t number = c->order[row++];
            end = begin + c->offsets[number + 1] - c->offsets[number];
            assert_false(seen[number]);
            seen[number] = true;
            assert_true(end <= tile->rows);
            for (uint32_t r = begin; r < end; r++) {
                assert_int_equal(bounds[r].begin, begin);
                assert_int_equal(bounds[r].end, end);
            }
        }
        check_compact(tile, bounds);
        tokens += tile->rows;
    }
    assert_int_equal(row, c->batch.rows);
    assert_int_equal(tokens, c->batch.tokens);
}

static int by_size(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void test_mixed_lengths_fill_tiles(void **state) {
    (void)state;
    uint32_t random = 7;
    for (uint32_t most = 1; most <= MGK_QKV_TILE_ROWS; most++) {
        uint32_t lengths[ROWS];
        for (uint32_t r = 0; r < ROWS; r++) {
            random = random * 1664525u + 1013904223u;
            lengths[r] = 1 + (random >> 16) % most;
        }
        qsort(lengths, ROWS, sizeof *lengths, by_size);
        cutting *c = cut(lengths, ROWS);
        check(c);
        if (most <= MGK_QKV_TILE_ROWS / 2) { /* short rows leave hardly a gap */
            assert_true(c->batch.tokens * 100.0 >= c->count * MGK_QKV_TILE_ROWS * 90.0);
        }
        free(c);
    }
}

static void test_rows_at_a_tiles_edges_are_packed(void **state) {
    (void)state;
    static const uint32_t whole[] = {128}, halves[] = {64, 64}, across[] = {40, 40, 48},
                          two[] = {58, 70}, fours[] = {32, 32, 32, 32}, uneven[] = {28, 100};
    const struct {
        const uint32_t *lengths;
        uint32_t rows;
        unsigned compact;
    } cases[] = {{whole, 1, 0},
                 {halves, 2, MGK_QKV_FIRST | MGK_QKV_SECOND},
                 {across, 3, MGK_QKV_FIRST | MGK_QKV_SECOND},
                 {two, 2, MGK_QKV_FIRST},
                 {fours, 4, MGK_QKV_FIRST | MGK_QKV_SECOND},
                 {uneven, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cutting *c = cut(cases[i].lengths, cases[i].rows);
        check(c);
        assert_int_equal(c->count, 1);
        assert_int_equal(c->tiles[0].compact, cases[i].compact);
        free(c);
    }
}

static void test_what_gains_nothing_is_not_cut(void **state) {
    (void)state;
    uint32_t lengths[ROWS];
    for (uint32_t r = 0; r < ROWS; r++) lengths[r] = 65; /* alone in each tile */
    cutting *c = cut(lengths, ROWS);
    assert_int_equal(c->count, 0);
    free(c);
    lengths[ROWS - 1] = MGK_QKV_TILE_ROWS + 1;
    for (uint32_t r = 0; r + 1 < ROWS; r++) lengths[r] = 32;
    c = cut(lengths, ROWS);
    assert_int_equal(c->count, 0);
    free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mixed_lengths_fill_tiles),
                                       cmocka_unit_test(test_rows_at_a_tiles_edges_are_packed),
                                       cmocka_unit_test(test_what_gains_nothing_is_not_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

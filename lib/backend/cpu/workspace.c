/* SPDX-License-Identifier: Apache-2.0 */
/* Allocates and frees a lane's memory. */
#include "backend/cpu/workspace.h"

#include "core/alloc.h"

static mgk_input take_input(const mgi_encoder *e, mgi_cpu_cursor *cursor, size_t rows,
                            size_t width) {
    bool int8 = mgk_kernels_is_quantised(e->gemm->dtype);
    mgk_input input = {.dtype = e->gemm->dtype, .stride = mgk_gemm_input_stride(e->gemm, width)};
    input.data =
        mgi_cpu_arena_take(cursor, rows, input.stride * mgk_kernels_dtype_bytes(input.dtype));
    if (int8) input.scale = mgi_cpu_arena_take(cursor, rows, sizeof *input.scale);
    if (int8) input.sums = mgi_cpu_arena_take(cursor, rows, sizeof *input.sums);
    return input;
}

/* Rows of x as products take them: the rows themselves in fp32, else in memory of their own. */
static mgk_input input_of(const mgi_encoder *e, mgi_cpu_cursor *cursor, float *x, size_t stride) {
    if (e->gemm->dtype != MGK_FP32) return take_input(e, cursor, e->batch_tokens, e->spec.hidden);
    return (mgk_input){.dtype = MGK_FP32, .data = x, .stride = stride};
}

static float *take_rows(const mgi_encoder *e, mgi_cpu_cursor *cursor, size_t width) {
    return mgi_cpu_arena_take(cursor, e->batch_tokens, width * sizeof(float));
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* x is the input of the products that take fp32. */
static size_t x_stride(const mgi_encoder *e) {
    size_t layers = mgk_gemm_input_stride(e->gemm, e->spec.hidden);
    size_t finish = mgk_gemm_input_stride(e->finish, e->spec.hidden);
    return e->gemm->dtype == MGK_FP32 ? larger(layers, finish) : finish;
}

/* Each buffer once, in the order in which a layer comes to them. */
static void divide(mgi_lane *lane, const mgi_encoder *e, mgi_cpu_cursor *cursor) {
    size_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    bool int8 = mgk_kernels_is_quantised(e->gemm->dtype);
    lane->encoder = e;
    lane->positions = mgi_cpu_arena_take(cursor, e->batch_tokens, sizeof *lane->positions);
    lane->x_stride = x_stride(e);
    lane->x = take_rows(e, cursor, lane->x_stride);
    lane->input = input_of(e, cursor, lane->x, lane->x_stride);
    lane->qkv = take_rows(e, cursor, larger(MGI_CPU_QKV_PARTS * hidden, lane->x_stride));
    if (int8) lane->mixed = take_rows(e, cursor, hidden);
    lane->context = take_input(e, cursor, e->batch_tokens, hidden);
    if (int8) lane->wide = mgi_cpu_arena_take(cursor, e->wide_rows, wide * sizeof *lane->wide);
    lane->wide_input = take_input(e, cursor, e->wide_rows, wide);
}

static size_t scratch_floats(const mgi_encoder *e) {
    return mgk_kernels_attention_scratch(e->max_length, e->spec.hidden / e->spec.heads);
}

uint64_t mgi_cpu_workspace_bytes(const mgi_encoder *e, unsigned cores) {
    mgi_lane lane = {0};
    mgi_cpu_cursor cursor = {NULL, 0, false};
    divide(&lane, e, &cursor);
    for (unsigned i = 0; i < cores; i++) {
        mgi_cpu_arena_take(&cursor, scratch_floats(e), sizeof(float));
    }
    return cursor.overflow ? 0 : cursor.used;
}

mgeo_status mgi_cpu_workspace_open(mgi_lane *lane, const mgi_encoder *e, mgeo_error *error) {
    mgi_cpu_cursor needed = {NULL, 0, false};
    divide(lane, e, &needed);
    if (needed.overflow || !mgi_cpu_arena_open(&lane->arena, needed.used)) {
        return mgi_fail_memory(error, "a lane's batches", needed.used);
    }
    mgi_cpu_cursor cursor = {lane->arena.memory, 0, false};
    divide(lane, e, &cursor);
    if (!mgi_cpu_workspace_reserve_scratch(lane, 1)) {
        return mgi_fail_memory(error, "attention", scratch_floats(e) * sizeof(float));
    }
    return MGEO_OK;
}

bool mgi_cpu_workspace_reserve_scratch(mgi_lane *lane, unsigned cores) {
    if (cores <= lane->scratch_count) return true;
    float **list = mgi_realloc(lane->scratch, cores, sizeof *list);
    if (list == NULL) return false;
    lane->scratch = list;
    for (; lane->scratch_count < cores; lane->scratch_count++) {
        float *memory = mgi_alloc_aligned(scratch_floats(lane->encoder), sizeof *memory);
        if (memory == NULL) return false;
        list[lane->scratch_count] = memory;
    }
    return true;
}

void mgi_cpu_workspace_close(mgi_lane *lane) {
    for (unsigned i = 0; i < lane->scratch_count; i++) mgi_free(lane->scratch[i]);
    mgi_free(lane->scratch);
    mgi_cpu_arena_close(&lane->arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Allocates and frees a lane's memory. */
#include "backend/torch/workspace.h"

#include "core/alloc.h"

#include <string.h>

enum { LANE_BUFFERS = 18, GEMM_ROWS_STEP = 16 };

size_t mgi_torch_workspace_gemm_rows(mgk_dtype dtype, size_t rows) {
    if (dtype != MGK_BF16) return rows;
    return (rows + GEMM_ROWS_STEP - 1) / GEMM_ROWS_STEP * GEMM_ROWS_STEP;
}

typedef struct lane_buffer {
    void **memory;
    size_t width, size; /* of a row; size 0: not needed */
} lane_buffer;

static void list_buffers(mgi_lane *lane, const mgi_encoder *e, lane_buffer list[LANE_BUFFERS]) {
    size_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    bool int8 = mgk_kernels_is_quantised(e->dtype);
    /* Bytes of a number that products write, and of one that they read unless it is fp32's x. */
    size_t number = e->dtype == MGK_BF16 ? 2 : 4;
    size_t packed = e->dtype == MGK_FP32 ? 0 : mgk_kernels_dtype_bytes(e->dtype);
    size_t input = int8 ? mgk_int8_stride(hidden) : hidden;
    const lane_buffer buffers[LANE_BUFFERS] = {
        {(void **)&lane->positions, 1, sizeof(uint32_t)},
        {(void **)&lane->x, hidden, sizeof(float)},
        {&lane->input, input, packed},
        {(void **)&lane->scale, 1, int8 ? sizeof(float) : 0},
        {(void **)&lane->sums, 1, int8 ? sizeof(int32_t) : 0},
        {&lane->qkv, hidden * 3, number},
        {(void **)&lane->context, hidden, sizeof(float)},
        {&lane->y, hidden, number},
        {&lane->wide, wide, number},
        {&lane->wide_input, mgk_int8_stride(wide), int8 ? packed : 0},
        {(void **)&lane->wide_scale, 1, int8 ? sizeof(float) : 0},
        {(void **)&lane->wide_sums, 1, int8 ? sizeof(int32_t) : 0},
        {(void **)&lane->first, hidden, sizeof(float)},
        {&lane->first_input, input, packed},
        {(void **)&lane->first_scale, 1, int8 ? sizeof(float) : 0},
        {(void **)&lane->first_sums, 1, int8 ? sizeof(int32_t) : 0},
        {&lane->query, hidden, number},
        {(void **)&lane->classes, e->spec.labels, sizeof(float)},
    };
    memcpy(list, buffers, sizeof buffers);
}

uint64_t mgi_torch_workspace_bytes(const mgi_encoder *e) {
    mgi_lane lane = {0};
    lane_buffer buffers[LANE_BUFFERS];
    uint64_t row = 0;
    list_buffers(&lane, e, buffers);
    for (size_t i = 0; i < LANE_BUFFERS; i++) row += buffers[i].width * buffers[i].size;
    return row * mgi_torch_workspace_gemm_rows(e->dtype, e->batch_tokens);
}

mgeo_status mgi_torch_workspace_open(mgi_lane *lane, const mgi_encoder *e, mgeo_error *error) {
    size_t rows = mgi_torch_workspace_gemm_rows(e->dtype, e->batch_tokens);
    lane_buffer buffers[LANE_BUFFERS];
    list_buffers(lane, e, buffers);
    lane->encoder = e;
    lane->rows = rows;
    lane->scope = mgt_scope_create();
    if (lane->scope == NULL) return mgi_fail_memory(error, "a lane", sizeof *lane);
    for (size_t i = 0; i < LANE_BUFFERS; i++) {
        if (buffers[i].size == 0) continue;
        *buffers[i].memory = mgi_alloc_aligned(rows, buffers[i].width * buffers[i].size);
        if (*buffers[i].memory == NULL) {
            return mgi_fail_memory(error, "a lane's batches",
                                   rows * buffers[i].width * buffers[i].size);
        }
    }
    return MGEO_OK;
}

bool mgi_torch_workspace_reserve_scratch(mgi_lane *lane, unsigned cores) {
    const mgi_encoder *e = lane->encoder;
    if (cores <= lane->scratch_count) return true;
    float **list = mgi_realloc(lane->scratch, cores, sizeof *list);
    if (list == NULL) return false;
    lane->scratch = list;
    size_t floats = mgk_kernels_attention_scratch(e->max_length, e->spec.hidden / e->spec.heads);
    for (; lane->scratch_count < cores; lane->scratch_count++) {
        float *memory = mgi_alloc_aligned(floats, sizeof *memory);
        if (memory == NULL) return false;
        list[lane->scratch_count] = memory;
    }
    return true;
}

void mgi_torch_workspace_close(mgi_lane *lane) {
    void *const memory[] = {lane->positions, lane->x,           lane->input,       lane->scale,
                            lane->sums,      lane->qkv,         lane->context,     lane->y,
                            lane->wide,      lane->wide_input,  lane->wide_scale,  lane->wide_sums,
                            lane->first,     lane->first_input, lane->first_scale, lane->first_sums,
                            lane->query,     lane->classes};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) mgi_free(memory[i]);
    for (unsigned i = 0; i < lane->scratch_count; i++) mgi_free(lane->scratch[i]);
    mgi_free(lane->scratch);
    mgt_scope_destroy(lane->scope);
}

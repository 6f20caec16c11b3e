/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a block of sums that tiles made, a few rows at a time: vectors work on one block
 * while the tiles make the next. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_AMX_FINISH_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_AMX_FINISH_H

#include "backend/cpu/kernels/epilogue.h"

enum { MGK_GEMM_AMX_BLOCK = 32 }; /* rows and outputs of a block */

typedef struct mgk_gemm_amx_waiting {
    const mgk_gemm_job *job;
    const void *sums;      /* [MGK_GEMM_AMX_BLOCK][MGK_GEMM_AMX_BLOCK] int32 or fp32 */
    size_t row;            /* of the job, of the first sums */
    size_t next, end;      /* rows of the block that are still to be done */
    size_t first, columns; /* outputs */
} mgk_gemm_amx_waiting;

/* Does the next rows, as many as asked for or are left. */
typedef void mgk_gemm_amx_finish(mgk_gemm_amx_waiting *waiting, size_t rows);

/* With bias. Whole vectors can be read of sums, scales and biases, as panels are whole. */
static MGK_VEC_INLINE mgk_vec mgk_gemm_amx_product(const mgk_gemm_amx_waiting *w, size_t column,
                                                   bool int8, mgk_vec row_scale) {
    size_t at = w->next * MGK_GEMM_AMX_BLOCK + column;
    const mgk_gemm_weight *weight = w->job->weight;
    const float *bias = weight->bias + w->first + column;
    if (!int8) {
        return mgk_vec_load((const float *)w->sums + at, MGK_VEC_LANES) +
               mgk_vec_load(bias, MGK_VEC_LANES);
    }
    mgk_vec_i32 sums;
    memcpy(&sums, (const int32_t *)w->sums + at, sizeof sums);
    return mgk_epilogue_scale(sums, row_scale, weight->scale + w->first + column, bias);
}

static MGK_VEC_INLINE void mgk_gemm_amx_put(const mgk_gemm_amx_waiting *w, size_t column, mgk_vec x,
                                            size_t n, bool add, mgi_dtype type) {
    size_t at = (w->row + w->next) * w->job->out_stride + w->first + column;
    if (type == MGI_BF16) {
        mgk_vec_store_bf16((uint16_t *)w->job->out + at, x, n);
        return;
    }
    float *to = (float *)w->job->out + at;
    mgk_vec_store(to, add ? mgk_vec_load(to, n) + x : x, n);
}

/* Everything but w and rows is a constant where this is called. */
static MGK_VEC_INLINE void mgk_gemm_amx_finish_rows(mgk_gemm_amx_waiting *w, size_t rows, bool int8,
                                                    mgk_gemm_epilogue epilogue,
                                                    mgi_activation activation, mgi_dtype type) {
    mgk_gemm_amx_waiting now =
        *w; /* a copy: what is stored might be *w, for all the compiler knows */
    size_t end = now.end - now.next < rows ? now.end : now.next + rows;
    for (; now.next < end; now.next++) {
        mgk_vec scale = mgk_vec_of(int8 ? now.job->input->scale[now.row + now.next] : 0);
        for (size_t c = 0; c < now.columns; c += MGK_VEC_LANES) {
            size_t left = now.columns - c;
            mgk_vec x = mgk_gemm_amx_product(&now, c, int8, scale);
            if (epilogue == MGK_GEMM_ACTIVATE) x = mgk_vec_activate_fast(activation, x);
            if (left >= MGK_VEC_LANES) {
                mgk_gemm_amx_put(&now, c, x, MGK_VEC_LANES, epilogue == MGK_GEMM_ADD, type);
            } else {
                mgk_gemm_amx_put(&now, c, x, left, epilogue == MGK_GEMM_ADD, type);
            }
        }
    }
    w->next = now.next;
}

#define MGK_GEMM_AMX_FINISH(name, epilogue, activation)                                            \
    static void mgk_gemm_amx_##name##_int8(mgk_gemm_amx_waiting * w, size_t rows) {                \
        mgk_gemm_amx_finish_rows(w, rows, true, epilogue, activation, MGI_F32);                    \
    }                                                                                              \
    static void mgk_gemm_amx_##name##_bf16(mgk_gemm_amx_waiting *w, size_t rows) {                 \
        mgk_gemm_amx_finish_rows(w, rows, false, epilogue, activation, MGI_F32);                   \
    }
#define MGK_GEMM_AMX_FINISH_HALF(name, activation)                                                 \
    static void mgk_gemm_amx_##name##_int8_half(mgk_gemm_amx_waiting *w, size_t rows) {            \
        mgk_gemm_amx_finish_rows(w, rows, true, MGK_GEMM_ACTIVATE, activation, MGI_BF16);          \
    }                                                                                              \
    static void mgk_gemm_amx_##name##_bf16_half(mgk_gemm_amx_waiting *w, size_t rows) {            \
        mgk_gemm_amx_finish_rows(w, rows, false, MGK_GEMM_ACTIVATE, activation, MGI_BF16);         \
    }

MGK_GEMM_AMX_FINISH(store, MGK_GEMM_STORE, MGI_TANH)
MGK_GEMM_AMX_FINISH(add, MGK_GEMM_ADD, MGI_TANH)
MGK_GEMM_AMX_FINISH(gelu, MGK_GEMM_ACTIVATE, MGI_GELU)
MGK_GEMM_AMX_FINISH_HALF(gelu, MGI_GELU)
/* The seldom ones. */
MGK_GEMM_AMX_FINISH(activate, MGK_GEMM_ACTIVATE, w->job->activation)
MGK_GEMM_AMX_FINISH_HALF(activate, w->job->activation)

#undef MGK_GEMM_AMX_FINISH
#undef MGK_GEMM_AMX_FINISH_HALF

static inline mgk_gemm_amx_finish *mgk_gemm_amx_choose_activate(const mgk_gemm_job *job,
                                                                bool int8) {
    bool half = job->out_type == MGI_BF16;
    if (job->activation == MGI_GELU && half) {
        return int8 ? mgk_gemm_amx_gelu_int8_half : mgk_gemm_amx_gelu_bf16_half;
    }
    if (job->activation == MGI_GELU) return int8 ? mgk_gemm_amx_gelu_int8 : mgk_gemm_amx_gelu_bf16;
    if (half) return int8 ? mgk_gemm_amx_activate_int8_half : mgk_gemm_amx_activate_bf16_half;
    return int8 ? mgk_gemm_amx_activate_int8 : mgk_gemm_amx_activate_bf16;
}

static inline mgk_gemm_amx_finish *mgk_gemm_amx_choose_finish(const mgk_gemm_job *job, bool int8) {
    switch (job->epilogue) {
    case MGK_GEMM_STORE: return int8 ? mgk_gemm_amx_store_int8 : mgk_gemm_amx_store_bf16;
    case MGK_GEMM_ADD: return int8 ? mgk_gemm_amx_add_int8 : mgk_gemm_amx_add_bf16;
    case MGK_GEMM_ACTIVATE: break;
    }
    return mgk_gemm_amx_choose_activate(job, int8);
}

#endif

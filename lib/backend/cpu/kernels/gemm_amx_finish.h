/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that wait in memory for their epilogue: it is done a few rows at a time while the tiles make
 * the next block, as vectors and tiles can work side by side. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_AMX_FINISH_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_AMX_FINISH_H

#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/vec.h"

enum { MGK_AMX_BLOCK = 32 }; /* rows and outputs of a block of sums */

typedef struct amx_waiting {
    const mgk_gemm_job *job;
    const void *sums;      /* [MGK_AMX_BLOCK][MGK_AMX_BLOCK] int32 or fp32 */
    size_t row;            /* of the first sums */
    size_t next, end;      /* rows of the block that are still to be done */
    size_t first, columns; /* outputs */
} amx_waiting;

/* Does the next rows, as many as asked for or are left. */
typedef void amx_finish(amx_waiting *waiting, size_t rows);

#if defined(AMX_GELU_RCP)
#include <immintrin.h>
static MGK_VEC_INLINE mgk_vec amx_reciprocal(mgk_vec x) {
    mgk_vec r = (mgk_vec)_mm512_rcp14_ps((__m512)x);
    return r * (mgk_vec_of(2.0f) - x * r);
}
static MGK_VEC_INLINE mgk_vec amx_gelu(mgk_vec v) {
    mgk_vec x = v * mgk_vec_of(0.70710678f);
    mgk_vec y = (mgk_vec)_mm512_max_ps(_mm512_min_ps((__m512)x, _mm512_set1_ps(3.92f)), _mm512_set1_ps(-3.92f));
    mgk_vec t = y * y;
    mgk_vec p = mgk_vec_of(2.034787712545949e-06f) * t + mgk_vec_of(0.00028747739270329475f);
    p = p * t + mgk_vec_of(0.0038681654259562492f);
    p = p * t + mgk_vec_of(0.05305998772382736f);
    p = p * t + mgk_vec_of(0.19276005029678345f);
    p = p * t + mgk_vec_of(1.128378987312317f);
    mgk_vec q = mgk_vec_of(3.807108441833407e-05f) * t + mgk_vec_of(0.0011880788952112198f);
    q = q * t + mgk_vec_of(0.015171971172094345f);
    q = q * t + mgk_vec_of(0.1150830015540123f);
    q = q * t + mgk_vec_of(0.5041608214378357f);
    q = q * t + mgk_vec_of(1.0f);
    mgk_vec h = v * mgk_vec_of(0.5f);
    return h * (y * p * amx_reciprocal(q)) + h;
}
#else
static MGK_VEC_INLINE mgk_vec amx_gelu(mgk_vec v) { return mgk_vec_activate(MGI_GELU, v); }
#endif

static MGK_VEC_INLINE mgk_vec amx_product(const amx_waiting *w, size_t c, size_t n, bool int8, float row_scale) {
    size_t at = w->next * MGK_AMX_BLOCK + c;
    const mgk_gemm_weight *weight = w->job->weight;
    mgk_vec bias = mgk_vec_load(weight->bias + w->first + c, n);
    if (!int8) return mgk_vec_load((const float *)w->sums + at, n) + bias;
    mgk_vec_i32 sum;
    memcpy(&sum, (const int32_t *)w->sums + at, sizeof sum);
    mgk_vec scale = mgk_vec_load(weight->scale + w->first + c, n) * mgk_vec_of(row_scale);
    return __builtin_convertvector(sum, mgk_vec) * scale + bias;
}

static MGK_VEC_INLINE void amx_finish_part(const amx_waiting *w, size_t c, size_t n, bool int8,
                                           mgk_gemm_epilogue epilogue, mgi_activation activation) {
    const mgk_gemm_job *job = w->job;
    size_t row = w->row + w->next, at = row * job->out_stride + w->first + c;
    mgk_vec x = amx_product(w, c, n, int8, int8 ? job->input->scale[row] : 0);
    if (epilogue == MGK_GEMM_ACTIVATE) x = activation == MGI_GELU ? amx_gelu(x) : mgk_vec_activate(activation, x);
    if (epilogue == MGK_GEMM_ACTIVATE && job->out_type == MGI_BF16) {
        mgk_vec_store_bf16((uint16_t *)job->out + at, x, n);
        return;
    }
    float *to = (float *)job->out + at;
    mgk_vec_store(to, epilogue == MGK_GEMM_ADD ? mgk_vec_load(to, n) + x : x, n);
}

static MGK_VEC_INLINE void amx_finish_rows(amx_waiting *w, size_t rows, bool int8,
                                           mgk_gemm_epilogue epilogue, mgi_activation activation) {
    amx_waiting now = *w; /* a copy, as stores to `out` would make the compiler read it again */
    size_t end = now.end - now.next < rows ? now.end : now.next + rows;
    for (; now.next < end; now.next++) {
        size_t c = 0;
        for (; c + MGK_VEC_LANES <= now.columns; c += MGK_VEC_LANES) {
            amx_finish_part(&now, c, MGK_VEC_LANES, int8, epilogue, activation);
        }
        if (c < now.columns) amx_finish_part(&now, c, now.columns - c, int8, epilogue, activation);
    }
    w->next = now.next;
}

#define FINISH(name, int8, epilogue, activation)                                                   \
    static void name(amx_waiting *w, size_t rows) {                                                \
        amx_finish_rows(w, rows, int8, epilogue, activation);                                      \
    }
FINISH(store_int8, true, MGK_GEMM_STORE, MGI_TANH)
FINISH(add_int8, true, MGK_GEMM_ADD, MGI_TANH)
FINISH(gelu_int8, true, MGK_GEMM_ACTIVATE, MGI_GELU)
FINISH(activate_int8, true, MGK_GEMM_ACTIVATE, w->job->activation)
FINISH(store_bf16, false, MGK_GEMM_STORE, MGI_TANH)
FINISH(add_bf16, false, MGK_GEMM_ADD, MGI_TANH)
FINISH(gelu_bf16, false, MGK_GEMM_ACTIVATE, MGI_GELU)
FINISH(activate_bf16, false, MGK_GEMM_ACTIVATE, w->job->activation)
#undef FINISH

static amx_finish *amx_choose_finish(const mgk_gemm_job *job, bool int8) {
    if (job->epilogue == MGK_GEMM_STORE) return int8 ? store_int8 : store_bf16;
    if (job->epilogue == MGK_GEMM_ADD) return int8 ? add_int8 : add_bf16;
    if (job->activation == MGI_GELU) return int8 ? gelu_int8 : gelu_bf16;
    return int8 ? activate_int8 : activate_bf16;
}

#endif

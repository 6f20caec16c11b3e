/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a product: sums to numbers, bias, activation, residual, and the type of what comes
 * next. On vec.h, so that it is as wide as the instruction set it is compiled for. */
#ifndef MGI_BACKEND_CPU_KERNELS_EPILOGUE_H
#define MGI_BACKEND_CPU_KERNELS_EPILOGUE_H

#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/vec.h"

/* Rows of numbers that have their bias, on their way from a thread's own memory to a job's out. */
typedef struct mgk_epilogue {
    const mgk_gemm_job *job;
    const float *from; /* [rows, columns], `stride` apart; whole vectors can be read */
    size_t stride;
    size_t row, rows;       /* of the job: the first, and how many */
    size_t column, columns; /* the same of its outputs */
} mgk_epilogue;

/* Whole sums of int8 as numbers, with their bias. scale, bias: of these outputs. */
static MGK_VEC_INLINE mgk_vec mgk_epilogue_scale(mgk_vec_i32 sums, mgk_vec row_scale,
                                                 const float *scale, const float *bias) {
    mgk_vec steps = mgk_vec_load(scale, MGK_VEC_LANES) * row_scale;
    return __builtin_convertvector(sums, mgk_vec) * steps + mgk_vec_load(bias, MGK_VEC_LANES);
}

/* n numbers from output `column` on; what is done is a constant wherever this is called. */
static MGK_VEC_INLINE void mgk_epilogue_put(const mgk_gemm_job *job, size_t at, mgk_vec x,
                                            mgi_dtype type, size_t n) {
    if (type == MGI_BF16) {
        mgk_vec_store_bf16((uint16_t *)job->out + at, x, n);
        return;
    }
    float *to = (float *)job->out + at;
    if (job->epilogue == MGK_GEMM_ADD) x += mgk_vec_load(to, n);
    mgk_vec_store(to, x, n);
}

/* n numbers of row r from `at` on. exact: as fp32 wants it; else as is enough for what becomes bf16
 * or int8. */
static MGK_VEC_INLINE void mgk_epilogue_activate(const mgk_epilogue *e, size_t r, size_t at,
                                                 mgi_activation activation, mgi_dtype type,
                                                 bool exact, size_t n) {
    mgk_vec x = mgk_vec_load(e->from + r * e->stride + at, MGK_VEC_LANES);
    x = exact ? mgk_vec_activate(activation, x) : mgk_vec_activate_fast(activation, x);
    mgk_epilogue_put(e->job, (e->row + r) * e->job->out_stride + e->column + at, x, type, n);
}

static MGK_VEC_INLINE void mgk_epilogue_activated(const mgk_epilogue *e, mgi_activation activation,
                                                  mgi_dtype type, bool exact) {
    for (size_t r = 0; r < e->rows; r++) {
        size_t i = 0;
        for (; i + MGK_VEC_LANES <= e->columns; i += MGK_VEC_LANES) {
            mgk_epilogue_activate(e, r, i, activation, type, exact, MGK_VEC_LANES);
        }
        if (i < e->columns) {
            mgk_epilogue_activate(e, r, i, activation, type, exact, e->columns - i);
        }
    }
}

static inline void mgk_epilogue_stored(const mgk_epilogue *e) {
    for (size_t r = 0; r < e->rows; r++) {
        const float *from = e->from + r * e->stride;
        size_t at = (e->row + r) * e->job->out_stride + e->column, i = 0;
        for (; i + MGK_VEC_LANES <= e->columns; i += MGK_VEC_LANES) {
            mgk_epilogue_put(e->job, at + i, mgk_vec_load(from + i, MGK_VEC_LANES), MGI_F32,
                             MGK_VEC_LANES);
        }
        if (i < e->columns) {
            mgk_epilogue_put(e->job, at + i, mgk_vec_load(from + i, MGK_VEC_LANES), MGI_F32,
                             e->columns - i);
        }
    }
}

/* A loop of its own for each activation and type. */
static MGK_VEC_INLINE void mgk_epilogue_run(const mgk_epilogue *e, bool exact) {
#define MGK_EPILOGUE_LOOP(activation)                                                              \
    case activation:                                                                               \
        if (e->job->out_type == MGI_BF16) {                                                        \
            mgk_epilogue_activated(e, activation, MGI_BF16, exact);                                \
        } else {                                                                                   \
            mgk_epilogue_activated(e, activation, MGI_F32, exact);                                 \
        }                                                                                          \
        return;
    if (e->job->epilogue != MGK_GEMM_ACTIVATE) {
        mgk_epilogue_stored(e);
        return;
    }
    switch (e->job->activation) {
        MGK_EPILOGUE_LOOP(MGI_GELU)
        MGK_EPILOGUE_LOOP(MGI_GELU_TANH)
        MGK_EPILOGUE_LOOP(MGI_RELU)
        MGK_EPILOGUE_LOOP(MGI_TANH)
    }
#undef MGK_EPILOGUE_LOOP
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a batch's rows with packed weights, and what follows each product in the same pass:
 * scale, bias, activation, residual, and the number type of what comes next.
 *
 * A weight is packed once, when a model is loaded, into panels of `columns` outputs. In a panel the
 * inputs come in groups of `group`, which one instruction multiplies: [inputs /
 * group][columns][group]. Inputs are padded with zeros to a multiple of `inputs_step`, outputs to
 * whole panels.
 *
 * Numbers of a row depend on that row, the weight and the kernel alone: not on the other rows, on
 * how many there are, or on which thread makes which panel. Sums of int8 are whole numbers and
 * equal in all kernels. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_H

#include "backend/cpu/kernels/kernels.h"

/* Inputs beyond this could overflow the 32-bit sums of int8. */
enum { MGK_GEMM_MAX_INT8_INPUTS = 65536 };

typedef struct mgk_gemm_layout {
    uint32_t columns;     /* outputs of a panel */
    uint32_t group;       /* inputs of one output side by side */
    uint32_t inputs_step; /* inputs are padded to a multiple of this; a multiple of group */
    uint8_t flip; /* int8: what every step is xor-ed with, 0x80 where weights are unsigned */
} mgk_gemm_layout;

typedef struct mgk_gemm_weight {
    void *panels;       /* 64-byte aligned; fp32, bf16 or int8, as the kernel's kind says */
    const float *scale; /* int8: [outputs, padded to whole panels]; else NULL */
    const float *bias;  /* [outputs, padded to whole panels] */
    size_t outputs, inputs;
} mgk_gemm_weight;

/* What is done with product + bias before it leaves the registers. */
typedef enum mgk_gemm_epilogue {
    MGK_GEMM_STORE,   /* out = product + bias, fp32 */
    MGK_GEMM_ADD,     /* out += product + bias, fp32: the residual */
    MGK_GEMM_ACTIVATE /* out = activation(product + bias), fp32 or bf16: what the next product takes
                       */
} mgk_gemm_epilogue;

typedef struct mgk_gemm_job {
    const mgk_gemm_weight *weight;
    const mgk_input *input; /* [rows, inputs padded]: what is beyond `inputs` is zero; its stride is
                               at least that, and mgk_gemm_input_stride's where it can be chosen */
    size_t rows;
    mgk_gemm_epilogue epilogue;
    mgi_activation activation; /* of MGK_GEMM_ACTIVATE */
    mgi_dtype out_type;        /* MGI_F32; with MGK_GEMM_ACTIVATE also MGI_BF16 */
    void *out;                 /* [rows, outputs]; no number beyond `outputs` is written */
    size_t out_stride;         /* numbers from row to row */
} mgk_gemm_job;

typedef struct mgk_gemm {
    const char *name; /* of the instructions: "AVX-512 VNNI" */
    mgk_dtype kind;   /* of the weight's numbers: MGK_FP32, MGK_BF16 or MGK_INT8 */
    mgk_dtype dtype;  /* in which inputs come: kind's, but MGK_FP32 for bf16 where weights are
                         widened in registers, and MGK_INT8_WIDE on AVX2 */
    mgk_gemm_layout layout;

    /* Before a thread's first multiply of a batch, and after its last: NULL where there is nothing
     * to do (AMX: tiles are configured, and released). */
    void (*enter)(void);
    void (*leave)(void);

    /* Makes panels from..to-1 of all rows. Parts of one job may run in several threads at once.
     * Uses no memory but the job's and 16 KiB of stack. */
    void (*multiply)(const mgk_gemm_job *job, size_t from, size_t to);
} mgk_gemm;

/* Panels of so many outputs. */
size_t mgk_gemm_panels(const mgk_gemm *gemm, size_t outputs);

/* Bytes of a weight's panels; 0 if that overflows. */
size_t mgk_gemm_panel_bytes(const mgk_gemm *gemm, size_t outputs, size_t inputs);

/* Numbers from row to row of an input whose stride can be chosen: whole groups and vectors can be
 * read, rows begin on cache lines, and do not fall on the same cache sets. */
size_t mgk_gemm_input_stride(const mgk_gemm *gemm, size_t inputs);

/* Packs `count` outputs from `first` on, out of rows [count, inputs] of the weight's numbers
 * (gemm->kind: float, bf16 as uint16_t, int8 steps), `stride` numbers apart. Padding is left as it
 * is: mgk_gemm_clear_panels comes before. Threads may pack different panels at once. */
void mgk_gemm_pack(const mgk_gemm *gemm, mgk_gemm_weight *weight, size_t first, size_t count,
                   const void *rows, size_t stride);

/* Sets the padding of panels from..to-1 to what it must hold, before anything is packed. */
void mgk_gemm_clear_panels(const mgk_gemm *gemm, mgk_gemm_weight *weight, size_t from, size_t to);

#endif

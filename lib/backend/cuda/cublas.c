/* SPDX-License-Identifier: Apache-2.0 */
/* Products by cublasLt: how each is described to it, and its guesses at how to make them. */
#include "backend/cuda/gemm.h"

enum { STEPS_MOST = 512 };

/* ---- numbers of rows, told apart finely where they are few ---- */

enum { FINE = 16, FINE_TO = 256, MEDIUM = 128, MEDIUM_TO = 4096, COARSE = 1024 };

uint32_t mgi_cuda_cublas_bucket(uint32_t rows) {
    if (rows <= FINE_TO) return (rows + FINE - 1) / FINE - 1;
    const uint32_t fine = FINE_TO / FINE;
    if (rows <= MEDIUM_TO) return fine + (rows - FINE_TO + MEDIUM - 1) / MEDIUM - 1;
    const uint32_t medium = fine + (MEDIUM_TO - FINE_TO) / MEDIUM;
    const uint32_t step = medium + (rows - MEDIUM_TO + COARSE - 1) / COARSE - 1;
    return step < STEPS_MOST ? step : STEPS_MOST - 1;
}

/* The most rows of a step. */
uint32_t mgi_cuda_cublas_bucket_rows(uint32_t step) {
    const uint32_t fine = FINE_TO / FINE, medium = fine + (MEDIUM_TO - FINE_TO) / MEDIUM;
    if (step < fine) return (step + 1) * FINE;
    if (step < medium) return FINE_TO + (step - fine + 1) * MEDIUM;
    return MEDIUM_TO + (step - medium + 1) * COARSE;
}

/* ---- cublasLt's descriptions ---- */

typedef struct description {
    cublasLtMatmulDescOpaque_t product;
    cublasLtMatrixLayoutOpaque_t weight, input, output, addend;
} description;

static cudaDataType data_type(mgk_cuda_dtype type) {
    switch (type) {
    case MGK_CUDA_F16: return CUDA_R_16F;
    case MGK_CUDA_BF16: return CUDA_R_16BF;
    case MGK_CUDA_E4M3: return CUDA_R_8F_E4M3;
    case MGK_CUDA_S8: return CUDA_R_8I;
    case MGK_CUDA_S32: return CUDA_R_32I;
    default: return CUDA_R_32F;
    }
}

/* Where all else is in halves, the pooler's fp32 is rounded to TF32, which is as fine as fp16. */
static cublasComputeType_t compute_type(const mgi_encoder *e, mgk_cuda_dtype in) {
    const bool rounded = e->forms.tf32 || mgk_cuda_dtype_is_half(e->forms.flow);
    if (in == MGK_CUDA_S8) return CUBLAS_COMPUTE_32I;
    if (in == MGK_CUDA_F32 && rounded) return CUBLAS_COMPUTE_32F_FAST_TF32;
    return CUBLAS_COMPUTE_32F;
}

static bool set(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                const void *value, size_t bytes) {
    return cublasLtMatmulDescSetAttribute(product, attribute, value, bytes) ==
           CUBLAS_STATUS_SUCCESS;
}

/* bias and output_scale lie in device memory; either may be NULL where the epilogue needs none. */
static bool describe(const mgi_encoder *e, const mgi_cuda_gemm_shape *s, uint32_t rows,
                     const void *bias, const float *output_scale, description *d) {
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const int8_t fast = 1;
    cudaDataType scale = s->in == MGK_CUDA_S8 ? CUDA_R_32I : CUDA_R_32F;
    cudaDataType out = data_type(s->out);
    cudaDataType addend = s->out == MGK_CUDA_E4M3 ? data_type(e->forms.flow) : out;
    cublasLtMatmulDesc_t product = &d->product;
    bool good =
        cublasLtMatmulDescInit(product, compute_type(e, s->in), scale) == CUBLAS_STATUS_SUCCESS;
    good = good && set(product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed);
    good = good && set(product, CUBLASLT_MATMUL_DESC_EPILOGUE, &s->epilogue, sizeof s->epilogue);
    if (s->epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
        good = good && set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
    }
    if (s->in == MGK_CUDA_E4M3) {
        good = good && set(product, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast);
    }
    if (s->out == MGK_CUDA_E4M3) {
        good = good && set(product, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, &output_scale,
                           sizeof output_scale);
    }
    const cudaDataType in = data_type(s->in);
    return good &&
           cublasLtMatrixLayoutInit(&d->weight, in, s->inputs, s->outputs, s->inputs) ==
               CUBLAS_STATUS_SUCCESS &&
           cublasLtMatrixLayoutInit(&d->input, in, s->inputs, rows, s->inputs) ==
               CUBLAS_STATUS_SUCCESS &&
           cublasLtMatrixLayoutInit(&d->output, out, s->outputs, rows, s->outputs) ==
               CUBLAS_STATUS_SUCCESS &&
           cublasLtMatrixLayoutInit(&d->addend, addend, s->outputs, rows, s->outputs) ==
               CUBLAS_STATUS_SUCCESS;
}

/* ---- shapes ---- */

bool mgk_cuda_dtype_is_half(mgk_cuda_dtype type) {
    return type == MGK_CUDA_F16 || type == MGK_CUDA_BF16;
}

/* The activation that cublasLt can put behind a product, or none. Its GELU is the tanh form: what
 * that does to scores is measured in benchmarks/RESULTS.md; fp32 keeps the erf form. */
static cublasLtEpilogue_t up_epilogue(const mgi_encoder *e) {
    if (!mgk_cuda_dtype_is_half(e->forms.flow) || e->forms.product == MGK_CUDA_S8) {
        return CUBLASLT_EPILOGUE_DEFAULT;
    }
    switch (e->spec.activation) {
    case MGI_GELU:
    case MGI_GELU_TANH: return CUBLASLT_EPILOGUE_GELU_BIAS;
    case MGI_RELU: return CUBLASLT_EPILOGUE_RELU_BIAS;
    default: return CUBLASLT_EPILOGUE_DEFAULT;
    }
}

mgi_cuda_gemm_shape mgi_cuda_cublas_shape(const mgi_encoder *e, mgi_cuda_gemm_kind site) {
    const uint32_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const mgk_cuda_dtype product = e->forms.product;
    const bool steps = product == MGK_CUDA_S8,
               half = mgk_cuda_dtype_is_half(e->forms.flow) && !steps;
    mgi_cuda_gemm_shape s = {.in = product,
                             .out = steps ? MGK_CUDA_S32 : e->forms.flow,
                             .epilogue = CUBLASLT_EPILOGUE_DEFAULT,
                             .outputs = hidden,
                             .inputs = hidden};
    switch (site) {
    case MGI_CUDA_GEMM_QKV: s.outputs = 3 * hidden; break;
    case MGI_CUDA_GEMM_KEY_VALUE: s.outputs = 2 * hidden; break;
    case MGI_CUDA_GEMM_UP:
        s.outputs = wide;
        s.epilogue = up_epilogue(e);
        if (product == MGK_CUDA_E4M3 && s.epilogue != CUBLASLT_EPILOGUE_DEFAULT) s.out = product;
        break;
    case MGI_CUDA_GEMM_DOWN: s.inputs = wide; break;
    case MGI_CUDA_GEMM_POOL: s.in = s.out = MGK_CUDA_F32; break;
    default: break;
    }
    if (half && site != MGI_CUDA_GEMM_UP && site != MGI_CUDA_GEMM_POOL) {
        s.epilogue = CUBLASLT_EPILOGUE_BIAS;
    }
    s.adds = half && (site == MGI_CUDA_GEMM_OUT || site == MGI_CUDA_GEMM_DOWN);
    return s;
}

/* ---- a product ---- */

static int code_of(cublasStatus_t status) {
    switch (status) {
    case CUBLAS_STATUS_SUCCESS: return (int)cudaSuccess;
    case CUBLAS_STATUS_ALLOC_FAILED: return (int)cudaErrorMemoryAllocation;
    case CUBLAS_STATUS_NOT_SUPPORTED: return (int)cudaErrorNotSupported;
    default: break;
    }
    cudaError_t last = cudaPeekAtLastError();
    return last != cudaSuccess ? (int)last : (int)cudaErrorUnknown;
}

/* Rows that a product is given: a few of those behind the last one, which the buffers have. */
uint32_t mgi_cuda_cublas_padded_rows(uint32_t rows) { return (rows + FINE - 1) / FINE * FINE; }

/* algorithm NULL: cublasLt's own choice. */
int mgi_cuda_cublas_launch(const mgi_encoder *e, const mgi_cuda_gemm_call *ask,
                           const cublasLtMatmulAlgo_t *algorithm) {
    mgi_cuda_gemm_algorithms *a = ask->copy->algorithms;
    const mgi_cuda_gemm_shape *s = &a->shapes[ask->site];
    const mgi_cuda_linear *linear = ask->linear;
    const size_t flow = mgk_cuda_dtype_bytes(e->forms.flow);
    const void *bias =
        linear->flow_bias ? (const char *)linear->flow_bias + ask->first * flow : NULL;
    const float *output_scale = ask->layer ? ask->layer->wide_scale_there : NULL;
    const char *weight = (const char *)linear->weight +
                         (size_t)ask->first * linear->inputs * mgk_cuda_dtype_bytes(s->in);
    const bool steps = s->in == MGK_CUDA_S8, adds = s->adds && ask->addend != NULL;
    const float step = linear->step, share = adds ? 1 : 0;
    const int32_t one = 1, zero = 0;
    /* What is added, if only times nothing, may not be the output where it is of another type. */
    const void *addend = s->out == MGK_CUDA_E4M3 ? ask->workspace : ask->output;
    description d;
    if (!describe(e, s, mgi_cuda_cublas_padded_rows(ask->rows), bias, output_scale, &d)) {
        return (int)cudaErrorInvalidValue;
    }
    return code_of(cublasLtMatmul(
        a->handle, &d.product, steps ? (const void *)&one : &step, weight, &d.weight, ask->input,
        &d.input, steps ? (const void *)&zero : &share, adds ? ask->addend : addend, &d.addend,
        ask->output, &d.output, algorithm, ask->workspace, MGI_CUDA_CUBLAS_WORKSPACE, ask->stream));
}

cublasLtMatmulAlgo_t *mgi_cuda_cublas_chosen(const mgi_cuda_gemm_algorithms *a,
                                             mgi_cuda_gemm_kind site, uint32_t step) {
    return &a->chosen[site * a->steps + step];
}

/* ---- guesses ---- */

/* cublasLt's guesses, best first. */
bool mgi_cuda_cublas_guess(const mgi_encoder *e, const mgi_cuda_replica *copy,
                           mgi_cuda_gemm_kind site, uint32_t rows, int most,
                           mgi_cuda_cublas_candidates *c) {
    const mgi_cuda_gemm_algorithms *a = copy->algorithms;
    const uint64_t workspace = MGI_CUDA_CUBLAS_WORKSPACE;
    const void *somewhere = copy->memory; /* says how pointers will be aligned; not read */
    description d;
    cublasLtMatmulPreferenceOpaque_t preference;
    c->count = 0;
    if (!describe(e, &a->shapes[site], rows, somewhere, somewhere, &d) ||
        cublasLtMatmulPreferenceInit(&preference) != CUBLAS_STATUS_SUCCESS) {
        return false;
    }
    cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                         &workspace, sizeof workspace);
    return cublasLtMatmulAlgoGetHeuristic(a->handle, &d.product, &d.weight, &d.input, &d.addend,
                                          &d.output, &preference, most, c->found,
                                          &c->count) == CUBLAS_STATUS_SUCCESS &&
           c->count > 0;
}

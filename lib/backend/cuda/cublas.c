/* SPDX-License-Identifier: Apache-2.0 */
/* Products by cublasLt: how each is described to it, and its guesses at how to make them. */
#include "backend/cuda/cublas.h"

enum { MAX_BUCKETS = 512 };

/* ---- buckets of row counts, narrow where rows are few ---- */

enum { FINE = 16, FINE_TO = 256, MEDIUM = 128, MEDIUM_TO = 4096, COARSE = 1024 };

uint32_t mgi_cuda_cublas_bucket(uint32_t rows) {
    if (rows <= FINE_TO) return (rows + FINE - 1) / FINE - 1;
    const uint32_t fine = FINE_TO / FINE;
    if (rows <= MEDIUM_TO) return fine + (rows - FINE_TO + MEDIUM - 1) / MEDIUM - 1;
    const uint32_t medium = fine + (MEDIUM_TO - FINE_TO) / MEDIUM;
    const uint32_t bucket = medium + (rows - MEDIUM_TO + COARSE - 1) / COARSE - 1;
    return bucket < MAX_BUCKETS ? bucket : MAX_BUCKETS - 1;
}

uint32_t mgi_cuda_cublas_bucket_rows(uint32_t bucket) {
    const uint32_t fine = FINE_TO / FINE, medium = fine + (MEDIUM_TO - FINE_TO) / MEDIUM;
    if (bucket < fine) return (bucket + 1) * FINE;
    if (bucket < medium) return FINE_TO + (bucket - fine + 1) * MEDIUM;
    return MEDIUM_TO + (bucket - medium + 1) * COARSE;
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

/* With half activations the pooler's fp32 is rounded to TF32, which is as fine as fp16. */
static cublasComputeType_t compute_type(const mgi_encoder *e, mgk_cuda_dtype in) {
    const bool rounded = e->dtypes.tf32 || mgk_cuda_dtype_is_half(e->dtypes.activation);
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
    cudaDataType addend = s->out == MGK_CUDA_E4M3 ? data_type(e->dtypes.activation) : out;
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

/* The activation that cublasLt can put behind a product, or none. Its GELU is the tanh form: what
 * that does to scores is measured in benchmarks/RESULTS.md; fp32 keeps the erf form. */
static cublasLtEpilogue_t up_epilogue(const mgi_encoder *e) {
    if (!mgk_cuda_dtype_is_half(e->dtypes.activation) || e->dtypes.gemm == MGK_CUDA_S8) {
        return CUBLASLT_EPILOGUE_DEFAULT;
    }
    switch (e->spec.activation) {
    case MGI_GELU:
    case MGI_GELU_TANH: return CUBLASLT_EPILOGUE_GELU_BIAS;
    case MGI_RELU: return CUBLASLT_EPILOGUE_RELU_BIAS;
    default: return CUBLASLT_EPILOGUE_DEFAULT;
    }
}

mgi_cuda_gemm_shape mgi_cuda_cublas_shape(const mgi_encoder *e, mgi_cuda_gemm_kind kind) {
    const uint32_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const mgk_cuda_dtype gemm = e->dtypes.gemm;
    const bool int8 = gemm == MGK_CUDA_S8,
               half = mgk_cuda_dtype_is_half(e->dtypes.activation) && !int8;
    mgi_cuda_gemm_shape s = {.in = gemm,
                             .out = int8 ? MGK_CUDA_S32 : e->dtypes.activation,
                             .epilogue = CUBLASLT_EPILOGUE_DEFAULT,
                             .outputs = hidden,
                             .inputs = hidden};
    switch (kind) {
    case MGI_CUDA_GEMM_QKV: s.outputs = 3 * hidden; break;
    case MGI_CUDA_GEMM_KEY_VALUE: s.outputs = 2 * hidden; break;
    case MGI_CUDA_GEMM_UP:
        s.outputs = wide;
        s.epilogue = up_epilogue(e);
        if (gemm == MGK_CUDA_E4M3 && s.epilogue != CUBLASLT_EPILOGUE_DEFAULT) s.out = gemm;
        break;
    case MGI_CUDA_GEMM_DOWN: s.inputs = wide; break;
    case MGI_CUDA_GEMM_POOL: s.in = s.out = MGK_CUDA_F32; break;
    default: break;
    }
    if (half && kind != MGI_CUDA_GEMM_UP && kind != MGI_CUDA_GEMM_POOL) {
        s.epilogue = CUBLASLT_EPILOGUE_BIAS;
    }
    s.adds = half && (kind == MGI_CUDA_GEMM_OUT || kind == MGI_CUDA_GEMM_DOWN);
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

uint32_t mgi_cuda_cublas_padded_rows(uint32_t rows) { return (rows + FINE - 1) / FINE * FINE; }

int mgi_cuda_cublas_launch(const mgi_encoder *e, const mgi_cuda_gemm_call *call,
                           const cublasLtMatmulAlgo_t *algorithm) {
    mgi_cuda_gemm_algorithms *a = call->replica->algorithms;
    const mgi_cuda_gemm_shape *s = &a->shapes[call->kind];
    const mgi_cuda_linear *linear = call->linear;
    const size_t activation = mgk_cuda_dtype_bytes(e->dtypes.activation);
    const void *bias = linear->epilogue_bias != NULL
                           ? (const char *)linear->epilogue_bias + call->first * activation
                           : NULL;
    const float *output_scale = call->layer != NULL ? call->layer->wide_scale_device : NULL;
    const char *weight = (const char *)linear->weight +
                         (size_t)call->first * linear->inputs * mgk_cuda_dtype_bytes(s->in);
    const bool int8 = s->in == MGK_CUDA_S8, adds = s->adds && call->addend != NULL;
    const float scale = linear->common_scale, addend_scale = adds ? 1 : 0;
    const int32_t one = 1, zero = 0;
    /* What is added, if only times nothing, may not be the output where it is of another type. */
    const void *addend = s->out == MGK_CUDA_E4M3 ? call->workspace : call->output;
    description d;
    if (!describe(e, s, mgi_cuda_cublas_padded_rows(call->rows), bias, output_scale, &d)) {
        return (int)cudaErrorInvalidValue;
    }
    return code_of(
        cublasLtMatmul(a->handle, &d.product, int8 ? (const void *)&one : &scale, weight, &d.weight,
                       call->input, &d.input, int8 ? (const void *)&zero : &addend_scale,
                       adds ? call->addend : addend, &d.addend, call->output, &d.output, algorithm,
                       call->workspace, MGI_CUDA_CUBLAS_WORKSPACE, call->stream));
}

cublasLtMatmulAlgo_t *mgi_cuda_cublas_chosen(const mgi_cuda_gemm_algorithms *a,
                                             mgi_cuda_gemm_kind kind, uint32_t bucket) {
    return &a->chosen[kind * a->buckets + bucket];
}

/* ---- guesses ---- */

bool mgi_cuda_cublas_guess(const mgi_encoder *e, const mgi_cuda_replica *replica,
                           mgi_cuda_gemm_kind kind, uint32_t rows, int most,
                           mgi_cuda_cublas_candidates *c) {
    const mgi_cuda_gemm_algorithms *a = replica->algorithms;
    const uint64_t workspace = MGI_CUDA_CUBLAS_WORKSPACE;
    const void *somewhere = replica->memory; /* says how pointers will be aligned; not read */
    description d;
    cublasLtMatmulPreferenceOpaque_t preference;
    c->count = 0;
    if (!describe(e, &a->shapes[kind], rows, somewhere, somewhere, &d) ||
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

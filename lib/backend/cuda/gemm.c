/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products: which kernel makes each, by its shape and its number of rows. */
#include "backend/cuda/gemm.h"

#include "backend/cuda/autotune.h"
#include "backend/cuda/cublas.h"
#include "backend/cuda/kernels/gemm_sm90.h"
#include "backend/cuda/kernels/gemm_small.h"
#include "core/alloc.h"

mgk_cuda_activation mgi_cuda_gemm_activation(mgi_activation activation) {
    switch (activation) {
    case MGI_GELU: return MGK_CUDA_GELU;
    case MGI_GELU_TANH: return MGK_CUDA_GELU_TANH;
    case MGI_RELU: return MGK_CUDA_RELU;
    case MGI_TANH: return MGK_CUDA_TANH;
    }
    return MGK_CUDA_IDENTITY;
}

mgk_cuda_gemm mgi_cuda_gemm_own_kernel(const mgi_encoder *e, const mgi_cuda_gemm_call *call) {
    const mgi_cuda_gemm_shape *s = &call->replica->algorithms->shapes[call->kind];
    const mgi_cuda_linear *linear = call->linear;
    const bool up = call->kind == MGI_CUDA_GEMM_UP;
    return (mgk_cuda_gemm){
        .input_type = s->in,
        .output_type = up ? e->dtypes.gemm : s->out,
        .activation = up ? mgi_cuda_gemm_activation(e->spec.activation) : MGK_CUDA_IDENTITY,
        .rows = call->rows,
        .outputs = s->outputs,
        .inputs = s->inputs,
        .input = call->input,
        .weight = (const char *)linear->weight +
                  (size_t)call->first * linear->inputs * mgk_cuda_dtype_bytes(s->in),
        .scale = linear->scale != NULL ? linear->scale + call->first : NULL,
        /* The kernel behind these adds it to the residual. */
        .bias = call->kind == MGI_CUDA_GEMM_OUT || call->kind == MGI_CUDA_GEMM_DOWN
                    ? NULL
                    : linear->bias + call->first,
        .output = call->output,
        .output_scale = up && call->layer != NULL ? call->layer->wide_scale : 1,
        .dependent = e->dependent};
}

/* ---- our kernel for many rows, prepared for a lane ---- */

static const mgi_cuda_gemm_kind planned[] = {MGI_CUDA_GEMM_QKV, MGI_CUDA_GEMM_KEY_VALUE,
                                             MGI_CUDA_GEMM_UP};
enum { PLANNED = sizeof planned / sizeof *planned };

struct mgi_cuda_gemm_plans {
    mgk_gemm_sm90_plan *of; /* [layers * PLANNED] */
    bool has[PLANNED];
};

static int prepare(const mgi_encoder *e, const mgi_cuda_replica *replica, const mgi_cuda_buffers *b,
                   uint32_t number, mgi_cuda_gemm_kind kind, mgk_gemm_sm90_plan *plan) {
    mgi_cuda_gemm_call call = mgi_cuda_autotune_trial_call(e, replica, b, kind, e->batch_tokens);
    call.layer = &replica->layers[number];
    call.linear = kind == MGI_CUDA_GEMM_UP ? &call.layer->up : &call.layer->qkv;
    if (kind == MGI_CUDA_GEMM_KEY_VALUE) call.first = e->spec.hidden;
    const mgk_cuda_gemm product = mgi_cuda_gemm_own_kernel(e, &call);
    if (!mgk_gemm_sm90_supports(&product)) return (int)cudaErrorNotSupported;
    return mgk_gemm_sm90_prepare(&product, mgi_cuda_cublas_padded_rows(e->batch_tokens), plan);
}

void mgi_cuda_gemm_plans_destroy(mgi_cuda_gemm_plans *plans) {
    if (plans == NULL) return;
    mgi_free(plans->of);
    mgi_free(plans);
}

mgeo_status mgi_cuda_gemm_plans_create(const mgi_encoder *e, const mgi_cuda_replica *replica,
                                       const mgi_cuda_buffers *buffers, mgi_cuda_gemm_plans **plans,
                                       mgeo_error *error) {
    const mgi_cuda_gemm_algorithms *a = replica->algorithms;
    const size_t count = (size_t)e->spec.layers * PLANNED;
    *plans = mgi_calloc(1, sizeof **plans);
    if (*plans != NULL) (*plans)->of = mgi_calloc(count, sizeof *(*plans)->of);
    if (*plans == NULL || (*plans)->of == NULL) {
        return mgi_fail_memory(error, "prepared products", count * sizeof *(*plans)->of);
    }
    for (int i = 0; i < PLANNED; i++) {
        (*plans)->has[i] = a->own[planned[i]];
        for (uint32_t layer = 0; layer < e->spec.layers && (*plans)->has[i]; layer++) {
            int code =
                prepare(e, replica, buffers, layer, planned[i], &(*plans)->of[layer * PLANNED + i]);
            if (code != 0) {
                return mgi_cuda_device_fail(error, &replica->card, code, "preparing products");
            }
        }
    }
    return MGEO_OK;
}

/* The plan for a call; NULL: there is none, or the rows are too few for it. */
static const mgk_gemm_sm90_plan *plan_for(const mgi_cuda_gemm_call *call) {
    enum { LEAST = 1024 };
    if (call->plans == NULL || call->layer == NULL || call->rows < LEAST) return NULL;
    for (int i = 0; i < PLANNED; i++) {
        if (planned[i] == call->kind && call->plans->has[i]) {
            return &call->plans->of[(call->layer - call->replica->layers) * PLANNED + i];
        }
    }
    return NULL;
}

/* ---- the fastest kernel ---- */

static bool is_for_small(const mgi_encoder *e, const mgk_cuda_gemm *product) {
    enum { MOST = 128 };
    return e->dtypes.gemm != MGK_CUDA_S8 && mgk_cuda_dtype_is_half(e->dtypes.activation) &&
           product->rows <= MOST && mgk_gemm_small_supports(product);
}

static int multiply_by_cublas(const mgi_encoder *e, const mgi_cuda_gemm_call *call) {
    return mgi_cuda_cublas_launch(e, call,
                                  mgi_cuda_cublas_chosen(call->replica->algorithms, call->kind,
                                                         mgi_cuda_cublas_bucket(call->rows)));
}

int mgi_cuda_gemm_launch(const mgi_encoder *e, const mgi_cuda_gemm_call *call,
                         mgi_cuda_epilogue_done *done) {
    const mgi_cuda_gemm_shape *s = &call->replica->algorithms->shapes[call->kind];
    const mgk_cuda_gemm own = mgi_cuda_gemm_own_kernel(e, call);
    if (call->kind != MGI_CUDA_GEMM_POOL && is_for_small(e, &own)) {
        done->bias = own.bias != NULL;
        done->activation = own.activation != MGK_CUDA_IDENTITY;
        done->addend = false;
        return mgk_gemm_small(&own, call->stream);
    }
    const mgk_gemm_sm90_plan *plan = plan_for(call);
    if (plan != NULL) {
        *done = (mgi_cuda_epilogue_done){.bias = true, .activation = true};
        return mgk_gemm_sm90_launch(plan, call->rows, e->dependent, call->stream);
    }
    done->bias = s->epilogue != CUBLASLT_EPILOGUE_DEFAULT;
    done->activation = done->bias && s->epilogue != CUBLASLT_EPILOGUE_BIAS;
    done->addend = s->adds && call->addend != NULL;
    return multiply_by_cublas(e, call);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products: which kernel makes each, by its shape and its number of rows. */
#include "backend/cuda/gemm.h"
#include "backend/cuda/kernels/gemm_sm90.h"
#include "backend/cuda/kernels/gemm_small.h"

#include "core/alloc.h"

mgk_cuda_gemm mgi_cuda_gemm_own_kernel(const mgi_encoder *e, const mgi_cuda_gemm_call *ask) {
    const mgi_cuda_gemm_shape *s = &ask->copy->algorithms->shapes[ask->site];
    const mgi_cuda_linear *linear = ask->linear;
    const bool up = ask->site == MGI_CUDA_GEMM_UP;
    return (mgk_cuda_gemm){
        .input_type = s->in,
        .output_type = up ? e->forms.product : s->out,
        .activation = up ? mgi_cuda_forward_activation(e->spec.activation) : MGK_CUDA_IDENTITY,
        .rows = ask->rows,
        .outputs = s->outputs,
        .inputs = s->inputs,
        .input = ask->input,
        .weight = (const char *)linear->weight +
                  (size_t)ask->first * linear->inputs * mgk_cuda_dtype_bytes(s->in),
        .scale = linear->scale ? linear->scale + ask->first : NULL,
        /* The kernel behind these adds it to the residual. */
        .bias = ask->site == MGI_CUDA_GEMM_OUT || ask->site == MGI_CUDA_GEMM_DOWN
                    ? NULL
                    : linear->bias + ask->first,
        .output = ask->output,
        .output_scale = up && ask->layer ? ask->layer->wide_scale : 1,
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

static int prepare(const mgi_encoder *e, const mgi_cuda_replica *copy, const mgi_cuda_buffers *b,
                   uint32_t number, mgi_cuda_gemm_kind site, mgk_gemm_sm90_plan *plan) {
    mgi_cuda_gemm_call ask = mgi_cuda_autotune_trial_call(e, copy, b, site, e->batch_tokens);
    ask.layer = &copy->layers[number];
    ask.linear = site == MGI_CUDA_GEMM_UP ? &ask.layer->up : &ask.layer->qkv;
    if (site == MGI_CUDA_GEMM_KEY_VALUE) ask.first = e->spec.hidden;
    const mgk_cuda_gemm product = mgi_cuda_gemm_own_kernel(e, &ask);
    if (!mgk_gemm_sm90_supports(&product)) return (int)cudaErrorNotSupported;
    return mgk_gemm_sm90_prepare(&product, mgi_cuda_cublas_padded_rows(e->batch_tokens), plan);
}

void mgi_cuda_gemm_plans_destroy(mgi_cuda_gemm_plans *plans) {
    if (plans == NULL) return;
    mgi_free(plans->of);
    mgi_free(plans);
}

mgeo_status mgi_cuda_gemm_plans_create(const mgi_encoder *e, const mgi_cuda_replica *copy,
                                       const mgi_cuda_buffers *buffers, mgi_cuda_gemm_plans **plans,
                                       mgeo_error *error) {
    const mgi_cuda_gemm_algorithms *a = copy->algorithms;
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
                prepare(e, copy, buffers, layer, planned[i], &(*plans)->of[layer * PLANNED + i]);
            if (code != 0) {
                return mgi_cuda_device_fail(error, &copy->card, code, "preparing products");
            }
        }
    }
    return MGEO_OK;
}

/* The plan for what is asked; NULL: there is none, or the rows are too few for it. */
static const mgk_gemm_sm90_plan *plan_for(const mgi_cuda_gemm_call *ask) {
    enum { LEAST = 1024 };
    if (ask->plans == NULL || ask->layer == NULL || ask->rows < LEAST) return NULL;
    for (int i = 0; i < PLANNED; i++) {
        if (planned[i] == ask->site && ask->plans->has[i]) {
            return &ask->plans->of[(ask->layer - ask->copy->layers) * PLANNED + i];
        }
    }
    return NULL;
}

/* ---- whichever is fastest ---- */

static bool is_for_small(const mgi_encoder *e, const mgk_cuda_gemm *product) {
    enum { MOST = 128 };
    return e->forms.product != MGK_CUDA_S8 && mgk_cuda_dtype_is_half(e->forms.flow) &&
           product->rows <= MOST && mgk_gemm_small_supports(product);
}

static int multiply_by_cublas(const mgi_encoder *e, const mgi_cuda_gemm_call *ask) {
    return mgi_cuda_cublas_launch(e, ask,
                                  mgi_cuda_cublas_chosen(ask->copy->algorithms, ask->site,
                                                         mgi_cuda_cublas_bucket(ask->rows)));
}

int mgi_cuda_gemm_launch(const mgi_encoder *e, const mgi_cuda_gemm_call *ask,
                         mgi_cuda_epilogue_done *made) {
    const mgi_cuda_gemm_shape *s = &ask->copy->algorithms->shapes[ask->site];
    const mgk_cuda_gemm own = mgi_cuda_gemm_own_kernel(e, ask);
    if (ask->site != MGI_CUDA_GEMM_POOL && is_for_small(e, &own)) {
        made->bias = own.bias != NULL;
        made->activation = own.activation != MGK_CUDA_IDENTITY;
        made->addend = false;
        return mgk_gemm_small(&own, ask->stream);
    }
    const mgk_gemm_sm90_plan *plan = plan_for(ask);
    if (plan != NULL) {
        *made = (mgi_cuda_epilogue_done){.bias = true, .activation = true};
        return mgk_gemm_sm90_launch(plan, ask->rows, e->dependent, ask->stream);
    }
    made->bias = s->epilogue != CUBLASLT_EPILOGUE_DEFAULT;
    made->activation = made->bias && s->epilogue != CUBLASLT_EPILOGUE_BIAS;
    made->addend = s->adds && ask->addend != NULL;
    return multiply_by_cublas(e, ask);
}

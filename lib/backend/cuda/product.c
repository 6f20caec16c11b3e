/* Matrix products: which kernel makes each, by its shape and its number of rows. */
#include "backend/cuda/product.h"
#include "backend/cuda/gemm_small.h"

mgk_cuda_product mgi_cuda_own_product(const mgi_encoder *e, const mgi_cuda_ask *ask) {
    const mgi_cuda_shape *s = &ask->copy->algorithms->shapes[ask->site];
    const mgi_cuda_linear *linear = ask->linear;
    const bool up = ask->site == MGI_CUDA_UP;
    return (mgk_cuda_product){
        .input_type = s->in,
        .output_type = up ? e->forms.product : s->out,
        .activation = up ? mgi_cuda_activation(e->spec.activation) : MGK_CUDA_IDENTITY,
        .rows = ask->rows,
        .outputs = s->outputs,
        .inputs = s->inputs,
        .input = ask->input,
        .weight = (const char *)linear->weight +
                  (size_t)ask->first * linear->inputs * mgi_cuda_type_size(s->in),
        .scale = linear->scale ? linear->scale + ask->first : NULL,
        /* The kernel behind these adds it to the residual. */
        .bias = ask->site == MGI_CUDA_OUT || ask->site == MGI_CUDA_DOWN ? NULL
                                                                        : linear->bias + ask->first,
        .output = ask->output,
        .output_scale = up && ask->layer ? ask->layer->wide_scale : 1,
        .dependent = e->dependent};
}

/* ---- whichever is fastest ---- */

static bool is_for_small(const mgi_encoder *e, const mgk_cuda_product *product) {
    enum { MOST = 128 };
    return e->forms.product != MGK_CUDA_S8 && mgi_cuda_is_half(e->forms.flow) &&
           product->rows <= MOST && mgk_gemm_small_supports(product);
}

static int multiply_by_cublas(const mgi_encoder *e, const mgi_cuda_ask *ask) {
    return mgi_cuda_multiply_by(
        e, ask, mgi_cuda_chosen(ask->copy->algorithms, ask->site, mgi_cuda_step_of(ask->rows)));
}

int mgi_cuda_multiply(const mgi_encoder *e, const mgi_cuda_ask *ask, mgi_cuda_made *made) {
    const mgi_cuda_shape *s = &ask->copy->algorithms->shapes[ask->site];
    const mgk_cuda_product own = mgi_cuda_own_product(e, ask);
    if (ask->site != MGI_CUDA_POOL && is_for_small(e, &own)) {
        made->bias = own.bias != NULL;
        made->activation = own.activation != MGK_CUDA_IDENTITY;
        made->addend = false;
        return mgk_gemm_small(&own, ask->stream);
    }
    if (mgi_cuda_is_planned(ask)) {
        *made = (mgi_cuda_made){.bias = true, .activation = true};
        return mgi_cuda_multiply_planned(e, ask);
    }
    made->bias = s->epilogue != CUBLASLT_EPILOGUE_DEFAULT;
    made->activation = made->bias && s->epilogue != CUBLASLT_EPILOGUE_BIAS;
    made->addend = s->adds && ask->addend != NULL;
    return multiply_by_cublas(e, ask);
}

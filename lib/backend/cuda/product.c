/* Matrix products: which kernel makes each, by its shape and its number of rows. */
#include "backend/cuda/encoder.h"
#include "backend/cuda/gemm_sm90.h"
#include "backend/cuda/gemm_small.h"

#include "core/alloc.h"

#include <cublasLt.h>
#include <string.h>

/* cublasLt reads matrices by columns, so that our row-major output [rows, outputs] is its
 * [outputs, rows] = weightᵀ input. */
typedef struct shape {
    mgk_cuda_type in, out;
    cublasLtEpilogue_t epilogue;
    bool adds; /* the rows of the residual, as well as the bias */
    uint32_t outputs, inputs;
} shape;

enum { STEPS_MOST = 512, TRIED = 8 };

struct mgi_cuda_algorithms {
    cublasLtHandle_t handle;
    uint32_t steps; /* numbers of rows that are told apart */
    shape shapes[MGI_CUDA_SITES];
    cublasLtMatmulAlgo_t *chosen; /* [MGI_CUDA_SITES * steps] */
    bool own[MGI_CUDA_SITES];     /* our kernel for many rows won the race */
};

/* ---- numbers of rows, told apart finely where they are few ---- */

enum { FINE = 16, FINE_TO = 256, MEDIUM = 128, MEDIUM_TO = 4096, COARSE = 1024 };

static uint32_t step_of(uint32_t rows) {
    if (rows <= FINE_TO) return (rows + FINE - 1) / FINE - 1;
    const uint32_t fine = FINE_TO / FINE;
    if (rows <= MEDIUM_TO) return fine + (rows - FINE_TO + MEDIUM - 1) / MEDIUM - 1;
    const uint32_t medium = fine + (MEDIUM_TO - FINE_TO) / MEDIUM;
    const uint32_t step = medium + (rows - MEDIUM_TO + COARSE - 1) / COARSE - 1;
    return step < STEPS_MOST ? step : STEPS_MOST - 1;
}

/* The most rows of a step. */
static uint32_t rows_of(uint32_t step) {
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

static cudaDataType data_type(mgk_cuda_type type) {
    switch (type) {
    case MGK_CUDA_F16: return CUDA_R_16F;
    case MGK_CUDA_BF16: return CUDA_R_16BF;
    case MGK_CUDA_E4M3: return CUDA_R_8F_E4M3;
    case MGK_CUDA_S8: return CUDA_R_8I;
    case MGK_CUDA_S32: return CUDA_R_32I;
    default: return CUDA_R_32F;
    }
}

static cublasComputeType_t compute_type(const mgi_encoder *e, mgk_cuda_type in) {
    if (in == MGK_CUDA_S8) return CUBLAS_COMPUTE_32I;
    if (in == MGK_CUDA_F32 && e->forms.tf32) return CUBLAS_COMPUTE_32F_FAST_TF32;
    return CUBLAS_COMPUTE_32F;
}

static bool set(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                const void *value, size_t bytes) {
    return cublasLtMatmulDescSetAttribute(product, attribute, value, bytes) ==
           CUBLAS_STATUS_SUCCESS;
}

/* bias and output_scale lie in device memory; either may be NULL where the epilogue needs none. */
static bool describe(const mgi_encoder *e, const shape *s, uint32_t rows, const void *bias,
                     const float *output_scale, description *d) {
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
    if (s->epilogue != CUBLASLT_EPILOGUE_DEFAULT)
        good = good && set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
    if (s->in == MGK_CUDA_E4M3)
        good = good && set(product, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast);
    if (s->out == MGK_CUDA_E4M3)
        good = good && set(product, CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, &output_scale,
                           sizeof output_scale);
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

static bool is_half(mgk_cuda_type type) { return type == MGK_CUDA_F16 || type == MGK_CUDA_BF16; }

/* The activation that cublasLt can put behind a product, or none. Its GELU is the tanh form: what
 * that does to scores is measured in bench/RESULTS.md; fp32 keeps the erf form. */
static cublasLtEpilogue_t up_epilogue(const mgi_encoder *e) {
    if (!is_half(e->forms.flow) || e->forms.product == MGK_CUDA_S8)
        return CUBLASLT_EPILOGUE_DEFAULT;
    switch (e->spec.activation) {
    case MGI_GELU:
    case MGI_GELU_TANH: return CUBLASLT_EPILOGUE_GELU_BIAS;
    case MGI_RELU: return CUBLASLT_EPILOGUE_RELU_BIAS;
    default: return CUBLASLT_EPILOGUE_DEFAULT;
    }
}

static shape shape_of(const mgi_encoder *e, mgi_cuda_site site) {
    const uint32_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    const mgk_cuda_type product = e->forms.product;
    const bool steps = product == MGK_CUDA_S8, half = is_half(e->forms.flow) && !steps;
    shape s = {.in = product,
               .out = steps ? MGK_CUDA_S32 : e->forms.flow,
               .epilogue = CUBLASLT_EPILOGUE_DEFAULT,
               .outputs = hidden,
               .inputs = hidden};
    switch (site) {
    case MGI_CUDA_QKV: s.outputs = 3 * hidden; break;
    case MGI_CUDA_KEY_VALUE: s.outputs = 2 * hidden; break;
    case MGI_CUDA_UP:
        s.outputs = wide;
        s.epilogue = up_epilogue(e);
        if (product == MGK_CUDA_E4M3 && s.epilogue != CUBLASLT_EPILOGUE_DEFAULT) s.out = product;
        break;
    case MGI_CUDA_DOWN: s.inputs = wide; break;
    case MGI_CUDA_POOL: s.in = s.out = MGK_CUDA_F32; break;
    default: break;
    }
    if (half && site != MGI_CUDA_UP && site != MGI_CUDA_POOL) s.epilogue = CUBLASLT_EPILOGUE_BIAS;
    s.adds = half && (site == MGI_CUDA_OUT || site == MGI_CUDA_DOWN);
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
static uint32_t padded(uint32_t rows) { return (rows + FINE - 1) / FINE * FINE; }

/* algorithm NULL: cublasLt's own choice. */
static int multiply_by(const mgi_encoder *e, const mgi_cuda_ask *ask,
                       const cublasLtMatmulAlgo_t *algorithm) {
    mgi_cuda_algorithms *a = ask->copy->algorithms;
    const shape *s = &a->shapes[ask->site];
    const mgi_cuda_linear *linear = ask->linear;
    const size_t flow = mgi_cuda_type_size(e->forms.flow);
    const void *bias =
        linear->flow_bias ? (const char *)linear->flow_bias + ask->first * flow : NULL;
    const float *output_scale = ask->layer ? ask->layer->wide_scale_there : NULL;
    const char *weight = (const char *)linear->weight +
                         (size_t)ask->first * linear->inputs * mgi_cuda_type_size(s->in);
    const bool steps = s->in == MGK_CUDA_S8, adds = s->adds && ask->addend != NULL;
    const float step = linear->step, share = adds ? 1 : 0;
    const int32_t one = 1, zero = 0;
    /* What is added, if only times nothing, may not be the output where it is of another type. */
    const void *addend = s->out == MGK_CUDA_E4M3 ? ask->workspace : ask->output;
    description d;
    if (!describe(e, s, padded(ask->rows), bias, output_scale, &d))
        return (int)cudaErrorInvalidValue;
    return code_of(cublasLtMatmul(
        a->handle, &d.product, steps ? (const void *)&one : &step, weight, &d.weight, ask->input,
        &d.input, steps ? (const void *)&zero : &share, adds ? ask->addend : addend, &d.addend,
        ask->output, &d.output, algorithm, ask->workspace, MGI_CUDA_WORKSPACE, ask->stream));
}

static cublasLtMatmulAlgo_t *chosen_for(mgi_cuda_algorithms *a, mgi_cuda_site site, uint32_t step) {
    return &a->chosen[site * a->steps + step];
}

static int multiply_by_cublas(const mgi_encoder *e, const mgi_cuda_ask *ask) {
    return multiply_by(e, ask, chosen_for(ask->copy->algorithms, ask->site, step_of(ask->rows)));
}

/* ---- our own kernels, where they are faster: bench/gpu measures them side by side ---- */

static mgk_cuda_product own_product(const mgi_encoder *e, const mgi_cuda_ask *ask) {
    const shape *s = &ask->copy->algorithms->shapes[ask->site];
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

/* ---- algorithms ---- */

typedef struct candidates {
    cublasLtMatmulHeuristicResult_t found[TRIED];
    int count;
} candidates;

/* cublasLt's guesses, best first. */
static bool guess(const mgi_encoder *e, const mgi_cuda_copy *copy, mgi_cuda_site site,
                  uint32_t rows, int most, candidates *c) {
    const mgi_cuda_algorithms *a = copy->algorithms;
    const uint64_t workspace = MGI_CUDA_WORKSPACE;
    const void *somewhere = copy->memory; /* says how pointers will be aligned; not read */
    description d;
    cublasLtMatmulPreferenceOpaque_t preference;
    c->count = 0;
    if (!describe(e, &a->shapes[site], rows, somewhere, somewhere, &d) ||
        cublasLtMatmulPreferenceInit(&preference) != CUBLAS_STATUS_SUCCESS)
        return false;
    cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                         &workspace, sizeof workspace);
    return cublasLtMatmulAlgoGetHeuristic(a->handle, &d.product, &d.weight, &d.input, &d.addend,
                                          &d.output, &preference, most, c->found,
                                          &c->count) == CUBLAS_STATUS_SUCCESS &&
           c->count > 0;
}

/* Where a site's product reads and writes in a pass. */
static mgi_cuda_ask trial(const mgi_encoder *e, const mgi_cuda_copy *copy,
                          const mgi_cuda_buffers *b, mgi_cuda_site site, uint32_t rows) {
    const mgi_cuda_layer *layer = &copy->layers[0];
    const bool steps = e->forms.product == MGK_CUDA_S8;
    const void *x = b->quantised ? b->quantised : b->x;
    mgi_cuda_ask ask = {.copy = copy,
                        .layer = layer,
                        .site = site,
                        .rows = rows,
                        .input = x,
                        .output = steps ? (void *)b->sums : b->qkv,
                        .workspace = b->workspace};
    switch (site) {
    case MGI_CUDA_OUT:
        ask.linear = &layer->attention_output;
        ask.input = steps ? b->context_steps : b->context;
        ask.addend = b->x;
        break;
    case MGI_CUDA_UP:
        ask.linear = &layer->up;
        ask.output = steps ? (void *)b->sums : b->wide;
        break;
    case MGI_CUDA_DOWN:
        ask.linear = &layer->down;
        ask.input = b->wide;
        ask.addend = b->x;
        break;
    default: ask.linear = &layer->qkv; break;
    }
    return ask;
}

typedef struct stopwatch {
    cudaStream_t stream;
    cudaEvent_t start, end;
} stopwatch;

static const float never = 1e30f;

/* Milliseconds of a few runs; a large number if it does not run. */
static float time_of(const mgi_encoder *e, const mgi_cuda_ask *ask,
                     const cublasLtMatmulAlgo_t *algorithm, int runs, const stopwatch *watch) {
    float taken = never;
    cudaEventRecord(watch->start, watch->stream);
    for (int i = 0; i < runs; i++)
        if (multiply_by(e, ask, algorithm) != 0) return never;
    cudaEventRecord(watch->end, watch->stream);
    if (cudaEventSynchronize(watch->end) != cudaSuccess ||
        cudaEventElapsedTime(&taken, watch->start, watch->end) != cudaSuccess)
        return never;
    return taken;
}

/* How long our own kernel takes for the same. */
static float time_of_own(const mgi_encoder *e, const mgi_cuda_ask *ask, int runs,
                         const stopwatch *watch) {
    const mgk_cuda_product product = own_product(e, ask);
    mgk_gemm_sm90_plan plan;
    float taken = never;
    if (!mgk_gemm_sm90_supports(&product) ||
        mgk_gemm_sm90_prepare(&product, padded(ask->rows), &plan) != 0)
        return never;
    cudaEventRecord(watch->start, watch->stream);
    for (int i = 0; i < runs; i++)
        if (mgk_gemm_sm90_launch(&plan, ask->rows, false, watch->stream) != 0) return never;
    cudaEventRecord(watch->end, watch->stream);
    if (cudaEventSynchronize(watch->end) != cudaSuccess ||
        cudaEventElapsedTime(&taken, watch->start, watch->end) != cudaSuccess)
        return never;
    return taken;
}

/* Ours does not add the residual, so what it competes with must not either. */
static bool may_be_own(const mgi_cuda_algorithms *a, mgi_cuda_site site) {
    return !a->shapes[site].adds && site != MGI_CUDA_POOL;
}

/* The fastest guess for full batches, by the clock, for all steps that are nearly as large. The
 * guesses run in turns: the card's clock changes as it warms up. */
static void race(const mgi_encoder *e, mgi_cuda_copy *copy, const mgi_cuda_buffers *b,
                 mgi_cuda_site site, const stopwatch *watch) {
    enum { ROUNDS = 4, RUNS = 2, WARM_UP = 8 };
    mgi_cuda_algorithms *a = copy->algorithms;
    candidates c;
    float taken[TRIED] = {0}, own = 0;
    int best = 0;
    mgi_cuda_ask ask = trial(e, copy, b, site, e->batch_tokens);
    ask.stream = watch->stream;
    if (!guess(e, copy, site, padded(ask.rows), TRIED, &c)) return;
    time_of(e, &ask, &c.found[0].algo, WARM_UP, watch);
    for (int round = 0; round <= ROUNDS; round++) { /* the first loads the kernels */
        for (int i = 0; i < c.count; i++) {
            const float some = time_of(e, &ask, &c.found[i].algo, RUNS, watch);
            if (round > 0 || some >= never) taken[i] += some;
        }
        const float some = may_be_own(a, site) ? time_of_own(e, &ask, RUNS, watch) : never;
        if (round > 0 || some >= never) own += some;
    }
    for (int i = 1; i < c.count; i++)
        if (taken[i] < taken[best]) best = i;
    a->own[site] = own < taken[best];
    for (uint32_t step = step_of(e->batch_tokens / 2 + 1); step < a->steps; step++)
        *chosen_for(a, site, step) = c.found[best].algo;
}

/* Where batches are large enough for the clock to tell. The lanes' memory is still unused; it is
 * filled with numbers like real ones, since products of zeros are faster. */
static void race_all(const mgi_encoder *e, mgi_cuda_copy *copy) {
    enum { LARGE = 4096 };
    static const mgi_cuda_site sites[] = {MGI_CUDA_QKV, MGI_CUDA_OUT, MGI_CUDA_UP, MGI_CUDA_DOWN};
    stopwatch watch = {0};
    mgi_cuda_buffers b;
    char *lanes = copy->memory + e->weight_bytes;
    if (e->batch_tokens < LARGE) return;
    mgi_cuda_lay_out_lane(e, &b, lanes);
    if (cudaStreamCreateWithFlags(&watch.stream, cudaStreamNonBlocking) == cudaSuccess &&
        cudaEventCreate(&watch.start) == cudaSuccess &&
        cudaEventCreate(&watch.end) == cudaSuccess &&
        mgk_cuda_fill(lanes, e->lane_bytes, watch.stream) == 0) {
        for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
            race(e, copy, &b, sites[i], &watch);
        copy->algorithms->own[MGI_CUDA_KEY_VALUE] = copy->algorithms->own[MGI_CUDA_QKV];
    }
    if (watch.stream != NULL) cudaStreamSynchronize(watch.stream);
    if (watch.end != NULL) cudaEventDestroy(watch.end);
    if (watch.start != NULL) cudaEventDestroy(watch.start);
    if (watch.stream != NULL) cudaStreamDestroy(watch.stream);
}

static mgeo_status choose_all(const mgi_encoder *e, mgi_cuda_copy *copy, mgeo_error *error) {
    mgi_cuda_algorithms *a = copy->algorithms;
    candidates c;
    for (unsigned site = 0; site < MGI_CUDA_SITES; site++) {
        a->shapes[site] = shape_of(e, (mgi_cuda_site)site);
        for (uint32_t step = 0; step < a->steps; step++) {
            if (!guess(e, copy, (mgi_cuda_site)site, rows_of(step), 1, &c))
                return mgi_fail(error, MGEO_E_UNSUPPORTED,
                                "device \"cuda:%d\" (%s) has no product of %u by %u numbers at "
                                "this precision: load with another one",
                                copy->card.ordinal, copy->card.name, a->shapes[site].inputs,
                                a->shapes[site].outputs);
            *chosen_for(a, (mgi_cuda_site)site, step) = c.found[0].algo;
        }
    }
    race_all(e, copy);
    return MGEO_OK;
}

void mgi_cuda_algorithms_destroy(mgi_cuda_algorithms *a) {
    if (a == NULL) return;
    if (a->handle != NULL) cublasLtDestroy(a->handle);
    mgi_free(a->chosen);
    mgi_free(a);
}

mgeo_status mgi_cuda_algorithms_create(const mgi_encoder *e, mgi_cuda_copy *copy,
                                       mgeo_error *error) {
    mgi_cuda_algorithms *a = mgi_calloc(1, sizeof *a);
    if (a == NULL) return mgi_fail_memory(error, "a table of products", sizeof *a);
    copy->algorithms = a;
    a->steps = step_of(e->batch_tokens) + 1;
    a->chosen = mgi_calloc((size_t)MGI_CUDA_SITES * a->steps, sizeof *a->chosen);
    if (a->chosen == NULL)
        return mgi_fail_memory(error, "a table of products", a->steps * sizeof *a->chosen);
    cublasStatus_t status = cublasLtCreate(&a->handle);
    if (status != CUBLAS_STATUS_SUCCESS)
        return mgi_fail(error, MGEO_E_DEVICE,
                        "device \"cuda:%d\" (%s): cuBLASLt does not start: %s", copy->card.ordinal,
                        copy->card.name, cublasLtGetStatusString(status));
    return choose_all(e, copy, error);
}

/* ---- our kernel for many rows, prepared for a lane ---- */

static const mgi_cuda_site planned[] = {MGI_CUDA_QKV, MGI_CUDA_KEY_VALUE, MGI_CUDA_UP};
enum { PLANNED = sizeof planned / sizeof *planned };

struct mgi_cuda_plans {
    mgk_gemm_sm90_plan *of; /* [layers * PLANNED] */
    bool has[PLANNED];
};

static int prepare(const mgi_encoder *e, const mgi_cuda_copy *copy, const mgi_cuda_buffers *b,
                   uint32_t number, mgi_cuda_site site, mgk_gemm_sm90_plan *plan) {
    mgi_cuda_ask ask = trial(e, copy, b, site, e->batch_tokens);
    ask.layer = &copy->layers[number];
    ask.linear = site == MGI_CUDA_UP ? &ask.layer->up : &ask.layer->qkv;
    if (site == MGI_CUDA_KEY_VALUE) ask.first = e->spec.hidden;
    const mgk_cuda_product product = own_product(e, &ask);
    if (!mgk_gemm_sm90_supports(&product)) return (int)cudaErrorNotSupported;
    return mgk_gemm_sm90_prepare(&product, padded(e->batch_tokens), plan);
}

void mgi_cuda_plans_destroy(mgi_cuda_plans *plans) {
    if (plans == NULL) return;
    mgi_free(plans->of);
    mgi_free(plans);
}

mgeo_status mgi_cuda_plans_create(const mgi_encoder *e, const mgi_cuda_copy *copy,
                                  const mgi_cuda_buffers *buffers, mgi_cuda_plans **plans,
                                  mgeo_error *error) {
    const mgi_cuda_algorithms *a = copy->algorithms;
    const size_t count = (size_t)e->spec.layers * PLANNED;
    *plans = mgi_calloc(1, sizeof **plans);
    if (*plans != NULL) (*plans)->of = mgi_calloc(count, sizeof *(*plans)->of);
    if (*plans == NULL || (*plans)->of == NULL)
        return mgi_fail_memory(error, "prepared products", count * sizeof *(*plans)->of);
    for (int i = 0; i < PLANNED; i++) {
        (*plans)->has[i] = a->own[planned[i]];
        for (uint32_t layer = 0; layer < e->spec.layers && (*plans)->has[i]; layer++) {
            int code =
                prepare(e, copy, buffers, layer, planned[i], &(*plans)->of[layer * PLANNED + i]);
            if (code != 0) return mgi_cuda_fail(error, &copy->card, code, "preparing products");
        }
    }
    return MGEO_OK;
}

/* The plan for what is asked; NULL: there is none, or the rows are too few for it. */
static const mgk_gemm_sm90_plan *plan_for(const mgi_cuda_ask *ask) {
    enum { LEAST = 1024 };
    if (ask->plans == NULL || ask->layer == NULL || ask->rows < LEAST) return NULL;
    for (int i = 0; i < PLANNED; i++)
        if (planned[i] == ask->site && ask->plans->has[i])
            return &ask->plans->of[(ask->layer - ask->copy->layers) * PLANNED + i];
    return NULL;
}

/* ---- whichever is fastest ---- */

static bool is_for_small(const mgi_encoder *e, const mgk_cuda_product *product) {
    enum { MOST = 128 };
    return e->forms.product != MGK_CUDA_S8 && is_half(e->forms.flow) && product->rows <= MOST &&
           mgk_gemm_small_supports(product);
}

int mgi_cuda_multiply(const mgi_encoder *e, const mgi_cuda_ask *ask, mgi_cuda_made *made) {
    const shape *s = &ask->copy->algorithms->shapes[ask->site];
    const mgk_cuda_product own = own_product(e, ask);
    if (ask->site != MGI_CUDA_POOL && is_for_small(e, &own)) {
        made->bias = own.bias != NULL;
        made->activation = own.activation != MGK_CUDA_IDENTITY;
        made->addend = false;
        return mgk_gemm_small(&own, ask->stream);
    }
    const mgk_gemm_sm90_plan *plan = plan_for(ask);
    if (plan != NULL) {
        *made = (mgi_cuda_made){.bias = true, .activation = true};
        return mgk_gemm_sm90_launch(plan, ask->rows, e->dependent, ask->stream);
    }
    made->bias = s->epilogue != CUBLASLT_EPILOGUE_DEFAULT;
    made->activation = made->bias && s->epilogue != CUBLASLT_EPILOGUE_BIAS;
    made->addend = s->adds && ask->addend != NULL;
    return multiply_by_cublas(e, ask);
}

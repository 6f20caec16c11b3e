/* Our kernel for many rows, prepared for the memory of one lane: its products, and layers whose
 * LayerNorms are left to the products around them. */
#include "backend/cuda/gemm_sm90.h"
#include "backend/cuda/product.h"

#include "core/alloc.h"

static const mgi_cuda_site plain[] = {MGI_CUDA_QKV, MGI_CUDA_KEY_VALUE, MGI_CUDA_UP};
static const mgi_cuda_site folded[] = {MGI_CUDA_QKV, MGI_CUDA_KEY_VALUE, MGI_CUDA_OUT, MGI_CUDA_UP,
                                       MGI_CUDA_DOWN};
enum { PLAIN = sizeof plain / sizeof *plain, FOLDED = sizeof folded / sizeof *folded };

struct mgi_cuda_plans {
    mgk_gemm_sm90_plan *plain; /* [layers * PLAIN] */
    bool has[PLAIN];
    mgk_gemm_sm90_plan *folded; /* [layers * FOLDED] */
    bool folds;
};

/* What plans are made from. */
typedef struct making {
    const mgi_encoder *encoder;
    const mgi_cuda_copy *copy;
    const mgi_cuda_buffers *buffers;
} making;

/* ---- products as they are ---- */

static mgi_cuda_ask ask_of(const making *m, uint32_t number, mgi_cuda_site site) {
    mgi_cuda_ask ask =
        mgi_cuda_trial(m->encoder, m->copy, m->buffers, site, m->encoder->batch_tokens);
    ask.layer = &m->copy->layers[number];
    switch (site) {
    case MGI_CUDA_OUT: ask.linear = &ask.layer->attention_output; break;
    case MGI_CUDA_UP: ask.linear = &ask.layer->up; break;
    case MGI_CUDA_DOWN: ask.linear = &ask.layer->down; break;
    default: ask.linear = &ask.layer->qkv; break;
    }
    if (site == MGI_CUDA_KEY_VALUE) ask.first = m->encoder->spec.hidden;
    return ask;
}

static int prepare_plain(const making *m, uint32_t number, mgi_cuda_site site,
                         mgk_gemm_sm90_plan *plan) {
    const mgi_cuda_ask ask = ask_of(m, number, site);
    const mgk_cuda_product product = mgi_cuda_own_product(m->encoder, &ask);
    return mgk_gemm_sm90_prepare(&product, NULL, mgi_cuda_padded(ask.rows), plan);
}

/* ---- products around norms ---- */

/* A product of raw rows: x, or y behind attention. */
static void normalise(const making *m, const mgi_cuda_ask *ask, mgk_cuda_product *product,
                      mgk_sm90_norm *norm) {
    const mgi_cuda_layer *layer = ask->layer;
    const mgi_cuda_buffers *b = m->buffers;
    const bool up = ask->site == MGI_CUDA_UP;
    const mgi_cuda_folded *f = up ? &layer->up_folded : &layer->qkv_folded;
    const void *raw = up ? b->y : b->x;
    product->input = b->quantised ? b->quantised : raw;
    product->bias = f->shift + ask->first;
    norm->form = MGK_SM90_NORMALISE;
    norm->moments.pairs = up ? b->y_moments : b->x_moments;
    norm->gain = f->sums + ask->first;
}

/* A product that is added to x or y, and makes y or x raw for the next norm. */
static void add(const making *m, const mgi_cuda_ask *ask, const mgi_cuda_norm_weights *before,
                mgk_cuda_product *product, mgk_sm90_norm *norm) {
    const mgi_cuda_layer *layer = ask->layer;
    const mgi_cuda_buffers *b = m->buffers;
    const bool down = ask->site == MGI_CUDA_DOWN;
    const mgi_cuda_norm_weights *next = down ? &layer->output_norm : &layer->attention_norm;
    product->output = down ? b->x : b->y;
    product->bias = down ? layer->down_shift : layer->attention_shift;
    norm->form = MGK_SM90_ADD;
    norm->step = ask->linear->step;
    norm->moments.pairs = down ? b->y_moments : b->x_moments;
    norm->gain = down ? layer->attention_norm.weight : before->weight;
    norm->residual = down ? b->y : b->x;
    norm->output_gain = next->weight;
    norm->written.pairs = down ? b->x_moments : b->y_moments;
    norm->narrow = b->quantised;
    norm->narrow_scale = next->raw_scale;
}

static void describe(const making *m, uint32_t number, mgi_cuda_site site,
                     mgk_cuda_product *product, mgk_sm90_norm *norm) {
    const mgi_encoder *e = m->encoder;
    const mgi_cuda_layer *layer = &m->copy->layers[number];
    const mgi_cuda_norm_weights *before =
        number == 0 ? &m->copy->embedding_norm : &layer[-1].output_norm;
    const mgi_cuda_norm_weights *read = site == MGI_CUDA_UP ? &layer->attention_norm : before;
    const mgi_cuda_ask ask = ask_of(m, number, site);
    const uint32_t stride = mgi_cuda_lane_rows(e);
    *product = mgi_cuda_own_product(e, &ask);
    product->scale = NULL;
    *norm = (mgk_sm90_norm){.step = ask.linear->step * read->scale / read->raw_scale,
                            .moments.stride = stride,
                            .width = e->spec.hidden,
                            .eps = e->spec.norm_eps,
                            .written.stride = stride};
    if (site == MGI_CUDA_OUT || site == MGI_CUDA_DOWN)
        add(m, &ask, before, product, norm);
    else
        normalise(m, &ask, product, norm);
}

static bool can_fold(const making *m) {
    mgk_cuda_product product;
    mgk_sm90_norm norm;
    if (!m->encoder->folds) return false;
    for (int i = 0; i < FOLDED; i++) {
        describe(m, 0, folded[i], &product, &norm);
        if (!mgk_gemm_sm90_folds(&product, &norm)) return false;
    }
    return true;
}

static int prepare_folded(const making *m, uint32_t number, mgi_cuda_site site,
                          mgk_gemm_sm90_plan *plan) {
    mgk_cuda_product product;
    mgk_sm90_norm norm;
    describe(m, number, site, &product, &norm);
    return mgk_gemm_sm90_prepare(&product, &norm, mgi_cuda_padded(m->encoder->batch_tokens), plan);
}

/* ---- a lane's ---- */

static int prepare_layer(const making *m, uint32_t number, mgi_cuda_plans *plans) {
    int code = 0;
    for (int i = 0; i < PLAIN && code == 0; i++)
        if (plans->has[i])
            code = prepare_plain(m, number, plain[i], &plans->plain[number * PLAIN + i]);
    for (int i = 0; i < FOLDED && code == 0 && plans->folds; i++)
        code = prepare_folded(m, number, folded[i], &plans->folded[number * FOLDED + i]);
    return code;
}

void mgi_cuda_plans_destroy(mgi_cuda_plans *plans) {
    if (plans == NULL) return;
    mgi_free(plans->plain);
    mgi_free(plans->folded);
    mgi_free(plans);
}

mgeo_status mgi_cuda_plans_create(const mgi_encoder *e, const mgi_cuda_copy *copy,
                                  const mgi_cuda_buffers *buffers, mgi_cuda_plans **to,
                                  mgeo_error *error) {
    const making m = {e, copy, buffers};
    const size_t layers = e->spec.layers, all = layers * (PLAIN + FOLDED);
    mgi_cuda_plans *plans = *to = mgi_calloc(1, sizeof *plans);
    if (plans != NULL) plans->plain = mgi_calloc(layers * PLAIN, sizeof *plans->plain);
    if (plans != NULL) plans->folded = mgi_calloc(layers * FOLDED, sizeof *plans->folded);
    if (plans == NULL || plans->plain == NULL || plans->folded == NULL)
        return mgi_fail_memory(error, "prepared products", all * sizeof *plans->plain);
    for (int i = 0; i < PLAIN; i++) plans->has[i] = copy->algorithms->own[plain[i]];
    plans->folds = can_fold(&m);
    for (uint32_t number = 0; number < layers; number++) {
        const int code = prepare_layer(&m, number, plans);
        if (code != 0) return mgi_cuda_fail(error, &copy->card, code, "preparing products");
    }
    return MGEO_OK;
}

/* ---- launches ---- */

enum { LEAST = 1024 /* rows that fill the card */ };

static int place_of(const mgi_cuda_site *sites, int count, mgi_cuda_site site) {
    for (int i = 0; i < count; i++)
        if (sites[i] == site) return i;
    return -1;
}

bool mgi_cuda_is_planned(const mgi_cuda_ask *ask) {
    const int place = place_of(plain, PLAIN, ask->site);
    return ask->plans != NULL && ask->layer != NULL && ask->rows >= LEAST && place >= 0 &&
           ask->plans->has[place];
}

int mgi_cuda_multiply_planned(const mgi_encoder *e, const mgi_cuda_ask *ask) {
    const size_t layer = (size_t)(ask->layer - ask->copy->layers);
    const int place = place_of(plain, PLAIN, ask->site);
    return mgk_gemm_sm90_launch(&ask->plans->plain[layer * PLAIN + (size_t)place], ask->rows, 0,
                                e->dependent, ask->stream);
}

bool mgi_cuda_folds(const mgi_cuda_plans *plans, uint32_t rows) {
    return plans != NULL && plans->folds && rows >= LEAST;
}

int mgi_cuda_multiply_folded(mgi_cuda_fold *fold, uint32_t layer, mgi_cuda_site site) {
    const int place = place_of(folded, FOLDED, site);
    const mgk_gemm_sm90_plan *plan = &fold->plans->folded[layer * FOLDED + (uint32_t)place];
    const uint32_t read = fold->parts;
    if (site == MGI_CUDA_OUT || site == MGI_CUDA_DOWN)
        fold->parts = mgk_gemm_sm90_parts(plan, fold->rows);
    return mgk_gemm_sm90_launch(plan, fold->rows, read, fold->dependent, fold->stream);
}

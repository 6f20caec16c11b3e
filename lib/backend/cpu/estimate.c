/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates what a model will take of memory: the walk of layout.c without a byte of weights, and
 * the lanes of workspace.c. */
#include "backend/cpu/estimate.h"

#include "backend/cpu/layout.h"
#include "backend/cpu/loading.h"
#include "backend/cpu/workspace.h"
#include "backend/request.h"
#include "core/fixed_text.h"

#include <string.h>

enum { MOST_THREADS = 16 };

/* Loading as it goes by: what each thread is at, and what lies in memory by then. A thread's clock
 * is in bytes, as all pieces are about as fast. */
typedef struct footprint {
    unsigned threads;
    uint64_t clock[MOST_THREADS];
    uint64_t source[MOST_THREADS]; /* of the tensor that the thread reads */
    uint64_t placed, highest;
} footprint;

static uint64_t largest_source(const mgi_cpu_piece *piece) {
    uint64_t largest = 0;
    for (unsigned i = 0; i < piece->count; i++) { /* one after another; each is then given back */
        const mgi_tensor *tensor = piece->from[i];
        if (tensor->mapped && tensor->bytes > largest) largest = tensor->bytes;
    }
    return largest;
}

/* The thread that is free first takes the next piece. */
static void take(void *context, const mgi_cpu_piece *piece) {
    footprint *f = context;
    unsigned first = 0;
    for (unsigned i = 1; i < f->threads; i++) {
        if (f->clock[i] < f->clock[first]) first = i;
    }
    uint64_t now = f->clock[first], resident = f->placed += piece->bytes;
    f->source[first] = largest_source(piece);
    f->clock[first] += piece->bytes;
    for (unsigned i = 0; i < f->threads; i++) {
        if (f->clock[i] > now) resident += f->source[i];
    }
    if (resident > f->highest) f->highest = resident;
}

mgeo_status mgi_cpu_estimate(mgi_encoder *e, const mgi_weights *weights, unsigned cores,
                             mgi_encoder_estimate *estimate, mgeo_error *error) {
    footprint f = {.threads = mgi_cpu_loading_threads()};
    mgi_cpu_cursor cursor = {NULL, 0, false};
    if (f.threads > MOST_THREADS) f.threads = MOST_THREADS;
    mgi_cpu_layout_walk(e, weights, &cursor, take, &f);
    uint64_t lane = mgi_cpu_workspace_bytes(e, cores);
    if (cursor.overflow || lane == 0) return mgi_request_fail_shape(&e->spec, error);
    memset(estimate, 0, sizeof *estimate);
    estimate->precision = e->precision;
    estimate->batch_tokens = e->batch_tokens;
    estimate->weights = cursor.used;
    estimate->opening = f.highest + f.threads * mgi_cpu_loading_buffer(e);
    estimate->lane = lane;
    estimate->on_cpu = true;
    mgi_fixed_text_copy(estimate->device, sizeof estimate->device, "cpu");
    return MGEO_OK;
}

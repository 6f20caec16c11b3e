/* SPDX-License-Identifier: Apache-2.0 */
/* A batch on a lane, whatever happens to the device: too little memory, or its loss. */
#include "run/state.h"

/* One batch on its way, whole or in parts. */
typedef struct batch_run {
    mgi_runner *runner;
    mgi_lane **lane;
    mgi_batcher *batcher;
    unsigned cores;
    float *logits;
    mgeo_status status; /* the first failure */
    mgeo_error failure;
    bool over; /* what is left will not run either */
} batch_run;

bool mgi_runner_healthy(const mgi_runner *runner) { return !atomic_load(&runner->device_failed); }

/* Lanes that were open may well answer where another could not be opened. */
static void note_device_works(mgi_runner *runner) {
    if (atomic_load_explicit(&runner->device_failed, memory_order_relaxed)) {
        atomic_store(&runner->device_failed, false);
    }
}

static mgeo_status open_lane_anew(batch_run *pass, mgeo_error *error) {
    mgi_runner *runner = pass->runner;
    mgeo_error reason = {0};
    mgeo_status status = runner->backend->open_lane(runner->encoder, pass->lane, &reason);
    if (status == MGEO_OK) {
        note_device_works(runner);
        return MGEO_OK;
    }
    *pass->lane = NULL;
    if (status != MGEO_E_DEVICE) return mgi_fail(error, status, "%s", reason.message);
    atomic_store(&runner->device_failed, true);
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device %s has failed and does not open again: load a model on another device "
                    "and swap, or roll back (%s)",
                    mgi_model_encoder_info(runner->model)->device, reason.message);
}

/* The lane is lost with the batch. Whether the device is lost too, a fresh one tells. */
static void replace_lane(batch_run *pass, mgeo_error *reason) {
    const mgeo_error failure = *reason;
    pass->runner->backend->close_lane(*pass->lane);
    *pass->lane = NULL;
    if (open_lane_anew(pass, reason) == MGEO_E_DEVICE) return;
    mgi_fail(reason, MGEO_E_DEVICE, "device %s failed and was opened again: call once more (%s)",
             mgi_model_encoder_info(pass->runner->model)->device, failure.message);
}

/* A part of the batch, as the backend takes it: its offsets begin at 0 for that time. */
static mgeo_status run_part(batch_run *pass, uint32_t first, uint32_t rows, mgeo_error *error) {
    mgi_runner *runner = pass->runner;
    uint32_t *offsets = pass->batcher->offsets + first;
    const uint32_t base = offsets[0];
    const mgi_batch part = {.ids = pass->batcher->ids + base,
                            .types = pass->batcher->types + base,
                            .offsets = offsets,
                            .rows = rows,
                            .tokens = offsets[rows] - base};
    float *logits = pass->logits + (size_t)first * runner->labels->count;
    for (uint32_t i = 0; base > 0 && i <= rows; i++) offsets[i] -= base;
    mgeo_status status = runner->backend->run(*pass->lane, &part, pass->cores, logits, error);
    for (uint32_t i = 0; base > 0 && i <= rows; i++) offsets[i] += base;
    return status;
}

/* Of several failures the one that ended the pass counts, else the first. */
static void skip_rows(batch_run *pass, uint32_t first, uint32_t rows, mgeo_status status,
                      const mgeo_error *reason) {
    for (uint32_t row = first; row < first + rows; row++) {
        pass->batcher->entries[row].flags |= MGEO_ROW_SKIPPED;
    }
    bool ends = status != MGEO_E_MEMORY && !pass->over;
    if (pass->status == MGEO_OK || ends) {
        pass->status = status;
        pass->failure = *reason;
    }
    pass->over |= ends;
}

/* Where there is too little memory for all rows, halves may fit; at last single rows fail. */
static void run_rows(batch_run *pass, uint32_t first, uint32_t rows) {
    mgeo_error reason;
    if (pass->over) {
        skip_rows(pass, first, rows, pass->status, &pass->failure);
        return;
    }
    mgeo_status status = run_part(pass, first, rows, &reason);
    if (status == MGEO_OK) {
        note_device_works(pass->runner);
        return;
    }
    if (status == MGEO_E_MEMORY && rows > 1) {
        run_rows(pass, first, rows / 2);
        run_rows(pass, first + rows / 2, rows - rows / 2);
        return;
    }
    if (status == MGEO_E_DEVICE) replace_lane(pass, &reason);
    skip_rows(pass, first, rows, status, &reason);
}

mgeo_status mgi_execute_batch(mgi_runner *runner, mgi_lane **lane, mgi_batcher *batcher,
                              unsigned cores, float *logits, mgeo_error *error) {
    batch_run pass = {
        .runner = runner, .lane = lane, .batcher = batcher, .cores = cores, .logits = logits};
    mgeo_error reason;
    mgeo_status status = *lane != NULL ? MGEO_OK : open_lane_anew(&pass, &reason);
    if (status == MGEO_OK) {
        run_rows(&pass, 0, batcher->batch.rows);
    } else {
        skip_rows(&pass, 0, batcher->batch.rows, status, &reason);
    }
    if (pass.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, pass.status, "%s", pass.failure.message);
}

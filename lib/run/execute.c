/* SPDX-License-Identifier: Apache-2.0 */
/* A batch run on a lane, in the face of too little memory and of a lost device. */
#include "run/execute.h"

#include "run/state.h"

/* One batch under way, whole or in parts. */
typedef struct batch_run {
    mgi_runner *runner;
    mgi_lane **lane;
    mgi_batcher *batcher;
    mgi_team *team;
    float *logits;
    mgeo_status status; /* the failure to report */
    mgeo_error failure;
    bool over; /* rows not run so far will not be */
} batch_run;

/* ---- the lane -------------------------------------------------------------------------------- */

/* Lanes that were open before may work where another could not be opened. */
static void note_device_works(mgi_runner *runner) {
    if (atomic_load_explicit(&runner->device_failed, memory_order_relaxed)) {
        atomic_store(&runner->device_failed, false);
    }
}

static mgeo_status open_lane(batch_run *run, mgeo_error *error) {
    mgi_runner *runner = run->runner;
    mgeo_error reason = {0};
    mgeo_status status = runner->backend->open_lane(runner->encoder, run->lane, &reason);
    if (status == MGEO_OK) {
        note_device_works(runner);
        return MGEO_OK;
    }
    *run->lane = NULL;
    if (status != MGEO_E_DEVICE) return mgi_fail(error, status, "%s", reason.message);
    atomic_store(&runner->device_failed, true);
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device %s has failed and does not open again: load a model on another device "
                    "and swap, or roll back (%s)",
                    mgi_model_encoder_info(runner->model)->device, reason.message);
}

/* The batch is lost with its lane. Whether the device is lost too, opening another lane shows. */
static void replace_lane(batch_run *run, mgeo_error *reason) {
    const mgeo_error failure = *reason;
    run->runner->backend->close_lane(*run->lane);
    *run->lane = NULL;
    if (open_lane(run, reason) == MGEO_E_DEVICE) return;
    mgi_fail(reason, MGEO_E_DEVICE, "device %s failed and was opened again: call once more (%s)",
             mgi_model_encoder_info(run->runner->model)->device, failure.message);
}

/* ---- the batch ------------------------------------------------------------------------------- */

/* The backend takes batches whose offsets begin at 0: those of a part are shifted while it runs. */
static mgeo_status run_part(batch_run *run, uint32_t first, uint32_t rows, mgeo_error *error) {
    mgi_runner *runner = run->runner;
    uint32_t *offsets = run->batcher->offsets + first;
    const uint32_t base = offsets[0];
    const mgi_batch part = {.ids = run->batcher->ids + base,
                            .types = run->batcher->types + base,
                            .offsets = offsets,
                            .rows = rows,
                            .tokens = offsets[rows] - base};
    float *logits = run->logits + (size_t)first * runner->labels->count;
    for (uint32_t i = 0; base > 0 && i <= rows; i++) offsets[i] -= base;
    mgeo_status status = runner->backend->run(*run->lane, &part, run->team, logits, error);
    for (uint32_t i = 0; base > 0 && i <= rows; i++) offsets[i] += base;
    return status;
}

/* Of several failures the one that ends the batch is reported, else the first. */
static void skip_rows(batch_run *run, uint32_t first, uint32_t rows, mgeo_status status,
                      const mgeo_error *reason) {
    for (uint32_t row = first; row < first + rows; row++) {
        run->batcher->entries[row].flags |= MGEO_ROW_SKIPPED;
    }
    bool ends = status != MGEO_E_MEMORY && !run->over;
    if (run->status == MGEO_OK || ends) {
        run->status = status;
        run->failure = *reason;
    }
    run->over |= ends;
}

/* Where memory is too small for all rows, halves may fit; single rows that do not are skipped. */
static void run_rows(batch_run *run, uint32_t first, uint32_t rows) {
    mgeo_error reason;
    if (run->over) {
        skip_rows(run, first, rows, run->status, &run->failure);
        return;
    }
    mgeo_status status = run_part(run, first, rows, &reason);
    if (status == MGEO_OK) {
        note_device_works(run->runner);
        return;
    }
    if (status == MGEO_E_MEMORY && rows > 1) {
        run_rows(run, first, rows / 2);
        run_rows(run, first + rows / 2, rows - rows / 2);
        return;
    }
    if (status == MGEO_E_DEVICE) replace_lane(run, &reason);
    skip_rows(run, first, rows, status, &reason);
}

mgeo_status mgi_execute_batch(mgi_runner *runner, mgi_lane **lane, mgi_batcher *batcher,
                              mgi_team *team, float *logits, mgeo_error *error) {
    batch_run run = {
        .runner = runner, .lane = lane, .batcher = batcher, .team = team, .logits = logits};
    mgeo_error reason;
    mgeo_status status = *lane != NULL ? MGEO_OK : open_lane(&run, &reason);
    if (status == MGEO_OK) {
        run_rows(&run, 0, batcher->batch.rows);
    } else {
        skip_rows(&run, 0, batcher->batch.rows, status, &reason);
    }
    if (run.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, run.status, "%s", run.failure.message);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a load will fit into memory: known before any weights are read. */
#include "engine/admission.h"

#include "core/fixed_text.h"
#include "core/memory.h"
#include "engine/load_options.h"

#include <stdio.h>

/* Best first, as the list has them: what follows a precision is smaller, and further from the model
 * as it was trained. */
#define NUMBER(name, number, text) name,
static const int32_t precisions[] = {MGEO_PRECISION_LIST(NUMBER)};
#undef NUMBER

enum { PRECISIONS = sizeof precisions / sizeof *precisions };

/* ---- the numbers ----------------------------------------------------------------------------- */

static bool fits_device(const mgeo_memory *memory) {
    return memory->total <= memory->available &&
           (memory->limit == 0 || memory->total <= memory->limit);
}

static bool fits_in(const mgeo_memory *memory) {
    return fits_device(memory) && memory->host_bytes <= memory->host_available;
}

static bool has_own_memory(const mgi_model *model) {
    return mgi_model_backend(model)->available != NULL;
}

/* What is needed beside the device is of the same memory where the device is the CPU. */
static void add_up(const mgi_encoder_estimate *encoder, const mgi_runner_estimate *runner,
                   mgeo_memory *memory) {
    memory->weights = encoder->weights;
    memory->activations = runner->activations;
    memory->workspace = runner->workspace + (encoder->on_cpu ? runner->host : 0);
    memory->total = memory->weights + memory->activations + memory->workspace;
    if (memory->total < encoder->opening) { /* converting takes more than scoring will */
        memory->workspace += encoder->opening - memory->total;
        memory->total = encoder->opening;
    }
    memory->host_bytes = encoder->on_cpu ? memory->total : runner->host;
}

/* The needs at one precision; what is available and the limit stay as they are. */
static mgeo_status estimate_at(const mgi_admission *admission, int32_t precision,
                               mgeo_memory *memory, mgeo_error *error) {
    mgi_encoder_estimate encoder;
    mgi_runner_estimate runner;
    mgeo_status status = mgi_model_estimate(admission->model, admission->options, precision,
                                            mgi_runner_cores(admission->runner), &encoder, error);
    if (status != MGEO_OK) return status;
    mgi_runner_estimate_memory(admission->runner, admission->model, &encoder, &runner);
    memory->precision = encoder.precision;
    add_up(&encoder, &runner, memory);
    mgi_fixed_text_copy(memory->device, sizeof memory->device, encoder.device);
    memory->fits = fits_in(memory);
    return MGEO_OK;
}

/* The best precision after `from`'s that the backend has and that `accepts`; its needs are in
 * *memory. */
static bool find_smaller(const mgi_admission *admission, const mgeo_memory *from,
                         mgeo_memory *memory) {
    bool after = false;
    for (int i = 0; i < PRECISIONS; i++) {
        *memory = *from;
        bool known = after && estimate_at(admission, precisions[i], memory, NULL) == MGEO_OK;
        if (known && memory->fits) return true;
        after |= precisions[i] == from->precision;
    }
    return false;
}

mgeo_status mgi_admission_estimate(const mgi_admission *admission, mgeo_memory *memory,
                                   mgeo_error *error) {
    mgeo_memory smaller;
    memory->limit = admission->limit;
    mgeo_status status = mgi_model_available(admission->model, &memory->available, error);
    if (status != MGEO_OK) return status;
    bool apart = has_own_memory(admission->model);
    memory->host_available = apart ? mgi_memory_available() : memory->available;
    status = estimate_at(admission, admission->options->precision, memory, error);
    if (status != MGEO_OK) return status;
    memory->fitting_precision = MGEO_PRECISION_AUTO;
    if (memory->fits) {
        memory->fitting_precision = memory->precision;
    } else if (find_smaller(admission, memory, &smaller)) {
        memory->fitting_precision = smaller.precision;
    }
    return MGEO_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static double megabytes(uint64_t bytes) { return 1e-6 * (double)bytes; }

/* What the caller may do: a precision that fits, or nothing. */
static void suggest(const mgi_admission *admission, const mgeo_memory *memory, char *text,
                    size_t capacity) {
    mgeo_memory smaller = *memory;
    if (memory->fitting_precision != MGEO_PRECISION_AUTO &&
        estimate_at(admission, memory->fitting_precision, &smaller, NULL) == MGEO_OK) {
        snprintf(text, capacity, "%s would need %.1f MB",
                 mgeo_precision_name(memory->fitting_precision), megabytes(smaller.total));
    } else {
        snprintf(text, capacity,
                 "no precision here would fit; fewer threads, a smaller "
                 "batch_tokens or max_length need less");
    }
}

/* The line names the first bound that is broken: the caller's own, the device's, the machine's. */
static mgeo_status refuse(const mgi_admission *admission, const mgeo_memory *memory,
                          mgeo_error *error) {
    char suggestion[128], bound[128];
    bool limited = memory->limit != 0 && memory->total > memory->limit;
    suggest(admission, memory, suggestion, sizeof suggestion);
    if (limited) {
        snprintf(bound, sizeof bound, "memory_limit is %.1f MB", megabytes(memory->limit));
    } else {
        bool apart = has_own_memory(admission->model);
        snprintf(bound, sizeof bound, "%.1f MB are free%s%s", megabytes(memory->available),
                 apart ? " on " : "", apart ? memory->device : "");
    }
    return mgi_fail(error, limited ? MGEO_E_REFUSED : MGEO_E_MEMORY,
                    "not loaded: %s needs %.1f MB (weights %.1f, activations %.1f, workspace %.1f) "
                    "and %s: %s",
                    mgeo_precision_name(memory->precision), megabytes(memory->total),
                    megabytes(memory->weights), megabytes(memory->activations),
                    megabytes(memory->workspace), bound, suggestion);
}

/* Beside the device: no precision changes much of that. */
static mgeo_status refuse_host(const mgeo_memory *memory, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_MEMORY,
                    "not loaded: beside device %s %.1f MB of the machine's memory are needed and "
                    "%.1f MB are free: a smaller batch_tokens, max_length or queue_rows needs less",
                    memory->device, megabytes(memory->host_bytes),
                    megabytes(memory->host_available));
}

mgeo_status mgi_admission_judge(const mgi_admission *admission, const mgeo_memory *memory,
                                mgeo_error *error) {
    if (memory->fits) return mgi_succeed(error);
    if (fits_device(memory)) return refuse_host(memory, error);
    return refuse(admission, memory, error);
}

/* ---- asked without a load -------------------------------------------------------------------- */

mgeo_status mgi_admission_predict(const char *path, const mgeo_load_options *options,
                                  mgeo_memory *memory, mgeo_error *error) {
    mgi_model_options wanted = mgi_load_options_for_model(options);
    mgi_runner_options runner = mgi_load_options_for_runner(options, 0);
    wanted.progress = NULL;
    mgi_model *model = NULL;
    mgeo_status status = mgi_model_read(path, &wanted, &model, error);
    if (status != MGEO_OK) return status;
    const mgi_admission admission = {
        .model = model, .options = &wanted, .runner = &runner, .limit = options->memory_limit};
    status = mgi_admission_estimate(&admission, memory, error);
    mgi_model_close(model);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Settings → a live model. */
#include "serve/process/model_start.h"

#include <string.h>

#include "common/message.h"

/* On a CPU practice runs would make nothing faster but the first calls, and cost more than those.
 */
static bool is_for_cpu(const char *path, const mgeo_load_options *options) {
    mgeo_memory memory = {.struct_size = sizeof memory};
    return mgeo_predict_memory(path, options, &memory, NULL) == MGEO_OK &&
           strcmp(memory.device, "cpu") == 0;
}

static mgeo_status load(struct model_start *start, const struct settings *settings,
                        mgeo_error *error) {
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = settings->device,
                                .precision = settings->precision,
                                .max_length = settings->max_length,
                                .threads = settings->threads,
                                .batch_tokens = settings->batch_tokens,
                                .partial_weight = (float)settings->partial_weight,
                                .positive_label = settings->positive_label,
                                .version = settings->model_version,
                                .allow_tf32 = settings->tf32,
                                .keep_unknown = settings->keep_unknown};
    wanted.skip_warm_up = is_for_cpu(settings->model, &wanted);
    wanted.progress = &start->progress;
    wanted.reason = "start of mgeo-serve";
    start->info.struct_size = sizeof start->info;
    return mgeo_load(start->service->engine, settings->model, &wanted, &start->info, error);
}

static void *run(void *argument) {
    struct model_start *start = argument;
    mgeo_error error;
    const struct settings *settings = settings_hold(start->service->settings);
    start->status = load(start, settings, &error);
    settings_release(start->service->settings, settings);
    atomic_store(&start->service->starting, false);
    if (start->status == MGEO_OK && start->info.warning[0] != '\0') {
        message_print("warning: %s", start->info.warning);
    } else if (start->status != MGEO_OK && start->status != MGEO_E_CANCELLED) {
        message_print("cannot load the model: %s", error.message);
    }
    start->ended(start->user, start->status == MGEO_OK);
    return NULL;
}

bool model_start_begin(struct model_start *start, struct error *error) {
    atomic_store(&start->service->starting, true);
    start->started = pthread_create(&start->thread, NULL, run, start) == 0;
    if (start->started) return true;
    return error_set(error, "cannot start the thread that loads the model");
}

void model_start_finish(struct model_start *start) {
    if (!start->started) return;
    mgeo_progress_cancel(&start->progress);
    pthread_join(start->thread, NULL);
    start->started = false;
}

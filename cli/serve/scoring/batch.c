/* SPDX-License-Identifier: Apache-2.0 */
/* The way of requests from the queue to their answers. */
#include "serve/scoring/batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "http/answer.h"
#include "serve/meters.h"
#include "serve/operate/history.h"

void batch_init(struct batch *batch, struct service *service) {
    batch->service = service;
    pthread_mutex_init(&batch->mutex, NULL);
}

void batch_finish(struct batch *batch) {
    for (size_t i = 0; i < QUEUE_BATCH; i++) free(batch->entries[i].call.pairs);
    free(batch->pairs);
    free(batch->similarity);
    free(batch->probabilities);
    free(batch->label);
    free(batch->flags);
    pthread_mutex_destroy(&batch->mutex);
}

/* ---- answers without a score ----------------------------------------------------------------- */

static void refuse(struct record *record, const char *code, const char *sentence) {
    struct http_answer answer = {0};
    struct http_error error = {.status = 503, .code = code, .index = -1, .retry_after = 1};
    http_answer_error(&answer, &error, "%s", sentence);
    http_exchange_answer(record->exchange, &answer);
}

void batch_drop(struct service *service, struct record *record) {
    bool left = http_exchange_is_abandoned(record->exchange);
    meters_drop(service->meters, left ? METERS_CLIENT_LEFT : METERS_DEADLINE);
    if (left) {
        refuse(record, "client_left", "the client has left");
    } else {
        refuse(record, "deadline", "the request's time was over before it was scored");
    }
}

/* What the library could not do, as the client is told. */
static void refuse_for(struct batch *batch, struct batch_entry *entry, mgeo_status status,
                       const mgeo_error *cause) {
    struct record *record = entry->record;
    switch (status) {
    case MGEO_E_CANCELLED: batch_drop(batch->service, record); return;
    case MGEO_E_NO_MODEL:
        meters_drop(batch->service->meters, METERS_NOT_READY);
        refuse(record, "no_model", "no model is live yet");
        return;
    case MGEO_E_DEVICE: refuse(record, "device", cause->message); return;
    case MGEO_E_MEMORY: refuse(record, "memory", cause->message); return;
    default: break;
    }
    struct http_answer answer = {0};
    struct http_error error = {.status = 500, .code = "internal", .index = -1};
    http_answer_error(&answer, &error, "%s: %s", mgeo_status_name(status), cause->message);
    http_exchange_answer(record->exchange, &answer);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void begin_entry(struct batch *batch, struct batch_entry *entry, struct record *record) {
    struct data_call *call = &entry->call;
    mgeo_pair *pairs = call->pairs;
    size_t capacity = call->capacity;
    const struct http_request *request = http_exchange_request(record->exchange);
    *call = (struct data_call){.service = batch->service,
                               .exchange = record->exchange,
                               .request = request,
                               .pairs = pairs,
                               .capacity = capacity,
                               .deadline = record->deadline,
                               .route_key = data_call_route_key(request),
                               .wait_nanoseconds = record->taken - record->queued};
    memcpy(call->model, record->model, sizeof call->model);
    memcpy(call->version, record->version, sizeof call->version);
    entry->record = record;
}

/* False: it is answered already. */
static bool read_entry(struct batch *batch, struct batch_entry *entry, struct record *record) {
    meters_wait(batch->service->meters, record->taken - record->queued);
    if (http_exchange_is_abandoned(record->exchange) ||
        (record->deadline != 0 && clock_nanoseconds() >= record->deadline)) {
        batch_drop(batch->service, record);
        return false;
    }
    struct http_answer answer = {0};
    begin_entry(batch, entry, record);
    if (record->data->parse(&entry->call, &answer)) {
        record->pairs = entry->call.count;
        return true;
    }
    free(entry->call.state);
    http_exchange_answer(record->exchange, &answer);
    return false;
}

/* Also for no pairs at all: the arrays are there, so that a place in them can be named. */
static void make_room(struct batch *batch, size_t count) {
    if (count <= batch->capacity && batch->pairs != NULL) return;
    size_t capacity = count < 256 ? 256 : count + count / 2;
    batch->pairs = memory_resize(batch->pairs, capacity, sizeof *batch->pairs);
    batch->similarity = memory_resize(batch->similarity, capacity, sizeof *batch->similarity);
    batch->label = memory_resize(batch->label, capacity, sizeof *batch->label);
    batch->flags = memory_resize(batch->flags, capacity, sizeof *batch->flags);
    batch->probabilities = memory_resize(batch->probabilities, capacity * MGEO_MAX_LABELS,
                                         sizeof *batch->probabilities);
    batch->capacity = capacity;
}

static void read_all(struct batch *batch, struct record *first) {
    struct record *next;
    batch->count = 0;
    batch->pair_count = 0;
    for (struct record *record = first; record != NULL; record = next) {
        struct batch_entry *entry = &batch->entries[batch->count];
        next = record->next;
        if (!read_entry(batch, entry, record)) continue;
        entry->at = batch->pair_count;
        batch->pair_count += entry->call.count;
        batch->count++;
    }
    make_room(batch, batch->pair_count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (entry->call.count == 0) continue;
        memcpy(batch->pairs + entry->at, entry->call.pairs,
               entry->call.count * sizeof *batch->pairs);
    }
}

/* ---- scoring --------------------------------------------------------------------------------- */

/* The rows lie with room for the most labels; routes want them one after the other. */
static void close_gaps(float *rows, size_t count, size_t labels) {
    for (size_t i = 1; i < count && labels < MGEO_MAX_LABELS; i++) {
        memmove(rows + i * labels, rows + i * MGEO_MAX_LABELS, labels * sizeof *rows);
    }
}

static void set_running(struct batch *batch, const struct batch_entry *entry) {
    pthread_mutex_lock(&batch->mutex);
    if (entry != NULL) memset(&batch->progress, 0, sizeof batch->progress);
    batch->running = entry != NULL ? entry->call.exchange : NULL;
    batch->deadline = entry != NULL ? entry->call.deadline : 0;
    pthread_mutex_unlock(&batch->mutex);
}

void batch_sweep(struct batch *batch, uint64_t now) {
    pthread_mutex_lock(&batch->mutex);
    if (batch->running != NULL && ((batch->deadline != 0 && now >= batch->deadline) ||
                                   http_exchange_is_abandoned(batch->running))) {
        mgeo_progress_cancel(&batch->progress);
    }
    pthread_mutex_unlock(&batch->mutex);
}

/* One call for `count` entries from the first on. */
static mgeo_status score(struct batch *batch, const struct batch_entry *first, size_t count,
                         uint64_t *generation, mgeo_error *error) {
    const struct batch_entry *last = first + count - 1;
    size_t pairs = last->at + last->call.count - first->at;
    bool alone = count == 1;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = batch->similarity + first->at,
                          .label = batch->label + first->at,
                          .flags = batch->flags + first->at,
                          .probabilities = batch->probabilities + first->at * MGEO_MAX_LABELS,
                          .probability_stride = MGEO_MAX_LABELS,
                          .progress = alone ? &batch->progress : NULL,
                          .route_key = alone ? first->call.route_key : 0};
    if (alone) set_running(batch, first);
    mgeo_status status =
        mgeo_score(batch->service->engine, batch->pairs + first->at, pairs, &scores, error);
    if (alone) set_running(batch, NULL);
    *generation = scores.generation;
    return status;
}

/* ---- answering ------------------------------------------------------------------------------- */

static void add_headers(struct http_answer *answer, const mgeo_model_info *info) {
    http_answer_header(answer, "X-Model-Version", info->version);
    http_answer_header(answer, "X-Model-Slot", mgeo_slot_name(info->slot));
    http_answer_header_integer(answer, "X-Model-Generation", info->generation);
}

/* Everything that is counted is counted before the answer: afterwards the record is gone. */
static void count_answer(struct batch *batch, const struct record *record, bool ok) {
    const struct service *service = batch->service;
    uint64_t now = clock_nanoseconds();
    uint64_t arrived = http_exchange_request(record->exchange)->arrived;
    meters_score(service->meters, &batch->info, ok, now - record->taken);
    history_record(service->history, batch->info.slot, now - arrived, !ok);
}

static void note_model(struct record *record, const mgeo_model_info *info) {
    record->generation = info->generation;
    record->slot = info->slot;
    memcpy(record->model_version, info->version, sizeof record->model_version);
}

static void answer_entry(struct batch *batch, struct batch_entry *entry) {
    struct record *record = entry->record;
    float *probabilities = batch->probabilities + entry->at * MGEO_MAX_LABELS;
    struct http_answer answer = {0};
    const struct data_scores scores = {.similarity = batch->similarity + entry->at,
                                       .label = batch->label + entry->at,
                                       .flags = batch->flags + entry->at,
                                       .probabilities = probabilities,
                                       .info = &batch->info};
    close_gaps(probabilities, entry->call.count, batch->info.label_count);
    record->data->render(&entry->call, &scores, &answer);
    add_headers(&answer, &batch->info);
    note_model(record, &batch->info);
    count_answer(batch, record, answer.status < 500);
    free(entry->call.state);
    http_exchange_answer(record->exchange, &answer);
}

/* The live model's, for counting a failure by its slot; its device may have failed. */
static void count_failure(struct batch *batch, struct record *record, mgeo_status status) {
    if (status == MGEO_E_CANCELLED || status == MGEO_E_NO_MODEL) return;
    if (!service_live_info(batch->service, &batch->info)) return;
    note_model(record, &batch->info);
    count_answer(batch, record, false);
}

/* Scores and answers entries together. False: they failed, and are not answered. */
static bool serve(struct batch *batch, struct batch_entry *first, size_t count, mgeo_status *status,
                  mgeo_error *error) {
    uint64_t generation = 0;
    *status = score(batch, first, count, &generation, error);
    if (*status != MGEO_OK) return false;
    if (batch->info.generation != generation &&
        !service_info_of(batch->service, generation, &batch->info)) {
        *status = MGEO_E_NO_MODEL; /* it was unloaded since */
        return false;
    }
    for (size_t i = 0; i < count; i++) answer_entry(batch, &first[i]);
    return true;
}

static void serve_alone(struct batch *batch, struct batch_entry *entry) {
    mgeo_status status;
    mgeo_error error;
    if (serve(batch, entry, 1, &status, &error)) return;
    count_failure(batch, entry->record, status);
    free(entry->call.state);
    refuse_for(batch, entry, status, &error);
}

/* While a canary may run, each request makes its own call, so that its key decides. Where a call of
 * many fails, each is tried alone, so that one that is too large does not fail its neighbours. */
void batch_run(struct batch *batch, struct record *first) {
    mgeo_status status;
    mgeo_error error;
    read_all(batch, first);
    if (batch->count == 0) return;
    bool together = batch->count > 1 && !atomic_load(&batch->service->canary_may_run);
    if (together && serve(batch, batch->entries, batch->count, &status, &error)) return;
    for (size_t i = 0; i < batch->count; i++) serve_alone(batch, &batch->entries[i]);
}

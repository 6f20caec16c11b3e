/* SPDX-License-Identifier: Apache-2.0 */
/* POST /match with lines: a stream of any length, each batch scored by the model that is live then.
 *
 * No job holds a model for the whole stream: it would make unloads and loads wait for the slowest
 * client. Each answer names its generation instead. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "serve/data/line_stream.h"
#include "serve/data/ndjson_batch.h"
#include "serve/meters.h"
#include "serve/operate/history.h"
#include "serve/record.h"
#include "serve/service.h"

static const char type[] = "application/x-ndjson", other_type[] = "application/jsonl";

struct ndjson {
    struct service *service;
    struct http_exchange *exchange;
    struct record *record;
    uint64_t route_key;
    uint64_t number; /* of the next line */
    size_t most;     /* bytes of a line */
    struct line_stream lines;
    struct ndjson_batch batch;
    mgeo_model_info info; /* of the last batch's model */
    struct string_buffer out;
};

static bool has_type(struct http_slice value, const char *wanted) {
    size_t length = strlen(wanted);
    if (value.length < length || strncasecmp(value.at, wanted, length) != 0) return false;
    return value.length == length || strchr("; \t", value.at[length]) != NULL;
}

bool ndjson_is_asked(const struct http_request *request) {
    struct http_slice value = http_request_header(request, "Content-Type");
    return value.at != NULL && (has_type(value, type) || has_type(value, other_type));
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* Why a batch has no scores, as each of its lines is told. */
static void explain(mgeo_status status, const char *message, struct http_answer *answer) {
    struct http_error error = {.status = 503, .index = -1};
    switch (status) {
    case MGEO_E_NO_MODEL: error.code = "no_model"; break;
    case MGEO_E_DEVICE: error.code = "device"; break;
    case MGEO_E_MEMORY: error.code = "memory"; break;
    default: error.code = "internal"; error.status = 500;
    }
    http_answer_error(answer, &error, "%s", message);
}

/* Rows lie with room for the most labels, and are written one after the other. */
static void close_gaps(float *rows, size_t count, size_t labels) {
    for (size_t i = 1; i < count && labels < MGEO_MAX_LABELS; i++) {
        memmove(rows + i * labels, rows + i * MGEO_MAX_LABELS, labels * sizeof *rows);
    }
}

static mgeo_status score(struct ndjson *stream, mgeo_error *error) {
    struct ndjson_batch *batch = &stream->batch;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = batch->similarity,
                          .label = batch->label,
                          .probabilities = batch->probabilities,
                          .probability_stride = MGEO_MAX_LABELS,
                          .flags = batch->flags,
                          .route_key = stream->route_key};
    mgeo_status status =
        mgeo_score(stream->service->engine, batch->pairs, batch->rows, &scores, error);
    if (status != MGEO_OK) return status;
    if (stream->info.generation != scores.generation &&
        !service_info_of(stream->service, scores.generation, &stream->info)) {
        strcpy(error->message, "the model was unloaded meanwhile: send the line again");
        return MGEO_E_NO_MODEL;
    }
    close_gaps(batch->probabilities, batch->rows, stream->info.label_count);
    return MGEO_OK;
}

static void count(struct ndjson *stream, bool ok, uint64_t begun) {
    const struct service *service = stream->service;
    uint64_t taken = clock_nanoseconds() - begun;
    if (!ok && !service_live_info(service, &stream->info)) return;
    meters_score(service->meters, &stream->info, ok, taken);
    history_record(service->history, stream->info.slot, taken, !ok);
    struct record *record = stream->record;
    record->pairs += stream->batch.rows;
    record->generation = stream->info.generation;
    record->slot = stream->info.slot;
    memcpy(record->model_version, stream->info.version, sizeof record->model_version);
}

/* Scores what the batch holds and sends its answers. False: the client left. */
static bool answer_batch(struct ndjson *stream) {
    struct ndjson_batch *batch = &stream->batch;
    struct http_answer cause = {0};
    mgeo_error error = {0};
    mgeo_status status = MGEO_OK;
    if (batch->count == 0) return true;
    if (batch->rows > 0) {
        uint64_t begun = clock_nanoseconds();
        status = score(stream, &error);
        count(stream, status == MGEO_OK, begun);
    }
    if (status != MGEO_OK) explain(status, error.message, &cause);
    ndjson_batch_write(batch, status == MGEO_OK ? &stream->info : NULL, &cause, &stream->out);
    http_answer_finish(&cause);
    bool sent = http_stream_write(stream->exchange, stream->out.bytes, stream->out.length);
    string_buffer_clear(&stream->out);
    return sent;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The lines that are there, at most as many as a batch holds. False: there are no more now. */
static bool fill_batch(struct ndjson *stream) {
    struct ndjson_batch *batch = &stream->batch;
    while (batch->count < NDJSON_BATCH) {
        char *text;
        size_t length;
        enum line_kind kind = line_stream_take(&stream->lines, &text, &length);
        if (kind == LINE_NONE) return false;
        if (kind == LINE_WHOLE) ndjson_batch_add(batch, stream->number, text, length);
        if (kind == LINE_TOO_LONG) ndjson_batch_add_too_long(batch, stream->number, stream->most);
        stream->number++;
    }
    return true;
}

/* Whether all lines were answered. */
static bool answer_all(struct ndjson *stream) {
    for (;;) {
        bool more;
        do {
            more = fill_batch(stream);
            if (!answer_batch(stream)) return false;
        } while (more);
        if (stream->lines.over) return true;
        if (!line_stream_read(&stream->lines)) return false;
    }
}

/* ---- the exchange ---------------------------------------------------------------------------- */

static bool check_live(struct ndjson *stream, struct http_answer *answer) {
    if (service_live_info(stream->service, &stream->info)) return true;
    const struct http_error error = {
        .status = 503, .code = "no_model", .index = -1, .retry_after = 1};
    meters_drop(stream->service->meters, METERS_NOT_READY);
    http_answer_error(answer, &error, "no model is live yet");
    return false;
}

/* The headers name the model that is live now; each line says which one it met. */
static void begin_answer(struct ndjson *stream, struct http_answer *answer) {
    answer->status = 200;
    answer->content_type = type;
    http_answer_header(answer, "X-Model-Version", stream->info.version);
    http_answer_header(answer, "X-Model-Slot", mgeo_slot_name(stream->info.slot));
    http_answer_header_integer(answer, "X-Model-Generation", stream->info.generation);
    http_stream_begin(stream->exchange, answer);
}

static void begin_stream(struct ndjson *stream, struct service *service,
                         struct http_exchange *exchange) {
    const struct settings *settings = settings_hold(service->settings);
    stream->most = settings->max_body;
    settings_release(service->settings, settings);
    stream->service = service;
    stream->exchange = exchange;
    stream->record = record_of(exchange);
    stream->route_key = data_call_route_key(http_exchange_request(exchange));
    stream->info.struct_size = sizeof stream->info;
}

static bool check_request(struct ndjson *stream, struct http_answer *answer) {
    const struct http_request *request = http_exchange_request(stream->exchange);
    return data_body_has_type(request, type, other_type, false, answer) &&
           row_writer_digits(request, &stream->batch.digits, answer) && check_live(stream, answer);
}

static bool serve_lines(struct ndjson *stream) {
    line_stream_init(&stream->lines, stream->exchange, stream->most);
    bool complete = answer_all(stream);
    line_stream_finish(&stream->lines);
    ndjson_batch_finish(&stream->batch);
    string_buffer_finish(&stream->out);
    return complete;
}

void ndjson_serve(struct service *service, struct http_exchange *exchange) {
    struct ndjson *stream = memory_zeroed(1, sizeof *stream);
    struct http_answer answer = {0};
    begin_stream(stream, service, exchange);
    if (!check_request(stream, &answer)) {
        free(stream);
        http_exchange_answer(exchange, &answer);
        return;
    }
    begin_answer(stream, &answer);
    bool complete = serve_lines(stream);
    free(stream);
    http_stream_end(exchange, complete);
}

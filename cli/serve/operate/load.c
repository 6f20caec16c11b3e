/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a model into the standby slot, and says beforehand whether it fits. */
#include <string.h>

#include "common/choices.h"
#include "serve/operate/body.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"

struct load_body {
    const char *path, *version, *device, *positive_label, *actor, *reason;
    int32_t precision;
    uint32_t max_length, threads, batch_tokens;
    uint64_t memory_limit;
    double partial_weight;
};

/* clang-format off */
#define AT(member) .at = offsetof(struct load_body, member)
static const struct body_field fields[] = {
    {.name = "path", .type = BODY_TEXT, AT(path)},
    {.name = "version", .type = BODY_TEXT, AT(version)},
    {.name = "precision", .type = BODY_CHOICE, AT(precision), .choices = choices_precisions},
    {.name = "device", .type = BODY_TEXT, AT(device)},
    {.name = "max_length", .type = BODY_WHOLE, AT(max_length), .least = 0, .most = 1 << 16},
    {.name = "threads", .type = BODY_WHOLE, AT(threads), .least = 0, .most = MGEO_MAX_THREADS},
    {.name = "batch_tokens", .type = BODY_WHOLE, AT(batch_tokens), .least = 0, .most = 1 << 24},
    {.name = "positive_label", .type = BODY_TEXT, AT(positive_label)},
    {.name = "partial_weight", .type = BODY_LIMIT, AT(partial_weight), .least = 0, .most = 1},
    {.name = "memory_limit", .type = BODY_BYTES, AT(memory_limit), .least = 0, .most = 1e15},
    {.name = "actor", .type = BODY_TEXT, AT(actor)},
    {.name = "reason", .type = BODY_TEXT, AT(reason)},
    {0},
};
/* clang-format on */

/* A name that lines of logs, headers and metrics can hold: not empty, no C0, DEL or C1. */
static bool is_version(const char *version) {
    const unsigned char *at = (const unsigned char *)version;
    for (; *at != '\0'; at++) {
        if (*at < ' ' || *at == 0x7f) return false;
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) return false;
    }
    size_t length = strlen(version);
    return length > 0 && length < sizeof((mgeo_model_info *)NULL)->version;
}

/* What the body leaves open is as the server's own settings have it. */
static bool read_load(struct operate_call *call, const struct settings *settings,
                      struct load_body *body) {
    *body = (struct load_body){.device = settings->device,
                               .positive_label = settings->positive_label,
                               .precision = settings->precision,
                               .max_length = settings->max_length,
                               .threads = settings->threads,
                               .batch_tokens = settings->batch_tokens,
                               .partial_weight = settings->partial_weight};
    if (!body_read(fields, call->request->body, call->request->body_length, body, &call->answer)) {
        return false;
    }
    if (body->version != NULL && !is_version(body->version)) {
        route_answer_field(call, "version",
                           "version: give a name of 1 to 63 bytes without control characters, or "
                           "leave it out for the directory's");
        return false;
    }
    if (body->path != NULL && body->path[0] == '/') return true;
    route_answer_field(call, "path",
                       "path: give the model's directory on the server's machine, from / on");
    return false;
}

static mgeo_load_options options_of(const struct settings *settings, const struct load_body *body) {
    return (mgeo_load_options){.struct_size = sizeof(mgeo_load_options),
                               .device = body->device,
                               .precision = body->precision,
                               .max_length = body->max_length,
                               .threads = body->threads,
                               .batch_tokens = body->batch_tokens,
                               .partial_weight = (float)body->partial_weight,
                               .positive_label = body->positive_label,
                               .version = body->version,
                               .memory_limit = body->memory_limit,
                               .actor = body->actor,
                               .reason = body->reason,
                               .allow_tf32 =
                                   settings->tf32 && body->precision == settings->precision,
                               .keep_unknown = settings->keep_unknown};
}

static void load(struct operate_call *call, const struct load_body *body,
                 mgeo_load_options options) {
    struct operation operation;
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_error error;
    route_begin(call, &operation, "load", body->path);
    options.progress = &operation.progress;
    mgeo_status status = mgeo_load(call->service->engine, body->path, &options, &info, &error);
    route_end(call, &operation);
    if (status != MGEO_OK) {
        route_answer_status(call, status, &error);
        return;
    }
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    reply_model(&json, "model", &info, NULL);
    route_answer_changed(call, &json);
}

void load_model(struct operate_call *call) {
    const struct settings *settings = settings_hold(call->service->settings);
    struct load_body body;
    if (read_load(call, settings, &body) && route_matches(call)) {
        load(call, &body, options_of(settings, &body));
    }
    settings_release(call->service->settings, settings);
}

static void write_memory(struct operate_call *call, const mgeo_memory *memory) {
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_bool(&json, "fits", memory->fits != 0);
    json_writer_string(&json, "device", memory->device);
    json_writer_string(&json, "precision", mgeo_precision_name(memory->precision));
    if (memory->fitting_precision == MGEO_PRECISION_AUTO) {
        json_writer_null(&json, "fitting_precision");
    } else {
        json_writer_string(&json, "fitting_precision",
                           mgeo_precision_name(memory->fitting_precision));
    }
    json_writer_integer(&json, "weights", memory->weights);
    json_writer_integer(&json, "activations", memory->activations);
    json_writer_integer(&json, "workspace", memory->workspace);
    json_writer_integer(&json, "total", memory->total);
    json_writer_integer(&json, "available", memory->available);
    json_writer_integer(&json, "limit", memory->limit);
    json_writer_integer(&json, "host_bytes", memory->host_bytes);
    json_writer_integer(&json, "host_available", memory->host_available);
    json_writer_close(&json, '}');
    route_answer(call, &json);
}

void load_check(struct operate_call *call) {
    const struct settings *settings = settings_hold(call->service->settings);
    struct load_body body;
    if (read_load(call, settings, &body) && route_matches(call)) {
        mgeo_load_options options = options_of(settings, &body);
        mgeo_memory memory = {.struct_size = sizeof memory};
        mgeo_error error;
        mgeo_status status = mgeo_predict_memory(body.path, &options, &memory, &error);
        if (status == MGEO_OK) {
            write_memory(call, &memory);
        } else {
            route_answer_status(call, status, &error);
        }
    }
    settings_release(call->service->settings, settings);
}

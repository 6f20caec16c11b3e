/* SPDX-License-Identifier: Apache-2.0 */
/* The short changes: roll back, shares of canary and shadow, unload. */
#include <math.h>

#include "serve/operate/reply.h"
#include "serve/operate/route.h"
#include "serve/operate/watch.h"

struct change_body {
    const char *actor, *reason;
    double share; /* negative: not given */
    uint32_t worst_pairs;
    bool full_speed;
    struct watch_body watch;
};

/* clang-format off */
#define AT(member) .at = offsetof(struct change_body, member)
#define WHO_AND_WHY \
    {.name = "actor", .type = BODY_TEXT, AT(actor)}, {.name = "reason", .type = BODY_TEXT, AT(reason)}, {0}
#define SHARE {.name = "share", .type = BODY_NUMBER, AT(share), .least = 0, .most = 1}

static const struct body_field plain_fields[] = {WHO_AND_WHY};
static const struct body_field watch_fields[] = {WATCH_FIELDS(struct change_body, watch)};
static const struct body_field canary_fields[] = {
    SHARE,
    {.name = "watch", .type = BODY_OBJECT, AT(watch.given), .members = watch_fields},
    WHO_AND_WHY,
};
static const struct body_field shadow_fields[] = {
    SHARE,
    {.name = "worst_pairs", .type = BODY_WHOLE, AT(worst_pairs), .least = 1, .most = 1024},
    {.name = "full_speed", .type = BODY_FLAG, AT(full_speed)},
    WHO_AND_WHY,
};
/* clang-format on */

static uint32_t share_of(const struct change_body *body) {
    return (uint32_t)lround(body->share * MGEO_SHARE_ALL);
}

/* Reads the body and takes `changing`. */
static bool begin(struct operate_call *call, const struct body_field *fields,
                  struct change_body *body) {
    *body = (struct change_body){.share = -1};
    const struct http_request *request = call->request;
    if (!body_read(fields, request->body, request->body_length, body, &call->answer)) return false;
    if (fields[0].at == offsetof(struct change_body, share) && body->share < 0) {
        route_answer_field(call, "share", "share: give one from 0 to 1");
        return false;
    }
    if (body->share > 0 && share_of(body) == 0) {
        route_answer_field(call, "share", "share: one above 0 is at least 0.0001");
        return false;
    }
    return route_begin_change(call);
}

static void end(struct operate_call *call, mgeo_status status, const mgeo_error *error) {
    route_end_change(call);
    if (status != MGEO_OK) {
        route_answer_status(call, status, error);
        return;
    }
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    route_answer_changed(call, &json);
}

void change_roll_back(struct operate_call *call) {
    struct change_body body;
    if (!begin(call, plain_fields, &body)) return;
    const mgeo_roll_back_options options = {
        .struct_size = sizeof options, .actor = body.actor, .reason = body.reason};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    mgeo_error error;
    mgeo_status status = mgeo_roll_back(call->service->engine, &options, &receipt, &error);
    if (status != MGEO_OK) {
        end(call, status, &error);
        return;
    }
    route_end_change(call);
    route_end_gates(call);
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    reply_receipt(&json, &receipt);
    route_answer_changed(call, &json);
}

/* Scorers must know of a canary before the library chooses its calls. */
void change_canary(struct operate_call *call) {
    struct change_body body;
    if (!begin(call, canary_fields, &body)) return;
    uint32_t share = share_of(&body);
    if (share > 0) atomic_store(&call->service->canary_may_run, true);
    mgeo_watch watch = watch_of(&body.watch);
    const mgeo_canary_options options = {.struct_size = sizeof options,
                                         .watch = body.watch.given ? &watch : NULL,
                                         .actor = body.actor,
                                         .reason = body.reason};
    mgeo_error error;
    end(call, mgeo_set_canary(call->service->engine, share, &options, &error), &error);
}

void change_shadow(struct operate_call *call) {
    struct change_body body;
    if (!begin(call, shadow_fields, &body)) return;
    const mgeo_shadow_options options = {.struct_size = sizeof options,
                                         .worst_pairs = body.worst_pairs,
                                         .full_speed = body.full_speed,
                                         .actor = body.actor,
                                         .reason = body.reason};
    mgeo_error error;
    end(call, mgeo_set_shadow(call->service->engine, share_of(&body), &options, &error), &error);
}

void change_unload(struct operate_call *call) {
    struct change_body body;
    if (!begin(call, plain_fields, &body)) return;
    mgeo_error error;
    end(call, mgeo_unload(call->service->engine, &error), &error);
}

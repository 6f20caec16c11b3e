/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts traffic over to the standby model, behind a gate and before a watch if they are asked for.
 */
#include <stdio.h>

#include "serve/operate/reply.h"
#include "serve/operate/route.h"
#include "serve/operate/watch.h"

struct swap_body {
    const char *actor, *reason;
    bool has_gate, full_speed;
    struct body_pairs pairs;
    double max_shift, max_shift_mean, max_shift_p99, max_flip_share, max_accuracy_loss,
        max_macro_f1_loss, max_latency_ratio, max_psi;
    struct watch_body watch;
};

/* clang-format off */
#define AT(member) .at = offsetof(struct swap_body, member)
static const struct body_field gate_fields[] = {
    {.name = "pairs", .type = BODY_PAIRS, AT(pairs)},
    {.name = "gold", .type = BODY_GOLD, AT(pairs)},
    {.name = "full_speed", .type = BODY_FLAG, AT(full_speed)},
    {.name = "max_shift", .type = BODY_LIMIT, AT(max_shift), .most = 1},
    {.name = "max_shift_mean", .type = BODY_LIMIT, AT(max_shift_mean), .most = 1},
    {.name = "max_shift_p99", .type = BODY_LIMIT, AT(max_shift_p99), .most = 1},
    {.name = "max_flip_share", .type = BODY_LIMIT, AT(max_flip_share), .most = 1},
    {.name = "max_accuracy_loss", .type = BODY_LIMIT, AT(max_accuracy_loss), .most = 1},
    {.name = "max_macro_f1_loss", .type = BODY_LIMIT, AT(max_macro_f1_loss), .most = 1},
    {.name = "max_latency_ratio", .type = BODY_LIMIT, AT(max_latency_ratio), .most = 1e6},
    {.name = "max_psi", .type = BODY_LIMIT, AT(max_psi), .most = 1e6},
    {0},
};
static const struct body_field watch_fields[] = {WATCH_FIELDS(struct swap_body, watch)};
static const struct body_field fields[] = {
    {.name = "gate", .type = BODY_OBJECT, AT(has_gate), .members = gate_fields},
    {.name = "watch", .type = BODY_OBJECT, AT(watch.given), .members = watch_fields},
    {.name = "actor", .type = BODY_TEXT, AT(actor)},
    {.name = "reason", .type = BODY_TEXT, AT(reason)},
    {0},
};
/* clang-format on */

static mgeo_gate gate_of(const struct swap_body *body) {
    return (mgeo_gate){.struct_size = sizeof(mgeo_gate),
                       .pairs = body->pairs.pairs,
                       .count = body->pairs.count,
                       .gold = body->pairs.gold,
                       .full_speed = body->full_speed,
                       .max_shift = body->max_shift,
                       .max_shift_mean = body->max_shift_mean,
                       .max_shift_p99 = body->max_shift_p99,
                       .max_flip_share = body->max_flip_share,
                       .max_accuracy_loss = body->max_accuracy_loss,
                       .max_macro_f1_loss = body->max_macro_f1_loss,
                       .max_latency_ratio = body->max_latency_ratio,
                       .max_psi = body->max_psi};
}

/* The error's document gets a member more: what was measured, and what was allowed. */
static void add_checks(struct http_answer *answer, const mgeo_swap_receipt *receipt) {
    struct json_writer json = {.depth = 1};
    reply_checks(&json, receipt->checks, receipt->check_count);
    route_add_members(answer, &json);
}

static void answer(struct operate_call *call, mgeo_status status, const mgeo_error *error,
                   const mgeo_swap_receipt *receipt) {
    if (status != MGEO_OK) {
        route_answer_status(call, status, error);
        if (status == MGEO_E_REFUSED) add_checks(&call->answer, receipt);
        return;
    }
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    reply_receipt(&json, receipt);
    route_answer_changed(call, &json);
}

/* A gate takes long, and a roll-back must be possible meanwhile: so `changing` is let go before,
 * and the standby model that If-Match was about is named to the library instead. */
static void swap(struct operate_call *call, const struct swap_body *body) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    if (!route_begin_change(call)) return;
    mgeo_get_rollout(call->service->engine, &rollout, NULL);
    if (body->has_gate) route_end_change(call);
    struct operation operation = {0};
    if (body->has_gate) route_begin(call, &operation, "gate", NULL);
    mgeo_gate gate = gate_of(body);
    if (body->has_gate) gate.progress = &operation.progress;
    mgeo_watch watch = watch_of(&body->watch);
    const mgeo_swap_options options = {.struct_size = sizeof options,
                                       .expect_generation = rollout.standby_generation,
                                       .gate = body->has_gate ? &gate : NULL,
                                       .watch = body->watch.given ? &watch : NULL,
                                       .actor = body->actor,
                                       .reason = body->reason};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    mgeo_error error;
    mgeo_status status = mgeo_swap_model(call->service->engine, &options, &receipt, &error);
    if (body->has_gate) route_end(call, &operation);
    if (!body->has_gate) route_end_change(call);
    if (status == MGEO_E_CANCELLED && operation.overtaken) {
        status = MGEO_E_REFUSED;
        snprintf(error.message, sizeof error.message,
                 "the gate was ended by a roll-back; traffic was not cut over");
    }
    answer(call, status, &error, &receipt);
}

void swap_models(struct operate_call *call) {
    struct swap_body body = {0};
    if (body_read(fields, call->request->body, call->request->body_length, &body, &call->answer) &&
        (!body.has_gate ||
         (body_check_pairs(&body.pairs, "gate.", &call->answer) && route_become_long(call)))) {
        swap(call, &body);
    }
    body_finish_pairs(&body.pairs);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the standby model with the live one over pairs that the client sends. */
#include <math.h>
#include <stdlib.h>

#include "serve/operate/body.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"

enum { BINS = 20, WORST_MOST = 1000 };

struct compare_body {
    struct body_pairs pairs;
    uint32_t worst;
    bool full_speed;
};

/* clang-format off */
#define AT(member) .at = offsetof(struct compare_body, member)
static const struct body_field fields[] = {
    {.name = "pairs", .type = BODY_PAIRS, AT(pairs)},
    {.name = "gold", .type = BODY_GOLD, AT(pairs)},
    {.name = "worst", .type = BODY_WHOLE, AT(worst), .least = 0, .most = WORST_MOST},
    {.name = "full_speed", .type = BODY_FLAG, AT(full_speed)},
    {0},
};
/* clang-format on */

static void write_counts(struct json_writer *json, const mgeo_compare_report *report) {
    double share = report->pairs > 0 ? (double)report->flips / (double)report->pairs : NAN;
    json_writer_integer(json, "live_generation", report->live_generation);
    json_writer_integer(json, "standby_generation", report->standby_generation);
    json_writer_integer(json, "pairs", report->pairs);
    json_writer_integer(json, "lost", report->lost);
    json_writer_integer(json, "gained", report->gained);
    json_writer_integer(json, "live_not_finite", report->live_not_finite);
    json_writer_integer(json, "standby_not_finite", report->standby_not_finite);
    json_writer_integer(json, "flips", report->flips);
    json_writer_small_number(json, "flip_share", share);
    json_writer_integer(json, "labelled", report->labelled);
}

static void write_figures(struct json_writer *json, const mgeo_compare_report *report) {
    json_writer_small_number(json, "shift_mean", report->shift_mean);
    json_writer_small_number(json, "shift_p50", report->shift_p50);
    json_writer_small_number(json, "shift_p99", report->shift_p99);
    json_writer_small_number(json, "shift_max", report->shift_max);
    json_writer_small_number(json, "shift_signed_mean", report->shift_signed_mean);
    json_writer_small_number(json, "psi", report->psi);
    json_writer_small_number(json, "live_accuracy", report->live_accuracy);
    json_writer_small_number(json, "standby_accuracy", report->standby_accuracy);
    json_writer_small_number(json, "live_macro_f1", report->live_macro_f1);
    json_writer_small_number(json, "standby_macro_f1", report->standby_macro_f1);
    json_writer_small_number(json, "live_seconds", report->live_seconds);
    json_writer_small_number(json, "standby_seconds", report->standby_seconds);
    json_writer_small_number(json, "live_call_p50", report->live_call_p50);
    json_writer_small_number(json, "live_call_p99", report->live_call_p99);
    json_writer_small_number(json, "standby_call_p50", report->standby_call_p50);
    json_writer_small_number(json, "standby_call_p99", report->standby_call_p99);
    json_writer_small_number(json, "latency_ratio", report->latency_ratio);
}

/* Bin i of 20 begins at -1 + i / 10, as those of shadow calls do. Pairs that are not listed have
 * the same score from both. */
static void write_histogram(struct json_writer *json, const mgeo_compare_report *report) {
    uint64_t bins[BINS] = {0}, counted = 0;
    for (size_t i = 0; i < report->worst_count; i++) {
        double shift = (double)report->worst[i].standby - (double)report->worst[i].live;
        if (!isfinite(shift)) continue;
        int bin = (int)floor((shift + 1) * BINS / 2);
        if (bin < 0) bin = 0;
        bins[bin < BINS ? bin : BINS - 1]++;
        counted++;
    }
    if (report->pairs > counted) bins[BINS / 2] += report->pairs - counted;
    json_writer_open(json, "shift_histogram", '[');
    for (int i = 0; i < BINS; i++) json_writer_integer(json, NULL, bins[i]);
    json_writer_close(json, ']');
}

static void write_report(struct operate_call *call, const struct compare_body *body,
                         mgeo_compare_report *report) {
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    write_counts(&json, report);
    write_figures(&json, report);
    reply_flips(&json, report->flip_matrix, report->live_labels, report->live_label_count,
                report->standby_labels, report->standby_label_count);
    write_histogram(&json, report);
    json_writer_open(&json, "worst", '[');
    for (size_t i = 0; i < report->worst_count && i < body->worst; i++) {
        reply_shift(&json, &report->worst[i], &body->pairs.pairs[report->worst[i].index],
                    report->live_labels, report->standby_labels);
    }
    json_writer_close(&json, ']');
    json_writer_close(&json, '}');
    route_answer(call, &json);
}

static void compare(struct operate_call *call, const struct compare_body *body,
                    mgeo_compare_report *report) {
    struct operation operation;
    mgeo_error error;
    route_begin(call, &operation, "compare", NULL);
    const mgeo_compare_options options = {.struct_size = sizeof options,
                                          .pairs = body->pairs.pairs,
                                          .count = body->pairs.count,
                                          .gold = body->pairs.gold,
                                          .full_speed = body->full_speed,
                                          .progress = &operation.progress};
    mgeo_status status = mgeo_compare(call->service->engine, &options, report, &error);
    route_end(call, &operation);
    if (status == MGEO_OK) {
        write_report(call, body, report);
    } else {
        route_answer_status(call, status, &error);
    }
}

/* Room for every pair's shift, of which the histogram is made. */
static void compare_all(struct operate_call *call, const struct compare_body *body) {
    mgeo_compare_report report = {.struct_size = sizeof report,
                                  .worst = calloc(body->pairs.count, sizeof(mgeo_shift)),
                                  .worst_capacity = body->pairs.count};
    if (report.worst != NULL) {
        compare(call, body, &report);
    } else {
        route_answer_status(call, MGEO_E_MEMORY,
                            &(mgeo_error){.message = "out of memory: give fewer pairs"});
    }
    free(report.worst);
}

void compare_models(struct operate_call *call) {
    struct compare_body body = {.worst = 20};
    if (body_read(fields, call->request->body, call->request->body_length, &body, &call->answer) &&
        body_check_pairs(&body.pairs, "", &call->answer) && route_matches(call)) {
        compare_all(call, &body);
    }
    body_finish_pairs(&body.pairs);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is to be known of the rollout, in one document, without waiting for anything. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "serve/operate/history.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"
#include "serve/scoring/scorer.h"

enum { SECONDS_SHOWN = 600, SHADOW_PAIRS_SHOWN = 20, TEXT_BYTES = 1024 };

static void write_rollout(struct json_writer *json, const mgeo_rollout *rollout) {
    json_writer_open(json, "generations", '{');
    json_writer_integer(json, "live", rollout->live_generation);
    json_writer_integer(json, "standby", rollout->standby_generation);
    json_writer_integer(json, "former", rollout->former_generation);
    json_writer_close(json, '}');
    json_writer_number(json, "canary_share", rollout->canary_share / (double)MGEO_SHARE_ALL, 4);
    json_writer_number(json, "shadow_share", rollout->shadow_share / (double)MGEO_SHARE_ALL, 4);
    json_writer_open(json, "rollout", '{');
    json_writer_integer(json, "loads", rollout->loads);
    json_writer_integer(json, "failed_loads", rollout->failed_loads);
    json_writer_integer(json, "unloads", rollout->unloads);
    json_writer_integer(json, "swaps", rollout->swaps);
    json_writer_integer(json, "refused_swaps", rollout->refused_swaps);
    json_writer_integer(json, "roll_backs", rollout->roll_backs);
    json_writer_integer(json, "watch_roll_backs", rollout->watch_roll_backs);
    json_writer_integer(json, "jobs", rollout->jobs);
    json_writer_integer(json, "journal_failures", rollout->journal_failures);
    json_writer_small_number(json, "stall_seconds_max", rollout->stall_seconds_max);
    json_writer_close(json, '}');
}

static void write_slot(struct json_writer *json, mgeo_engine *engine, int32_t slot) {
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_stats stats = {.struct_size = sizeof stats};
    if (mgeo_get_info(engine, slot, &info, NULL) != MGEO_OK) {
        json_writer_null(json, mgeo_slot_name(slot));
        return;
    }
    bool counted = mgeo_get_stats(engine, slot, &stats, NULL) == MGEO_OK;
    reply_model(json, mgeo_slot_name(slot), &info, counted ? &stats : NULL);
}

/* A watch that passes with a reason had too few calls to judge. */
static bool was_judged(const mgeo_watch_report *report) {
    return (report->state == MGEO_WATCH_PASSED && report->reason[0] == '\0') ||
           report->state == MGEO_WATCH_TURNED_BACK;
}

static void write_watch(struct json_writer *json, mgeo_engine *engine) {
    mgeo_watch_report report = {.struct_size = sizeof report};
    mgeo_get_watch(engine, &report, NULL);
    json_writer_open(json, "watch", '{');
    json_writer_string(json, "state", mgeo_watch_state_name(report.state));
    json_writer_bool(json, "judged", was_judged(&report));
    json_writer_string(json, "reason", report.reason);
    json_writer_number(json, "seconds", report.seconds, 3);
    json_writer_integer(json, "calls", report.calls);
    json_writer_integer(json, "generation", report.generation);
    json_writer_integer(json, "former_generation", report.former_generation);
    reply_checks(json, report.checks, report.check_count);
    json_writer_close(json, '}');
}

/* ---- shadow ---------------------------------------------------------------------------------- */

static void write_shadow_counts(struct json_writer *json, const mgeo_shadow_report *report) {
    json_writer_integer(json, "live_generation", report->live_generation);
    json_writer_integer(json, "standby_generation", report->standby_generation);
    json_writer_integer(json, "calls", report->calls);
    json_writer_integer(json, "pairs", report->pairs);
    json_writer_integer(json, "dropped", report->dropped);
    json_writer_integer(json, "failed", report->failed);
    json_writer_integer(json, "waiting", report->waiting);
    json_writer_integer(json, "compared", report->compared);
    json_writer_integer(json, "lost", report->lost);
    json_writer_integer(json, "standby_not_finite", report->standby_not_finite);
    json_writer_integer(json, "flips", report->flips);
    json_writer_small_number(json, "flip_share",
                             report->compared > 0 ? (double)report->flips / (double)report->compared
                                                  : NAN);
    json_writer_small_number(json, "shift_mean", report->shift_mean);
    json_writer_small_number(json, "shift_p50", report->shift_p50);
    json_writer_small_number(json, "shift_p99", report->shift_p99);
    json_writer_small_number(json, "shift_max", report->shift_max);
    json_writer_small_number(json, "shift_signed_mean", report->shift_signed_mean);
    json_writer_small_number(json, "psi", report->psi);
}

static void write_shadow_pairs(struct json_writer *json, mgeo_engine *engine,
                               mgeo_shadow_report *report) {
    json_writer_open(json, "worst", '[');
    for (uint32_t i = 0; i < report->worst_count && i < SHADOW_PAIRS_SHOWN; i++) {
        mgeo_shift shift;
        char a[TEXT_BYTES], b[TEXT_BYTES];
        if (mgeo_get_shadow_pair(engine, i, &shift, a, sizeof a, b, sizeof b, NULL) != MGEO_OK) {
            break;
        }
        const mgeo_pair pair = {a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED};
        reply_shift(json, &shift, &pair, report->live_labels, report->standby_labels);
    }
    json_writer_close(json, ']');
}

static void write_shadow(struct json_writer *json, mgeo_engine *engine) {
    mgeo_shadow_report report = {.struct_size = sizeof report};
    if (mgeo_get_shadow(engine, &report, NULL) != MGEO_OK || report.standby_generation == 0) {
        json_writer_null(json, "shadow");
        return;
    }
    json_writer_open(json, "shadow", '{');
    write_shadow_counts(json, &report);
    reply_flips(json, report.flip_matrix, report.live_labels, report.live_label_count,
                report.standby_labels, report.standby_label_count);
    json_writer_open(json, "shift_histogram", '[');
    for (int i = 0; i < MGEO_SHADOW_BINS; i++) {
        json_writer_integer(json, NULL, report.shift_histogram[i]);
    }
    json_writer_close(json, ']');
    write_shadow_pairs(json, engine, &report);
    json_writer_close(json, '}');
}

/* ---- what is in progress --------------------------------------------------------------------- */

static void write_operation(struct json_writer *json, const char *key,
                            const struct operation *operation) {
    int32_t stage;
    uint64_t done, total;
    mgeo_progress_read(&operation->progress, &stage, &done, &total);
    json_writer_open(json, key, '{');
    json_writer_string(json, "what", operation->what);
    if (operation->path != NULL) json_writer_string(json, "path", operation->path);
    json_writer_string(json, "stage", mgeo_stage_name(stage));
    json_writer_integer(json, "done", done);
    json_writer_integer(json, "total", total);
    json_writer_number(json, "seconds", (double)(clock_nanoseconds() - operation->begun) * 1e-9, 1);
    json_writer_close(json, '}');
}

/* "loading": the load; "checking": the gate or comparison, the oldest of them. */
static void write_operations(struct json_writer *json, struct operate *operate) {
    pthread_mutex_lock(&operate->lock);
    const struct operation *loading = NULL, *checking = NULL;
    for (const struct operation *at = operate->running; at != NULL; at = at->next) {
        *(at->path != NULL ? &loading : &checking) = at;
    }
    if (loading != NULL) {
        write_operation(json, "loading", loading);
    } else {
        json_writer_null(json, "loading");
    }
    if (checking != NULL) {
        write_operation(json, "checking", checking);
    } else {
        json_writer_null(json, "checking");
    }
    pthread_mutex_unlock(&operate->lock);
}

static void write_server(struct json_writer *json, const struct service *service) {
    struct http_counts counts;
    http_server_get_counts(service->server, &counts);
    uint64_t uptime = (clock_nanoseconds() - service->started) / 1000000000u;
    json_writer_open(json, "server", '{');
    json_writer_string(json, "version", mgeo_version());
    json_writer_integer(json, "started", (uint64_t)service->started_at);
    json_writer_integer(json, "uptime_seconds", uptime);
    json_writer_integer(json, "connections", counts.open);
    json_writer_integer(json, "in_flight", counts.in_flight);
    json_writer_integer(json, "queue", scorer_waiting(service->scorer));
    json_writer_close(json, '}');
}

void status_show(struct operate_call *call) {
    const struct service *service = call->service;
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    char etag[ROUTE_ETAG_BYTES], reason[512] = "";
    route_write_etag(service, etag);
    mgeo_get_rollout(service->engine, &rollout, NULL);
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    if (rollout.live_slot >= 0) {
        json_writer_string(&json, "live_slot", mgeo_slot_name(rollout.live_slot));
    } else {
        json_writer_null(&json, "live_slot");
    }
    json_writer_string(&json, "etag", etag);
    write_rollout(&json, &rollout);
    json_writer_bool(&json, "ready", service_is_ready(service, reason, sizeof reason));
    json_writer_string(&json, "reason", reason);
    json_writer_bool(&json, "draining", atomic_load(&service->draining));
    json_writer_open(&json, "slots", '{');
    write_slot(&json, service->engine, MGEO_BLUE);
    write_slot(&json, service->engine, MGEO_GREEN);
    json_writer_close(&json, '}');
    write_watch(&json, service->engine);
    write_shadow(&json, service->engine);
    write_operations(&json, service->operate);
    write_server(&json, service);
    json_writer_close(&json, '}');
    route_answer(call, &json);
    http_answer_header(&call->answer, "ETag", etag);
}

void history_show(struct operate_call *call) {
    char text[16];
    char *end;
    unsigned long seconds = SECONDS_SHOWN;
    bool malformed = false;
    if (http_request_parameter(call->request, "seconds", text, sizeof text, &malformed)) {
        seconds = strtoul(text, &end, 10);
        malformed = text[0] < '0' || text[0] > '9' || *end != '\0';
    }
    if (malformed || seconds == 0 || seconds > HISTORY_SECONDS) {
        route_answer_field(call, "seconds", "seconds: give a whole number from 1 to %d",
                           HISTORY_SECONDS);
        return;
    }
    struct json_writer json = {0};
    history_write(call->service->history, (uint32_t)seconds, &json.text);
    route_answer(call, &json);
}

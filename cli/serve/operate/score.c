/* SPDX-License-Identifier: Apache-2.0 */
/* Scores pairs with each of the two models by name of its role, so that both answers can be seen.
 */
#include <math.h>
#include <stdlib.h>

#include "serve/operate/body.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"

enum { PAIRS_MOST = 1000, BOTH = 0, LIVE = 1, STANDBY = 2 };

static const char *const models[] = {"both", "live", "standby", NULL};

struct score_body {
    struct body_pairs pairs;
    int32_t model;
};

/* clang-format off */
#define AT(member) .at = offsetof(struct score_body, member)
static const struct body_field fields[] = {
    {.name = "pairs", .type = BODY_PAIRS, AT(pairs)},
    {.name = "model", .type = BODY_CHOICE, AT(model), .choices = models},
    {0},
};
/* clang-format on */

struct rows {
    float similarity[PAIRS_MOST];
    int32_t label[PAIRS_MOST];
    uint32_t flags[PAIRS_MOST];
    float probabilities[PAIRS_MOST][MGEO_MAX_LABELS];
};

static void write_number(struct json_writer *json, const char *key, float number) {
    json_writer_number(json, key, (double)number, 6); /* NaN: null */
}

static void write_row(struct json_writer *json, const mgeo_model_info *info,
                      const struct rows *rows, size_t i) {
    bool bad = (rows->flags[i] & MGEO_ROW_BAD) != 0;
    json_writer_open(json, NULL, '{');
    write_number(json, "similarity", rows->similarity[i]);
    if (bad) {
        json_writer_null(json, "label");
        json_writer_null(json, "probabilities");
    } else {
        json_writer_string(json, "label", info->labels[rows->label[i]]);
        json_writer_open(json, "probabilities", '{');
        for (uint32_t j = 0; j < info->label_count && j < MGEO_MAX_LABELS; j++) {
            write_number(json, info->labels[j], rows->probabilities[i][j]);
        }
        json_writer_close(json, '}');
    }
    json_writer_open(json, "flags", '[');
    for (uint32_t flag = 1; flag <= MGEO_ROW_CAPPED; flag <<= 1) {
        if ((rows->flags[i] & flag) != 0) {
            json_writer_string(json, NULL, mgeo_row_flag_name(flag));
        }
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

/* One role's member; null where no such model is there. */
static mgeo_status add_model(struct json_writer *json, struct operate_call *call, bool standby,
                             const struct body_pairs *pairs, struct rows *rows, mgeo_error *error) {
    const mgeo_job_options options = {.struct_size = sizeof options, .standby = standby};
    const char *key = standby ? "standby" : "live";
    mgeo_job *job = NULL;
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_status status = mgeo_job_begin(call->service->engine, &options, &job, error);
    if (status == MGEO_E_NO_MODEL) {
        json_writer_null(json, key);
        return MGEO_OK;
    }
    if (status != MGEO_OK) return status;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = rows->similarity,
                          .label = rows->label,
                          .probabilities = rows->probabilities[0],
                          .probability_stride = MGEO_MAX_LABELS,
                          .flags = rows->flags};
    status = mgeo_job_score(job, pairs->pairs, pairs->count, &scores, error);
    if (status == MGEO_OK) status = mgeo_job_get_info(job, &info, error);
    mgeo_job_end(job);
    if (status != MGEO_OK) return status;
    json_writer_open(json, key, '{');
    reply_model(json, "model", &info, NULL);
    json_writer_open(json, "results", '[');
    for (size_t i = 0; i < pairs->count; i++) write_row(json, &info, rows, i);
    json_writer_close(json, ']');
    json_writer_close(json, '}');
    return MGEO_OK;
}

static void score(struct operate_call *call, const struct score_body *body, struct rows *rows) {
    struct json_writer json = {0};
    mgeo_error error;
    mgeo_status status = MGEO_OK;
    json_writer_open(&json, NULL, '{');
    if (body->model != STANDBY) {
        status = add_model(&json, call, false, &body->pairs, rows, &error);
    }
    if (status == MGEO_OK && body->model != LIVE) {
        status = add_model(&json, call, true, &body->pairs, rows, &error);
    }
    json_writer_close(&json, '}');
    if (status == MGEO_OK) {
        route_answer(call, &json);
    } else {
        route_answer_status(call, status, &error);
    }
    string_buffer_finish(&json.text);
}

void score_both(struct operate_call *call) {
    struct score_body body = {.model = BOTH};
    struct rows *rows = malloc(sizeof *rows);
    bool sound =
        body_read(fields, call->request->body, call->request->body_length, &body, &call->answer) &&
        body_check_pairs(&body.pairs, "", &call->answer);
    if (sound && body.pairs.count > PAIRS_MOST) {
        route_answer_field(call, "pairs", "pairs: give at most %d", PAIRS_MOST);
    } else if (sound && rows == NULL) {
        route_answer_status(call, MGEO_E_MEMORY, &(mgeo_error){.message = "out of memory"});
    } else if (sound && route_matches(call)) {
        score(call, &body, rows);
    }
    free(rows);
    body_finish_pairs(&body.pairs);
}

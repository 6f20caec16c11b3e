/* SPDX-License-Identifier: Apache-2.0 */
/* Scores one pair through a model's tokenizer, backend and labels, without run and engine. */
#include "scoring.h"

#include "support/check.h"

#include <stdio.h>

static mgi_model_options options = {.device = "cpu", .precision = MGEO_FP32};

void scoring_use(const char *device, int32_t precision) {
    options.device = device;
    options.precision = precision;
}

mgi_model *scoring_open(const char *path) {
    mgi_model *model = NULL;
    mgeo_error error;
    if (mgi_model_open(path, &options, &model, &error) != MGEO_OK) fail_msg("%s", error.message);
    return model;
}

static void run_one(const mgi_model *model, scored *result) {
    const mgi_backend *backend = mgi_model_backend(model);
    const uint32_t offsets[2] = {0, result->length};
    const mgi_batch batch = {.ids = result->ids,
                             .types = result->types,
                             .offsets = offsets,
                             .rows = 1,
                             .tokens = result->length};
    mgi_team team = {.cores = 1};
    mgi_lane *lane = NULL;
    mgeo_error error;
    if (backend->open_lane(mgi_model_encoder(model), &lane, &error) != MGEO_OK ||
        backend->run(lane, &batch, &team, result->logits, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    backend->close_lane(lane);
}

void scoring_pair(const mgi_model *model, uint32_t max_length, const char *a, const char *b,
                  scored *result) {
    const mgeo_pair pair = {a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED};
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(max_length);
    assert_non_null(scratch);
    assert_true(max_length <= SCORING_LENGTH);
    result->flags = mgi_tokenizer_encode(mgi_model_tokenizer(model), &pair, scratch, result->ids,
                                         result->types, &result->length);
    mgi_tokenizer_scratch_destroy(scratch);
    assert_int_equal(result->flags & MGEO_ROW_BAD, 0);
    run_one(model, result);
    assert_true(mgi_labels_score(mgi_model_labels(model), result->logits, result->probabilities,
                                 &result->label, &result->similarity));
}

json_t *scoring_rows(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail_msg("%s cannot be opened", path);
    json_t *rows = json_array();
    json_error_t error;
    for (;;) {
        json_t *row = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error);
        if (row == NULL) break;
        json_array_append_new(rows, row);
    }
    fclose(file);
    if (json_array_size(rows) == 0) fail_msg("%s: %s", path, error.text);
    return rows;
}

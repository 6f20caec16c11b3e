/* SPDX-License-Identifier: Apache-2.0 */
/* A model without files: tests of lib/run link these instead of lib/model/model.c. */
#include "stub_model.h"

#include "check.h"
#include "fake_oracle.h"

#include <stdatomic.h>
#include <stdlib.h>

struct mgi_model {
    mgi_tokenizer *tokenizer;
    mgi_labels labels;
    const mgi_backend *backend;
    mgi_encoder *encoder;
    mgi_encoder_info info;
    uint32_t max_length;
};

static atomic_int stub_open;

int stub_models_open(void) { return atomic_load(&stub_open); }

mgi_model *stub_model_create(const stub_options *options) {
    mgi_model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->tokenizer = oracle_tokenizer();
    model->labels = test_labels(options->labels);
    model->backend = options->backend;
    model->max_length = options->max_length;
    float bias[3];
    for (uint32_t i = 0; i < options->labels; i++) bias[i] = oracle_bias(options->variant, i);
    mgi_encoder_spec spec = {.layers = 1,
                             .hidden = 8,
                             .heads = 2,
                             .vocabulary = mgi_tokenizer_vocabulary(model->tokenizer),
                             .positions = options->max_length,
                             .types = 2,
                             .labels = options->labels};
    mgi_weights weights = {0};
    weights.classifier.bias =
        (mgi_tensor){.data = bias, .bytes = sizeof bias, .rank = 1, .dtype = MGI_F32};
    mgi_encoder_request request = {.device = options->backend->name,
                                   .max_length = options->max_length,
                                   .batch_tokens = options->batch_tokens,
                                   .spec = &spec,
                                   .weights = &weights};
    mgeo_error error = {0};
    if (model->backend->open(&request, &model->encoder, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    model->backend->describe(model->encoder, &model->info);
    atomic_fetch_add(&stub_open, 1);
    return model;
}

void mgi_model_close(mgi_model *model) {
    if (model == NULL) return;
    model->backend->close(model->encoder);
    mgi_tokenizer_destroy(model->tokenizer);
    free(model);
    atomic_fetch_sub(&stub_open, 1);
}

const mgi_tokenizer *mgi_model_tokenizer(const mgi_model *model) { return model->tokenizer; }
uint32_t mgi_model_max_length(const mgi_model *model) { return model->max_length; }
const mgi_labels *mgi_model_labels(const mgi_model *model) { return &model->labels; }
const mgi_backend *mgi_model_backend(const mgi_model *model) { return model->backend; }
mgi_encoder *mgi_model_encoder(const mgi_model *model) { return model->encoder; }
const mgi_encoder_info *mgi_model_encoder_info(const mgi_model *model) { return &model->info; }

void mgi_model_describe(const mgi_model *model, mgeo_model_info *info) {
    info->max_length = model->max_length;
    info->vocabulary = mgi_tokenizer_vocabulary(model->tokenizer);
    info->label_count = model->labels.count;
    info->batch_tokens = model->info.batch_tokens;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One model, read from its directory and placed on a device; immutable once made. */
#define _GNU_SOURCE
#include "model/model.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/memory.h"
#include "core/pathname.h"
#include "core/regular_file.h"
#include "model/bundled.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "model/fingerprint.h"
#include "model/formats/foreign.h"
#include "model/formats/weight_files.h"
#include "model/labels.h"
#include "model/tokenizer_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEFAULT_LENGTH = 128 };

struct mgi_model {
    char *path; /* as given, or the bundled model's */
    char version[64];
    char fingerprint[MGI_FINGERPRINT_SIZE];
    mgi_config config;
    mgi_labels labels;
    uint32_t max_length;
    mgi_tensor_index tensor_index; /* until it is placed */
    mgi_checkpoint checkpoint;
    mgi_tokenizer *tokenizer;
    mgi_tokenizer_facts tokenizer_facts;
    mgi_unused_fields unused_fields;
    const mgi_backend *backend;
    const char *device; /* as the backend takes it; the options' own, so not used once placed */
    mgi_encoder *encoder;
    mgi_encoder_info encoder_info;
};

/* ---- opening, step by step ------------------------------------------------------------------- */

static mgeo_status model_find(mgi_model *model, const char *path, mgeo_error *error) {
    char reason[128];
    struct stat found;
    if (path == NULL) {
        mgeo_status status = mgi_bundled_find(&model->path, error);
        if (status != MGEO_OK) return status;
    } else {
        model->path = mgi_strdup(path);
        if (model->path == NULL) return mgi_fail_memory(error, "a path", strlen(path));
    }
    const char *shown = mgi_pathname_shown(model->path);
    if (stat(model->path, &found) != 0) {
        return mgi_fail(error, MGEO_E_IO, "%s: model directory: %s", shown,
                        strerror_r(errno, reason, sizeof reason));
    }
    if (!S_ISDIR(found.st_mode)) {
        const char *kind = mgi_foreign_file_kind(model->path);
        return mgi_fail(error, MGEO_E_IO,
                        "%s: not a directory%s%s; give the one that holds config.json", shown,
                        kind == NULL ? "" : ", but ", kind == NULL ? "" : kind);
    }
    return MGEO_OK;
}

static mgeo_status model_name(mgi_model *model, const char *version, mgeo_error *error) {
    if (version != NULL && strlen(version) >= sizeof model->version) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "version: longer than 63 bytes");
    }
    if (version != NULL) {
        mgi_fixed_text_copy(model->version, sizeof model->version, version);
        return MGEO_OK;
    }
    size_t end = strlen(model->path);
    while (end > 1 && model->path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && model->path[begin - 1] != '/') begin--;
    char *name = mgi_calloc(end - begin + 1, 1);
    if (name == NULL) return mgi_fail_memory(error, "a name", end - begin + 1);
    memcpy(name, model->path + begin, end - begin);
    mgi_fixed_text_copy(model->version, sizeof model->version, name);
    mgi_free(name);
    return MGEO_OK;
}

static mgeo_status model_limit(mgi_model *model, uint32_t asked, mgeo_error *error) {
    const uint32_t positions = model->config.spec.positions;
    if (asked == 0) {
        model->max_length = positions < DEFAULT_LENGTH ? positions : DEFAULT_LENGTH;
        return MGEO_OK;
    }
    if (asked < MGI_TOKENIZER_MIN_LENGTH || asked > positions) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "max_length: %u is not within %d to %u, the positions of %s", asked,
                        MGI_TOKENIZER_MIN_LENGTH, positions, mgi_pathname_shown(model->path));
    }
    model->max_length = asked;
    return MGEO_OK;
}

/* Every id that the tokenizer can make must have its row in the embeddings, every type as well. */
static mgeo_status check_tokenizer(const mgi_model *model, mgeo_error *error) {
    uint32_t tokens = mgi_tokenizer_vocabulary(model->tokenizer);
    uint32_t rows = model->config.spec.vocabulary;
    if (tokens > rows) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: the tokenizer has %u tokens, but config.json's vocab_size is %u",
                        mgi_pathname_shown(model->path), tokens, rows);
    }
    if (model->config.spec.types >= 2 || model->tokenizer_facts.one_type) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT, "%s: config.json: type_vocab_size: a pair needs 2 types",
                    mgi_pathname_shown(model->path));
}

static mgeo_status model_read_tokenizer(mgi_model *model, mgeo_error *error) {
    mgeo_status status =
        mgi_tokenizer_files_read(model->path, &model->config.tokenizer, &model->unused_fields,
                                 &model->tokenizer, &model->tokenizer_facts, error);
    if (status == MGEO_OK) status = check_tokenizer(model, error);
    return status;
}

static mgeo_status model_read_files(mgi_model *model, const mgi_model_options *options,
                                    mgeo_error *error) {
    mgi_progress_stage(options->progress, MGEO_STAGE_READING, 0);
    mgi_unused_fields *unused = &model->unused_fields;
    mgeo_status status = mgi_config_read(&model->config, model->path, unused, error);
    if (status == MGEO_OK) status = model_limit(model, options->max_length, error);
    if (status == MGEO_OK) {
        status = mgi_weight_files_read(&model->tensor_index, model->path, unused, error);
    }
    if (status == MGEO_OK) {
        status = mgi_checkpoint_bind(&model->checkpoint, &model->tensor_index, model->path,
                                     &model->config.spec, error);
    }
    if (status == MGEO_OK) {
        status = mgi_labels_decide(&model->labels, &model->config, model->config.spec.labels,
                                   options, model->path, error);
    }
    if (status == MGEO_OK) status = model_read_tokenizer(model, error);
    /* As transformers does: a limit that the caller gives stands above the tokenizer's. */
    const uint32_t most = model->tokenizer_facts.max_length;
    if (status == MGEO_OK && options->max_length == 0 && most < model->max_length) {
        model->max_length = most;
    }
    return status;
}

static mgeo_status model_fill(mgi_model *model, const char *path, const mgi_model_options *options,
                              mgeo_error *error) {
    mgeo_status status = mgi_backend_find(options->device, &model->backend, &model->device, error);
    if (status == MGEO_OK) status = model_find(model, path, error);
    if (status == MGEO_OK) status = model_name(model, options->version, error);
    if (status == MGEO_OK) status = model_read_files(model, options, error);
    if (status == MGEO_OK && options->batch_tokens != 0 &&
        options->batch_tokens < model->max_length) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "batch_tokens: %u is less than max_length, %u",
                          options->batch_tokens, model->max_length);
    }
    return status;
}

mgeo_status mgi_model_read(const char *path, const mgi_model_options *options, mgi_model **model,
                           mgeo_error *error) {
    *model = NULL;
    mgi_model *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a model", sizeof *made);
    mgeo_status status = model_fill(made, path, options, error);
    if (status != MGEO_OK) {
        mgi_model_close(made);
        return status;
    }
    *model = made;
    return mgi_succeed(error);
}

/* ---- placing --------------------------------------------------------------------------------- */

static mgi_encoder_request model_request(const mgi_model *model, const mgi_model_options *options) {
    return (mgi_encoder_request){.device = model->device,
                                 .precision = options->precision,
                                 .max_length = model->max_length,
                                 .batch_tokens = options->batch_tokens,
                                 .allow_tf32 = options->allow_tf32,
                                 .spec = &model->config.spec,
                                 .weights = &model->checkpoint.weights,
                                 .progress = options->progress};
}

mgeo_status mgi_model_estimate(const mgi_model *model, const mgi_model_options *options,
                               int32_t precision, unsigned cores, mgi_encoder_estimate *estimate,
                               mgeo_error *error) {
    mgi_encoder_request request = model_request(model, options);
    /* allow_tf32 was asked for with one precision, and holds for no other. */
    request.allow_tf32 = options->allow_tf32 && precision == options->precision;
    request.precision = precision;
    return model->backend->predict(&request, cores, estimate, error);
}

mgeo_status mgi_model_available(const mgi_model *model, uint64_t *bytes, mgeo_error *error) {
    if (model->backend->available != NULL) {
        return model->backend->available(model->device, bytes, error);
    }
    *bytes = mgi_memory_available();
    return mgi_succeed(error);
}

static mgeo_status model_open_encoder(mgi_model *model, const mgi_model_options *options,
                                      mgeo_error *error) {
    const mgi_encoder_request request = model_request(model, options);
    mgeo_status status = mgi_progress_check(options->progress, error);
    if (status != MGEO_OK) return status;
    status = model->backend->open(&request, &model->encoder, error);
    if (status != MGEO_OK) return status;
    model->backend->describe(model->encoder, &model->encoder_info);
    return mgi_succeed(error);
}

/* The files are closed; what the encoder reads where it lies stays. */
static void forget_files(mgi_model *model) {
    if (!model->encoder_info.keeps_weights) {
        mgi_weight_reader_destroy(model->checkpoint.reader);
        model->checkpoint.reader = NULL;
    }
    mgi_tensor_index_finish(&model->tensor_index);
}

mgeo_status mgi_model_place(mgi_model *model, const mgi_model_options *options, mgeo_error *error) {
    mgi_weight_reader *reader = model->checkpoint.reader;
    mgi_weight_reader_begin(reader, options->progress);
    mgeo_status status = model_open_encoder(model, options, error);
    if (status == MGEO_OK) status = mgi_weight_reader_finish(reader, model->fingerprint, error);
    if (status == MGEO_OK) forget_files(model);
    return status;
}

mgeo_status mgi_model_open(const char *path, const mgi_model_options *options, mgi_model **model,
                           mgeo_error *error) {
    static const mgi_model_options defaults;
    if (options == NULL) options = &defaults;
    mgeo_status status = mgi_model_read(path, options, model, error);
    if (status != MGEO_OK) return status;
    status = mgi_model_place(*model, options, error);
    if (status == MGEO_OK) return MGEO_OK;
    mgi_model_close(*model);
    *model = NULL;
    return status;
}

void mgi_model_close(mgi_model *model) {
    if (model == NULL) return;
    if (model->encoder != NULL) model->backend->close(model->encoder);
    mgi_tokenizer_destroy(model->tokenizer);
    mgi_checkpoint_finish(&model->checkpoint);
    mgi_tensor_index_finish(&model->tensor_index);
    mgi_fields_finish(&model->unused_fields);
    mgi_free(model->path);
    mgi_free(model);
}

/* ---- asking ---------------------------------------------------------------------------------- */

uint32_t mgi_model_max_length(const mgi_model *model) { return model->max_length; }

const mgi_tokenizer *mgi_model_tokenizer(const mgi_model *model) { return model->tokenizer; }

const mgi_labels *mgi_model_labels(const mgi_model *model) { return &model->labels; }

const mgi_backend *mgi_model_backend(const mgi_model *model) { return model->backend; }

mgi_encoder *mgi_model_encoder(const mgi_model *model) { return model->encoder; }

const mgi_encoder_info *mgi_model_encoder_info(const mgi_model *model) {
    return &model->encoder_info;
}

static void describe_labels(const mgi_labels *labels, mgeo_model_info *info) {
    info->label_count = labels->count;
    info->positive_label = labels->positive;
    memcpy(info->labels, labels->names, sizeof info->labels);
}

static void describe_encoder(const mgi_encoder_info *encoder, mgeo_model_info *info) {
    info->bytes_on_device = encoder->bytes_on_device;
    info->precision = encoder->precision;
    info->batch_tokens = encoder->batch_tokens;
    mgi_fixed_text_copy(info->device, sizeof info->device, encoder->device);
    mgi_fixed_text_copy(info->library, sizeof info->library, encoder->library);
}

static void describe_warnings(const mgi_model *model, mgeo_model_info *info) {
    char guess[sizeof info->warning], all[2 * sizeof info->warning];
    const char *encoder = model->encoder_info.warning;
    mgi_labels_warn(&model->labels, guess, sizeof guess);
    const char *between = guess[0] != '\0' && encoder[0] != '\0' ? "; " : "";
    snprintf(all, sizeof all, "%s%s%.250s", guess, between, encoder);
    mgi_fixed_text_copy(info->warning, sizeof info->warning, all);
}

void mgi_model_describe(const mgi_model *model, mgeo_model_info *info) {
    const mgi_encoder_spec *spec = &model->config.spec;
    info->parameters = model->checkpoint.parameters;
    info->unused_tensors = model->checkpoint.unused_count;
    info->unused_fields = model->unused_fields.count;
    info->unknown_fields = (uint32_t)model->unused_fields.doubtful;
    info->layers = spec->layers;
    info->hidden = spec->hidden;
    info->heads = spec->heads;
    info->vocabulary = spec->vocabulary;
    info->max_length = model->max_length;
    describe_labels(&model->labels, info);
    describe_encoder(&model->encoder_info, info);
    describe_warnings(model, info);
    mgi_fixed_text_copy(info->version, sizeof info->version, model->version);
    mgi_fixed_text_copy(info->fingerprint, sizeof info->fingerprint, model->fingerprint);
    mgi_fixed_text_copy(info->path, sizeof info->path, model->path);
}

const char *mgi_model_unused_tensor(const mgi_model *model, uint64_t index) {
    if (index >= model->checkpoint.unused_count) return NULL;
    return model->checkpoint.unused[index];
}

const mgi_unused_field *mgi_model_unused_field(const mgi_model *model, uint64_t index) {
    if (index >= model->unused_fields.count) return NULL;
    return &model->unused_fields.fields[index];
}

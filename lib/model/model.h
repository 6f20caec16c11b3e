/* SPDX-License-Identifier: Apache-2.0 */
/* One model, read from its directory and placed on a device; immutable once made. */
#ifndef MGI_MODEL_MODEL_H
#define MGI_MODEL_MODEL_H

#include "backend/backend.h"
#include "core/log.h"
#include "core/progress.h"
#include "model/fields/fields.h"
#include "model/labels.h"
#include "text/tokenizer.h"

typedef struct mgi_model mgi_model;

/* As mgeo_load_options; members in the same order, checked by the same rules. */
typedef struct mgi_model_options {
    const char *device;
    int32_t precision;
    uint32_t max_length;
    uint32_t batch_tokens;
    float partial_weight; /* as in mgeo_load_options: 0 means 0.5, negative 0 */
    const char *positive_label;
    const char *version;
    mgeo_progress *progress;
    bool allow_tf32;
    bool keep_unknown;
} mgi_model_options;

/* Reads, checks and places the model directory. path NULL: the bundled model.
 * Errors: those of mgeo_load; every refusal names file, field and reason. */
mgeo_status mgi_model_open(const char *path, const mgi_model_options *options, mgi_model **model,
                           mgeo_error *error);
void mgi_model_close(mgi_model *model);

/* The same in two steps, so that memory can be checked in between. The first reads everything but
 * the weights' bytes; after it only the estimate, tokenizer, labels and backend can be asked for.
 * The second uses `options` and its texts again. */
mgeo_status mgi_model_read(const char *path, const mgi_model_options *options, mgi_model **model,
                           mgeo_error *error);
mgeo_status mgi_model_place(mgi_model *model, const mgi_model_options *options, mgeo_error *error);

/* The memory that placing the model at this precision takes, and lanes on `cores` cores: estimated
 * from the headers alone. Not after mgi_model_place. Errors: what the backend's predict returns,
 * MGEO_E_ARGUMENT. */
mgeo_status mgi_model_estimate(const mgi_model *model, const mgi_model_options *options,
                               int32_t precision, unsigned cores, mgi_encoder_estimate *estimate,
                               mgeo_error *error);

/* Bytes free where the model is placed. Errors: MGEO_E_DEVICE. */
mgeo_status mgi_model_available(const mgi_model *model, uint64_t *bytes, mgeo_error *error);

uint32_t mgi_model_max_length(const mgi_model *model);

const mgi_tokenizer *mgi_model_tokenizer(const mgi_model *model);
const mgi_labels *mgi_model_labels(const mgi_model *model);
const mgi_backend *mgi_model_backend(const mgi_model *model);
mgi_encoder *mgi_model_encoder(const mgi_model *model);
const mgi_encoder_info *mgi_model_encoder_info(const mgi_model *model);

/* Fills what the model knows of an info: all but slot, live, generation, seconds and threads. */
void mgi_model_describe(const mgi_model *model, mgeo_model_info *info);

/* Name of unused tensor `index`, or NULL past the last. */
const char *mgi_model_unused_tensor(const mgi_model *model, uint64_t index);

/* Unused field `index`, or NULL past the last. */
const mgi_unused_field *mgi_model_unused_field(const mgi_model *model, uint64_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON files say of the way from logits to probabilities, held against what is done here:
 * a softmax over labels, or the sigmoid of a single output. */
#include "model/fields/head.h"

#include "core/fixed_text.h"
#include "core/pathname.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What a value means for one output and for more. */
typedef struct head_value {
    const char *name;
    bool one, many;
} head_value;

static const head_value problems[] = {
    {"single_label_classification", true, true},
    {"multi_label_classification", true, false}, /* a sigmoid for each label */
    {"regression", false, false},
    {NULL, false, false},
};

static const head_value functions[] = {
    {"default", true, true}, {"sigmoid", true, false}, {"softmax", false, true},
    {"none", false, false},  {NULL, false, false},
};

/* sentence-transformers gives one output its sigmoid and leaves more as they are, for a caller to
 * take the softmax of. */
static const head_value activations[] = {
    {"Sigmoid", true, false},
    {"Identity", false, true},
    {"Softmax", false, true},
    {NULL, false, false},
};

static mgeo_status read_value(mgi_head *head, const mgi_json_object *object, const char *key,
                              const head_value *values, mgeo_error *error) {
    const char *text = NULL;
    mgeo_status status = mgi_json_text(object, key, &text, error);
    if (status != MGEO_OK || text == NULL) return status;
    const char *dot = strrchr(text, '.'); /* "torch.nn.modules.linear.Identity" */
    const char *name = values == activations && dot != NULL ? dot + 1 : text;
    size_t i = 0;
    while (values[i].name != NULL && strcasecmp(values[i].name, name) != 0) i++;
    if (!values[i].one && !values[i].many) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: %s%s: %.64s is not supported: similarities are made of a softmax over "
                        "labels, or of one output's sigmoid",
                        mgi_pathname_shown(object->file), object->within, key, text);
    }
    if ((head->not_one || !values[i].one) && (head->not_many || !values[i].many)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %.64s contradicts %.64s: make them agree",
                        mgi_pathname_shown(object->file), object->within, key, text, head->field);
    }
    if (values[i].one && values[i].many) return MGEO_OK;
    head->not_one = !values[i].one;
    head->not_many = !values[i].many;
    snprintf(head->field, sizeof head->field, "%.24s%.38s", object->within, key);
    mgi_fixed_text_copy(head->value, sizeof head->value, name);
    return MGEO_OK;
}

static mgeo_status read_count(mgi_head *head, const mgi_json_object *object, const char *field,
                              mgeo_error *error) {
    uint32_t count = 0;
    mgeo_status status = mgi_json_u32(object, "num_labels", 1, UINT32_MAX, &count, error);
    if (status != MGEO_OK || count == 0) return status;
    head->outputs = count;
    mgi_fixed_text_copy(head->outputs_field, sizeof head->outputs_field, field);
    return MGEO_OK;
}

mgeo_status mgi_head_read(mgi_head *head, const mgi_json_object *config,
                          const mgi_json_object *modelscope, mgeo_error *error) {
    mgi_json_object cross_encoder, model;
    *head = (mgi_head){0};
    mgeo_status status = mgi_json_child(config, "sentence_transformers", "sentence_transformers.",
                                        &cross_encoder, error);
    if (status == MGEO_OK) status = mgi_json_child(modelscope, "model", "model.", &model, error);
    if (status == MGEO_OK) status = read_value(head, config, "problem_type", problems, error);
    if (status == MGEO_OK) {
        status = read_value(head, config, "function_to_apply", functions, error);
    }
    if (status == MGEO_OK) {
        status =
            read_value(head, config, "sbert_ce_default_activation_function", activations, error);
    }
    if (status == MGEO_OK) {
        status = read_value(head, &cross_encoder, "activation_fn", activations, error);
    }
    if (status == MGEO_OK) status = read_count(head, config, "config.json: num_labels", error);
    if (status != MGEO_OK) return status;
    return read_count(head, &model, "configuration.json: num_labels", error);
}

mgeo_status mgi_head_check(const mgi_head *head, uint32_t outputs, const char *directory,
                           mgeo_error *error) {
    if (head->outputs != 0 && head->outputs != outputs) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: %s is %u, but tensor classifier.weight has %u rows",
                        mgi_pathname_shown(directory), head->outputs_field, head->outputs, outputs);
    }
    if (outputs == 1 ? !head->not_one : !head->not_many) return MGEO_OK;
    return mgi_fail(
        error, MGEO_E_UNSUPPORTED, "%s: config.json: %s: %s is not supported with %u output%s: %s",
        mgi_pathname_shown(directory), head->field, head->value, outputs, outputs == 1 ? "" : "s",
        outputs == 1 ? "a single one is passed through the sigmoid"
                     : "probabilities are the softmax over labels");
}

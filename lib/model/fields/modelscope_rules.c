/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for the fields of configuration.json, ModelScope's, and of a checkpoint's index. */
#include "model/fields/rules.h"

#define SET(rules)                                                                                 \
    { (rules), sizeof(rules) / sizeof *(rules) }
#define TRAINING "used in training only"
#define NAMES "names of classes, files and versions"
#define COLUMNS "names of a data set's columns"
#define PADDING "rows are never padded"
#define SERVER "what a server answered instead of the file: download it again"
#define MAPS "of MGeo's map branch, which text alone does not pass"

static const mgi_field_rule modelscope[] = {
    {"task", MGI_FIELD_USED, NULL},
    {"framework", MGI_FIELD_USED, NULL},
    {"model", MGI_FIELD_USED, NULL},
    {"preprocessor", MGI_FIELD_USED, NULL},
    {"error", MGI_FIELD_REFUSED, SERVER},
    {"plugins", MGI_FIELD_REFUSED, "a model of a plugin's code is not supported; nothing was run"},
    {"allow_remote", MGI_FIELD_HARMLESS, "nothing of a directory is ever run"},
    {"pipeline", MGI_FIELD_HARMLESS, NAMES},
    {"model_revision", MGI_FIELD_HARMLESS, NAMES},
    {"version", MGI_FIELD_HARMLESS, NAMES},
    {"train", MGI_FIELD_HARMLESS, TRAINING},
    {"evaluation", MGI_FIELD_HARMLESS, TRAINING},
    {"dataset", MGI_FIELD_HARMLESS, TRAINING},
    {"trainer", MGI_FIELD_HARMLESS, TRAINING},
    {"hooks", MGI_FIELD_HARMLESS, TRAINING},
};
const mgi_field_set mgi_rules_modelscope = SET(modelscope);

static const mgi_field_rule model[] = {
    {"type", MGI_FIELD_USED, NULL},
    {"label2id", MGI_FIELD_USED, NULL},
    {"id2label", MGI_FIELD_USED, NULL},
    {"num_labels", MGI_FIELD_USED, NULL},
    {"finetune_mode", MGI_FIELD_HARMLESS, MAPS},
    {"gis_num", MGI_FIELD_HARMLESS, MAPS},
    {"model_dir", MGI_FIELD_HARMLESS, NAMES},
    {"dropout", MGI_FIELD_HARMLESS, TRAINING},
};
const mgi_field_set mgi_rules_modelscope_model = SET(model);

static const mgi_field_rule preprocessor[] = {
    {"label2id", MGI_FIELD_USED, NULL},
    {"id2label", MGI_FIELD_USED, NULL},
    {"use_fast", MGI_FIELD_USED, NULL},
    {"max_length", MGI_FIELD_USED, NULL},
    {"sequence_length", MGI_FIELD_USED, NULL},
    {"type", MGI_FIELD_HARMLESS, NAMES},
    {"mode", MGI_FIELD_HARMLESS, NAMES},
    {"model_dir", MGI_FIELD_HARMLESS, NAMES},
    {"first_sequence", MGI_FIELD_HARMLESS, COLUMNS},
    {"second_sequence", MGI_FIELD_HARMLESS, COLUMNS},
    {"label", MGI_FIELD_HARMLESS, COLUMNS},
    {"padding", MGI_FIELD_HARMLESS, PADDING},
    {"keep_original_columns", MGI_FIELD_HARMLESS, COLUMNS},
    {"train", MGI_FIELD_HARMLESS, TRAINING},
};
const mgi_field_set mgi_rules_modelscope_preprocessor = SET(preprocessor);

static const mgi_field_rule weights_index[] = {
    {"weight_map", MGI_FIELD_USED, NULL},
    {"metadata", MGI_FIELD_HARMLESS, "sizes, which the files tell"},
};
const mgi_field_set mgi_rules_weights_index = SET(weights_index);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON files of a model directory decide: the encoder's shape, the tokenizer, the labels.
 */
#include "model/config.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/json/json.h"
#include "core/pathname.h"
#include "model/fields/kind.h"
#include "model/fields/rules.h"
#include "model/formats/foreign.h"

#include <string.h>

/* The files of a directory that are read here; those that are not there have no fields. */
typedef struct config_files {
    char *paths[3];
    mgi_json_value *roots[3];
    mgi_json_object config, modelscope, mapping;
} config_files;

static mgeo_status load_file(config_files *files, int index, const char *directory,
                             const char *name, mgi_json_object *object, mgeo_error *error) {
    files->paths[index] = mgi_pathname_join(directory, name);
    const char *path = files->paths[index];
    if (path == NULL) return mgi_fail_memory(error, "a path", strlen(directory));
    *object = (mgi_json_object){.file = path, .within = ""};
    bool needed = object == &files->config;
    mgeo_status status = mgi_json_load_if_there(path, &files->roots[index], error);
    if (status == MGEO_OK && needed && files->roots[index] == NULL) {
        return mgi_foreign_fail_missing(directory, "config.json is missing", error);
    }
    object->json = files->roots[index];
    return status;
}

static mgeo_status load_all(config_files *files, const char *directory, mgeo_error *error) {
    mgeo_status status = load_file(files, 0, directory, "config.json", &files->config, error);
    if (status != MGEO_OK) return status;
    status = load_file(files, 1, directory, "configuration.json", &files->modelscope, error);
    if (status != MGEO_OK) return status;
    return load_file(files, 2, directory, "label_mapping.json", &files->mapping, error);
}

static void free_all(config_files *files) {
    for (int i = 0; i < 3; i++) {
        mgi_json_tree_free(files->roots[i]);
        mgi_free(files->paths[i]);
    }
}

/* ---- the encoder ----------------------------------------------------------------------------- */

static mgeo_status unsupported(const mgi_json_object *config, const char *key, const char *value,
                               const char *supported, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: %s: %.64s is not supported; %s",
                    mgi_pathname_shown(config->file), key, value, supported);
}

static mgeo_status read_sizes(const mgi_json_object *config, mgi_encoder_spec *spec,
                              mgeo_error *error) {
    const struct {
        const char *key;
        uint32_t *value, low, high;
    } sizes[] = {
        {"num_hidden_layers", &spec->layers, 1, 256},
        {"hidden_size", &spec->hidden, 1, 16384},
        {"num_attention_heads", &spec->heads, 1, 1024},
        {"intermediate_size", &spec->intermediate, 1, 131072},
        {"vocab_size", &spec->vocabulary, 4, 4194304},
        {"max_position_embeddings", &spec->positions, MGI_TOKENIZER_MIN_LENGTH, 65536},
        {"type_vocab_size", &spec->types, 1, 256},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mgeo_status status =
            mgi_json_u32(config, sizes[i].key, sizes[i].low, sizes[i].high, sizes[i].value, error);
        if (status != MGEO_OK) return status;
    }
    if (spec->hidden % spec->heads != 0) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: num_attention_heads: %u does not divide hidden_size %u",
                        mgi_pathname_shown(config->file), spec->heads, spec->hidden);
    }
    /* MGeo's layers from fusion_layer on join text with maps: text alone does not pass them. */
    uint32_t fusion = spec->layers;
    mgeo_status status = mgi_json_u32(config, "fusion_layer", 1, spec->layers, &fusion, error);
    spec->layers = fusion;
    return status;
}

static mgeo_status read_activation(const mgi_json_object *config, mgi_encoder_spec *spec,
                                   mgeo_error *error) {
    static const struct {
        const char *name;
        mgi_activation activation;
    } known[] = {
        {"gelu", MGI_GELU},          {"gelu_python", MGI_GELU},
        {"gelu_new", MGI_GELU_TANH}, {"gelu_pytorch_tanh", MGI_GELU_TANH},
        {"relu", MGI_RELU},          {"tanh", MGI_TANH},
    };
    const char *name = "gelu";
    mgeo_status status = mgi_json_text(config, "hidden_act", &name, error);
    if (status != MGEO_OK) return status;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            spec->activation = known[i].activation;
            return MGEO_OK;
        }
    }
    return unsupported(config, "hidden_act", name, "gelu, gelu_new, relu and tanh are", error);
}

static mgeo_status read_spec(const mgi_json_object *config, mgi_encoder_spec *spec,
                             mgeo_error *error) {
    *spec = (mgi_encoder_spec){.layers = 12,
                               .hidden = 768,
                               .heads = 12,
                               .intermediate = 3072,
                               .vocabulary = 30522,
                               .positions = 512,
                               .types = 2};
    mgeo_status status = read_sizes(config, spec, error);
    if (status == MGEO_OK) status = read_activation(config, spec, error);
    if (status != MGEO_OK) return status;
    double eps = 1e-12;
    status = mgi_json_number(config, "layer_norm_eps", 0, 0.1, &eps, error);
    spec->norm_eps = (float)eps;
    return status;
}

/* ---- labels, task ----------------------------------------------------------------- */

static mgeo_status read_task(const mgi_json_object *modelscope, bool *ranks, mgeo_error *error) {
    const char *task = "";
    mgeo_status status = mgi_json_text(modelscope, "task", &task, error);
    *ranks = strcmp(task, "text_ranking") == 0 || strcmp(task, "text-ranking") == 0;
    return status;
}

static mgeo_status read_label_names(const config_files *files, bool ranks, mgi_label_names *labels,
                                    mgeo_error *error) {
    mgi_json_object model, preprocessor;
    mgeo_status status = mgi_json_child(&files->modelscope, "model", "model.", &model, error);
    if (status != MGEO_OK) return status;
    status =
        mgi_json_child(&files->modelscope, "preprocessor", "preprocessor.", &preprocessor, error);
    if (status != MGEO_OK) return status;
    const mgi_json_object *places[] = {&model, &preprocessor, &files->config};
    return mgi_label_files_read(labels, &files->mapping, places, sizeof places / sizeof *places,
                                ranks, error);
}

static mgeo_status read_hints(const config_files *files, mgi_config *config, mgeo_error *error) {
    const char *name = "";
    bool fast = false;
    mgi_json_object preprocessor;
    mgeo_status status = mgi_json_text(&files->config, "tokenizer_class", &name, error);
    if (status == MGEO_OK) {
        status = mgi_json_child(&files->modelscope, "preprocessor", "preprocessor.", &preprocessor,
                                error);
    }
    if (status == MGEO_OK) status = mgi_json_bool(&preprocessor, "use_fast", &fast, error);
    static const char *const lengths[] = {"sequence_length", "max_length"};
    for (size_t i = 0; i < 2 && status == MGEO_OK; i++) {
        status = mgi_json_u32(&preprocessor, lengths[i], MGI_TOKENIZER_MIN_LENGTH, UINT32_MAX,
                              &config->tokenizer.max_length, error);
    }
    if (status != MGEO_OK) return status;
    config->tokenizer.one_type = config->ranks;
    config->tokenizer.generic = mgi_kind_is_generic_tokenizer(name);
    config->tokenizer.fast_said = mgi_json_field(&preprocessor, "use_fast") != NULL;
    config->tokenizer.fast = fast;
    return MGEO_OK;
}

static mgeo_status apply_child(const mgi_json_object *file, const char *key, const char *within,
                               const mgi_field_set *set, mgi_unused_fields *unused,
                               mgeo_error *error) {
    mgi_json_object child;
    mgeo_status status = mgi_json_child(file, key, within, &child, error);
    return status == MGEO_OK ? mgi_fields_apply(unused, &child, set, error) : status;
}

/* Labels that two files name otherwise: which were taken must be seen. */
static mgeo_status note_labels(const mgi_label_names *labels, mgi_unused_fields *unused,
                               mgeo_error *error) {
    char file[sizeof labels->other];
    mgi_fixed_text_copy(file, sizeof file, labels->other);
    char *colon = strstr(file, ": ");
    if (colon == NULL) return MGEO_OK;
    *colon = '\0';
    return mgi_fields_note(unused, file, colon + 2, labels->reason, false, error);
}

static mgeo_status apply_rules(const config_files *files, mgi_unused_fields *unused,
                               mgeo_error *error) {
    const mgi_json_object *config = &files->config, *modelscope = &files->modelscope;
    mgeo_status status = mgi_fields_apply(unused, config, &mgi_rules_config, error);
    if (status == MGEO_OK) {
        status = apply_child(config, "sentence_transformers", "sentence_transformers.",
                             &mgi_rules_cross_encoder, unused, error);
    }
    if (status == MGEO_OK) {
        status = mgi_fields_apply(unused, modelscope, &mgi_rules_modelscope, error);
    }
    if (status == MGEO_OK) {
        status =
            apply_child(modelscope, "model", "model.", &mgi_rules_modelscope_model, unused, error);
    }
    if (status != MGEO_OK) return status;
    return apply_child(modelscope, "preprocessor", "preprocessor.",
                       &mgi_rules_modelscope_preprocessor, unused, error);
}

static mgeo_status read_all(mgi_config *config, const config_files *files,
                            mgi_unused_fields *unused, mgeo_error *error) {
    mgeo_status status = mgi_kind_check(&files->config, &files->modelscope, error);
    if (status == MGEO_OK) status = read_spec(&files->config, &config->spec, error);
    if (status == MGEO_OK) status = read_task(&files->modelscope, &config->ranks, error);
    if (status == MGEO_OK &&
        !config->ranks) { /* ModelScope ranks by the sigmoid, whatever they say */
        status = mgi_head_read(&config->head, &files->config, &files->modelscope, error);
    }
    if (status == MGEO_OK) {
        status = read_label_names(files, config->ranks, &config->labels, error);
    }
    if (status == MGEO_OK) status = read_hints(files, config, error);
    if (status == MGEO_OK) status = apply_rules(files, unused, error);
    return status == MGEO_OK ? note_labels(&config->labels, unused, error) : status;
}

mgeo_status mgi_config_read(mgi_config *config, const char *directory, mgi_unused_fields *unused,
                            mgeo_error *error) {
    *config = (mgi_config){0};
    config_files files = {0};
    mgeo_status status = load_all(&files, directory, error);
    if (status == MGEO_OK) status = read_all(config, &files, unused, error);
    free_all(&files);
    return status;
}

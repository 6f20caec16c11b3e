/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of model the JSON files say this is; what is no BERT that classifies pairs is refused
 * by name. */
#include "model/fields/kind.h"

#include "core/pathname.h"

#include <string.h>
#include <strings.h>

static mgeo_status refuse(const mgi_json_object *file, const char *key, const char *value,
                          const char *reason, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: %s%s: %.64s is not supported; %s",
                    mgi_pathname_shown(file->file), file->within, key, value, reason);
}

static bool is_mgeo(const mgi_json_object *config) {
    /* MGeo's mark, whatever a fine-tuning tool wrote for model_type. */
    return mgi_json_field(config, "fusion_layer") != NULL;
}

static bool begins(const char *text, const char *start) {
    return strncasecmp(text, start, strlen(start)) == 0;
}

static bool ends(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* ---- architectures --------------------------------------------------------------------------- */

/* Heads whose tensors may look like those of a classifier of pairs. */
static const struct {
    const char *end, *reason;
} heads[] = {
    {"ForMultipleChoice", "it chooses among texts, and does not judge a pair"},
    {"ForTokenClassification", "it labels tokens, and does not judge a pair"},
    {"ForQuestionAnswering", "it marks a span of a text, and does not judge a pair"},
    {"ForNextSentencePrediction", "it was not trained to match; use a classifier of pairs"},
    {"ForMultiLabelClassification", "a pair has one label"},
    {"ForRegression", "similarities are probabilities"},
    {"Crf", "it labels tokens, and does not judge a pair"},
    {"CRF", "it labels tokens, and does not judge a pair"},
};

static mgeo_status check_architecture(const mgi_json_object *config, const char *name,
                                      mgeo_error *error) {
    static const char *const families[] = {"Bert", "Sbert", "StructBert"};
    /* But for the first they say nothing of a classifier. Fine-tuning tools often leave the name of
     * the model that they began with; without a classifier the checkpoint is refused later. */
    static const char *const bare[] = {"ForSequenceClassification",
                                       "Model",
                                       "ForMaskedLM",
                                       "ForPreTraining",
                                       "LMHeadModel",
                                       "PreTrainedModel"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (ends(name, heads[i].end)) {
            return refuse(config, "architectures", name, heads[i].reason, error);
        }
    }
    if (is_mgeo(config) || begins(name, "mgeo")) return MGEO_OK;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (!begins(name, families[i])) continue;
        const char *rest = name + strlen(families[i]);
        for (size_t j = 0; j < sizeof bare / sizeof *bare; j++) {
            if (strcmp(rest, bare[j]) == 0) return MGEO_OK;
        }
    }
    return refuse(config, "architectures", name, "BertForSequenceClassification is", error);
}

static mgeo_status check_architectures(const mgi_json_object *config, mgeo_error *error) {
    const mgi_json_value *field = mgi_json_field(config, "architectures");
    if (field != NULL && field->kind != MGI_JSON_ARRAY) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: architectures: an array of names is expected",
                        mgi_pathname_shown(config->file));
    }
    for (const mgi_json_value *value = mgi_json_tree_first(field); value != NULL;
         value = value->next) {
        const char *name = mgi_json_tree_text(value);
        if (name == NULL) name = "(no name)";
        mgeo_status status = check_architecture(config, name, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

/* ---- the rest of config.json ----------------------------------------------------------------- */

static mgeo_status check_types(const mgi_json_object *config, mgeo_error *error) {
    const char *type = "bert", *positions = "absolute";
    mgeo_status status = mgi_json_text(config, "model_type", &type, error);
    if (status == MGEO_OK) {
        status = mgi_json_text(config, "position_embedding_type", &positions, error);
    }
    if (status != MGEO_OK) return status;
    if (strcmp(type, "bert") != 0 && strcmp(type, "mgeo") != 0 && !is_mgeo(config)) {
        return refuse(config, "model_type", type, "bert and mgeo are", error);
    }
    if (strcmp(positions, "absolute") == 0) return MGEO_OK;
    return refuse(config, "position_embedding_type", positions, "absolute is", error);
}

static mgeo_status check_encoder(const mgi_json_object *config, mgeo_error *error) {
    bool decoder = false, crossed = false;
    mgeo_status status = mgi_json_bool(config, "is_decoder", &decoder, error);
    if (status == MGEO_OK) status = mgi_json_bool(config, "add_cross_attention", &crossed, error);
    if (status != MGEO_OK) return status;
    if (decoder) return refuse(config, "is_decoder", "true", "encoders are", error);
    /* MGeo's layers with cross-attention are those from fusion_layer on, which do not run. */
    if (!crossed || is_mgeo(config)) return MGEO_OK;
    return refuse(config, "add_cross_attention", "true", "encoders without it are", error);
}

bool mgi_kind_is_bert_tokenizer(const char *tokenizer_class) {
    return strcmp(tokenizer_class, "BertTokenizer") == 0 ||
           strcmp(tokenizer_class, "BertTokenizerFast") == 0;
}

bool mgi_kind_is_generic_tokenizer(const char *tokenizer_class) {
    return strcmp(tokenizer_class, "TokenizersBackend") == 0 ||
           strcmp(tokenizer_class, "PreTrainedTokenizerFast") == 0;
}

static mgeo_status check_tokenizer_class(const mgi_json_object *config, mgeo_error *error) {
    const char *name = "BertTokenizer";
    mgeo_status status = mgi_json_text(config, "tokenizer_class", &name, error);
    if (status != MGEO_OK) return status;
    if (mgi_kind_is_bert_tokenizer(name) || mgi_kind_is_generic_tokenizer(name)) return MGEO_OK;
    return refuse(config, "tokenizer_class", name, "BertTokenizer is", error);
}

/* transformers' pipeline writes a task's settings over the configuration. */
static mgeo_status check_task_params(const mgi_json_object *config, mgeo_error *error) {
    mgi_json_object tasks;
    mgeo_status status =
        mgi_json_child(config, "task_specific_params", "task_specific_params.", &tasks, error);
    if (status != MGEO_OK) return status;
    const mgi_json_value *ours = mgi_json_field(&tasks, "text-classification");
    if (ours == NULL || (ours->kind == MGI_JSON_OBJECT && ours->count == 0)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_UNSUPPORTED,
                    "%s: task_specific_params.text-classification is not supported; write its "
                    "fields as config.json's own",
                    mgi_pathname_shown(config->file));
}

/* ---- configuration.json ---------------------------------------------------------------------- */

/* Tasks of ModelScope whose models answer for tokens or texts, not for pairs. */
static const char *const other_tasks[] = {
    "token-classification",     "named-entity-recognition",
    "part-of-speech",           "word-segmentation",
    "relation-extraction",      "information-extraction",
    "extractive-summarization", "document-segmentation",
    "question-answering",       "extractive-qa",
    "keyword-extraction",
};

static bool same_words(const char *text, const char *words) {
    for (; *text != '\0' && *words != '\0'; text++, words++) {
        char letter = *text == '_' ? '-' : *text;
        if (letter != *words) return false;
    }
    return *text == *words;
}

static mgeo_status check_task(const mgi_json_object *modelscope, mgeo_error *error) {
    const char *task = "", *framework = "pytorch";
    mgeo_status status = mgi_json_text(modelscope, "task", &task, error);
    if (status == MGEO_OK) status = mgi_json_text(modelscope, "framework", &framework, error);
    if (status != MGEO_OK) return status;
    for (size_t i = 0; i < sizeof other_tasks / sizeof *other_tasks; i++) {
        if (same_words(task, other_tasks[i])) {
            return refuse(modelscope, "task", task, "sentence-similarity and text-ranking are",
                          error);
        }
    }
    if (strcasecmp(framework, "pytorch") == 0 || strcasecmp(framework, "torch") == 0) {
        return MGEO_OK;
    }
    return refuse(modelscope, "framework", framework, "pytorch is", error);
}

static mgeo_status check_model_type(const mgi_json_object *modelscope, mgeo_error *error) {
    static const char *const others[] = {
        "roberta", "albert", "distil", "deberta", "mobilebert", "megatron",
        "electra", "nezha",  "veco",   "xlm",     "crf",        "token-classification"};
    mgi_json_object model;
    const char *type = "";
    mgeo_status status = mgi_json_child(modelscope, "model", "model.", &model, error);
    if (status == MGEO_OK) status = mgi_json_text(&model, "type", &type, error);
    if (status != MGEO_OK) return status;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strstr(type, others[i]) != NULL) {
            return refuse(&model, "type", type, "bert and mgeo are", error);
        }
    }
    return MGEO_OK;
}

mgeo_status mgi_kind_check(const mgi_json_object *config, const mgi_json_object *modelscope,
                           mgeo_error *error) {
    mgeo_status status = check_types(config, error);
    if (status == MGEO_OK) status = check_architectures(config, error);
    if (status == MGEO_OK) status = check_encoder(config, error);
    if (status == MGEO_OK) status = check_tokenizer_class(config, error);
    if (status == MGEO_OK) status = check_task_params(config, error);
    if (status == MGEO_OK) status = check_task(modelscope, error);
    return status == MGEO_OK ? check_model_type(modelscope, error) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a tokenizer.json, part by part; what BERT's tokenizer does not do is refused by name. */
#include "model/formats/tokenizer_json.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/fields/rules.h"

#include <string.h>

/* As vocab_size in config.json may be at most. */
enum { IDS_MAX = 4194304 };

static mgeo_status unsupported(const mgi_json_object *object, const char *key, const char *value,
                               const char *supported, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: %s%s: %.64s is not supported; %s is",
                    mgi_pathname_shown(object->file), object->within, key, value, supported);
}

static mgeo_status malformed(const mgi_json_object *object, const char *key, const char *expected,
                             mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s%s: %s is expected",
                    mgi_pathname_shown(object->file), object->within, key, expected);
}

/* A part of the file, with its type; refused where it is null. */
static mgeo_status open_part(const mgi_json_object *file, const char *key, const char *within,
                             const char *supported, mgi_json_object *part, const char **type,
                             mgeo_error *error) {
    *type = "null";
    mgeo_status status = mgi_json_child(file, key, within, part, error);
    if (status != MGEO_OK) return status;
    if (part->json == NULL) return unsupported(file, key, "null", supported, error);
    *type = "";
    return mgi_json_text(part, "type", type, error);
}

/* The only member of an array; NULL: it has none, or more. */
static const mgi_json_value *only_member(const mgi_json_object *object, const char *key) {
    const mgi_json_value *array = mgi_json_field(object, key);
    if (array == NULL || array->kind != MGI_JSON_ARRAY || array->count != 1) return NULL;
    return array->first;
}

/* ---- normalizer ------------------------------------------------------------------------------ */

static mgeo_status read_bert_normalizer(mgi_tokenizer_json *json, const mgi_json_object *part,
                                        mgi_unused_fields *unused, mgeo_error *error) {
    bool clean = true, strip = false;
    json->lower_case = json->space_chinese = true;
    mgeo_status status = mgi_json_bool(part, "clean_text", &clean, error);
    if (status == MGEO_OK) status = mgi_json_bool(part, "lowercase", &json->lower_case, error);
    if (status == MGEO_OK) {
        status = mgi_json_bool(part, "handle_chinese_chars", &json->space_chinese, error);
    }
    if (status == MGEO_OK) status = mgi_json_bool(part, "strip_accents", &strip, error);
    if (status == MGEO_OK && mgi_json_field(part, "strip_accents") != NULL) {
        json->strip_accents = strip ? MGI_TOKENIZER_STRIP_YES : MGI_TOKENIZER_STRIP_NO;
    }
    if (status == MGEO_OK && !clean) {
        status = unsupported(part, "clean_text", "false", "true", error);
    }
    if (status != MGEO_OK) return status;
    return mgi_fields_apply(unused, part, &mgi_rules_tokenizer_normalizer, error);
}

static mgeo_status read_normalizer(mgi_tokenizer_json *json, const mgi_json_object *file,
                                   mgi_unused_fields *unused, mgeo_error *error) {
    mgi_json_object part;
    const char *type;
    mgeo_status status =
        open_part(file, "normalizer", "normalizer.", "BertNormalizer", &part, &type, error);
    if (status != MGEO_OK) return status;
    const mgi_json_value *only = only_member(&part, "normalizers");
    if (strcmp(type, "Sequence") == 0 && only != NULL) {
        part.json = only;
        part.within = "normalizer.normalizers.";
        type = "";
        status = mgi_json_text(&part, "type", &type, error);
        if (status != MGEO_OK) return status;
    }
    if (strcmp(type, "BertNormalizer") != 0) {
        return unsupported(&part, "type", type, "BertNormalizer", error);
    }
    return read_bert_normalizer(json, &part, unused, error);
}

/* ---- pre-tokenizer --------------------------------------------------------------------------- */

/* Splitting at spaces and then at punctuation is what BertPreTokenizer does. */
static bool splits_as_bert(const mgi_json_value *sequence) {
    if (sequence == NULL || sequence->kind != MGI_JSON_ARRAY || sequence->count != 2) return false;
    const mgi_json_value *spaces = sequence->first, *punctuation = spaces->next;
    const char *first = mgi_json_tree_text(mgi_json_tree_member(spaces, "type"));
    const char *second = mgi_json_tree_text(mgi_json_tree_member(punctuation, "type"));
    const char *behavior = mgi_json_tree_text(mgi_json_tree_member(punctuation, "behavior"));
    return first != NULL && second != NULL && strcmp(first, "WhitespaceSplit") == 0 &&
           strcmp(second, "Punctuation") == 0 &&
           (behavior == NULL || strcmp(behavior, "Isolated") == 0);
}

static mgeo_status check_pre_tokenizer(const mgi_json_object *file, mgeo_error *error) {
    mgi_json_object part;
    const char *type;
    mgeo_status status =
        open_part(file, "pre_tokenizer", "pre_tokenizer.", "BertPreTokenizer", &part, &type, error);
    if (status != MGEO_OK) return status;
    if (strcmp(type, "Sequence") == 0) {
        if (splits_as_bert(mgi_json_field(&part, "pretokenizers"))) return MGEO_OK;
        const mgi_json_value *only = only_member(&part, "pretokenizers");
        const char *inner = mgi_json_tree_text(mgi_json_tree_member(only, "type"));
        if (inner != NULL) type = inner;
    }
    if (strcmp(type, "BertPreTokenizer") == 0) return MGEO_OK;
    return unsupported(&part, "type", type, "BertPreTokenizer", error);
}

/* ---- post-processor -------------------------------------------------------------------------- */

/* One step of a template: its kind, name and type. */
typedef struct template_step {
    bool special;
    const char *name;
    int64_t type;
} template_step;

static bool read_step(const mgi_json_value *value, template_step *step) {
    const mgi_json_value *special = mgi_json_tree_member(value, "SpecialToken");
    const mgi_json_value *body =
        special == NULL ? mgi_json_tree_member(value, "Sequence") : special;
    step->special = special != NULL;
    step->name = mgi_json_tree_text(mgi_json_tree_member(body, "id"));
    return step->name != NULL &&
           mgi_json_tree_integer(mgi_json_tree_member(body, "type_id"), &step->type);
}

/* [CLS] A [SEP] B [SEP] */
static bool is_pair_template(const template_step steps[5]) {
    const int64_t type = steps[3].type;
    return steps[0].special && steps[0].type == 0 && !steps[1].special &&
           strcmp(steps[1].name, "A") == 0 && steps[1].type == 0 && steps[2].special &&
           steps[2].type == 0 && !steps[3].special && strcmp(steps[3].name, "B") == 0 &&
           (type == 0 || type == 1) && steps[4].special && steps[4].type == type &&
           strcmp(steps[2].name, steps[4].name) == 0;
}

static mgeo_status read_special_id(const mgi_json_object *part, const char *name, int32_t *id,
                                   mgeo_error *error) {
    const mgi_json_value *tokens = mgi_json_field(part, "special_tokens");
    const mgi_json_value *ids = mgi_json_tree_member(mgi_json_tree_member(tokens, name), "ids");
    int64_t number;
    if (ids == NULL || ids->kind != MGI_JSON_ARRAY || ids->count != 1 ||
        !mgi_json_tree_integer(ids->first, &number) || number < 0 || number >= IDS_MAX) {
        return malformed(part, "special_tokens", "one id for each special token", error);
    }
    *id = (int32_t)number;
    return MGEO_OK;
}

static mgeo_status read_template(mgi_tokenizer_json *json, const mgi_json_object *part,
                                 mgeo_error *error) {
    const mgi_json_value *pair = mgi_json_field(part, "pair");
    template_step steps[5] = {{0}};
    bool sound = pair != NULL && pair->kind == MGI_JSON_ARRAY && pair->count == 5;
    const mgi_json_value *value = sound ? pair->first : NULL;
    for (size_t i = 0; value != NULL; i++, value = value->next) {
        if (!read_step(value, &steps[i])) sound = false;
    }
    if (!sound || !is_pair_template(steps)) {
        return malformed(part, "pair", "[CLS] A [SEP] B [SEP] with types 0 and 1", error);
    }
    json->cls = steps[0].name;
    json->sep = steps[2].name;
    json->one_type = steps[3].type == 0;
    mgeo_status status = read_special_id(part, json->cls, &json->cls_id, error);
    if (status == MGEO_OK) status = read_special_id(part, json->sep, &json->sep_id, error);
    return status;
}

/* BertProcessing has ["[SEP]", 102]. */
static mgeo_status read_named_id(const mgi_json_object *part, const char *key, const char **name,
                                 int32_t *id, mgeo_error *error) {
    const mgi_json_value *pair = mgi_json_field(part, key);
    bool sound = pair != NULL && pair->kind == MGI_JSON_ARRAY && pair->count == 2;
    int64_t number = -1;
    *name = sound ? mgi_json_tree_text(pair->first) : NULL;
    if (*name == NULL || !mgi_json_tree_integer(pair->first->next, &number) || number < 0 ||
        number >= IDS_MAX) {
        return malformed(part, key, "a token and its id", error);
    }
    *id = (int32_t)number;
    return MGEO_OK;
}

static mgeo_status read_post_processor(mgi_tokenizer_json *json, const mgi_json_object *file,
                                       mgeo_error *error) {
    mgi_json_object part;
    const char *type;
    mgeo_status status = open_part(file, "post_processor", "post_processor.",
                                   "TemplateProcessing or BertProcessing", &part, &type, error);
    if (status != MGEO_OK) return status;
    const mgi_json_value *only = only_member(&part, "processors");
    if (strcmp(type, "Sequence") == 0 && only != NULL) {
        part.json = only;
        part.within = "post_processor.processors.";
        type = "";
        status = mgi_json_text(&part, "type", &type, error);
        if (status != MGEO_OK) return status;
    }
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(json, &part, error);
    if (strcmp(type, "BertProcessing") != 0) {
        return unsupported(&part, "type", type, "TemplateProcessing or BertProcessing", error);
    }
    status = read_named_id(&part, "cls", &json->cls, &json->cls_id, error);
    if (status == MGEO_OK) status = read_named_id(&part, "sep", &json->sep, &json->sep_id, error);
    return status;
}

/* ---- model ----------------------------------------------------------------------------------- */

static mgeo_status read_tokens(mgi_tokenizer_json *json, const mgi_json_object *model,
                               mgeo_error *error) {
    const mgi_json_value *vocab = mgi_json_field(model, "vocab");
    if (vocab == NULL || vocab->kind != MGI_JSON_OBJECT || vocab->count == 0) {
        return malformed(model, "vocab", "an object of tokens and ids", error);
    }
    json->tokens = mgi_calloc(vocab->count, sizeof *json->tokens);
    if (json->tokens == NULL) return mgi_fail_memory(error, "a vocabulary", vocab->count);
    for (const mgi_json_value *value = vocab->first; value != NULL; value = value->next) {
        int64_t id;
        if (!mgi_json_tree_integer(value, &id) || id < 0 || id >= IDS_MAX) {
            return mgi_fail(error, MGEO_E_FORMAT,
                            "%s: model.vocab: the id of \"%.64s\" is not a whole number from 0 to "
                            "%d",
                            mgi_pathname_shown(model->file), value->key, IDS_MAX - 1);
        }
        json->tokens[json->token_count++] =
            (mgi_vocab_token){.text = value->key, .id = (uint32_t)id};
    }
    return MGEO_OK;
}

/* Writers before tokenizers 0.10 leave the type out. */
static const char *guess_type(const mgi_json_object *model) {
    if (mgi_json_field(model, "merges") != NULL) return "BPE";
    return mgi_json_field(model, "max_input_chars_per_word") != NULL ? "WordPiece" : "unknown";
}

static mgeo_status read_model(mgi_tokenizer_json *json, const mgi_json_object *file,
                              mgi_unused_fields *unused, mgeo_error *error) {
    mgi_json_object model;
    const char *type;
    mgeo_status status = open_part(file, "model", "model.", "WordPiece", &model, &type, error);
    if (status != MGEO_OK) return status;
    if (type[0] == '\0') type = guess_type(&model);
    if (strcmp(type, "WordPiece") != 0) {
        return unsupported(&model, "type", type, "WordPiece", error);
    }
    json->unk = "[UNK]";
    json->prefix = "##";
    json->longest_word = MGI_NORMALIZER_MAX_WORD;
    status = mgi_json_text(&model, "unk_token", &json->unk, error);
    if (status == MGEO_OK) {
        status = mgi_json_text(&model, "continuing_subword_prefix", &json->prefix, error);
    }
    if (status == MGEO_OK) {
        status = mgi_json_u32(&model, "max_input_chars_per_word", 1, MGI_NORMALIZER_MAX_WORD,
                              &json->longest_word, error);
    }
    if (status == MGEO_OK) status = read_tokens(json, &model, error);
    if (status != MGEO_OK) return status;
    return mgi_fields_apply(unused, &model, &mgi_rules_tokenizer_model, error);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* What transformers keeps of it; it sets lengths and strategy in each call. */
static mgeo_status read_truncation(mgi_tokenizer_json *json, const mgi_json_object *file,
                                   mgeo_error *error) {
    mgi_json_object part;
    const char *direction = "Right";
    mgeo_status status = mgi_json_child(file, "truncation", "truncation.", &part, error);
    if (status == MGEO_OK) status = mgi_json_text(&part, "direction", &direction, error);
    json->cut_left = strcmp(direction, "Left") == 0 || strcmp(direction, "left") == 0;
    return status;
}

static mgeo_status read_added(mgi_tokenizer_json *json, const mgi_json_object *file,
                              mgeo_error *error) {
    json->added = mgi_json_field(file, "added_tokens");
    if (json->added == NULL || json->added->kind == MGI_JSON_ARRAY) return MGEO_OK;
    return malformed(file, "added_tokens", "an array", error);
}

mgeo_status mgi_tokenizer_json_read(mgi_tokenizer_json *json, const mgi_json_object *file,
                                    mgi_unused_fields *unused, mgeo_error *error) {
    const char *version = "1.0";
    *json = (mgi_tokenizer_json){.cls_id = -1, .sep_id = -1};
    mgeo_status status = mgi_json_text(file, "version", &version, error);
    if (status == MGEO_OK && strcmp(version, "1.0") != 0) {
        status = unsupported(file, "version", version, "1.0", error);
    }
    if (status == MGEO_OK) status = read_model(json, file, unused, error);
    if (status == MGEO_OK) status = read_normalizer(json, file, unused, error);
    if (status == MGEO_OK) status = check_pre_tokenizer(file, error);
    if (status == MGEO_OK) status = read_post_processor(json, file, error);
    if (status == MGEO_OK) status = read_truncation(json, file, error);
    if (status == MGEO_OK) status = read_added(json, file, error);
    if (status != MGEO_OK) return status;
    return mgi_fields_apply(unused, file, &mgi_rules_tokenizer, error);
}

void mgi_tokenizer_json_finish(mgi_tokenizer_json *json) {
    mgi_free(json->tokens);
    json->tokens = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tokenizer's files and holds them against each other. */
#include "model/tokenizer_files.h"

#include "core/alloc.h"
#include "core/bytes/foreign_bytes.h"
#include "core/json/json.h"
#include "core/pathname.h"
#include "core/regular_file.h"
#include "model/fields/kind.h"
#include "model/fields/rules.h"
#include "model/formats/tokenizer_json.h"
#include "model/tokenizer_tokens.h"

#include <string.h>

enum { VOCABULARY_BYTES = 16 << 20, CONFIG = 0, MAP, ADDED, TOKENIZER, FILES };

typedef struct tokenizer_sources {
    const mgi_tokenizer_hints *hints;
    char *paths[FILES + 1]; /* the last one: vocab.txt */
    mgi_json_value *roots[FILES];
    mgi_json_object objects[FILES];
    void *lines; /* of vocab.txt; NULL: it is not there */
    size_t lines_bytes;
    mgi_tokenizer_json json; /* if there is one */
    bool generic;            /* the class has no defaults of its own: tokenizer.json rules */
    mgi_tokenizer_options options;
    mgi_token_lists tokens;
} tokenizer_sources;

static mgeo_status load_json(tokenizer_sources *sources, int index, const char *directory,
                             const char *name, mgeo_error *error) {
    sources->paths[index] = mgi_pathname_join(directory, name);
    const char *path = sources->paths[index];
    if (path == NULL) return mgi_fail_memory(error, "a path", strlen(directory));
    sources->objects[index] = (mgi_json_object){.file = path, .within = ""};
    mgeo_status status = mgi_json_load_if_there(path, &sources->roots[index], error);
    sources->objects[index].json = sources->roots[index];
    return status;
}

/* Any text is a list of tokens, also one that is there in place of the file. */
static mgeo_status load_lines(tokenizer_sources *sources, mgeo_error *error) {
    const char *path = sources->paths[FILES];
    mgeo_status status = mgi_regular_file_load(path, VOCABULARY_BYTES, &sources->lines,
                                               &sources->lines_bytes, error);
    if (status != MGEO_OK) return status;
    const char *other = mgi_foreign_bytes_name(sources->lines, sources->lines_bytes, false);
    if (other == NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s", mgi_pathname_shown(path), other);
}

static mgeo_status load_all(tokenizer_sources *sources, const char *directory, mgeo_error *error) {
    static const char *const names[FILES] = {"tokenizer_config.json", "special_tokens_map.json",
                                             "added_tokens.json", "tokenizer.json"};
    for (int i = 0; i < FILES; i++) {
        mgeo_status status = load_json(sources, i, directory, names[i], error);
        if (status != MGEO_OK) return status;
    }
    sources->paths[FILES] = mgi_pathname_join(directory, "vocab.txt");
    if (sources->paths[FILES] == NULL) return mgi_fail_memory(error, "a path", strlen(directory));
    if (mgi_regular_file_is_absent(sources->paths[FILES])) {
        if (sources->roots[TOKENIZER] != NULL) return MGEO_OK;
        return mgi_fail(error, MGEO_E_IO,
                        "%s: neither vocab.txt nor tokenizer.json is there: one of them must hold "
                        "BERT's WordPiece vocabulary",
                        mgi_pathname_shown(directory));
    }
    return load_lines(sources, error);
}

static void free_all(tokenizer_sources *sources) {
    mgi_token_lists_finish(&sources->tokens);
    mgi_tokenizer_json_finish(&sources->json);
    for (int i = 0; i < FILES; i++) mgi_json_tree_free(sources->roots[i]);
    for (int i = 0; i <= FILES; i++) mgi_free(sources->paths[i]);
    mgi_free(sources->lines);
}

static mgeo_status refuse(const mgi_json_object *file, mgeo_status status, const char *key,
                          const char *reason, mgeo_error *error) {
    return mgi_fail(error, status, "%s: %s: %s", mgi_pathname_shown(file->file), key, reason);
}

/* ---- tokenizer_config.json ------------------------------------------------------------------- */

static mgeo_status read_class(tokenizer_sources *sources, mgeo_error *error) {
    const mgi_json_object *config = &sources->objects[CONFIG];
    const char *name = sources->hints->generic ? "PreTrainedTokenizerFast" : "BertTokenizer";
    mgeo_status status = mgi_json_text(config, "tokenizer_class", &name, error);
    if (status != MGEO_OK) return status;
    if (strcmp(name, "TokenizersBackend") == 0) sources->options.one_type = true;
    sources->generic = mgi_kind_is_generic_tokenizer(name);
    bool bert = mgi_kind_is_bert_tokenizer(name);
    if (!bert && !sources->generic) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: tokenizer_class: %.64s is not supported; BertTokenizer is",
                        mgi_pathname_shown(config->file), name);
    }
    if (bert || sources->roots[TOKENIZER] != NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT, "%s: tokenizer_class: %.64s needs a tokenizer.json",
                    mgi_pathname_shown(config->file), name);
}

/* transformers passes types only where they are named. */
static mgeo_status read_input_names(tokenizer_sources *sources, mgeo_error *error) {
    const mgi_json_object *config = &sources->objects[CONFIG];
    const mgi_json_value *names = mgi_json_field(config, "model_input_names");
    if (names == NULL) return MGEO_OK;
    if (names->kind != MGI_JSON_ARRAY) {
        return refuse(config, MGEO_E_FORMAT, "model_input_names", "an array is expected", error);
    }
    sources->options.one_type = true;
    for (const mgi_json_value *value = names->first; value != NULL; value = value->next) {
        const char *name = mgi_json_tree_text(value);
        if (name != NULL && strcmp(name, "token_type_ids") == 0) sources->options.one_type = false;
    }
    return MGEO_OK;
}

static mgeo_status read_side(tokenizer_sources *sources, mgeo_error *error) {
    const mgi_json_object *config = &sources->objects[CONFIG];
    const char *side = sources->json.cut_left ? "left" : "right";
    mgeo_status status = mgi_json_text(config, "truncation_side", &side, error);
    sources->options.cut_left = strcmp(side, "left") == 0;
    if (status != MGEO_OK || sources->options.cut_left || strcmp(side, "right") == 0) return status;
    return refuse(config, MGEO_E_FORMAT, "truncation_side", "left or right is expected", error);
}

static mgeo_status read_limit(const tokenizer_sources *sources, mgi_tokenizer_facts *facts,
                              mgeo_error *error) {
    const mgi_json_object *config = &sources->objects[CONFIG];
    const double said = sources->hints->max_length;
    double most = 1e300;
    mgeo_status status =
        mgi_json_number(config, "max_len", MGI_TOKENIZER_MIN_LENGTH, 1e300, &most, error);
    if (status == MGEO_OK) {
        status = mgi_json_number(config, "model_max_length", MGI_TOKENIZER_MIN_LENGTH, 1e300, &most,
                                 error);
    }
    if (said != 0 && said < most) most = said;
    facts->max_length = most < (double)UINT32_MAX ? (uint32_t)most : UINT32_MAX;
    return status;
}

static mgeo_status read_config(tokenizer_sources *sources, mgi_tokenizer_facts *facts,
                               mgeo_error *error) {
    const mgi_json_object *config = &sources->objects[CONFIG];
    mgi_tokenizer_options *options = &sources->options;
    /* Where tokenizer.json is there, transformers takes the Rust tokenizer unless told otherwise.
     */
    bool strip = false, basic = true, fast = sources->roots[TOKENIZER] != NULL;
    mgeo_status status = read_class(sources, error);
    if (status == MGEO_OK) status = mgi_json_bool(config, "use_fast", &fast, error);
    if (sources->hints->fast_said) fast = sources->hints->fast;
    if (status == MGEO_OK) status = mgi_json_bool(config, "do_basic_tokenize", &basic, error);
    if (status == MGEO_OK) {
        status = mgi_json_bool(config, "do_lower_case", &options->do_lower_case, error);
    }
    if (status == MGEO_OK) {
        status = mgi_json_bool(config, "tokenize_chinese_chars", &options->tokenize_chinese_chars,
                               error);
    }
    if (status == MGEO_OK) status = mgi_json_bool(config, "strip_accents", &strip, error);
    if (status == MGEO_OK && mgi_json_field(config, "strip_accents") != NULL) {
        options->strip_accents = strip ? MGI_TOKENIZER_STRIP_YES : MGI_TOKENIZER_STRIP_NO;
    }
    if (status == MGEO_OK) status = read_input_names(sources, error);
    if (status == MGEO_OK) status = read_side(sources, error);
    if (status == MGEO_OK) status = read_limit(sources, facts, error);
    if (status == MGEO_OK && !basic) {
        status = refuse(config, MGEO_E_UNSUPPORTED, "do_basic_tokenize",
                        "false is not supported; true is", error);
    }
    options->as_rust = options->halve_budget = fast || sources->generic || sources->lines == NULL;
    return status;
}

/* ---- tokenizer.json against tokenizer_config.json -------------------------------------------- */

static mgeo_status differs(const tokenizer_sources *sources, const char *key, bool value,
                           const char *config_key, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: normalizer.%s is %s, but %s in tokenizer_config.json, or its default, "
                    "says otherwise: make them agree",
                    mgi_pathname_shown(sources->objects[TOKENIZER].file), key,
                    value ? "true" : "false", config_key);
}

static bool strips(mgi_tokenizer_strip strip, bool lower_case) {
    return strip == MGI_TOKENIZER_STRIP_AS_LOWER ? lower_case : strip == MGI_TOKENIZER_STRIP_YES;
}

/* BertTokenizer's own settings rule over tokenizer.json's normalizer, and the generic class has
 * none: a directory in which they differ was meant otherwise by somebody. */
static mgeo_status check_normalizer(tokenizer_sources *sources, mgeo_error *error) {
    const mgi_tokenizer_json *json = &sources->json;
    const mgi_json_object *config = &sources->objects[CONFIG];
    mgi_tokenizer_options *options = &sources->options;
    bool silent = sources->generic;
    if (silent && mgi_json_field(config, "do_lower_case") == NULL) {
        options->do_lower_case = json->lower_case;
    }
    if (silent && mgi_json_field(config, "tokenize_chinese_chars") == NULL) {
        options->tokenize_chinese_chars = json->space_chinese;
    }
    if (silent && mgi_json_field(config, "strip_accents") == NULL) {
        options->strip_accents = json->strip_accents;
    }
    if (options->do_lower_case != json->lower_case) {
        return differs(sources, "lowercase", json->lower_case, "do_lower_case", error);
    }
    if (options->tokenize_chinese_chars != json->space_chinese) {
        return differs(sources, "handle_chinese_chars", json->space_chinese,
                       "tokenize_chinese_chars", error);
    }
    bool strip = strips(json->strip_accents, json->lower_case);
    if (strips(options->strip_accents, options->do_lower_case) == strip) return MGEO_OK;
    return differs(sources, "strip_accents", strip, "strip_accents", error);
}

static mgeo_status read_tokenizer_json(tokenizer_sources *sources, mgi_unused_fields *unused,
                                       mgeo_error *error) {
    if (sources->roots[TOKENIZER] == NULL) return MGEO_OK;
    return mgi_tokenizer_json_read(&sources->json, &sources->objects[TOKENIZER], unused, error);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static mgeo_status make(tokenizer_sources *sources, mgi_tokenizer **tokenizer, mgeo_error *error) {
    const mgi_tokenizer_json *json = &sources->json;
    const mgi_token_lists *lists = &sources->tokens;
    const char *file = mgi_pathname_shown(sources->objects[TOKENIZER].file);
    const mgi_tokenizer_plan plan = {
        .options = sources->options,
        .rules = {.cls = lists->names[MGI_TOKEN_CLS],
                  .sep = lists->names[MGI_TOKEN_SEP],
                  .unk = lists->names[MGI_TOKEN_UNK],
                  .cls_id = mgi_token_lists_id(lists, lists->names[MGI_TOKEN_CLS]),
                  .sep_id = mgi_token_lists_id(lists, lists->names[MGI_TOKEN_SEP]),
                  .prefix = json->prefix,
                  .longest_word = json->longest_word},
        .lines = sources->lines,
        .lines_bytes = sources->lines_bytes,
        .lines_name = mgi_pathname_shown(sources->paths[FILES]),
        .tokens = json->tokens,
        .token_count = json->token_count,
        .tokens_name = file,
        .added = lists->added,
        .added_count = lists->count,
        .added_name = mgi_pathname_shown(
            sources->objects[sources->roots[TOKENIZER] == NULL ? CONFIG : TOKENIZER].file)};
    mgeo_status status = mgi_tokenizer_create_by(&plan, tokenizer, error);
    if (status != MGEO_OK || json->cls == NULL) return status;
    int32_t cls, sep;
    mgi_tokenizer_special_ids(*tokenizer, &cls, &sep);
    if (cls == json->cls_id && sep == json->sep_id) return MGEO_OK;
    mgi_tokenizer_destroy(*tokenizer);
    *tokenizer = NULL;
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: post_processor: ids %d and %d for %.32s and %.32s, which are %d and %d in "
                    "the vocabulary",
                    file, json->cls_id, json->sep_id, json->cls, json->sep, cls, sep);
}

static mgeo_status read_all(tokenizer_sources *sources, mgi_unused_fields *unused,
                            mgi_tokenizer_facts *facts, mgeo_error *error) {
    mgeo_status status = read_tokenizer_json(sources, unused, error);
    if (status == MGEO_OK) status = read_config(sources, facts, error);
    if (status == MGEO_OK && sources->roots[TOKENIZER] != NULL) {
        status = check_normalizer(sources, error);
    }
    if (status == MGEO_OK) {
        const mgi_token_files files = {&sources->objects[CONFIG], &sources->objects[MAP],
                                       &sources->objects[ADDED], &sources->objects[TOKENIZER],
                                       sources->roots[TOKENIZER] == NULL ? NULL : &sources->json};
        status = mgi_token_lists_read(&sources->tokens, &files, error);
    }
    if (status != MGEO_OK) return status;
    status =
        mgi_fields_apply(unused, &sources->objects[CONFIG], &mgi_rules_tokenizer_config, error);
    if (status != MGEO_OK) return status;
    return mgi_fields_apply(unused, &sources->objects[MAP], &mgi_rules_special_tokens, error);
}

mgeo_status mgi_tokenizer_files_read(const char *directory, const mgi_tokenizer_hints *hints,
                                     mgi_unused_fields *unused, mgi_tokenizer **tokenizer,
                                     mgi_tokenizer_facts *facts, mgeo_error *error) {
    tokenizer_sources sources = {
        .hints = hints, .options = {.do_lower_case = true, .tokenize_chinese_chars = true}};
    *tokenizer = NULL;
    *facts = (mgi_tokenizer_facts){.max_length = UINT32_MAX};
    mgeo_status status = load_all(&sources, directory, error);
    if (status == MGEO_OK) status = read_all(&sources, unused, facts, error);
    if (hints->one_type || sources.json.one_type) sources.options.one_type = true;
    facts->one_type = sources.options.one_type;
    if (status == MGEO_OK) status = make(&sources, tokenizer, error);
    free_all(&sources);
    return status;
}

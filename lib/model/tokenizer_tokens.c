/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers special and added tokens; files that contradict each other are refused. */
#include "model/tokenizer_tokens.h"

#include "core/alloc.h"
#include "core/pathname.h"

#include <stdlib.h>
#include <string.h>

enum { ADDED_MAX = 8192, ID_MAX = 4194304 };

static const char *const roles[MGI_TOKEN_ROLES] = {"cls_token", "sep_token", "unk_token",
                                                   "pad_token", "mask_token"};
static const char *const usual[MGI_TOKEN_ROLES] = {"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"};

static mgeo_status refuse(const mgi_json_object *file, const char *key, const char *reason,
                          mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s: %s", mgi_pathname_shown(file->file), key,
                    reason);
}

/* A token is a string, or an object whose content is one; NULL: it is neither. */
static const char *token_text(const mgi_json_value *value) {
    if (value != NULL && value->kind == MGI_JSON_OBJECT) {
        value = mgi_json_tree_member(value, "content");
    }
    return mgi_json_tree_text(value);
}

static mgeo_status read_name(const mgi_json_object *file, const char *key, const char **name,
                             mgeo_error *error) {
    const mgi_json_value *value = mgi_json_field(file, key);
    *name = token_text(value);
    if (value == NULL || (*name != NULL && **name != '\0')) return MGEO_OK;
    return refuse(file, key, "a token is expected", error);
}

/* ---- the five ------------------------------------------------------------------------------- */

static mgeo_status contradicts(const mgi_json_object *file, const char *key, const char *name,
                               const char *other_name, const mgi_json_object *other,
                               mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: %s is %.64s, but %.64s in %s: make them agree",
                    mgi_pathname_shown(file->file), key, name, other_name,
                    mgi_pathname_shown(other->file));
}

static mgeo_status read_role(mgi_token_lists *lists, const mgi_token_files *files, int role,
                             mgeo_error *error) {
    const char *config, *map, *json = NULL;
    mgeo_status status = read_name(files->config, roles[role], &config, error);
    if (status == MGEO_OK) status = read_name(files->map, roles[role], &map, error);
    if (status != MGEO_OK) return status;
    if (files->json != NULL && role == MGI_TOKEN_CLS) json = files->json->cls;
    if (files->json != NULL && role == MGI_TOKEN_SEP) json = files->json->sep;
    if (files->json != NULL && role == MGI_TOKEN_UNK) json = files->json->unk;
    const char *name = config != NULL ? config : map != NULL ? map : json;
    if (name == NULL) name = usual[role];
    lists->names[role] = name;
    if (role > MGI_TOKEN_UNK) return MGEO_OK;
    if (map != NULL && strcmp(map, name) != 0) {
        return contradicts(files->config, roles[role], name, map, files->map, error);
    }
    if (json == NULL || strcmp(json, name) == 0) return MGEO_OK;
    return contradicts(config != NULL ? files->config : files->map, roles[role], name, json,
                       files->tokenizer, error);
}

/* ---- added ---------------------------------------------------------------------------------- */

static mgi_added_token *find(const mgi_token_lists *lists, const char *text) {
    for (size_t i = 0; i < lists->count; i++) {
        if (strcmp(lists->added[i].text, text) == 0) return &lists->added[i];
    }
    return NULL;
}

int32_t mgi_token_lists_id(const mgi_token_lists *lists, const char *name) {
    const mgi_added_token *token = find(lists, name);
    return token == NULL ? -1 : token->id;
}

static bool same(const mgi_added_token *a, const mgi_added_token *b) {
    return a->id == b->id && a->single_word == b->single_word && a->strips_left == b->strips_left &&
           a->strips_right == b->strips_right && a->normalized == b->normalized &&
           a->special == b->special;
}

static mgeo_status append(mgi_token_lists *lists, const mgi_json_object *file,
                          const mgi_added_token *token, mgeo_error *error) {
    const mgi_added_token *before = find(lists, token->text);
    if (before != NULL && same(before, token)) return MGEO_OK;
    if (before != NULL) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: the added token \"%.64s\" is described otherwise elsewhere: make the "
                        "tokenizer's files agree",
                        mgi_pathname_shown(file->file), token->text);
    }
    if (lists->added == NULL) lists->added = mgi_calloc(ADDED_MAX, sizeof *lists->added);
    if (lists->added == NULL) return mgi_fail_memory(error, "added tokens", ADDED_MAX);
    if (lists->count == ADDED_MAX) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: more than %d added tokens",
                        mgi_pathname_shown(file->file), ADDED_MAX);
    }
    lists->added[lists->count++] = *token;
    return MGEO_OK;
}

/* An AddedToken without its id; absent flags are Python's defaults. */
static mgeo_status read_token(const mgi_json_object *file, const char *within,
                              const mgi_json_value *value, mgi_added_token *token,
                              mgeo_error *error) {
    const mgi_json_object object = {.json = value, .file = file->file, .within = within};
    token->text = token_text(value);
    if (value->kind != MGI_JSON_OBJECT || token->text == NULL) {
        return refuse(file, within, "an object with content is expected", error);
    }
    mgeo_status status = mgi_json_bool(&object, "special", &token->special, error);
    token->normalized = !token->special;
    if (status == MGEO_OK) status = mgi_json_bool(&object, "normalized", &token->normalized, error);
    if (status == MGEO_OK) status = mgi_json_bool(&object, "lstrip", &token->strips_left, error);
    if (status == MGEO_OK) status = mgi_json_bool(&object, "rstrip", &token->strips_right, error);
    if (status == MGEO_OK) {
        status = mgi_json_bool(&object, "single_word", &token->single_word, error);
    }
    return status;
}

static mgeo_status add_listed(mgi_token_lists *lists, const mgi_token_files *files,
                              mgeo_error *error) {
    const mgi_json_value *value =
        files->json == NULL ? NULL : mgi_json_tree_first(files->json->added);
    for (; value != NULL; value = value->next) {
        mgi_added_token token = {.id = -1};
        int64_t id = -1;
        mgeo_status status = read_token(files->tokenizer, "added_tokens.", value, &token, error);
        if (status != MGEO_OK) return status;
        if (!mgi_json_tree_integer(mgi_json_tree_member(value, "id"), &id) || id < 0 ||
            id >= ID_MAX) {
            return refuse(files->tokenizer, "added_tokens", "an id is expected", error);
        }
        token.id = (int32_t)id;
        status = append(lists, files->tokenizer, &token, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

static int compare_ids(const void *left, const void *right) {
    const mgi_added_token *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void sort_from(mgi_token_lists *lists, size_t first) {
    if (lists->count - first > 1) {
        qsort(lists->added + first, lists->count - first, sizeof *lists->added, compare_ids);
    }
}

static mgeo_status add_decoder(mgi_token_lists *lists, const mgi_token_files *files,
                               mgeo_error *error) {
    const size_t first = lists->count;
    const mgi_json_value *field = mgi_json_field(files->config, "added_tokens_decoder");
    if (field != NULL && field->kind != MGI_JSON_OBJECT) {
        return refuse(files->config, "added_tokens_decoder", "an object is expected", error);
    }
    for (const mgi_json_value *value = mgi_json_tree_first(field); value != NULL;
         value = value->next) {
        mgi_added_token token = {.id = -1};
        char *end;
        long id = strtol(value->key, &end, 10);
        if (*end != '\0' || end == value->key || id < 0 || id >= ID_MAX) {
            return refuse(files->config, "added_tokens_decoder", "a key is no id", error);
        }
        mgeo_status status =
            read_token(files->config, "added_tokens_decoder.", value, &token, error);
        token.id = (int32_t)id;
        if (status == MGEO_OK) status = append(lists, files->config, &token, error);
        if (status != MGEO_OK) return status;
    }
    sort_from(lists, first);
    return MGEO_OK;
}

static bool has_role(const mgi_token_lists *lists, const char *text) {
    for (int i = 0; i < MGI_TOKEN_ROLES; i++) {
        if (strcmp(lists->names[i], text) == 0) return true;
    }
    return false;
}

/* A special token is that by a role, or by a list that names it. */
static bool is_named(const mgi_json_object *file, const char *key, const char *text) {
    const mgi_json_value *value = mgi_json_tree_first(mgi_json_field(file, key));
    for (; value != NULL; value = value->next) {
        const char *name = token_text(value);
        if (name != NULL && strcmp(name, text) == 0) return true;
    }
    return false;
}

static const char *const special_lists[] = {"additional_special_tokens", "extra_special_tokens"};

static bool is_special(const mgi_token_lists *lists, const mgi_token_files *files,
                       const char *text) {
    for (size_t i = 0; i < 2; i++) {
        if (is_named(files->config, special_lists[i], text)) return true;
        if (is_named(files->map, special_lists[i], text)) return true;
    }
    return has_role(lists, text);
}

/* added_tokens.json: names and ids, as transformers wrote before it had the decoder. */
static mgeo_status add_legacy(mgi_token_lists *lists, const mgi_token_files *files,
                              mgeo_error *error) {
    const size_t first = lists->count;
    const mgi_json_value *value = mgi_json_tree_first(files->added->json);
    for (; value != NULL; value = value->next) {
        int64_t id;
        if (!mgi_json_tree_integer(value, &id) || id < 0 || id >= ID_MAX) {
            return refuse(files->added, value->key, "an id is expected", error);
        }
        const mgi_added_token *before = find(lists, value->key);
        if (before != NULL && before->id == (int32_t)id) continue;
        bool special = is_special(lists, files, value->key);
        const mgi_added_token token = {
            .text = value->key, .id = (int32_t)id, .special = special, .normalized = !special};
        mgeo_status status = append(lists, files->added, &token, error);
        if (status != MGEO_OK) return status;
    }
    sort_from(lists, first);
    return MGEO_OK;
}

static mgeo_status add_special(mgi_token_lists *lists, const mgi_json_object *file, const char *key,
                               const mgi_json_value *value, mgeo_error *error) {
    const char *text = token_text(value);
    if (text == NULL) return refuse(file, key, "tokens are expected", error);
    if (find(lists, text) != NULL) return MGEO_OK;
    const mgi_added_token token = {.text = text, .id = -1, .special = true};
    return append(lists, file, &token, error);
}

static mgeo_status add_specials(mgi_token_lists *lists, const mgi_json_object *file,
                                mgeo_error *error) {
    static const char *const others[] = {"bos_token", "eos_token"};
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < 2 && status == MGEO_OK; i++) {
        const mgi_json_value *value = mgi_json_tree_first(mgi_json_field(file, special_lists[i]));
        for (; value != NULL && status == MGEO_OK; value = value->next) {
            status = add_special(lists, file, special_lists[i], value, error);
        }
        const mgi_json_value *other = mgi_json_field(file, others[i]);
        if (status == MGEO_OK && other != NULL) {
            status = add_special(lists, file, others[i], other, error);
        }
    }
    return status;
}

mgeo_status mgi_token_lists_read(mgi_token_lists *lists, const mgi_token_files *files,
                                 mgeo_error *error) {
    mgeo_status status =
        mgi_json_bool(files->config, "split_special_tokens", &lists->split_special, error);
    for (int i = 0; i < MGI_TOKEN_ROLES && status == MGEO_OK; i++) {
        status = read_role(lists, files, i, error);
    }
    if (status == MGEO_OK) status = add_listed(lists, files, error);
    if (status == MGEO_OK) status = add_decoder(lists, files, error);
    if (status == MGEO_OK) status = add_legacy(lists, files, error);
    if (status == MGEO_OK) status = add_specials(lists, files->config, error);
    if (status == MGEO_OK) status = add_specials(lists, files->map, error);
    for (size_t i = 0; i < lists->count; i++) {
        mgi_added_token *token = &lists->added[i];
        token->is_text = has_role(lists, token->text) || (lists->split_special && token->special);
    }
    return status;
}

void mgi_token_lists_finish(mgi_token_lists *lists) {
    mgi_free(lists->added);
    lists->added = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a search found becomes arrays of objects. */
#include "addon.h"

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
    napi_set_named_property(env, object, name, value);
}

static napi_value text_of(napi_env env, const char *text, size_t length) {
    napi_value value = NULL;
    napi_create_string_utf8(env, text, length, &value);
    return value;
}

static napi_value number_of(napi_env env, double number) {
    napi_value value = NULL;
    napi_create_double(env, number, &value);
    return value;
}

static napi_value make_candidate(napi_env env, const mgeo_candidate *row) {
    napi_value made = NULL;
    napi_create_object(env, &made);
    set(env, made, "id", text_of(env, row->id, row->id_len));
    set(env, made, "text", text_of(env, row->text, row->text_len));
    set(env, made, "row", number_of(env, (double)row->row));
    set(env, made, "score", number_of(env, (double)row->score));
    set(env, made, "flags", number_of(env, row->flags));
    return made;
}

/* candidatesOf(candidates, query) */
napi_value mgn_candidates_of(napi_env env, napi_callback_info info) {
    napi_value given[2], list = NULL;
    double query = 0;
    size_t count = 0;
    if (!mgn_arguments(env, info, 2, given)) return NULL;
    napi_get_value_double(env, given[1], &query);
    const mgeo_candidate *rows =
        mgeo_candidates_of(mgn_pointer(env, given[0]), (size_t)query, &count);
    napi_create_array_with_length(env, count, &list);
    for (uint32_t i = 0; i < count; i++) {
        napi_handle_scope scope = NULL;
        if (napi_open_handle_scope(env, &scope) != napi_ok) return NULL;
        napi_set_element(env, list, i, make_candidate(env, &rows[i]));
        napi_close_handle_scope(env, scope);
    }
    return list;
}

napi_value mgn_candidates_free(napi_env env, napi_callback_info info) {
    napi_value address;
    if (mgn_arguments(env, info, 1, &address)) mgeo_candidates_destroy(mgn_pointer(env, address));
    return NULL;
}

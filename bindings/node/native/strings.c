/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of strings become pairs, some rows at a time, so that the event loop need not wait for all
 * of them. */
#include "texts.h"

#include "addon.h"

#include <stdio.h>

/* Values that JavaScript makes are forgotten after so many rows. */
enum { ROWS_A_SCOPE = 64 };

napi_value mgn_texts_create(napi_env env, napi_callback_info info) {
    napi_value given;
    double count = 0;
    if (!mgn_arguments(env, info, 1, &given)) return NULL;
    if (napi_get_value_double(env, given, &count) != napi_ok ||
        !(count >= 0 && count < 4294967296.0)) {
        return mgn_throw(env, "mgeo: no number of pairs");
    }
    mgb_texts *texts = mgb_texts_create((size_t)count);
    if (texts == NULL) return mgn_throw(env, "mgeo: no memory for texts");
    return mgn_address(env, texts);
}

/* The code is a status, so that what a caller's own getter throws is not taken for it. */
static int fail_row(napi_env env, uint32_t row, const char *what, const char *status) {
    char message[96];
    snprintf(message, sizeof message, "pair %lu: %s", (unsigned long)row, what);
    napi_throw_type_error(env, status, message);
    return 0;
}

static int fail_memory(napi_env env, uint32_t row) {
    return fail_row(env, row, "no memory for its texts", "MGEO_E_MEMORY");
}

static int add_text(napi_env env, mgb_texts *texts, napi_value value, uint32_t row,
                    const char *what) {
    size_t length = 0;
    if (napi_get_value_string_utf16(env, value, NULL, 0, &length) != napi_ok) {
        return fail_row(env, row, what, "MGEO_E_ARGUMENT");
    }
    uint16_t *units = mgb_texts_units(texts, length + 1);
    if (units == NULL) return fail_memory(env, row);
    _Static_assert(sizeof(char16_t) == sizeof *units, "units of 16 bits");
    napi_get_value_string_utf16(env, value, (char16_t *)units, length + 1, &length);
    return mgb_texts_add(texts, length) ? 1 : fail_memory(env, row);
}

/* Row `row` of one array of pairs (b is undefined) or of two arrays of texts. */
static int add_row(napi_env env, mgb_texts *texts, napi_value a, napi_value b, int of_pairs,
                   uint32_t row) {
    napi_value left = NULL, right = NULL, pair = NULL;
    if (!of_pairs) {
        if (napi_get_element(env, a, row, &left) != napi_ok) return 0;
        if (napi_get_element(env, b, row, &right) != napi_ok) return 0;
    } else {
        if (napi_get_element(env, a, row, &pair) != napi_ok) return 0;
        bool is_array = false;
        napi_is_array(env, pair, &is_array);
        if (!is_array) return fail_row(env, row, "is no array of two strings", "MGEO_E_ARGUMENT");
        if (napi_get_element(env, pair, 0, &left) != napi_ok) return 0;
        if (napi_get_element(env, pair, 1, &right) != napi_ok) return 0;
    }
    return add_text(env, texts, left, row, "text a is no string") &&
           add_text(env, texts, right, row, "text b is no string");
}

/* textsAdd(texts, a, b, from, to) */
napi_value mgn_texts_add(napi_env env, napi_callback_info info) {
    napi_value given[5];
    uint32_t from = 0, to = 0;
    napi_valuetype type_of_b = napi_undefined;
    if (!mgn_arguments(env, info, 5, given)) return NULL;
    mgb_texts *texts = mgn_pointer(env, given[0]);
    napi_typeof(env, given[2], &type_of_b);
    napi_get_value_uint32(env, given[3], &from);
    napi_get_value_uint32(env, given[4], &to);
    for (int added = 1; added && from < to;) {
        napi_handle_scope scope = NULL;
        uint32_t end = to - from > ROWS_A_SCOPE ? from + ROWS_A_SCOPE : to;
        if (napi_open_handle_scope(env, &scope) != napi_ok) return NULL;
        for (; added && from < end; from++) {
            added = add_row(env, texts, given[1], given[2], type_of_b == napi_undefined, from);
        }
        napi_close_handle_scope(env, scope);
    }
    return NULL;
}

napi_value mgn_texts_pairs(napi_env env, napi_callback_info info) {
    napi_value address;
    if (!mgn_arguments(env, info, 1, &address)) return NULL;
    return mgn_address(env, ((const mgb_texts *)mgn_pointer(env, address))->pairs);
}

napi_value mgn_texts_free(napi_env env, napi_callback_info info) {
    napi_value address;
    if (mgn_arguments(env, info, 1, &address)) mgb_texts_destroy(mgn_pointer(env, address));
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The normal form, as the public function sees it. */
#include "match/normal/normal_form.h"
#include "api/check.h"

#include <string.h>

/* Writes a character at `at` if it is not NULL. Returns its bytes. */
static size_t encode(uint32_t character, char *at) {
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    if (at == NULL) return length;
    for (size_t i = length; i-- > 1; character >>= 6) {
        at[i] = (char)(0x80 | (character & 0x3F));
    }
    at[0] = (char)(leads[length < 2 ? 0 : length] | character);
    return length;
}

static size_t encode_all(const mgi_normal_form *made, char *at) {
    size_t length = 0;
    for (size_t i = 0; i < made->count; i++) {
        length += encode(made->characters[i], at == NULL ? NULL : at + length);
    }
    return length;
}

static mgeo_status check_arguments(const char *text, size_t *text_len, const char *form,
                                   size_t capacity, const size_t *length, mgeo_error *error) {
    if (length == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "length is NULL");
    if (text == NULL && *text_len != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "text is NULL and its length is not 0");
    }
    if (form == NULL && capacity != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "form is NULL and its capacity is not 0");
    }
    if (*text_len == MGEO_NUL_TERMINATED) {
        *text_len = strlen(text);
    } else if (*text_len > PTRDIFF_MAX) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "text_len is %zu: no text is that long", *text_len);
    }
    return MGEO_OK;
}

static mgeo_status make(mgi_normal_form *made, const char *text, size_t bytes, mgeo_error *error) {
    switch (mgi_normal_form_make(made, text, bytes)) {
    case MGI_NORMAL_NOT_UTF8:
        return mgi_fail(error, MGEO_E_ARGUMENT, "the text is not UTF-8: convert it");
    case MGI_NORMAL_NO_MEMORY: return mgi_fail_memory(error, "a normal form", bytes);
    case MGI_NORMAL_OK: break;
    }
    return MGEO_OK;
}

mgeo_status mgeo_normal_form(const char *text, size_t text_len, char *form, size_t capacity,
                             size_t *length, mgeo_error *error) {
    if (length != NULL) *length = 0;
    if (form != NULL && capacity > 0) form[0] = '\0';
    mgeo_status status = check_arguments(text, &text_len, form, capacity, length, error);
    if (status != MGEO_OK) return status;
    mgi_normal_form made = {0};
    status = make(&made, text, text_len, error);
    if (status != MGEO_OK) goto cleanup;
    *length = encode_all(&made, NULL);
    if (form == NULL) goto cleanup;
    if (*length < capacity) {
        form[encode_all(&made, form)] = '\0';
    } else {
        status = mgi_fail(error, MGEO_E_CAPACITY,
                          "the normal form has %zu bytes and a NUL, the capacity is %zu", *length,
                          capacity);
    }

cleanup:
    mgi_normal_form_finish(&made);
    return mgi_check_conclude(status, error);
}

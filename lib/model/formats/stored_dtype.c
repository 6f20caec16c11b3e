/* SPDX-License-Identifier: Apache-2.0 */
/* The types of numbers that files of weights may hold, whether or not scoring reads them. */
#include "model/formats/stored_dtype.h"

#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} dtypes[MGI_STORED_DTYPES] = {
    [MGI_STORED_F32] = {"F32", 4},         [MGI_STORED_F16] = {"F16", 2},
    [MGI_STORED_BF16] = {"BF16", 2},       [MGI_STORED_F64] = {"F64", 8},
    [MGI_STORED_I64] = {"I64", 8},         [MGI_STORED_I32] = {"I32", 4},
    [MGI_STORED_I16] = {"I16", 2},         [MGI_STORED_I8] = {"I8", 1},
    [MGI_STORED_U64] = {"U64", 8},         [MGI_STORED_U32] = {"U32", 4},
    [MGI_STORED_U16] = {"U16", 2},         [MGI_STORED_U8] = {"U8", 1},
    [MGI_STORED_BOOL] = {"BOOL", 1},       [MGI_STORED_F8_E4M3] = {"F8_E4M3", 1},
    [MGI_STORED_F8_E5M2] = {"F8_E5M2", 1},
};

const char *mgi_stored_dtype_name(mgi_stored_dtype type) { return dtypes[type].name; }

size_t mgi_stored_dtype_bytes(mgi_stored_dtype type) { return dtypes[type].bytes; }

mgi_stored_dtype mgi_stored_dtype_find(const char *name) {
    int type = 0;
    while (type < MGI_STORED_DTYPES && strcmp(dtypes[type].name, name) != 0) type++;
    return (mgi_stored_dtype)type;
}

bool mgi_stored_dtype_shape_size(const uint64_t *shape, uint32_t rank, mgi_stored_dtype type,
                                 uint64_t *numbers, size_t *bytes) {
    *numbers = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(*numbers, shape[i], numbers)) return false;
    }
    return !__builtin_mul_overflow(*numbers, dtypes[type].bytes, bytes);
}

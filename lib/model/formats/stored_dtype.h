/* SPDX-License-Identifier: Apache-2.0 */
/* The types of numbers that files of weights may hold, whether or not scoring reads them. */
#ifndef MGI_MODEL_FORMATS_STORED_DTYPE_H
#define MGI_MODEL_FORMATS_STORED_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mgi_stored_dtype {
    MGI_STORED_F32,
    MGI_STORED_F16,
    MGI_STORED_BF16,
    MGI_STORED_F64,
    MGI_STORED_I64,
    MGI_STORED_I32,
    MGI_STORED_I16,
    MGI_STORED_I8,
    MGI_STORED_U64,
    MGI_STORED_U32,
    MGI_STORED_U16,
    MGI_STORED_U8,
    MGI_STORED_BOOL,
    MGI_STORED_F8_E4M3,
    MGI_STORED_F8_E5M2,
    MGI_STORED_DTYPES /* how many there are */
} mgi_stored_dtype;

/* The type's name as safetensors writes it, and the bytes of one number. */
const char *mgi_stored_dtype_name(mgi_stored_dtype type);
size_t mgi_stored_dtype_bytes(mgi_stored_dtype type);

/* The type of that name, or MGI_STORED_DTYPES. */
mgi_stored_dtype mgi_stored_dtype_find(const char *name);

/* Numbers of a shape and their bytes; false if either overflows. */
bool mgi_stored_dtype_shape_size(const uint64_t *shape, uint32_t rank, mgi_stored_dtype type,
                                 uint64_t *numbers, size_t *bytes);

#endif

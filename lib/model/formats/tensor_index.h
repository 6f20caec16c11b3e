/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a checkpoint as its files store them: names, types, shapes, where the bytes lie.
 */
#ifndef MGI_MODEL_FORMATS_TENSOR_INDEX_H
#define MGI_MODEL_FORMATS_TENSOR_INDEX_H

#include "core/regular_file.h"
#include "core/status.h"
#include "model/formats/stored_dtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MGI_TENSOR_INDEX_MAX_RANK = 8,
    MGI_TENSOR_INDEX_MAX_NAME = 255,     /* bytes of the longest name */
    MGI_TENSOR_INDEX_MAX_TENSORS = 65536 /* tensors of one checkpoint */
};

typedef struct mgi_tensor_index_file {
    mgi_regular_file input;
    char *path;
} mgi_tensor_index_file;

typedef struct mgi_stored_tensor {
    const char *name;                  /* owned by the index */
    const mgi_tensor_index_file *file; /* the file it lies in */
    uint64_t offset;                   /* in the file, in which the bytes lie wholly */
    size_t bytes;
    uint64_t shape[MGI_TENSOR_INDEX_MAX_RANK];
    uint32_t rank;
    mgi_stored_dtype type;
    bool dense; /* row-major without gaps, so that bytes is what the shape implies */
} mgi_stored_tensor;

typedef struct mgi_tensor_index {
    mgi_tensor_index_file **files;
    size_t file_count;
    mgi_stored_tensor *tensors; /* in the files' order */
    size_t count;
    size_t capacity;
    uint32_t *by_name; /* after mgi_tensor_index_seal: indices in the order of names */
} mgi_tensor_index;

void mgi_tensor_index_init(mgi_tensor_index *index);
void mgi_tensor_index_finish(mgi_tensor_index *index);

/* Opens directory/name; the file stays open until mgi_tensor_index_finish. */
mgeo_status mgi_tensor_index_open(mgi_tensor_index *index, const char *directory, const char *name,
                                  const mgi_tensor_index_file **file, mgeo_error *error);

/* Adds a tensor under a copy of name_bytes at name, which need no NUL. tensor->name is ignored.
 * Errors: MGEO_E_FORMAT (a name that no checkpoint has, too many tensors), MGEO_E_MEMORY. */
mgeo_status mgi_tensor_index_add(mgi_tensor_index *index, const mgi_stored_tensor *tensor,
                                 const char *name, size_t name_bytes, mgeo_error *error);

/* Ends the adding: finds duplicate names and makes mgi_tensor_index_find work. */
mgeo_status mgi_tensor_index_seal(mgi_tensor_index *index, mgeo_error *error);

/* The tensor of that name, or NULL. */
const mgi_stored_tensor *mgi_tensor_index_find(const mgi_tensor_index *index, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a checkpoint as its files store them: names, types, shapes, where the bytes lie.
 */
#define _GNU_SOURCE
#include "model/formats/tensor_index.h"

#include "core/alloc.h"
#include "core/pathname.h"

#include <stdlib.h>
#include <string.h>

void mgi_tensor_index_init(mgi_tensor_index *index) { *index = (mgi_tensor_index){0}; }

void mgi_tensor_index_finish(mgi_tensor_index *index) {
    for (size_t i = 0; i < index->count; i++) mgi_free((char *)(uintptr_t)index->tensors[i].name);
    for (size_t i = 0; i < index->file_count; i++) {
        mgi_regular_file_close(&index->files[i]->input);
        mgi_free(index->files[i]->path);
        mgi_free(index->files[i]);
    }
    mgi_free(index->files);
    mgi_free(index->tensors);
    mgi_free(index->by_name);
    mgi_tensor_index_init(index);
}

mgeo_status mgi_tensor_index_open(mgi_tensor_index *index, const char *directory, const char *name,
                                  const mgi_tensor_index_file **file, mgeo_error *error) {
    mgi_tensor_index_file **files =
        mgi_realloc(index->files, index->file_count + 1, sizeof(mgi_tensor_index_file *));
    if (files == NULL) return mgi_fail_memory(error, "the list of files", index->file_count);
    index->files = files;
    mgi_tensor_index_file *fresh = mgi_calloc(1, sizeof *fresh);
    if (fresh == NULL) return mgi_fail_memory(error, "a file", sizeof *fresh);
    fresh->input = mgi_regular_file_none;
    files[index->file_count++] = fresh;
    fresh->path = mgi_pathname_join(directory, name);
    if (fresh->path == NULL) return mgi_fail_memory(error, "a path", strlen(name));
    *file = fresh;
    return mgi_regular_file_open(&fresh->input, fresh->path, error);
}

/* Names are printed, compared and handed to callers: only what real checkpoints use is accepted. */
static bool name_is_plain(const char *name, size_t bytes) {
    if (bytes == 0 || bytes > MGI_TENSOR_INDEX_MAX_NAME) return false;
    for (size_t i = 0; i < bytes; i++) {
        if (name[i] < 0x20 || name[i] > 0x7E) return false;
    }
    return true;
}

static mgeo_status grow(mgi_tensor_index *index, mgeo_error *error) {
    size_t capacity = index->capacity == 0 ? 256 : index->capacity * 2;
    mgi_stored_tensor *tensors = mgi_realloc(index->tensors, capacity, sizeof *tensors);
    if (tensors == NULL) return mgi_fail_memory(error, "tensors", capacity * sizeof *tensors);
    index->tensors = tensors;
    index->capacity = capacity;
    return MGEO_OK;
}

mgeo_status mgi_tensor_index_add(mgi_tensor_index *index, const mgi_stored_tensor *tensor,
                                 const char *name, size_t name_bytes, mgeo_error *error) {
    const char *path = mgi_pathname_shown(tensor->file->path);
    if (!name_is_plain(name, name_bytes)) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: tensor %zu: name: not 1 to %d printable ASCII characters", path,
                        index->count, MGI_TENSOR_INDEX_MAX_NAME);
    }
    if (index->count == MGI_TENSOR_INDEX_MAX_TENSORS) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: more than %d tensors", path,
                        MGI_TENSOR_INDEX_MAX_TENSORS);
    }
    if (index->count == index->capacity) {
        mgeo_status status = grow(index, error);
        if (status != MGEO_OK) return status;
    }
    char *copy = mgi_calloc(name_bytes + 1, 1);
    if (copy == NULL) return mgi_fail_memory(error, "a tensor's name", name_bytes + 1);
    memcpy(copy, name, name_bytes);
    index->tensors[index->count] = *tensor;
    index->tensors[index->count++].name = copy;
    return MGEO_OK;
}

static int compare_names(const void *left, const void *right, void *tensors) {
    const mgi_stored_tensor *all = tensors;
    return strcmp(all[*(const uint32_t *)left].name, all[*(const uint32_t *)right].name);
}

mgeo_status mgi_tensor_index_seal(mgi_tensor_index *index, mgeo_error *error) {
    index->by_name = mgi_calloc(index->count, sizeof *index->by_name);
    if (index->by_name == NULL) return mgi_fail_memory(error, "tensor names", index->count);
    for (size_t i = 0; i < index->count; i++) index->by_name[i] = (uint32_t)i;
    if (index->count > 1) {
        qsort_r(index->by_name, index->count, sizeof *index->by_name, compare_names,
                index->tensors);
    }
    for (size_t i = 1; i < index->count; i++) {
        const mgi_stored_tensor *before = &index->tensors[index->by_name[i - 1]];
        const mgi_stored_tensor *tensor = &index->tensors[index->by_name[i]];
        if (strcmp(before->name, tensor->name) == 0) {
            return mgi_fail(error, MGEO_E_FORMAT, "%s: tensor %s: there twice",
                            mgi_pathname_shown(tensor->file->path), tensor->name);
        }
    }
    return MGEO_OK;
}

const mgi_stored_tensor *mgi_tensor_index_find(const mgi_tensor_index *index, const char *name) {
    size_t low = 0;
    size_t high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const mgi_stored_tensor *tensor = &index->tensors[index->by_name[middle]];
        int order = strcmp(name, tensor->name);
        if (order == 0) return tensor;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

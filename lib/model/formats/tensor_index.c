/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a checkpoint as its files store them: names, types, shapes, where the bytes lie.
 */
#define _GNU_SOURCE
#include "model/formats/tensor_index.h"

#include "core/alloc.h"
#include "core/pathname.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[MGI_STORED_DTYPES] = {
    [MGI_STORED_F32] = {"F32", 4},         [MGI_STORED_F16] = {"F16", 2},
    [MGI_STORED_BF16] = {"BF16", 2},       [MGI_STORED_F64] = {"F64", 8},
    [MGI_STORED_I64] = {"I64", 8},         [MGI_STORED_I32] = {"I32", 4},
    [MGI_STORED_I16] = {"I16", 2},         [MGI_STORED_I8] = {"I8", 1},
    [MGI_STORED_U64] = {"U64", 8},         [MGI_STORED_U32] = {"U32", 4},
    [MGI_STORED_U16] = {"U16", 2},         [MGI_STORED_U8] = {"U8", 1},
    [MGI_STORED_BOOL] = {"BOOL", 1},       [MGI_STORED_F8_E4M3] = {"F8_E4M3", 1},
    [MGI_STORED_F8_E5M2] = {"F8_E5M2", 1},
};

const char *mgi_stored_dtype_name(mgi_stored_dtype type) { return types[type].name; }

size_t mgi_stored_dtype_bytes(mgi_stored_dtype type) { return types[type].bytes; }

mgi_stored_dtype mgi_stored_dtype_find(const char *name) {
    int type = 0;
    while (type < MGI_STORED_DTYPES && strcmp(types[type].name, name) != 0) type++;
    return (mgi_stored_dtype)type;
}

bool mgi_stored_dtype_shape_size(const uint64_t *shape, uint32_t rank, mgi_stored_dtype type,
                                 uint64_t *numbers, size_t *bytes) {
    *numbers = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(*numbers, shape[i], numbers)) return false;
    }
    return !__builtin_mul_overflow(*numbers, types[type].bytes, bytes);
}

void mgi_tensor_index_init(mgi_tensor_index *store) { *store = (mgi_tensor_index){0}; }

void mgi_tensor_index_finish(mgi_tensor_index *store) {
    for (size_t i = 0; i < store->count; i++) mgi_free((char *)(uintptr_t)store->tensors[i].name);
    for (size_t i = 0; i < store->file_count; i++) {
        mgi_mapfile_close(&store->files[i]->map);
        mgi_free(store->files[i]->path);
        mgi_free(store->files[i]);
    }
    mgi_free(store->files);
    mgi_free(store->tensors);
    mgi_free(store->by_name);
    mgi_tensor_index_init(store);
}

mgeo_status mgi_tensor_index_map(mgi_tensor_index *store, const char *directory, const char *name,
                                 const mgi_tensor_index_file **file, mgeo_error *error) {
    mgi_tensor_index_file **files =
        mgi_realloc(store->files, store->file_count + 1, sizeof(mgi_tensor_index_file *));
    if (files == NULL) return mgi_fail_memory(error, "the list of files", store->file_count);
    store->files = files;
    mgi_tensor_index_file *fresh = mgi_calloc(1, sizeof *fresh);
    if (fresh == NULL) return mgi_fail_memory(error, "a file", sizeof *fresh);
    files[store->file_count++] = fresh;
    fresh->path = mgi_pathname_join(directory, name);
    if (fresh->path == NULL) return mgi_fail_memory(error, "a path", strlen(name));
    *file = fresh;
    return mgi_mapfile_open(&fresh->map, fresh->path, error);
}

/* Names are printed, compared and handed to callers: only what real checkpoints use is let in. */
static bool name_is_plain(const char *name, size_t bytes) {
    if (bytes == 0 || bytes > MGI_TENSOR_INDEX_MAX_NAME) return false;
    for (size_t i = 0; i < bytes; i++) {
        if (name[i] < 0x20 || name[i] > 0x7E) return false;
    }
    return true;
}

static mgeo_status grow(mgi_tensor_index *store, mgeo_error *error) {
    size_t capacity = store->capacity == 0 ? 256 : store->capacity * 2;
    mgi_stored_tensor *tensors = mgi_realloc(store->tensors, capacity, sizeof *tensors);
    if (tensors == NULL) return mgi_fail_memory(error, "tensors", capacity * sizeof *tensors);
    store->tensors = tensors;
    store->capacity = capacity;
    return MGEO_OK;
}

mgeo_status mgi_tensor_index_add(mgi_tensor_index *store, const mgi_stored_tensor *tensor,
                                 const char *name, size_t name_bytes, mgeo_error *error) {
    const char *path = mgi_pathname_shown(tensor->file->path);
    if (!name_is_plain(name, name_bytes)) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: tensor %zu: name: not 1 to %d printable ASCII characters", path,
                        store->count, MGI_TENSOR_INDEX_MAX_NAME);
    }
    if (store->count == MGI_TENSOR_INDEX_MAX_TENSORS) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: more than %d tensors", path,
                        MGI_TENSOR_INDEX_MAX_TENSORS);
    }
    if (store->count == store->capacity) {
        mgeo_status status = grow(store, error);
        if (status != MGEO_OK) return status;
    }
    char *copy = mgi_calloc(name_bytes + 1, 1);
    if (copy == NULL) return mgi_fail_memory(error, "a tensor's name", name_bytes + 1);
    memcpy(copy, name, name_bytes);
    store->tensors[store->count] = *tensor;
    store->tensors[store->count++].name = copy;
    return MGEO_OK;
}

static int compare_names(const void *left, const void *right, void *tensors) {
    const mgi_stored_tensor *all = tensors;
    return strcmp(all[*(const uint32_t *)left].name, all[*(const uint32_t *)right].name);
}

mgeo_status mgi_tensor_index_seal(mgi_tensor_index *store, mgeo_error *error) {
    store->by_name = mgi_calloc(store->count, sizeof *store->by_name);
    if (store->by_name == NULL) return mgi_fail_memory(error, "tensor names", store->count);
    for (size_t i = 0; i < store->count; i++) store->by_name[i] = (uint32_t)i;
    if (store->count > 1) {
        qsort_r(store->by_name, store->count, sizeof *store->by_name, compare_names,
                store->tensors);
    }
    for (size_t i = 1; i < store->count; i++) {
        const mgi_stored_tensor *before = &store->tensors[store->by_name[i - 1]];
        const mgi_stored_tensor *tensor = &store->tensors[store->by_name[i]];
        if (strcmp(before->name, tensor->name) == 0) {
            return mgi_fail(error, MGEO_E_FORMAT, "%s: tensor %s: there twice",
                            mgi_pathname_shown(tensor->file->path), tensor->name);
        }
    }
    return MGEO_OK;
}

const mgi_stored_tensor *mgi_tensor_index_find(const mgi_tensor_index *store, const char *name) {
    size_t low = 0;
    size_t high = store->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const mgi_stored_tensor *tensor = &store->tensors[store->by_name[middle]];
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

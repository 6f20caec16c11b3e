/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the header of a .safetensors file: 8 bytes of length, JSON, then the tensors' bytes. */
#include "model/formats/safetensors.h"

#include "core/alloc.h"
#include "core/json/json.h"
#include "core/pathname.h"
#include "model/formats/little_endian.h"

#include <stdlib.h>
#include <string.h>

/* The part of the file that holds numbers. */
typedef struct safetensors_body {
    const mgi_tensor_index_file *file;
    uint64_t begin; /* in the file */
    size_t size;
} safetensors_body;

static mgeo_status refuse_tensor(const safetensors_body *body, const char *name, const char *field,
                                 const char *reason, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: tensor %.255s: %s: %s",
                    mgi_pathname_shown(body->file->path), name, field, reason);
}

static mgeo_status read_shape(const safetensors_body *body, const char *name,
                              const mgi_json_value *shape, mgi_stored_tensor *tensor,
                              mgeo_error *error) {
    if (shape == NULL || shape->kind != MGI_JSON_ARRAY) {
        return refuse_tensor(body, name, "shape", "an array is expected", error);
    }
    if (shape->count > MGI_TENSOR_INDEX_MAX_RANK) {
        return refuse_tensor(body, name, "shape", "more than 8 dimensions", error);
    }
    uint64_t *to = tensor->shape;
    tensor->rank = shape->count;
    for (const mgi_json_value *size = shape->first; size != NULL; size = size->next) {
        if (size->kind != MGI_JSON_INTEGER || size->integer < 0) {
            return refuse_tensor(body, name, "shape", "whole numbers from 0 are expected", error);
        }
        *to++ = (uint64_t)size->integer;
    }
    return MGEO_OK;
}

static mgeo_status read_range(const safetensors_body *body, const char *name,
                              const mgi_json_value *range, mgi_stored_tensor *tensor,
                              mgeo_error *error) {
    static const char field[] = "data_offsets";
    const mgi_json_value *first = mgi_json_tree_first(range);
    int64_t begin, end;
    if (first == NULL || range->count != 2 || !mgi_json_tree_integer(first, &begin) ||
        !mgi_json_tree_integer(first->next, &end)) {
        return refuse_tensor(body, name, field, "two whole numbers are expected", error);
    }
    if (begin < 0 || end < begin) {
        return refuse_tensor(body, name, field, "not in order", error);
    }
    if ((uint64_t)end > body->size) {
        return refuse_tensor(body, name, field, "runs past the end of the file", error);
    }
    tensor->offset = body->begin + (uint64_t)begin;
    tensor->bytes = (size_t)(end - begin);
    return MGEO_OK;
}

static mgeo_status read_type(const safetensors_body *body, const char *name,
                             const mgi_json_value *type, mgi_stored_tensor *tensor,
                             mgeo_error *error) {
    const char *spelling = mgi_json_tree_text(type);
    if (spelling == NULL) {
        return refuse_tensor(body, name, "dtype", "a string is expected", error);
    }
    tensor->type = mgi_stored_dtype_find(spelling);
    if (tensor->type == MGI_STORED_DTYPES) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: tensor %.255s: dtype: %.32s is not known",
                        mgi_pathname_shown(body->file->path), name, spelling);
    }
    return MGEO_OK;
}

static mgeo_status read_tensor(mgi_tensor_index *index, const safetensors_body *body,
                               const mgi_json_value *fields, mgeo_error *error) {
    const char *name = fields->key;
    mgi_stored_tensor tensor = {.file = body->file, .dense = true};
    if (fields->kind != MGI_JSON_OBJECT) {
        return refuse_tensor(body, name, "header", "an object is expected", error);
    }
    mgeo_status status =
        read_type(body, name, mgi_json_tree_member(fields, "dtype"), &tensor, error);
    if (status != MGEO_OK) return status;
    status = read_shape(body, name, mgi_json_tree_member(fields, "shape"), &tensor, error);
    if (status != MGEO_OK) return status;
    status = read_range(body, name, mgi_json_tree_member(fields, "data_offsets"), &tensor, error);
    if (status != MGEO_OK) return status;
    uint64_t numbers;
    size_t bytes;
    if (!mgi_stored_dtype_shape_size(tensor.shape, tensor.rank, tensor.type, &numbers, &bytes)) {
        return refuse_tensor(body, name, "shape", "too large", error);
    }
    if (bytes != tensor.bytes) {
        return refuse_tensor(body, name, "data_offsets", "not the size of shape and dtype", error);
    }
    return mgi_tensor_index_add(index, &tensor, name, strlen(name), error);
}

static mgeo_status read_tensors(mgi_tensor_index *index, const safetensors_body *body,
                                const mgi_json_value *header, mgeo_error *error) {
    for (const mgi_json_value *fields = header->first; fields != NULL; fields = fields->next) {
        if (strcmp(fields->key, "__metadata__") == 0) continue;
        mgeo_status status = read_tensor(index, body, fields, error);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

static int compare_places(const void *left, const void *right) {
    const mgi_stored_tensor *a = left;
    const mgi_stored_tensor *b = right;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

/* Bytes that no tensor names could hide anything; bytes that two name are an attack or a defect. */
static mgeo_status check_cover(const safetensors_body *body, mgi_tensor_index *index, size_t first,
                               mgeo_error *error) {
    size_t covered = 0;
    if (index->count > first + 1) {
        qsort(index->tensors + first, index->count - first, sizeof *index->tensors, compare_places);
    }
    for (size_t i = first; i < index->count; i++) {
        const mgi_stored_tensor *tensor = &index->tensors[i];
        size_t begin = (size_t)(tensor->offset - body->begin);
        if (begin != covered) {
            return refuse_tensor(body, tensor->name, "data_offsets",
                                 begin > covered ? "a hole before it" : "overlaps another", error);
        }
        covered = begin + tensor->bytes;
    }
    if (covered != body->size) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %zu bytes after the last tensor",
                        mgi_pathname_shown(body->file->path), body->size - covered);
    }
    return MGEO_OK;
}

static mgeo_status header_size(const mgi_tensor_index_file *file, size_t *size, mgeo_error *error) {
    const char *path = mgi_pathname_shown(file->path);
    const size_t all = file->input.size;
    unsigned char bytes[8];
    if (all < sizeof bytes) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: header length: the file has only %zu bytes",
                        path, all);
    }
    mgeo_status status = mgi_regular_file_read(&file->input, 0, sizeof bytes, bytes, error);
    if (status != MGEO_OK) return status;
    uint64_t length = mgi_little_endian_u64(bytes);
    if (length > all - sizeof bytes) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: header length: %llu bytes run past the end of the file", path,
                        (unsigned long long)length);
    }
    if (length > MGI_SAFETENSORS_MAX_HEADER) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: header length: %llu bytes; at most %d are read",
                        path, (unsigned long long)length, MGI_SAFETENSORS_MAX_HEADER);
    }
    *size = (size_t)length;
    return MGEO_OK;
}

static mgeo_status read_header(const mgi_tensor_index_file *file, size_t size,
                               mgi_json_value **header, mgeo_error *error) {
    void *text = mgi_calloc(size, 1);
    if (text == NULL) return mgi_fail_memory(error, "a header", size);
    mgeo_status status = mgi_regular_file_read(&file->input, 8, size, text, error);
    if (status == MGEO_OK) status = mgi_json_parse(text, size, file->path, header, error);
    mgi_free(text);
    return status;
}

mgeo_status mgi_safetensors_read(mgi_tensor_index *index, const mgi_tensor_index_file *file,
                                 mgeo_error *error) {
    size_t size = 0;
    mgi_json_value *header;
    mgeo_status status = header_size(file, &size, error);
    if (status == MGEO_OK) status = read_header(file, size, &header, error);
    if (status != MGEO_OK) return status;
    const safetensors_body body = {
        .file = file, .begin = 8 + size, .size = file->input.size - 8 - size};
    size_t before = index->count;
    status = read_tensors(index, &body, header, error);
    if (status == MGEO_OK) status = check_cover(&body, index, before, error);
    mgi_json_tree_free(header);
    return status;
}

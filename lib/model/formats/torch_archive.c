/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tensors of a pytorch_model.bin: a zip archive with a pickle in it. */
#include "model/formats/torch_archive.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/formats/pickle.h"
#include "model/formats/zip.h"

#include <stdio.h>
#include <string.h>

typedef struct torch_reader {
    mgi_tensor_index *index;
    const mgi_tensor_index_file *file;
    const char *path; /* as shown */
    mgi_zip zip;
    const char *root; /* every entry's name begins with it and a slash */
    size_t root_bytes;
    mgi_pickle pickle;
    mgeo_error *error;
} torch_reader;

/* A tensor as the pickle describes it. */
typedef struct described_tensor {
    const char *name; /* the key in the state dict, without a NUL */
    size_t name_bytes;
    const mgi_pickle_global *type;
    const char *key; /* of the storage */
    size_t key_bytes;
    uint64_t numbers; /* in the storage */
    uint64_t offset;
    uint64_t shape[MGI_TENSOR_INDEX_MAX_RANK], stride[MGI_TENSOR_INDEX_MAX_RANK];
    uint32_t rank;
} described_tensor;

static mgeo_status bad_tensor(torch_reader *reader, const described_tensor *tensor,
                              const char *field, const char *reason) {
    int bytes = tensor->name_bytes < 128 ? (int)tensor->name_bytes : 128;
    char name[129];
    for (int i = 0; i < bytes; i++) {
        name[i] = tensor->name[i] >= 0x20 && tensor->name[i] < 0x7F ? tensor->name[i] : '?';
    }
    name[bytes] = '\0';
    return mgi_fail(reader->error, MGEO_E_FORMAT, "%s: tensor %s: %s: %s", reader->path, name,
                    field, reason);
}

/* ---- entries of the archive ------------------------------------------------------------------ */

static const mgi_zip_entry *archive_entry(const torch_reader *reader, const char *folder,
                                          const char *name, size_t name_bytes) {
    char path[MGI_ZIP_MAX_NAME];
    size_t folder_bytes = strlen(folder);
    size_t bytes = reader->root_bytes + 1 + folder_bytes + name_bytes;
    if (name_bytes > sizeof path || bytes > sizeof path) return NULL;
    memcpy(path, reader->root, reader->root_bytes);
    path[reader->root_bytes] = '/';
    memcpy(path + reader->root_bytes + 1, folder, folder_bytes);
    memcpy(path + reader->root_bytes + 1 + folder_bytes, name, name_bytes);
    return mgi_zip_find(&reader->zip, path, bytes);
}

static bool ends_with(const mgi_zip_entry *entry, const char *ending) {
    const size_t bytes = strlen(ending);
    return entry->name_bytes > bytes &&
           memcmp(entry->name + entry->name_bytes - bytes, ending, bytes) == 0;
}

/* The root is the folder that holds data.pkl, and all that is there lies in it. */
static mgeo_status find_pickle(torch_reader *reader, const mgi_zip_entry **pickle) {
    *pickle = NULL;
    for (size_t i = 0; i < reader->zip.count; i++) {
        const mgi_zip_entry *entry = &reader->zip.entries[i];
        if (!ends_with(entry, "/data.pkl")) continue;
        if (*pickle != NULL) {
            return mgi_fail(reader->error, MGEO_E_FORMAT,
                            "%s: zip: two entries called data.pkl: which one is meant is not told",
                            reader->path);
        }
        *pickle = entry;
        reader->root = entry->name;
        reader->root_bytes = entry->name_bytes - strlen("/data.pkl");
    }
    if (*pickle != NULL) return MGEO_OK;
    return mgi_fail(reader->error, MGEO_E_FORMAT, "%s: zip: no data.pkl in it", reader->path);
}

/* torch.jit.save writes the same archive, with code in it. */
static mgeo_status check_kind(torch_reader *reader) {
    if (archive_entry(reader, "", "constants.pkl", 13) == NULL) return MGEO_OK;
    return mgi_fail(reader->error, MGEO_E_UNSUPPORTED,
                    "%s: a TorchScript program, not a state dict; save model.state_dict() with "
                    "torch.save",
                    reader->path);
}

static mgeo_status check_byte_order(torch_reader *reader) {
    const mgi_zip_entry *entry = archive_entry(reader, "", "byteorder", 9);
    char order[6] = {0};
    if (entry == NULL) return MGEO_OK;
    if (entry->bytes == sizeof order) {
        mgeo_status status = mgi_regular_file_read(&reader->file->input, entry->offset,
                                                   sizeof order, order, reader->error);
        if (status != MGEO_OK) return status;
    }
    if (memcmp(order, "little", sizeof order) == 0) return MGEO_OK;
    return mgi_fail(reader->error, MGEO_E_UNSUPPORTED,
                    "%s: byteorder: only little-endian files are read", reader->path);
}

/* ---- values of the pickle -------------------------------------------------------------------- */

static const mgi_pickle_value *value_at(const torch_reader *reader, uint32_t index) {
    return &reader->pickle.values[index];
}

/* Member `number` of a tuple; None where it has fewer. */
static const mgi_pickle_value *member(const torch_reader *reader, const mgi_pickle_value *tuple,
                                      uint32_t number) {
    if (number >= tuple->count) return value_at(reader, MGI_PICKLE_NONE);
    uint32_t cell = tuple->first;
    while (number-- > 0) cell = reader->pickle.cells[cell].next;
    return value_at(reader, reader->pickle.cells[cell].value);
}

static bool read_natural(const mgi_pickle_value *value, uint64_t *number) {
    if (value->kind != MGI_PICKLE_KIND_INTEGER || value->integer < 0) return false;
    *number = (uint64_t)value->integer;
    return true;
}

/* A tuple of at most MGI_TENSOR_INDEX_MAX_RANK numbers from 0 on. */
static bool read_naturals(const torch_reader *reader, const mgi_pickle_value *tuple,
                          uint64_t numbers[MGI_TENSOR_INDEX_MAX_RANK], uint32_t *count) {
    if (tuple->kind != MGI_PICKLE_KIND_TUPLE || tuple->count > MGI_TENSOR_INDEX_MAX_RANK) {
        return false;
    }
    *count = tuple->count;
    for (uint32_t i = 0; i < tuple->count; i++) {
        if (!read_natural(member(reader, tuple, i), &numbers[i])) return false;
    }
    return true;
}

/* ('storage', a storage type, key, device, numbers) */
static mgeo_status describe_storage(torch_reader *reader, const mgi_pickle_value *storage,
                                    described_tensor *tensor) {
    if (storage->kind != MGI_PICKLE_KIND_STORAGE) {
        return bad_tensor(reader, tensor, "storage", "not a storage");
    }
    const mgi_pickle_value *id = value_at(reader, storage->argument);
    const mgi_pickle_value *mark = member(reader, id, 0);
    const mgi_pickle_value *type = member(reader, id, 1);
    const mgi_pickle_value *key = member(reader, id, 2);
    if (mark->kind != MGI_PICKLE_KIND_TEXT || mark->bytes != 7 ||
        memcmp(mark->text, "storage", 7) != 0 || type->kind != MGI_PICKLE_KIND_GLOBAL ||
        type->global->kind != MGI_PICKLE_GLOBAL_STORAGE || key->kind != MGI_PICKLE_KIND_TEXT ||
        !read_natural(member(reader, id, 4), &tensor->numbers)) {
        return bad_tensor(reader, tensor, "storage", "an id that torch.save does not write");
    }
    tensor->type = type->global;
    tensor->key = key->text;
    tensor->key_bytes = key->bytes;
    return MGEO_OK;
}

/* (storage, offset, shape, stride, …) */
static mgeo_status describe_tensor(torch_reader *reader, const mgi_pickle_value *arguments,
                                   described_tensor *tensor) {
    uint32_t strides;
    mgeo_status status = describe_storage(reader, member(reader, arguments, 0), tensor);
    if (status != MGEO_OK) return status;
    if (!read_natural(member(reader, arguments, 1), &tensor->offset)) {
        return bad_tensor(reader, tensor, "offset", "a whole number from 0 is expected");
    }
    if (!read_naturals(reader, member(reader, arguments, 2), tensor->shape, &tensor->rank)) {
        return bad_tensor(reader, tensor, "shape", "up to 8 whole numbers are expected");
    }
    if (!read_naturals(reader, member(reader, arguments, 3), tensor->stride, &strides) ||
        strides != tensor->rank) {
        return bad_tensor(reader, tensor, "stride", "one whole number a dimension is expected");
    }
    return MGEO_OK;
}

/* Row-major without gaps? Strides of dimensions of size 1 mean nothing. */
static bool is_dense(const described_tensor *tensor) {
    uint64_t step = 1;
    for (uint32_t i = tensor->rank; i-- > 0;) {
        if (tensor->shape[i] != 1 && tensor->stride[i] != step) return false;
        if (__builtin_mul_overflow(step, tensor->shape[i], &step)) return false;
    }
    return true;
}

/* The numbers of the storage up to the last that the tensor reaches; false if beyond 64 bits. */
static bool storage_reach(const described_tensor *tensor, uint64_t *reach) {
    *reach = tensor->offset;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        uint64_t step;
        if (tensor->shape[i] == 0) return true;
        if (__builtin_mul_overflow(tensor->shape[i] - 1, tensor->stride[i], &step)) return false;
        if (__builtin_add_overflow(*reach, step, reach)) return false;
    }
    return !__builtin_add_overflow(*reach, 1, reach);
}

/* Finds the bytes of a described tensor and adds it to the index. */
static mgeo_status add_described(torch_reader *reader, const described_tensor *tensor) {
    mgi_stored_tensor stored = {
        .file = reader->file, .rank = tensor->rank, .type = tensor->type->type};
    const size_t width = mgi_stored_dtype_bytes(stored.type);
    const mgi_zip_entry *entry = archive_entry(reader, "data/", tensor->key, tensor->key_bytes);
    if (entry == NULL) return bad_tensor(reader, tensor, "storage", "not in the archive");
    if (entry->bytes % width != 0 || entry->bytes / width != tensor->numbers) {
        return bad_tensor(reader, tensor, "storage", "its entry has another size");
    }
    uint64_t numbers, reach;
    memcpy(stored.shape, tensor->shape, sizeof stored.shape);
    if (!mgi_stored_dtype_shape_size(stored.shape, stored.rank, stored.type, &numbers,
                                     &stored.bytes)) {
        return bad_tensor(reader, tensor, "shape", "too large");
    }
    if (!storage_reach(tensor, &reach) || reach > tensor->numbers) {
        return bad_tensor(reader, tensor, "shape", "runs past the end of its storage");
    }
    stored.dense = numbers == 0 || is_dense(tensor);
    if (stored.dense && numbers > tensor->numbers - tensor->offset) {
        return bad_tensor(reader, tensor, "shape", "runs past the end of its storage");
    }
    if (!stored.dense) stored.bytes = 0;
    stored.offset = entry->offset + tensor->offset * width;
    return mgi_tensor_index_add(reader->index, &stored, tensor->name, tensor->name_bytes,
                                reader->error);
}

/* The arguments of _rebuild_tensor_v2, also inside _rebuild_parameter; NULL: not a tensor. */
static const mgi_pickle_value *tensor_arguments(const torch_reader *reader,
                                                const mgi_pickle_value *value) {
    if (value->kind == MGI_PICKLE_KIND_CALL && value->global->kind == MGI_PICKLE_GLOBAL_PARAMETER) {
        value = member(reader, value_at(reader, value->argument), 0);
    }
    if (value->kind != MGI_PICKLE_KIND_CALL || value->global->kind != MGI_PICKLE_GLOBAL_TENSOR) {
        return NULL;
    }
    return value_at(reader, value->argument);
}

static mgeo_status add_dict(torch_reader *reader, const mgi_pickle_value *dict) {
    for (uint32_t at = dict->first; at != 0; at = reader->pickle.cells[at].next) {
        const mgi_pickle_value *key = value_at(reader, reader->pickle.cells[at].key);
        const mgi_pickle_value *arguments =
            tensor_arguments(reader, value_at(reader, reader->pickle.cells[at].value));
        if (arguments == NULL) continue;
        described_tensor tensor = {.name = "?", .name_bytes = 1};
        if (key->kind != MGI_PICKLE_KIND_TEXT) {
            return bad_tensor(reader, &tensor, "name", "not a text");
        }
        tensor.name = key->text;
        tensor.name_bytes = key->bytes;
        mgeo_status status = describe_tensor(reader, arguments, &tensor);
        if (status == MGEO_OK) status = add_described(reader, &tensor);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

/* The dict under `key` of a dict, or NULL. */
static const mgi_pickle_value *dict_under(const torch_reader *reader, const mgi_pickle_value *dict,
                                          const char *key) {
    for (uint32_t at = dict->first; at != 0; at = reader->pickle.cells[at].next) {
        const mgi_pickle_value *name = value_at(reader, reader->pickle.cells[at].key);
        const mgi_pickle_value *value = value_at(reader, reader->pickle.cells[at].value);
        if (name->kind == MGI_PICKLE_KIND_TEXT && name->bytes == strlen(key) &&
            memcmp(name->text, key, name->bytes) == 0 && value->kind == MGI_PICKLE_KIND_DICT) {
            return value;
        }
    }
    return NULL;
}

/* Training programs put the state dict under one of these, beside optimisers and counters. */
static const mgi_pickle_value *inner_dict(const torch_reader *reader,
                                          const mgi_pickle_value *dict) {
    static const char *const keys[] = {
        "state_dict", "model_state_dict", "model_state", "model", "module", "net", "weights"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const mgi_pickle_value *inner = dict_under(reader, dict, keys[i]);
        if (inner != NULL) return inner;
    }
    return NULL;
}

static mgeo_status add_root(torch_reader *reader) {
    const mgi_pickle_value *root = value_at(reader, reader->pickle.root);
    if (root->kind != MGI_PICKLE_KIND_DICT) {
        return mgi_fail(reader->error, MGEO_E_UNSUPPORTED,
                        "%s: pickle: holds no state dict; save model.state_dict()", reader->path);
    }
    const mgi_pickle_value *inner = root;
    /* Two levels: {"model": {"state_dict": …}} is written too. */
    for (int level = 0; level < 2 && inner != NULL; level++) {
        root = inner;
        inner = inner_dict(reader, root);
    }
    return add_dict(reader, inner == NULL ? root : inner);
}

/* The pickle's texts lie in `bytes`. */
static mgeo_status read_pickle(torch_reader *reader, const mgi_zip_entry *entry, void *bytes) {
    mgeo_status status = mgi_regular_file_read(&reader->file->input, entry->offset, entry->bytes,
                                               bytes, reader->error);
    if (status == MGEO_OK) {
        status = mgi_pickle_read(&reader->pickle, bytes, entry->bytes, reader->file->path,
                                 reader->error);
    }
    if (status != MGEO_OK) return status;
    status = add_root(reader);
    mgi_pickle_finish(&reader->pickle);
    return status;
}

static mgeo_status read_archive(torch_reader *reader) {
    const mgi_zip_entry *entry;
    mgeo_status status = find_pickle(reader, &entry);
    if (status == MGEO_OK) status = check_kind(reader);
    if (status != MGEO_OK) return status;
    if (entry->bytes > MGI_PICKLE_MAX_BYTES) {
        return mgi_fail(reader->error, MGEO_E_FORMAT, "%s: pickle: %zu bytes; at most %d are read",
                        reader->path, entry->bytes, MGI_PICKLE_MAX_BYTES);
    }
    status = check_byte_order(reader);
    if (status != MGEO_OK) return status;
    void *bytes = mgi_calloc(entry->bytes, 1);
    if (bytes == NULL) return mgi_fail_memory(reader->error, "a pickle", entry->bytes);
    status = read_pickle(reader, entry, bytes);
    mgi_free(bytes);
    return status;
}

mgeo_status mgi_torch_archive_read(mgi_tensor_index *index, const mgi_tensor_index_file *file,
                                   mgeo_error *error) {
    torch_reader reader = {
        .index = index, .file = file, .path = mgi_pathname_shown(file->path), .error = error};
    unsigned char first[2] = {0};
    mgeo_status status = MGEO_OK;
    if (file->input.size >= sizeof first) {
        status = mgi_regular_file_read(&file->input, 0, sizeof first, first, error);
    }
    if (status != MGEO_OK) return status;
    /* Before torch 1.6 the file was a row of pickles, the first of them a number. */
    if (first[0] == 0x80 && first[1] >= 2 && first[1] <= 5) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "%s: saved in the format of torch before 1.6; load it with torch and save "
                        "it again, or as safetensors",
                        reader.path);
    }
    status = mgi_zip_open(&reader.zip, &file->input, error);
    if (status != MGEO_OK) return status;
    status = read_archive(&reader);
    mgi_zip_close(&reader.zip);
    return status;
}

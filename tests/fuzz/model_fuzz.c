/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged model files against the readers of lib/model, checked by what must always hold.
 *
 *     model_fuzz SOURCE_ROOT [ROUNDS [SEED]]
 *
 * Deterministic: the same rounds and seed do the same. The seeds are the golden models' files, of
 * which the headers are damaged more often than the numbers. Every file lies in a block of its
 * exact size, so that a sanitizer sees a byte read too far.
 */
#include "core/json/json.h"
#include "model/formats/pickle.h"
#include "model/formats/safetensors.h"
#include "model/formats/torch_archive.h"
#include "model/formats/zip.h"
#include "model/label_files.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct block {
    unsigned char *data;
    size_t size;
} block;

typedef void (*reader)(const block *file, unsigned long round);

static uint64_t random_state;

static uint32_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % limit);
}

static void die(const char *what, unsigned long round) {
    fprintf(stderr, "model_fuzz: round %lu: %s\n", round, what);
    exit(1);
}

/* ---- what must hold */

static void check_error(mgeo_status status, const mgeo_error *error, unsigned long round) {
    if (status == MGEO_OK) return;
    if (error->status != (int32_t)status) die("status and error differ", round);
    if (status != MGEO_E_FORMAT && status != MGEO_E_UNSUPPORTED) die("an unlikely status", round);
    if (strlen(error->message) < 10) die("an error without a reason", round);
    if (strchr(error->message, '\n') != NULL) die("an error of two lines", round);
}

static void check_stored(const mgi_stored_tensor *tensor, const block *file, unsigned long round) {
    uint64_t numbers;
    size_t bytes;
    if (tensor->offset > file->size) die("a tensor outside its file", round);
    if (tensor->bytes > file->size - tensor->offset) {
        die("a tensor past the end of its file", round);
    }
    if (!tensor->dense) return;
    if (!mgi_stored_dtype_shape_size(tensor->shape, tensor->rank, tensor->type, &numbers, &bytes) ||
        bytes != tensor->bytes) {
        die("a tensor of another size than its shape", round);
    }
}

static mgi_regular_file input_of(const block *file) {
    return (mgi_regular_file){
        .path = "model", .memory = file->data, .size = file->size, .descriptor = -1};
}

static void read_store(const block *file, unsigned long round,
                       mgeo_status (*read)(mgi_tensor_index *, const mgi_tensor_index_file *,
                                           mgeo_error *)) {
    static char path[] = "model";
    const mgi_tensor_index_file stored = {.input = input_of(file), .path = path};
    mgi_tensor_index index;
    mgeo_error error = {0};
    mgi_tensor_index_init(&index);
    mgeo_status status = read(&index, &stored, &error);
    if (status == MGEO_OK) status = mgi_tensor_index_seal(&index, &error);
    check_error(status, &error, round);
    for (size_t i = 0; i < index.count; i++) check_stored(&index.tensors[i], file, round);
    mgi_tensor_index_finish(&index);
}

static void read_safetensors(const block *file, unsigned long round) {
    read_store(file, round, mgi_safetensors_read);
}

static void read_archive(const block *file, unsigned long round) {
    read_store(file, round, mgi_torch_archive_read);
}

static void read_pickle(const block *file, unsigned long round) {
    mgi_pickle pickle;
    mgeo_error error = {0};
    mgeo_status status = mgi_pickle_read(&pickle, file->data, file->size, "pickle", &error);
    check_error(status, &error, round);
    if (status == MGEO_OK && pickle.root >= pickle.count) die("a root that is not there", round);
    mgi_pickle_finish(&pickle);
}

static void read_json(const block *file, unsigned long round) {
    mgi_json_value *root;
    mgeo_error error = {0};
    mgeo_status status = mgi_json_parse(file->data, file->size, "json", &root, &error);
    check_error(status, &error, round);
    if (status != MGEO_OK) return;
    const mgi_json_object object = {.json = root, .file = "json", .within = ""};
    mgi_label_names labels = {.count = 0};
    status = mgi_label_files_read_label2id(&labels, &object, "label2id", &error);
    check_error(status, &error, round);
    if (labels.count > MGEO_MAX_LABELS) die("too many labels", round);
    mgi_json_tree_free(root);
}

/* ---- seeds */

static block load(const char *root, const char *name) {
    char path[1024];
    block file = {0};
    snprintf(path, sizeof path, "%s/tests/golden/models/%s", root, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        fprintf(stderr, "model_fuzz: %s cannot be read\n", path);
        exit(2);
    }
    file.size = (size_t)ftell(stream);
    file.data = malloc(file.size);
    rewind(stream);
    if (file.data == NULL || fread(file.data, 1, file.size, stream) != file.size) exit(2);
    fclose(stream);
    return file;
}

/* The pickle inside a torch archive. */
static block pickle_of(const block *archive) {
    mgi_zip zip;
    block pickle = {0};
    const mgi_regular_file input = input_of(archive);
    if (mgi_zip_open(&zip, &input, NULL) != MGEO_OK) exit(2);
    for (size_t i = 0; i < zip.count; i++) {
        const mgi_zip_entry *entry = &zip.entries[i];
        if (entry->name_bytes < 8 ||
            memcmp(entry->name + entry->name_bytes - 8, "data.pkl", 8) != 0) {
            continue;
        }
        pickle.size = entry->bytes;
        pickle.data = malloc(entry->bytes);
        if (pickle.data == NULL) exit(2);
        memcpy(pickle.data, archive->data + entry->offset, entry->bytes);
    }
    mgi_zip_close(&zip);
    return pickle;
}

/* ---- damage */

static const unsigned char tokens[][9] = {
    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    "\xFF\xFF\xFF\x7F",
    "PK\1\2",
    "PK\3\4",
    "PK\5\6",
    "PK\6\6",
    "\"dtype\"",
    "[[[[",
    "}}",
    ":-1,",
    "9999999",
    "cos\nsys\n",
    "(((",
    "tR",
    "us",
    "\x94h",
};

/* A place: anywhere, or near one of the ends, where headers and directories are. */
static size_t place_in(const block *file) {
    size_t near = file->size < 6000 ? file->size : 6000;
    switch (random_below(4)) {
    case 0: return random_below(file->size);
    case 1: return file->size - 1 - random_below(near);
    default: return random_below(near);
    }
}

static void damage_once(block *file) {
    if (file->size == 0) return;
    size_t at = place_in(file);
    const unsigned char *token = tokens[random_below(sizeof tokens / sizeof *tokens)];
    size_t length = strlen((const char *)token);
    switch (random_below(7)) {
    case 0: file->data[at] = (unsigned char)random_below(256); break;
    case 1: file->data[at] ^= (unsigned char)(1u << random_below(8)); break;
    case 2: file->data[at] = (unsigned char)(file->data[at] + 1); break;
    case 3: file->data[at] = 0; break;
    case 4: file->size = at; break;
    case 5: /* something else's bytes */
        memmove(file->data + at, file->data + random_below(at + 1),
                file->size - at < 16 ? file->size - at : 16);
        break;
    default: memcpy(file->data + at, token, length < file->size - at ? length : file->size - at);
    }
}

static block damaged(const block *seed) {
    block work = {.data = malloc(seed->size), .size = seed->size};
    if (work.data == NULL) exit(2);
    memcpy(work.data, seed->data, seed->size);
    for (uint32_t times = 1 + random_below(4); times > 0; times--) damage_once(&work);
    block exact = {.data = malloc(work.size == 0 ? 1 : work.size), .size = work.size};
    if (exact.data == NULL) exit(2);
    memcpy(exact.data, work.data, work.size);
    free(work.data);
    return exact;
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    unsigned long rounds = count > 2 ? strtoul(arguments[2], NULL, 10) : 20000;
    uint64_t seed = count > 3 ? strtoull(arguments[3], NULL, 10) : 1;
    block archive = load(arguments[1], "shards_bin/pytorch_model-00003-of-00003.bin");
    const struct {
        block file;
        reader read;
    } seeds[] = {
        {load(arguments[1], "shards_safetensors/model-00003-of-00003.safetensors"),
         read_safetensors},
        {archive, read_archive},
        {pickle_of(&archive), read_pickle},
        {load(arguments[1], "mgeo/config.json"), read_json},
    };
    const size_t kinds = sizeof seeds / sizeof *seeds;
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    for (unsigned long round = 0; round < rounds; round++) {
        block file = damaged(&seeds[round % kinds].file);
        seeds[round % kinds].read(&file, round);
        free(file.data);
    }
    for (size_t i = 0; i < kinds; i++) free(seeds[i].file.data);
    return 0;
}

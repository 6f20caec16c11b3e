/* SPDX-License-Identifier: Apache-2.0 */
/* Files made in memory and on disk for the readers' tests. */
#define _GNU_SOURCE
#include "model_files.h"

#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- bytes ----------------------------------------------------------------------------------- */

void bytes_put(bytes *to, const void *data, size_t size) {
    to->data = realloc(to->data, to->size + size + 1);
    assert_non_null(to->data);
    if (size > 0) memcpy(to->data + to->size, data, size);
    to->size += size;
}

void bytes_put_text(bytes *to, const char *text) { bytes_put(to, text, strlen(text)); }

void bytes_put_number(bytes *to, uint64_t number, int width) {
    for (int i = 0; i < width; i++) {
        unsigned char byte = (unsigned char)(number >> (8 * i));
        bytes_put(to, &byte, 1);
    }
}

void bytes_set_number(bytes *in, size_t at, uint64_t number, int width) {
    assert_true(at + (size_t)width <= in->size);
    for (int i = 0; i < width; i++) in->data[at + (size_t)i] = (unsigned char)(number >> (8 * i));
}

void bytes_free(bytes *which) {
    free(which->data);
    *which = (bytes){0};
}

bytes bytes_cut(const bytes *from, size_t size) {
    bytes cut = {.data = malloc(size == 0 ? 1 : size), .size = size};
    assert_non_null(cut.data);
    memcpy(cut.data, from->data, size);
    return cut;
}

bytes bytes_of_file(const char *path) {
    bytes all = {0};
    char piece[4096];
    size_t got;
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("%s cannot be opened", path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) bytes_put(&all, piece, got);
    fclose(file);
    return all;
}

/* ---- formats --------------------------------------------------------------------------------- */

bytes model_files_safetensors(const char *header, size_t body_size) {
    bytes file = {0};
    bytes_put_number(&file, strlen(header), 8);
    bytes_put_text(&file, header);
    for (size_t i = 0; i < body_size; i++) bytes_put_number(&file, i & 0x3F, 1);
    return file;
}

static void put_local(bytes *file, model_files_entry *entry, bool zip64) {
    uint64_t size = zip64 ? UINT32_MAX : entry->size;
    entry->local = file->size;
    bytes_put(file, "PK\3\4", 4);
    bytes_put_number(file, 0, 8);
    bytes_put_number(file, 0, 2); /* version, flags, method, time: 10 bytes */
    bytes_put_number(file, 0, 4); /* checksum */
    bytes_put_number(file, size, 4);
    bytes_put_number(file, size, 4);
    bytes_put_number(file, strlen(entry->name), 2);
    bytes_put_number(file, zip64 ? 20 : 0, 2);
    bytes_put_text(file, entry->name);
    if (zip64) {
        bytes_put_number(file, 1, 2);
        bytes_put_number(file, 16, 2);
        bytes_put_number(file, entry->size, 8);
        bytes_put_number(file, entry->size, 8);
    }
    bytes_put(file, entry->data, entry->size);
}

static void put_central(bytes *file, model_files_entry *entry, bool zip64) {
    uint64_t size = zip64 ? UINT32_MAX : entry->size;
    entry->central = file->size;
    bytes_put(file, "PK\1\2", 4);
    bytes_put_number(file, 0, 2 + 2);     /* versions */
    bytes_put_number(file, 0, 2 + 2 + 4); /* flags, method, time */
    bytes_put_number(file, 0, 4);         /* checksum */
    bytes_put_number(file, size, 4);
    bytes_put_number(file, size, 4);
    bytes_put_number(file, strlen(entry->name), 2);
    bytes_put_number(file, zip64 ? 28 : 0, 2);
    bytes_put_number(file, 0, 2 + 2 + 2); /* comment, disk, attributes */
    bytes_put_number(file, 0, 4);         /* attributes */
    bytes_put_number(file, zip64 ? UINT32_MAX : entry->local, 4);
    bytes_put_text(file, entry->name);
    if (zip64) {
        bytes_put_number(file, 1, 2);
        bytes_put_number(file, 24, 2);
        bytes_put_number(file, entry->size, 8);
        bytes_put_number(file, entry->size, 8);
        bytes_put_number(file, entry->local, 8);
    }
}

static void put_end64(model_files_zip *zip, size_t count, size_t directory_size) {
    zip->end64 = zip->file.size;
    bytes_put(&zip->file, "PK\6\6", 4);
    bytes_put_number(&zip->file, 44, 8);
    bytes_put_number(&zip->file, 0, 4); /* versions */
    bytes_put_number(&zip->file, 0, 8); /* disks */
    bytes_put_number(&zip->file, count, 8);
    bytes_put_number(&zip->file, count, 8);
    bytes_put_number(&zip->file, directory_size, 8);
    bytes_put_number(&zip->file, zip->directory, 8);
    zip->locator = zip->file.size;
    bytes_put(&zip->file, "PK\6\7", 4);
    bytes_put_number(&zip->file, 0, 4);
    bytes_put_number(&zip->file, zip->end64, 8);
    bytes_put_number(&zip->file, 1, 4);
}

model_files_zip model_files_zip_make(model_files_entry *entries, size_t count, bool zip64) {
    model_files_zip zip = {0};
    for (size_t i = 0; i < count; i++) put_local(&zip.file, &entries[i], zip64);
    zip.directory = zip.file.size;
    for (size_t i = 0; i < count; i++) put_central(&zip.file, &entries[i], zip64);
    size_t directory_size = zip.file.size - zip.directory;
    if (zip64) put_end64(&zip, count, directory_size);
    zip.end = zip.file.size;
    bytes_put(&zip.file, "PK\5\6", 4);
    bytes_put_number(&zip.file, 0, 4);
    bytes_put_number(&zip.file, zip64 ? UINT16_MAX : count, 2);
    bytes_put_number(&zip.file, zip64 ? UINT16_MAX : count, 2);
    bytes_put_number(&zip.file, zip64 ? UINT32_MAX : directory_size, 4);
    bytes_put_number(&zip.file, zip64 ? UINT32_MAX : zip.directory, 4);
    bytes_put_number(&zip.file, 0, 2);
    return zip;
}

static void put_text_value(bytes *pickle, const char *text) {
    bytes_put_text(pickle, "X");
    bytes_put_number(pickle, strlen(text), 4);
    bytes_put_text(pickle, text);
}

static void put_integer(bytes *pickle, int32_t number) {
    bytes_put_text(pickle, "J");
    bytes_put_number(pickle, (uint32_t)number, 4);
}

static void put_tensor(bytes *pickle, const model_files_tensor *tensor) {
    put_text_value(pickle, tensor->name);
    bytes_put_text(pickle, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text_value(pickle, "storage");
    bytes_put_text(pickle, "ctorch\n");
    bytes_put_text(pickle, tensor->storage);
    bytes_put_text(pickle, "\n");
    put_text_value(pickle, tensor->key);
    put_text_value(pickle, "cpu");
    put_integer(pickle, tensor->numbers);
    bytes_put_text(pickle, "tQ");
    put_integer(pickle, tensor->offset);
    for (int part = 0; part < 2; part++) {
        bytes_put_text(pickle, "(");
        for (int i = 0; i < tensor->rank; i++) {
            put_integer(pickle, part == 0 ? tensor->shape[i] : tensor->stride[i]);
        }
        bytes_put_text(pickle, "t");
    }
    bytes_put_text(pickle, "\x89"
                           "ccollections\nOrderedDict\n)RtR");
}

bytes model_files_pickle(const model_files_tensor *tensors, size_t count) {
    bytes pickle = {0};
    bytes_put_text(&pickle, "\x80\x02"
                            "ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < count; i++) put_tensor(&pickle, &tensors[i]);
    bytes_put_text(&pickle, "u.");
    return pickle;
}

/* ---- directories ----------------------------------------------------------------------------- */

void model_files_directory(char root[MODEL_FILES_PATH]) {
    const char *parent = getenv("TMPDIR");
    snprintf(root, MODEL_FILES_PATH, "%.200s/mgeo-model-XXXXXX", parent == NULL ? "/tmp" : parent);
    assert_non_null(mkdtemp(root));
}

void model_files_write(const char *root, const char *name, const void *data, size_t size) {
    char path[MODEL_FILES_PATH + 256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) fail_msg("%s cannot be written", path);
    if (size > 0) assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void model_files_write_text(const char *root, const char *name, const char *text) {
    model_files_write(root, name, text, strlen(text));
}

void model_files_remove(const char *root) {
    char path[MODEL_FILES_PATH + 256];
    DIR *directory = opendir(root);
    struct dirent *entry;
    if (directory == NULL) return;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(path, sizeof path, "%s/%s", root, entry->d_name);
        if (unlink(path) != 0) model_files_remove(path);
    }
    closedir(directory);
    rmdir(root);
}

void model_files_copy(const char *from, const char *to) {
    char path[1024];
    DIR *directory = opendir(from);
    struct dirent *entry;
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", from, entry->d_name);
        bytes file = bytes_of_file(path);
        model_files_write(to, entry->d_name, file.data, file.size);
        bytes_free(&file);
    }
    closedir(directory);
}

/* ---- checks ---------------------------------------------------------------------------------- */

mgi_tensor_index_file model_files_index_file(const bytes *from, char *path) {
    return (mgi_tensor_index_file){
        .input = {.path = path, .memory = from->data, .size = from->size, .descriptor = -1},
        .path = path};
}

void check_line(const mgeo_error *error, const char *part) {
    if (strstr(error->message, part) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", error->message, part);
    }
    assert_null(strchr(error->message, '\n'));
}

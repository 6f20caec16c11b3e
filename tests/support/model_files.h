/* SPDX-License-Identifier: Apache-2.0 */
/* Files made in memory and on disk for the readers' tests. */
#ifndef TEST_SUPPORT_MODEL_FILES_H
#define TEST_SUPPORT_MODEL_FILES_H

#include "model/formats/tensor_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- bytes ----------------------------------------------------------------------------------- */

typedef struct bytes {
    unsigned char *data; /* from malloc */
    size_t size;
} bytes;

void bytes_put(bytes *to, const void *data, size_t size);
void bytes_put_text(bytes *to, const char *text);
void bytes_put_number(bytes *to, uint64_t number, int width); /* little-endian */
void bytes_set_number(bytes *in, size_t at, uint64_t number, int width);
void bytes_free(bytes *which);
/* A copy of the first `size` bytes in a block of exactly that size. */
bytes bytes_cut(const bytes *from, size_t size);
bytes bytes_of_file(const char *path);

/* ---- formats --------------------------------------------------------------------------------- */

/* Length, header, then body_size bytes. */
bytes model_files_safetensors(const char *header, size_t body_size);

typedef struct model_files_entry {
    const char *name;
    const void *data;
    size_t size;
    size_t local, central; /* out: where the two headers begin */
} model_files_entry;

typedef struct model_files_zip {
    bytes file;
    size_t directory, end64, locator, end; /* where they begin; end64 and locator with zip64 */
} model_files_zip;

/* A zip of stored entries; with zip64, all sizes and offsets are in zip64 fields. */
model_files_zip model_files_zip_make(model_files_entry *entries, size_t count, bool zip64);

typedef struct model_files_tensor {
    const char *name;
    const char *storage; /* "FloatStorage" */
    const char *key;     /* "0" */
    int32_t numbers, offset;
    int32_t shape[3], stride[3];
    int rank;
} model_files_tensor;

/* A pickle of protocol 2, as torch.save writes a state dict. */
bytes model_files_pickle(const model_files_tensor *tensors, size_t count);

/* ---- directories ----------------------------------------------------------------------------- */

enum { MODEL_FILES_PATH = 256 };
void model_files_directory(char root[MODEL_FILES_PATH]);
void model_files_write(const char *root, const char *name, const void *data, size_t size);
void model_files_write_text(const char *root, const char *name, const char *text);
void model_files_remove(const char *root); /* with all in it */
/* Copies the files of a directory into another that is there. */
void model_files_copy(const char *from, const char *to);

/* ---- checks ---------------------------------------------------------------------------------- */

/* A file in memory; the index does not own it. */
mgi_tensor_index_file model_files_index_file(const bytes *from, char *path);

/* Fails the running test unless the line is one line and holds `part`. */
void check_line(const mgeo_error *error, const char *part);

#endif

/* Files made in memory and on disk for the readers' tests. */
#ifndef TESTS_MODEL_MADE_H
#define TESTS_MODEL_MADE_H

#include "model/formats/tensor_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- bytes */

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

/* ---- formats */

/* Length, header, then body_size bytes. */
bytes made_safetensors(const char *header, size_t body_size);

typedef struct made_entry {
    const char *name;
    const void *data;
    size_t size;
    size_t local, central; /* out: where the two headers begin */
} made_entry;

typedef struct made_zip {
    bytes file;
    size_t directory, end64, locator, end; /* where they begin; end64 and locator with zip64 */
} made_zip;

/* A zip of stored entries; with zip64, all sizes and offsets are in zip64 fields. */
made_zip made_zip_file(made_entry *entries, size_t count, bool zip64);

typedef struct made_tensor {
    const char *name;
    const char *storage; /* "FloatStorage" */
    const char *key;     /* "0" */
    int32_t numbers, offset;
    int32_t shape[3], stride[3];
    int rank;
} made_tensor;

/* A pickle of protocol 2, as torch.save writes a state dict. */
bytes made_pickle(const made_tensor *tensors, size_t count);

/* ---- directories */

enum { MADE_PATH = 256 };
void made_directory(char root[MADE_PATH]);
void made_file(const char *root, const char *name, const void *data, size_t size);
void made_text(const char *root, const char *name, const char *text);
void made_remove(const char *root); /* with all in it */
/* Copies the files of a directory into another that is there. */
void made_copy(const char *from, const char *to);

/* ---- checks */

/* A file in memory; the store does not own it. */
mgi_store_file made_store_file(const bytes *from, char *path);

/* Fails the running test unless the line is one line and holds `part`. */
void check_line(const mgeo_error *error, const char *part);

#endif

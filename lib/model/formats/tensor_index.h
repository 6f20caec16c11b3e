/* The tensors of a checkpoint as its files store them: names, types, shapes, where the bytes lie.
 */
#ifndef MGI_MODEL_FORMATS_TENSOR_INDEX_H
#define MGI_MODEL_FORMATS_TENSOR_INDEX_H

#include "core/mapfile.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mgi_stored_type {
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
    MGI_STORED_TYPES /* how many there are */
} mgi_stored_type;

/* The type's name as safetensors writes it, and the bytes of one number. */
const char *mgi_stored_type_name(mgi_stored_type type);
size_t mgi_stored_type_bytes(mgi_stored_type type);

/* The type of that name, or MGI_STORED_TYPES. */
mgi_stored_type mgi_stored_type_find(const char *name);

enum {
    MGI_STORED_RANK = 8,
    MGI_STORED_NAME = 255,  /* bytes of the longest name */
    MGI_STORE_LIMIT = 65536 /* tensors of one checkpoint */
};

typedef struct mgi_store_file {
    mgi_mapfile map;
    char *path;
} mgi_store_file;

typedef struct mgi_stored {
    const char *name;           /* owned by the store */
    const mgi_store_file *file; /* the file it lies in */
    const unsigned char *data;  /* bytes that lie wholly in the file */
    size_t bytes;
    uint64_t shape[MGI_STORED_RANK];
    uint32_t rank;
    mgi_stored_type type;
    bool dense; /* row-major without gaps, so that bytes is what the shape implies */
} mgi_stored;

typedef struct mgi_store {
    mgi_store_file **files;
    size_t file_count;
    mgi_stored *tensors; /* in the files' order */
    size_t count;
    size_t capacity;
    uint32_t *by_name; /* after mgi_store_seal: indices in the order of names */
} mgi_store;

/* Numbers of a shape and their bytes; false if either overflows. */
bool mgi_shape_size(const uint64_t *shape, uint32_t rank, mgi_stored_type type, uint64_t *numbers,
                    size_t *bytes);

void mgi_store_init(mgi_store *store);
void mgi_store_finish(mgi_store *store);

/* Maps directory/name; the file stays open until mgi_store_finish. */
mgeo_status mgi_store_map(mgi_store *store, const char *directory, const char *name,
                          const mgi_store_file **file, mgeo_error *error);

/* Adds a tensor under a copy of name_bytes at name, which need no NUL. tensor->name is ignored.
 * Errors: MGEO_E_FORMAT (a name that no checkpoint has, too many tensors), MGEO_E_MEMORY. */
mgeo_status mgi_store_add(mgi_store *store, const mgi_stored *tensor, const char *name,
                          size_t name_bytes, mgeo_error *error);

/* Ends the adding: finds duplicate names and makes mgi_store_find work. */
mgeo_status mgi_store_seal(mgi_store *store, mgeo_error *error);

/* The tensor of that name, or NULL. */
const mgi_stored *mgi_store_find(const mgi_store *store, const char *name);

#endif

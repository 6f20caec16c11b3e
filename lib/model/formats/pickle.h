/* SPDX-License-Identifier: Apache-2.0 */
/* A pickle reader that builds values and runs nothing: it knows what a tensor state dict needs. */
#ifndef MGI_MODEL_FORMATS_PICKLE_H
#define MGI_MODEL_FORMATS_PICKLE_H

#include "core/status.h"
#include "model/formats/tensor_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MGI_PICKLE_MAX_BYTES = 16 << 20, /* bytes */
    MGI_PICKLE_MAX_VALUES = 1 << 20,
    MGI_PICKLE_MAX_CELLS = 1 << 21,
    MGI_PICKLE_NONE = 0 /* index of the value None; no other value has index 0 */
};

typedef enum mgi_pickle_kind {
    MGI_PICKLE_KIND_NONE,
    MGI_PICKLE_KIND_BOOL,    /* integer is 0 or 1 */
    MGI_PICKLE_KIND_INTEGER, /* integer */
    MGI_PICKLE_KIND_FLOAT,   /* nothing of it is kept */
    MGI_PICKLE_KIND_TEXT,  /* text, bytes: in the pickle, no NUL at the end, not checked as UTF-8 */
    MGI_PICKLE_KIND_TUPLE, /* cells from first on */
    MGI_PICKLE_KIND_LIST,
    MGI_PICKLE_KIND_DICT,   /* cells with keys, in the order of setting */
    MGI_PICKLE_KIND_GLOBAL, /* global */
    MGI_PICKLE_KIND_CALL,   /* of global with the tuple `argument` */
    MGI_PICKLE_KIND_STORAGE /* a persistent id: `argument` names it */
} mgi_pickle_kind;

/* Every name that a pickle may ask for. */
typedef enum mgi_pickle_global_kind {
    MGI_PICKLE_GLOBAL_ORDERED_DICT,
    MGI_PICKLE_GLOBAL_TENSOR,    /* torch._utils._rebuild_tensor_v2 */
    MGI_PICKLE_GLOBAL_PARAMETER, /* torch._utils._rebuild_parameter */
    MGI_PICKLE_GLOBAL_STORAGE    /* torch.FloatStorage and its like; type says which */
} mgi_pickle_global_kind;

typedef struct mgi_pickle_global {
    const char *module, *name;
    mgi_pickle_global_kind kind;
    mgi_stored_dtype type;
} mgi_pickle_global;

/* One member of a tuple, list or dict. */
typedef struct mgi_pickle_cell {
    uint32_t key, value; /* indices of values; key is for dicts alone */
    uint32_t next;       /* index of the next cell, 0 at the end */
} mgi_pickle_cell;

typedef struct mgi_pickle_value {
    mgi_pickle_kind kind;
    union {
        int64_t integer;
        struct {
            const char *text;
            uint32_t bytes;
        };
        struct {
            uint32_t first, last, count; /* cells */
        };
        struct {
            const mgi_pickle_global *global;
            uint32_t argument;
        };
    };
} mgi_pickle_value;

/* The values of one pickle. A value may be a member of several others, and of itself. */
typedef struct mgi_pickle {
    mgi_pickle_value *values;
    size_t count, capacity;
    mgi_pickle_cell *cells; /* the first is not used */
    size_t cell_count, cell_capacity;
    size_t most; /* values: 65,536 and one for each 4 bytes, up to MGI_PICKLE_MAX_VALUES, so that
                    memory stays within a small multiple of the file */
    uint32_t root;
} mgi_pickle;

/* ---- pickle.c: the reader -------------------------------------------------------------------- */

/* Reads one pickle of protocol 2 to 5; texts point into data, which must outlive the values. file
 * is for error lines. On failure the pickle is empty.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (names the foreign opcode or global), MGEO_E_MEMORY. */
mgeo_status mgi_pickle_read(mgi_pickle *pickle, const unsigned char *data, size_t size,
                            const char *file, mgeo_error *error);
void mgi_pickle_finish(mgi_pickle *pickle);

/* ---- pickle_values.c: what a pickle builds, and the names it may ask for --------------------- */

/* Adds a value; returns its index, or 0 (and then only) when out of memory or over
 * pickle->most. */
uint32_t mgi_pickle_add(mgi_pickle *pickle, mgi_pickle_value value);
/* Appends to a tuple, list or dict. */
bool mgi_pickle_append(mgi_pickle *pickle, uint32_t to, uint32_t key, uint32_t value);

/* The global of that name, or NULL if no state dict needs it. */
const mgi_pickle_global *mgi_pickle_global_find(const char *module, size_t module_bytes,
                                                const char *name, size_t name_bytes);

/* An opcode's name as Python's pickletools gives it, or NULL if there is no such opcode. */
const char *mgi_pickle_opcode_name(unsigned opcode);

#endif

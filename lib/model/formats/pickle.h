/* A pickle reader that builds values and runs nothing: it knows what a tensor state dict needs. */
#ifndef MGI_MODEL_FORMATS_PICKLE_H
#define MGI_MODEL_FORMATS_PICKLE_H

#include "core/status.h"
#include "model/formats/tensor_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MGI_PICKLE_LIMIT = 16 << 20, /* bytes */
    MGI_PICKLE_VALUES = 1 << 20,
    MGI_PICKLE_CELLS = 1 << 21,
    MGI_PICKLE_NONE = 0 /* index of the value None; no other value has index 0 */
};

typedef enum mgi_value_kind {
    MGI_VALUE_NONE,
    MGI_VALUE_BOOL,    /* integer is 0 or 1 */
    MGI_VALUE_INTEGER, /* integer */
    MGI_VALUE_FLOAT,   /* nothing of it is kept */
    MGI_VALUE_TEXT,    /* text, bytes: in the pickle, no NUL at the end, not checked as UTF-8 */
    MGI_VALUE_TUPLE,   /* cells from first on */
    MGI_VALUE_LIST,
    MGI_VALUE_DICT,   /* cells with keys, in the order of setting */
    MGI_VALUE_GLOBAL, /* global */
    MGI_VALUE_CALL,   /* of global with the tuple `argument` */
    MGI_VALUE_STORAGE /* a persistent id: `argument` names it */
} mgi_value_kind;

/* Every name that a pickle may ask for. */
typedef enum mgi_global_kind {
    MGI_GLOBAL_ORDERED_DICT,
    MGI_GLOBAL_TENSOR,    /* torch._utils._rebuild_tensor_v2 */
    MGI_GLOBAL_PARAMETER, /* torch._utils._rebuild_parameter */
    MGI_GLOBAL_STORAGE    /* torch.FloatStorage and its like; type says which */
} mgi_global_kind;

typedef struct mgi_global {
    const char *module, *name;
    mgi_global_kind kind;
    mgi_stored_type type;
} mgi_global;

/* One member of a tuple, list or dict. */
typedef struct mgi_cell {
    uint32_t key, value; /* indices of values; key is for dicts alone */
    uint32_t next;       /* index of the next cell, 0 at the end */
} mgi_cell;

typedef struct mgi_value {
    mgi_value_kind kind;
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
            const mgi_global *global;
            uint32_t argument;
        };
    };
} mgi_value;

/* The values of one pickle. A value may be a member of several others, and of itself. */
typedef struct mgi_pickle {
    mgi_value *values;
    size_t count, capacity;
    mgi_cell *cells; /* the first is not used */
    size_t cell_count, cell_capacity;
    uint32_t root;
} mgi_pickle;

/* Reads one pickle of protocol 2 to 5; texts point into data, which must outlive the values. file
 * is for error lines. On failure the pickle is empty.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (names the foreign opcode or global), MGEO_E_MEMORY. */
mgeo_status mgi_pickle_read(mgi_pickle *pickle, const unsigned char *data, size_t size,
                            const char *file, mgeo_error *error);
void mgi_pickle_finish(mgi_pickle *pickle);

/* Making values: 0 (and then only) when out of memory or over MGI_PICKLE_VALUES. */
uint32_t mgi_pickle_add(mgi_pickle *pickle, mgi_value value);
/* Appends to a tuple, list or dict. */
bool mgi_pickle_append(mgi_pickle *pickle, uint32_t to, uint32_t key, uint32_t value);

/* The global of that name, or NULL if no state dict needs it. */
const mgi_global *mgi_global_find(const char *module, size_t module_bytes, const char *name,
                                  size_t name_bytes);

/* An opcode's name as Python's pickletools gives it, or NULL if there is no such opcode. */
const char *mgi_opcode_name(unsigned opcode);

#endif

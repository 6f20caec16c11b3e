/* SPDX-License-Identifier: Apache-2.0 */
/* The values that a pickle builds, the names it may ask for, and the names of opcodes. */
#include "model/formats/pickle.h"

#include "core/alloc.h"

#include <string.h>

static const mgi_pickle_global globals[] = {
    {"collections", "OrderedDict", MGI_PICKLE_GLOBAL_ORDERED_DICT, MGI_STORED_DTYPES},
    {"torch._utils", "_rebuild_tensor_v2", MGI_PICKLE_GLOBAL_TENSOR, MGI_STORED_DTYPES},
    {"torch._utils", "_rebuild_parameter", MGI_PICKLE_GLOBAL_PARAMETER, MGI_STORED_DTYPES},
    {"torch", "FloatStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_F32},
    {"torch", "HalfStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_F16},
    {"torch", "BFloat16Storage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_BF16},
    {"torch", "DoubleStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_F64},
    {"torch", "LongStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_I64},
    {"torch", "IntStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_I32},
    {"torch", "ShortStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_I16},
    {"torch", "CharStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_I8},
    {"torch", "ByteStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_U8},
    {"torch", "BoolStorage", MGI_PICKLE_GLOBAL_STORAGE, MGI_STORED_BOOL},
};

static bool same_text(const char *text, const char *other, size_t bytes) {
    return strlen(text) == bytes && memcmp(text, other, bytes) == 0;
}

const mgi_pickle_global *mgi_pickle_global_find(const char *module, size_t module_bytes,
                                                const char *name, size_t name_bytes) {
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        const mgi_pickle_global *global = &globals[i];
        if (same_text(global->module, module, module_bytes) &&
            same_text(global->name, name, name_bytes)) {
            return global;
        }
    }
    return NULL;
}

/* Only opcodes that are refused need a name. */
const char *mgi_pickle_opcode_name(unsigned opcode) {
    switch (opcode) {
    case '0': return "POP";
    case '1': return "POP_MARK";
    case '2': return "DUP";
    case 'B': return "BINBYTES";
    case 'C': return "SHORT_BINBYTES";
    case 'F': return "FLOAT";
    case 'I': return "INT";
    case 'L': return "LONG";
    case 'P': return "PERSID";
    case 'S': return "STRING";
    case 'T': return "BINSTRING";
    case 'U': return "SHORT_BINSTRING";
    case 'V': return "UNICODE";
    case 'd': return "DICT";
    case 'g': return "GET";
    case 'i': return "INST";
    case 'l': return "LIST";
    case 'o': return "OBJ";
    case 'p': return "PUT";
    case 0x81: return "NEWOBJ";
    case 0x82: return "EXT1";
    case 0x83: return "EXT2";
    case 0x84: return "EXT4";
    case 0x8B: return "LONG4";
    case 0x8E: return "BINBYTES8";
    case 0x8F: return "EMPTY_SET";
    case 0x90: return "ADDITEMS";
    case 0x91: return "FROZENSET";
    case 0x92: return "NEWOBJ_EX";
    case 0x96: return "BYTEARRAY8";
    case 0x97: return "NEXT_BUFFER";
    case 0x98: return "READONLY_BUFFER";
    default: return NULL;
    }
}

uint32_t mgi_pickle_add(mgi_pickle *pickle, mgi_pickle_value value) {
    if (pickle->count >= pickle->most) return 0;
    if (pickle->count == pickle->capacity) {
        size_t capacity = pickle->capacity == 0 ? 1024 : pickle->capacity * 2;
        mgi_pickle_value *values = mgi_realloc(pickle->values, capacity, sizeof *values);
        if (values == NULL) return 0;
        pickle->values = values;
        pickle->capacity = capacity;
    }
    pickle->values[pickle->count] = value;
    return (uint32_t)pickle->count++;
}

static uint32_t new_cell(mgi_pickle *pickle) {
    if (pickle->cell_count == pickle->cell_capacity) {
        size_t capacity = pickle->cell_capacity == 0 ? 1024 : pickle->cell_capacity * 2;
        if (capacity > MGI_PICKLE_MAX_CELLS) return 0;
        mgi_pickle_cell *cells = mgi_realloc(pickle->cells, capacity, sizeof *cells);
        if (cells == NULL) return 0;
        pickle->cells = cells;
        pickle->cell_capacity = capacity;
        if (pickle->cell_count == 0) cells[pickle->cell_count++] = (mgi_pickle_cell){0};
    }
    return (uint32_t)pickle->cell_count++;
}

bool mgi_pickle_append(mgi_pickle *pickle, uint32_t to, uint32_t key, uint32_t value) {
    uint32_t index = new_cell(pickle);
    if (index == 0) return false;
    pickle->cells[index] = (mgi_pickle_cell){.key = key, .value = value};
    mgi_pickle_value *container = &pickle->values[to];
    if (container->last == 0) {
        container->first = index;
    } else {
        pickle->cells[container->last].next = index;
    }
    container->last = index;
    container->count++;
    return true;
}

void mgi_pickle_finish(mgi_pickle *pickle) {
    mgi_free(pickle->values);
    mgi_free(pickle->cells);
    *pickle = (mgi_pickle){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A pickle reader that builds values and runs nothing: it knows what a tensor state dict needs. */
#include "model/formats/pickle.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/formats/little_endian.h"

#include <stdio.h>
#include <string.h>

/* On the stack, in the place of a value's index. */
#define MARK UINT32_MAX

typedef struct indices {
    uint32_t *items;
    size_t count, capacity;
} indices;

typedef struct unpickler {
    mgi_pickle *pickle;
    const char *file;
    const unsigned char *data;
    size_t size, at;
    size_t opcode_at; /* for error lines */
    indices stack;
    indices memo; /* MARK where nothing was put */
    bool stopped;
    mgeo_error *error;
} unpickler;

static mgeo_status damaged_pickle(unpickler *vm, const char *reason) {
    return mgi_fail(vm->error, MGEO_E_FORMAT, "%s: pickle: byte %zu: %s",
                    mgi_pathname_shown(vm->file), vm->opcode_at, reason);
}

static mgeo_status exhausted(unpickler *vm) {
    if (vm->pickle->count >= vm->pickle->most || vm->pickle->cell_count >= MGI_PICKLE_MAX_CELLS) {
        return damaged_pickle(vm, "more values than a state dict has");
    }
    return mgi_fail_memory(vm->error, "a pickle's values", vm->size);
}

/* ---- stack and memo -------------------------------------------------------------------------- */

static bool indices_reserve(indices *list, size_t count) {
    size_t capacity = list->capacity == 0 ? 256 : list->capacity;
    while (capacity < count) capacity *= 2;
    if (capacity == list->capacity) return true;
    uint32_t *items = mgi_realloc(list->items, capacity, sizeof *items);
    if (items == NULL) return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

static mgeo_status push_index(unpickler *vm, uint32_t index) {
    if (!indices_reserve(&vm->stack, vm->stack.count + 1)) return exhausted(vm);
    vm->stack.items[vm->stack.count++] = index;
    return MGEO_OK;
}

static mgeo_status push(unpickler *vm, mgi_pickle_value value) {
    uint32_t index = mgi_pickle_add(vm->pickle, value);
    return index == 0 ? exhausted(vm) : push_index(vm, index);
}

/* The value `depth` below the top, or MARK where there is none. */
static uint32_t peek(const unpickler *vm, size_t depth) {
    if (depth >= vm->stack.count) return MARK;
    return vm->stack.items[vm->stack.count - 1 - depth];
}

static mgi_pickle_value *value_at(unpickler *vm, uint32_t index) {
    return &vm->pickle->values[index];
}

/* The place of the topmost mark, or false. */
static bool find_mark(const unpickler *vm, size_t *mark) {
    for (size_t i = vm->stack.count; i-- > 0;) {
        if (vm->stack.items[i] == MARK) {
            *mark = i;
            return true;
        }
    }
    return false;
}

static mgeo_status memo_put(unpickler *vm, uint32_t slot) {
    uint32_t top = peek(vm, 0);
    if (top == MARK) return damaged_pickle(vm, "nothing to remember");
    if (slot >= MGI_PICKLE_MAX_VALUES) return damaged_pickle(vm, "memo index too large");
    if (!indices_reserve(&vm->memo, (size_t)slot + 1)) return exhausted(vm);
    while (vm->memo.count <= slot) vm->memo.items[vm->memo.count++] = MARK;
    vm->memo.items[slot] = top;
    return MGEO_OK;
}

static mgeo_status memo_get(unpickler *vm, uint32_t slot) {
    if (slot >= vm->memo.count || vm->memo.items[slot] == MARK) {
        return damaged_pickle(vm, "asks for something it never remembered");
    }
    return push_index(vm, vm->memo.items[slot]);
}

/* ---- bytes of the pickle --------------------------------------------------------------------- */

/* The next `bytes` bytes, or NULL. */
static const unsigned char *take_bytes(unpickler *vm, uint64_t bytes) {
    if (bytes > vm->size - vm->at) return NULL;
    const unsigned char *taken = vm->data + vm->at;
    vm->at += (size_t)bytes;
    return taken;
}

/* An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
static mgeo_status take_number(unpickler *vm, int bytes, uint64_t *number) {
    const unsigned char *p = take_bytes(vm, (uint64_t)bytes);
    if (p == NULL) return damaged_pickle(vm, "cut short");
    switch (bytes) {
    case 1: *number = p[0]; break;
    case 2: *number = mgi_little_endian_u16(p); break;
    case 4: *number = mgi_little_endian_u32(p); break;
    default: *number = mgi_little_endian_u64(p); break;
    }
    return MGEO_OK;
}

static mgeo_status take_line(unpickler *vm, const char **line, size_t *bytes) {
    const unsigned char *from = vm->data + vm->at;
    const unsigned char *end = memchr(from, '\n', vm->size - vm->at);
    if (end == NULL) return damaged_pickle(vm, "a name without an end");
    *line = (const char *)from;
    *bytes = (size_t)(end - from);
    vm->at += *bytes + 1;
    return MGEO_OK;
}

/* ---- opcodes --------------------------------------------------------------------------------- */

static mgeo_status push_integer(unpickler *vm, int bytes) {
    uint64_t number = 0;
    mgeo_status status = take_number(vm, bytes, &number);
    if (status != MGEO_OK) return status;
    int64_t value = bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
    return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_INTEGER, .integer = value});
}

static mgeo_status push_long(unpickler *vm) {
    uint64_t bytes = 0;
    mgeo_status status = take_number(vm, 1, &bytes);
    if (status != MGEO_OK) return status;
    const unsigned char *p = take_bytes(vm, bytes);
    if (p == NULL) return damaged_pickle(vm, "cut short");
    if (bytes > 8) return damaged_pickle(vm, "a number of more than 64 bits");
    uint64_t number = bytes > 0 && (p[bytes - 1] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = (size_t)bytes; i-- > 0;) number = number << 8 | p[i];
    return push(vm,
                (mgi_pickle_value){.kind = MGI_PICKLE_KIND_INTEGER, .integer = (int64_t)number});
}

static mgeo_status push_text(unpickler *vm, int length_bytes) {
    uint64_t bytes = 0;
    mgeo_status status = take_number(vm, length_bytes, &bytes);
    if (status != MGEO_OK) return status;
    const unsigned char *text = take_bytes(vm, bytes);
    if (text == NULL) return damaged_pickle(vm, "a text runs past the end");
    return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_TEXT,
                                       .text = (const char *)text,
                                       .bytes = (uint32_t)bytes});
}

static mgeo_status push_tuple(unpickler *vm, size_t from, size_t drop) {
    uint32_t tuple = mgi_pickle_add(vm->pickle, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_TUPLE});
    if (tuple == 0) return exhausted(vm);
    for (size_t i = from; i < vm->stack.count; i++) {
        if (vm->stack.items[i] == MARK) return damaged_pickle(vm, "a mark inside a tuple");
        if (!mgi_pickle_append(vm->pickle, tuple, 0, vm->stack.items[i])) return exhausted(vm);
    }
    vm->stack.count = from - drop;
    return push_index(vm, tuple);
}

static mgeo_status tuple_of(unpickler *vm, size_t members) {
    if (vm->stack.count < members) return damaged_pickle(vm, "too few values for a tuple");
    return push_tuple(vm, vm->stack.count - members, 0);
}

static mgeo_status tuple_from_mark(unpickler *vm) {
    size_t mark = 0;
    if (!find_mark(vm, &mark)) return damaged_pickle(vm, "a tuple without its mark");
    return push_tuple(vm, mark + 1, 1);
}

/* Puts the values from `from` on into the dict or list below `under`, then drops them. */
static mgeo_status put_members(unpickler *vm, size_t under, size_t from, mgi_pickle_kind kind) {
    size_t step = kind == MGI_PICKLE_KIND_DICT ? 2 : 1;
    if (under == 0 || vm->stack.items[under - 1] == MARK ||
        value_at(vm, vm->stack.items[under - 1])->kind != kind) {
        return damaged_pickle(vm, kind == MGI_PICKLE_KIND_DICT ? "sets a member of what is no dict"
                                                               : "appends to what is no list");
    }
    if ((vm->stack.count - from) % step != 0) return damaged_pickle(vm, "a key without a value");
    uint32_t container = vm->stack.items[under - 1];
    for (size_t i = from; i < vm->stack.count; i += step) {
        uint32_t key = step == 2 ? vm->stack.items[i] : 0;
        uint32_t value = vm->stack.items[i + step - 1];
        if (key == MARK || value == MARK) return damaged_pickle(vm, "a mark among members");
        if (!mgi_pickle_append(vm->pickle, container, key, value)) return exhausted(vm);
    }
    vm->stack.count = under;
    return MGEO_OK;
}

static mgeo_status put_some(unpickler *vm, size_t values, mgi_pickle_kind kind) {
    if (vm->stack.count < values) return damaged_pickle(vm, "too few values");
    size_t from = vm->stack.count - values;
    return put_members(vm, from, from, kind);
}

static mgeo_status put_from_mark(unpickler *vm, mgi_pickle_kind kind) {
    size_t mark = 0;
    if (!find_mark(vm, &mark)) return damaged_pickle(vm, "members without their mark");
    return put_members(vm, mark, mark + 1, kind);
}

/* What an error line may show of a name in a pickle. */
static void show_text(char *shown, size_t capacity, const char *text, size_t bytes) {
    size_t length = bytes < capacity - 1 ? bytes : capacity - 1;
    for (size_t i = 0; i < length; i++) {
        shown[i] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    }
    shown[length] = '\0';
}

static mgeo_status push_global(unpickler *vm, const char *module, size_t module_bytes,
                               const char *name, size_t name_bytes) {
    const mgi_pickle_global *global =
        mgi_pickle_global_find(module, module_bytes, name, name_bytes);
    if (global == NULL) {
        char module_shown[65], name_shown[65];
        show_text(module_shown, sizeof module_shown, module, module_bytes);
        show_text(name_shown, sizeof name_shown, name, name_bytes);
        return mgi_fail(vm->error, MGEO_E_UNSUPPORTED,
                        "%s: pickle: byte %zu: asks for %s.%s, which no tensor state dict needs; "
                        "nothing was run",
                        mgi_pathname_shown(vm->file), vm->opcode_at, module_shown, name_shown);
    }
    return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_GLOBAL, .global = global});
}

static mgeo_status global_by_lines(unpickler *vm) {
    const char *module = NULL, *name = NULL;
    size_t module_bytes = 0, name_bytes = 0;
    mgeo_status status = take_line(vm, &module, &module_bytes);
    if (status == MGEO_OK) status = take_line(vm, &name, &name_bytes);
    if (status != MGEO_OK) return status;
    return push_global(vm, module, module_bytes, name, name_bytes);
}

static mgeo_status global_by_stack(unpickler *vm) {
    uint32_t name = peek(vm, 0);
    uint32_t module = peek(vm, 1);
    if (name == MARK || module == MARK || value_at(vm, name)->kind != MGI_PICKLE_KIND_TEXT ||
        value_at(vm, module)->kind != MGI_PICKLE_KIND_TEXT) {
        return damaged_pickle(vm, "a global whose name is no text");
    }
    const mgi_pickle_value names = *value_at(vm, name);
    const mgi_pickle_value modules = *value_at(vm, module);
    vm->stack.count -= 2;
    return push_global(vm, modules.text, modules.bytes, names.text, names.bytes);
}

/* A call is noted, not made; only the dict, which is empty at first, is there at once. */
static mgeo_status reduce(unpickler *vm) {
    uint32_t argument = peek(vm, 0);
    uint32_t function = peek(vm, 1);
    if (argument == MARK || function == MARK ||
        value_at(vm, argument)->kind != MGI_PICKLE_KIND_TUPLE ||
        value_at(vm, function)->kind != MGI_PICKLE_KIND_GLOBAL) {
        return damaged_pickle(vm, "a call of something that is no function");
    }
    const mgi_pickle_global *global = value_at(vm, function)->global;
    bool plain = value_at(vm, argument)->count == 0;
    vm->stack.count -= 2;
    if (global->kind == MGI_PICKLE_GLOBAL_STORAGE) {
        return damaged_pickle(vm, "a call of a storage type");
    }
    if (global->kind != MGI_PICKLE_GLOBAL_ORDERED_DICT) {
        return push(vm, (mgi_pickle_value){
                            .kind = MGI_PICKLE_KIND_CALL, .global = global, .argument = argument});
    }
    if (!plain) return damaged_pickle(vm, "an OrderedDict with arguments");
    return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_DICT});
}

/* state_dict() carries attributes (_metadata) that say nothing about tensors: they are dropped. */
static mgeo_status build_value(unpickler *vm) {
    uint32_t state = peek(vm, 0);
    uint32_t object = peek(vm, 1);
    if (state == MARK || object == MARK || value_at(vm, object)->kind != MGI_PICKLE_KIND_DICT) {
        return damaged_pickle(vm, "sets attributes of something else than an OrderedDict");
    }
    vm->stack.count--;
    return MGEO_OK;
}

static mgeo_status persistent_id(unpickler *vm) {
    uint32_t id = peek(vm, 0);
    if (id == MARK || value_at(vm, id)->kind != MGI_PICKLE_KIND_TUPLE) {
        return damaged_pickle(vm, "a storage whose id is no tuple");
    }
    vm->stack.count--;
    return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_STORAGE, .argument = id});
}

static mgeo_status check_protocol(unpickler *vm) {
    uint64_t protocol = 0;
    mgeo_status status = take_number(vm, 1, &protocol);
    if (status != MGEO_OK) return status;
    if (protocol < 2 || protocol > 5) return damaged_pickle(vm, "a protocol other than 2 to 5");
    return MGEO_OK;
}

static mgeo_status skip(unpickler *vm, uint64_t bytes) {
    return take_bytes(vm, bytes) == NULL ? damaged_pickle(vm, "cut short") : MGEO_OK;
}

static mgeo_status skip_float(unpickler *vm) {
    mgeo_status status = skip(vm, 8);
    return status == MGEO_OK ? push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_FLOAT}) : status;
}

static mgeo_status act_by_number(unpickler *vm, int bytes,
                                 mgeo_status (*act)(unpickler *, uint32_t)) {
    uint64_t number = 0;
    mgeo_status status = take_number(vm, bytes, &number);
    return status == MGEO_OK ? act(vm, (uint32_t)number) : status;
}

static mgeo_status stop(unpickler *vm) {
    if (vm->stack.count != 1 || vm->stack.items[0] == MARK) {
        return damaged_pickle(vm, "ends with other than one value");
    }
    vm->pickle->root = vm->stack.items[0];
    vm->stopped = true;
    return MGEO_OK;
}

static mgeo_status foreign_opcode(unpickler *vm, unsigned opcode) {
    const char *name = mgi_pickle_opcode_name(opcode);
    return mgi_fail(vm->error, MGEO_E_UNSUPPORTED,
                    "%s: pickle: byte %zu: opcode %s (0x%02X), which no tensor state dict needs; "
                    "nothing was run",
                    mgi_pathname_shown(vm->file), vm->opcode_at, name == NULL ? "unknown" : name,
                    opcode);
}

/* Opcodes that push_opcode_value values; the others are in execute_opcode. */
static mgeo_status push_opcode_value(unpickler *vm, unsigned opcode) {
    switch (opcode) {
    case 'N': return push_index(vm, MGI_PICKLE_NONE);
    case 0x88: return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_BOOL, .integer = 1});
    case 0x89: return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_BOOL});
    case 'K': return push_integer(vm, 1);
    case 'M': return push_integer(vm, 2);
    case 'J': return push_integer(vm, 4);
    case 0x8A: return push_long(vm);
    case 'G': return skip_float(vm);
    case 0x8C: return push_text(vm, 1);
    case 'X': return push_text(vm, 4);
    case 0x8D: return push_text(vm, 8);
    case '}': return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_DICT});
    case ']': return push(vm, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_LIST});
    case ')': return tuple_of(vm, 0);
    case 0x85: return tuple_of(vm, 1);
    case 0x86: return tuple_of(vm, 2);
    case 0x87: return tuple_of(vm, 3);
    case 't': return tuple_from_mark(vm);
    default: return foreign_opcode(vm, opcode);
    }
}

static mgeo_status execute_opcode(unpickler *vm, unsigned opcode) {
    switch (opcode) {
    case 0x80: return check_protocol(vm);
    case 0x95: return skip(vm, 8);
    case '(': return push_index(vm, MARK);
    case 'a': return put_some(vm, 1, MGI_PICKLE_KIND_LIST);
    case 'e': return put_from_mark(vm, MGI_PICKLE_KIND_LIST);
    case 's': return put_some(vm, 2, MGI_PICKLE_KIND_DICT);
    case 'u': return put_from_mark(vm, MGI_PICKLE_KIND_DICT);
    case 'q': return act_by_number(vm, 1, memo_put);
    case 'r': return act_by_number(vm, 4, memo_put);
    case 0x94: return memo_put(vm, (uint32_t)vm->memo.count);
    case 'h': return act_by_number(vm, 1, memo_get);
    case 'j': return act_by_number(vm, 4, memo_get);
    case 'c': return global_by_lines(vm);
    case 0x93: return global_by_stack(vm);
    case 'R': return reduce(vm);
    case 'b': return build_value(vm);
    case 'Q': return persistent_id(vm);
    case '.': return stop(vm);
    default: return push_opcode_value(vm, opcode);
    }
}

static mgeo_status run_pickle(unpickler *vm) {
    if (vm->size < 2 || vm->data[0] != 0x80) {
        return damaged_pickle(vm, "not a pickle of protocol 2 to 5");
    }
    if (mgi_pickle_add(vm->pickle, (mgi_pickle_value){.kind = MGI_PICKLE_KIND_NONE}) !=
            MGI_PICKLE_NONE ||
        vm->pickle->count == 0) {
        return exhausted(vm);
    }
    while (!vm->stopped) {
        vm->opcode_at = vm->at;
        const unsigned char *opcode = take_bytes(vm, 1);
        if (opcode == NULL) return damaged_pickle(vm, "cut short");
        mgeo_status status = execute_opcode(vm, *opcode);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

mgeo_status mgi_pickle_read(mgi_pickle *pickle, const unsigned char *data, size_t size,
                            const char *file, mgeo_error *error) {
    *pickle = (mgi_pickle){0};
    if (size > MGI_PICKLE_MAX_BYTES) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: pickle: %zu bytes; at most %d are read",
                        mgi_pathname_shown(file), size, MGI_PICKLE_MAX_BYTES);
    }
    pickle->most =
        MGI_PICKLE_MAX_VALUES < 65536 + size / 4 ? MGI_PICKLE_MAX_VALUES : 65536 + size / 4;
    unpickler vm = {.pickle = pickle, .file = file, .data = data, .size = size, .error = error};
    mgeo_status status = run_pickle(&vm);
    mgi_free(vm.stack.items);
    mgi_free(vm.memo.items);
    if (status != MGEO_OK) mgi_pickle_finish(pickle);
    return status;
}

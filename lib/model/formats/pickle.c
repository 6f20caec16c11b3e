/* A pickle reader that builds values and runs nothing: it knows what a tensor state dict needs. */
#include "model/formats/pickle.h"

#include "core/alloc.h"
#include "model/formats/little_endian.h"

#include <stdio.h>
#include <string.h>

/* On the stack, in the place of a value's index. */
#define MGI_MARK UINT32_MAX

typedef struct mgi_indices {
    uint32_t *items;
    size_t count, capacity;
} mgi_indices;

typedef struct mgi_machine {
    mgi_pickle *pickle;
    const char *file;
    const unsigned char *data;
    size_t size, at;
    size_t opcode_at; /* for error lines */
    mgi_indices stack;
    mgi_indices memo; /* MGI_MARK where nothing was put */
    bool stopped;
    mgeo_error *error;
} mgi_machine;

static mgeo_status mgi_damaged(mgi_machine *vm, const char *reason) {
    return mgi_fail(vm->error, MGEO_E_FORMAT, "%s: pickle: byte %zu: %s", mgi_shown_path(vm->file),
                    vm->opcode_at, reason);
}

static mgeo_status mgi_full(mgi_machine *vm) {
    if (vm->pickle->count >= MGI_PICKLE_VALUES || vm->pickle->cell_count >= MGI_PICKLE_CELLS) {
        return mgi_damaged(vm, "more values than a state dict has");
    }
    return mgi_fail_memory(vm->error, "a pickle's values", vm->size);
}

/* ---- stack and memo */

static bool mgi_indices_reserve(mgi_indices *list, size_t count) {
    size_t capacity = list->capacity == 0 ? 256 : list->capacity;
    while (capacity < count) capacity *= 2;
    if (capacity == list->capacity) return true;
    uint32_t *items = mgi_realloc(list->items, capacity, sizeof *items);
    if (items == NULL) return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

static mgeo_status mgi_push_index(mgi_machine *vm, uint32_t index) {
    if (!mgi_indices_reserve(&vm->stack, vm->stack.count + 1)) return mgi_full(vm);
    vm->stack.items[vm->stack.count++] = index;
    return MGEO_OK;
}

static mgeo_status mgi_push(mgi_machine *vm, mgi_value value) {
    uint32_t index = mgi_pickle_add(vm->pickle, value);
    return index == 0 ? mgi_full(vm) : mgi_push_index(vm, index);
}

/* The value `depth` below the top, or MGI_MARK where there is none. */
static uint32_t mgi_peek(const mgi_machine *vm, size_t depth) {
    if (depth >= vm->stack.count) return MGI_MARK;
    return vm->stack.items[vm->stack.count - 1 - depth];
}

static mgi_value *mgi_value_at(mgi_machine *vm, uint32_t index) {
    return &vm->pickle->values[index];
}

/* The place of the topmost mark, or false. */
static bool mgi_find_mark(const mgi_machine *vm, size_t *mark) {
    for (size_t i = vm->stack.count; i-- > 0;) {
        if (vm->stack.items[i] == MGI_MARK) {
            *mark = i;
            return true;
        }
    }
    return false;
}

static mgeo_status mgi_memo_put(mgi_machine *vm, uint32_t slot) {
    uint32_t top = mgi_peek(vm, 0);
    if (top == MGI_MARK) return mgi_damaged(vm, "nothing to remember");
    if (slot >= MGI_PICKLE_VALUES) return mgi_damaged(vm, "memo index too large");
    if (!mgi_indices_reserve(&vm->memo, (size_t)slot + 1)) return mgi_full(vm);
    while (vm->memo.count <= slot) vm->memo.items[vm->memo.count++] = MGI_MARK;
    vm->memo.items[slot] = top;
    return MGEO_OK;
}

static mgeo_status mgi_memo_get(mgi_machine *vm, uint32_t slot) {
    if (slot >= vm->memo.count || vm->memo.items[slot] == MGI_MARK) {
        return mgi_damaged(vm, "asks for something it never remembered");
    }
    return mgi_push_index(vm, vm->memo.items[slot]);
}

/* ---- bytes of the pickle */

/* The next `bytes` bytes, or NULL. */
static const unsigned char *mgi_take(mgi_machine *vm, uint64_t bytes) {
    if (bytes > vm->size - vm->at) return NULL;
    const unsigned char *taken = vm->data + vm->at;
    vm->at += (size_t)bytes;
    return taken;
}

/* An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
static mgeo_status mgi_take_number(mgi_machine *vm, int bytes, uint64_t *number) {
    const unsigned char *p = mgi_take(vm, (uint64_t)bytes);
    if (p == NULL) return mgi_damaged(vm, "cut short");
    switch (bytes) {
    case 1: *number = p[0]; break;
    case 2: *number = mgi_le16(p); break;
    case 4: *number = mgi_le32(p); break;
    default: *number = mgi_le64(p); break;
    }
    return MGEO_OK;
}

static mgeo_status mgi_take_line(mgi_machine *vm, const char **line, size_t *bytes) {
    const unsigned char *from = vm->data + vm->at;
    const unsigned char *end = memchr(from, '\n', vm->size - vm->at);
    if (end == NULL) return mgi_damaged(vm, "a name without an end");
    *line = (const char *)from;
    *bytes = (size_t)(end - from);
    vm->at += *bytes + 1;
    return MGEO_OK;
}

/* ---- opcodes */

static mgeo_status mgi_push_integer(mgi_machine *vm, int bytes) {
    uint64_t number = 0;
    mgeo_status status = mgi_take_number(vm, bytes, &number);
    if (status != MGEO_OK) return status;
    int64_t value = bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
    return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_INTEGER, .integer = value});
}

static mgeo_status mgi_push_long(mgi_machine *vm) {
    uint64_t bytes = 0;
    mgeo_status status = mgi_take_number(vm, 1, &bytes);
    if (status != MGEO_OK) return status;
    const unsigned char *p = mgi_take(vm, bytes);
    if (p == NULL) return mgi_damaged(vm, "cut short");
    if (bytes > 8) return mgi_damaged(vm, "a number of more than 64 bits");
    uint64_t number = bytes > 0 && (p[bytes - 1] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = (size_t)bytes; i-- > 0;) number = number << 8 | p[i];
    return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_INTEGER, .integer = (int64_t)number});
}

static mgeo_status mgi_push_text(mgi_machine *vm, int length_bytes) {
    uint64_t bytes = 0;
    mgeo_status status = mgi_take_number(vm, length_bytes, &bytes);
    if (status != MGEO_OK) return status;
    const unsigned char *text = mgi_take(vm, bytes);
    if (text == NULL) return mgi_damaged(vm, "a text runs past the end");
    return mgi_push(
        vm,
        (mgi_value){.kind = MGI_VALUE_TEXT, .text = (const char *)text, .bytes = (uint32_t)bytes});
}

static mgeo_status mgi_push_tuple(mgi_machine *vm, size_t from, size_t drop) {
    uint32_t tuple = mgi_pickle_add(vm->pickle, (mgi_value){.kind = MGI_VALUE_TUPLE});
    if (tuple == 0) return mgi_full(vm);
    for (size_t i = from; i < vm->stack.count; i++) {
        if (vm->stack.items[i] == MGI_MARK) return mgi_damaged(vm, "a mark inside a tuple");
        if (!mgi_pickle_append(vm->pickle, tuple, 0, vm->stack.items[i])) return mgi_full(vm);
    }
    vm->stack.count = from - drop;
    return mgi_push_index(vm, tuple);
}

static mgeo_status mgi_tuple_of(mgi_machine *vm, size_t members) {
    if (vm->stack.count < members) return mgi_damaged(vm, "too few values for a tuple");
    return mgi_push_tuple(vm, vm->stack.count - members, 0);
}

static mgeo_status mgi_tuple_from_mark(mgi_machine *vm) {
    size_t mark = 0;
    if (!mgi_find_mark(vm, &mark)) return mgi_damaged(vm, "a tuple without its mark");
    return mgi_push_tuple(vm, mark + 1, 1);
}

/* Puts the values from `from` on into the dict or list below `under`, then drops them. */
static mgeo_status mgi_put_members(mgi_machine *vm, size_t under, size_t from,
                                   mgi_value_kind kind) {
    size_t step = kind == MGI_VALUE_DICT ? 2 : 1;
    if (under == 0 || vm->stack.items[under - 1] == MGI_MARK ||
        mgi_value_at(vm, vm->stack.items[under - 1])->kind != kind) {
        return mgi_damaged(vm, kind == MGI_VALUE_DICT ? "sets a member of what is no dict"
                                                      : "appends to what is no list");
    }
    if ((vm->stack.count - from) % step != 0) return mgi_damaged(vm, "a key without a value");
    uint32_t container = vm->stack.items[under - 1];
    for (size_t i = from; i < vm->stack.count; i += step) {
        uint32_t key = step == 2 ? vm->stack.items[i] : 0;
        uint32_t value = vm->stack.items[i + step - 1];
        if (key == MGI_MARK || value == MGI_MARK) return mgi_damaged(vm, "a mark among members");
        if (!mgi_pickle_append(vm->pickle, container, key, value)) return mgi_full(vm);
    }
    vm->stack.count = under;
    return MGEO_OK;
}

static mgeo_status mgi_put_some(mgi_machine *vm, size_t values, mgi_value_kind kind) {
    if (vm->stack.count < values) return mgi_damaged(vm, "too few values");
    size_t from = vm->stack.count - values;
    return mgi_put_members(vm, from, from, kind);
}

static mgeo_status mgi_put_from_mark(mgi_machine *vm, mgi_value_kind kind) {
    size_t mark = 0;
    if (!mgi_find_mark(vm, &mark)) return mgi_damaged(vm, "members without their mark");
    return mgi_put_members(vm, mark, mark + 1, kind);
}

/* What an error line may show of a name in a pickle. */
static void mgi_show_text(char *shown, size_t capacity, const char *text, size_t bytes) {
    size_t length = bytes < capacity - 1 ? bytes : capacity - 1;
    for (size_t i = 0; i < length; i++) {
        shown[i] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    }
    shown[length] = '\0';
}

static mgeo_status mgi_push_global(mgi_machine *vm, const char *module, size_t module_bytes,
                                   const char *name, size_t name_bytes) {
    const mgi_global *global = mgi_global_find(module, module_bytes, name, name_bytes);
    if (global == NULL) {
        char module_shown[65], name_shown[65];
        mgi_show_text(module_shown, sizeof module_shown, module, module_bytes);
        mgi_show_text(name_shown, sizeof name_shown, name, name_bytes);
        return mgi_fail(vm->error, MGEO_E_UNSUPPORTED,
                        "%s: pickle: byte %zu: asks for %s.%s, which no tensor state dict needs; "
                        "nothing was run",
                        mgi_shown_path(vm->file), vm->opcode_at, module_shown, name_shown);
    }
    return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_GLOBAL, .global = global});
}

static mgeo_status mgi_global_by_lines(mgi_machine *vm) {
    const char *module = NULL, *name = NULL;
    size_t module_bytes = 0, name_bytes = 0;
    mgeo_status status = mgi_take_line(vm, &module, &module_bytes);
    if (status == MGEO_OK) status = mgi_take_line(vm, &name, &name_bytes);
    if (status != MGEO_OK) return status;
    return mgi_push_global(vm, module, module_bytes, name, name_bytes);
}

static mgeo_status mgi_global_by_stack(mgi_machine *vm) {
    uint32_t name = mgi_peek(vm, 0);
    uint32_t module = mgi_peek(vm, 1);
    if (name == MGI_MARK || module == MGI_MARK || mgi_value_at(vm, name)->kind != MGI_VALUE_TEXT ||
        mgi_value_at(vm, module)->kind != MGI_VALUE_TEXT) {
        return mgi_damaged(vm, "a global whose name is no text");
    }
    const mgi_value names = *mgi_value_at(vm, name);
    const mgi_value modules = *mgi_value_at(vm, module);
    vm->stack.count -= 2;
    return mgi_push_global(vm, modules.text, modules.bytes, names.text, names.bytes);
}

/* A call is noted, not made; only the dict, which is empty at first, is there at once. */
static mgeo_status mgi_reduce(mgi_machine *vm) {
    uint32_t argument = mgi_peek(vm, 0);
    uint32_t function = mgi_peek(vm, 1);
    if (argument == MGI_MARK || function == MGI_MARK ||
        mgi_value_at(vm, argument)->kind != MGI_VALUE_TUPLE ||
        mgi_value_at(vm, function)->kind != MGI_VALUE_GLOBAL) {
        return mgi_damaged(vm, "a call of something that is no function");
    }
    const mgi_global *global = mgi_value_at(vm, function)->global;
    bool plain = mgi_value_at(vm, argument)->count == 0;
    vm->stack.count -= 2;
    if (global->kind == MGI_GLOBAL_STORAGE) return mgi_damaged(vm, "a call of a storage type");
    if (global->kind != MGI_GLOBAL_ORDERED_DICT) {
        return mgi_push(
            vm, (mgi_value){.kind = MGI_VALUE_CALL, .global = global, .argument = argument});
    }
    if (!plain) return mgi_damaged(vm, "an OrderedDict with arguments");
    return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_DICT});
}

/* state_dict() carries attributes (_metadata) that say nothing about tensors: they are dropped. */
static mgeo_status mgi_build(mgi_machine *vm) {
    uint32_t state = mgi_peek(vm, 0);
    uint32_t object = mgi_peek(vm, 1);
    if (state == MGI_MARK || object == MGI_MARK ||
        mgi_value_at(vm, object)->kind != MGI_VALUE_DICT) {
        return mgi_damaged(vm, "sets attributes of something else than an OrderedDict");
    }
    vm->stack.count--;
    return MGEO_OK;
}

static mgeo_status mgi_persistent_id(mgi_machine *vm) {
    uint32_t id = mgi_peek(vm, 0);
    if (id == MGI_MARK || mgi_value_at(vm, id)->kind != MGI_VALUE_TUPLE) {
        return mgi_damaged(vm, "a storage whose id is no tuple");
    }
    vm->stack.count--;
    return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_STORAGE, .argument = id});
}

static mgeo_status mgi_protocol(mgi_machine *vm) {
    uint64_t protocol = 0;
    mgeo_status status = mgi_take_number(vm, 1, &protocol);
    if (status != MGEO_OK) return status;
    if (protocol < 2 || protocol > 5) return mgi_damaged(vm, "a protocol other than 2 to 5");
    return MGEO_OK;
}

static mgeo_status mgi_skip(mgi_machine *vm, uint64_t bytes) {
    return mgi_take(vm, bytes) == NULL ? mgi_damaged(vm, "cut short") : MGEO_OK;
}

static mgeo_status mgi_skip_float(mgi_machine *vm) {
    mgeo_status status = mgi_skip(vm, 8);
    return status == MGEO_OK ? mgi_push(vm, (mgi_value){.kind = MGI_VALUE_FLOAT}) : status;
}

static mgeo_status mgi_by_number(mgi_machine *vm, int bytes,
                                 mgeo_status (*act)(mgi_machine *, uint32_t)) {
    uint64_t number = 0;
    mgeo_status status = mgi_take_number(vm, bytes, &number);
    return status == MGEO_OK ? act(vm, (uint32_t)number) : status;
}

static mgeo_status mgi_stop(mgi_machine *vm) {
    if (vm->stack.count != 1 || vm->stack.items[0] == MGI_MARK) {
        return mgi_damaged(vm, "ends with other than one value");
    }
    vm->pickle->root = vm->stack.items[0];
    vm->stopped = true;
    return MGEO_OK;
}

static mgeo_status mgi_foreign_opcode(mgi_machine *vm, unsigned opcode) {
    const char *name = mgi_opcode_name(opcode);
    return mgi_fail(vm->error, MGEO_E_UNSUPPORTED,
                    "%s: pickle: byte %zu: opcode %s (0x%02X), which no tensor state dict needs; "
                    "nothing was run",
                    mgi_shown_path(vm->file), vm->opcode_at, name == NULL ? "unknown" : name,
                    opcode);
}

/* Opcodes that make values; the others are in mgi_act. */
static mgeo_status mgi_make(mgi_machine *vm, unsigned opcode) {
    switch (opcode) {
    case 'N': return mgi_push_index(vm, MGI_PICKLE_NONE);
    case 0x88: return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_BOOL, .integer = 1});
    case 0x89: return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_BOOL});
    case 'K': return mgi_push_integer(vm, 1);
    case 'M': return mgi_push_integer(vm, 2);
    case 'J': return mgi_push_integer(vm, 4);
    case 0x8A: return mgi_push_long(vm);
    case 'G': return mgi_skip_float(vm);
    case 0x8C: return mgi_push_text(vm, 1);
    case 'X': return mgi_push_text(vm, 4);
    case 0x8D: return mgi_push_text(vm, 8);
    case '}': return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_DICT});
    case ']': return mgi_push(vm, (mgi_value){.kind = MGI_VALUE_LIST});
    case ')': return mgi_tuple_of(vm, 0);
    case 0x85: return mgi_tuple_of(vm, 1);
    case 0x86: return mgi_tuple_of(vm, 2);
    case 0x87: return mgi_tuple_of(vm, 3);
    case 't': return mgi_tuple_from_mark(vm);
    default: return mgi_foreign_opcode(vm, opcode);
    }
}

static mgeo_status mgi_act(mgi_machine *vm, unsigned opcode) {
    switch (opcode) {
    case 0x80: return mgi_protocol(vm);
    case 0x95: return mgi_skip(vm, 8);
    case '(': return mgi_push_index(vm, MGI_MARK);
    case 'a': return mgi_put_some(vm, 1, MGI_VALUE_LIST);
    case 'e': return mgi_put_from_mark(vm, MGI_VALUE_LIST);
    case 's': return mgi_put_some(vm, 2, MGI_VALUE_DICT);
    case 'u': return mgi_put_from_mark(vm, MGI_VALUE_DICT);
    case 'q': return mgi_by_number(vm, 1, mgi_memo_put);
    case 'r': return mgi_by_number(vm, 4, mgi_memo_put);
    case 0x94: return mgi_memo_put(vm, (uint32_t)vm->memo.count);
    case 'h': return mgi_by_number(vm, 1, mgi_memo_get);
    case 'j': return mgi_by_number(vm, 4, mgi_memo_get);
    case 'c': return mgi_global_by_lines(vm);
    case 0x93: return mgi_global_by_stack(vm);
    case 'R': return mgi_reduce(vm);
    case 'b': return mgi_build(vm);
    case 'Q': return mgi_persistent_id(vm);
    case '.': return mgi_stop(vm);
    default: return mgi_make(vm, opcode);
    }
}

static mgeo_status mgi_run_pickle(mgi_machine *vm) {
    if (vm->size < 2 || vm->data[0] != 0x80) {
        return mgi_damaged(vm, "not a pickle of protocol 2 to 5");
    }
    if (mgi_pickle_add(vm->pickle, (mgi_value){.kind = MGI_VALUE_NONE}) != MGI_PICKLE_NONE ||
        vm->pickle->count == 0) {
        return mgi_full(vm);
    }
    while (!vm->stopped) {
        vm->opcode_at = vm->at;
        const unsigned char *opcode = mgi_take(vm, 1);
        if (opcode == NULL) return mgi_damaged(vm, "cut short");
        mgeo_status status = mgi_act(vm, *opcode);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

mgeo_status mgi_pickle_read(mgi_pickle *pickle, const unsigned char *data, size_t size,
                            const char *file, mgeo_error *error) {
    *pickle = (mgi_pickle){0};
    if (size > MGI_PICKLE_LIMIT) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: pickle: %zu bytes; at most %d are read",
                        mgi_shown_path(file), size, MGI_PICKLE_LIMIT);
    }
    mgi_machine vm = {.pickle = pickle, .file = file, .data = data, .size = size, .error = error};
    mgeo_status status = mgi_run_pickle(&vm);
    mgi_free(vm.stack.items);
    mgi_free(vm.memo.items);
    if (status != MGEO_OK) mgi_pickle_finish(pickle);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables in Arrow's layout whose numbers are anything: offsets, views, indices, lengths, nulls. The
 * buffers have the sizes that the interface promises, each in a block of its own: those of utf8's
 * texts end where the last offset says. */
#include "arrow/table.h"
#include "core/alloc.h"
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

enum { MOST_ROWS = 40, COLUMNS = 2, MOST_BUFFERS = 6 };

static const char *const formats[] = {"u", "U", "vu", "n", "z"};
static const char *const index_formats[] = {"c", "C", "s", "S", "i", "I", "l", "L"};
static const size_t slot_bytes[] = {4, 8, 16, 0, 4};

/* What is left of the input. */
typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static uint8_t next_byte(input *in) {
    if (in->left == 0) return 0;
    in->left--;
    return *in->at++;
}

/* A block of `size` bytes from the input, zeros where that ends; owned by the caller. */
static void *next_block(input *in, size_t size) {
    size_t taken = size < in->left ? size : in->left;
    uint8_t *block = calloc(size == 0 ? 1 : size, 1);
    if (block == NULL) exit(2);
    memcpy(block, in->at, taken);
    in->at += taken;
    in->left -= taken;
    return block;
}

/* Mostly small, now and then anything. */
static int64_t next_count(input *in) {
    uint8_t first = next_byte(in);
    if (first < 0xF0) return first % MOST_ROWS;
    int64_t value = 0;
    for (int i = 0; i < 8; i++) value = (int64_t)((uint64_t)value << 8 | next_byte(in));
    return value;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static void keep_schema(struct ArrowSchema *schema) { (void)schema; }
static void keep_array(struct ArrowArray *array) { (void)array; }

typedef struct column {
    struct ArrowSchema schema, dictionary_schema;
    struct ArrowArray array, dictionary;
    const void *buffers[MOST_BUFFERS], *index_buffers[2];
    size_t text_bytes[MOST_BUFFERS]; /* of buffers that hold texts */
} column;

/* The last offset says how long the texts are: it is made to. */
static void end_texts(void *offsets, size_t last, size_t width, size_t bytes) {
    int64_t wide = (int64_t)bytes;
    int32_t narrow = (int32_t)bytes;
    memcpy((char *)offsets + last * width, width == 8 ? (void *)&wide : (void *)&narrow, width);
}

/* Texts of slots 0 … slots - 1, in buffers of their own. */
static void make_values(input *in, column *made, struct ArrowArray *array, unsigned layout,
                        size_t slots) {
    size_t bytes = next_byte(in);
    if (layout == 3) return;
    void *slot = next_block(in, (slots + 1) * slot_bytes[layout]);
    made->buffers[0] = next_byte(in) % 2 != 0 ? next_block(in, slots / 8 + 1) : NULL;
    made->buffers[1] = slot;
    made->buffers[2] = next_block(in, bytes);
    made->text_bytes[2] = bytes;
    array->n_buffers = 3;
    if (layout != 2) {
        end_texts(slot, slots, slot_bytes[layout], bytes);
        return;
    }
    int64_t sizes[2] = {(int64_t)bytes, next_byte(in)};
    made->buffers[3] = next_block(in, (size_t)sizes[1]);
    made->text_bytes[3] = (size_t)sizes[1];
    made->buffers[4] = malloc(sizeof sizes);
    if (made->buffers[4] == NULL) exit(2);
    memcpy((void *)(uintptr_t)made->buffers[4], sizes, sizeof sizes);
    array->n_buffers = 5;
}

static void make_dictionary(input *in, column *made, size_t slots) {
    unsigned index = next_byte(in) % 8;
    made->dictionary_schema = made->schema;
    made->dictionary = made->array;
    made->dictionary.offset = 0;
    made->schema.format = index_formats[index];
    made->schema.dictionary = &made->dictionary_schema;
    made->array.dictionary = &made->dictionary;
    made->array.buffers = made->index_buffers;
    made->array.n_buffers = 2;
    made->index_buffers[0] = NULL;
    made->index_buffers[1] = next_block(in, slots << (index / 2));
}

/* An array whose buffers are as large as its length and offset say, where those can be. */
static void make_column(input *in, column *made, const char *name, int64_t rows) {
    unsigned layout = next_byte(in) % 5;
    int64_t offset = next_count(in), length = next_byte(in) % 8 == 0 ? next_count(in) : rows;
    bool possible = offset >= 0 && length >= 0 && offset <= MOST_ROWS && length <= 2 * MOST_ROWS;
    size_t slots = possible ? (size_t)(offset + length) : 0;
    /* Nulls have no buffers: any number of them could be, and would want that much memory. */
    if (!possible) layout = 0;
    *made = (column){.schema = {.format = formats[layout], .name = name, .release = keep_schema},
                     .array = {.length = length, .offset = offset, .release = keep_array}};
    made->array.buffers = made->buffers;
    /* A length that cannot be is told by an array without buffers. */
    if (!possible) return;
    make_values(in, made, &made->array, layout, slots);
    made->dictionary.length = (int64_t)slots;
    if (next_byte(in) % 3 != 0) return;
    struct ArrowArray whole = made->array;
    made->array.length = (int64_t)slots;
    make_dictionary(in, made, slots);
    made->array.length = whole.length;
    made->array.offset = whole.offset;
}

static void free_column(column *made) {
    for (int i = 0; i < MOST_BUFFERS; i++) free((void *)(uintptr_t)made->buffers[i]);
    free((void *)(uintptr_t)made->index_buffers[1]);
}

/* ---- what must hold -------------------------------------------------------------------------- */

/* Every byte of a text can be read. */
static unsigned sum(const char *text, size_t length) {
    unsigned total = 0;
    for (size_t i = 0; i < length; i++) total += (unsigned char)text[i];
    return total;
}

static void check(const struct ArrowSchema *schema, const struct ArrowArray *table) {
    mgi_arrow_columns columns;
    mgeo_pair *pairs = NULL;
    mgeo_error error = {0};
    mgeo_status status = mgi_arrow_columns_choose(schema, "a", "b", &columns, &error);
    if (status == MGEO_OK) status = mgi_arrow_table_read(schema, table, columns, &pairs, &error);
    FUZZ_REQUIRE((status == MGEO_OK) == (pairs != NULL), "pairs without success, or none with it");
    FUZZ_REQUIRE(status == MGEO_OK || strlen(error.message) > 10, "an error without a reason");
    volatile unsigned total = 0;
    for (int64_t row = 0; status == MGEO_OK && row < table->length; row++) {
        total = total + sum(pairs[row].a, pairs[row].a_len) + sum(pairs[row].b, pairs[row].b_len);
    }
    mgi_free(pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[COLUMNS] = {"a", "b"};
    input in = {data, size};
    column columns[COLUMNS];
    struct ArrowSchema *schemas[COLUMNS];
    struct ArrowArray *arrays[COLUMNS];
    int64_t rows = next_count(&in), first = next_byte(&in) % 4 == 0 ? next_count(&in) : 0;
    bool possible = rows >= 0 && rows <= MOST_ROWS && first >= 0 && first <= MOST_ROWS;
    const void *buffers[1] = {NULL};
    for (int i = 0; i < COLUMNS; i++) {
        make_column(&in, &columns[i], names[i], possible ? rows + first : rows);
        schemas[i] = &columns[i].schema;
        arrays[i] = &columns[i].array;
    }
    uint8_t *validity = possible ? next_block(&in, (size_t)(rows + first) / 8 + 1) : NULL;
    if (next_byte(&in) % 4 == 0) buffers[0] = validity;
    struct ArrowSchema schema = {
        .format = "+s", .n_children = COLUMNS, .children = schemas, .release = keep_schema};
    struct ArrowArray table = {.length = rows,
                               .offset = first,
                               .n_buffers = 1,
                               .buffers = buffers,
                               .n_children = COLUMNS,
                               .children = arrays,
                               .release = keep_array};
    check(&schema, &table);
    free(validity);
    for (int i = 0; i < COLUMNS; i++) free_column(&columns[i]);
    return 0;
}

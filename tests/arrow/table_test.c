/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of texts in each of Arrow's layouts, whole and damaged. */
#include "arrow/table.h"
#include "core/alloc.h"
#include "made_table.h"
#include "support/check.h"

#include <string.h>

enum { ROWS = 6 };

static const char *const texts_a[ROWS] = {"杭州市西湖区文三路90号", NULL, "", "a", "twelve bytes",
                                          "thirteen bytes"};
static const char *const texts_b[ROWS] = {"文三路90号", "b", "nothing", NULL, "a", "c"};

static made_table table;
static mgeo_error error;

static mgeo_status read_table(mgeo_pair **pairs) {
    mgi_arrow_columns columns;
    mgeo_status status = mgi_arrow_columns_choose(&table.schema, "a", "b", &columns, &error);
    if (status != MGEO_OK) return status;
    return mgi_arrow_table_read(&table.schema, &table.array, columns, pairs, &error);
}

static void check_text(const char *expected, const char *text, size_t length) {
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(text, expected, length);
}

/* Rows `first` … of the test's texts. */
static void check_pairs(int first, int rows) {
    mgeo_pair *pairs = NULL;
    if (read_table(&pairs) != MGEO_OK) fail_msg("%s", error.message);
    for (int i = 0; i < rows; i++) {
        const char *a = texts_a[first + i], *b = texts_b[first + i];
        if (a == NULL || b == NULL) {
            assert_ptr_equal(pairs[i].a, mgi_arrow_null_text);
            assert_int_equal(pairs[i].a_len + pairs[i].b_len, 0);
            continue;
        }
        check_text(a, pairs[i].a, pairs[i].a_len);
        check_text(b, pairs[i].b, pairs[i].b_len);
    }
    mgi_free(pairs);
}

static void test_texts_are_read_in_every_layout_from_any_offset(void **state) {
    (void)state;
    for (int layout = 0; layout < MADE_NULLS; layout++) {
        make_table(&table, layout, texts_a, texts_b, ROWS);
        check_pairs(0, ROWS);
        table.array.offset = 2; /* of the struct: it counts for its columns too */
        table.array.length = 3;
        check_pairs(2, 3);
        table.array.length = 0;
        check_pairs(2, 0);
    }
}

static void test_indices_of_every_width(void **state) {
    (void)state;
    static const char formats[] = "cCsSiIlL";
    for (int f = 0; formats[f] != '\0'; f++) {
        int64_t wide[2][ROWS + MADE_PADDING];
        char format[2] = {formats[f], 0};
        make_table(&table, MADE_DICTIONARY, texts_a, texts_b, ROWS);
        for (int c = 0; c < 2; c++) {
            char *to = (char *)wide[c];
            size_t width = (size_t)1 << (f / 2);
            for (int64_t i = 0; i < ROWS + MADE_PADDING; i++) {
                memcpy(to + i * (int64_t)width, &i, width);
            }
            table.columns[c].buffers[1] = wide[c];
            table.columns[c].schema.format = format;
        }
        check_pairs(0, ROWS);
    }
}

static void test_a_struct_that_is_null_has_null_texts(void **state) {
    (void)state;
    const uint8_t validity[1] = {0x3E};
    make_table(&table, MADE_UTF8, texts_b, texts_b, ROWS);
    table.buffers[0] = validity;
    mgeo_pair *pairs = NULL;
    assert_int_equal(read_table(&pairs), MGEO_OK);
    assert_ptr_equal(pairs[0].a, mgi_arrow_null_text);
    check_text("b", pairs[1].a, pairs[1].a_len);
    mgi_free(pairs);
}

static void test_a_column_of_nothing_but_nulls(void **state) {
    (void)state;
    make_table(&table, MADE_NULLS, texts_a, texts_b, ROWS);
    mgeo_pair *pairs = NULL;
    assert_int_equal(read_table(&pairs), MGEO_OK);
    for (int i = 0; i < ROWS; i++) assert_ptr_equal(pairs[i].a, mgi_arrow_null_text);
    mgi_free(pairs);
}

static void choose(const char *a, const char *b, int64_t first, int64_t second) {
    mgi_arrow_columns columns;
    mgeo_status status = mgi_arrow_columns_choose(&table.schema, a, b, &columns, &error);
    if (first < 0) {
        assert_int_not_equal(status, MGEO_OK);
        return;
    }
    assert_int_equal(status, MGEO_OK);
    assert_int_equal(columns.a, first);
    assert_int_equal(columns.b, second);
}

static void test_columns_are_chosen_by_name_or_as_the_first_of_texts(void **state) {
    (void)state;
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    choose(NULL, NULL, 0, 1);
    choose("b", NULL, 1, 0);
    choose("b", "a", 1, 0);
    choose(NULL, "a", 1, 0);
    choose("b", "b", -1, -1);
    choose("c", NULL, -1, -1);
    table.columns[1].schema.name = "a";
    choose("a", NULL, -1, -1); /* two of that name */
    table.columns[0].schema.format = "l";
    choose(NULL, NULL, -1, -1);
    assert_non_null(strstr(error.message, "no second one"));
}

/* ---- damage ---------------------------------------------------------------------------------- */

typedef struct damage {
    made_layout layout;
    void (*do_it)(made_column *column);
    mgeo_status status;
    const char *line;
} damage;

static void end_before_begin(made_column *c) { c->offsets[3] = 0; }
static void end_too_far(made_column *c) { c->offsets[3] = 1 << 20; }
static void negative(made_column *c) { c->offsets[2] = -1; }
static void wide_too_far(made_column *c) { c->wide_offsets[3] = INT64_MAX; }
static void no_offsets(made_column *c) { c->buffers[1] = NULL; }
static void no_bytes(made_column *c) { c->buffers[2] = NULL; }
static void no_buffers(made_column *c) { c->array.buffers = NULL; }
static void fewer_buffers(made_column *c) { c->array.n_buffers = 2; }
static void view_part(made_column *c) { c->views[2 * 4 + 2] = 1; }
static void view_negative_part(made_column *c) { c->views[2 * 4 + 2] = -1; }
static void view_offset(made_column *c) { c->views[2 * 4 + 3] = INT32_MAX; }
static void view_negative_length(made_column *c) { c->views[2 * 4] = -2; }
static void no_part_sizes(made_column *c) { c->buffers[3] = NULL; }
static void index_too_large(made_column *c) { c->indices[2] = 200; }
static void index_negative(made_column *c) {
    c->indices[2] = 0xFF;
    c->schema.format = "c";
}
static void no_dictionary(made_column *c) { c->array.dictionary = NULL; }
static void released_dictionary(made_column *c) { c->dictionary.release = NULL; }
static void too_short(made_column *c) { c->array.length = ROWS - 1; }
static void negative_length(made_column *c) { c->array.length = -1; }
static void offset_overflows(made_column *c) { c->array.offset = INT64_MAX; }
static void released(made_column *c) { c->array.release = NULL; }
static void other_type(made_column *c) { c->schema.format = "z"; }
static void no_type(made_column *c) { c->schema.format = NULL; }
static void dictionary_of_numbers(made_column *c) { c->dictionary_schema.format = "l"; }

static const damage damages[] = {
    {MADE_UTF8, end_before_begin, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_UTF8, end_too_far, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_UTF8, negative, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_LARGE_UTF8, wide_too_far, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_UTF8, no_offsets, MGEO_E_ARGUMENT, "its second buffer is NULL"},
    {MADE_UTF8, no_bytes, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_UTF8, no_buffers, MGEO_E_ARGUMENT, "0 buffers, and its type has 3"},
    {MADE_UTF8, fewer_buffers, MGEO_E_ARGUMENT, "2 buffers, and its type has 3"},
    {MADE_VIEWS, fewer_buffers, MGEO_E_ARGUMENT, "at least 3"},
    {MADE_VIEWS, view_part, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_VIEWS, view_negative_part, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_VIEWS, view_offset, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_VIEWS, view_negative_length, MGEO_E_ARGUMENT, "row 0: the text lies outside"},
    {MADE_VIEWS, no_part_sizes, MGEO_E_ARGUMENT, "the others' sizes, is NULL"},
    {MADE_DICTIONARY, index_too_large, MGEO_E_ARGUMENT, "index 200, and its dictionary has 8"},
    {MADE_DICTIONARY, index_negative, MGEO_E_ARGUMENT, "index -1"},
    {MADE_DICTIONARY, no_dictionary, MGEO_E_ARGUMENT, "the array is NULL"},
    {MADE_DICTIONARY, released_dictionary, MGEO_E_ARGUMENT, "released already"},
    {MADE_DICTIONARY, no_offsets, MGEO_E_ARGUMENT, "its second buffer is NULL"},
    {MADE_DICTIONARY, dictionary_of_numbers, MGEO_E_UNSUPPORTED, "cast it"},
    {MADE_UTF8, too_short, MGEO_E_ARGUMENT, "has 5 rows, and the table 6"},
    {MADE_UTF8, negative_length, MGEO_E_ARGUMENT, "cannot be"},
    {MADE_UTF8, offset_overflows, MGEO_E_ARGUMENT, "cannot be"},
    {MADE_UTF8, released, MGEO_E_ARGUMENT, "released already"},
    {MADE_UTF8, other_type, MGEO_E_UNSUPPORTED, "Arrow type \"z\""},
    {MADE_UTF8, no_type, MGEO_E_UNSUPPORTED, "Arrow type \"\""},
};

static void test_damaged_columns_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const damage *d = &damages[i];
        mgeo_pair *pairs = NULL;
        make_table(&table, d->layout, texts_a, texts_b, ROWS);
        d->do_it(&table.columns[0]);
        if (read_table(&pairs) != d->status || strstr(error.message, d->line) == NULL) {
            fail_msg("damage %zu: %s", i, error.message);
        }
        assert_null(pairs);
    }
}

static void check_refused(mgeo_status status) {
    mgeo_pair *pairs = NULL;
    assert_int_equal(read_table(&pairs), status);
    assert_null(pairs);
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
}

static void test_damaged_tables_are_refused(void **state) {
    (void)state;
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    table.array.n_children = 1;
    check_refused(MGEO_E_ARGUMENT);
    table.array.children = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.arrays[1] = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.schemas[1] = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.schema.children = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.schema.n_children = -1;
    check_refused(MGEO_E_ARGUMENT);
    table.schema.release = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.schema.format = "u";
    check_refused(MGEO_E_UNSUPPORTED);
    table.array.length = INT64_MAX / 2;
    check_refused(MGEO_E_ARGUMENT);
    table.array.buffers = NULL;
    check_refused(MGEO_E_ARGUMENT);
    table.array.n_buffers = 0;
    check_refused(MGEO_E_ARGUMENT);
}

static void test_more_rows_than_there_is_memory_for(void **state) {
    (void)state;
    make_table(&table, MADE_NULLS, texts_a, texts_b, ROWS);
    table.array.length = INT64_MAX / 32;
    for (int c = 0; c < 2; c++) table.columns[c].array.length = INT64_MAX / 17;
    mgeo_pair *pairs = NULL;
    assert_int_equal(read_table(&pairs), MGEO_E_MEMORY);
    assert_null(pairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_read_in_every_layout_from_any_offset),
        cmocka_unit_test(test_indices_of_every_width),
        cmocka_unit_test(test_a_struct_that_is_null_has_null_texts),
        cmocka_unit_test(test_a_column_of_nothing_but_nulls),
        cmocka_unit_test(test_columns_are_chosen_by_name_or_as_the_first_of_texts),
        cmocka_unit_test(test_damaged_columns_are_refused),
        cmocka_unit_test(test_damaged_tables_are_refused),
        cmocka_unit_test(test_more_rows_than_there_is_memory_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

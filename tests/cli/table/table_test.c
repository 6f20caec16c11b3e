/* SPDX-License-Identifier: Apache-2.0 */
/* Header and columns from the first record; rows cut into cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "table/table.h"

static struct table_cell cell(const char *text) { return (struct table_cell){text, strlen(text)}; }

static const struct dialect plain = {.format = DIALECT_TSV, .delimiter = '\t'};

static struct table_first first_of(const char *text) {
    return (struct table_first){cell(text), true, {.dialect = plain}};
}

static bool resolve(struct table *table, const struct table_options *options, const char *text,
                    struct error *error) {
    const struct table_first first = first_of(text);
    return table_resolve(table, options, &first, "f", error);
}

static bool matches(const struct table *table, enum table_header mode, const char *text) {
    struct error error;
    return table_matches(table, mode, &plain, cell(text), "g", &error);
}

#define ASK(first, second, labels, when)                                                           \
    { .a = (first), .b = (second), .gold = (labels), .header = TABLE_HEADER_##when }
#define NONE TABLE_NO_COLUMN
#define NAMES "source\tsentence1\tsentence2\tlabel"

struct settling {
    struct table_options options;
    const char *first;
    bool header;
    size_t a, b, gold, width;
};

/* clang-format off */
static const struct settling settlings[] = {
    {ASK(NULL, NULL, NULL, AUTO), NAMES, true, 1, 2, NONE, 4},
    {ASK(NULL, NULL, "label", AUTO), NAMES, true, 1, 2, 3, 4},
    {ASK(NULL, NULL, "4", AUTO), NAMES, true, 1, 2, 3, 4},
    {ASK("2", "3", NULL, AUTO), NAMES, true, 1, 2, NONE, 4},
    {ASK("3", "2", NULL, AUTO), NAMES, true, 2, 1, NONE, 4},
    {ASK("1", "4", NULL, AUTO), NAMES, false, 0, 3, NONE, 4},
    {ASK("1", "4", NULL, YES), NAMES, true, 0, 3, NONE, 4},
    {ASK("sentence2", "1", NULL, AUTO), NAMES, true, 2, 0, NONE, 4},
    {ASK(NULL, NULL, NULL, YES), NAMES, true, 1, 2, NONE, 4},
    {ASK(NULL, NULL, NULL, NO), NAMES, false, 0, 1, NONE, 4},
    {ASK(NULL, NULL, NULL, AUTO), "北京路\t上海路", false, 0, 1, NONE, 2},
    {ASK(NULL, NULL, NULL, AUTO), "id\t地址B\t地址A", true, 2, 1, NONE, 3},
    {ASK(NULL, NULL, NULL, AUTO), "ADDRESS1\tAddress2", true, 0, 1, NONE, 2},
    {ASK(NULL, NULL, NULL, YES), "x\ty\tz", true, 0, 1, NONE, 3},
    {ASK("x", "z", NULL, AUTO), "x\ty\tz", true, 0, 2, NONE, 3},
    {ASK("2", "1", NULL, YES), "1\tx\t2", true, 2, 0, NONE, 3},
    {ASK("2", "3", NULL, NO), "a\tb\tc", false, 1, 2, NONE, 3},
};
/* clang-format on */

static void finds_header_and_columns_in_the_first_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof settlings / sizeof *settlings; i++) {
        struct table table;
        struct error error = {""};
        assert_true(resolve(&table, &settlings[i].options, settlings[i].first, &error));
        assert_int_equal(table.has_header, settlings[i].header);
        assert_int_equal(table.a, settlings[i].a);
        assert_int_equal(table.b, settlings[i].b);
        assert_int_equal(table.gold, settlings[i].gold);
        assert_int_equal(table.width, settlings[i].width);
        assert_int_equal(table.names != NULL, settlings[i].header);
        table_finish(&table);
    }
}

static void refuses_columns_that_are_not_there(void **state) {
    (void)state;
    static const struct {
        struct table_options options;
        const char *first, *says;
    } cases[] = {
        {ASK("x", "b", NULL, AUTO), "a\tb", "has no column \"x\"; it has: a, b"},
        {ASK("a", "b", "g", AUTO), "a\tb", "has no column \"g\""},
        {ASK("0", "1", NULL, AUTO), "a\tb", "numbered from 1"},
        {ASK("1", "99999999999999999999", NULL, NO), "a\tb", "numbered from 1"},
        {ASK("1", "1", NULL, AUTO), "a\tb", "both texts are column 1"},
        {ASK("a", "1", NULL, AUTO), "a\tb", "both texts are column 1"},
        {ASK("1", "3", NULL, YES), "a\tb", "column 3 is asked for but line 1 has 2"},
        {ASK("2", "7", NULL, NO), "a\tb", "column 7 is asked for but line 1 has 2"},
        {ASK("1", "2", "9", NO), "a\tb", "column 9 is asked for but line 1 has 2"},
        {ASK(NULL, NULL, NULL, AUTO), "only", "two texts are wanted, but line 1 has 1"},
        {ASK(NULL, NULL, NULL, YES), "one", "two texts are wanted, but line 1 has 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table table;
        struct error error = {""};
        assert_false(resolve(&table, &cases[i].options, cases[i].first, &error));
        assert_non_null(strstr(error.line, cases[i].says));
        table_finish(&table);
    }
}

static void refuses_odd_headers(void **state) {
    (void)state;
    const struct table_options options = {.header = TABLE_HEADER_YES};
    struct table table;
    struct error error;
    struct table_first first = first_of("a\tb");
    first.text = (struct table_cell){"a\tb\0", 4};
    assert_false(table_resolve(&table, &options, &first, "f", &error));
    table_finish(&table);
    first = first_of("a\tb");
    first.whole = false;
    assert_false(table_resolve(&table, &options, &first, "f", &error));
    table_finish(&table);
}

static void later_inputs_must_have_the_same_header(void **state) {
    (void)state;
    struct table_options options = {.header = TABLE_HEADER_AUTO};
    struct table table;
    struct error error;
    assert_true(resolve(&table, &options, "text_a\ttext_b", &error));
    assert_true(matches(&table, TABLE_HEADER_AUTO, "text_a\ttext_b"));
    assert_true(matches(&table, TABLE_HEADER_AUTO, "Text A\tTEXT-B"));
    assert_false(matches(&table, TABLE_HEADER_AUTO, "text_b\ttext_a"));
    assert_false(matches(&table, TABLE_HEADER_AUTO, "text_a\ttext_b\tc"));
    table_finish(&table);
    assert_true(resolve(&table, &options, "x\ty", &error));
    assert_true(matches(&table, TABLE_HEADER_AUTO, "u\tv"));
    assert_false(matches(&table, TABLE_HEADER_AUTO, "a\tb"));
    assert_true(matches(&table, TABLE_HEADER_NO, "a\tb"));
    table_finish(&table);
}

static void rows_are_cut_at_their_tabs(void **state) {
    (void)state;
    const struct table_options options = {
        .a = "2", .b = "3", .gold = "1", .header = TABLE_HEADER_NO};
    struct table table;
    struct error error;
    struct table_row cut;
    assert_true(resolve(&table, &options, "g\ta\tb", &error));
    struct table_cell row = cell("gold\taa\t");
    table_split(&table, &plain, row, &cut);
    assert_int_equal(cut.columns, 3);
    assert_ptr_equal(cut.a.inner.text, row.text + 5);
    assert_int_equal(cut.a.inner.length, 2);
    assert_ptr_equal(cut.b.inner.text, row.text + 8);
    assert_int_equal(cut.b.inner.length, 0);
    assert_int_equal(cut.gold.inner.length, 4);
    assert_int_equal(cut.kept, row.length);
    assert_int_equal(cut.missing, TABLE_NO_COLUMN);
    table_split(&table, &plain, cell("g\ta\tb\tmore\tand more"), &cut);
    assert_int_equal(cut.columns, 5);
    assert_int_equal(cut.kept, 5);
    table_split(&table, &plain, cell("g\ta"), &cut);
    assert_int_equal(cut.columns, 2);
    assert_null(cut.b.inner.text);
    assert_int_equal(cut.missing, 2);
    assert_int_equal(cut.kept, 3);
    table_finish(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_header_and_columns_in_the_first_line),
                                       cmocka_unit_test(refuses_columns_that_are_not_there),
                                       cmocka_unit_test(refuses_odd_headers),
                                       cmocka_unit_test(later_inputs_must_have_the_same_header),
                                       cmocka_unit_test(rows_are_cut_at_their_tabs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

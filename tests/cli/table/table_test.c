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

static const struct dialect plain = {DIALECT_TSV, '\t', false};

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

struct settling {
    struct table_options options;
    const char *first;
    bool header;
    size_t a, b, gold, width;
};

static void finds_header_and_columns_in_the_first_line(void **state) {
    (void)state;
    const size_t none = TABLE_NO_COLUMN;
    static const char names[] = "source\tsentence1\tsentence2\tlabel";
    const struct settling cases[] = {
        {{NULL, NULL, NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         1,
         2,
         none,
         4},
        {{NULL, NULL, "label", TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         1,
         2,
         3,
         4},
        {{NULL, NULL, "4", TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         1,
         2,
         3,
         4},
        {{"2", "3", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         1,
         2,
         none,
         4},
        {{"3", "2", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         2,
         1,
         none,
         4},
        {{"1", "4", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         false,
         0,
         3,
         none,
         4},
        {{"1", "4", NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         0,
         3,
         none,
         4},
        {{"sentence2", "1", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         2,
         0,
         none,
         4},
        {{NULL, NULL, NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         names,
         true,
         1,
         2,
         none,
         4},
        {{NULL, NULL, NULL, TABLE_HEADER_NO, NULL, {DIALECT_AUTO, 0}, false},
         names,
         false,
         0,
         1,
         none,
         4},
        {{NULL, NULL, NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "北京路\t上海路",
         false,
         0,
         1,
         none,
         2},
        {{NULL, NULL, NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "id\t地址B\t地址A",
         true,
         2,
         1,
         none,
         3},
        {{NULL, NULL, NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "ADDRESS1\tAddress2",
         true,
         0,
         1,
         none,
         2},
        {{NULL, NULL, NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         "x\ty\tz",
         true,
         0,
         1,
         none,
         3},
        {{"x", "z", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "x\ty\tz",
         true,
         0,
         2,
         none,
         3},
        {{"2", "1", NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         "1\tx\t2",
         true,
         2,
         0,
         none,
         3},
        {{"2", "3", NULL, TABLE_HEADER_NO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb\tc",
         false,
         1,
         2,
         none,
         3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct table table;
        struct error error = {""};
        assert_true(resolve(&table, &cases[i].options, cases[i].first, &error));
        assert_int_equal(table.has_header, cases[i].header);
        assert_int_equal(table.a, cases[i].a);
        assert_int_equal(table.b, cases[i].b);
        assert_int_equal(table.gold, cases[i].gold);
        assert_int_equal(table.width, cases[i].width);
        assert_int_equal(table.names != NULL, cases[i].header);
        table_finish(&table);
    }
}

static void refuses_columns_that_are_not_there(void **state) {
    (void)state;
    static const struct {
        struct table_options options;
        const char *first, *says;
    } cases[] = {
        {{"x", "b", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "has no column \"x\"; it has: a, b"},
        {{"a", "b", "g", TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "has no column \"g\""},
        {{"0", "1", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "numbered from 1"},
        {{"1", "99999999999999999999", NULL, TABLE_HEADER_NO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "numbered from 1"},
        {{"1", "1", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "both texts are column 1"},
        {{"a", "1", NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "both texts are column 1"},
        {{"1", "3", NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "column 3 is asked for but line 1 has 2"},
        {{"2", "7", NULL, TABLE_HEADER_NO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "column 7 is asked for but line 1 has 2"},
        {{"1", "2", "9", TABLE_HEADER_NO, NULL, {DIALECT_AUTO, 0}, false},
         "a\tb",
         "column 9 is asked for but line 1 has 2"},
        {{NULL, NULL, NULL, TABLE_HEADER_AUTO, NULL, {DIALECT_AUTO, 0}, false},
         "only",
         "column 2 is asked for but line 1 has 1"},
        {{NULL, NULL, NULL, TABLE_HEADER_YES, NULL, {DIALECT_AUTO, 0}, false},
         "one",
         "column 2 is asked for but line 1 has 1"},
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

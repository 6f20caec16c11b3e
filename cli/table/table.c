/* SPDX-License-Identifier: Apache-2.0 */
/* Settles the columns of a TSV from its first line, and cuts rows at their tabs. */
#include "table/table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/string_buffer.h"
#include "common/utf8.h"

/* Pairs of column names that mean "the two texts". docs/mgeo-score.md lists them. */
static const char *const known_pairs[][2] = {
    {"sentence1", "sentence2"}, {"sentence_1", "sentence_2"},
    {"text1", "text2"},         {"text_1", "text_2"},
    {"text_a", "text_b"},       {"address1", "address2"},
    {"address_1", "address_2"}, {"address_a", "address_b"},
    {"addr1", "addr2"},         {"query", "candidate"},
    {"left", "right"},          {"a", "b"},
    {"地址1", "地址2"},         {"地址A", "地址B"},
    {"地址一", "地址二"},       {"文本1", "文本2"},
    {"句子1", "句子2"},
};

enum { KNOWN_PAIRS = sizeof known_pairs / sizeof *known_pairs };

bool table_next_cell(struct table_cell row, size_t *at, struct table_cell *cell) {
    if (*at > row.length) return false;
    const char *from = row.text + *at;
    size_t left = row.length - *at;
    const char *tab = left > 0 ? memchr(from, '\t', left) : NULL;
    cell->text = from;
    cell->length = tab != NULL ? (size_t)(tab - from) : left;
    *at += cell->length + 1;
    return true;
}

static size_t count_columns(struct table_cell row) {
    size_t at = 0, count = 0;
    struct table_cell ignored;
    while (table_next_cell(row, &at, &ignored)) count++;
    return count;
}

static bool same_name(struct table_cell cell, const char *name) {
    return cell.length == strlen(name) && memcmp(cell.text, name, cell.length) == 0;
}

static bool same_name_any_case(struct table_cell cell, const char *name) {
    return cell.length == strlen(name) && strncasecmp(cell.text, name, cell.length) == 0;
}

static bool is_number(const char *asked) {
    return asked[0] != '\0' && strspn(asked, "0123456789") == strlen(asked);
}

static struct table_cell cell_at(struct table_cell row, size_t column) {
    size_t at = 0;
    struct table_cell found = {NULL, 0};
    for (size_t i = 0; i <= column; i++) {
        if (!table_next_cell(row, &at, &found)) return (struct table_cell){NULL, 0};
    }
    return found;
}

static size_t find_name(struct table_cell row, const char *name, bool any_case) {
    size_t at = 0;
    struct table_cell here;
    for (size_t i = 0; table_next_cell(row, &at, &here); i++) {
        if (any_case ? same_name_any_case(here, name) : same_name(here, name)) return i;
    }
    return TABLE_NO_COLUMN;
}

static bool find_known_pair(struct table_cell row, size_t *a, size_t *b) {
    for (size_t i = 0; i < KNOWN_PAIRS; i++) {
        *a = find_name(row, known_pairs[i][0], true);
        *b = find_name(row, known_pairs[i][1], true);
        if (*a != TABLE_NO_COLUMN && *b != TABLE_NO_COLUMN) return true;
    }
    return false;
}

static bool is_known_name(struct table_cell cell) {
    for (size_t i = 0; i < KNOWN_PAIRS; i++) {
        if (same_name_any_case(cell, known_pairs[i][0]) ||
            same_name_any_case(cell, known_pairs[i][1])) {
            return true;
        }
    }
    return false;
}

/* The header's names, for the line that says that one is missing. */
static void list_names(struct table_cell row, char *to, size_t capacity) {
    struct string_buffer names = {0};
    size_t at = 0;
    struct table_cell here;
    while (names.length < capacity && table_next_cell(row, &at, &here)) {
        if (at > here.length + 1) string_buffer_put(&names, ", ");
        string_buffer_escaped_cell(&names, here.text, utf8_cut(here.text, here.length, 40));
    }
    snprintf(to, capacity, "%s", names.length > 0 ? names.bytes : "");
    string_buffer_finish(&names);
}

static bool by_name(const char *asked, struct table_cell row, const char *where, size_t *column,
                    struct error *error) {
    *column = find_name(row, asked, false);
    if (*column != TABLE_NO_COLUMN) return true;
    char names[400];
    list_names(row, names, sizeof names);
    return error_set(error, "%s: line 1 has no column \"%s\"; it has: %s", where, asked, names);
}

static bool by_number(const char *asked, size_t *column, struct error *error) {
    char *end;
    unsigned long number = strtoul(asked, &end, 10);
    if (number < 1 || number > 65536) {
        return error_set(error, "column %s: columns are numbered from 1 to 65536", asked);
    }
    *column = number - 1;
    return true;
}

static bool find_column(const char *asked, struct table_cell row, bool named, const char *where,
                        size_t *column, struct error *error) {
    /* A column whose name is a number is found by that name first. */
    if (named && find_name(row, asked, false) != TABLE_NO_COLUMN) {
        return by_name(asked, row, where, column, error);
    }
    if (is_number(asked)) return by_number(asked, column, error);
    return by_name(asked, row, where, column, error);
}

const char *const table_header_names[] = {
    [TABLE_HEADER_AUTO] = "auto", [TABLE_HEADER_YES] = "yes", [TABLE_HEADER_NO] = "no", NULL};

bool table_options_take_columns(struct table_options *options, const char *value) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || comma == value || comma[1] == '\0' || strchr(comma + 1, ',') != NULL) {
        return false;
    }
    table_options_finish(options);
    options->columns = memory_copy(value, strlen(value));
    options->columns[comma - value] = '\0';
    options->a = options->columns;
    options->b = options->columns + (comma - value) + 1;
    return true;
}

void table_options_finish(struct table_options *options) {
    free(options->columns);
    options->columns = NULL;
    options->a = options->b = NULL;
}

bool table_options_by_name(const struct table_options *options) {
    return (options->a != NULL && (!is_number(options->a) || !is_number(options->b))) ||
           (options->gold != NULL && !is_number(options->gold));
}

static bool decide_header(const struct table_options *options, struct table_cell first,
                          bool *has_header, struct error *error) {
    size_t a = 0, b = 1;
    if (options->header != TABLE_HEADER_AUTO) {
        *has_header = options->header == TABLE_HEADER_YES;
    } else if (table_options_by_name(options)) {
        *has_header = true;
    } else if (options->a == NULL) {
        *has_header = find_known_pair(first, &a, &b);
    } else {
        if (!by_number(options->a, &a, error) || !by_number(options->b, &b, error)) return false;
        *has_header = is_known_name(cell_at(first, a)) && is_known_name(cell_at(first, b));
    }
    return true;
}

static bool choose_columns(struct table *table, const struct table_options *options,
                           struct table_cell first, const char *where, struct error *error) {
    bool named = table->has_header;
    if (options->a != NULL) {
        if (!find_column(options->a, first, named, where, &table->a, error) ||
            !find_column(options->b, first, named, where, &table->b, error)) {
            return false;
        }
    } else if (!named || !find_known_pair(first, &table->a, &table->b)) {
        table->a = 0;
        table->b = 1;
    }
    table->gold = TABLE_NO_COLUMN;
    if (options->gold != NULL &&
        !find_column(options->gold, first, named, where, &table->gold, error)) {
        return false;
    }
    if (table->a == table->b) {
        return error_set(error, "both texts are column %zu; name two columns with --columns A,B",
                         table->a + 1);
    }
    return true;
}

static size_t highest_column(const struct table *table) {
    size_t highest = table->a > table->b ? table->a : table->b;
    if (table->gold != TABLE_NO_COLUMN && table->gold > highest) highest = table->gold;
    return highest;
}

static void keep_names(struct table *table, struct table_cell first) {
    table->names = memory_resize(NULL, table->width, sizeof *table->names);
    size_t at = 0, i = 0;
    struct table_cell here;
    while (table_next_cell(first, &at, &here)) {
        table->names[i++] = memory_copy(here.text, here.length);
    }
}

static bool check_header(const struct table *table, struct table_cell first, bool whole,
                         const char *where, struct error *error) {
    if (!whole) return error_set(error, "%s: the header line is over 1 MiB; is this TSV?", where);
    if (memchr(first.text, '\0', first.length) != NULL) {
        return error_set(error, "%s: the header line holds NUL bytes; is this UTF-8 text?", where);
    }
    if (highest_column(table) >= table->width) {
        return error_set(error, "%s: column %zu is asked for but line 1 has %zu column%s", where,
                         highest_column(table) + 1, table->width, table->width == 1 ? "" : "s");
    }
    return true;
}

bool table_resolve(struct table *table, const struct table_options *options,
                   struct table_cell first, bool whole, const char *where, struct error *error) {
    memset(table, 0, sizeof *table);
    if (!decide_header(options, first, &table->has_header, error)) return false;
    if (!choose_columns(table, options, first, where, error)) return false;
    table->width = whole ? count_columns(first) : 0;
    if (table->has_header) {
        if (!check_header(table, first, whole, where, error)) return false;
        keep_names(table, first);
    } else if (table->width <= highest_column(table)) {
        table->width = highest_column(table) + 1;
    }
    return true;
}

void table_finish(struct table *table) {
    if (table->names != NULL) {
        for (size_t i = 0; i < table->width; i++) free(table->names[i]);
    }
    free(table->names);
    memset(table, 0, sizeof *table);
}

static bool same_header(const struct table *table, struct table_cell first, const char *where,
                        struct error *error) {
    size_t columns = count_columns(first);
    if (columns != table->width) {
        return error_set(error, "%s: its header has %zu columns, the first input's has %zu", where,
                         columns, table->width);
    }
    size_t at = 0;
    struct table_cell here;
    for (size_t i = 0; table_next_cell(first, &at, &here); i++) {
        if (!same_name(here, table->names[i])) {
            return error_set(error,
                             "%s: column %zu of its header is not \"%s\" as in the first input",
                             where, i + 1, table->names[i]);
        }
    }
    return true;
}

bool table_matches(const struct table *table, enum table_header mode, struct table_cell first,
                   const char *where, struct error *error) {
    if (table->has_header) return same_header(table, first, where, error);
    if (mode == TABLE_HEADER_AUTO && is_known_name(cell_at(first, table->a)) &&
        is_known_name(cell_at(first, table->b))) {
        return error_set(error,
                         "%s: it begins with a header, the first input does not; say "
                         "--header no if line 1 is data",
                         where);
    }
    return true;
}

void table_split(const struct table *table, struct table_cell row, struct table_row *cut) {
    memset(cut, 0, sizeof *cut);
    size_t at = 0;
    struct table_cell here;
    for (size_t i = 0; table_next_cell(row, &at, &here); i++) {
        if (i == table->a) cut->a = here;
        if (i == table->b) cut->b = here;
        if (i == table->gold) cut->gold = here;
        if (i < table->width) cut->kept = at - 1;
        cut->columns++;
    }
}

void table_describe_column(const struct table *table, size_t column, char *to, size_t capacity) {
    if (table->names != NULL && column < table->width) {
        const char *name = table->names[column];
        int shown = (int)utf8_cut(name, strlen(name), 100);
        snprintf(to, capacity, "column %zu (\"%.*s\")", column + 1, shown, name);
    } else {
        snprintf(to, capacity, "column %zu", column + 1);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Settles the columns of a table from its first record, and cuts records into cells. */
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columnar/arrays.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/string_buffer.h"
#include "common/utf8.h"
#include "table/json_table.h"
#include "table/names.h"

enum { MOST_COLUMNS = 65536 };

char **table_decode(const struct dialect *dialect, struct table_cell record, size_t *count) {
    size_t at = 0, i = 0;
    struct record_cell cell;
    *count = record_count(dialect, record, NULL);
    char **cells = memory_zeroed(*count, sizeof *cells);
    while (record_next(dialect, record, &at, &cell)) {
        cells[i] = memory_copy(cell.inner.text, cell.inner.length);
        if (cell.doubled) {
            size_t length = record_undouble(dialect, cells[i], cell.inner.length, cells[i]);
            cells[i][length] = '\0';
        }
        i++;
    }
    return cells;
}

void table_free_cells(char **cells, size_t count) {
    for (size_t i = 0; cells != NULL && i < count; i++) free(cells[i]);
    free(cells);
}

/* ---- pairs of names -------------------------------------------------------------------------- */

struct cells {
    char **text, **folded;
    size_t count;
    size_t pairs;       /* pairs of texts that fit */
    size_t a, b;        /* the surest one */
    bool by_ends;       /* a pair only because two names, and no third, end in "address" */
    const char *origin; /* where the names stand: "line 1" */
};

static struct table_cell whole(const char *text) { return (struct table_cell){text, strlen(text)}; }

/* Every two plausible names are tried; a table of thousands of columns has few that are. */
static void find_pair(struct cells *cells) {
    unsigned best = 0;
    size_t known[64], count = 0;
    for (size_t i = 0; i < cells->count && count < 64; i++) {
        if (names_candidate(cells->folded[i])) known[count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            unsigned rank = names_pair(cells->folded[known[i]], cells->folded[known[j]]);
            if (rank == 0 || i == j) continue;
            cells->pairs++;
            if (best != 0 && rank >= best) continue;
            best = rank;
            cells->a = known[i];
            cells->b = known[j];
        }
    }
}

/* Of no known pair, but two columns of addresses and no third. */
static void find_addresses(struct cells *cells) {
    size_t found[2], count = 0;
    for (size_t i = 0; i < cells->count; i++) {
        if (!names_address(cells->folded[i])) continue;
        if (count == 2) return;
        found[count++] = i;
    }
    if (count < 2) return;
    cells->a = found[0];
    cells->b = found[1];
    cells->pairs = 1;
    cells->by_ends = true;
}

static void fold_cells(struct cells *cells, char **text, size_t count, const char *origin) {
    *cells = (struct cells){.text = text, .count = count, .origin = origin};
    cells->folded = memory_zeroed(count, sizeof *cells->folded);
    for (size_t i = 0; i < count; i++) cells->folded[i] = names_fold(whole(text[i]));
    find_pair(cells);
    if (cells->pairs == 0) find_addresses(cells);
}

static void finish_cells(struct cells *cells) { table_free_cells(cells->folded, cells->count); }

/* By the name as it stands first, then as names are compared. */
static size_t find_name(const struct cells *cells, const char *name) {
    for (size_t i = 0; i < cells->count; i++) {
        if (strcmp(cells->text[i], name) == 0) return i;
    }
    size_t found = TABLE_NO_COLUMN;
    char *folded = names_fold(whole(name));
    for (size_t i = 0; folded[0] != '\0' && found == TABLE_NO_COLUMN && i < cells->count; i++) {
        if (strcmp(cells->folded[i], folded) == 0) found = i;
    }
    free(folded);
    return found;
}

/* The header's names, for the line that says that one is missing. */
static void list_names(const struct cells *cells, char *to, size_t capacity) {
    struct string_buffer names = {0};
    for (size_t i = 0; i < cells->count && names.length < capacity; i++) {
        if (i > 0) string_buffer_put(&names, ", ");
        const char *name = cells->text[i];
        string_buffer_escaped_cell(&names, name, utf8_cut(name, strlen(name), 40));
    }
    snprintf(to, capacity, "%s", names.length > 0 ? names.bytes : "");
    string_buffer_finish(&names);
}

static bool by_name(const char *asked, const struct cells *cells, const char *where, size_t *column,
                    struct error *error) {
    *column = find_name(cells, asked);
    if (*column != TABLE_NO_COLUMN) return true;
    char names[400];
    list_names(cells, names, sizeof names);
    return error_set(error, "%s: %s has no column \"%s\"; it has: %s", where, cells->origin, asked,
                     names);
}

static bool by_number(const char *asked, size_t *column, struct error *error) {
    char *end;
    unsigned long number = strtoul(asked, &end, 10);
    if (number < 1 || number > MOST_COLUMNS) {
        return error_set(error, "column %s: columns are numbered from 1 to 65536", asked);
    }
    *column = number - 1;
    return true;
}

static bool find_column(const char *asked, const struct cells *cells, bool named, const char *where,
                        size_t *column, struct error *error) {
    bool number = table_options_is_number(asked);
    /* A column whose name is a number is found by that name first. */
    if (!number || (named && find_name(cells, asked) != TABLE_NO_COLUMN)) {
        return by_name(asked, cells, where, column, error);
    }
    return by_number(asked, column, error);
}

/* ---- deciding -------------------------------------------------------------------------------- */

static bool decide_header(const struct table_options *options, const struct cells *cells,
                          bool *has_header, struct error *error) {
    size_t a = 0, b = 1;
    if (options->header != TABLE_HEADER_AUTO) {
        *has_header = options->header == TABLE_HEADER_YES;
    } else if (table_options_by_name(options)) {
        *has_header = true;
    } else if (options->one_text != NULL) {
        if (options->a != NULL && !by_number(options->a, &a, error)) return false;
        *has_header = names_are_of_text(cells->folded, cells->count, options->a, a);
    } else if (options->a == NULL) {
        *has_header = cells->pairs > 0;
    } else {
        if (!by_number(options->a, &a, error) || !by_number(options->b, &b, error)) return false;
        bool pair = cells->pairs > 0 &&
                    ((a == cells->a && b == cells->b) || (a == cells->b && b == cells->a));
        *has_header = pair || (a < cells->count && b < cells->count &&
                               names_known(cells->folded[a]) && names_known(cells->folded[b]));
    }
    return true;
}

/* The one text of a row is both of a pair's, so that all that reads texts finds it. */
static bool choose_one(struct table *table, const struct table_options *options,
                       const struct cells *cells, const char *where, struct error *error) {
    if (options->a == NULL) {
        table->a = names_text_column(cells->text, cells->folded, cells->count, table->has_header,
                                     table->gold);
    } else if (!find_column(options->a, cells, table->has_header, where, &table->a, error)) {
        return false;
    }
    table->b = table->a;
    return true;
}

static bool choose_two(struct table *table, const struct table_options *options,
                       const struct cells *cells, const char *where, struct error *error) {
    bool named = table->has_header;
    table->a = 0;
    table->b = 1;
    if (options->a != NULL) {
        if (!find_column(options->a, cells, named, where, &table->a, error) ||
            !find_column(options->b, cells, named, where, &table->b, error)) {
            return false;
        }
    } else if (named && cells->pairs > 0) {
        table->a = cells->a;
        table->b = cells->b;
    }
    if (table->a == table->b) {
        return error_set(error, "both texts are column %zu; name two columns with --columns A,B",
                         table->a + 1);
    }
    return true;
}

static bool choose_columns(struct table *table, const struct table_options *options,
                           const struct cells *cells, const char *where, struct error *error) {
    table->gold = TABLE_NO_COLUMN;
    if (options->gold != NULL &&
        !find_column(options->gold, cells, table->has_header, where, &table->gold, error)) {
        return false;
    }
    return options->one_text != NULL ? choose_one(table, options, cells, where, error)
                                     : choose_two(table, options, cells, where, error);
}

static size_t highest_column(const struct table *table) {
    size_t highest = table->a > table->b ? table->a : table->b;
    if (table->gold != TABLE_NO_COLUMN && table->gold > highest) highest = table->gold;
    return highest;
}

static bool check_width(const struct table *table, const struct table_options *options, bool blank,
                        const char *origin, const char *where, struct error *error) {
    if (highest_column(table) < table->width) return true;
    if (blank) {
        return error_set(error, "%s: line 1 is blank; take it out first: sed '/./,$!d'", where);
    }
    if (options->a == NULL && options->one_text == NULL && table->width < 2) {
        return error_set(error, "%s: two texts are wanted, but %s has %zu %s%s", where, origin,
                         table->width, table->objects ? "member" : "column",
                         table->objects ? "; members of inner objects are not looked into: bring "
                                          "them out with jq -c"
                                        : "");
    }
    return error_set(error, "%s: column %zu is asked for but %s has %zu column%s", where,
                     highest_column(table) + 1, origin, table->width, table->width == 1 ? "" : "s");
}

static bool check_header(const struct table_first *first, const char *where, struct error *error) {
    if (!first->whole) {
        return error_set(error, "%s: the header line is over 1 MiB; is this a table?", where);
    }
    if (memchr(first->text.text, '\0', first->text.length) != NULL) {
        return error_set(error, "%s: the header line holds NUL bytes; is this UTF-8 text?", where);
    }
    return true;
}

/* ---- what was guessed ------------------------------------------------------------------------ */

static void add_quoted(struct string_buffer *text, const char *name) {
    string_buffer_put(text, "\"");
    string_buffer_add(text, name, utf8_cut(name, strlen(name), 60));
    string_buffer_put(text, "\"");
}

static void say_pair(const struct cells *cells, size_t a, size_t b, const char *before,
                     const char *after) {
    struct string_buffer text = {0};
    string_buffer_put(&text, before);
    add_quoted(&text, cells->text[a]);
    string_buffer_put(&text, " and ");
    add_quoted(&text, cells->text[b]);
    string_buffer_put(&text, after);
    message_print("%s", text.bytes);
    string_buffer_finish(&text);
}

static bool looks_like_header(const struct cells *cells) {
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->text[i][0] == '\0' || names_address(cells->folded[i])) continue;
        if (!names_like(whole(cells->text[i]))) return false;
    }
    return cells->count > 1;
}

static const char *why_these(const struct cells *cells) {
    if (cells->by_ends) return ", the only two called addresses; --columns A,B chooses";
    if (cells->pairs > 0) return ", though other columns would do; --columns A,B chooses";
    return ", as no names are known ones; --columns A,B chooses";
}

static void say_one(const struct table *table, const struct table_options *options,
                    const char *where) {
    char column[200];
    table_describe_column(table, table->a, column, sizeof column);
    message_print("%s: the texts are taken from %s%s; %s says otherwise", where, column,
                  table->has_header ? "" : ", and line 1 is data", options->one_text);
}

static void say_guesses(const struct table *table, const struct table_options *options,
                        const struct cells *cells, const char *where) {
    if (options->input.quiet) return;
    if (options->one_text != NULL) {
        if (options->a == NULL) say_one(table, options, where);
        return;
    }
    char before[600];
    bool guessed_header = options->header == TABLE_HEADER_AUTO;
    if (table->has_header && options->a == NULL && (cells->pairs != 1 || cells->by_ends)) {
        snprintf(before, sizeof before, "%s: the texts are taken from the columns ", where);
        say_pair(cells, table->a, table->b, before, why_these(cells));
    } else if (!table->has_header && table->dialect.format == DIALECT_JSONL) {
        message_print("%s: rows are arrays: their members 1 and 2 are taken as the texts; "
                      "--columns says otherwise",
                      where);
    } else if (!table->has_header && guessed_header && looks_like_header(cells)) {
        snprintf(before, sizeof before,
                 "%s: line 1 looks like a header, but is scored as data: ", where);
        say_pair(cells, table->a < cells->count ? table->a : 0,
                 table->b < cells->count ? table->b : cells->count - 1, before,
                 "; say --columns A,B by name, or --header yes or no");
    } else if (!table->has_header && guessed_header && options->a == NULL) {
        message_print("%s: no header is known in line 1: it is taken as data, columns 1 and 2 as "
                      "the texts; --header and --columns say otherwise",
                      where);
    }
}

/* ---- settling -------------------------------------------------------------------------------- */

static void insert_name(struct table *table, size_t at, const char *name) {
    table->names = memory_resize(table->names, table->width + 1, sizeof *table->names);
    memmove(table->names + at + 1, table->names + at, (table->width - at) * sizeof *table->names);
    table->names[at] = memory_copy(name, strlen(name));
    table->width++;
}

/* Rows one cell wider than the header: R's row names come first, or a delimiter ends each line. */
static void widen(struct table *table, const struct table_options *options,
                  const struct sniffed *sniffed, const char *where) {
    if (sniffed->width != table->width + 1) return;
    if (sniffed->empty_tails) {
        insert_name(table, table->width, "");
        return;
    }
    if (!sniffed->row_names) return; /* a delimiter inside a text: bad rows */
    insert_name(table, 0, "row.names");
    table->row_names = true;
    if (options->a == NULL || !table_options_is_number(options->a)) table->a++;
    if (options->b == NULL || !table_options_is_number(options->b)) table->b++;
    if (options->gold != NULL && !table_options_is_number(options->gold)) table->gold++;
    if (!options->input.quiet) {
        message_print("%s: rows have one cell more than the header: column 1 is taken as row names",
                      where);
    }
}

static bool settle(struct table *table, const struct table_options *options,
                   const struct table_first *first, const struct cells *cells, const char *where,
                   struct error *error) {
    if (!decide_header(options, cells, &table->has_header, error)) return false;
    if (table->has_header && !check_header(first, where, error)) return false;
    if (!choose_columns(table, options, cells, where, error)) return false;
    table->width = table->header_columns = cells->count;
    if (table->has_header) {
        table->header = (struct table_cell){memory_copy(first->text.text, first->text.length),
                                            first->text.length};
        table->names = memory_zeroed(cells->count, sizeof *table->names);
        for (size_t i = 0; i < cells->count; i++) {
            table->names[i] = memory_copy(cells->text[i], strlen(cells->text[i]));
        }
        return true;
    }
    if (first->sniffed.width > 1) table->width = first->sniffed.width;
    if (!first->whole && highest_column(table) >= table->width) {
        table->width = highest_column(table) + 1;
    }
    return true;
}

bool table_resolve(struct table *table, const struct table_options *options,
                   const struct table_first *first, const char *where, struct error *error) {
    memset(table, 0, sizeof *table);
    table->dialect = first->sniffed.dialect;
    table->guarded = options->header != TABLE_HEADER_NO;
    size_t count;
    char **text = table_decode(&table->dialect, first->text, &count);
    struct cells cells;
    fold_cells(&cells, text, count, "line 1");
    bool done = settle(table, options, first, &cells, where, error);
    struct table seen = *table; /* as it is before columns without a name are added */
    if (done && table->has_header) widen(table, options, &first->sniffed, where);
    done = done && check_width(table, options, first->text.length == 0, cells.origin, where, error);
    if (done) say_guesses(&seen, options, &cells, where);
    finish_cells(&cells);
    table_free_cells(text, count);
    return done;
}

bool table_resolve_cells(struct table *table, const struct table_options *options, char **text,
                         size_t count, bool named, const char *origin, const char *where,
                         struct error *error) {
    memset(table, 0, sizeof *table);
    table->dialect = (struct dialect){.format = DIALECT_JSONL};
    table->has_header = table->objects = named;
    struct cells cells;
    fold_cells(&cells, text, count, origin);
    bool done = choose_columns(table, options, &cells, where, error);
    table->width = count;
    if (named) table->names = text;
    done = done && check_width(table, options, false, origin, where, error);
    if (done && options->a == NULL) {
        say_guesses(table, options, &cells, where);
    }
    finish_cells(&cells);
    if (!named) table_free_cells(text, count);
    return done;
}

void table_finish(struct table *table) {
    table_free_cells(table->names, table->width);
    free((char *)table->header.text);
    if (table->schema.release != NULL) table->schema.release(&table->schema);
    memset(table, 0, sizeof *table);
}

/* ---- further inputs -------------------------------------------------------------------------- */

static bool same_name(const char *one, const char *other) {
    if (strcmp(one, other) == 0) return true;
    char *a = names_fold(whole(one)), *b = names_fold(whole(other));
    bool same = a[0] != '\0' && strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static bool same_header(const struct table *table, char **cells, size_t count, const char *where,
                        struct error *error) {
    size_t skipped = table->row_names ? 1 : 0;
    size_t expected = table->objects ? table->width : table->header_columns;
    if (count != expected) {
        return error_set(error, "%s: its header has %zu columns, the first input's has %zu", where,
                         count, expected);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = table->names[i + skipped];
        if (same_name(cells[i], name)) continue;
        return error_set(error, "%s: column %zu of its header is not \"%s\" as in the first input",
                         where, i + 1, name);
    }
    return true;
}

static bool cell_known(char **cells, size_t count, size_t column) {
    if (column >= count) return false;
    char *folded = names_fold(whole(cells[column]));
    bool known = names_known(folded);
    free(folded);
    return known;
}

bool table_matches(const struct table *table, enum table_header mode, const struct dialect *dialect,
                   struct table_cell first, const char *where, struct error *error) {
    size_t count;
    if (dialect->format == DIALECT_JSONL) return true;
    char **cells = table_decode(dialect, first, &count);
    bool fits = true;
    if (table->has_header) {
        fits = same_header(table, cells, count, where, error);
    } else if (mode == TABLE_HEADER_AUTO && cell_known(cells, count, table->a) &&
               cell_known(cells, count, table->b)) {
        fits = error_set(error,
                         "%s: it begins with a header, the first input does not; say "
                         "--header no if line 1 is data",
                         where);
    }
    table_free_cells(cells, count);
    return fits;
}

bool table_matches_schema(const struct table *table, const struct ArrowSchema *schema, bool kept,
                          const char *where, struct error *error) {
    if ((size_t)schema->n_children != table->width) {
        return error_set(error, "%s: it has %zu columns, the first input has %zu", where,
                         (size_t)schema->n_children, table->width);
    }
    for (size_t i = 0; i < table->width; i++) {
        const struct ArrowSchema *is = schema->children[i], *was = table->schema.children[i];
        const char *differs = !same_name(is->name, table->names[i]) ? "is not called"
                              : kept && !arrays_same_types(is, was) ? "is not of the type of"
                                                                    : NULL;
        if (differs == NULL) continue;
        return error_set(error, "%s: its column %zu %s \"%s\" of the first input", where, i + 1,
                         differs, table->names[i]);
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static size_t first_missing(const struct table *table, size_t columns) {
    size_t first = table->a < table->b ? table->a : table->b;
    if (first >= columns) return first;
    size_t second = table->a < table->b ? table->b : table->a;
    return second >= columns ? second : TABLE_NO_COLUMN;
}

void table_split(const struct table *table, const struct dialect *dialect, struct table_cell row,
                 struct table_row *cut) {
    memset(cut, 0, sizeof *cut);
    if (dialect->format == DIALECT_JSONL) {
        json_table_split(table, row, cut);
        return;
    }
    size_t at = 0;
    struct record_cell here = {0};
    for (size_t i = 0; record_next(dialect, row, &at, &here); i++) {
        if (i == table->a) cut->a = here;
        if (i == table->b) cut->b = here;
        if (i == table->gold) cut->gold = here;
        if (i < table->width) cut->kept = at - 1;
        if (here.fault != RECORD_SOUND && cut->fault == RECORD_SOUND) cut->fault = here.fault;
        cut->columns++;
    }
    cut->last = here.inner;
    cut->missing = first_missing(table, cut->columns);
}

static bool stemmed_pair(struct table_cell a, struct table_cell b) {
    if (!names_plausible(a) || !names_plausible(b)) return false;
    char *one = names_fold(a), *other = names_fold(b);
    bool known = names_stemmed_pair(one, other) || names_stemmed_pair(other, one);
    free(one);
    free(other);
    return known;
}

static bool named_so(struct table_cell cell, const char *name) {
    char *folded = names_fold(cell), *as = names_fold(whole(name));
    bool same = as[0] != '\0' && strcmp(folded, as) == 0;
    free(folded);
    free(as);
    return same;
}

static bool named_exactly(struct table_cell cell, const char *name) {
    return cell.length == strlen(name) && memcmp(cell.text, name, cell.length) == 0;
}

/* About as long, marks, quotes and blanks aside: folding is for what passes. */
static bool may_be_named(struct table_cell cell, const char *name) {
    size_t length = strlen(name);
    return length > 0 && cell.length <= length + 8 && cell.length + 8 >= length;
}

/* Of other names than the table's, a header is looked for where it costs little: in short cells. */
enum { BRIEF = 24 };

bool table_is_header(const struct table *table, const struct table_row *cut) {
    if (cut->a.inner.length == 0 || cut->b.inner.length == 0 || !table->guarded) return false;
    bool brief = cut->a.inner.length <= BRIEF && cut->b.inner.length <= BRIEF;
    if ((table->names == NULL || brief) && stemmed_pair(cut->a.inner, cut->b.inner)) return true;
    if (table->names == NULL) return false;
    const char *a = table->names[table->a], *b = table->names[table->b];
    if (!may_be_named(cut->a.inner, a) || !may_be_named(cut->b.inner, b)) return false;
    if (!names_plausible(cut->a.inner) && !named_exactly(cut->a.inner, a)) return false;
    return named_so(cut->a.inner, a) && named_so(cut->b.inner, b);
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

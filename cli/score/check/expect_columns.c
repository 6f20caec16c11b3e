/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the columns of expected values by name, or by what a row without names holds. */
#include "score/check/expect_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "table/names.h"
#include "table/word.h"

/* Folded, the surest first: mgeo-score says mgeo_similarity where the name was taken. */
static const char *const similarity_names[] = {"mgeomgeosimilarity",
                                               "mgeosimilarity",
                                               "expectedsimilarity",
                                               "expectedscore",
                                               "similarity",
                                               "score",
                                               "expected",
                                               "期望相似度",
                                               "预期相似度",
                                               "期望得分",
                                               "期望分数",
                                               "预期得分",
                                               "相似度",
                                               "得分",
                                               "分数",
                                               NULL};
static const char *const label_names[] = {"mgeomgeolabel", "mgeolabel", "expectedlabel", "label",
                                          "期望标签",      "预期标签",  "标签",          NULL};

static size_t find_folded(const struct table *table, const char *folded) {
    for (size_t i = 0; folded[0] != '\0' && i < table->width; i++) {
        if (i == table->a || i == table->b) continue;
        struct table_cell cell = {table->names[i], strlen(table->names[i])};
        char *name = names_fold(cell);
        bool same = strcmp(name, folded) == 0;
        free(name);
        if (same) return i;
    }
    return TABLE_NO_COLUMN;
}

static size_t find_exact(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->width; i++) {
        if (strcmp(table->names[i], name) == 0) return i;
    }
    return TABLE_NO_COLUMN;
}

static size_t find_any(const struct table *table, const char *const *names) {
    size_t found = TABLE_NO_COLUMN;
    for (size_t i = 0; found == TABLE_NO_COLUMN && names[i] != NULL; i++) {
        found = find_folded(table, names[i]);
    }
    return found;
}

/* Exactly first: two labels may differ in nothing but letter case. */
static size_t find_probability(const struct table *table, const char *label) {
    static const char *const prefixes[] = {"mgeo_mgeo_p_", "mgeo_p_", "expected_p_", "p_"};
    size_t found = TABLE_NO_COLUMN;
    char name[96];
    for (size_t i = 0; found == TABLE_NO_COLUMN && i < sizeof prefixes / sizeof *prefixes; i++) {
        snprintf(name, sizeof name, "%s%s", prefixes[i], label);
        found = find_exact(table, name);
    }
    if (found != TABLE_NO_COLUMN) return found;
    snprintf(name, sizeof name, "p_%s", label);
    char *folded = names_fold((struct table_cell){name, strlen(name)});
    found = find_folded(table, folded);
    free(folded);
    return found;
}

static bool is_taken(const struct expect_columns *columns, const mgeo_model_info *info,
                     size_t column) {
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (columns->probability[i] == column) return true;
    }
    return false;
}

static void find_foreign(struct expect_columns *columns, const struct table *table,
                         const mgeo_model_info *info) {
    columns->foreign = TABLE_NO_COLUMN;
    for (size_t i = 0; columns->foreign == TABLE_NO_COLUMN && i < table->width; i++) {
        const char *name = table->names[i];
        while (strncmp(name, "mgeo_", 5) == 0) name += 5;
        if (strncmp(name, "p_", 2) == 0 && !is_taken(columns, info, i)) columns->foreign = i;
    }
}

void expect_columns_by_name(struct expect_columns *columns, const struct table *table,
                            const mgeo_model_info *info) {
    columns->similarity = find_any(table, similarity_names);
    columns->label = find_any(table, label_names);
    columns->by_content = columns->similarity != TABLE_NO_COLUMN &&
                          columns->similarity == find_folded(table, "expected");
    for (uint32_t i = 0; i < info->label_count; i++) {
        columns->probability[i] = find_probability(table, info->labels[i]);
    }
    find_foreign(columns, table, info);
}

bool expect_columns_by_row(struct expect_columns *columns, const struct table *table,
                           const struct writer_cells *cells, const mgeo_model_info *info) {
    columns->similarity = columns->label = columns->foreign = TABLE_NO_COLUMN;
    columns->by_content = false;
    for (uint32_t i = 0; i < info->label_count; i++) columns->probability[i] = TABLE_NO_COLUMN;
    for (size_t i = 0; i + 1 < table->width; i++) {
        double number;
        const char *next = writer_cells_text(cells, i + 1);
        if (i == table->a || i == table->b || i + 1 == table->a || i + 1 == table->b) continue;
        if (!expect_number(writer_cells_text(cells, i), cells->cell[i].length, &number) ||
            expect_label(info, next, cells->cell[i + 1].length) < 0) {
            continue;
        }
        columns->similarity = i;
        columns->label = i + 1;
        return true;
    }
    return false;
}

bool expect_columns_any(const struct expect_columns *columns, const mgeo_model_info *info) {
    if (columns->similarity != TABLE_NO_COLUMN || columns->label != TABLE_NO_COLUMN) return true;
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (columns->probability[i] != TABLE_NO_COLUMN) return true;
    }
    return false;
}

int expect_label(const mgeo_model_info *info, const char *text, size_t length) {
    char word[WORD_BYTES], name[WORD_BYTES];
    int found = -1;
    for (uint32_t i = 0; i < info->label_count; i++) {
        const char *label = info->labels[i];
        if (length == strlen(label) && memcmp(text, label, length) == 0) return (int)i;
    }
    if (!word_fold(text, length, word)) return -1;
    word_join(word);
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (!word_fold(info->labels[i], strlen(info->labels[i]), name)) continue;
        word_join(name);
        if (word[0] == '\0' || strcmp(name, word) != 0) continue;
        if (found >= 0) return -1; /* two labels are alike but for letter case */
        found = (int)i;
    }
    return found;
}

/* What was computed elsewhere may miss 0 or 1 by its rounding. */
bool expect_number(const char *text, size_t length, double *number) {
    char word[WORD_BYTES];
    struct error ignored;
    return word_fold(text, length, word) &&
           parse_number("", word, -1e-3, 1 + 1e-3, number, &ignored);
}

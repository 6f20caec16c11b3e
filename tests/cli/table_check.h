/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of any program's table of options, whatever is in it. */
#ifndef TESTS_CLI_TABLE_CHECK_H
#define TESTS_CLI_TABLE_CHECK_H

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "common/option_table.h"

/* Whether "--name" stands in the line, and nothing longer. */
static inline bool line_names(const char *line, const char *name) {
    size_t length = strlen(name);
    for (const char *at = strstr(line, "--"); at != NULL; at = strstr(at + 2, "--")) {
        if (strncmp(at + 2, name, length) != 0) continue;
        char after = at[2 + length];
        if (after != '-' && isalnum((unsigned char)after) == 0) return true;
    }
    return false;
}

static inline void check_row(const struct option_table *table, size_t place) {
    const struct option_row *row = &table->rows[place];
    assert_ptr_equal(option_table_find(table, row->name), row); /* no other has the name */
    for (size_t i = 0; i < place && row->letter != '\0'; i++) {
        assert_int_not_equal(table->rows[i].letter, row->letter);
    }
    assert_non_null(row->set);
    assert_true(row->help != NULL && row->help[0] != '\0');
    bool values = row->offer == OPTION_OFFER_VALUES || row->offer == OPTION_OFFER_ASSIGNMENTS;
    assert_true(!values || (row->argument != NULL && row->values != NULL));
    struct string_buffer heading = {0};
    option_table_write_heading(row, &heading);
    size_t left = heading.length + (row->letter != '\0' ? 2 : 6);
    assert_true(left + 2 <= (size_t)table->column);
    string_buffer_finish(&heading);
}

static inline void check_names(const struct option_table *table, const char *const *names) {
    assert_non_null(names[0]);
    for (size_t i = 0; i < OPTION_RULE_NAMES && names[i] != NULL; i++) {
        if (option_table_find(table, names[i]) == NULL) fail_msg("a rule names %s", names[i]);
    }
}

/* The line of a rule speaks of what it is about. */
static inline void check_rule(const struct option_table *table, const struct option_rule *rule) {
    check_names(table, rule->of);
    check_names(table, rule->others);
    for (const char *at = strstr(rule->line, "--"); at != NULL; at = strstr(at + 2, "--")) {
        char name[40];
        size_t length = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");
        assert_true(length < sizeof name);
        memcpy(name, at + 2, length);
        name[length] = '\0';
        if (option_table_find(table, name) == NULL) fail_msg("a line tells of --%s", name);
    }
}

static inline void check_table(const struct option_table *table) {
    assert_true(table->count > 0 && table->count <= OPTION_ROWS);
    for (size_t i = 0; i < table->count; i++) check_row(table, i);
    for (size_t i = 0; i < table->rule_count; i++) check_rule(table, &table->rules[i]);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Table → getopt, table → the text of --help, and the setters that most rows need. */
#include "common/option_table.h"

#include <getopt.h>
#include <mgeo.h>
#include <stdio.h>
#include <string.h>

#include "common/files/standard_streams.h"
#include "common/parse.h"

enum { FIRST_LONG = 256 }; /* getopt's code of row 0; letters are below */

/* ---- parsing --------------------------------------------------------------------------------- */

/* The table in getopt's two forms. */
struct getopt_form {
    struct option longs[OPTION_ROWS + 1];
    char letters[2 + 2 * OPTION_ROWS];
};

static void fill_form(const struct option_table *table, struct getopt_form *form) {
    char *at = form->letters;
    *at++ = ':'; /* so that a missing argument is no unknown option */
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        int takes = row->argument != NULL ? required_argument : no_argument;
        form->longs[i] = (struct option){row->name, takes, NULL, FIRST_LONG + (int)i};
        if (row->letter == '\0') continue;
        *at++ = row->letter;
        if (row->argument != NULL) *at++ = ':';
    }
    *at = '\0';
    form->longs[table->count] = (struct option){NULL, 0, NULL, 0};
}

/* The place of the row that getopt's code stands for. */
static size_t row_of(const struct option_table *table, int code) {
    if (code >= FIRST_LONG) return (size_t)(code - FIRST_LONG);
    size_t i = 0;
    while (table->rows[i].letter != code) i++;
    return i;
}

static bool refuse(int code, const char *given, struct error *error) {
    if (code == ':') return error_set(error, "%s needs a value; --help lists all options", given);
    if (optopt != 0 && optopt < FIRST_LONG) {
        return error_set(error, "unknown option -%c; --help lists all options", optopt);
    }
    return error_set(error, "%s is unknown, ambiguous or takes no value; --help lists all options",
                     given);
}

static void note_given(struct option_parsed *parsed, const struct option_row *row, size_t place,
                       const char *value) {
    uint64_t bit = UINT64_C(1) << place;
    bool idle = row->idle != NULL && value != NULL && strcmp(value, row->idle) == 0;
    parsed->given = idle ? parsed->given & ~bit : parsed->given | bit;
    parsed->values[place] = value;
}

bool option_table_parse(const struct option_table *table, int argc, char **argv, void *options,
                        struct option_parsed *parsed, struct error *error) {
    struct getopt_form form;
    fill_form(table, &form);
    *parsed = (struct option_parsed){0};
    opterr = 0;
    optind = 0; /* begin anew, also in a second call */
    int code;
    while ((code = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
        if (code == '?' || code == ':') return refuse(code, argv[optind - 1], error);
        size_t place = row_of(table, code);
        const struct option_row *row = &table->rows[place];
        if (!row->set(options, row, optarg, error)) return false;
        note_given(parsed, row, place, optarg);
        parsed->ended = row->ends;
        if (row->ends) return true;
    }
    parsed->operands = optind;
    return true;
}

/* ---- rules ----------------------------------------------------------------------------------- */

const struct option_row *option_table_find(const struct option_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].name, name) == 0) return &table->rows[i];
    }
    return NULL;
}

bool option_table_is_given(const struct option_table *table, const struct option_parsed *parsed,
                           const char *name) {
    const struct option_row *row = option_table_find(table, name);
    return row != NULL && (parsed->given >> (row - table->rows) & 1) != 0;
}

static bool any_given(const struct option_table *table, const struct option_parsed *parsed,
                      const char *const *names) {
    for (size_t i = 0; i < OPTION_RULE_NAMES && names[i] != NULL; i++) {
        if (option_table_is_given(table, parsed, names[i])) return true;
    }
    return false;
}

bool option_table_check(const struct option_table *table, const struct option_parsed *parsed,
                        struct error *error) {
    for (size_t i = 0; i < table->rule_count; i++) {
        const struct option_rule *rule = &table->rules[i];
        if (!any_given(table, parsed, rule->of)) continue;
        if (rule->beside != NULL && !option_table_is_given(table, parsed, rule->beside)) continue;
        bool wanted = rule->relation == OPTION_NEEDS;
        if (any_given(table, parsed, rule->others) != wanted) {
            return error_set(error, "%s", rule->line);
        }
    }
    return true;
}

/* ---- --help and --version -------------------------------------------------------------------- */

void option_table_write_heading(const struct option_row *row, struct string_buffer *text) {
    if (row->letter != '\0') string_buffer_format(text, "-%c, ", row->letter);
    string_buffer_format(text, "--%s", row->name);
    if (row->argument != NULL) string_buffer_format(text, " %s", row->argument);
}

static void write_row(const struct option_row *row, int column, struct string_buffer *text) {
    size_t begin = text->length;
    string_buffer_put(text, row->letter != '\0' ? "  " : "      ");
    option_table_write_heading(row, text);
    int left = column - (int)(text->length - begin);
    if (left < 1) {
        string_buffer_put(text, "\n");
        left = column;
    }
    string_buffer_format(text, "%*s", left, "");
    for (const char *at = row->help; *at != '\0'; at++) {
        string_buffer_add(text, at, 1);
        if (*at == '\n') string_buffer_format(text, "%*s", column, "");
    }
    string_buffer_put(text, "\n");
}

void option_table_write_help(const struct option_table *table, struct string_buffer *text) {
    string_buffer_put(text, table->usage);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->section != NULL) {
            string_buffer_format(text, "\n%s%s", row->section, row->section[0] != '\0' ? "\n" : "");
        }
        write_row(row, table->column, text);
    }
    string_buffer_put(text, table->ending);
}

static bool print(struct string_buffer *text) {
    bool done = standard_streams_say(text->bytes);
    string_buffer_finish(text);
    return done;
}

bool option_table_print_help(const struct option_table *table) {
    struct string_buffer text = {0};
    option_table_write_help(table, &text);
    return print(&text);
}

bool option_table_print_version(const struct option_table *table) {
    struct string_buffer text = {0};
    string_buffer_format(&text, "%s %s (libmgeo %s)\n", table->program, MGEO_VERSION,
                         mgeo_version());
    return print(&text);
}

/* ---- setters --------------------------------------------------------------------------------- */

/* The option as error lines call it. */
struct shown_name {
    char text[40];
};

static struct shown_name shown(const struct option_row *row) {
    struct shown_name name;
    snprintf(name.text, sizeof name.text, "--%s", row->name);
    return name;
}

static void *member(void *options, const struct option_row *row) {
    return (char *)options + row->at;
}

bool option_table_set_flag(void *options, const struct option_row *row, const char *value,
                           struct error *error) {
    (void)value;
    (void)error;
    *(bool *)member(options, row) = true;
    return true;
}

bool option_table_set_constant(void *options, const struct option_row *row, const char *value,
                               struct error *error) {
    (void)value;
    (void)error;
    *(int *)member(options, row) = row->constant;
    return true;
}

bool option_table_set_string(void *options, const struct option_row *row, const char *value,
                             struct error *error) {
    (void)error;
    *(const char **)member(options, row) = value;
    return true;
}

bool option_table_set_file(void *options, const struct option_row *row, const char *value,
                           struct error *error) {
    return parse_file(shown(row).text, value, member(options, row), error);
}

bool option_table_set_whole(void *options, const struct option_row *row, const char *value,
                            struct error *error) {
    uint64_t number = 0;
    if (!parse_whole(shown(row).text, value, (uint64_t)row->least, (uint64_t)row->most, &number,
                     error)) {
        return false;
    }
    *(uint32_t *)member(options, row) = (uint32_t)number;
    return true;
}

bool option_table_set_number(void *options, const struct option_row *row, const char *value,
                             struct error *error) {
    return parse_number(shown(row).text, value, row->least, row->most, member(options, row), error);
}

bool option_table_set_duration(void *options, const struct option_row *row, const char *value,
                               struct error *error) {
    return parse_duration(shown(row).text, value, row->least, row->most, member(options, row),
                          error);
}

bool option_table_set_size(void *options, const struct option_row *row, const char *value,
                           struct error *error) {
    return parse_size(shown(row).text, value, (uint64_t)row->least, (uint64_t)row->most,
                      member(options, row), error);
}

bool option_table_set_choice(void *options, const struct option_row *row, const char *value,
                             struct error *error) {
    return parse_choice(shown(row).text, value, row->values, member(options, row), error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A program's options as one table: from it come parsing, the checks of what goes with what,
 * --help, completion in shells (common/completion.h), and the tests of man page and docs. */
#ifndef CLI_COMMON_OPTION_TABLE_H
#define CLI_COMMON_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/string_buffer.h"

/* What a shell offers for an argument. */
enum option_offer {
    OPTION_OFFER_NOTHING,
    OPTION_OFFER_FILES,
    OPTION_OFFER_FOLDERS,
    OPTION_OFFER_VALUES,     /* those of the row */
    OPTION_OFFER_ASSIGNMENTS /* those of the row, each before "=" */
};

struct option_row;

/* Takes the option into the program's options. `value` is NULL for an option without an argument;
 * what it points to outlives the options. */
typedef bool option_setter(void *options, const struct option_row *row, const char *value,
                           struct error *error);

struct option_row {
    const char *section;       /* begins a section of --help: its title, or "" for a blank line */
    char letter;               /* 0: the option has no short form */
    const char *name;          /* without the dashes */
    const char *argument;      /* as --help calls it: "FILE"; NULL: takes none */
    const char *help;          /* its lines, with "\n" between them */
    option_setter *set;        /* below, or the program's own */
    size_t at;                 /* offset of the member that `set` writes */
    double least, most;        /* of a number */
    const char *const *values; /* that may be chosen, or are offered; NULL ends them */
    enum option_offer offer;
    int constant;     /* for option_table_set_constant */
    const char *idle; /* the value that asks for nothing, as if the option were not given */
    bool ends;        /* nothing after it is looked at: --help, --version */
    bool repeats;     /* may be given more than once, each for another thing */
};

enum { OPTION_ROWS = 64, OPTION_RULE_NAMES = 32 };

/* "Options `of` need one of `others`", or "exclude all `others`"; names, NULL after the last. */
struct option_rule {
    const char *of[OPTION_RULE_NAMES];
    enum { OPTION_NEEDS, OPTION_EXCLUDES } relation;
    const char *others[OPTION_RULE_NAMES];
    const char *line;   /* what is said when the rule is broken */
    const char *beside; /* holds only where this option is given; NULL: always */
};

struct option_table {
    const char *program;
    const char *usage;  /* --help before the first row */
    const char *ending; /* and after the last one */
    int column;         /* of --help, at which explanations begin */
    enum option_offer operands;
    const struct option_row *rows; /* at most OPTION_ROWS */
    size_t count;
    const struct option_rule *rules;
    size_t rule_count;
};

/* What was found on a command line besides what the setters took. */
struct option_parsed {
    uint64_t given;                  /* a bit for each row, unless its value was the idle one */
    int operands;                    /* the place of the first one in argv */
    bool ended;                      /* by an option that ends it */
    const char *values[OPTION_ROWS]; /* the last one of each row; NULL: none, or takes none */
};

/* Reads the command line into `options`, which holds the defaults. argv is borrowed and may be
 * reordered: operands come last. False with one line in the error at the first mistake. */
bool option_table_parse(const struct option_table *table, int argc, char **argv, void *options,
                        struct option_parsed *parsed, struct error *error);

/* Holds the rules, in their order. */
bool option_table_check(const struct option_table *table, const struct option_parsed *parsed,
                        struct error *error);

/* Whether an option was given; false also if the table has none of that name. */
bool option_table_is_given(const struct option_table *table, const struct option_parsed *parsed,
                           const char *name);

/* NULL: there is none of that name. */
const struct option_row *option_table_find(const struct option_table *table, const char *name);

/* Appends what --help prints. */
void option_table_write_help(const struct option_table *table, struct string_buffer *text);

/* What --help and --version do. False if standard output cannot be written, which has been said. */
bool option_table_print_help(const struct option_table *table);
bool option_table_print_version(const struct option_table *table);

/* "-m, --model DIR", as man page and --help write it; without a letter "--model DIR". */
void option_table_write_heading(const struct option_row *row, struct string_buffer *text);

/* ---- setters: the member is ... -------------------------------------------------------------- */

option_setter option_table_set_flag;     /* a bool, set to true */
option_setter option_table_set_constant; /* an enum, set to row->constant */
option_setter option_table_set_string;   /* a const char *, borrowed from argv */
option_setter option_table_set_file;     /* the same: a file's name, and not "-" */
option_setter option_table_set_whole;    /* a uint32_t from row->least to row->most */
option_setter option_table_set_number;   /* a double from row->least to row->most */
option_setter option_table_set_duration; /* a double, in seconds: "250ms", "2m" */
option_setter option_table_set_size;     /* a uint64_t, in bytes: "64k", "1MiB" */
option_setter option_table_set_choice;   /* an enum or int32_t: the place among row->values */

#endif

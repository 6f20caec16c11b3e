/* SPDX-License-Identifier: Apache-2.0 */
/* Which command a line names, and what its options say together. */
#include "match/options.h"

#include <string.h>

#include "common/files/standard_streams.h"
#include "match/commands.h"
#include "match/options_tables.h"

/* clang-format off */
const struct command commands[] = {
    {"index", "make an index file of a reference table", &options_index_table,
     1, SIZE_MAX, "index: give the reference table", command_index},
    {"add", "add rows to an index file, or replace those with the same ids", &options_add_table,
     2, SIZE_MAX, "add: give the index file and a table of new rows", command_add},
    {"remove", "remove rows from an index file by their ids", &options_remove_table,
     1, SIZE_MAX, "remove: give the index file, and ids or --from FILE", command_remove},
    {"match", "find for each row of a table the row of a reference", &options_match_table,
     2, SIZE_MAX, "match: give a table, and the reference: a table or an index file",
     command_match},
    {"dedupe", "find the rows of a table that name the same place", &options_dedupe_table,
     1, SIZE_MAX, "dedupe: give a table", command_dedupe},
    {"cluster", "make clusters of scored pairs of ids", &options_cluster_table,
     1, SIZE_MAX, "cluster: give a table of pairs", command_cluster},
    {"query", "find the best rows of an index file for a text", &options_query_table,
     2, SIZE_MAX, "query: give the index file and a text", command_query},
    {"info", "say what an index file holds", &options_info_table,
     1, 1, "info: give one index file", command_info},
    {0},
};

static const struct option_row program_rows[] = {
    {.section = "",
     .letter = 'h', .name = "help", .ends = true, .set = option_table_set_constant,
     .at = offsetof(struct options, action), .constant = OPTIONS_HELP,
     .help = "print this; mgeo-match COMMAND --help: a command's options"},
    {.letter = 'V', .name = "version", .ends = true, .set = option_table_set_constant,
     .at = offsetof(struct options, action), .constant = OPTIONS_VERSION,
     .help = "print the version"},
};
/* clang-format on */

const struct option_table options_table = {
    .program = "mgeo-match",
    .usage =
        "Usage: mgeo-match COMMAND [OPTIONS] [OPERANDS]\n"
        "\n"
        "Finds rows of tables that name the same place: candidates by an index of what the\n"
        "texts are made of, decided by the model. Reads what mgeo-score reads: TSV, CSV, JSON\n"
        "lines, Parquet or Arrow, text also gzip or zstd.\n"
        "\n"
        "  mgeo-match match -o matched.tsv dirty.tsv reference.tsv\n"
        "  mgeo-match index -o ref.mgx --id code --text address reference.csv\n"
        "  mgeo-match match --unmatched open.tsv -o matched.tsv dirty.tsv ref.mgx\n"
        "  mgeo-match dedupe -o clusters.tsv customers.tsv\n"
        "  mgeo-match cluster --threshold 0.7 -o clusters.tsv pairs.tsv\n"
        "  mgeo-match query ref.mgx 杭州市文三路100号\n",
    .ending = "\n"
              "Exit status: 0 done, 1 some rows bad, 2 could not run, 130 interrupted.\n",
    .column = 26,
    .rows = program_rows,
    .count = sizeof program_rows / sizeof *program_rows,
};

static const struct command *find_command(const char *name) {
    const struct command *command = commands;
    while (command->name != NULL && strcmp(command->name, name) != 0) command++;
    return command->name != NULL ? command : NULL;
}

static void set_defaults(struct options *options) {
    memset(options, 0, sizeof *options);
    options->top = 5;
    options->threshold = options->thresholds[0] = 0.5;
    options->threshold_count = 1;
    options->table.one_text = "--text";
    options->reference.one_text = "--ref-text";
}

/* The reference is read as the table is, but for its columns. */
static void share_table_options(struct options *options) {
    options->table.input.quiet = options->quiet;
    options->table.dialect.one_column = options->table.one_text != NULL;
    struct table_options reference = options->table;
    reference.one_text = options->reference.one_text;
    reference.a = options->reference.a;
    reference.gold = options->reference.gold;
    reference.columns = NULL;
    reference.without_json = true;
    options->reference = reference;
}

static bool is_standard_input(const char *path) {
    return path != NULL && (strcmp(path, "-") == 0 || standard_streams_number(path) == 0);
}

static bool check_standard_input(const struct options *options, struct error *error) {
    int seen = is_standard_input(options->from) + is_standard_input(options->report) +
               is_standard_input(options->previous);
    for (size_t i = 0; i < options->operand_count; i++) {
        seen += is_standard_input(options->operands[i]);
    }
    return seen < 2 || error_set(error, "standard input (-) can be read only once");
}

static bool check_values(struct options *options, struct error *error) {
    share_table_options(options);
    return model_options_check(&options->model, error) && check_standard_input(options, error) &&
           table_options_check(&options->table, error) &&
           table_options_check(&options->reference, error);
}

static bool parse_command(struct options *options, int argc, char **argv, struct error *error) {
    const struct command *command = options->command;
    struct option_parsed parsed;
    if (!option_table_parse(command->table, argc, argv, options, &parsed, error)) return false;
    if (parsed.ended) return true;
    options->operands = (const char *const *)argv + parsed.operands;
    options->operand_count = (size_t)(argc - parsed.operands);
    if (options->operand_count < command->least || options->operand_count > command->most) {
        return error_set(error, "%s; mgeo-match %s --help lists its options", command->wanted,
                         command->name);
    }
    return option_table_check(command->table, &parsed, error) && check_values(options, error);
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    struct option_parsed parsed;
    set_defaults(options);
    if (argc < 2 || argv[1][0] == '-') {
        if (!option_table_parse(&options_table, argc, argv, options, &parsed, error)) return false;
        return parsed.ended || error_set(error, "give a command; mgeo-match --help lists them");
    }
    options->command = find_command(argv[1]);
    if (options->command == NULL) {
        return error_set(error, "%s is no command; mgeo-match --help lists them", argv[1]);
    }
    return parse_command(options, argc - 1, argv + 1, error);
}

void options_finish(struct options *options) { table_options_finish(&options->table); }

bool options_print_help(const struct options *options) {
    if (options->command != NULL) return option_table_print_help(options->command->table);
    struct string_buffer text = {0};
    string_buffer_put(&text, options_table.usage);
    string_buffer_put(&text, "\nCommands\n");
    for (const struct command *at = commands; at->name != NULL; at++) {
        string_buffer_format(&text, "  %-12s %s\n", at->name, at->summary);
    }
    struct option_table rest = options_table;
    rest.usage = "";
    option_table_write_help(&rest, &text);
    bool done = standard_streams_say(text.bytes);
    string_buffer_finish(&text);
    return done;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which command a line names, its options, and values with a unit. */
#include "ctl/options.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/standard_streams.h"
#include "ctl/commands.h"
#include "ctl/options_tables.h"

/* ---- values with a unit ---------------------------------------------------------------------- */

/* The number a value begins with, and what follows it. */
static bool begins_with_number(const char *value, double *number, char **rest) {
    if (!isdigit((unsigned char)value[0]) && value[0] != '.') return false;
    if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) return false;
    *number = strtod(value, rest);
    return isfinite(*number);
}

bool options_parse_share(const char *name, const char *value, double *to, struct error *error) {
    double number = 0;
    char *rest = NULL;
    bool sound = begins_with_number(value, &number, &rest);
    if (sound && strcmp(rest, "%") == 0) {
        number /= 100;
        rest++;
    }
    if (!sound || *rest != '\0' || number > 1) {
        return error_set(error, "%s %s: give a share from 0 to 1, or one in percent, as 2%%", name,
                         value);
    }
    /* Who writes 1 may mean either. */
    if (strcmp(value, "1") == 0) {
        return error_set(error, "%s 1: give 1%%, or 100%% for all", name);
    }
    *to = number;
    return true;
}

bool options_parse_time(const char *name, const char *value, double *to, struct error *error) {
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"h", 3600}};
    double number = 0;
    char *rest = NULL;
    bool sound = begins_with_number(value, &number, &rest);
    for (size_t i = 0; sound && i < sizeof units / sizeof *units; i++) {
        if (strcmp(rest, units[i].unit) != 0) continue;
        *to = number * units[i].seconds;
        if (*to > 0 && *to <= 1e7) return true;
    }
    return error_set(error, "%s %s: give a time above 0, as 250ms, 30s, 10m or 1h", name, value);
}

static void name_of(const struct option_row *row, char *to, size_t capacity) {
    strcpy(to, "--");
    strncat(to, row->name, capacity - 3);
}

bool options_set_share(void *options, const struct option_row *row, const char *value,
                       struct error *error) {
    char name[40];
    name_of(row, name, sizeof name);
    return options_parse_share(name, value, (void *)((char *)options + row->at), error);
}

bool options_set_seconds(void *options, const struct option_row *row, const char *value,
                         struct error *error) {
    char name[40];
    name_of(row, name, sizeof name);
    return options_parse_time(name, value, (void *)((char *)options + row->at), error);
}

bool options_set_event(void *to, const struct option_row *row, const char *value,
                       struct error *error) {
    struct options *options = to;
    for (size_t i = 0; row->values[i] != NULL; i++) {
        if (strcmp(row->values[i], value) == 0) options->event = value;
    }
    if (options->event != NULL) return true;
    return error_set(error,
                     "--event %s: give open, load, load_failed, swap, refuse, rollback, canary, "
                     "shadow, watch or unload",
                     value);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* clang-format off */
const struct command commands[] = {
    {"status", "show both slots and what is in progress", &options_status_table,
     0, 0, "status takes no operand", command_status},
    {"load", "load a model into the standby slot", &options_load_table,
     1, 1, "load: give one model directory", command_load},
    {"check", "say whether a model would fit in memory", &options_check_table,
     1, 1, "check: give one model directory", command_check},
    {"compare", "compare the standby model with the live one", &options_compare_table,
     1, 1, "compare: give one table of pairs", command_compare},
    {"score", "score a pair with both models", &options_score_table,
     2, 2, "score: give two texts", command_score},
    {"swap", "cut traffic over to the standby model", &options_swap_table,
     0, 0, "swap takes no operand", command_swap},
    {"rollback", "cut traffic back over to the former model", &options_rollback_table,
     0, 0, "rollback takes no operand", command_rollback},
    {"canary", "let the standby model answer a share of the calls", &options_canary_table,
     1, 1, "canary: give one share, as 5%", command_canary},
    {"shadow", "let the standby model score a share of the calls too", &options_shadow_table,
     1, 1, "shadow: give one share, as 10%", command_shadow},
    {"unload", "free the standby model", &options_unload_table,
     0, 0, "unload takes no operand", command_unload},
    {"journal", "print the journal", &options_journal_table,
     0, 0, "journal takes no operand", command_journal},
    {"wait-ready", "wait until the server answers calls", &options_wait_ready_table,
     0, 0, "wait-ready takes no operand", command_wait_ready},
    {"deploy", "load, check, compare, load-test, swap and watch", &options_deploy_table,
     1, 1, "deploy: give one model directory", command_deploy},
    {0},
};

static const struct option_row program_rows[] = {
    {.section = "",
     .letter = 'h', .name = "help", .ends = true, .set = option_table_set_constant,
     .at = offsetof(struct options, action), .constant = OPTIONS_HELP,
     .help = "print this; mgeo-ctl COMMAND --help: a command's options"},
    {.letter = 'V', .name = "version", .ends = true, .set = option_table_set_constant,
     .at = offsetof(struct options, action), .constant = OPTIONS_VERSION,
     .help = "print the version"},
};
/* clang-format on */

const struct option_table options_table = {
    .program = "mgeo-ctl",
    .usage = "Usage: mgeo-ctl COMMAND [OPTIONS] [OPERANDS]\n"
             "\n"
             "Operates a mgeo-serve by its operating side: which model answers, and how that is\n"
             "changed. The server is --server ADDR, else $MGEO_OPERATE, else\n"
             "unix:/run/mgeo/operate.sock.\n"
             "\n"
             "  mgeo-ctl deploy /srv/models/v2 --gate golden.tsv --max-flips 2% --watch 10m\n"
             "  mgeo-ctl status\n"
             "  mgeo-ctl rollback --reason \"complaints\"\n",
    .ending = "\n"
              "Exit status: 0 done; 1 refused by a condition (gate, watch, state, not ready in "
              "time);\n"
              "2 could not (no server, a bad option or file); 3 the server failed.\n",
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
    for (int i = 0; i < OPTIONS_GATE_LIMITS; i++) options->limits[i] = -1;
    for (int i = 0; i < OPTIONS_WATCH_LIMITS; i++) options->watch_limits[i] = -1;
    options->precision = -1;
    options->worst = 10;
    options->last = 20;
    options->timeout = 30;
    options->connections = 4;
}

/* A watch without a limit would be refused by the library. */
static void add_watch_limits(struct options *options) {
    if (options->watch_seconds == 0 && options->watch_calls == 0) return;
    double *limits = options->watch_limits;
    if (limits[OPTIONS_WATCH_ERRORS] < 0) limits[OPTIONS_WATCH_ERRORS] = 0.01;
    if (limits[OPTIONS_WATCH_NOT_FINITE] < 0) limits[OPTIONS_WATCH_NOT_FINITE] = 0;
}

static bool parse_command(struct options *options, int argc, char **argv, struct error *error) {
    const struct command *command = options->command;
    struct option_parsed parsed;
    if (!option_table_parse(command->table, argc, argv, options, &parsed, error)) return false;
    if (parsed.ended) return true;
    options->operands = (const char *const *)argv + parsed.operands;
    options->operand_count = argc - parsed.operands;
    if (options->operand_count < command->least || options->operand_count > command->most) {
        return error_set(error, "%s; mgeo-ctl %s --help lists its options", command->wanted,
                         command->name);
    }
    if (command->run == command_deploy && options->gate == NULL) {
        return error_set(error, "deploy: give --gate FILE, pairs that the new model is judged by");
    }
    if (options->url == NULL && options->connections > OPTIONS_CONNECTIONS_MOST) {
        return error_set(
            error,
            "--connections %u: the operating side takes %d; with --url a server's data "
            "port takes more",
            options->connections, OPTIONS_CONNECTIONS_MOST);
    }
    options->table.input.quiet = options->quiet || options->json;
    add_watch_limits(options);
    return option_table_check(command->table, &parsed, error) &&
           table_options_check(&options->table, error);
}

/* ---- the command line ------------------------------------------------------------------------ */

/* So that a line that cannot be taken is answered in the form that it asks for. */
static bool asks_for_json(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        size_t length = strlen(argv[i]);
        if (length > 2 && strncmp(argv[i], "--json", length) == 0) return true;
    }
    return false;
}

/* How many words an option of the common table takes up: 1, 2, or 0 if it is none of them. */
static int words_of(const char *word) {
    const struct option_table *table = &options_common_table;
    char name[40] = "";
    if (word[0] == '-' && word[1] == '-') {
        const char *equals = strchr(word, '=');
        size_t length = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2;
        strncat(name, word + 2, length < sizeof name ? length : sizeof name - 1);
        const struct option_row *row = option_table_find(table, name);
        if (row == NULL) return 0;
        return row->argument != NULL && equals == NULL ? 2 : 1;
    }
    for (const char *at = word + 1; *at != '\0'; at++) {
        size_t i = 0;
        while (i < table->count && table->rows[i].letter != *at) i++;
        if (i == table->count) return 0;
        if (table->rows[i].argument != NULL) return at[1] == '\0' ? 2 : 1;
    }
    return word[1] != '\0' ? 1 : 0;
}

/* The place of the command, behind options of all commands; argc: there is none. -1: something else
 * stands before it, with one line in the error. */
static int find_command_word(int argc, char **argv, struct error *error) {
    int at = 1;
    while (at < argc && argv[at][0] == '-') {
        int words = words_of(argv[at]);
        if (words == 0) {
            error_set(error,
                      "%s cannot stand before the command; mgeo-ctl --help lists the commands",
                      argv[at]);
            return -1;
        }
        at += words;
    }
    return at < argc ? at : argc;
}

/* The command first, then the options that stood before it. */
static void move_to_front(char **argv, int place) {
    char *command = argv[place];
    memmove(&argv[2], &argv[1], (size_t)(place - 1) * sizeof *argv);
    argv[1] = command;
}

/* --version beside other words is taken for the model's, which would be passed over in silence. */
static bool check_version(const struct options *options, int argc, struct error *error) {
    if (options->action != OPTIONS_VERSION || argc <= 3) return true;
    bool models = option_table_find(options->command->table, "model-version") != NULL;
    return error_set(error, "%s--version alone prints the program's",
                     models ? "give --model-version NAME to name the model; " : "");
}

static bool parse_without_command(struct options *options, int argc, char **argv,
                                  struct error *error) {
    struct option_parsed parsed;
    if (!option_table_parse(&options_common_table, argc, argv, options, &parsed, error)) {
        return false;
    }
    return parsed.ended || error_set(error, "give a command; mgeo-ctl --help lists them");
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    set_defaults(options);
    options->json = asks_for_json(argc, argv);
    int place = find_command_word(argc, argv, error);
    if (place < 0) return false;
    if (place == argc) return parse_without_command(options, argc, argv, error);
    const struct command *command = find_command(argv[place]);
    if (command == NULL) {
        return error_set(error, "%s is no command; mgeo-ctl --help lists them", argv[place]);
    }
    options->command = command;
    move_to_front(argv, place);
    return parse_command(options, argc - 1, argv + 1, error) && check_version(options, argc, error);
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

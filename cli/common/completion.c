/* SPDX-License-Identifier: Apache-2.0 */
/* The table in the words of bash, zsh and fish. */
#include "common/completion.h"

#include <stdio.h>
#include <string.h>

/* A function's name in a shell: "mgeo_score", "mgeo_ctl_load". */
static void put_function_name(const struct option_table *table, struct string_buffer *text) {
    for (const char *at = table->program; *at != '\0'; at++) {
        string_buffer_add(text, *at == '-' || *at == ' ' ? "_" : at, 1);
    }
}

/* With a backslash before each character of `escaped`. */
static void put_escaped(const char *value, const char *escaped, struct string_buffer *text) {
    for (const char *at = value; *at != '\0'; at++) {
        if (strchr(escaped, *at) != NULL) string_buffer_add(text, "\\", 1);
        string_buffer_add(text, at, 1);
    }
}

/* The explanation on one line. `quote` stands for a single quote within single quotes. */
static void put_explanation(const struct option_row *row, const char *quote, const char *escaped,
                            struct string_buffer *text) {
    for (const char *at = row->help; *at != '\0'; at++) {
        const char one[] = {*at, '\0'};
        if (*at == '\n') {
            string_buffer_put(text, " ");
        } else if (*at == '\'') {
            string_buffer_put(text, quote);
        } else {
            put_escaped(one, escaped, text);
        }
    }
}

static void put_values(const struct option_row *row, const char *escaped,
                       struct string_buffer *text) {
    for (size_t i = 0; row->values[i] != NULL; i++) {
        if (i > 0) string_buffer_add(text, " ", 1);
        put_escaped(row->values[i], escaped, text);
        if (row->offer == OPTION_OFFER_ASSIGNMENTS) string_buffer_add(text, "=", 1);
    }
}

static bool offers_values(const struct option_row *row) {
    return row->offer == OPTION_OFFER_VALUES || row->offer == OPTION_OFFER_ASSIGNMENTS;
}

/* ---- bash ------------------------------------------------------------------------------------ */

/* bash cuts the line at ":" and "=" too. What was typed is put together again in `word`, of which
 * the reply leaves out what stands before the last cut. */
static const char bash_begin[] =
    "    local at=$COMP_CWORD word=${COMP_WORDS[COMP_CWORD]} option\n"
    "    while ((at > 1)) && [[ $word == :* || ${COMP_WORDS[at - 1]} == *: ]]; do\n"
    "        at=$((at - 1))\n"
    "        word=${COMP_WORDS[at]}$word\n"
    "    done\n"
    "    if [[ $word == = ]]; then\n"
    "        option=${COMP_WORDS[at - 1]} word=\n"
    "    elif ((at > 1)) && [[ ${COMP_WORDS[at - 1]} == = ]]; then\n"
    "        option=${COMP_WORDS[at - 2]}\n"
    "    else\n"
    "        option=${COMP_WORDS[at - 1]}\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    case $option in\n";

static const char bash_files[] = "compopt -o filenames 2>/dev/null\n"
                                 "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n";
static const char bash_folders[] = "compopt -o filenames 2>/dev/null\n"
                                   "        mapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n";

/* "-m | --model", after what separates it from the pattern before. */
static void bash_pattern(const struct option_row *row, const char *before,
                         struct string_buffer *text) {
    string_buffer_put(text, before);
    if (row->letter != '\0') string_buffer_format(text, "-%c | ", row->letter);
    string_buffer_format(text, "--%s", row->name);
}

/* One branch for all options that offer the same, unless that is values. */
static void bash_branch(const struct option_table *table, enum option_offer offer,
                        const char *reply, struct string_buffer *text) {
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->argument == NULL || row->offer != offer) continue;
        bash_pattern(row, any ? " | " : "    ", text);
        any = true;
    }
    if (any) string_buffer_format(text, ")\n        %s        ;;\n", reply);
}

static void bash_values(const struct option_row *row, struct string_buffer *text) {
    if (!offers_values(row)) return;
    bash_pattern(row, "    ", text);
    string_buffer_put(text, ")\n        ");
    if (row->offer == OPTION_OFFER_ASSIGNMENTS) {
        string_buffer_put(text, "compopt -o nospace 2>/dev/null\n        ");
    }
    string_buffer_put(text, "mapfile -t COMPREPLY < <(compgen -W '");
    put_values(row, "", text);
    string_buffer_put(text, "' -- \"$word\")\n        ;;\n");
}

static void bash_function(const struct option_table *table, struct string_buffer *text) {
    string_buffer_put(text, "_");
    put_function_name(table, text);
    string_buffer_put(text, "() {\n");
    string_buffer_put(text, bash_begin);
    bash_branch(table, OPTION_OFFER_FOLDERS, bash_folders, text);
    bash_branch(table, OPTION_OFFER_FILES, bash_files, text);
    for (size_t i = 0; i < table->count; i++) bash_values(&table->rows[i], text);
    bash_branch(table, OPTION_OFFER_NOTHING, ":\n", text);
    string_buffer_put(text, "    *)\n        if [[ $word == -* ]]; then\n"
                            "            mapfile -t COMPREPLY < <(compgen -W '");
    for (size_t i = 0; i < table->count; i++) {
        string_buffer_format(text, "%s--%s", i > 0 ? " " : "", table->rows[i].name);
    }
    string_buffer_put(text, "' -- \"$word\")\n            return\n        fi\n        ");
    string_buffer_put(text, table->operands == OPTION_OFFER_FILES ? bash_files : ":\n");
    string_buffer_put(text, "        ;;\n    esac\n"
                            "    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
                            "        COMPREPLY=(\"${COMPREPLY[@]#\"${word%:*}:\"}\")\n"
                            "    fi\n}\n");
}

static void bash_end(const struct option_table *table, struct string_buffer *text) {
    string_buffer_put(text, "complete -F _");
    put_function_name(table, text);
    string_buffer_format(text, " %s\n", table->program);
}

static void write_title(const char *shell, const struct option_table *table,
                        struct string_buffer *text) {
    string_buffer_format(text, "# %s completion for %s, made from its table of options.\n", shell,
                         table->program);
}

void completion_write_bash(const struct option_table *table, struct string_buffer *text) {
    write_title("bash", table, text);
    bash_function(table, text);
    bash_end(table, text);
}

/* The function of the command that the line names, or the names of all. */
void completion_commands_write_bash(const struct option_table *program,
                                    const struct completion_command *commands, size_t count,
                                    struct string_buffer *text) {
    write_title("bash", program, text);
    for (size_t i = 0; i < count; i++) bash_function(commands[i].table, text);
    string_buffer_put(text, "_");
    put_function_name(program, text);
    string_buffer_put(text, "() {\n    COMPREPLY=()\n    if ((COMP_CWORD == 1)); then\n"
                            "        mapfile -t COMPREPLY < <(compgen -W '");
    for (size_t i = 0; i < count; i++) string_buffer_format(text, "%s ", commands[i].name);
    for (size_t i = 0; i < program->count; i++) {
        string_buffer_format(text, "%s--%s", i > 0 ? " " : "", program->rows[i].name);
    }
    string_buffer_put(text, "' -- \"${COMP_WORDS[1]}\")\n        return\n    fi\n"
                            "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < count; i++) {
        string_buffer_format(text, "    %s) _", commands[i].name);
        put_function_name(commands[i].table, text);
        string_buffer_put(text, " ;;\n");
    }
    string_buffer_put(text, "    esac\n}\n");
    bash_end(program, text);
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* In a specification of _arguments ":" and brackets have meanings. */
static void zsh_action(const struct option_row *row, struct string_buffer *text) {
    if (row->argument == NULL) return;
    string_buffer_format(text, ":%s:", row->argument);
    if (row->offer == OPTION_OFFER_FILES) string_buffer_put(text, "_files");
    if (row->offer == OPTION_OFFER_FOLDERS) string_buffer_put(text, "_files -/");
    if (!offers_values(row)) return;
    string_buffer_put(text, "(");
    put_values(row, ":*", text);
    string_buffer_put(text, ")");
}

static void zsh_row(const struct option_row *row, struct string_buffer *text) {
    const char *takes = row->argument != NULL ? "=" : "";
    string_buffer_put(text, " \\\n    ");
    if (row->letter != '\0') {
        string_buffer_format(text, "'(-%c --%s)'{-%c%s,--%s%s}'", row->letter, row->name,
                             row->letter, row->argument != NULL ? "+" : "", row->name, takes);
    } else {
        string_buffer_format(text, "'%s--%s%s", row->repeats ? "*" : "", row->name, takes);
    }
    string_buffer_put(text, "[");
    put_explanation(row, "'\\''", "[]:\\", text);
    string_buffer_put(text, "]");
    zsh_action(row, text);
    string_buffer_put(text, "'");
}

static void zsh_arguments(const struct option_table *table, struct string_buffer *text) {
    string_buffer_put(text, "_arguments -s -S");
    for (size_t i = 0; i < table->count; i++) zsh_row(&table->rows[i], text);
    if (table->operands == OPTION_OFFER_FILES) string_buffer_put(text, " \\\n    '*:FILE:_files'");
    string_buffer_put(text, "\n");
}

void completion_write_zsh(const struct option_table *table, struct string_buffer *text) {
    string_buffer_format(text, "#compdef %s\n", table->program);
    write_title("zsh", table, text);
    zsh_arguments(table, text);
}

void completion_commands_write_zsh(const struct option_table *program,
                                   const struct completion_command *commands, size_t count,
                                   struct string_buffer *text) {
    string_buffer_format(text, "#compdef %s\n", program->program);
    write_title("zsh", program, text);
    string_buffer_put(text, "if ((CURRENT == 2)); then\n    local -a names=(");
    for (size_t i = 0; i < count; i++) {
        string_buffer_format(text, "\n        '%s:%s'", commands[i].name, commands[i].summary);
    }
    string_buffer_put(text, ")\n    _describe command names\n    return\nfi\n"
                            "local name=$words[2]\nshift words\n((CURRENT--))\n"
                            "case $name in\n");
    for (size_t i = 0; i < count; i++) {
        string_buffer_format(text, "%s)\n", commands[i].name);
        zsh_arguments(commands[i].table, text);
        string_buffer_put(text, ";;\n");
    }
    string_buffer_put(text, "esac\n");
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_argument(const struct option_row *row, struct string_buffer *text) {
    if (row->argument == NULL) return;
    string_buffer_put(text, row->offer == OPTION_OFFER_FILES ? " -r -F" : " -x");
    if (row->offer == OPTION_OFFER_FOLDERS) {
        string_buffer_put(text, " -a '(__fish_complete_directories)'");
    }
    if (!offers_values(row)) return;
    string_buffer_put(text, " -a '");
    put_values(row, "*", text);
    string_buffer_put(text, "'");
}

/* `command` NULL: the program has none. */
static void fish_row(const char *program, const char *command, const struct option_row *row,
                     struct string_buffer *text) {
    string_buffer_format(text, "complete -c %s", program);
    if (command != NULL) {
        string_buffer_format(text, " -n '__fish_seen_subcommand_from %s'", command);
    }
    if (row->letter != '\0') string_buffer_format(text, " -s %c", row->letter);
    string_buffer_format(text, " -l %s", row->name);
    fish_argument(row, text);
    string_buffer_put(text, " -d '");
    put_explanation(row, "\\'", "\\", text);
    string_buffer_put(text, "'\n");
}

void completion_write_fish(const struct option_table *table, struct string_buffer *text) {
    write_title("fish", table, text);
    if (table->operands == OPTION_OFFER_NOTHING) {
        string_buffer_format(text, "complete -c %s -f\n", table->program);
    }
    for (size_t i = 0; i < table->count; i++) {
        fish_row(table->program, NULL, &table->rows[i], text);
    }
}

static void fish_command(const struct option_table *program,
                         const struct completion_command *command, struct string_buffer *text) {
    string_buffer_format(text, "complete -c %s -n __fish_use_subcommand -a %s -d '%s'\n",
                         program->program, command->name, command->summary);
    if (command->table->operands == OPTION_OFFER_FILES) {
        string_buffer_format(text, "complete -c %s -n '__fish_seen_subcommand_from %s' -F\n",
                             program->program, command->name);
    }
    for (size_t i = 0; i < command->table->count; i++) {
        fish_row(program->program, command->name, &command->table->rows[i], text);
    }
}

void completion_commands_write_fish(const struct option_table *program,
                                    const struct completion_command *commands, size_t count,
                                    struct string_buffer *text) {
    write_title("fish", program, text);
    string_buffer_format(text, "complete -c %s -f\n", program->program);
    for (size_t i = 0; i < count; i++) fish_command(program, &commands[i], text);
}

/* ---- the table itself ------------------------------------------------------------------------ */

void completion_write_headings(const struct option_table *table, struct string_buffer *text) {
    for (size_t i = 0; i < table->count; i++) {
        option_table_write_heading(&table->rows[i], text);
        string_buffer_put(text, "\n");
    }
}

/* ---- the tool of a program with commands ----------------------------------------------------- */

static bool has_line(const struct string_buffer *text, const char *line) {
    for (const char *at = text->bytes; at != NULL; at = strstr(at + 1, line)) {
        if (strncmp(at, line, strlen(line)) == 0 && (at == text->bytes || at[-1] == '\n')) {
            return true;
        }
    }
    return false;
}

static void write_headings(const struct option_table *program,
                           const struct completion_command *commands, size_t count,
                           struct string_buffer *text) {
    completion_write_headings(program, text);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < commands[i].table->count; j++) {
            struct string_buffer line = {0};
            option_table_write_heading(&commands[i].table->rows[j], &line);
            string_buffer_put(&line, "\n");
            if (!has_line(text, line.bytes)) string_buffer_put(text, line.bytes);
            string_buffer_finish(&line);
        }
    }
}

static bool write_form(const char *form, const struct option_table *program,
                       const struct completion_command *commands, size_t count,
                       struct string_buffer *text) {
    if (strcmp(form, "bash") == 0) {
        completion_commands_write_bash(program, commands, count, text);
    } else if (strcmp(form, "zsh") == 0) {
        completion_commands_write_zsh(program, commands, count, text);
    } else if (strcmp(form, "fish") == 0) {
        completion_commands_write_fish(program, commands, count, text);
    } else if (strcmp(form, "headings") == 0) {
        write_headings(program, commands, count, text);
    } else {
        return false;
    }
    return true;
}

int completion_commands_tool(int argc, char **argv, const struct option_table *program,
                             const struct completion_command *commands, size_t count) {
    struct string_buffer text = {0};
    if (argc != 2 || !write_form(argv[1], program, commands, count, &text)) {
        fputs("usage: completion bash|zsh|fish|headings\n", stderr);
        return 2;
    }
    bool done = fputs(text.bytes, stdout) >= 0 && fflush(stdout) == 0;
    string_buffer_finish(&text);
    return done ? 0 : 1;
}

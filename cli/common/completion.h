/* SPDX-License-Identifier: Apache-2.0 */
/* A program's table of options as completion files of shells. */
#ifndef CLI_COMMON_COMPLETION_H
#define CLI_COMMON_COMPLETION_H

#include "common/option_table.h"

/* Each appends a whole file: for share/bash-completion/completions/PROGRAM,
 * share/zsh/site-functions/_PROGRAM and share/fish/vendor_completions.d/PROGRAM.fish. */
void completion_write_bash(const struct option_table *table, struct string_buffer *text);
void completion_write_zsh(const struct option_table *table, struct string_buffer *text);
void completion_write_fish(const struct option_table *table, struct string_buffer *text);

/* The same for a program with commands, each of which has a table of its own: "mgeo-ctl load". */
struct completion_command {
    const char *name, *summary; /* without quotes in it */
    const struct option_table *table;
};
void completion_commands_write_bash(const struct option_table *program,
                                    const struct completion_command *commands, size_t count,
                                    struct string_buffer *text);
void completion_commands_write_zsh(const struct option_table *program,
                                   const struct completion_command *commands, size_t count,
                                   struct string_buffer *text);
void completion_commands_write_fish(const struct option_table *program,
                                    const struct completion_command *commands, size_t count,
                                    struct string_buffer *text);

/* The table itself, for the tests of man page and docs: "-m, --model DIR", one row a line. */
void completion_write_headings(const struct option_table *table, struct string_buffer *text);

/* The main of the build's tool: prints the completion file for the shell that argv names, or
 * "headings": all commands' options, each once. Returns its exit status. */
int completion_commands_tool(int argc, char **argv, const struct option_table *program,
                             const struct completion_command *commands, size_t count);

#endif

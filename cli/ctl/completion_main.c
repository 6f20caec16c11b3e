/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the build: prints the completion files of mgeo-ctl, a program with commands. */
#include <stdio.h>
#include <string.h>

#include "common/completion.h"
#include "ctl/options.h"

enum { COMMANDS_MOST = 32 };

static bool has_line(const struct string_buffer *text, const char *line) {
    for (const char *at = text->bytes; at != NULL; at = strstr(at + 1, line)) {
        if (strncmp(at, line, strlen(line)) == 0 && (at == text->bytes || at[-1] == '\n')) {
            return true;
        }
    }
    return false;
}

/* All commands' options, each once. */
static void write_headings(struct string_buffer *text) {
    completion_write_headings(&options_table, text);
    for (const struct command *at = commands; at->name != NULL; at++) {
        for (size_t i = 0; i < at->table->count; i++) {
            struct string_buffer line = {0};
            option_table_write_heading(&at->table->rows[i], &line);
            string_buffer_put(&line, "\n");
            if (!has_line(text, line.bytes)) string_buffer_put(text, line.bytes);
            string_buffer_finish(&line);
        }
    }
}

static bool write_form(const char *form, struct string_buffer *text) {
    struct completion_command listed[COMMANDS_MOST];
    size_t count = 0;
    for (const struct command *at = commands; at->name != NULL && count < COMMANDS_MOST; at++) {
        listed[count++] = (struct completion_command){at->name, at->summary, at->table};
    }
    if (strcmp(form, "bash") == 0) {
        completion_commands_write_bash(&options_table, listed, count, text);
    } else if (strcmp(form, "zsh") == 0) {
        completion_commands_write_zsh(&options_table, listed, count, text);
    } else if (strcmp(form, "fish") == 0) {
        completion_commands_write_fish(&options_table, listed, count, text);
    } else if (strcmp(form, "headings") == 0) {
        write_headings(text);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    struct string_buffer text = {0};
    if (argc != 2 || !write_form(argv[1], &text)) {
        fputs("usage: completion bash|zsh|fish|headings\n", stderr);
        return 2;
    }
    bool done = fputs(text.bytes, stdout) >= 0 && fflush(stdout) == 0;
    string_buffer_finish(&text);
    return done ? 0 : 1;
}

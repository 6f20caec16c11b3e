/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the build, linked with one program's room: prints that program's completion files. */
#include <stdio.h>
#include <string.h>

#include "common/completion.h"

/* In the room's options.c. */
extern const struct option_table options_table;

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*write)(const struct option_table *table, struct string_buffer *text);
    } forms[] = {{"bash", completion_write_bash},
                 {"zsh", completion_write_zsh},
                 {"fish", completion_write_fish},
                 {"headings", completion_write_headings}};
    for (size_t i = 0; argc == 2 && i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(argv[1], forms[i].name) != 0) continue;
        struct string_buffer text = {0};
        forms[i].write(&options_table, &text);
        bool done = fputs(text.bytes, stdout) >= 0 && fflush(stdout) == 0;
        string_buffer_finish(&text);
        return done ? 0 : 1;
    }
    fputs("usage: completion bash|zsh|fish|headings\n", stderr);
    return 2;
}

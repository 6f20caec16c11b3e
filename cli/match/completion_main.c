/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the build: prints the completion files of mgeo-match. */
#include "common/completion.h"
#include "match/options.h"

enum { COMMANDS_MOST = 32 };

int main(int argc, char **argv) {
    struct completion_command listed[COMMANDS_MOST];
    size_t count = 0;
    for (const struct command *at = commands; at->name != NULL && count < COMMANDS_MOST; at++) {
        listed[count++] = (struct completion_command){at->name, at->summary, at->table};
    }
    return completion_commands_tool(argc, argv, &options_table, listed, count);
}

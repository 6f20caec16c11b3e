/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match: finds for the rows of a table what names the same place in another, or in itself. */
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "match/options.h"

static int act(const struct options *options) {
    switch (options->action) {
    case OPTIONS_HELP: return options_print_help(options) ? MATCH_DONE : MATCH_FAILED;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? MATCH_DONE : MATCH_FAILED;
    default: return options->command->run(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    int status = MATCH_FAILED;
    standard_streams_hold();
    message_set_program("mgeo-match");
    if (!options_parse(&options, argc, argv, &error)) {
        message_print("%s", error.line);
    } else if (!interrupt_install()) {
        message_print("cannot install signal handlers");
    } else {
        status = act(&options);
    }
    options_finish(&options);
    return status;
}

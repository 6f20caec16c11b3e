/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-ctl: operates a mgeo-serve from a shell or a CI/CD job. */
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "ctl/failure.h"
#include "ctl/options.h"

static int act(const struct options *options) {
    switch (options->action) {
    case OPTIONS_HELP: return options_print_help(options) ? CTL_DONE : CTL_COULD_NOT;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? CTL_DONE : CTL_COULD_NOT;
    default: return options->command->run(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    int status = CTL_COULD_NOT;
    standard_streams_hold();
    message_set_program("mgeo-ctl");
    if (!options_parse(&options, argc, argv, &error)) {
        failure_say("bad_option", "%s", error.line);
    } else if (!interrupt_install()) {
        failure_say("could_not", "cannot install signal handlers");
    } else {
        status = act(&options);
    }
    if (options.json) failure_end(status);
    options_finish(&options);
    return status;
}

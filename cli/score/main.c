/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-score: scores a TSV of address pairs with libmgeo. */
#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "score/check/check_run.h"
#include "score/options.h"
#include "score/run.h"

static int act(const struct options *options) {
    switch (options->action) {
    case OPTIONS_HELP: return option_table_print_help(&options_table) ? RUN_ALL_SCORED : RUN_FAILED;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? RUN_ALL_SCORED : RUN_FAILED;
    case OPTIONS_CHECK: return check_run(options);
    default: return run_score(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    int status = RUN_FAILED;
    standard_streams_hold();
    message_set_program("mgeo-score");
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

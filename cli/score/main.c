/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-score: scores a TSV of address pairs with libmgeo. */
#include <mgeo.h>
#include <stdio.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "score/help.h"
#include "score/options.h"
#include "score/run.h"

/* Prints what was asked for and nothing else. */
static int print(const char *text) {
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0) return RUN_ALL_SCORED;
    message_print("standard output: cannot write");
    return RUN_FAILED;
}

static int print_version(void) {
    char line[128];
    snprintf(line, sizeof line, "mgeo-score %s (libmgeo %s)\n", MGEO_VERSION, mgeo_version());
    return print(line);
}

static int act(const struct options *options) {
    switch (options->action) {
    case OPTIONS_HELP: return print(help_text);
    case OPTIONS_VERSION: return print_version();
    case OPTIONS_CHECK: return run_check(options);
    default: return run_score(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    int status = RUN_FAILED;
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

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
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0) return EXIT_ALL_SCORED;
    notice("standard output: cannot write");
    return EXIT_COULD_NOT;
}

static int print_version(void) {
    char line[128];
    snprintf(line, sizeof line, "mgeo-score %s (libmgeo %s)\n", MGEO_VERSION, mgeo_version());
    return print(line);
}

static int act(const struct options *options) {
    switch (options->action) {
    case ACTION_HELP: return print(help_text);
    case ACTION_VERSION: return print_version();
    case ACTION_CHECK: return run_check(options);
    default: return run_score(options);
    }
}

int main(int argc, char **argv) {
    struct options options;
    struct fault fault = {""};
    int status = EXIT_COULD_NOT;
    if (!options_parse(&options, argc, argv, &fault))
        notice("%s", fault.line);
    else if (!interrupt_install())
        notice("cannot install signal handlers");
    else
        status = act(&options);
    options_finish(&options);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-journal: prints and verifies the journal of an engine. */
#include <mgeo.h>
#include <stdio.h>

#include "common/message.h"
#include "journal/options.h"
#include "journal/scan.h"

enum { EXIT_SOUND = 0, EXIT_NOT_SOUND = 1, EXIT_COULD_NOT = 2 };

static int could_not(const char *line) {
    message_print("%s", line);
    return EXIT_COULD_NOT;
}

static int finish_output(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return could_not("standard output: cannot write");
}

static void print_verdict(const mgeo_journal_report *report) {
    printf("lines      %llu\n", (unsigned long long)report->lines);
    printf("last hash  %s\n", report->lines > 0 ? report->last_hash : "-");
    printf("sound      %s\n", report->bad_line == 0 ? "yes" : "no");
}

/* The hash that somebody noted must be that of a sound line. */
static int check_hash(const struct options *options, const mgeo_journal_report *report) {
    struct error error = {""};
    bool found = true;
    if (options->hash[0] == '\0') return EXIT_SOUND;
    if (!scan_find_hash(options, report, &found, &error)) return could_not(error.line);
    if (found) return EXIT_SOUND;
    message_print(
        "%s: no sound line has the hash %s: the journal is another one, or was written anew",
        options->path, options->hash);
    return EXIT_NOT_SOUND;
}

static int answer(const struct options *options) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_error cause;
    struct error error = {""};
    mgeo_status status = mgeo_journal_verify(options->path, &report, &cause);
    if (status != MGEO_OK && status != MGEO_E_FORMAT) return could_not(cause.message);
    if (options->action == OPTIONS_VERIFY) {
        print_verdict(&report);
    } else if (!scan_print(options, &report, &error)) {
        return could_not(error.line);
    }
    int result = finish_output(EXIT_SOUND);
    if (result == EXIT_SOUND) result = check_hash(options, &report);
    if (status == MGEO_OK || result == EXIT_COULD_NOT) return result;
    message_print("%s", cause.message);
    return EXIT_NOT_SOUND;
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    message_set_program("mgeo-journal");
    if (!options_parse(&options, argc, argv, &error)) return could_not(error.line);
    switch (options.action) {
    case OPTIONS_HELP: return option_table_print_help(&options_table) ? EXIT_SOUND : EXIT_COULD_NOT;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? EXIT_SOUND : EXIT_COULD_NOT;
    default: return answer(&options);
    }
}

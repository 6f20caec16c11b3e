/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-journal: prints and verifies the journal of an engine. */
#include <mgeo.h>
#include <stdio.h>

#include "common/files/file_use.h"
#include "common/files/standard_streams.h"
#include "common/message.h"
#include "journal/options.h"
#include "journal/scan.h"

enum { EXIT_SOUND = 0, EXIT_NOT_SOUND = 1, EXIT_COULD_NOT = 2 };

static int could_not(const char *line) {
    message_print("%s", line);
    return EXIT_COULD_NOT;
}

static bool print_verdict(const mgeo_journal_report *report, struct error *error) {
    char text[256];
    int length =
        snprintf(text, sizeof text, "lines      %llu\nlast hash  %s\nsound      %s\n",
                 (unsigned long long)report->lines, report->lines > 0 ? report->last_hash : "-",
                 report->bad_line == 0 ? "yes" : "no");
    return standard_streams_print(text, (size_t)length, error);
}

/* A journal that is printed at its own end would never be sound again. */
static bool output_is_another_file(const struct options *options, struct error *error) {
    struct file_uses uses = {0};
    file_use_add(&uses, options->path, FILE_USE_READ, options->path);
    file_use_add_outputs(&uses);
    bool done = file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
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
    if (!standard_streams_check_output(&error) || !output_is_another_file(options, &error)) {
        return could_not(error.line);
    }
    mgeo_status status = mgeo_journal_verify(options->path, &report, &cause);
    if (status != MGEO_OK && status != MGEO_E_FORMAT) return could_not(cause.message);
    bool printed = options->action == OPTIONS_VERIFY ? print_verdict(&report, &error)
                                                     : scan_print(options, &report, &error);
    if (!printed) return could_not(error.line);
    int result = check_hash(options, &report);
    if (status == MGEO_OK || result == EXIT_COULD_NOT) return result;
    message_print("%s", cause.message);
    return EXIT_NOT_SOUND;
}

int main(int argc, char **argv) {
    struct options options;
    struct error error = {""};
    standard_streams_hold();
    message_set_program("mgeo-journal");
    if (!options_parse(&options, argc, argv, &error)) return could_not(error.line);
    switch (options.action) {
    case OPTIONS_HELP: return option_table_print_help(&options_table) ? EXIT_SOUND : EXIT_COULD_NOT;
    case OPTIONS_VERSION:
        return option_table_print_version(&options_table) ? EXIT_SOUND : EXIT_COULD_NOT;
    default: return answer(&options);
    }
}

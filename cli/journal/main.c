/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-journal: prints and verifies the journal of an engine. */
#include <mgeo.h>
#include <stdio.h>

#include "common/message.h"
#include "journal/help.h"
#include "journal/options.h"
#include "journal/scan.h"

enum { EXIT_SOUND = 0, EXIT_NOT_SOUND = 1, EXIT_COULD_NOT = 2 };

static int could_not(const char *line) {
    notice("%s", line);
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
static int check_hash(const struct query *query, const mgeo_journal_report *report) {
    struct fault fault = {""};
    bool found = true;
    if (query->hash[0] == '\0') return EXIT_SOUND;
    if (!scan_find_hash(query, report, &found, &fault)) return could_not(fault.line);
    if (found) return EXIT_SOUND;
    notice("%s: no sound line has the hash %s: the journal is another one, or was written anew",
           query->path, query->hash);
    return EXIT_NOT_SOUND;
}

static int answer(const struct query *query) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_error error;
    struct fault fault = {""};
    mgeo_status status = mgeo_journal_verify(query->path, &report, &error);
    if (status != MGEO_OK && status != MGEO_E_FORMAT) return could_not(error.message);
    if (query->action == QUERY_VERIFY)
        print_verdict(&report);
    else if (!scan_print(query, &report, &fault))
        return could_not(fault.line);
    int result = finish_output(EXIT_SOUND);
    if (result == EXIT_SOUND) result = check_hash(query, &report);
    if (status == MGEO_OK || result == EXIT_COULD_NOT) return result;
    notice("%s", error.message);
    return EXIT_NOT_SOUND;
}

int main(int argc, char **argv) {
    struct query query;
    struct fault fault = {""};
    notice_program("mgeo-journal");
    if (!query_parse(&query, argc, argv, &fault)) return could_not(fault.line);
    switch (query.action) {
    case QUERY_HELP: fputs(usage_text, stdout); return finish_output(EXIT_SOUND);
    case QUERY_VERSION:
        printf("mgeo-journal %s (libmgeo %s)\n", MGEO_VERSION, mgeo_version());
        return finish_output(EXIT_SOUND);
    default: return answer(&query);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what programs that score have, and what decides about candidates. */
#include "match/rows/match_identity.h"

#include <inttypes.h>

#include "common/parse.h"
#include "scoring/resume/identity.h"
#include "table/reader.h"

static void note_text(struct notes *to, const char *name, const char *value) {
    notes_add(to, name, "%s", value != NULL ? value : "not given");
}

/* As it was given, and all of it. */
static void note_number(struct notes *to, const char *name, double number) {
    char text[32];
    parse_print_number(number, text, sizeof text);
    notes_add(to, name, "%s", text);
}

/* The guards too, though they cut when all is scored: what is resumed is the same command. */
static void note_decision(struct notes *to, const struct options *options) {
    note_number(to, "--threshold", options->threshold);
    notes_add(to, "--one-to-one", "%s", options->one_to_one ? "given" : "not given");
    notes_add(to, "--max-size", "%" PRIu32, options->max_size);
    note_number(to, "--least-link", options->least_link);
    notes_add(to, "--cut", "%s", options->cut == MGEO_CUT_CORRELATION ? "correlation" : "center");
    note_text(to, "--pairs", options->pairs != NULL ? "given" : NULL);
    notes_add(to, "--format", "%s", writer_format_names[options->writer.format]);
    notes_add(to, "--compression", "%s", columnar_compression_names[options->writer.compression]);
}

bool match_identity_note(struct notes *to, const struct run *run, const struct writer *writer,
                         struct error *error) {
    const struct options *options = run->options;
    identity_note_versions(to);
    notes_add(to, "the command", "%s", options->command->name);
    identity_note_outputs(to, &run->files);
    note_text(to, "--unmatched", options->unmatched != NULL ? "given" : NULL);
    identity_note_table(to, &options->table,
                        run->reader != NULL ? reader_table(run->reader) : NULL);
    note_text(to, "--ref-text", options->reference.a);
    note_text(to, "--ref-id", options->reference.gold);
    notes_add(to, "--candidates", "%s", options->candidates ? "given" : "not given");
    notes_add(to, "--top", "%" PRIu32, options->top);
    note_number(to, "--least", options->least);
    notes_add(to, "--effort", "%" PRIu32, options->effort > 0 ? options->effort : 100);
    note_decision(to, options);
    notes_add(to, "--report", "%s", options->report != NULL ? options->report : "not given");
    identity_note_format(to, writer);
    if (run->job != NULL) identity_note_model(to, &options->model, &run->info);
    identity_note_cascade(to, run_cascade(run));
    if (options->report != NULL && !identity_note_file(to, options->report, error)) return false;
    return identity_note_inputs(to, &run->files, error);
}

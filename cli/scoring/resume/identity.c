/* SPDX-License-Identifier: Apache-2.0 */
/* Notes inputs by their content, options by what they come to, and what computes. */
#include "scoring/resume/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/message.h"
#include "common/parse.h"
#include "common/sink.h"
#include "scoring/resume/digest.h"

enum { SHOWN_PATH = 200 }; /* bytes of a path in a name */

void identity_note_versions(struct notes *to) {
    char name[64];
    snprintf(name, sizeof name, "the version of %.40s", message_program());
    notes_add(to, name, "%s", MGEO_VERSION);
    notes_add(to, "the version of libmgeo", "%s", mgeo_version());
}

bool identity_note_file(struct notes *to, const char *path, struct error *error) {
    struct stat about;
    if (stat(path, &about) != 0) return error_set(error, "%s: %s", path, strerror(errno));
    struct digest digest;
    char text[DIGEST_TEXT], name[SHOWN_PATH + 32];
    digest_init(&digest);
    bool done = digest_take_file(&digest, path, (uint64_t)about.st_size, true, error);
    digest_print(&digest, text);
    digest_finish(&digest);
    snprintf(name, sizeof name, "what %.*s holds", SHOWN_PATH, path);
    notes_add(to, name, "%" PRIu64 " bytes, XXH3 %s", (uint64_t)about.st_size, text);
    return done;
}

bool identity_note_inputs(struct notes *to, const struct files *files, struct error *error) {
    notes_add(to, "the number of inputs", "%zu", files->input_count);
    for (size_t i = 0; i < files->input_count; i++) {
        notes_add(to, "an input", "%s", files->inputs[i]);
        if (!identity_note_file(to, files->inputs[i], error)) return false;
    }
    return true;
}

void identity_note_outputs(struct notes *to, const struct files *files) {
    char *place = sink_place(files->output);
    const char *slash = strrchr(place, '/');
    notes_add(to, "--output", "%s", slash != NULL ? slash + 1 : place);
    notes_add(to, "--errors", "%s", files->errors != NULL ? "given" : "not given");
    free(place);
}

static void note_column(struct notes *to, const char *name, size_t column) {
    if (column == TABLE_NO_COLUMN) {
        notes_add(to, name, "none");
    } else {
        notes_add(to, name, "%zu", column + 1);
    }
}

/* Formats and encodings as asked for: further inputs are judged by that too. Columns as found. */
void identity_note_table(struct notes *to, const struct table_options *asked,
                         const struct table *table) {
    const char *encoding = asked->input.encoding;
    notes_add(to, "--input-format", "%s", dialect_names[asked->dialect.format]);
    notes_add(to, "--delimiter", "%.1s",
              asked->dialect.delimiter != '\0' ? &asked->dialect.delimiter : "");
    notes_add(to, "--encoding", "%s", encoding != NULL ? encoding : "auto");
    notes_add(to, "--header", "%s", table_header_names[asked->header]);
    notes_add(to, "--null-words", "%s", asked->null_words != NULL ? asked->null_words : "default");
    if (table == NULL) return;
    if (asked->one_text != NULL) {
        note_column(to, asked->one_text, table->a);
        note_column(to, "--id", table->gold);
        return;
    }
    note_column(to, "the first of --columns", table->a);
    note_column(to, "the second of --columns", table->b);
    note_column(to, "--gold", table->gold);
}

void identity_note_format(struct notes *to, const struct writer *writer) {
    const struct writer_options *options = &writer->options;
    struct string_buffer thresholds = {0};
    char format[80], number[32];
    writer_describe(writer, format, sizeof format);
    notes_add(to, "--format", "%s", format);
    notes_add(to, "--compression", "%s", columnar_compression_names[options->compression]);
    notes_add(to, "--probabilities", "%s", options->probabilities ? "given" : "not given");
    string_buffer_add(&thresholds, "", 0);
    for (size_t i = 0; i < options->threshold_count; i++) {
        parse_print_number(options->thresholds[i], number, sizeof number);
        string_buffer_format(&thresholds, "%s%s", i > 0 ? "," : "", number);
    }
    notes_add(to, "--threshold", "%s", thresholds.bytes);
    string_buffer_finish(&thresholds);
}

/* `library` tells the instructions or the libtorch that compute: others round otherwise. */
void identity_note_model(struct notes *to, const struct model_options *options,
                         const mgeo_model_info *info) {
    notes_add(to, "--model", "%s", info->fingerprint);
    notes_add(to, "--precision", "%s", mgeo_precision_name(info->precision));
    notes_add(to, "--device", "%s", info->device);
    notes_add(to, "what computes", "%s", info->library);
    notes_add(to, "--tf32", "%s", options->tf32 ? "given" : "not given");
    notes_add(to, "--max-length", "%" PRIu32, info->max_length);
    notes_add(to, "--partial-weight", "%.9g", model_options_weight(options));
    notes_add(to, "--unknown", "%s", options->keep_unknown ? "keep" : "cap");
    notes_add(to, "--positive-label", "%s",
              info->positive_label >= 0 ? info->labels[info->positive_label] : "");
    struct string_buffer labels = {0};
    for (uint32_t i = 0; i < info->label_count; i++) {
        string_buffer_format(&labels, "%s%s", i > 0 ? "," : "", info->labels[i]);
    }
    notes_add(to, "what the labels are", "%s", labels.bytes);
    string_buffer_finish(&labels);
}

void identity_note_selection(struct notes *to, const struct selection_options *selection) {
    char shard[32] = "";
    if (selection->shards > 0) {
        snprintf(shard, sizeof shard, "%" PRIu32 "/%" PRIu32, selection->shard, selection->shards);
    }
    notes_add(to, "--shard", "%s", shard);
    notes_add(to, "--sample", "%" PRIu32, selection->sample);
    notes_add(to, "--seed", "%" PRIu32, selection->seed);
}

const char identity_choice[] = "the choice of --keep-agreement";

/* The rule as it comes to, and how it was chosen. */
static void note_rule(struct notes *to, const struct cascade *cascade) {
    struct string_buffer rule = {0}, choice = {0};
    string_buffer_put(&rule, "");
    string_buffer_put(&choice, "");
    cascade_rule_print(&cascade->rule, &cascade->info, &rule);
    if (cascade->choice.rule.kind != CASCADE_NO_RULE) cascade_print_choice(cascade, &choice);
    bool band = cascade->rule.kind == CASCADE_BAND;
    notes_add(to, "--band", "%s", band ? rule.bytes : "");
    notes_add(to, "--sure", "%s", band ? "" : rule.bytes);
    notes_add(to, "--keep-agreement", "%g", cascade->options->keep);
    notes_add(to, "--agreement-sample", "%" PRIu32, cascade->options->sample);
    notes_add(to, identity_choice, "%s", choice.bytes);
    string_buffer_finish(&rule);
    string_buffer_finish(&choice);
}

void identity_note_cascade(struct notes *to, const struct cascade *cascade) {
    static const char *const absent[] = {"--first", "--first-precision", "--band",
                                         "--sure",  "--keep-agreement",  "--agreement-sample"};
    bool same_form = cascade != NULL && cascade->same_form;
    notes_add(to, "--same-form", "%s", same_form ? "yes" : "no");
    if (cascade != NULL && cascade->first != NULL) {
        const mgeo_model_info *first = &cascade->first_info;
        notes_add(to, "--first", "%s", first->fingerprint);
        notes_add(to, "--first-precision", "%s", mgeo_precision_name(first->precision));
        notes_add(to, "what computes the first model", "%s", first->library);
        note_rule(to, cascade);
        return;
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        notes_add(to, absent[i], "not given");
    }
}

bool identity_same(const struct notes *before, const struct notes *now, const char *folder,
                   struct error *error) {
    for (size_t i = 0; i < before->count || i < now->count; i++) {
        static const struct note none = {.name = "", .value = "not noted"};
        const struct note *was = i < before->count ? &before->notes[i] : &none;
        const struct note *is = i < now->count ? &now->notes[i] : &none;
        bool named = strcmp(was->name, is->name) == 0;
        if (named && strcmp(was->value, is->value) == 0) continue;
        if (!named && is != &none) was = &none;
        return error_set(error,
                         "%s holds a run of another kind: %s was \"%.200s\" and is \"%.200s\" now; "
                         "run it as before, or remove that folder to begin anew",
                         folder, is != &none ? is->name : was->name, was->value, is->value);
    }
    return true;
}

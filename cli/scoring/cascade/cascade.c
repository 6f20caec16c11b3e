/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the first model on the engine's standby slot, and holds its labels against the second's. */
#include "scoring/cascade/cascade.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "scoring/model.h"

const char *const cascade_step_names[] = {
    [0] = "",
    [CASCADE_SAME_FORM] = "same_form",
    [CASCADE_FIRST] = "first",
    [CASCADE_SECOND] = "second",
};

/* ---- opening --------------------------------------------------------------------------------- */

static bool match_labels(struct cascade *cascade, struct error *error) {
    const mgeo_model_info *first = &cascade->first_info, *second = &cascade->info;
    bool same = first->label_count == second->label_count;
    for (uint32_t i = 0; same && i < first->label_count; i++) {
        uint32_t j = 0;
        while (j < second->label_count && strcmp(first->labels[i], second->labels[j]) != 0) j++;
        same = j < second->label_count;
        cascade->labels[i] = (int32_t)j;
    }
    return same ||
           error_set(error,
                     "--first: its labels are not those of --model (%" PRIu32
                     ", such as %s, and %" PRIu32 ", such as %s), so that one cannot stand "
                     "in for the other",
                     first->label_count, first->labels[0], second->label_count, second->labels[0]);
}

/* One number has no label that two models could agree on. */
static bool check_labels(const struct cascade *cascade, struct error *error) {
    const struct cascade_options *options = cascade->options;
    if (cascade->info.label_count > 1 || (options->keep == 0 && options->sure_text == NULL)) {
        return true;
    }
    return error_set(error, "--keep-agreement and --sure speak of labels, and this model has one "
                            "number alone; give --band LO,HI");
}

static bool take_rule(struct cascade *cascade, struct error *error) {
    const struct cascade_options *options = cascade->options;
    if (options->sure_text != NULL) {
        return cascade_rule_of_sure(&options->sure, &cascade->info, &cascade->rule, error);
    }
    cascade->rule = options->band;
    return true;
}

/* Asking one model twice only takes longer. */
static void warn_of_one_model(const struct cascade *cascade) {
    const mgeo_model_info *first = &cascade->first_info, *second = &cascade->info;
    if (first->precision != second->precision ||
        strcmp(first->fingerprint, second->fingerprint) != 0) {
        return;
    }
    message_print("--first: that is the model of --model, at the same precision; name a smaller "
                  "one, or another --first-precision");
}

static bool open_first(struct cascade *cascade, const struct model_options *model, bool quiet,
                       mgeo_progress *loading, mgeo_engine *engine, struct error *error) {
    struct model_options wanted = *model;
    wanted.path = cascade_options_path(cascade->options);
    wanted.precision = cascade->options->first_precision;
    wanted.tf32 =
        model->tf32 && (wanted.precision == MGEO_PRECISION_AUTO || wanted.precision == MGEO_FP32);
    if (model_load(&wanted, "--first: cannot load the model", true, quiet, loading, engine,
                   &cascade->first_info, error) != MGEO_OK) {
        return false;
    }
    mgeo_error cause;
    mgeo_job_options standby = {.struct_size = sizeof standby, .standby = 1};
    if (mgeo_job_begin(engine, &standby, &cascade->first, &cause) != MGEO_OK ||
        mgeo_job_get_info(cascade->first, &cascade->first_info, &cause) != MGEO_OK) {
        return error_set(error, "--first: cannot use the model: %s", cause.message);
    }
    if (!match_labels(cascade, error) || !check_labels(cascade, error) ||
        !take_rule(cascade, error)) {
        return false;
    }
    if (!quiet) warn_of_one_model(cascade);
    return true;
}

bool cascade_open(struct cascade *cascade, const struct cascade_options *options,
                  const struct model_options *model, bool quiet, mgeo_progress *loading,
                  mgeo_engine *engine, const mgeo_model_info *info, struct error *error) {
    memset(cascade, 0, sizeof *cascade);
    cascade->options = options;
    cascade->info = *info;
    cascade->first_info.struct_size = sizeof cascade->first_info;
    bool labelled = info->positive_label >= 0;
    cascade->same_form = cascade_options_same_form(options) && labelled;
    if (options->same_form == CASCADE_FORM_YES && !labelled) {
        return error_set(error, "--same-form: this model has no label for an exact match");
    }
    return options->first == NULL || open_first(cascade, model, quiet, loading, engine, error);
}

void cascade_close(struct cascade *cascade) {
    mgeo_job_end(cascade->first);
    cascade->first = NULL;
}

/* ---- the choice ------------------------------------------------------------------------------ */

void cascade_take_choice(struct cascade *cascade, const struct cascade_choice *choice) {
    cascade->choice = *choice;
    cascade->rule = choice->rule;
    cascade->same_form = choice->same_form;
}

void cascade_print_rule(const struct cascade *cascade, struct string_buffer *text) {
    cascade_rule_print(&cascade->rule, &cascade->info, text);
    if (!cascade->same_form) string_buffer_put(text, " --same-form no");
}

static double percent(uint64_t part, uint64_t whole) {
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

void cascade_say_choice(const struct cascade *cascade) {
    const struct cascade_choice *choice = &cascade->choice;
    double keep = 100 * cascade->options->keep;
    if (choice->rule.kind == CASCADE_NEVER) {
        message_print("--keep-agreement %g%%: no rule shows that on a sample of %" PRIu64
                      " pairs (at least %" PRIu64
                      " are needed), so that the model of --model decides all",
                      keep, choice->sample, (choice->needed * 3 + 1) / 2);
        return;
    }
    struct string_buffer rule = {0};
    cascade_print_rule(cascade, &rule);
    message_print("chosen on %" PRIu64
                  " pairs: %s: %.1f%% do not reach the model of --model; %.2f%% "
                  "get its label, at least %.2f%% with 95%% confidence",
                  choice->sample, rule.bytes, percent(choice->kept, choice->checked),
                  100 - percent(choice->disagreeing, choice->checked), 100 * choice->at_least);
    string_buffer_finish(&rule);
}

void cascade_print_choice(const struct cascade *cascade, struct string_buffer *text) {
    const struct cascade_choice *choice = &cascade->choice;
    string_buffer_format(text,
                         "%d %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %a",
                         (int)choice->rule.kind, choice->same_form, choice->sample, choice->checked,
                         choice->kept, choice->disagreeing, choice->needed, choice->at_least);
    for (uint32_t i = 0; i < cascade->info.label_count; i++) {
        string_buffer_format(text, " %a", choice->rule.least[i]);
    }
}

bool cascade_read_choice(struct cascade *cascade, const char *line) {
    struct cascade_choice read = {0};
    int kind = 0, same_form = 0, length = 0;
    static const char format[] =
        "%d %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n";
    if (sscanf(line, format, &kind, &same_form, &read.sample, &read.checked, &read.kept,
               &read.disagreeing, &read.needed, &length) != 7 ||
        (kind != CASCADE_SURE && kind != CASCADE_NEVER)) {
        return false;
    }
    const char *at = line + length;
    char *end = NULL;
    read.at_least = strtod(at, &end);
    for (uint32_t i = 0; end != at && i < cascade->info.label_count; i++) {
        at = end;
        read.rule.least[i] = strtod(at, &end);
    }
    if (end == at || *end != '\0') return false;
    read.rule.kind = (enum cascade_rule_kind)kind;
    read.same_form = same_form != 0;
    cascade_take_choice(cascade, &read);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the user says of a cascade: a group of rows for a program's table of options. */
#ifndef CLI_SCORING_CASCADE_CASCADE_OPTIONS_H
#define CLI_SCORING_CASCADE_CASCADE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/choices.h"
#include "common/error.h"
#include "common/option_table.h"
#include "scoring/cascade/cascade_rule.h"

/* Whether normal forms decide: with a first model, always, never. */
enum cascade_form { CASCADE_FORM_AUTO, CASCADE_FORM_YES, CASCADE_FORM_NO };

extern const char *const cascade_options_forms[]; /* by cascade_form; NULL ends them */

struct cascade_options {
    const char *first; /* a model directory, or CASCADE_BUNDLED; NULL: one model alone */
    int32_t first_precision;
    struct cascade_rule band; /* CASCADE_NO_RULE: not given */
    const char *sure_text;    /* as given; NULL: not given */
    struct cascade_sure sure;
    double keep; /* the share of agreement to be kept; 0: not given */
    uint32_t sample;
    enum cascade_form same_form;
};

#define CASCADE_BUNDLED "bundled"

enum { CASCADE_SAMPLE = 6000, CASCADE_MOST_SAMPLE = 1000000 }; /* rows: by default, at most */

/* A row's `at` is where the struct lies. */
option_setter cascade_options_set_band;
option_setter cascade_options_set_sure;
option_setter cascade_options_set_keep;

/* Whether rows are decided in more than one way. */
static inline bool cascade_options_any(const struct cascade_options *options) {
    return options->first != NULL || options->same_form == CASCADE_FORM_YES;
}

static inline bool cascade_options_same_form(const struct cascade_options *options) {
    return cascade_options_any(options) && options->same_form != CASCADE_FORM_NO;
}

/* The directory for a load, NULL for the bundled model. */
const char *cascade_options_path(const struct cascade_options *options);

/* The rows of all of them, for the list of a table; `base` is the offset of the struct in the
 * program's own. */
/* clang-format off */
#define CASCADE_OPTIONS_AT(base, member) .at = (base) + offsetof(struct cascade_options, member)
#define CASCADE_OPTIONS_ROWS(base)                                                                 \
    {.name = "first", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,                            \
     .set = option_table_set_string, CASCADE_OPTIONS_AT(base, first),                              \
     .help = "cascade: the small model in DIR (bundled: the bundled one)\n"                        \
             "scores first, that of --model only where it is not sure"},                           \
    {.name = "first-precision", .argument = "P", .offer = OPTION_OFFER_VALUES,                     \
     .set = option_table_set_choice, CASCADE_OPTIONS_AT(base, first_precision),                    \
     .values = choices_precisions,                                                                 \
     .help = "its precision (default: auto)"},                                                     \
    {.name = "band", .argument = "LO,HI", .set = cascade_options_set_band, .at = (base),           \
     .help = "it is not sure where its similarity is LO to HI"},                                   \
    {.name = "sure", .argument = "P", .set = cascade_options_set_sure, .at = (base),               \
     .help = "it is sure where its label has at least probability P;\n"                            \
             "LABEL=P,LABEL=P … for each label, P may be never"},                                  \
    {.name = "keep-agreement", .argument = "S", .set = cascade_options_set_keep, .at = (base),     \
     .help = "choose --sure on a sample that both score, so that labels\n"                         \
             "agree with those of --model on share S of rows, as 99.5%"},                          \
    {.name = "agreement-sample", .argument = "N",                                                  \
     .set = option_table_set_whole, CASCADE_OPTIONS_AT(base, sample), .least = 1,                  \
     .most = CASCADE_MOST_SAMPLE,                                                                  \
     .help = "rows in that sample (default: 6000)"},                                               \
    {.name = "same-form", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,                        \
     .set = option_table_set_choice, CASCADE_OPTIONS_AT(base, same_form),                          \
     .values = cascade_options_forms, .idle = "auto",                                              \
     .help = "a pair with the same normal form is an exact match, with no\n"                       \
             "model asked: yes, no (default: auto: yes with --first)"}

/* Their rules, for the list of the same table. */
#define CASCADE_OPTIONS_RULES                                                                      \
    {.of = {"band", "sure", "keep-agreement", "first-precision"},                                  \
     .relation = OPTION_NEEDS,                                                                     \
     .others = {"first"},                                                                          \
     .line = "--band, --sure, --keep-agreement and --first-precision are of a cascade; name its "  \
             "first model too: --first DIR"},                                                      \
    {.of = {"first"},                                                                              \
     .relation = OPTION_NEEDS,                                                                     \
     .others = {"band", "sure", "keep-agreement"},                                                 \
     .line = "--first: say where that model is not sure: --band LO,HI or --sure P, or let it "     \
             "be chosen: --keep-agreement 99.5%"},                                                 \
    {.of = {"band"},                                                                               \
     .relation = OPTION_EXCLUDES,                                                                  \
     .others = {"sure", "keep-agreement"},                                                         \
     .line = "--band, --sure and --keep-agreement say the same thing; give one of them"},          \
    {.of = {"sure"},                                                                               \
     .relation = OPTION_EXCLUDES,                                                                  \
     .others = {"keep-agreement"},                                                                 \
     .line = "--band, --sure and --keep-agreement say the same thing; give one of them"},          \
    {.of = {"agreement-sample"},                                                                   \
     .relation = OPTION_NEEDS,                                                                     \
     .others = {"keep-agreement"},                                                                 \
     .line = "--agreement-sample is of --keep-agreement; give that too"}
/* clang-format on */

#endif

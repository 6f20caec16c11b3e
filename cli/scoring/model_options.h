/* SPDX-License-Identifier: Apache-2.0 */
/* What the user says of the model that scores: a group of rows for a program's table of options. */
#ifndef CLI_SCORING_MODEL_OPTIONS_H
#define CLI_SCORING_MODEL_OPTIONS_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/choices.h"
#include "common/error.h"
#include "common/option_table.h"
#include "common/parse.h"

struct model_options {
    const char *path; /* NULL: the bundled one */
    const char *device;
    const char *positive_label;
    int32_t precision;
    bool tf32;
    uint32_t threads, batch_tokens, max_length;
    float partial_weight; /* as mgeo_load_options has it */
    int32_t keep_unknown; /* 0 or 1, as mgeo_load_options has it */
};

extern const char *const model_options_unknown_rules[]; /* by keep_unknown; NULL ends them */

/* A row's `at` is where the member lies. */
option_setter model_options_set_partial_weight;

/* What options say together. False with a line in the error if they cannot be held. */
bool model_options_check(const struct model_options *options, struct error *error);

/* The weight that partial_weight comes to. */
double model_options_weight(const struct model_options *options);

/* The rows of all of them, for the list of a table; `base` is the offset of the struct in the
 * program's own. The first row begins the section "Model" of --help. */
/* clang-format off */
#define MODEL_OPTIONS_AT(base, member) .at = (base) + offsetof(struct model_options, member)
#define MODEL_OPTIONS_ROWS(base)                                                                   \
    {.section = "Model",                                                                           \
     .letter = 'm', .name = "model", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,             \
     .set = option_table_set_string, MODEL_OPTIONS_AT(base, path),                                 \
     .help = "model directory (default: the bundled model)"},                                      \
    {.letter = 'p', .name = "precision", .argument = "P", .offer = OPTION_OFFER_VALUES,            \
     .set = option_table_set_choice, MODEL_OPTIONS_AT(base, precision),                            \
     .values = choices_precisions,                                                                 \
     .help = "auto, fp32, bf16, fp16, int8 or fp8 (default: auto)"},                               \
    {.name = "tf32", .set = option_table_set_flag, MODEL_OPTIONS_AT(base, tf32),                   \
     .help = "fp32 on a GPU may round to TF32: faster, less exact"},                               \
    {.letter = 'd', .name = "device", .argument = "D", .offer = OPTION_OFFER_VALUES,               \
     .set = option_table_set_string, MODEL_OPTIONS_AT(base, device), .values = choices_devices,    \
     .help = "auto (a GPU if there is one), cpu, cuda, cuda:1,\n"                                  \
             "cuda:0,cuda:1 or cuda:* for several GPUs, torch (default: auto)"},                   \
    {.letter = 'j', .name = "threads", .argument = "N",                                            \
     .set = option_table_set_whole, MODEL_OPTIONS_AT(base, threads), .least = 1,                   \
     .most = MGEO_MAX_THREADS,                                                                     \
     .help = "CPU threads that compute (default: all)"},                                           \
    {.name = "batch-tokens", .argument = "N",                                                      \
     .set = option_table_set_whole, MODEL_OPTIONS_AT(base, batch_tokens), .least = 1,              \
     .most = 1 << 24,                                                                              \
     .help = "tokens in a batch (default: what suits the device)"},                                \
    {.name = "max-length", .argument = "N",                                                        \
     .set = option_table_set_whole, MODEL_OPTIONS_AT(base, max_length),                            \
     .least = PARSE_LEAST_LENGTH, .most = 1 << 16,                                                 \
     .help = "tokens in a pair; longer pairs are cut (default: 128)"},                             \
    {.name = "positive-label", .argument = "L",                                                    \
     .set = option_table_set_string, MODEL_OPTIONS_AT(base, positive_label),                       \
     .help = "the label whose probability is the similarity"},                                     \
    {.name = "partial-weight", .argument = "W",                                                    \
     .set = model_options_set_partial_weight, MODEL_OPTIONS_AT(base, partial_weight),              \
     .least = 0, .most = 1,                                                                        \
     .help = "what P(partial_match) counts in it, 0 to 1 (default: 0.5)"},                         \
    {.name = "unknown", .argument = "RULE", .offer = OPTION_OFFER_VALUES,                          \
     .set = option_table_set_choice, MODEL_OPTIONS_AT(base, keep_unknown),                         \
     .values = model_options_unknown_rules, .idle = "cap",                                         \
     .help = "texts that differ in characters that the vocabulary lacks: cap\n"                    \
             "(never an exact match), keep (as the model says) (default: cap)"}
/* clang-format on */

#endif

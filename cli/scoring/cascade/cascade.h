/* SPDX-License-Identifier: Apache-2.0 */
/* A cascade: pairs are decided by the cheapest means that is sure. First by their normal forms,
 * then by a small model, and only then by the model that was asked for. */
#ifndef CLI_SCORING_CASCADE_CASCADE_H
#define CLI_SCORING_CASCADE_CASCADE_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/cascade/cascade_choice.h"
#include "scoring/cascade/cascade_options.h"
#include "scoring/model_options.h"
#include "table/row.h"

/* What decided a row, as row->decided has it. */
enum cascade_step { CASCADE_SAME_FORM = 1, CASCADE_FIRST, CASCADE_SECOND, CASCADE_STEPS };

extern const char *const cascade_step_names[]; /* by step; 0 is "" */

struct cascade {
    const struct cascade_options *options; /* borrowed */
    mgeo_model_info info;                  /* the model that was asked for: the second one */
    mgeo_job *first;                       /* NULL: there is none */
    mgeo_model_info first_info;
    int32_t labels[MGEO_MAX_LABELS]; /* the second model's number of each of the first one's */
    bool same_form;                  /* pairs are decided by that */
    struct cascade_rule rule;        /* by labels of the second model */
    struct cascade_choice choice;    /* of --keep-agreement; all zero: none was made */
};

/* Loads the first model beside the one that the engine has, which `info` describes: the two share
 * its threads. The cascade has a rule unless one is to be chosen. What the second model is told
 * beside its own path and precision (`model`), the first one is told too. A cascade that was not
 * opened is all zero. An error with an empty line means that a signal came. */
bool cascade_open(struct cascade *cascade, const struct cascade_options *options,
                  const struct model_options *model, bool quiet, mgeo_progress *loading,
                  mgeo_engine *engine, const mgeo_model_info *info, struct error *error);

/* Before the engine is destroyed. */
void cascade_close(struct cascade *cascade);

/* Says in a line what --keep-agreement chose. */
void cascade_say_choice(const struct cascade *cascade);

/* Makes the cascade decide as the choice says. */
void cascade_take_choice(struct cascade *cascade, const struct cascade_choice *choice);

/* Appends the options that say the same: "--band 0.1,0.9 --same-form no". */
void cascade_print_rule(const struct cascade *cascade, struct string_buffer *text);

/* The choice as a line for a manifest, and back. False: it is none. */
void cascade_print_choice(const struct cascade *cascade, struct string_buffer *text);
bool cascade_read_choice(struct cascade *cascade, const char *line);

#endif

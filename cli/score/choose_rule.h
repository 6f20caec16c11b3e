/* SPDX-License-Identifier: Apache-2.0 */
/* --keep-agreement: draws the sample from the inputs. */
#ifndef CLI_SCORE_CHOOSE_RULE_H
#define CLI_SCORE_CHOOSE_RULE_H

#include <mgeo.h>

#include "common/error.h"
#include "score/options.h"
#include "scoring/cascade/cascade.h"

/* Reads the inputs once, shows a sample of all of their rows to both models, and gives the cascade
 * the rule that is chosen by it. An error with an empty line means that a signal came. */
bool choose_rule(const struct options *options, struct cascade *cascade, mgeo_job *job,
                 struct error *error);

#endif

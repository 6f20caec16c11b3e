/* SPDX-License-Identifier: Apache-2.0 */
/* Which pairs the first model of a cascade decides: those that it is sure of. */
#ifndef CLI_SCORING_CASCADE_CASCADE_RULE_H
#define CLI_SCORING_CASCADE_CASCADE_RULE_H

#include <mgeo.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/string_buffer.h"

enum cascade_rule_kind {
    CASCADE_NO_RULE,
    CASCADE_BAND, /* the second model decides where the similarity is low..high */
    CASCADE_SURE, /* and where the likeliest label is less likely than `least` says */
    CASCADE_NEVER /* it decides everywhere */
};

struct cascade_rule {
    enum cascade_rule_kind kind;
    double low, high;
    double least[MGEO_MAX_LABELS]; /* by label; more than 1: that label is never kept */
};

/* What --sure says, before the model's labels are known. */
struct cascade_sure {
    size_t count;
    struct {
        char label[64]; /* "": all others */
        double least;
    } of[MGEO_MAX_LABELS + 1];
};

/* "0.1,0.9". False with a line in the error. */
bool cascade_rule_read_band(const char *value, struct cascade_rule *rule, struct error *error);

/* "0.95" or "not_match=0.9,exact_match=0.95"; "never" is a number too. */
bool cascade_sure_read(const char *value, struct cascade_sure *sure, struct error *error);

/* Of labels that are not named and have no common value, none is kept. */
bool cascade_rule_of_sure(const struct cascade_sure *sure, const mgeo_model_info *info,
                          struct cascade_rule *rule, struct error *error);

/* Whether the first model decides: by its similarity, and its likeliest label's number and
 * probability. */
bool cascade_rule_keeps(const struct cascade_rule *rule, float similarity, int32_t label,
                        float probability);

/* Appends "--band 0.1,0.9" or "--sure not_match=0.9,exact_match=never", which read back as the same
 * rule. */
void cascade_rule_print(const struct cascade_rule *rule, const mgeo_model_info *info,
                        struct string_buffer *text);

#endif

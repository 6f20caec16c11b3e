/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the rule of a cascade by a sample that both models have scored.
 *
 * A third of the sample orders the pairs. It tells whether pairs of one normal form may be decided
 * by that: if they take no more than half of the disagreements that are allowed. And for each label
 * a logistic curve tells from the label's probability how likely the second model agrees. Along
 * that order the first model is given more and more pairs, and the other two thirds tell where to
 * stop: the last rule whose disagreements among all of their pairs are so few that the exact
 * binomial bound (Clopper and Pearson, one-sided, 95%) on the share of agreement is still at least
 * what is to be kept. Since each rule keeps all pairs of the one before, that is a test of a fixed
 * sequence of rules, and the bound holds for the rule that is taken: in at most 5 of 100 samples
 * the share among all rows, from which the sample was drawn at random, is below it. */
#ifndef CLI_SCORING_CASCADE_CASCADE_CHOICE_H
#define CLI_SCORING_CASCADE_CASCADE_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/cascade/cascade_rule.h"

/* A pair of the sample. */
struct cascade_seen {
    int32_t label;     /* the first model's likeliest one */
    float probability; /* of that label */
    bool agrees;       /* the second model says the same */
    bool same_form;    /* both texts have the same normal form, by which it may be decided */
    bool form_agrees;  /* then: the second model says that it is an exact match */
};

struct cascade_choice {
    struct cascade_rule rule; /* CASCADE_NEVER: no other keeps the share */
    bool same_form;           /* pairs of one form are decided by that */
    uint64_t sample;          /* pairs */
    uint64_t checked;         /* of which the bound is computed from so many, */
    uint64_t kept;            /* of which so many do not reach the second model, */
    uint64_t disagreeing;     /* and of these so many would have got another label there */
    double at_least;          /* the bound */
    uint64_t needed;          /* pairs to check at least, had none disagreed */
};

/* keep: the share of agreement, above 0 and below 1. */
void cascade_choose(const struct cascade_seen *seen, size_t count, size_t labels, double keep,
                    struct cascade_choice *choice);

/* The largest share that `events` of `count` still allow with 95% confidence: the exact one-sided
 * bound. */
double cascade_bound(uint64_t events, uint64_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How the model's answers compare with labels that people gave. */
#ifndef CLI_SCORE_REPORT_GOLD_H
#define CLI_SCORE_REPORT_GOLD_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GOLD_STEPS = 1000, /* thresholds 0, 1/1000 … 1 */
    GOLD_FOREIGN = 8   /* labels unknown to the model that are kept by name */
};

struct gold {
    size_t classes;
    char names[MGEO_MAX_LABELS][64];
    size_t positive;  /* the class that similarity stands for */
    bool one_logit;   /* classes are "no" and "yes", separated by the threshold */
    double threshold; /* of a one-logit model */
    uint64_t confusion[MGEO_MAX_LABELS][MGEO_MAX_LABELS]; /* [gold][answer] */
    uint64_t with[GOLD_STEPS + 1];    /* by similarity: rows whose gold label is the positive one */
    uint64_t without[GOLD_STEPS + 1]; /* and the others */
    uint64_t compared;
    uint64_t missing; /* scored rows whose gold cell is empty */
    uint64_t foreign; /* scored rows whose gold label the model does not have */
    size_t foreign_names;
    char foreign_name[GOLD_FOREIGN][64];
};

struct gold_class {
    double precision, recall, f1; /* NaN where nothing defines them */
    uint64_t support, answered;
};

struct gold_result {
    double accuracy;
    double macro_f1; /* over labels that occur in the gold column or in the answers */
    struct gold_class classes[MGEO_MAX_LABELS];
};

struct gold_point {
    double threshold, precision, recall, f1, accuracy;
};

void gold_init(struct gold *gold, const mgeo_model_info *info, double threshold);

/* Counts one scored row. A one-logit model's gold cells are yes/no, true/false or 1/0. */
void gold_add(struct gold *gold, const char *cell, size_t length, int32_t label, double similarity);

void gold_measure(const struct gold *gold, struct gold_result *result);

/* "similarity >= step / GOLD_STEPS means the positive label". */
struct gold_point gold_at(const struct gold *gold, unsigned step);

/* The step with the highest F1, the lowest of equals. */
unsigned gold_best(const struct gold *gold);

#endif

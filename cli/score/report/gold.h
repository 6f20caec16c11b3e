/* SPDX-License-Identifier: Apache-2.0 */
/* How the model's answers compare with labels that people gave. */
#ifndef CLI_SCORE_REPORT_GOLD_H
#define CLI_SCORE_REPORT_GOLD_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "table/word.h"

enum {
    GOLD_STEPS = 1000, /* thresholds 0, 1/1000 … 1 */
    GOLD_FOREIGN = 8,  /* labels unknown to the model that are kept by name */
    GOLD_MAPPED = 32,  /* labels that count as one of the model's and are kept by name */
    GOLD_RULES = 64    /* of --gold-map */
};

/* A label of the gold column, and on how many scored rows it stands. */
struct gold_label {
    char name[64];
    size_t as; /* the class that it counts as */
    uint64_t rows;
};

/* What --gold-map says: FROM=TO. */
struct gold_rule {
    char from[WORD_BYTES], to[WORD_BYTES]; /* folded, table/word.h */
    size_t as;                             /* the class that `to` names */
    uint64_t rows;
};

struct gold_map {
    struct gold_rule rules[GOLD_RULES];
    size_t count;
};

/* What labels of either language say about two addresses. */
enum gold_role { GOLD_SAME, GOLD_PARTLY, GOLD_OTHER, GOLD_ROLES };

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
    struct gold_label foreign_label[GOLD_FOREIGN];
    size_t mapped_names;
    struct gold_label mapped[GOLD_MAPPED]; /* by a well-known word */
    struct gold_map map;
    size_t role[GOLD_ROLES]; /* the class that each kind of word means; classes: none */
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

/* Adds the rules "FROM=TO,FROM=TO" to a map that begins all zero. FROM may be empty: an empty cell.
 */
bool gold_map_add(struct gold_map *map, const char *text, struct error *error);

/* `map` may be NULL. False if it names a label that the model does not have. */
bool gold_init(struct gold *gold, const mgeo_model_info *info, double threshold,
               const struct gold_map *map, struct error *error);

/* Counts one scored row. A gold cell is one of the model's labels, whatever its case, width, quotes
 * and blanks around; or what the map says; or a well-known word: yes, 1, true, 完全匹配 for the
 * positive label, and so on. */
void gold_add(struct gold *gold, const char *cell, size_t length, int32_t label, double similarity);

void gold_measure(const struct gold *gold, struct gold_result *result);

/* "similarity >= step / GOLD_STEPS means the positive label". */
struct gold_point gold_at(const struct gold *gold, unsigned step);

/* The step with the highest F1, of equal neighbours the one in the middle. False if there is none:
 * the rows compared must hold the positive label and another one. */
bool gold_best(const struct gold *gold, unsigned *step);

#endif

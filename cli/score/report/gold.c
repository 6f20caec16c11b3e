/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of gold labels against answers, and the figures made of them. */
#include "score/report/gold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const size_t no_class = SIZE_MAX;

void gold_init(struct gold *gold, const mgeo_model_info *info, double threshold) {
    memset(gold, 0, sizeof *gold);
    gold->threshold = threshold;
    gold->one_logit = info->label_count == 1;
    if (gold->one_logit) {
        gold->classes = 2;
        strcpy(gold->names[0], "no");
        strcpy(gold->names[1], "yes");
        gold->positive = 1;
        return;
    }
    gold->classes = info->label_count < MGEO_MAX_LABELS ? info->label_count : MGEO_MAX_LABELS;
    memcpy(gold->names, info->labels, sizeof gold->names);
    gold->positive = info->positive_label > 0 ? (size_t)info->positive_label : 0;
}

static bool is_word(const char *cell, size_t length, const char *word) {
    return length == strlen(word) && strncasecmp(cell, word, length) == 0;
}

static size_t yes_or_no(const char *cell, size_t length) {
    static const char *const words[2][3] = {{"no", "false", "0"}, {"yes", "true", "1"}};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 3; j++) {
            if (is_word(cell, length, words[i][j])) return i;
        }
    }
    return no_class;
}

static size_t class_of(const struct gold *gold, const char *cell, size_t length) {
    if (gold->one_logit) return yes_or_no(cell, length);
    for (size_t i = 0; i < gold->classes; i++) {
        if (length == strlen(gold->names[i]) && memcmp(cell, gold->names[i], length) == 0) return i;
    }
    return no_class;
}

static void note_foreign(struct gold *gold, const char *cell, size_t length) {
    gold->foreign++;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), cell);
    for (size_t i = 0; i < gold->foreign_names; i++) {
        if (strcmp(gold->foreign_name[i], name) == 0) return;
    }
    if (gold->foreign_names < GOLD_FOREIGN) {
        memcpy(gold->foreign_name[gold->foreign_names++], name, sizeof name);
    }
}

/* The highest step whose threshold the similarity reaches, despite rounding in the product. */
static unsigned step_of(double similarity) {
    if (!(similarity > 0)) return 0;
    if (similarity >= 1) return GOLD_STEPS;
    unsigned step = (unsigned)(similarity * GOLD_STEPS);
    while (step < GOLD_STEPS && (step + 1) / (double)GOLD_STEPS <= similarity) step++;
    while (step > 0 && step / (double)GOLD_STEPS > similarity) step--;
    return step;
}

void gold_add(struct gold *gold, const char *cell, size_t length, int32_t label,
              double similarity) {
    if (length == 0) {
        gold->missing++;
        return;
    }
    size_t truth = class_of(gold, cell, length);
    if (truth == no_class) {
        note_foreign(gold, cell, length);
        return;
    }
    size_t answer = gold->one_logit ? (size_t)(similarity >= gold->threshold) : (size_t)label;
    gold->compared++;
    gold->confusion[truth][answer]++;
    (truth == gold->positive ? gold->with : gold->without)[step_of(similarity)]++;
}

static double ratio(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static double f1_of(uint64_t hits, uint64_t answered, uint64_t support) {
    return ratio(2 * hits, answered + support);
}

static struct gold_class measure_class(const struct gold *gold, size_t which) {
    struct gold_class measured = {0};
    for (size_t i = 0; i < gold->classes; i++) {
        measured.support += gold->confusion[which][i];
        measured.answered += gold->confusion[i][which];
    }
    uint64_t hits = gold->confusion[which][which];
    measured.precision = ratio(hits, measured.answered);
    measured.recall = ratio(hits, measured.support);
    measured.f1 = f1_of(hits, measured.answered, measured.support);
    return measured;
}

void gold_measure(const struct gold *gold, struct gold_result *result) {
    memset(result, 0, sizeof *result);
    uint64_t right = 0;
    double sum = 0;
    unsigned occurring = 0;
    for (size_t i = 0; i < gold->classes; i++) {
        result->classes[i] = measure_class(gold, i);
        right += gold->confusion[i][i];
        if (isnan(result->classes[i].f1)) continue;
        sum += result->classes[i].f1;
        occurring++;
    }
    result->accuracy = ratio(right, gold->compared);
    result->macro_f1 = occurring > 0 ? sum / occurring : NAN;
}

struct gold_point gold_at(const struct gold *gold, unsigned step) {
    uint64_t hits = 0, false_alarms = 0, positives = 0;
    for (unsigned i = 0; i <= GOLD_STEPS; i++) {
        positives += gold->with[i];
        if (i >= step) hits += gold->with[i];
        if (i >= step) false_alarms += gold->without[i];
    }
    uint64_t rejected = gold->compared - positives - false_alarms;
    return (struct gold_point){.threshold = step / (double)GOLD_STEPS,
                               .precision = ratio(hits, hits + false_alarms),
                               .recall = ratio(hits, positives),
                               .f1 = f1_of(hits, hits + false_alarms, positives),
                               .accuracy = ratio(hits + rejected, gold->compared)};
}

unsigned gold_best(const struct gold *gold) {
    unsigned best = 0;
    double highest = -1;
    for (unsigned step = 0; step <= GOLD_STEPS; step++) {
        double f1 = gold_at(gold, step).f1;
        if (f1 > highest) {
            highest = f1;
            best = step;
        }
    }
    return best;
}

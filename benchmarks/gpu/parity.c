/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of a device at several precisions against those of the CPU in fp32, for a table's
 * pairs and one model or several. */
#include "bench.h"
#include "report.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct answers {
    float *similarity;
    float *probabilities; /* MGEO_MAX_LABELS a row */
    int32_t *label;
    uint32_t label_count;
} answers;

typedef struct difference {
    double probability, similarity; /* the largest */
    size_t rows, same_labels, one_only;
} difference;

static answers answers_make(size_t count) {
    answers made = {allocate(count, sizeof(float)),
                    allocate(count * MGEO_MAX_LABELS, sizeof(float)),
                    allocate(count, sizeof(int32_t)), 0};
    return made;
}

static void answers_free(answers *made) {
    free(made->similarity);
    free(made->probabilities);
    free(made->label);
}

/* Warm-up is left out: few calls follow. */
static bool ask(const settings *s, const variant *v, const char *model, const texts *pairs,
                answers *found, mgeo_model_info *info) {
    mgeo_load_options options = load_options(s, v);
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = found->similarity,
                          .label = found->label,
                          .probabilities = found->probabilities,
                          .probability_stride = MGEO_MAX_LABELS};
    mgeo_engine *engine = NULL;
    mgeo_error error;
    options.skip_warm_up = 1;
    *info = (mgeo_model_info){.struct_size = sizeof *info};
    bool good = mgeo_engine_create(NULL, &engine, &error) == MGEO_OK &&
                mgeo_load(engine, model, &options, info, &error) == MGEO_OK &&
                mgeo_score(engine, pairs->pairs, pairs->count, &scores, &error) == MGEO_OK;
    mgeo_engine_destroy(engine);
    found->label_count = scores.label_count;
    if (!good) {
        char reason[1024];
        snprintf(reason, sizeof reason, "%s: %s", model != NULL ? model : "bundled", error.message);
        report_failure("parity", v, reason);
    }
    return good;
}

static double larger(double a, double b) { return a > b ? a : b; }

static difference compare(const answers *a, const answers *b, size_t count) {
    difference d = {0};
    for (size_t i = 0; i < count; i++) {
        if (a->label[i] < 0 || b->label[i] < 0) {
            d.one_only += a->label[i] >= 0 || b->label[i] >= 0;
            continue;
        }
        d.rows++;
        d.same_labels += a->label[i] == b->label[i];
        d.similarity = larger(d.similarity, fabs((double)a->similarity[i] - b->similarity[i]));
        for (uint32_t l = 0; l < a->label_count; l++) {
            size_t at = i * MGEO_MAX_LABELS + l;
            d.probability =
                larger(d.probability, fabs((double)a->probabilities[at] - b->probabilities[at]));
        }
    }
    return d;
}

static void report_difference(const mgeo_model_info *info, const difference *d) {
    report_begin("parity", info);
    report_number("rows", (double)d->rows);
    report_number("scored_in_one_only", (double)d->one_only);
    report_number("same_labels", (double)d->same_labels);
    report_number("label_share", (double)d->same_labels / (double)d->rows);
    report_number("probability_shift_max", d->probability);
    report_number("similarity_shift_max", d->similarity);
    report_end();
}

static bool judge_model(const settings *s, const char *model, const texts *pairs) {
    variant reference = {"cpu", MGEO_FP32, 0};
    answers expected = answers_make(pairs->count), found = answers_make(pairs->count);
    mgeo_model_info info;
    bool good = ask(s, &reference, model, pairs, &expected, &info);
    bool known = good;
    for (int p = 0; known && p < s->precision_count; p++) {
        variant v = {s->device, s->precisions[p], s->batch_tokens[0]};
        if (ask(s, &v, model, pairs, &found, &info)) {
            difference d = compare(&expected, &found, pairs->count);
            report_difference(&info, &d);
        } else {
            good = false;
        }
    }
    answers_free(&expected);
    answers_free(&found);
    return good;
}

bool part_parity(const settings *s, const variant *v) {
    texts pairs;
    bool good = true;
    if (s->table == NULL || !table_read(s->table, &pairs)) {
        report_failure("parity", v, "--table names no table with sentence1 and sentence2");
        return false;
    }
    for (int i = 0; i < s->parity_model_count; i++) {
        good = judge_model(s, s->parity_models[i], &pairs) && good;
    }
    if (s->parity_model_count == 0) good = judge_model(s, s->model, &pairs);
    texts_free(&pairs);
    return good;
}

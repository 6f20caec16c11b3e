/* SPDX-License-Identifier: Apache-2.0 */
/* One caller with very many pairs, on one device or on several. */
#include "bench.h"
#include "report.h"
#include "texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_PAIRS = 20000, SEED = 1 };

typedef struct rates {
    double median, best; /* pairs a second */
    uint64_t tokens;     /* as the library counts them */
} rates;

static bool measure(const settings *s, mgeo_engine *engine, const texts *made, rates *found,
                    mgeo_error *error) {
    float *similarity = allocate(made->count, sizeof *similarity);
    double *measured = allocate(s->repeats, sizeof *measured);
    mgeo_scores scores;
    size_t warm = made->count < WARM_PAIRS ? made->count : WARM_PAIRS;
    bool good = score_all(engine, made->pairs, warm, similarity, &scores, error);
    for (unsigned i = 0; good && i < s->repeats; i++) {
        double from = now();
        good = score_all(engine, made->pairs, made->count, similarity, &scores, error);
        measured[i] = (double)made->count / (now() - from);
    }
    sort_numbers(measured, s->repeats);
    *found = (rates){quantile(measured, s->repeats, 0.5), quantile(measured, s->repeats, 1),
                     scores.tokens};
    free(measured);
    free(similarity);
    return good;
}

static void report_rates(const texts *made, const subject *opened, const rates *found) {
    mgeo_stats stats = {.struct_size = sizeof stats};
    mgeo_error error;
    report_begin("throughput", &opened->info);
    report_number("pairs_per_second", found->median);
    report_number("best", found->best);
    report_number("pairs", (double)made->count);
    report_number("tokens_a_pair", (double)found->tokens / (double)made->count);
    if (mgeo_get_stats(opened->engine, MGEO_LIVE, &stats, &error) == MGEO_OK) {
        report_number("batch_fill", stats.batch_fill);
        report_number("batches", (double)stats.batches);
    }
    report_end();
}

/* Pairs a second; 0 if there was a failure, which has been reported. */
static double run(const settings *s, const variant *v) {
    subject opened;
    rates found = {0};
    mgeo_error error;
    if (!subject_open(s, v, "throughput", &opened)) return 0;
    texts made = texts_make(s->pairs, 0, SEED);
    bool good = measure(s, opened.engine, &made, &found, &error);
    if (!good) {
        report_failure("throughput", v, error.message);
    } else if (found.tokens != made.tokens) {
        good = false;
        report_failure("throughput", v, "the pairs have other lengths than they were made with");
    } else {
        report_rates(&made, &opened, &found);
    }
    texts_free(&made);
    subject_close(&opened);
    return good ? found.median : 0;
}

bool part_throughput(const settings *s, const variant *v) { return run(s, v) > 0; }

/* The list's first device alone, then all of them. */
bool part_cards(const settings *s, const variant *v) {
    char first[64];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(s->cards, ","), s->cards);
    variant one = {first, v->precision, v->batch_tokens};
    variant all = {s->cards, v->precision, v->batch_tokens};
    double of_one = run(s, &one), of_all = of_one > 0 ? run(s, &all) : 0;
    if (of_all <= 0) return false;
    report_begin("cards", NULL);
    report_text("device", s->cards);
    report_text("precision", mgeo_precision_name(v->precision));
    report_number("one", of_one);
    report_number("all", of_all);
    report_number("ratio", of_all / of_one);
    report_end();
    return true;
}

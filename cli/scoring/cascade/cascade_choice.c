/* SPDX-License-Identifier: Apache-2.0 */
/* Fits the curves by Newton's method, orders the pairs, and stops by the binomial bound. */
#include "scoring/cascade/cascade_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { PARTS = 3, NEWTON_STEPS = 25 }; /* of PARTS pairs, the first orders */

static const double doubt = 0.05, digits = 1e6;

/* ---- the bound ------------------------------------------------------------------------------- */

/* P(at most `events` of `count`) at the share p, summed from the largest term down. */
static double chance_of_so_few(uint64_t events, uint64_t count, double p) {
    double n = (double)count, k = (double)events;
    double log_term =
        lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
    double term = exp(log_term), sum = term;
    for (uint64_t i = events; i > 0 && term > sum * 1e-17; i--) {
        term *= (double)i * (1 - p) / ((n - (double)i + 1) * p);
        sum += term;
    }
    return sum;
}

double cascade_bound(uint64_t events, uint64_t count) {
    if (events >= count) return 1;
    double low = (double)events / (double)count, high = 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (chance_of_so_few(events, count, middle) > doubt) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/* ---- the order ------------------------------------------------------------------------------- */

/* How likely the second model agrees, as log odds: a + b times those of the label. */
struct curve {
    double a, b;
};

static double log_odds(float probability) {
    double p = (double)probability;
    if (p > 1 - 1 / digits) p = 1 - 1 / digits;
    if (p < 1 / digits) p = 1 / digits;
    return log(p / (1 - p));
}

/* Few pairs leave the curve where the first model's probabilities are right: a 0, b 1. */
static struct curve fit(const struct cascade_seen *seen, size_t count, bool same_form,
                        int32_t label) {
    struct curve curve = {0, 1};
    for (int step = 0; step < NEWTON_STEPS; step++) {
        double ga = -curve.a, gb = 1 - curve.b, aa = 1, ab = 0, bb = 1;
        for (size_t i = 0; i < count; i += PARTS) {
            if (seen[i].label != label || (same_form && seen[i].same_form)) continue;
            double x = log_odds(seen[i].probability);
            double p = 1 / (1 + exp(-(curve.a + curve.b * x))), w = p * (1 - p);
            double off = (seen[i].agrees ? 1 : 0) - p;
            ga += off;
            gb += off * x;
            aa += w;
            ab += w * x;
            bb += w * x * x;
        }
        double determinant = aa * bb - ab * ab;
        double da = (bb * ga - ab * gb) / determinant, db = (aa * gb - ab * ga) / determinant;
        double most = fmax(fabs(da), fabs(db)), scale = most > 1 ? 1 / most : 1;
        curve.a += da * scale;
        curve.b += db * scale;
    }
    if (curve.b < 0.05) curve.b = 0.05; /* what is likelier is never less sure */
    return curve;
}

struct placed {
    double sure; /* log odds of agreement */
    bool agrees;
};

static int by_sureness(const void *one, const void *other) {
    const struct placed *a = one, *b = other;
    return (a->sure < b->sure) - (a->sure > b->sure);
}

/* ---- the choice ------------------------------------------------------------------------------ */

static bool is_checked(size_t i) { return i % PARTS != 0; }

/* The sureness from which on the first model decides; infinite: none is sure enough. The first
 * `allowed` disagreements are taken. */
static double stop_at(struct placed *placed, size_t count, uint64_t allowed) {
    qsort(placed, count, sizeof *placed, by_sureness);
    uint64_t disagreeing = 0;
    size_t i = 0;
    while (i < count && (disagreeing += !placed[i].agrees) <= allowed) i++;
    if (i == count) return -INFINITY;
    /* Equals are all taken or none. */
    while (i > 0 && placed[i - 1].sure <= placed[i].sure) i--;
    return i > 0 ? placed[i - 1].sure : INFINITY;
}

/* Rounded up, so that the rule that is printed is the one that is used and keeps no more. */
static double least_of(struct curve curve, double stop, size_t labels) {
    if (stop == INFINITY) return 2;
    if (stop == -INFINITY) return 0;
    double p = 1 / (1 + exp(-(stop - curve.a) / curve.b));
    double least = ceil(p * digits) / digits;
    if (least * (double)labels <= 1) return 0; /* the likeliest label has that in any case */
    return least > 1 - 1.5 / digits ? 2 : least;
}

static size_t place(const struct cascade_seen *seen, size_t count, bool same_form,
                    const struct curve *curves, struct placed *placed) {
    size_t placed_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_checked(i) || (same_form && seen[i].same_form)) continue;
        const struct curve *curve = &curves[seen[i].label];
        placed[placed_count++] = (struct placed){
            .sure = curve->a + curve->b * log_odds(seen[i].probability), .agrees = seen[i].agrees};
    }
    return placed_count;
}

/* What the rule comes to on the pairs that are checked. */
static void count_kept(const struct cascade_seen *seen, size_t count,
                       struct cascade_choice *choice) {
    choice->checked = choice->kept = choice->disagreeing = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_checked(i)) continue;
        bool by_form = choice->same_form && seen[i].same_form;
        bool kept =
            by_form || cascade_rule_keeps(&choice->rule, 0, seen[i].label, seen[i].probability);
        choice->checked++;
        choice->kept += kept;
        choice->disagreeing += kept && !(by_form ? seen[i].form_agrees : seen[i].agrees);
    }
    choice->at_least =
        choice->kept > 0 ? 1 - cascade_bound(choice->disagreeing, choice->checked) : 1;
}

/* By the third that orders. */
static bool may_use_form(const struct cascade_seen *seen, size_t count, double keep) {
    uint64_t pairs = 0, disagreeing = 0;
    for (size_t i = 0; i < count; i += PARTS) {
        pairs++;
        disagreeing += seen[i].same_form && !seen[i].form_agrees;
    }
    return (double)disagreeing <= (1 - keep) / 2 * (double)pairs;
}

/* How many disagreements the bound allows. False: not even none. */
static bool allow(uint64_t checked, double keep, uint64_t *allowed) {
    if (checked == 0 || 1 - cascade_bound(0, checked) < keep) return false;
    *allowed = 0;
    while (*allowed + 1 < checked && 1 - cascade_bound(*allowed + 1, checked) >= keep) ++*allowed;
    return true;
}

void cascade_choose(const struct cascade_seen *seen, size_t count, size_t labels, double keep,
                    struct cascade_choice *choice) {
    struct curve curves[MGEO_MAX_LABELS];
    uint64_t fixed = 0, checked = 0, allowed = 0;
    bool same_form = may_use_form(seen, count, keep);
    memset(choice, 0, sizeof *choice);
    choice->sample = count;
    choice->needed = (uint64_t)ceil(log(doubt) / log(keep));
    choice->rule.kind = CASCADE_NEVER;
    for (size_t i = 0; i < count; i++) {
        checked += is_checked(i);
        fixed += is_checked(i) && same_form && seen[i].same_form && !seen[i].form_agrees;
    }
    if (allow(checked, keep, &allowed) && fixed <= allowed) {
        for (size_t i = 0; i < labels; i++) curves[i] = fit(seen, count, same_form, (int32_t)i);
        struct placed *placed = memory_zeroed(count, sizeof *placed);
        size_t placed_count = place(seen, count, same_form, curves, placed);
        double stop = stop_at(placed, placed_count, allowed - fixed);
        free(placed);
        choice->rule.kind = CASCADE_SURE;
        choice->same_form = same_form;
        for (size_t i = 0; i < labels; i++) {
            choice->rule.least[i] = least_of(curves[i], stop, labels);
        }
    }
    count_kept(seen, count, choice);
    if (choice->kept > 0) return;
    choice->rule.kind = CASCADE_NEVER;
    choice->same_form = false;
}

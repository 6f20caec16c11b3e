/* SPDX-License-Identifier: Apache-2.0 */
/* Options that need or exclude one another. */
#include <math.h>
#include <string.h>

#include "loadtest/options.h"

static bool limits_given(const struct plan *plan) {
    for (int i = 0; i < PLAN_LIMITS; i++)
        if (plan->limits[i] < 0 || plan->limits[i] > 0) return true;
    return false;
}

static bool gate_fits(const struct plan *plan, struct fault *fault) {
    if (plan->gate == NULL && (limits_given(plan) || plan->table.gold != NULL))
        return fault_set(fault, "--gate-limit and --gold need --gate FILE");
    if (plan->gate != NULL && !(plan->every[EVENT_SWAP] > 0))
        return fault_set(fault, "--gate needs --swap-every");
    bool labels =
        fabs(plan->limits[LIMIT_ACCURACY_LOSS]) > 0 || fabs(plan->limits[LIMIT_MACRO_F1_LOSS]) > 0;
    if (labels && plan->table.gold == NULL)
        return fault_set(fault, "--gate-limit accuracy_loss and macro_f1_loss need --gold COLUMN");
    return true;
}

static bool blocks_fit(const struct plan *plan, struct fault *fault) {
    if (!(plan->compare > 0)) return true;
    if (!plan_has_events(plan))
        return fault_set(fault, "--compare needs events to leave out of every other block, such "
                                "as --swap-every 1");
    if (plan->duration < 2 * plan->compare)
        return fault_set(fault, "--compare %g: --duration must be at least two blocks, %g",
                         plan->compare, 2 * plan->compare);
    return true;
}

static bool events_fit(const struct plan *plan, struct fault *fault) {
    if (plan->step_count > 0 && !(plan->every[EVENT_CANARY] > 0))
        return fault_set(fault, "--canary-steps needs --canary-every");
    const bool standby =
        plan->standby != NULL || plan->standby_device != NULL || plan->standby_precision != 0;
    if (standby && !plan_has_events(plan))
        return fault_set(fault, "a standby model needs something to do, such as --swap-every 1");
    if (plan->around > 0 && !plan_has_events(plan))
        return fault_set(fault, "--around needs events, such as --swap-every 1");
    return true;
}

static bool pairs_fit(const struct plan *plan, struct fault *fault) {
    bool reads = plan->pairs != NULL || plan->gate != NULL;
    if (plan->table.header == HEADER_NO && table_wish_names(&plan->table))
        return fault_set(fault, "--header no: columns can only be given by number");
    if (!reads && (plan->table.a != NULL || plan->header_given))
        return fault_set(fault, "--columns and --header need --pairs FILE");
    if (plan->seed_given && plan->pairs != NULL && plan->arrivals != ARRIVALS_POISSON)
        return fault_set(fault, "--seed is for invented pairs and for --arrivals poisson: with "
                                "--pairs and without that it changes nothing");
    return true;
}

bool plan_fits_together(const struct plan *plan, struct fault *fault) {
    if (plan->find_rate > 0 && plan->rate > 0)
        return fault_set(fault, "--find-rate chooses the rate itself: leave --rate out");
    if (plan->find_rate > 0 && plan->compare > 0)
        return fault_set(fault, "--find-rate and --compare are two questions: ask one at a time");
    if (plan->arrivals_given && !(plan->rate > 0 || plan->find_rate > 0))
        return fault_set(fault, "--arrivals needs --rate or --find-rate: in a closed loop each "
                                "caller calls again at once");
    if (plan->json != NULL && plan->plot != NULL && strcmp(plan->json, plan->plot) == 0)
        return fault_set(fault, "--json and --plot need different files");
    return pairs_fit(plan, fault) && events_fit(plan, fault) && gate_fits(plan, fault) &&
           blocks_fit(plan, fault);
}

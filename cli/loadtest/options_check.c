/* SPDX-License-Identifier: Apache-2.0 */
/* Options that need or exclude one another. */
#include <math.h>
#include <string.h>

#include "loadtest/options.h"

static bool limits_given(const struct options *options) {
    for (int i = 0; i < OPTIONS_LIMITS; i++) {
        if (options->limits[i] < 0 || options->limits[i] > 0) return true;
    }
    return false;
}

static bool gate_fits(const struct options *options, struct error *error) {
    if (options->gate == NULL && (limits_given(options) || options->table.gold != NULL)) {
        return error_set(error, "--gate-limit and --gold need --gate FILE");
    }
    if (options->gate != NULL && !(options->every[EVENT_SWAP] > 0)) {
        return error_set(error, "--gate needs --swap-every");
    }
    bool labels = fabs(options->limits[OPTIONS_LIMIT_ACCURACY_LOSS]) > 0 ||
                  fabs(options->limits[OPTIONS_LIMIT_MACRO_F1_LOSS]) > 0;
    if (labels && options->table.gold == NULL) {
        return error_set(error, "--gate-limit accuracy_loss and macro_f1_loss need --gold COLUMN");
    }
    return true;
}

static bool blocks_fit(const struct options *options, struct error *error) {
    if (!(options->compare > 0)) return true;
    if (!options_have_events(options)) {
        return error_set(error, "--compare needs events to leave out of every other block, such "
                                "as --swap-every 1");
    }
    if (options->duration < 2 * options->compare) {
        return error_set(error, "--compare %g: --duration must be at least two blocks, %g",
                         options->compare, 2 * options->compare);
    }
    return true;
}

static bool events_fit(const struct options *options, struct error *error) {
    if (options->step_count > 0 && !(options->every[EVENT_CANARY] > 0)) {
        return error_set(error, "--canary-steps needs --canary-every");
    }
    const bool standby = options->standby != NULL || options->standby_device != NULL ||
                         options->standby_precision != 0;
    if (standby && !options_have_events(options)) {
        return error_set(error, "a standby model needs something to do, such as --swap-every 1");
    }
    if (options->around > 0 && !options_have_events(options)) {
        return error_set(error, "--around needs events, such as --swap-every 1");
    }
    return true;
}

static bool pairs_fit(const struct options *options, struct error *error) {
    bool reads = options->pairs != NULL || options->gate != NULL;
    if (options->table.header == TABLE_HEADER_NO && table_options_by_name(&options->table)) {
        return error_set(error, "--header no: columns can only be given by number");
    }
    if (!reads && (options->table.a != NULL || options->header_given)) {
        return error_set(error, "--columns and --header need --pairs FILE");
    }
    if (options->seed_given && options->pairs != NULL && options->arrivals != ARRIVALS_POISSON) {
        return error_set(error, "--seed is for invented pairs and for --arrivals poisson: with "
                                "--pairs and without that it changes nothing");
    }
    return true;
}

bool options_check(const struct options *options, struct error *error) {
    if (options->find_rate > 0 && options->rate > 0) {
        return error_set(error, "--find-rate chooses the rate itself: leave --rate out");
    }
    if (options->find_rate > 0 && options->compare > 0) {
        return error_set(error, "--find-rate and --compare are two questions: ask one at a time");
    }
    if (options->arrivals_given && !(options->rate > 0 || options->find_rate > 0)) {
        return error_set(error, "--arrivals needs --rate or --find-rate: in a closed loop each "
                                "caller calls again at once");
    }
    if (options->json != NULL && options->plot != NULL &&
        strcmp(options->json, options->plot) == 0) {
        return error_set(error, "--json and --plot need different files");
    }
    return pairs_fit(options, error) && events_fit(options, error) && gate_fits(options, error) &&
           blocks_fit(options, error);
}

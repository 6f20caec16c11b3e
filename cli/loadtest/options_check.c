/* SPDX-License-Identifier: Apache-2.0 */
/* Options that need or exclude one another: the table's rules, and what hangs on values. */
#include <math.h>

#include "common/parse.h"
#include "loadtest/options.h"

static bool pairs_fit(const struct options *options, const struct option_parsed *parsed,
                      struct error *error) {
    if (!table_options_check(&options->table, error)) return false;
    bool seed = option_table_is_given(&options_table, parsed, "seed");
    if (seed && options->pairs != NULL && options->arrivals != ARRIVALS_POISSON) {
        return error_set(error, "--seed is for invented pairs and for --arrivals poisson: with "
                                "--pairs and without that it changes nothing");
    }
    return true;
}

static bool gate_fits(const struct options *options, struct error *error) {
    bool labels = fabs(options->limits[OPTIONS_LIMIT_ACCURACY_LOSS]) > 0 ||
                  fabs(options->limits[OPTIONS_LIMIT_MACRO_F1_LOSS]) > 0;
    if (!labels || options->table.gold != NULL) return true;
    return error_set(error, "--gate-limit accuracy_loss and macro_f1_loss need --gold COLUMN");
}

static bool blocks_fit(const struct options *options, struct error *error) {
    if (options->duration >= 2 * options->compare) return true;
    return error_set(error, "--compare %g: --duration must be at least two blocks, %g",
                     options->compare, 2 * options->compare);
}

bool options_check(const struct options *options, const struct option_parsed *parsed,
                   struct error *error) {
    return parse_batch_holds_pair(options->batch_tokens, options->max_length, error) &&
           option_table_check(&options_table, parsed, error) && pairs_fit(options, parsed, error) &&
           gate_fits(options, error) && blocks_fit(options, error);
}

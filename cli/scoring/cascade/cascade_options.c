/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what the command line says of a cascade. */
#include "scoring/cascade/cascade_options.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"

const char *const cascade_options_forms[] = {
    [CASCADE_FORM_AUTO] = "auto", [CASCADE_FORM_YES] = "yes", [CASCADE_FORM_NO] = "no", NULL};

static struct cascade_options *member(void *to, const struct option_row *row) {
    return (struct cascade_options *)(void *)((char *)to + row->at);
}

bool cascade_options_set_band(void *to, const struct option_row *row, const char *value,
                              struct error *error) {
    return cascade_rule_read_band(value, &member(to, row)->band, error);
}

bool cascade_options_set_sure(void *to, const struct option_row *row, const char *value,
                              struct error *error) {
    struct cascade_options *options = member(to, row);
    options->sure_text = value;
    return cascade_sure_read(value, &options->sure, error);
}

/* "99.5%" or "0.995". A sample cannot show that all agree. */
bool cascade_options_set_keep(void *to, const struct option_row *row, const char *value,
                              struct error *error) {
    size_t length = strlen(value);
    bool percent = length > 0 && value[length - 1] == '%';
    char *number = memory_copy(value, percent ? length - 1 : length);
    double keep = 0;
    bool done = parse_number("--keep-agreement", number, 0, percent ? 100 : 1, &keep, error);
    free(number);
    if (percent) keep /= 100;
    if (!done || keep < 0.5 || keep > 0.9999) {
        return error_set(error,
                         "--keep-agreement %s: give a share from 50%% to 99.99%%, as 99.5%% or "
                         "0.995; a sample cannot show more",
                         value);
    }
    member(to, row)->keep = keep;
    return true;
}

const char *cascade_options_path(const struct cascade_options *options) {
    return strcmp(options->first, CASCADE_BUNDLED) != 0 ? options->first : NULL;
}

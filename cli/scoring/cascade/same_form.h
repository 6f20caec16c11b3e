/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two texts have the same normal form. */
#ifndef CLI_SCORING_CASCADE_SAME_FORM_H
#define CLI_SCORING_CASCADE_SAME_FORM_H

#include <mgeo.h>
#include <stdbool.h>

/* Room for two forms, which grows. Begins all zero. */
struct same_form {
    char *a, *b;
    size_t a_capacity, b_capacity;
};

void same_form_finish(struct same_form *forms);

/* False also for forms that are empty, and texts that have none. */
bool same_form_of(struct same_form *forms, const mgeo_pair *pair);

#endif

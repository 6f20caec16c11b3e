/* SPDX-License-Identifier: Apache-2.0 */
/* Makes both forms and compares them byte by byte. */
#include "scoring/cascade/same_form.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void same_form_finish(struct same_form *forms) {
    free(forms->a);
    free(forms->b);
    memset(forms, 0, sizeof *forms);
}

/* The form's length; 0: it has none. Most fit at once. */
static size_t make(char **form, size_t *capacity, const char *text, size_t text_length) {
    size_t length = 0;
    if (*capacity == 0) {
        *capacity = 1024;
        *form = memory_resize(NULL, *capacity, 1);
    }
    mgeo_status status = mgeo_normal_form(text, text_length, *form, *capacity, &length, NULL);
    if (status == MGEO_E_CAPACITY) {
        *capacity = length + 1;
        *form = memory_resize(*form, *capacity, 1);
        status = mgeo_normal_form(text, text_length, *form, *capacity, &length, NULL);
    }
    return status == MGEO_OK ? length : 0;
}

bool same_form_of(struct same_form *forms, const mgeo_pair *pair) {
    size_t a = make(&forms->a, &forms->a_capacity, pair->a, pair->a_len);
    size_t b = a > 0 ? make(&forms->b, &forms->b_capacity, pair->b, pair->b_len) : 0;
    return b > 0 && a == b && memcmp(forms->a, forms->b, a) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a label's name says in well-known words, English or Chinese. */
#ifndef MGI_MODEL_LABEL_NAMES_H
#define MGI_MODEL_LABEL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mgi_label_role {
    MGI_LABEL_SAME,    /* "exact_match", "Yes", "是": the same place */
    MGI_LABEL_PARTLY,  /* "partial_match", "部分匹配" */
    MGI_LABEL_OTHER,   /* "Not-Match", "不同" */
    MGI_LABEL_UNKNOWN, /* the name does not say */
} mgi_label_role;

/* Whatever its case, width, blanks, underscores and hyphens. */
mgi_label_role mgi_label_names_role(const char *name);

/* Is it, folded, exactly this word? A word has small letters, and no blanks nor underscores:
 * "exactmatch". */
bool mgi_label_names_is(const char *name, const char *word);

/* The number of a name that is a number and nothing else: 1 of "LABEL_1", "class 1"; -1: none. */
int32_t mgi_label_names_number(const char *name);

#endif
